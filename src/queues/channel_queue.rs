use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;

use concurrent_queue::{ConcurrentQueue, PopError, PushError};

use crate::drop_all::drop_all;
use crate::error::{CapacityError, TryPopError, TryPushError};
use crate::queue::iter::iterate;
use crate::queue::{Overflow, Pushed, forward_queue, pop_each};
use crate::sync::spin_loop;

/// The bounded buffer of a channel: when full, the new element is rejected.
///
/// It is that of `async-channel`, which the crate [`concurrent_queue`] offers by itself, without
/// the wakers. It keeps the *oldest* elements and so shows what a channel does to freshness; choose
/// it where every accepted element must arrive.
///
/// Why not both ends of a `crossbeam-channel` in one value: such a channel is closed by dropping
/// all of one side, and one that is shared cannot be dropped. A flag or a count beside it either
/// lets an element in after the close or costs two read-modify-writes for each push.
///
/// *Linearization point*: a push and a pop move the tail or the head, `close` marks the tail, each
/// by one exchange. *Progress*: no lock is taken, but it is not lock-free: an operation that is
/// suspended between moving an end and marking its slot makes others wait.
///
/// **Not between real-time priorities.** A thread that waits so gives its core away, but only to
/// threads of its own priority or above. If the suspended one is below it, and has no other core to
/// run on, both are stuck until the system throttles the upper one (as under `SCHED_FIFO`). Take
/// [`AtomicRing`](crate::AtomicRing) there.
///
/// ```
/// use ringway::{ChannelQueue, Pushed};
///
/// let queue = ChannelQueue::new(2);
/// assert_eq!(queue.push(1), Pushed::Stored);
/// assert_eq!(queue.push(2), Pushed::Stored);
/// assert_eq!(queue.push(3), Pushed::Rejected(3));
/// assert_eq!(queue.pop(), Some(1));
/// ```
pub struct ChannelQueue<T> {
    queue: ConcurrentQueue<T>,
    capacity: usize,
}

impl<T> ChannelQueue<T> {
    /// Makes an empty queue for `capacity` elements and allocates all its memory.
    ///
    /// # Panics
    ///
    /// Where [`try_new`](Self::try_new) returns an error.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        CapacityError::unwrap(Self::try_new(capacity), capacity)
    }

    /// Makes an empty queue for `capacity` elements and allocates all its memory.
    ///
    /// # Errors
    ///
    /// When `capacity` is zero or too large to address, or the allocation fails.
    pub fn try_new(capacity: usize) -> Result<Self, CapacityError> {
        /// What the queue allocates for an element: the element and a stamp.
        #[allow(dead_code, reason = "only its size counts")]
        struct Slot<T>(T, usize);

        CapacityError::check::<Slot<T>>(capacity)?;
        // The queue has no fallible constructor: see first whether the allocator would give as
        // much.
        let mut probe = Vec::<Slot<T>>::new();
        probe.try_reserve_exact(capacity).map_err(|_| CapacityError::OutOfMemory)?;
        drop(black_box(probe));
        Ok(Self { queue: ConcurrentQueue::bounded(capacity), capacity })
    }

    /// Stores `value` as the newest element, unless the queue is full or closed: as
    /// [`try_push`](Self::try_push).
    #[inline]
    pub fn push(&self, value: T) -> Pushed<T> {
        match self.try_push(value) {
            Ok(()) => Pushed::Stored,
            Err(TryPushError::Full(value)) => Pushed::Rejected(value),
            Err(TryPushError::Closed(value)) => Pushed::Closed(value),
        }
    }

    /// Stores `value` as the newest element, unless the queue is full or closed.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back.
    #[inline]
    pub fn try_push(&self, mut value: T) -> Result<(), TryPushError<T>> {
        loop {
            value = match self.queue.push(value) {
                Ok(()) => return Ok(()),
                Err(PushError::Closed(value)) => return Err(TryPushError::Closed(value)),
                // With room for one element it says so too while that is being taken out.
                Err(PushError::Full(value)) if self.capacity == 1 && self.is_empty() => value,
                Err(PushError::Full(value)) => return Err(TryPushError::Full(value)),
            };
            spin_loop();
        }
    }

    /// Takes the oldest element, or returns `None` if the queue was empty at that moment.
    ///
    /// To find the end of a closed queue, use [`try_pop`](Self::try_pop).
    #[inline]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop(&self) -> Option<T> {
        self.queue.pop().ok()
    }

    /// Takes the oldest element, and tells an empty queue from one that is empty and closed, in one
    /// step.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Closed`] if the queue is empty and closed, so that no element will ever come;
    /// [`TryPopError::Empty`] if it is empty and open.
    ///
    /// ```
    /// use ringway::{ChannelQueue, TryPopError};
    ///
    /// let queue = ChannelQueue::new(1);
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    /// let _ = queue.push('a');
    /// queue.close();
    /// assert_eq!(queue.try_pop(), Ok('a'));
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        self.queue.pop().map_err(|error| TryPopError::of(error == PopError::Closed))
    }

    /// Takes up to `max` elements one by one, but no more than the capacity, appends them to `out`,
    /// oldest first, and returns how many.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    pub fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        pop_each(out, max.min(self.capacity), || self.pop())
    }

    /// Closes the queue: from now on nothing goes in. Returns whether this call closed it.
    pub fn close(&self) -> bool {
        self.queue.close()
    }

    /// Returns `true` if the queue is closed. Elements may still be inside; a consumer that looks
    /// for the end uses [`try_pop`](Self::try_pop).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// How many elements are inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.len() == 0
    }

    /// Whether the next [`push`](Self::push) would be rejected.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.queue.len() == self.capacity
    }

    /// Returns how many elements fit.
    ///
    /// ```
    /// assert_eq!(ringway::ChannelQueue::<u8>::new(3).capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Always [`Overflow::RejectNewest`].
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        Overflow::RejectNewest
    }
}

forward_queue!(impl [T: Send] for ChannelQueue<T> => Self {});
iterate!(ChannelQueue);

/// The queue inside would leak the rest when the `Drop` of an element panics.
impl<T> Drop for ChannelQueue<T> {
    fn drop(&mut self) {
        drop_all(|| self.queue.pop().ok());
    }
}

impl<T> fmt::Debug for ChannelQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelQueue")
            .field("capacity", &self.capacity)
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
