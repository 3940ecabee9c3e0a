//! All queues on real threads: scripts run at once, and every recorded history is checked for
//! linearizability. What the models show of [loom]'s threads, this shows of the processor's,
//! assembly included.
//!
//! Short histories are many and small; long ones have a thousand calls and more, on more threads
//! than processors. Each kind has its own checker, and each checker is tested, because one that
//! accepts everything passes every queue.
//!
//! `RINGWAY_HISTORIES=20000 cargo test --release --test linearizability long -- --nocapture` is the
//! long form.
//!
//! [loom]: https://docs.rs/loom
#![cfg(not(ringway_loom))]

mod long;
mod long_checker;
mod long_checker_checked;
mod random;
mod short;
mod short_checker_checked;
mod spsc;
mod stalls;
#[path = "../support/mod.rs"]
mod support;
