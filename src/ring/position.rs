//! Positions, versions, and how both are packed into words.

use crate::error::CapacityError;

/// A place in the endless sequence of elements: a slot and the lap on which it is visited.
///
/// The lap is kept as the *stamp* of a slot that is empty and waits for that lap: `2 * lap`, in
/// versions. A slot that is full of that lap has the stamp `2 * lap + 1`. All stamps wrap around at
/// 64 bits.
///
/// What the slot's stamp says about a position, as its *age* in versions:
///
/// | age | the slot is | so this position is |
/// |---|---|---|
/// | −1 | full, of the lap before | not filled; the one a lap before is live |
/// | 0 | empty | not filled; the one a lap before is gone |
/// | 1 | full | live |
/// | 2 and more | empty or full, of a later lap | gone |
///
/// Less than −1 cannot be at the tail, nor less than 0 at the head: positions are reached one by
/// one.
///
/// Half a version is the bit that says "closed". An age is rounded down, so it takes no notice of
/// that bit. [`is_tail`](Self::is_tail) and [`is_head`](Self::is_head) are exact, and false of a
/// slot that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(u64);

impl Position {
    /// As it was packed; a hint is a position in a word.
    #[inline]
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(crate) fn index(self, layout: WordLayout) -> usize {
        layout.index(self.0)
    }

    /// The stamp of a slot that is empty and waits for this position's element.
    #[inline]
    pub(crate) fn empty(self, layout: WordLayout) -> u64 {
        layout.stamp(self.0)
    }

    /// The stamp of the slot once this position's element has come (`full`), or has gone.
    #[inline]
    pub(crate) fn stamp_after(self, full: bool, layout: WordLayout) -> u64 {
        self.empty(layout).wrapping_add(if full { layout.version() } else { layout.version() << 1 })
    }

    #[inline]
    pub(crate) fn age(self, stamp: u64, layout: WordLayout) -> i64 {
        (stamp.wrapping_sub(self.empty(layout)) as i64) >> layout.version().trailing_zeros()
    }

    /// Whether this position is the tail, and open: exactly −1 or 0 versions old.
    #[inline]
    pub(crate) fn is_tail(self, stamp: u64, layout: WordLayout) -> bool {
        stamp.wrapping_sub(self.empty(layout)).wrapping_add(layout.version()) & layout.not_version
            == 0
    }

    /// Whether this position is the head, and open: exactly 0 or 1 versions old.
    #[inline]
    pub(crate) fn is_head(self, stamp: u64, layout: WordLayout) -> bool {
        stamp.wrapping_sub(self.empty(layout)) & layout.not_version == 0
    }

    /// The next position.
    #[inline]
    pub(crate) fn next(self, layout: WordLayout) -> Self {
        self.next_in_lap(layout).unwrap_or_else(|| self.next_lap(layout))
    }

    /// The next position, unless that is on the next lap.
    #[inline]
    pub(crate) fn next_in_lap(self, layout: WordLayout) -> Option<Self> {
        (self.index(layout) + 1 < layout.capacity).then(|| Self(self.0 + 1))
    }

    /// The first position of the next lap.
    #[cold]
    #[inline(never)]
    pub(crate) fn next_lap(self, layout: WordLayout) -> Self {
        Self(self.stamp_after(false, layout))
    }

    /// Whether this is the beginning of a lap whose number is a multiple of
    /// [`MILESTONE_LAPS`](Self::MILESTONE_LAPS).
    pub(crate) fn is_milestone(self, layout: WordLayout) -> bool {
        self.0 & ((layout.version() << 1) * Self::MILESTONE_LAPS - 1) == 0
    }

    /// Few against the laps that a version counts, many against the cost of moving a hint.
    pub(crate) const MILESTONE_LAPS: u64 = 256;

    /// The position `steps` later; at most a lap.
    pub(crate) fn add(self, steps: usize, layout: WordLayout) -> Self {
        let to_end = layout.capacity - self.index(layout);
        if steps < to_end {
            Self(self.0 + steps as u64)
        } else {
            Self(self.stamp_after(false, layout) | (steps - to_end) as u64)
        }
    }

    /// The position `laps` laps later.
    pub(crate) fn add_laps(self, laps: i64, layout: WordLayout) -> Self {
        Self(self.0.wrapping_add((laps as u64).wrapping_mul(layout.version() << 1)))
    }

    /// How many positions `self` is after `earlier`; at most a lap.
    pub(crate) fn since(self, earlier: Self, layout: WordLayout) -> usize {
        let lap = if self.empty(layout) == earlier.empty(layout) { 0 } else { layout.capacity };
        lap + self.index(layout) - earlier.index(layout)
    }

    #[inline]
    pub(crate) fn is_after(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0) as i64 > 0
    }
}

/// How the words of one ring divide: a version above, the closed bit below it, an index at the
/// bottom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordLayout {
    capacity: usize,
    /// The bit that says of a slot: nothing is pushed here, nor at any later position.
    closed: u64,
    /// All bits but that of the version.
    not_version: u64,
}

impl WordLayout {
    /// The fewest version bits that a ring may have. A thread takes the future for the past after
    /// half of the versions, which are two to a lap: when it has slept in an operation for 2²⁹
    /// laps.
    const MIN_VERSION_BITS: u32 = 31;

    /// For slots 0 to `capacity - 1`, and other indices that go up to `max_index`.
    pub(crate) fn new(capacity: usize, max_index: usize) -> Result<Self, CapacityError> {
        let index_bits = usize::BITS - max_index.leading_zeros();
        if index_bits + 1 > u64::BITS - Self::MIN_VERSION_BITS {
            return Err(CapacityError::TooLarge);
        }
        let closed = 1 << index_bits;
        Ok(Self { capacity, closed, not_version: !(closed << 1) })
    }

    #[inline]
    pub(crate) fn capacity(self) -> usize {
        self.capacity
    }

    /// What a stamp grows by from one version to the next: one bit, just above the closed bit.
    #[inline]
    fn version(self) -> u64 {
        self.closed << 1
    }

    /// The bit that says of a slot: nothing is pushed here, nor at any later position.
    #[inline]
    pub(crate) fn closed(self) -> u64 {
        self.closed
    }

    #[inline]
    pub(crate) fn is_closed(self, stamp: u64) -> bool {
        stamp & self.closed() != 0
    }

    #[inline]
    pub(crate) fn is_full(self, stamp: u64) -> bool {
        stamp & self.version() != 0
    }

    /// The version and the closed bit of a word.
    #[inline]
    pub(crate) fn stamp(self, word: u64) -> u64 {
        word & self.closed().wrapping_neg()
    }

    #[inline]
    pub(crate) fn index(self, word: u64) -> usize {
        (word & (self.closed() - 1)) as usize
    }

    /// The first position of the lap that comes `laps` laps after the one at which stamps start
    /// from zero.
    pub(crate) fn start(self, laps: i64) -> Position {
        Position(0).add_laps(laps, self)
    }
}
