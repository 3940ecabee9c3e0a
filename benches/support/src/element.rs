//! What goes through the queues.

use std::array;

/// Made of a number and read as a number.
pub trait Element: Clone + Send + Sync + 'static {
    fn new(number: u64) -> Self;

    fn number(&self) -> u64;

    /// Depends on every word, so that none can be left out.
    fn sum(self) -> u64;
}

impl<const WORDS: usize> Element for [u64; WORDS] {
    #[inline(always)]
    fn new(number: u64) -> Self {
        [number; WORDS]
    }

    #[inline(always)]
    fn number(&self) -> u64 {
        self[0]
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        self.into_iter().fold(0, u64::wrapping_add)
    }
}

/// An element of its own for each timed loop, which so has the only push and the only pop of queues
/// of that element.
///
/// How much of a queue the compiler inlines depends on how many places call it, and up to a third
/// of an operation's time depends on that. So it is as in a program that has one place for each,
/// and does not change when there is one more scene.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Only<T, const LOOP: u8>(T);

/// The timed loops.
pub(crate) mod timed {
    pub(crate) const OVERWRITE: u8 = 1;
    pub(crate) const PAIR: u8 = 2;
    pub(crate) const POP_ON_EMPTY: u8 = 3;
    pub(crate) const THREADS: u8 = 4;
    pub(crate) const LATENCY: u8 = 5;
    pub(crate) const WAKE: u8 = 6;
    pub(crate) const PING_PONG: u8 = 7;
    pub(crate) const LEN: u8 = 8;
    pub(crate) const POPS: u8 = 9;
    pub(crate) const POP_INTO: u8 = 10;
    pub(crate) const BATCHES: u8 = 11;
    pub(crate) const POLLED: u8 = 12;
    pub(crate) const MOVED: u8 = 13;
    pub(crate) const COPIED: u8 = 14;
}

impl<T: Element, const LOOP: u8> Element for Only<T, LOOP> {
    #[inline(always)]
    fn new(number: u64) -> Self {
        Self(T::new(number))
    }

    #[inline(always)]
    fn number(&self) -> u64 {
        self.0.number()
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        self.0.sum()
    }
}

pub(crate) const SUPPLY: usize = 64;

/// What is pushed in the timed loops, round and round: read it from behind a `black_box`.
///
/// An element that is made in the loop is written word by word. A queue that reads it as a vector
/// then waits for the store buffer, which hides what is measured.
pub(crate) fn supply<T: Element>() -> [T; SUPPLY] {
    array::from_fn(|i| T::new(i as u64))
}
