//! A small number for every thread, its own while it lives, reused afterwards.
//!
//! Why not the `thread_local` crate: its registry is behind a mutex, so a thread suspended in its
//! first operation would stop the first operation of all others; and it panics in a destructor that
//! runs after its own thread-local is gone, which in a destructor means abort. Both were tried with
//! version 1.1.10.

use std::marker::PhantomData;

use crate::sync::{AtomicUsize, Ordering};

/// How many threads can have a number at once.
pub(crate) const MAX_THREADS: usize = 1 << 16;

/// The number of the current thread. While this value lives, no other thread has the same.
pub(crate) struct ThreadIndex {
    number: usize,
    /// It is the thread's, and is dropped by it.
    not_send: PhantomData<*const ()>,
}

impl ThreadIndex {
    /// *Progress*: wait-free but for the thread's first call, which is lock-free (the standard
    /// library may allocate to register a thread-local destructor).
    ///
    /// # Panics
    ///
    /// When [`MAX_THREADS`] other threads have a number.
    #[inline]
    pub(crate) fn current() -> Self {
        Self { number: imp::own().unwrap_or_else(imp::first), not_send: PhantomData }
    }

    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for ThreadIndex {
    // Asks the thread whether the number is borrowed. A flag in `self` would occupy a register
    // throughout the operation. The thread has a number of its own as long as this value lives, or
    // has none throughout: `EXIT` does not run in an operation.
    #[inline]
    fn drop(&mut self) {
        if imp::own().is_none() {
            imp::give_back_borrowed();
        }
    }
}

/// A set of numbers, claimed lowest first, so that they stay small and near each other.
#[cfg_attr(loom, allow(dead_code, reason = "models of the ring use the stand-in below"))]
struct Numbers<const WORDS: usize> {
    /// A bit each: set while claimed.
    claimed: [AtomicUsize; WORDS],
}

#[cfg_attr(loom, allow(dead_code))]
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

#[cfg(not(loom))]
mod imp {
    use std::cell::Cell;

    use super::{AtomicUsize, MAX_THREADS, Numbers};

    /// In the place of a number, so that whether there is one, and whether it is small, is one
    /// comparison.
    const NONE: usize = usize::MAX;

    static NUMBERS: Numbers<{ MAX_THREADS / usize::BITS as usize }> =
        Numbers { claimed: [const { AtomicUsize::new(0) }; MAX_THREADS / usize::BITS as usize] };

    thread_local! {
        // Apart from `EXIT`, because without a destructor it is one load to read, and can be read
        // to the very end.
        static OWN: Cell<usize> = const { Cell::new(NONE) };
        static EXIT: GiveBackAtExit = const { GiveBackAtExit };
        /// Of a thread whose own number is already given back: one for the length of an operation,
        /// and how many values have it.
        static BORROWED: Cell<(usize, usize)> = const { Cell::new((NONE, 0)) };
    }

    struct GiveBackAtExit;

    impl Drop for GiveBackAtExit {
        fn drop(&mut self) {
            if let Some(number) = own() {
                OWN.set(NONE);
                NUMBERS.give_back(number);
            }
        }
    }

    #[inline]
    pub(super) fn own() -> Option<usize> {
        Some(OWN.get()).filter(|&number| number != NONE)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn first() -> usize {
        let (number, borrowers) = BORROWED.get();
        if borrowers > 0 {
            BORROWED.set((number, borrowers + 1));
            return number;
        }
        let Some(number) = NUMBERS.claim() else {
            panic!("more than {MAX_THREADS} threads at once use an AtomicRing or Metered");
        };
        // Fails in thread-local destructors that run after `EXIT`'s: nobody would give the number
        // back.
        if EXIT.try_with(|_| OWN.set(number)).is_err() {
            BORROWED.set((number, 1));
        }
        number
    }

    #[cold]
    #[inline(never)]
    pub(super) fn give_back_borrowed() {
        let (number, borrowers) = BORROWED.get();
        BORROWED.set((number, borrowers - 1));
        if borrowers == 1 {
            NUMBERS.give_back(number);
        }
    }
}

/// A stand-in: every thread of a model gets the next number, and keeps it. (`Numbers` has a model
/// of its own.)
#[cfg(loom)]
mod imp {
    use std::cell::Cell;
    // Not loom's: counting must add neither scheduling points nor orderings to the model.
    use std::sync::atomic::{AtomicUsize, Ordering};

    loom::lazy_static! {
        static ref NEXT: AtomicUsize = AtomicUsize::new(0);
    }

    loom::thread_local! {
        static OWN: Cell<Option<usize>> = Cell::new(None);
    }

    pub(super) fn own() -> Option<usize> {
        OWN.with(Cell::get)
    }

    pub(super) fn first() -> usize {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        OWN.with(|own| own.set(Some(number)));
        number
    }

    pub(super) fn give_back_borrowed() {
        unreachable!("no number is borrowed in a model")
    }
}

/// The set of numbers on its own: no two threads share a number, and a thread that gets one sees
/// what its last owner did under it.
#[cfg(all(test, loom))]
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

#[cfg(all(test, not(loom)))]
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
