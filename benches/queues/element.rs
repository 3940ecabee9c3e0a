//! Elements of the two sizes that `AtomicRing` stores in different ways.

use std::array;

/// Made of a number and read as a number.
pub(crate) trait Element: Copy + Send + 'static {
    fn new(number: u64) -> Self;

    /// Depends on every word, so that none can be left out.
    fn sum(self) -> u64;
}

/// What is pushed in the timed loops, round and round: read it from behind a `black_box`.
///
/// Not made there, because an element of three words is then written word by word, and a queue that takes it from
/// memory as a vector waits 5 ns for that: a stall that depends on what was inlined, and hides what is measured.
pub(crate) fn supply<T: Element>() -> [T; SUPPLY] {
    array::from_fn(|i| T::new(i as u64))
}

pub(crate) const SUPPLY: usize = 64;

impl Element for u64 {
    #[inline(always)]
    fn new(number: u64) -> Self {
        number
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        self
    }
}

impl Element for [u64; 3] {
    #[inline(always)]
    fn new(number: u64) -> Self {
        [number; 3]
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        let [a, b, c] = self;
        a.wrapping_add(b).wrapping_add(c)
    }
}
