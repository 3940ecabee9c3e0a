use std::fmt;
use std::mem;
use std::sync::PoisonError;

use crate::error::{TryPopError, TryPushError};
use crate::queue::iter::iterate;
use crate::queue::{Overflow, Pushed, forward_queue};
use crate::sync::Mutex;

/// A mutex around a `Vec` whose head moves: never full, it grows.
///
/// What most programs start with, and the baseline of every comparison. When the consumer falls
/// behind it takes memory until there is none left, and the consumer works on ever older elements;
/// that is why the other queues exist.
///
/// A pop is O(1) amortised: it moves the head, and the elements are moved to the front only when at
/// least as many have been popped since the last time. Memory is kept for reuse until
/// [`shrink_to_fit`](Self::shrink_to_fit). User code (`Drop`, `Clone`) never runs under the lock.
///
/// *Linearization point*: the critical section. *Progress*: blocking.
///
/// ```
/// use ringway::{MutexVec, Overflow, Pushed};
///
/// static QUEUE: MutexVec<u32> = MutexVec::new();
///
/// for i in 0..1000 {
///     assert_eq!(QUEUE.push(i), Pushed::Stored);
/// }
/// assert_eq!(QUEUE.pop(), Some(0));
/// assert_eq!(QUEUE.capacity(), None);
/// assert_eq!(QUEUE.overflow(), Overflow::Grow);
/// ```
pub struct MutexVec<T> {
    elements: Mutex<Elements<T>>,
}

/// `slots[..head]` are `None`, `slots[head..]` are the elements, oldest first.
struct Elements<T> {
    slots: Vec<Option<T>>,
    head: usize,
    is_closed: bool,
}

impl<T> Elements<T> {
    fn len(&self) -> usize {
        self.slots.len() - self.head
    }

    #[inline]
    fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        if self.is_closed {
            return Err(TryPushError::Closed(value));
        }
        self.slots.push(Some(value));
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        let oldest = mem::take(self.slots.get_mut(self.head)?);
        self.head += 1;
        // Only when no more are moved than were popped: amortised O(1).
        if self.head >= self.len() {
            self.move_to_front();
        }
        oldest
    }

    fn move_to_front(&mut self) {
        // The dropped ones are all `None`.
        self.slots.drain(..mem::take(&mut self.head));
    }
}

impl<T> MutexVec<T> {
    /// Makes an empty queue; allocates nothing yet.
    #[must_use]
    #[cfg(not(ringway_loom))]
    pub const fn new() -> Self {
        Self { elements: Mutex::new(Elements { slots: Vec::new(), head: 0, is_closed: false }) }
    }

    /// Loom's mutex cannot be made in a constant.
    #[cfg(ringway_loom)]
    #[allow(missing_docs, reason = "only in models")]
    pub fn new() -> Self {
        Self { elements: Mutex::new(Elements { slots: Vec::new(), head: 0, is_closed: false }) }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Elements<T>) -> R) -> R {
        f(&mut self.elements.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds an element at the back: [`Pushed::Stored`], or [`Pushed::Closed`].
    ///
    /// # Panics
    ///
    /// When the `Vec` would exceed `isize::MAX` bytes. Running out of memory aborts, as in `Vec`.
    #[inline]
    pub fn push(&self, value: T) -> Pushed<T> {
        match self.try_push(value) {
            Ok(()) => Pushed::Stored,
            Err(TryPushError::Full(value)) => Pushed::Rejected(value),
            Err(TryPushError::Closed(value)) => Pushed::Closed(value),
        }
    }

    /// Adds an element at the back, as [`push`](Self::push) does.
    ///
    /// # Errors
    ///
    /// [`TryPushError::Closed`] gives the value back; it is never [`TryPushError::Full`].
    #[inline]
    pub fn try_push(&self, value: T) -> Result<(), TryPushError<T>> {
        self.with(|elements| elements.try_push(value))
    }

    /// Takes the oldest element, or returns `None` if the queue was empty at that moment.
    ///
    /// To find the end of a closed queue, use [`try_pop`](Self::try_pop).
    #[inline]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop(&self) -> Option<T> {
        self.with(Elements::pop)
    }

    /// Takes the oldest element, and tells an empty queue from one that is empty and closed, under
    /// one lock.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Closed`] if the queue is empty and closed, so that no element will ever come;
    /// [`TryPopError::Empty`] if it is empty and open.
    ///
    /// ```
    /// use ringway::{MutexVec, TryPopError};
    ///
    /// let queue = MutexVec::new();
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    /// let _ = queue.push('a');
    /// queue.close();
    /// assert_eq!(queue.try_pop(), Ok('a'));
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        self.with(|elements| elements.pop().ok_or(TryPopError::of(elements.is_closed)))
    }

    /// Takes up to `max` elements under one lock, appends them to `out`, oldest first, and returns
    /// how many.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    pub fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        self.with(|elements| {
            let n = max.min(elements.len());
            out.reserve(n);
            out.extend((0..n).filter_map(|_| elements.pop()));
            n
        })
    }

    /// Gives memory back that the elements inside do not need. O(`len`), under the lock.
    pub fn shrink_to_fit(&self) {
        self.with(|elements| {
            elements.move_to_front();
            elements.slots.shrink_to_fit();
        });
    }

    /// Closes the queue: from now on nothing goes in. Returns whether this call closed it.
    pub fn close(&self) -> bool {
        self.with(|elements| !mem::replace(&mut elements.is_closed, true))
    }

    /// Returns `true` if the queue is closed. Elements may still be inside; a consumer that looks
    /// for the end uses [`try_pop`](Self::try_pop).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.with(|elements| elements.is_closed)
    }

    /// How many elements are inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(|elements| elements.len())
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Always `false`.
    #[must_use]
    pub fn is_full(&self) -> bool {
        false
    }

    /// Always `None`: as many elements fit as there is memory for.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        None
    }

    /// Always [`Overflow::Grow`].
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        Overflow::Grow
    }
}

forward_queue!(impl [T: Send] for MutexVec<T> => Self {});
iterate!(MutexVec);

/// The same drop check as the other kinds have: what `T` borrows must outlive the queue.
///
/// Otherwise a program could stop compiling when its kind of queue is changed.
impl<T> Drop for MutexVec<T> {
    fn drop(&mut self) {}
}

impl<T> Default for MutexVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for MutexVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexVec")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
