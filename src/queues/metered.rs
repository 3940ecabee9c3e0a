use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crossbeam_utils::CachePadded;

use crate::error::{CapacityError, TryPopError, TryPushError};
use crate::per_thread::segments::{FIRST_THREADS, Segments, boxed};
use crate::per_thread::thread_index::ThreadIndex;
use crate::queue::iter::TryIter;
use crate::queue::{Overflow, Pushed, Queue, forward_queue, make_room};
use crate::sync::{AtomicU64, Ordering};

/// A queue that counts what becomes of the elements of the queue inside.
///
/// ```
/// use ringway::{AtomicRing, Metered};
///
/// let queue = Metered::new(AtomicRing::new(2));
/// for i in 0..5 {
///     let _ = queue.push(i);
/// }
/// assert_eq!(queue.pop(), Some(3));
///
/// let stats = queue.stats();
/// assert_eq!((stats.stored, stats.evicted, stats.rejected, stats.popped), (5, 3, 0, 1));
/// assert_eq!(stats.stored, stats.popped + stats.evicted + queue.len() as u64);
/// ```
///
/// The figures of a queue inside a channel are there at either end:
///
/// ```
/// use ringway::{AtomicRing, Metered};
///
/// let (tx, rx) = ringway::channel(Metered::new(AtomicRing::new(2)));
/// let _ = tx.push('a');
/// assert_eq!(rx.recv(), Ok('a'));
/// assert_eq!(rx.queue().stats().popped, 1);
/// ```
///
/// *Linearization points, progress*: those of the queue inside, but for a thread's first operation
/// on any metered queue, which may call the allocator. (Without the feature `std`, only one that is
/// one more at once than there is room for.)
///
/// *Cost*: every thread counts on a cache line of its own, by a load and a store, so no two threads
/// share a line that they did not share before. 128 bytes for each of the first 16 threads of the
/// process; threads with higher numbers that use the queue add room for the next 16, 32, 64, … at a
/// time.
///
/// Without the feature `std` a thread cannot keep its
/// [number](crate::AtomicRing#threads-and-their-numbers). Each operation that is counted claims one
/// then, beside the one of an `AtomicRing` inside: two read-modify-writes on a line that all
/// threads share. And then [signal handlers](crate::AtomicRing#signal-handlers-and-interrupts) may
/// use the queue, if they may use the one inside. With `std`, what a handler counts in the middle
/// of its thread's operation may be missing from the figures.
///
/// # Panics
///
/// `push`, `try_push`, `pop` and `pop_into`, when 65,536 other threads that have used one, or an
/// [`AtomicRing`](crate::AtomicRing), are alive; without the feature `std`, when as many other
/// operations on such are under way.
pub struct Metered<Q> {
    queue: Q,
    counts: Segments<Box<[CachePadded<Counts>]>>,
}

/// What one thread has counted.
#[derive(Default)]
struct Counts {
    /// Pushes that evicted nothing; so that every push counts once.
    added: AtomicU64,
    evicted: AtomicU64,
    rejected: AtomicU64,
    closed: AtomicU64,
    popped: AtomicU64,
}

/// What became of the elements of a [`Metered`] queue, since it was made.
///
/// `stored == popped + evicted + len`, exactly, when nobody is operating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Elements that were put in, whatever became of them since.
    pub stored: u64,
    /// Elements that were stored and had to make room.
    pub evicted: u64,
    /// Elements that [`push`](Queue::push) gave back because there was no room. What
    /// [`try_push`](Queue::try_push) gives back is not counted: its caller may try again.
    pub rejected: u64,
    /// Elements that [`push`](Queue::push) gave back because the queue was closed.
    pub closed: u64,
    /// Elements that were taken out.
    pub popped: u64,
}

impl<Q> Metered<Q> {
    /// Counts what becomes of the elements of `queue` from now on; `queue` should be empty.
    ///
    /// # Panics
    ///
    /// When the allocation of the first counts, of two kilobytes, fails.
    pub fn new(queue: Q) -> Self {
        let first = counts(FIRST_THREADS).unwrap_or_else(|error| panic!("cannot count: {error}"));
        Self { queue, counts: Segments::new(first) }
    }

    /// What was counted until now: exact when nobody is operating.
    ///
    /// While others operate, an element that comes and goes may be in one figure and not yet in the
    /// other.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        for counts in self.counts.iter().flatten() {
            // Relaxed: counters synchronise nothing. To be sure of seeing another thread's counts,
            // synchronise with it first.
            let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
            let evicted = read(&counts.evicted);
            stats.stored += read(&counts.added) + evicted;
            stats.evicted += evicted;
            stats.rejected += read(&counts.rejected);
            stats.closed += read(&counts.closed);
            stats.popped += read(&counts.popped);
        }
        stats
    }

    /// The queue inside. What is done to it directly is not counted.
    pub fn get_ref(&self) -> &Q {
        &self.queue
    }

    /// The queue inside.
    pub fn into_inner(self) -> Q {
        self.queue
    }

    /// The counts of the current thread. To be had before the operation that is counted, since this
    /// may panic.
    #[inline]
    fn mine(&self) -> Mine<'_> {
        let thread = ThreadIndex::current();
        let counts = match self.counts.first().get(thread.number()) {
            Some(counts) => counts,
            None => self.later_counts(thread.number()),
        };
        Mine { counts, _thread: thread }
    }

    #[cold]
    #[inline(never)]
    fn later_counts(&self, thread: usize) -> &CachePadded<Counts> {
        let (segment, offset) = self.counts.later(thread, counts);
        &segment[offset]
    }
}

