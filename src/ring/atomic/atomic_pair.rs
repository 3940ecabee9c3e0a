//! An atomic pair of words: a stamp and a payload, compared and exchanged as one.
//!
//! Why not the `portable-atomic` crate: unless the target feature is set at compile time, its
//! 16-byte compare-exchange goes through a function pointer and returns its result in memory, which
//! costs several times what the instructions cost. And its values are integers, which a payload
//! with padding is not.
//!
//! # A pair that is loaded may be torn
//!
//! [`load`](AtomicPair::load) promises less than an atomic load of both words: it may return the
//! stamp of one exchange with the payload of a later one, never of an earlier one. That is all that
//! two loads of 8 bytes can promise, the stamp first and by SeqCst. It is enough:
//!
//! * *An element is taken only by an exchange that succeeds*, and then the pair was not torn. The
//!   exchange compares both words. The stamp was still in the slot, and stamps do not repeat, so
//!   the exchange that wrote it was still the last one; the payload was loaded after the stamp, so
//!   it is of that exchange or a later one, and there was none. Where stamps do repeat (see
//!   "Limitations" of `AtomicRing`), the payload is still compared bit by bit. Nothing that a
//!   payload refers to is looked at before.
//! * *What is decided without an exchange rests on the stamp alone*: that the ring is empty, full
//!   or closed, its length, every search, and whether a turn is of use. The protocol sees payloads
//!   only inside `seen`, which it hands to an exchange unread.
//! * *Lock-freedom*: an exchange that fails for a torn payload fails because another exchange was
//!   made after the one that wrote the stamp, and so another operation has succeeded. That is the
//!   cause that every failed exchange has.
//! * *Order*: the stamp alone tells a thread where it is in the order of all exchanges, and what
//!   the exchange that wrote it has released. The payload's load adds nothing to that.
//! * *Alone*, in `replace` and `drop`, a thread sees every exchange, and both words are of the last.

#![allow(unsafe_code)]

use core::mem::MaybeUninit;

#[cfg(ringway_loom)]
mod model;
#[cfg(not(ringway_loom))]
mod words;

#[cfg(ringway_loom)]
pub(super) use model::{AtomicPair, Bits};
#[cfg(not(ringway_loom))]
pub(super) use words::{AtomicPair, Bits};

/// Room for a small element; some or all of its bytes may be uninitialised.
pub(super) type Payload = MaybeUninit<Bits>;

/// What an [`AtomicPair`] holds.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) stamp: u64,
    pub(super) payload: Payload,
}
