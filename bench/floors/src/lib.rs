//! The bare steps of the protocol of `AtomicRing`: load a hint, load the slot, exchange it, move
//! the hint. What a ring takes beyond that is its own.
//!
//! The floors are for one thread. A floor panics where a ring would search, because alone it never
//! has to. Like a ring, a floor is used for pushes on a full ring, or for pushes and pops in turns.

mod exchange;
mod one_word;
mod place;
#[cfg(target_arch = "x86_64")]
mod two_words;

pub use exchange::Exchange;
pub use one_word::OneWord;
#[cfg(target_arch = "x86_64")]
pub use two_words::TwoWords;