/// The counts that nobody else writes to while this value keeps the thread its number.
struct Mine<'a> {
    counts: &'a Counts,
    _thread: ThreadIndex,
}

impl Mine<'_> {
    #[inline]
    fn add(&self, which: impl Fn(&Counts) -> &AtomicU64, n: usize) {
        let count = which(self.counts);
        // Relaxed: the owner of the number before, if any, is ordered before this one by the
        // number's claim.
        count.store(count.load(Ordering::Relaxed) + n as u64, Ordering::Relaxed);
    }
}

fn counts(threads: usize) -> Result<Box<[CachePadded<Counts>]>, CapacityError> {
    boxed((0..threads).map(|_| CachePadded::default()))
}

impl<Q> Metered<Q> {
    /// Adds an element as the queue inside does, and counts what became of it.
    #[inline(always)]
    pub fn push<T>(&self, value: T) -> Pushed<T>
    where
        Q: Queue<T>,
    {
        let mine = self.mine();
        let pushed = self.queue.push(value);
        mine.add(
            |counts| match pushed {
                Pushed::Stored => &counts.added,
                Pushed::Evicted(_) => &counts.evicted,
                Pushed::Rejected(_) => &counts.rejected,
                Pushed::Closed(_) => &counts.closed,
            },
            1,
        );
        pushed
    }

    /// Adds an element if there is room, and counts it if it was added.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back.
    #[inline(always)]
    pub fn try_push<T>(&self, value: T) -> Result<(), TryPushError<T>>
    where
        Q: Queue<T>,
    {
        let mine = self.mine();
        self.queue.try_push(value)?;
        mine.add(|counts| &counts.added, 1);
        Ok(())
    }

    /// Takes the oldest element and counts it, or returns `None` if the queue was empty.
    ///
    /// To find the end of a closed queue, use [`try_pop`](Self::try_pop).
    #[inline(always)]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop<T>(&self) -> Option<T>
    where
        Q: Queue<T>,
    {
        let mine = self.mine();
        let popped = self.queue.pop()?;
        mine.add(|counts| &counts.popped, 1);
        Some(popped)
    }

    /// Takes the oldest element and counts it, and tells an empty queue from one that is empty and
    /// closed.
    ///
    /// # Errors
    ///
    /// [`TryPopError`], as that of the queue inside.
    ///
    /// ```
    /// use ringway::{AtomicRing, Metered, TryPopError};
    ///
    /// let queue = Metered::new(AtomicRing::<u8>::new(1));
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    /// queue.close();
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[inline(always)]
    pub fn try_pop<T>(&self) -> Result<T, TryPopError>
    where
        Q: Queue<T>,
    {
        let mine = self.mine();
        let popped = self.queue.try_pop()?;
        mine.add(|counts| &counts.popped, 1);
        Ok(popped)
    }

    /// Takes up to `max` elements as the queue inside does, counts them, and returns how many.
    ///
    /// # Panics
    ///
    /// If `out` cannot grow; no element is lost then.
    pub fn pop_into<T>(&self, out: &mut Vec<T>, max: usize) -> usize
    where
        Q: Queue<T>,
    {
        let mine = self.mine();
        let max = make_room(out, max, || self.queue.len());
        let popped = self.queue.pop_into(out, max);
        mine.add(|counts| &counts.popped, popped);
        popped
    }

    /// Closes the queue inside: from now on nothing goes in. Returns whether this call closed it.
    pub fn close<T>(&self) -> bool
    where
        Q: Queue<T>,
    {
        self.queue.close()
    }

    /// Returns `true` if the queue inside is closed. Elements may still be inside; a consumer that
    /// looks for the end uses [`try_pop`](Self::try_pop).
    #[must_use]
    pub fn is_closed<T>(&self) -> bool
    where
        Q: Queue<T>,
    {
        self.queue.is_closed()
    }

    /// Returns how many elements are inside.
    #[must_use]
    pub fn len<T>(&self) -> usize
    where
        Q: Queue<T>,
    {
        self.queue.len()
    }

    /// Returns how many elements fit, or `None` if the queue inside is unbounded.
    #[must_use]
    pub fn capacity<T>(&self) -> Option<usize>
    where
        Q: Queue<T>,
    {
        self.queue.capacity()
    }

    /// Returns what the queue inside does with one element too many.
    #[must_use]
    pub fn overflow<T>(&self) -> Overflow
    where
        Q: Queue<T>,
    {
        self.queue.overflow()
    }

    /// Returns `true` if nothing is inside.
    #[must_use]
    pub fn is_empty<T>(&self) -> bool
    where
        Q: Queue<T>,
    {
        self.queue.is_empty()
    }

    /// Returns `true` if one more element would be one too many.
    #[must_use]
    pub fn is_full<T>(&self) -> bool
    where
        Q: Queue<T>,
    {
        self.queue.is_full()
    }

    /// Returns an iterator that pops until nothing is inside; see [`TryIter`].
    pub fn try_iter<T>(&self) -> TryIter<'_, T, Self>
    where
        Q: Queue<T>,
    {
        TryIter::new(self)
    }
}

forward_queue!(impl [T, Q: Queue<T>] for Metered<Q> => Self {
    fn is_shared(&self) -> bool {
        self.queue.is_shared()
    }
});

impl<Q> fmt::Debug for Metered<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
