use std::collections::VecDeque;
use std::fmt;
use std::sync::PoisonError;

use crate::error::{CapacityError, TryPopError, TryPushError};
use crate::queue::iter::iterate;
use crate::queue::{Overflow, Pushed, forward_queue};
use crate::sync::Mutex;

/// A mutex around a fixed ring: when full, the oldest element is evicted.
///
/// The plain way to keep the newest `capacity` elements, and the one to beat. Every operation takes
/// the lock for a few instructions. A thread that is suspended while it holds the lock stops all
/// others. User code (`Drop`, `Clone`) never runs under the lock, so a panic there cannot poison
/// it.
///
/// *Linearization point*: the critical section. *Progress*: blocking.
///
/// ```
/// use ringway::{MutexRing, Pushed};
///
/// let queue = MutexRing::new(2);
/// assert_eq!(queue.push(1), Pushed::Stored);
/// assert_eq!(queue.push(2), Pushed::Stored);
/// assert_eq!(queue.push(3), Pushed::Evicted(1));
/// assert_eq!(queue.pop(), Some(2));
/// ```
pub struct MutexRing<T> {
    capacity: usize,
    ring: Mutex<Ring<T>>,
}

struct Ring<T> {
    elements: VecDeque<T>,
    is_closed: bool,
}

impl<T> Ring<T> {
    #[inline]
    fn push(&mut self, value: T, capacity: usize) -> Pushed<T> {
        if self.is_closed {
            return Pushed::Closed(value);
        }
        let is_full = self.elements.len() == capacity;
        let evicted = if is_full { self.elements.pop_front() } else { None };
        self.elements.push_back(value);
        evicted.map_or(Pushed::Stored, Pushed::Evicted)
    }
}

impl<T> MutexRing<T> {
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
        CapacityError::check::<T>(capacity)?;
        let mut elements = VecDeque::new();
        elements.try_reserve_exact(capacity).map_err(|_| CapacityError::OutOfMemory)?;
        Ok(Self { capacity, ring: Mutex::new(Ring { elements, is_closed: false }) })
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Ring<T>) -> R) -> R {
        f(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stores `value` as the newest element; evicts the oldest one if it has to make room.
    #[inline]
    pub fn push(&self, value: T) -> Pushed<T> {
        self.with(|ring| ring.push(value, self.capacity))
    }

    /// Stores `value` as the newest element, unless the ring is full or closed.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back.
    #[inline]
    pub fn try_push(&self, value: T) -> Result<(), TryPushError<T>> {
        self.with(|ring| {
            if ring.is_closed {
                return Err(TryPushError::Closed(value));
            }
            if ring.elements.len() == self.capacity {
                return Err(TryPushError::Full(value));
            }
            ring.elements.push_back(value);
            Ok(())
        })
    }

    /// Takes the oldest element, or returns `None` if the ring was empty at that moment.
    ///
    /// To find the end of a closed ring, use [`try_pop`](Self::try_pop).
    #[inline]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop(&self) -> Option<T> {
        self.with(|ring| ring.elements.pop_front())
    }

    /// Takes the oldest element, and tells an empty ring from one that is empty and closed, under
    /// one lock.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Closed`] if the ring is empty and closed, so that no element will ever come;
    /// [`TryPopError::Empty`] if it is empty and open.
    ///
    /// ```
    /// use ringway::{MutexRing, TryPopError};
    ///
    /// let queue = MutexRing::new(1);
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    /// let _ = queue.push('a');
    /// queue.close();
    /// assert_eq!(queue.try_pop(), Ok('a'));
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        self.with(|ring| ring.elements.pop_front().ok_or(TryPopError::of(ring.is_closed)))
    }

    /// Takes up to `max` elements under one lock, appends them to `out`, oldest first, and returns
    /// how many.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    pub fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        self.with(|ring| {
            let n = max.min(ring.elements.len());
            // Before the drain, which drops what `out` has no room for.
            out.reserve(n);
            out.extend(ring.elements.drain(..n));
            n
        })
    }

    /// Closes the ring: from now on nothing goes in. Returns whether this call closed it.
    pub fn close(&self) -> bool {
        self.with(|ring| !std::mem::replace(&mut ring.is_closed, true))
    }

    /// Returns `true` if the ring is closed. Elements may still be inside; a consumer that looks
    /// for the end uses [`try_pop`](Self::try_pop).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.with(|ring| ring.is_closed)
    }

    /// How many elements are inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(|ring| ring.elements.len())
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the next [`push`](Self::push) would evict.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity
    }

    /// Returns how many elements fit.
    ///
    /// ```
    /// assert_eq!(ringway::MutexRing::<u8>::new(3).capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Always [`Overflow::EvictOldest`].
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

forward_queue!(impl [T: Send] for MutexRing<T> => Self {});
iterate!(MutexRing);

/// The same drop check as the other kinds have: what `T` borrows must outlive the queue.
///
/// Otherwise a program could stop compiling when its kind of queue is changed.
impl<T> Drop for MutexRing<T> {
    fn drop(&mut self) {}
}

impl<T> fmt::Debug for MutexRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexRing")
            .field("capacity", &self.capacity)
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
