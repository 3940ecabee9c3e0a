//! Models: small scripts in every interleaving and with every stale value that the memory model
//! allows, as far as [loom] knows it. In each execution the history must be linearizable, and every
//! element must be dropped once.
//!
//! `cargo loom` bounds the number of preemptions where that is needed to end in minutes, and more
//! so with `RINGWAY_LOOM=brief`; `cargo loom-deep` does not.
//!
//! [loom]: https://docs.rs/loom

/// `RUSTFLAGS` in the environment takes the place of the flags by which the alias asks for the
/// models; a run of nothing must not pass as a run of all.
#[cfg(not(ringway_loom))]
#[test]
fn is_built_for_loom() {
    assert!(
        std::env::var_os("RINGWAY_LOOM").is_none(),
        "built without `--cfg ringway_loom`: is RUSTFLAGS set?"
    );
}

#[cfg(ringway_loom)]
mod channel;
#[cfg(ringway_loom)]
mod element;
#[cfg(ringway_loom)]
mod explore;
#[cfg(ringway_loom)]
mod queues;
#[cfg(ringway_loom)]
mod spsc;
#[cfg(ringway_loom)]
#[path = "../support/mod.rs"]
mod support;
