//! An atomic pair of words: a stamp and a payload.
//!
//! A push exchanges both words as one. A pop and a close exchange the stamp alone, where the
//! processor orders such an exchange with those of both words; that costs a third of the time less.
//!
//! Why not the `portable-atomic` crate: unless the target feature is set at compile time, its
//! 16-byte compare-exchange goes through a function pointer and returns its result in memory, which
//! costs several times what the instructions cost. And its values are integers, which a payload
//! with padding is not.
//!
//! # The words are loaded one after the other
//!
//! The stamp is loaded first, by SeqCst, and then the payload. So a thread may see the stamp of one
//! exchange with the payload of a later one, never of an earlier one. That is enough:
//!
//! * *An element is taken only by an exchange that succeeds*, and then the payload is the stamp's.
//!   The exchange compares the stamp. Stamps do not repeat, so the exchange that wrote the stamp
//!   was still the last one; payloads change only together with a stamp, and this one was loaded
//!   after the stamp, so it is of that exchange or a later one, and there was none. Nothing that a
//!   payload refers to is looked at before.
//! * *What is decided without an exchange rests on the stamp alone*: that the ring is empty, full
//!   or closed, its length, every search, and whether a turn is of use.
//! * *Lock-freedom*: an exchange of both words that fails for a payload of a later exchange fails
//!   because that exchange was made after the one that wrote the stamp, and so another operation
//!   has succeeded. That is the cause that every failed exchange has.
//! * *Order*: the stamp alone tells a thread where it is in the order of all exchanges, and what
//!   the exchange that wrote it has released. The payload's load adds nothing to that.
//! * *Alone*, in `drop`, a thread sees every exchange, and both words are of the last.
//!
//! This is why the callers promise that each exchange writes a later stamp than the one that it has
//! seen (see `Slots::put` and `Slots::take`), and what the first of the "Limitations" of
//! `AtomicRing` is about.

#![allow(unsafe_code)]

use core::mem::MaybeUninit;

#[cfg(ringway_loom)]
mod model;
#[cfg(not(ringway_loom))]
mod words;

#[cfg(ringway_loom)]
pub(super) use model::AtomicPair;
#[cfg(ringway_loom)]
use model::Bits;
#[cfg(not(ringway_loom))]
pub(super) use words::AtomicPair;
#[cfg(not(ringway_loom))]
use words::Bits;

/// Room for a small element; some or all of its bytes may be uninitialised.
pub(super) type Payload = MaybeUninit<Bits>;
