use std::collections::VecDeque;
use std::fmt;
use std::sync::PoisonError;

use crate::into_iter::into_iter;
use crate::sync::Mutex;
use crate::{CapacityError, Full, Overflow, Pushed, Queue};

/// A mutex around a fixed ring: when full, the oldest element is evicted.
///
/// The plain way to keep the newest `capacity` elements, and the one to beat. Every operation takes the lock for a
/// few instructions; a thread that is suspended while it holds the lock stops all others. User code (`Drop`,
/// `Clone`) never runs under the lock, so a panic there cannot poison it.
///
/// *Linearization point*: the critical section. *Progress*: blocking.
///
/// ```
/// use ringway::{MutexRing, Pushed, Queue};
///
/// let queue = MutexRing::new(2);
/// assert_eq!(queue.push(1), Pushed::Stored);
/// assert_eq!(queue.push(2), Pushed::Stored);
/// assert_eq!(queue.push(3), Pushed::Evicted(1));
/// assert_eq!(queue.pop(), Some(2));
/// ```
pub struct MutexRing<T> {
    capacity: usize,
    ring: Mutex<VecDeque<T>>,
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
    /// When `capacity` is zero or too large to address, or its memory is not to be had.
    pub fn try_new(capacity: usize) -> Result<Self, CapacityError> {
        CapacityError::check::<T>(capacity)?;
        let mut ring = VecDeque::new();
        ring.try_reserve_exact(capacity).map_err(|_| CapacityError::OutOfMemory)?;
        Ok(Self { capacity, ring: Mutex::new(ring) })
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut VecDeque<T>) -> R) -> R {
        f(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Send> Queue<T> for MutexRing<T> {
    #[inline]
    fn push(&self, value: T) -> Pushed<T> {
        self.with(|ring| {
            let evicted = if ring.len() == self.capacity { ring.pop_front() } else { None };
            ring.push_back(value);
            evicted.map_or(Pushed::Stored, Pushed::Evicted)
        })
    }

    #[inline]
    fn try_push(&self, value: T) -> Result<(), Full<T>> {
        self.with(|ring| {
            if ring.len() == self.capacity {
                return Err(Full(value));
            }
            ring.push_back(value);
            Ok(())
        })
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        self.with(VecDeque::pop_front)
    }

    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        self.with(|ring| {
            let n = max.min(ring.len());
            // Before the drain, which drops what `out` has no room for.
            out.reserve(n);
            out.extend(ring.drain(..n));
            n
        })
    }

    fn len(&self) -> usize {
        self.with(|ring| ring.len())
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.capacity)
    }

    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

into_iter!(MutexRing);

impl<T> fmt::Debug for MutexRing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexRing")
            .field("capacity", &self.capacity)
            .field("len", &self.with(|ring| ring.len()))
            .finish()
    }
}
