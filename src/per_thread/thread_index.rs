//! A small number for every thread, its own while it lives, reused afterwards.
//!
//! Why not the `thread_local` crate: its registry is behind a mutex, so a thread suspended in its
//! first operation would stop the first operation of all others; and it panics in a destructor that
//! runs after its own thread-local is gone, which in a destructor means abort. Both were tried with
//! version 1.1.10.

use core::marker::PhantomData;

use crate::sync::{AtomicUsize, Ordering};

/// How many threads can have a number at once.
pub(crate) const MAX_THREADS: usize = 1 << 16;

/// The number of the current thread. While this value lives, no other thread has the same.
///
/// A thread keeps its number until it ends. Without the standard library it cannot: there each
/// value claims a number for as long as it lives, which costs two read-modify-writes on a shared
/// line. Whatever interrupts the thread, a signal handler say, has another number then.
pub(crate) struct ThreadIndex {
    number: usize,
    /// Whether this value gives the number back, since the thread does not keep it.
    lent: bool,
    /// It is the thread's, and is dropped by it.
    not_send: PhantomData<*const ()>,
}

impl ThreadIndex {
    /// Returns the number that the current thread keeps, if it keeps one already.
    ///
    /// *Progress*: wait-free.
    #[inline(always)]
    pub(crate) fn kept() -> Option<usize> {
        imp::kept()
    }

    /// Returns the number of the current thread, and claims one if it has none.
    ///
    /// *Progress*: wait-free where the thread has kept its number, else lock-free. (The standard
    /// library may allocate at the first call, to register a thread-local destructor.)
    ///
    /// # Panics
    ///
    /// Panics if [`MAX_THREADS`] numbers are in use.
    #[inline]
    pub(crate) fn current() -> Self {
        let (number, lent) = imp::kept().map_or_else(imp::claim, |number| (number, false));
        Self { number, lent, not_send: PhantomData }
    }

    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for ThreadIndex {
    #[inline]
    fn drop(&mut self) {
        if self.lent {
            imp::give_back(self.number);
        }
    }
}

/// A set of numbers, claimed lowest first, so that they stay small and near each other.
#[cfg_attr(ringway_loom, allow(dead_code, reason = "models of the ring use the stand-in below"))]
struct Numbers<const WORDS: usize> {
    /// A bit each: set while claimed.
    claimed: [AtomicUsize; WORDS],
}

#[cfg_attr(ringway_loom, allow(dead_code))]
impl<const WORDS: usize> Numbers<WORDS> {
    /// *Linearization point*: the `fetch_or` that finds the bit clear. *Progress*: lock-free; a bit
    /// turns out to be set only because another thread claimed it.
    fn claim(&self) -> Option<usize> {
        for (i, word) in self.claimed.iter().enumerate() {
            // Only a guess; the `fetch_or` decides. Relaxed.
            let mut bits = word.load(Ordering::Relaxed);
            while bits != usize::MAX {
                let bit = bits.trailing_ones();
                // Acquire pairs with the Release in `give_back`: what the last owner did under this
                // number is done.
                let before = word.fetch_or(1 << bit, Ordering::Acquire);
                if before & 1 << bit == 0 {
                    return Some(i * usize::BITS as usize + bit as usize);
                }
                bits = before;
            }
        }
        None
    }

    /// *Linearization point*: the `fetch_and`. *Progress*: wait-free.
    fn give_back(&self, number: usize) {
        let bit = 1 << (number % usize::BITS as usize);
        // Release pairs with the Acquire in `claim`.
        let before = self.claimed[number / usize::BITS as usize].fetch_and(!bit, Ordering::Release);
        debug_assert!(before & bit != 0, "given back twice");
    }
}

#[cfg(not(ringway_loom))]
static NUMBERS: Numbers<{ MAX_THREADS / usize::BITS as usize }> =
    Numbers { claimed: [const { AtomicUsize::new(0) }; MAX_THREADS / usize::BITS as usize] };

#[cfg(not(ringway_loom))]
fn claim_any() -> usize {
    NUMBERS.claim().unwrap_or_else(|| {
        panic!("more than {MAX_THREADS} threads at once use an AtomicRing or Metered")
    })
}

/// A thread keeps its number, and gives it back when it ends.
#[cfg(all(feature = "std", not(ringway_loom)))]
mod imp {
    use std::cell::Cell;
    use std::thread_local;

    use super::{NUMBERS, claim_any};

    /// In the place of a number, so that whether there is one, and whether it is small, is one
    /// comparison.
    const NONE: usize = usize::MAX;

    thread_local! {
        // Apart from `EXIT`, because without a destructor it is one load to read, and can be read
        // to the very end.
        static KEPT: Cell<usize> = const { Cell::new(NONE) };
        static EXIT: GiveBackAtExit = const { GiveBackAtExit };
    }

