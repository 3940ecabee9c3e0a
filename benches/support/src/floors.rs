//! The bare steps of the protocol of `AtomicRing`: load a hint, load the slot, exchange it, move
//! the hint. What a ring takes beyond that is its own. None of it is code of the crate: a floor
//! that was would move with it.
//!
//! The floors are for one thread. A floor panics where a ring would search, because alone it never
//! has to. Like a ring, a floor is used for pushes on a full ring, or for pushes and pops in turns.
//!
//! `one_word`, `two_words` and `exchange` are less than a ring can be. `lean` has all that one has
//! where nobody is in the way: the least that the code of `AtomicRing` can be compiled to.

mod exchange;
mod lean;
mod one_word;
mod place;
#[cfg(target_arch = "x86_64")]
mod two_words;

pub(crate) use exchange::Exchange;
pub(crate) use lean::Lean;
pub(crate) use one_word::OneWord;
#[cfg(target_arch = "x86_64")]
pub(crate) use two_words::TwoWords;
