//! The flagship. Read in this order: `protocol`; its arithmetic, `position` and `search` in the
//! folder above; `slots`, which is what it asks of a storage; then the two storages, `inline` over
//! `atomic_pair`, and `exchange` over `cells`, which stands on `per_thread`.

mod atomic_pair;
mod cells;
mod exchange;
mod inline;
mod protocol;
mod slots;
#[cfg(all(test, not(ringway_loom)))]
mod tests;

use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::error::{CapacityError, TryPopError, TryPushError};
use crate::queue::iter::iterate;
use crate::queue::{Overflow, Pushed, forward_queue};
use exchange::Exchange;
use inline::Inline;
use protocol::Ring;

/// A lock-free ring that keeps exactly the newest `capacity` elements: when full, the oldest is
/// evicted.
///
/// One compare-exchange decides each operation, and nothing is ever half done: no slot is ever
/// "being written", so a thread that is suspended at *any* instruction cannot keep the others from
/// completing their operations.
///
/// ```
/// use ringway::{AtomicRing, Pushed};
///
/// let queue = AtomicRing::new(2);
/// assert_eq!(queue.push("first"), Pushed::Stored);
/// assert_eq!(queue.push("second"), Pushed::Stored);
/// assert_eq!(queue.push("third"), Pushed::Evicted("first"));
/// assert_eq!(queue.pop(), Some("second"));
/// assert_eq!(queue.try_push("fourth"), Ok(()));
/// assert_eq!(queue.len(), 2);
/// ```
///
/// How it works, and why it is right, is told [chapter by chapter](crate::docs).
///
/// # Guarantees
///
/// * *Specification*: a first-in, first-out queue of exactly `capacity` elements, whose `push` on
///   full takes the oldest out and returns it. Every operation but `pop_into` is linearizable,
///   `len`, `is_empty`, `is_full` and closing included.
/// * *Linearization point*: the one successful compare-exchange of `push`, `try_push`, `pop` and
///   `close`; for what finds the ring empty, full or closed, the load of the slot that showed it.
/// * *Order*: sequentially consistent. All operations on all rings take effect in one order that
///   all threads agree on, together with all other accesses that are `SeqCst`. So of two threads
///   that each push to one ring and then pop from the other's, one finds an element. And "push,
///   then look whether somebody sleeps" cannot miss "announce sleep, then pop", if the look and the
///   announcement are `SeqCst`.
/// * *Closing*: exact, and lock-free as all else. One bit of the word of the slot at the tail says
///   it, so that a push which has not yet made its exchange cannot make it any more.
/// * *Progress*: lock-free. `pop_into` takes its elements one by one. The exceptions call the
///   allocator, which may take locks: `new` and `drop`, and a thread's first operation on an
///   `Exchange` ring (without the feature `std`, one that is one more at once than there is
///   [room](Self#threads-and-their-numbers) for).
/// * *Cost*: one compare-exchange and one store to a shared line, when no thread is in the way. No
///   allocation per element. A hint that is stale costs some loads, O(log `capacity`) of them
///   unless others move the ends meanwhile; the hint of the oldest element is stale whenever pushes
///   have evicted since the last `pop`.
///
/// # Storage
///
/// One protocol, two ways to store an element; [`storage`](Self::storage) tells which one a ring
/// has:
///
/// | [`Storage`] | for | memory for a slot | memory for a thread |
/// |---|---|---|---|
/// | `Inline` | `T` of at most 8 bytes, on x86-64 and on aarch64 with LSE | 16 bytes | none |
/// | `Exchange` | every other `T`, every other processor | 8 bytes + size of `T` | 128 bytes + size of `T` |
///
/// An `Exchange` ring moves each element twice: into a cell by `push`, out of it by `pop` or
/// eviction. Box what is large; a `Box` is stored inline.
///
/// With the feature `std` the processor is asked at run time. Without it, the build must say what
/// the processor can do: on x86-64 `-C target-feature=+cmpxchg16b`.
///
/// # Threads and their numbers
///
/// The threads of a process that have used any `Exchange` ring are numbered, and numbers are used
/// again when threads end. A ring has room for 16 threads from the start; threads with higher
/// numbers that use it add room for the next 16, 32, 64, … threads at a time, for the ring's life.
///
/// Without the feature `std` a thread cannot keep a number. Each operation on an `Exchange` ring
/// that puts an element in or takes one out then claims the lowest one that is free, and gives it
/// back at its end. That costs two read-modify-writes on a line that all threads and all such rings
/// share. On the other hand, room is then needed for as many operations as are under way at once,
/// not for as many threads as there are; and signal handlers and interrupts may operate.
///
/// # Signal handlers and interrupts
///
/// They may use an `Inline` ring, whatever they interrupt, and without the feature `std` an
/// `Exchange` ring, too: then the interrupted operation and the handler's have two numbers. With
/// `std` a handler has the number of its thread. In the middle of the thread's operation on an
/// `Exchange` ring it must not operate on the same ring: elements would be lost, doubled or torn.
/// Nor may it on one that the thread has not used before, because a thread's first operation calls
/// the allocator.
///
/// A handler must not call the allocator. So, without `std`:
///
/// * In the process, at most 16 operations on `Exchange` rings may be under way at once,
///   interrupted ones included. One more may call the allocator, to make room for itself. An
///   operation on a [`Metered`](crate::Metered) `Exchange` ring counts twice. There are never too
///   many where the threads that use such rings, and the handlers that may interrupt them, are 16
///   in all.
/// * `new`, `drop` and `pop_into` are not for handlers.
/// * An element that comes back to a handler, an evicted one say, must not be dropped there if its
///   `Drop` calls the allocator. The handler can push it into another ring, for a thread to drop.
///
/// # Panics
///
/// `push`, `try_push` and a `pop` that finds an element panic on an `Exchange` ring when 65,536
/// other threads that have used one are alive, or when there is no memory for the spare of a thread
/// that uses it for the first time. (Without the feature `std`: when as many other operations are
/// under way, or when there is no memory for one more at once than ever before.) The ring is as
/// before; the element that was to be pushed is dropped.
///
/// # Limitations
///
/// * With the feature `std` an `Exchange` ring is not async-signal-safe; see
///   [above](Self#signal-handlers-and-interrupts).
/// * A global allocator may push into a ring only if it leaves out its own allocations. An
///   `Exchange` ring allocates for the 17th thread, and then for the 33rd, …; an allocator that
///   pushed then would allocate without end. The process is aborted with a message.
/// * A version has at least 31 bits, and 46 up to 65,536 elements. A thread that is suspended in
///   the middle of an operation while the ring goes round 2²⁹ times (2⁴⁴ times; 4 days at 50
///   million elements a second through a ring for one) may disturb the order of elements, and a
///   `pop` may find nothing although something is inside. In an `Exchange` ring no element is lost,
///   doubled or torn even then. In an `Inline` ring versions repeat only after 2⁶² pushes (146
///   years at a thousand million a second); a `pop` that is suspended for exactly so many may take
///   an element that is gone, so that memory safety rests on that as well.
/// * Lock-free is not wait-free: one thread may be overtaken again and again.
///
/// # Prior art
///
/// A sequence number for each slot is from D. Vyukov's bounded queue, positions that only grow from
/// the LMAX Disruptor; slots that name their data by index, and cycles as tags, are from R.
/// Nikolaev's SCQ, after LCRQ by A. Morrison and Y. Afek; tagged words against ABA from R. K.
/// Treiber; the reader of S. Rostedt's ring buffer in Linux exchanges a spare for what it takes
/// out. What is new, as far as we know, is a spare for every thread, by which an overwrite is one
/// step.
pub struct AtomicRing<T> {
    repr: Repr<T>,
}

