//! How many slots a ring has, and what they are for.

/// A claim takes at most so many elements, and a step of a batch of pushes puts in at most so many.
/// Few in models, so that these reach all that depends on it.
const LONGEST_CLAIM: usize = if cfg!(ringway_loom) { 2 } else { 64 };

/// How many detours have slots of their own.
pub(super) const SIDES: usize = 3;

/// The chapter on this ring shows that these numbers suffice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) capacity: u64,
    /// The most elements that a claim takes: `K`.
    pub(super) claim: u64,
    /// The home slots: position `p` belongs in slot `p % home`. Positions begin here, too.
    pub(super) home: u64,
}

impl Layout {
    /// `None` if the numbers do not fit into a `usize`.
    pub(super) fn new(capacity: usize) -> Option<Self> {
        let claim = capacity.min(LONGEST_CLAIM);
        // The most positions between the head that the producer knows and the one that it fills.
        let window = capacity.checked_add(claim - 1)?;
        // The fewest positions from the start of one detour to the next.
        let spacing = (window.checked_add(claim)?).div_ceil(2).max(2 * claim - 1);
        let home = window.checked_add(claim - 1)?.checked_add(spacing)?;
        home.checked_add(SIDES * claim)?;
        let [capacity, claim, home] = [capacity, claim, home].map(|n| n as u64);
        Some(Self { capacity, claim, home })
    }

    /// All slots.
    pub(super) fn slots(self) -> usize {
        self.side(SIDES)
    }

    /// The first slot of a side.
    #[inline]
    pub(super) fn side(self, side: usize) -> usize {
        self.home as usize + side * self.claim as usize
    }

    /// The home slot, given how far it is from the first; at most twice around.
    #[inline(always)]
    pub(super) fn wrapped(self, along: usize) -> usize {
        let home = self.home as usize;
        if along < home { along } else { along - home }
    }
}