    struct GiveBackAtExit;

    impl Drop for GiveBackAtExit {
        fn drop(&mut self) {
            if let Some(number) = kept() {
                KEPT.set(NONE);
                give_back(number);
            }
        }
    }

    #[inline(always)]
    pub(super) fn kept() -> Option<usize> {
        Some(KEPT.get()).filter(|&number| number != NONE)
    }

    /// Claims a number for the current thread to keep; returns it, and `true` if the thread cannot
    /// keep it. That is so in thread-local destructors that run after `EXIT`'s.
    #[cold]
    #[inline(never)]
    pub(super) fn claim() -> (usize, bool) {
        let number = claim_any();
        (number, EXIT.try_with(|_| KEPT.set(number)).is_err())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn give_back(number: usize) {
        NUMBERS.give_back(number);
    }
}

/// A thread has no place of its own to keep a number in.
#[cfg(all(not(feature = "std"), not(ringway_loom)))]
mod imp {
    pub(super) fn kept() -> Option<usize> {
        None
    }

    pub(super) fn claim() -> (usize, bool) {
        (super::claim_any(), true)
    }

    pub(super) fn give_back(number: usize) {
        super::NUMBERS.give_back(number);
    }
}

/// A stand-in: every thread of a model gets the next number, and keeps it. (`Numbers` has a model
/// of its own.)
#[cfg(ringway_loom)]
mod imp {
    use std::cell::Cell;
    // Not loom's: counting must add neither scheduling points nor orderings to the model.
    use std::sync::atomic::{AtomicUsize, Ordering};

    loom::lazy_static! {
        static ref NEXT: AtomicUsize = AtomicUsize::new(0);
    }

    loom::thread_local! {
        static KEPT: Cell<Option<usize>> = Cell::new(None);
    }

    pub(super) fn kept() -> Option<usize> {
        KEPT.with(Cell::get)
    }

    pub(super) fn claim() -> (usize, bool) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        KEPT.with(|kept| kept.set(Some(number)));
        (number, false)
    }

    pub(super) fn give_back(_: usize) {
        unreachable!("every thread keeps its number in a model")
    }
}

/// The set of numbers on its own: no two threads share a number, and a thread that gets one sees
/// what its last owner did under it.
#[cfg(all(test, ringway_loom))]
mod models {
    use std::array;

    use loom::cell::Cell;
    use loom::sync::Arc;
    use loom::thread;

    use super::{AtomicUsize, Numbers};

    /// How many numbers are ever claimed at once.
    const AT_ONCE: usize = 2;

    struct Guarded {
        numbers: Numbers<1>,
        /// What belongs to the owner of each number; loom reports it as a race if there are two, or
        /// if the second came without a happens-before from the first.
        owned: [Cell<bool>; AT_ONCE],
    }

    impl Guarded {
        fn claim(&self) -> usize {
            let number = self.numbers.claim().expect("64 numbers are enough for two threads");
            // Lowest first: no number is passed over.
            assert!(number < AT_ONCE);
            assert!(!self.owned[number].replace(true), "number {number} has two owners");
            number
        }

        fn give_back(&self, number: usize) {
            assert!(self.owned[number].replace(false));
            self.numbers.give_back(number);
        }
    }

    #[test]
    fn a_number_has_one_owner_at_a_time() {
        loom::model(|| {
            let guarded = Arc::new(Guarded {
                numbers: Numbers { claimed: array::from_fn(|_| AtomicUsize::new(0)) },
                owned: array::from_fn(|_| Cell::new(false)),
            });
            let twice = |guarded: &Guarded| {
                for _ in 0..2 {
                    let number = guarded.claim();
                    guarded.give_back(number);
                }
            };
            let other = thread::spawn({
                let guarded = Arc::clone(&guarded);
                move || twice(&guarded)
            });
            twice(&guarded);
            other.join().unwrap();
            assert_eq!(guarded.claim(), 0);
        });
    }
}

#[cfg(all(test, not(ringway_loom)))]
mod tests {
    use super::{AtomicUsize, Numbers};

    #[test]
    fn numbers_are_claimed_lowest_first_until_there_is_none() {
        const ALL: usize = 2 * usize::BITS as usize;
        let numbers = Numbers { claimed: [const { AtomicUsize::new(0) }; 2] };
        for number in 0..ALL {
            assert_eq!(numbers.claim(), Some(number));
        }
        assert_eq!(numbers.claim(), None);
        for number in [ALL - 1, 7] {
            numbers.give_back(number);
        }
        assert_eq!([(); 3].map(|()| numbers.claim()), [Some(7), Some(ALL - 1), None]);
    }
}
