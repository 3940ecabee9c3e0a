//! What goes through the queues.

use std::array;
use std::hint::black_box;

/// Elements of one type, for one timed loop.
///
/// How much of a queue the compiler inlines depends on how many places call it, and up to a third
/// of an operation's time depends on that. `LOOP` gives every loop an element type of its own, and
/// so the only call: the best case, for every queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<W, const WORDS: usize, const LOOP: u8>([W; WORDS]);

pub(crate) trait Number: Copy + Send + Sync + 'static {
    const NAME: &'static str;

    fn new(number: u64) -> Self;

    /// Depends on every word, so that none can be left out.
    fn sum(self) -> u64;
}

macro_rules! elements {
    ($($word:ty, $words:literal, $name:literal;)*) => {$(
        impl<const LOOP: u8> Number for Element<$word, $words, LOOP> {
            const NAME: &'static str = $name;

            #[inline(always)]
            fn new(number: u64) -> Self {
                Self([number as $word; $words])
            }

            #[inline(always)]
            fn sum(self) -> u64 {
                self.0.into_iter().fold(0, |sum, word| sum.wrapping_add(word.into()))
            }
        }
    )*};
}
elements! {
    u32, 1, "4B";
    u64, 1, "8B";
    u64, 3, "24B";
    u64, 32, "256B";
}

const SUPPLY: usize = 64;

/// Elements from behind a `black_box`, round and round.
///
/// An element that is made in the loop is written word by word. A queue that reads it as a vector
/// then waits for the store buffer, which hides what is measured.
pub(crate) fn supply<T: Number>() -> impl FnMut() -> T {
    let elements: [T; SUPPLY] = black_box(array::from_fn(|i| T::new(i as u64)));
    let mut i = 0;
    move || {
        i = (i + 1) % SUPPLY;
        elements[i]
    }
}
