//! Where an end of a ring was.

use crate::ring::position::{Position, WordLayout};
use crate::sync::{AtomicU64, Ordering};

/// A position that was right once: it may be stale, it is never ahead.
///
/// A hint holds positions of one ring only, on which the memory safety of that ring rests.
pub(crate) struct Hint(AtomicU64);

impl Hint {
    pub(crate) fn new(position: Position) -> Self {
        Self(AtomicU64::new(position.to_bits()))
    }

    /// Acquire pairs with the Release in [`publish`](Self::publish) and [`store`](Self::store):
    /// a thread that reads a position must also see the slots that led there, or the hint would be
    /// ahead of the ring.
    #[inline(always)]
    pub(crate) fn load(&self, layout: WordLayout) -> Position {
        Position::from_bits(self.0.load(Ordering::Acquire), layout)
    }

    /// Moves the hint up to `position`. A thread that sleeps between the load and the store puts an
    /// old position back; that costs others a search and nothing else.
    #[inline(always)]
    pub(crate) fn publish(&self, position: Position) {
        // Relaxed: only decides whether to store.
        let ahead = position.to_bits().wrapping_sub(self.0.load(Ordering::Relaxed));
        if ahead as i64 > 0 {
            self.store(position);
        }
    }

    /// Sets the hint to `position`; for a caller that knows that this is no step back.
    #[inline(always)]
    pub(crate) fn store(&self, position: Position) {
        // Release pairs with the Acquire in `load`: the slots were seen as far as `position`.
        self.0.store(position.to_bits(), Ordering::Release);
    }
}