enum Repr<T> {
    Inline(Ring<Inline<T>>),
    Exchange(Ring<Exchange<T>>),
}

/// How an [`AtomicRing`] stores its elements; see [there](AtomicRing#storage).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// An element lives in its slot, beside the version, and both are exchanged as one.
    Inline,
    /// An element lives in a cell; the slot names the cell, and the thread's spare cell is
    /// exchanged for it.
    Exchange,
}

/// The same on whichever ring it is.
///
/// For a `T` that is too large for inline, and for any on a target that has none, that arm is not
/// compiled in; for one that fits, the other arm is for old processors and kept out of line.
macro_rules! with_ring {
    ($self:ident, $ring:ident => $call:expr) => {
        with_ring!((&$self.repr), $ring => $call)
    };
    (($repr:expr), $ring:ident => $call:expr) => {
        match $repr {
            Repr::Inline($ring) if Inline::<T>::FITS => $call,
            Repr::Inline(_) => unreachable!("an element must fit"),
            Repr::Exchange($ring) if Inline::<T>::FITS => out_of_line(|| $call),
            Repr::Exchange($ring) => $call,
        }
    };
}

#[cold]
#[inline(never)]
fn out_of_line<R>(call: impl FnOnce() -> R) -> R {
    call()
}

impl<T> AtomicRing<T> {
    /// Makes an empty ring for `capacity` elements, any number from 1 on, and allocates its memory.
    ///
    /// # Panics
    ///
    /// Where [`try_new`](Self::try_new) returns an error.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        CapacityError::unwrap(Self::try_new(capacity), capacity)
    }

    /// Makes an empty ring for `capacity` elements, any number from 1 on, and allocates its memory.
    ///
    /// # Errors
    ///
    /// When `capacity` is zero or too large to address (as bytes, or in 32 bits), or its memory is
    /// not to be had.
    pub fn try_new(capacity: usize) -> Result<Self, CapacityError> {
        if Inline::<T>::FITS && Inline::<T>::is_supported() {
            return Ok(Self { repr: Repr::Inline(Ring::starting_at(capacity, 0)?) });
        }
        Ok(Self { repr: Repr::Exchange(Ring::starting_at(capacity, 0)?) })
    }

    /// How this ring stores its elements: decided by the size of `T` and the processor, the same
    /// for all rings of a `T` in a process.
    ///
    /// ```
    /// use ringway::{AtomicRing, Storage};
    ///
    /// assert_eq!(AtomicRing::<[u8; 24]>::new(1).storage(), Storage::Exchange);
    /// ```
    #[must_use]
    pub fn storage(&self) -> Storage {
        match self.repr {
            Repr::Inline(_) => Storage::Inline,
            Repr::Exchange(_) => Storage::Exchange,
        }
    }

    // `push` and `pop` are inlined by force as far as the exchange. As calls they take an element
    // of several words through memory, written in pieces and read as a whole, which stalls. Not in
    // debug builds, where each inlined call would add its copies of the element to the caller's
    // stack.

    /// Stores `value` as the newest element; evicts the oldest one if it has to make room.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn push(&self, value: T) -> Pushed<T> {
        with_ring!(self, ring => ring.push::<true>(value))
    }

    /// Stores `value` as the newest element, unless the ring is full or closed.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn try_push(&self, value: T) -> Result<(), TryPushError<T>> {
        match with_ring!(self, ring => ring.push::<false>(value)) {
            Pushed::Stored => Ok(()),
            Pushed::Closed(value) => Err(TryPushError::Closed(value)),
            Pushed::Rejected(value) | Pushed::Evicted(value) => Err(TryPushError::Full(value)),
        }
    }

    /// Takes the oldest element, or returns `None` if the ring was empty at that moment.
    ///
    /// To find the end of a closed ring, use [`try_pop`](Self::try_pop).
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop(&self) -> Option<T> {
        with_ring!(self, ring => ring.pop())
    }

    /// Takes the oldest element, and tells an empty ring from one that is closed as well.
    ///
    /// ```
    /// use ringway::{AtomicRing, TryPopError};
    ///
    /// let ring = AtomicRing::new(8);
    /// std::thread::scope(|s| {
    ///     s.spawn(|| {
    ///         (0..5).for_each(|i| drop(ring.push(i)));
    ///         ring.close();
    ///     });
    ///     loop {
    ///         match ring.try_pop() {
    ///             Ok(i) => println!("{i}"),
    ///             Err(TryPopError::Empty) => std::thread::yield_now(),
    ///             Err(TryPopError::Closed) => break,
    ///         }
    ///     }
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// [`TryPopError::Closed`] if the ring is empty and closed, so that no element will ever come;
    /// [`TryPopError::Empty`] if it is empty and open.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        with_ring!(self, ring => ring.try_pop())
    }

    /// Takes up to `max` elements, but no more than the capacity, appends them to `out`, oldest
    /// first, and returns how many. They are taken one by one: others may pop or evict between
    /// them.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    pub fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        with_ring!(self, ring => ring.pop_into(out, max.min(ring.capacity())))
    }

    /// Closes the ring: from now on nothing goes in. Returns whether this call closed it.
    ///
    /// ```
    /// use ringway::{AtomicRing, Pushed};
    ///
    /// let ring = AtomicRing::new(2);
    /// assert_eq!(ring.push(1), Pushed::Stored);
    /// assert!(ring.close());
    /// assert!(!ring.close());
    /// assert_eq!(ring.push(2), Pushed::Closed(2));
    /// assert_eq!(ring.pop(), Some(1));
    /// assert!(ring.is_closed() && ring.is_empty());
    /// ```
    pub fn close(&self) -> bool {
        with_ring!(self, ring => ring.close())
    }

    /// Returns `true` if the ring is closed. Elements may still be inside; a consumer that looks
    /// for the end uses [`try_pop`](Self::try_pop).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        with_ring!(self, ring => ring.is_closed())
    }

    /// How many elements were inside at one moment of this call.
    #[must_use]
    pub fn len(&self) -> usize {
        with_ring!(self, ring => ring.len())
    }

    /// Whether nothing is inside. Cheaper than [`len`](Self::len).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        with_ring!(self, ring => ring.is_empty())
    }

    /// Whether the next [`push`](Self::push) would evict. Cheaper than [`len`](Self::len).
    #[must_use]
    pub fn is_full(&self) -> bool {
        with_ring!(self, ring => ring.is_full())
    }

    /// Returns how many elements fit.
    ///
    /// ```
    /// assert_eq!(ringway::AtomicRing::<u8>::new(3).capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        with_ring!(self, ring => ring.capacity())
    }

    /// Always [`Overflow::EvictOldest`].
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

forward_queue!(impl [T: Send] for AtomicRing<T> => Self {});
iterate!(AtomicRing);

// No user code runs inside an operation, so a panic cannot leave the ring in between.
impl<T> UnwindSafe for AtomicRing<T> {}
impl<T> RefUnwindSafe for AtomicRing<T> {}

impl<T> fmt::Debug for AtomicRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicRing")
            .field("storage", &self.storage())
            .field("capacity", &self.capacity())
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
