//! The line that every push looks at.

use crate::ring::contention::Turn;
use crate::ring::hint::Hint;
use crate::ring::position::{Position, WordLayout};

/// Where the tail was, and beside it whether a consumer asks for a [`Turn`]: asking takes the line
/// away from the producers, and what is then read is the newest hint there is.
pub(crate) struct Tail {
    /// At most the first position that is not filled.
    pub(crate) hint: Hint,
    pub(crate) turn: Turn,
}

impl Tail {
    pub(crate) fn new(position: Position) -> Self {
        Self { hint: Hint::new(position), turn: Turn::new() }
    }

    /// The later one of `position` and the position a lap before the tail.
    ///
    /// What was pushed before the last `capacity` elements is gone, though pushes that evict move
    /// no hint of the head.
    pub(crate) fn skip_evicted(&self, position: Position, layout: WordLayout) -> Position {
        position.max(self.hint.load(layout).add_laps(-1, layout))
    }
}
