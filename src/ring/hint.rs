//! Where an end of a ring was.

use crate::ring::position::Position;
use crate::sync::{AtomicU64, Ordering};

/// A position that was right once: it may be stale, it is never ahead.
pub(crate) struct Hint(AtomicU64);

impl Hint {
    pub(crate) fn new(position: Position) -> Self {
        Self(AtomicU64::new(position.to_bits()))
    }

    /// Acquire pairs with the Release in [`publish`](Self::publish) and [`store`](Self::store):
    /// a thread that reads a position must also see the slots that led there, or the hint would be
    /// ahead of the ring.
    #[inline]
    pub(crate) fn load(&self) -> Position {
        Position::from_bits(self.0.load(Ordering::Acquire))
    }

    /// Moves the hint up to `position`. A thread that sleeps between the load and the store puts an
    /// old position back; that costs others a search and nothing else.
    #[inline]
    pub(crate) fn publish(&self, position: Position) {
        // The load is only a look whether the store is of use; nothing is concluded from it.
        // Relaxed.
        if position.is_after(Position::from_bits(self.0.load(Ordering::Relaxed))) {
            self.store(position);
        }
    }

    /// Sets the hint to `position`; for a caller that knows that this is no step back.
    #[inline]
    pub(crate) fn store(&self, position: Position) {
        // Release pairs with the Acquire in `load`: the slots were seen as far as `position`.
        self.0.store(position.to_bits(), Ordering::Release);
    }
}
