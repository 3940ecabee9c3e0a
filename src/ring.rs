//! The lock-free rings, and what both stand on.
//!
//! | | |
//! |---|---|
//! | `atomic` | [`AtomicRing`](crate::AtomicRing): any number of threads |
//! | `spsc` | one producer and one consumer |
//! | `position` | positions, stamps, and how both are packed into words |
//! | `hint` | where an end of a ring was |
//! | `search` | where it is |
//! | `tail` | the line that every push looks at: a hint, and a request for a turn |
//! | `contention` | pauses that keep threads out of each other's way |
//!
//! The words: a *slot* is a place for one element. *Position* `p` is the `p`-th element ever
//! pushed; it belongs in slot `p % capacity`, on *lap* `p / capacity`. A slot's *stamp* tells the
//! lap and whether the slot is full, in a *version* that only grows. A *cell* holds an element that
//! is too large for a slot; a *spare* is the cell that a thread owns. A *hint* is a position that
//! was an end of the ring once.

pub(crate) mod atomic;
pub(crate) mod contention;
pub(crate) mod hint;
pub(crate) mod position;
pub(crate) mod search;
pub mod spsc;
pub(crate) mod tail;
