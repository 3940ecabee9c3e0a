//! What goes through the queues.

use std::array;

use ringway::Pushed;

/// Made of a number and read as a number.
pub trait Element: Clone + Send + 'static {
    fn new(number: u64) -> Self;

    fn number(&self) -> u64;

    /// Depends on every word, so that none can be left out.
    fn sum(self) -> u64;
}

/// A message in its own allocation; the queues move a pointer and a length.
pub type Message = Box<[u8]>;

/// An element of its own for each timed loop, which so has the only push and the only pop of queues of that element.
///
/// How much of a queue the compiler inlines depends on how many places call it; a third of the time for an operation
/// hangs on that. So it is as in a program that has one place for each, and does not change when there is one more scene.
#[derive(Clone)]
#[repr(transparent)]
pub struct Only<T, const LOOP: u8>(pub(crate) T);

pub(crate) const COUNT: u8 = 0;
pub(crate) const OVERWRITE: u8 = 1;
pub(crate) const PAIR: u8 = 2;
pub(crate) const POP_ON_EMPTY: u8 = 3;
pub(crate) const THREADS: u8 = 4;
pub(crate) const MOVED: u8 = 5;
pub(crate) const COPIED: u8 = 6;
pub(crate) const LATENCY: u8 = 7;
pub(crate) const PIPE: u8 = 8;
pub(crate) const WAKE: u8 = 9;
pub(crate) const PING_PONG: u8 = 10;
pub(crate) const FLOW: u8 = 11;
pub(crate) const METERED: u8 = 12;

impl<T, const LOOP: u8> Only<T, LOOP> {
    #[inline(always)]
    pub(crate) fn pushed(pushed: Pushed<Self>) -> Pushed<T> {
        match pushed {
            Pushed::Stored => Pushed::Stored,
            Pushed::Evicted(Self(value)) => Pushed::Evicted(value),
            Pushed::Rejected(Self(value)) => Pushed::Rejected(value),
        }
    }
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
    fn number(&self) -> u64 {
        *self
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
    fn number(&self) -> u64 {
        self[0]
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        let [a, b, c] = self;
        a.wrapping_add(b).wrapping_add(c)
    }
}

impl Element for [u64; 32] {
    #[inline(always)]
    fn new(number: u64) -> Self {
        [number; 32]
    }

    #[inline(always)]
    fn number(&self) -> u64 {
        self[0]
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        self.iter().fold(0, |sum, word| sum.wrapping_add(*word))
    }
}

impl Element for Message {
    fn new(number: u64) -> Self {
        number.to_le_bytes().into()
    }

    fn number(&self) -> u64 {
        self.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    fn sum(self) -> u64 {
        self.number()
    }
}
