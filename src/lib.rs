//! Bounded queues for real-time data pipelines: a push never waits for space, nothing is dropped
//! silently, and nothing else is lost. The flagship drops the *oldest* when full, and gives it
//! back.
//!
//! A gateway takes messages in from the network, queues them, processes them, passes them on. When
//! it falls behind, the newest message is worth more than the oldest: telemetry, market data,
//! sensor frames, metrics.
//!
//! ```
//! use ringway::{AtomicRing, Pushed};
//!
//! let ring = AtomicRing::new(3);
//! for frame in 0..5 {
//!     if let Pushed::Evicted(old) = ring.push(frame) {
//!         println!("frame {old} had to make room for frame {frame}");
//!     }
//! }
//! assert_eq!(ring.pop(), Some(2));
//! ```
//!
//! # Which queue do I want?
//!
//! Four queues share one trait, [`Queue`], so that they can be compared and exchanged, at run time
//! too ([`Kind`]):
//!
//! | | when full | takes memory | progress | choose it |
//! |---|---|---|---|---|
//! | [`AtomicRing`] | evicts the oldest | at the start | lock-free | for fresh data from many threads, when no thread may ever wait for another |
//! | [`MutexRing`] | evicts the oldest | at the start | blocking | for the same semantics in the plainest code |
//! | [`ChannelQueue`] | rejects the newest | at the start | blocking in corner cases | when what was accepted must not be evicted; [not between real-time priorities](ChannelQueue) |
//! | [`MutexVec`] | never is | without bound | blocking | when the consumer is known to keep up |
//!
//! For one producer and one consumer there is [`spsc`], with the same semantics through two handles
//! and a wait-free push. [`channel()`] adds waiting, batching and async to any queue. [`Metered`]
//! counts what becomes of a queue's elements.
//!
//! How the lock-free ones work, what they cost, and why to believe it, is told in
//! [chapters of their own](docs).
//!
//! # Words
//!
//! An element is **evicted** when it was stored and had to make room, and **rejected** when it was
//! never stored because there was none. A queue is **closed** when nothing goes in any more; what
//! is inside still comes out. Whatever is not in the queue after a push comes back to the caller,
//! in [`Pushed`]. **Lock-free** means, strictly, that a thread which is suspended at *any*
//! instruction cannot keep the others from completing their operations.
//!
//! # Features
//!
//! | | | brings | and the crates |
//! |---|---|---|---|
//! | `std` | default | [`MutexRing`], [`MutexVec`], [`Kind`]; a thread keeps [its number](AtomicRing#threads-and-their-numbers), so that an `Exchange` ring and [`Metered`] are faster | |
//! | `channel` | default | [`channel()`], at whose ends threads wait; `std` | `parking` |
//! | `channel-queue` | default | [`ChannelQueue`] | `concurrent-queue` |
//! | `async` | | channels at whose ends tasks wait, on any runtime; `channel` | `futures-core`, `futures-timer` |
//! | `sink` | | a channel's sender as a `Sink`; `async` | `futures-sink` |
//! | `wasm-bindgen` | | [time limits in a browser](#webassembly); `async` | `gloo-timers`, `send_wrapper` |
//!
//! Without any, the crate is `no_std` with `alloc`, brings `crossbeam-utils` and nothing else, and
//! has [`AtomicRing`], [`spsc`] and [`Metered`].
//!
//! The feature `loom` is for this crate's own models, and does nothing for others. Another crate's
//! `--cfg loom` makes no models of the queues. But the crates behind `channel` and `channel-queue`
//! do not compile under it, so such a build leaves these two features out.
//!
//! # Platforms
//!
//! All targets with an allocator; the features `std` and `channel` need the standard library.
//! [`AtomicRing`], and with it [`Kind::AtomicRing`], [`spsc`] and [`Metered`], are only there where
//! the target has 64-bit atomics (`cfg(target_has_atomic = "64")`): on every 64-bit target and on
//! most 32-bit ones, such as x86 and Armv7, but not on 32-bit MIPS, PowerPC or RISC-V. Smaller
//! words would wrap around within minutes, and emulated ones would be locks. On x86-64 and on
//! 64-bit Arm with LSE, small elements are stored [inline](AtomicRing#storage).
//!
//! # WebAssembly
//!
//! Queues and channels work on `wasm32-wasip1` as elsewhere. On `wasm32-unknown-unknown` there is
//! no clock, and one thread, which cannot sleep:
//!
//! * Queues, `push`, `try_send`, `try_recv` and all that never waits are as elsewhere. So are
//!   `recv_async`, `send_async`, and the streams and sinks on them.
//! * What is given no time needs no clock: `recv_timeout` and `send_timeout` with
//!   [`Duration::ZERO`](core::time::Duration::ZERO), `recv_batch` and `recv_batch_async` too.
//! * `recv_batch_async` and `send_timeout_async` with a time limit need the feature `wasm-bindgen`,
//!   by which the browser's or Node.js's timers keep it. Without it they panic.
//! * A call that blocks never returns, or panics, when it would have to wait: nobody else can run.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(target_has_atomic = "64"), allow(unused, reason = "some of it is the rings' only"))]

extern crate alloc;

#[cfg(feature = "channel")]
pub mod channel;
#[cfg(doc)]
pub mod docs;
mod drop_all;
mod error;
#[cfg(target_has_atomic = "64")]
mod per_thread;
mod queue;
mod queues;
#[cfg(target_has_atomic = "64")]
mod ring;
mod sync;

#[cfg(feature = "channel")]
pub use channel::{Receiver, Sender, channel};
pub use error::{CapacityError, TryPopError, TryPushError};
pub use queue::iter::{IntoIter, TryIter};
pub use queue::{Overflow, Pushed, Queue};
#[cfg(feature = "channel-queue")]
pub use queues::channel_queue::ChannelQueue;
#[cfg(feature = "std")]
pub use queues::kind::{Kind, ParseKindError};
#[cfg(target_has_atomic = "64")]
pub use queues::metered::{Metered, Stats};
#[cfg(feature = "std")]
pub use queues::{mutex_ring::MutexRing, mutex_vec::MutexVec};
#[cfg(target_has_atomic = "64")]
pub use ring::{
    atomic::{AtomicRing, Storage},
    spsc,
};

/// The examples of the README are run too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Programs that must compile, and programs that must not.
#[cfg(doctest)]
#[doc = include_str!("../tests/drop_check.md")]
struct DropCheck;
