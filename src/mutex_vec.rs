use std::fmt;
use std::mem;
use std::sync::PoisonError;

use crate::into_iter::into_iter;
use crate::sync::Mutex;
use crate::{Full, Overflow, Pushed, Queue};

/// A mutex around a `Vec` whose head moves: never full, it grows.
///
/// What most programs start with, and the baseline of every comparison. When the consumer falls behind it takes
/// memory until there is none left, and the consumer works on ever older elements; that is why the other queues
/// exist.
///
/// A pop is O(1) amortised: it moves the head, and the elements are moved to the front only when at least as many
/// have been popped since the last time. Memory is kept for reuse, not given back. User code (`Drop`, `Clone`) never runs under the lock.
///
/// *Linearization point*: the critical section. *Progress*: blocking.
///
/// ```
/// use ringway::{MutexVec, Overflow, Pushed, Queue};
///
/// let queue = MutexVec::new();
/// for i in 0..1000 {
///     assert_eq!(queue.push(i), Pushed::Stored);
/// }
/// assert_eq!(queue.pop(), Some(0));
/// assert_eq!(queue.capacity(), None);
/// assert_eq!(queue.overflow(), Overflow::Grow);
/// ```
pub struct MutexVec<T> {
    elements: Mutex<Elements<T>>,
}

/// `slots[..head]` are `None`, `slots[head..]` are the elements, oldest first.
struct Elements<T> {
    slots: Vec<Option<T>>,
    head: usize,
}

impl<T> Elements<T> {
    fn len(&self) -> usize {
        self.slots.len() - self.head
    }

    fn pop(&mut self) -> Option<T> {
        let oldest = mem::take(self.slots.get_mut(self.head)?);
        self.head += 1;
        // Only when no more are moved than were popped: amortised O(1). The dropped ones are all `None`.
        if self.head >= self.len() {
            self.slots.drain(..mem::take(&mut self.head));
        }
        oldest
    }
}

impl<T> MutexVec<T> {
    /// Makes an empty queue; allocates nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { elements: Mutex::new(Elements { slots: Vec::new(), head: 0 }) }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Elements<T>) -> R) -> R {
        f(&mut self.elements.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Send> Queue<T> for MutexVec<T> {
    /// Always [`Pushed::Stored`].
    ///
    /// # Panics
    ///
    /// When the `Vec` would exceed `isize::MAX` bytes. Running out of memory aborts, as it does in `Vec`.
    #[inline]
    fn push(&self, value: T) -> Pushed<T> {
        self.with(|elements| elements.slots.push(Some(value)));
        Pushed::Stored
    }

    /// Always `Ok`; panics as [`push`](Queue::push) does.
    #[inline]
    fn try_push(&self, value: T) -> Result<(), Full<T>> {
        let _stored = self.push(value);
        Ok(())
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        self.with(Elements::pop)
    }

    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        self.with(|elements| {
            let n = max.min(elements.len());
            out.reserve(n);
            out.extend((0..n).filter_map(|_| elements.pop()));
            n
        })
    }

    fn len(&self) -> usize {
        self.with(|elements| elements.len())
    }

    fn capacity(&self) -> Option<usize> {
        None
    }

    fn overflow(&self) -> Overflow {
        Overflow::Grow
    }
}

into_iter!(MutexVec);

impl<T> Default for MutexVec<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for MutexVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexVec").field("len", &self.with(|elements| elements.len())).finish()
    }
}
