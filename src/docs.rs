//! How it works, and why to believe it: two chapters that are text only.

/// The flagship's algorithm: for readers who want to follow it, teach from it, or find the hole in it.
///
#[doc = include_str!("docs/algorithm.md")]
pub mod algorithm {}

/// Which check backs which promise, what it found, and what is not checked.
///
#[doc = include_str!("docs/verification.md")]
pub mod verification {}
