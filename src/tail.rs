//! The line that every push looks at.

use crate::hint::Hint;
use crate::position::{Layout, Position};
use crate::turn::Turn;

/// Where the tail was, and beside it whether a consumer asks for a [`Turn`]: asking takes the line away from the producers,
/// and what is then read is the newest hint there is.
pub(crate) struct Tail {
    /// At most the first position that is not filled.
    pub(crate) hint: Hint,
    pub(crate) turn: Turn,
}

impl Tail {
    pub(crate) fn new(position: Position) -> Self {
        Self { hint: Hint::new(position), turn: Turn::new() }
    }

    /// The later one of `position` and the position a lap before the tail: what was pushed before the last `capacity`
    /// elements is gone, though pushes that evict move no hint of the head.
    pub(crate) fn not_lapped(&self, position: Position, layout: Layout) -> Position {
        let lapped = self.hint.load().add_laps(-1, layout);
        if lapped.is_after(position) { lapped } else { position }
    }
}
