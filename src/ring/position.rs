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
pub(crate) struct Position {
    /// Of the slot: less than the capacity, on which memory safety rests.
    index: usize,
    /// That of the slot while it is empty and waits for this position's element.
    stamp: u64,
}

impl Position {
    /// Unpacks a position of a ring with this layout.
    #[inline(always)]
    pub(crate) fn from_bits(bits: u64, layout: WordLayout) -> Self {
        let index = layout.index(bits);
        Self { index, stamp: bits - index as u64 }
    }

    /// Packs this position into a word.
    #[inline(always)]
    pub(crate) fn to_bits(self) -> u64 {
        self.stamp | self.index as u64
    }

    #[inline(always)]
    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// The stamp of a slot that is empty and waits for this position's element.
    #[inline(always)]
    pub(crate) fn empty(self) -> u64 {
        self.stamp
    }

    /// The stamp of a slot that is full of this position's element.
    #[inline(always)]
    pub(crate) fn full(self, layout: WordLayout) -> u64 {
        self.stamp | layout.version
    }

    /// The stamp of a slot that this position's element has left.
    #[inline(always)]
    pub(crate) fn gone(self, layout: WordLayout) -> u64 {
        self.stamp.wrapping_add(layout.version << 1)
    }

    #[inline]
    pub(crate) fn age(self, word: u64, layout: WordLayout) -> i64 {
        (word.wrapping_sub(self.stamp) as i64) >> layout.version.trailing_zeros()
    }

    /// Returns `true` if this position is the tail and open, which the word of its slot shows: it
    /// is exactly −1 or 0 versions old.
    ///
    /// The stamp of a position has a 0 where a full slot has the version's lowest bit, so adding a
    /// version to −1 or 0 changes nothing else.
    #[inline(always)]
    pub(crate) fn is_tail(self, word: u64, layout: WordLayout) -> bool {
        (word.wrapping_add(layout.version) ^ self.stamp) & layout.open_lap == 0
    }

    /// Returns `true` if this position is the head and open, which the word of its slot shows: it
    /// is exactly 0 or 1 versions old.
    #[inline(always)]
    pub(crate) fn is_head(self, word: u64, layout: WordLayout) -> bool {
        (word ^ self.stamp) & layout.open_lap == 0
    }

    /// The next position.
    #[inline]
    pub(crate) fn next(self, layout: WordLayout) -> Self {
        self.next_in_lap(layout).unwrap_or_else(|| self.next_lap(layout))
    }

    /// The next position, unless that is on the next lap.
    #[inline(always)]
    pub(crate) fn next_in_lap(self, layout: WordLayout) -> Option<Self> {
        let index = self.index + 1;
        (index < layout.capacity).then_some(Self { index, ..self })
    }

    /// The first position of the next lap.
    pub(crate) fn next_lap(self, layout: WordLayout) -> Self {
        Self { index: 0, stamp: self.gone(layout) }
    }

    /// Whether this is the beginning of a lap whose number is a multiple of
    /// [`MILESTONE_LAPS`](Self::MILESTONE_LAPS).
    pub(crate) fn is_milestone(self, layout: WordLayout) -> bool {
        self.to_bits() & ((layout.version << 1) * Self::MILESTONE_LAPS - 1) == 0
    }

    /// Few against the laps that a version counts, many against the cost of moving a hint.
    pub(crate) const MILESTONE_LAPS: u64 = 256;

    /// The position `steps` later; at most a lap.
    pub(crate) fn add(self, steps: usize, layout: WordLayout) -> Self {
        let to_end = layout.capacity - self.index;
        if steps < to_end {
            Self { index: self.index + steps, ..self }
        } else {
            Self { index: steps - to_end, stamp: self.gone(layout) }
        }
    }

    /// The position `laps` laps later.
    pub(crate) fn add_laps(self, laps: i64, layout: WordLayout) -> Self {
        let versions = (laps as u64).wrapping_mul(layout.version << 1);
        Self { stamp: self.stamp.wrapping_add(versions), ..self }
    }

    /// How many positions `self` is after `earlier`; at most a lap.
    pub(crate) fn since(self, earlier: Self, layout: WordLayout) -> usize {
        let lap = if self.stamp == earlier.stamp { 0 } else { layout.capacity };
        lap + self.index - earlier.index
    }

    #[inline(always)]
    pub(crate) fn is_after(self, other: Self) -> bool {
        self.to_bits().wrapping_sub(other.to_bits()) as i64 > 0
    }

    /// The later one of two positions.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        if other.is_after(self) { other } else { self }
    }
}

/// How the words of one ring divide: a version above, the closed bit below it, an index at the
/// bottom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordLayout {
    capacity: usize,
    /// All bits of the index.
    index: u64,
    /// What a stamp grows by from one version to the next: one bit, just above the closed bit. It
    /// is set in the stamp of a slot that is full.
    version: u64,
    /// The bits that tell the lap and that the slot is open: those of a stamp without `version`.
    open_lap: u64,
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
        let closed = 1_u64 << index_bits;
        let version = closed << 1;
        Ok(Self { capacity, index: closed - 1, version, open_lap: closed.wrapping_neg() ^ version })
    }

    #[inline]
    pub(crate) fn capacity(self) -> usize {
        self.capacity
    }

    /// The bit that says of a slot: nothing is pushed here, nor at any later position.
    #[inline]
    pub(crate) fn closed(self) -> u64 {
        self.index + 1
    }

    #[inline]
    pub(crate) fn is_closed(self, stamp: u64) -> bool {
        stamp & self.closed() != 0
    }

    #[inline]
    pub(crate) fn is_full(self, stamp: u64) -> bool {
        stamp & self.version != 0
    }

    #[inline]
    pub(crate) fn index(self, word: u64) -> usize {
        (word & self.index) as usize
    }

    /// The first position of the lap that comes `laps` laps after the one at which stamps start
    /// from zero.
    pub(crate) fn start(self, laps: i64) -> Position {
        Position { index: 0, stamp: 0 }.add_laps(laps, self)
    }
}
