//! How it works, what it costs, and why to believe it: five chapters that are text only.

/// The flagship's algorithm: for readers who want to follow it, teach from it, or find the hole in
/// it.
///
#[doc = include_str!("docs/algorithm.md")]
pub mod algorithm {}

/// The algorithm of the ring for one producer and one consumer.
///
#[doc = include_str!("docs/spsc.md")]
pub mod spsc {}

/// Waiting and closing: when a queue, when a channel, and what happens in every case.
///
#[doc = include_str!("docs/channels.md")]
pub mod channels {}

/// What it costs, beside others: what was measured, how, where it loses, and what was tried.
///
#[doc = include_str!("docs/performance.md")]
pub mod performance {}

/// Which check backs which promise, what it found, and what is not checked.
///
#[doc = include_str!("docs/verification.md")]
pub mod verification {}
