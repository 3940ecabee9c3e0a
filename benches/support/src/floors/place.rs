//! What all floors share: positions and hints.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a word below the version: enough for the slots and the spare.
const INDEX_BITS: u32 = 16;
const VERSION: u64 = 1 << INDEX_BITS;

/// A slot and a lap, as in the ring: the version is twice the lap, and one more when it is full.
#[derive(Clone, Copy)]
pub(crate) struct Place(u64);

impl Place {
    #[inline(always)]
    pub(crate) fn index(self) -> usize {
        index(self.0)
    }

    /// The stamp of the slot once this position is filled, or gone.
    #[inline(always)]
    pub(crate) fn stamp_after(self, full: bool) -> u64 {
        stamp(self.0).wrapping_add(if full { VERSION } else { 2 * VERSION })
    }

    /// The slot is empty and waits for this lap, or is full of the lap before.
    #[inline(always)]
    pub(crate) fn is_tail(self, stamp: u64) -> bool {
        stamp.wrapping_sub(self.0 & !(VERSION - 1)).wrapping_add(VERSION) | VERSION == VERSION
    }

    #[inline(always)]
    pub(crate) fn is_full_head(self, stamp: u64) -> bool {
        stamp == self.stamp_after(true)
    }
}

#[inline(always)]
pub(crate) fn index(word: u64) -> usize {
    (word & (VERSION - 1)) as usize
}

#[inline(always)]
pub(crate) fn stamp(word: u64) -> u64 {
    word & !(VERSION - 1)
}

#[inline(always)]
pub(crate) fn is_full(stamp: u64) -> bool {
    stamp & VERSION != 0
}

/// Where an end is; on a cache line of its own.
#[repr(align(128))]
pub(crate) struct Hint(AtomicU64);

impl Hint {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> Place {
        Place(self.0.load(Ordering::Acquire))
    }

    /// Moves to the position after `place`.
    #[inline(always)]
    pub(crate) fn advance(&self, place: Place, capacity: usize) {
        let next = if place.index() + 1 < capacity { place.0 + 1 } else { next_lap(place) };
        // The ring looks before it stores, too.
        if next.wrapping_sub(self.0.load(Ordering::Relaxed)) as i64 > 0 {
            self.0.store(next, Ordering::Release);
        }
    }
}

/// Out of line, so that the wrap-around is a branch that is predicted, as in the ring.
#[cold]
#[inline(never)]
fn next_lap(place: Place) -> u64 {
    place.stamp_after(false)
}

/// As many slots as a place can name, less one for the spare.
pub(crate) fn check(capacity: usize) {
    assert!((1..VERSION as usize).contains(&capacity), "a floor has 1 to 65,535 slots");
}

#[cold]
#[inline(never)]
pub(crate) fn not_alone() -> ! {
    panic!("a floor is for one thread, and pops only what was not evicted")
}
