//! The elements of a queue as iterators.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::Queue;

/// The elements of a queue by value, oldest first.
///
/// Made by `into_iter()` on any of the four queues. What is not taken is dropped with the iterator.
///
/// ```
/// use ringway::AtomicRing;
///
/// let queue = AtomicRing::new(3);
/// for i in 0..5 {
///     let _ = queue.push(i);
/// }
/// assert_eq!(queue.into_iter().collect::<Vec<_>>(), [2, 3, 4]);
/// ```
#[must_use = "iterators are lazy: what is not taken is dropped"]
pub struct IntoIter<T, Q> {
    queue: Q,
    element: PhantomData<fn() -> T>,
}

impl<T, Q> IntoIter<T, Q> {
    pub(crate) fn new(queue: Q) -> Self {
        Self { queue, element: PhantomData }
    }
}

impl<T, Q: Queue<T>> Iterator for IntoIter<T, Q> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.queue.pop()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.queue.len();
        (len, Some(len))
    }
}

impl<T, Q: Queue<T>> ExactSizeIterator for IntoIter<T, Q> {}
impl<T, Q: Queue<T>> FusedIterator for IntoIter<T, Q> {}

/// Pops until nothing is inside. It never waits.
///
/// Made by `try_iter()` on any of the four queues and on `dyn Queue<T>`, and by [`new`](Self::new)
/// of any queue. Not fused: after the end, it goes on when something has been pushed.
///
/// ```
/// let ring = ringway::AtomicRing::new(2);
/// for i in 0..3 {
///     let _ = ring.push(i);
/// }
/// assert!(ring.try_iter().eq([1, 2]));
/// ```
#[must_use = "iterators are lazy: what is not taken stays inside"]
pub struct TryIter<'a, T, Q: ?Sized> {
    queue: &'a Q,
    element: PhantomData<fn() -> T>,
}

impl<T> dyn Queue<T> + '_ {
    /// An iterator that pops until nothing is inside; see [`TryIter`].
    pub fn try_iter(&self) -> TryIter<'_, T, Self> {
        TryIter::new(self)
    }
}

impl<'a, T, Q: ?Sized> TryIter<'a, T, Q> {
    /// Pops from `queue`.
    pub fn new(queue: &'a Q) -> Self {
        Self { queue, element: PhantomData }
    }
}

impl<T, Q: Queue<T> + ?Sized> Iterator for TryIter<'_, T, Q> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.queue.pop()
    }
}

impl<T, Q: fmt::Debug> fmt::Debug for IntoIter<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntoIter").field(&self.queue).finish()
    }
}

impl<T, Q: fmt::Debug + ?Sized> fmt::Debug for TryIter<'_, T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TryIter").field(&self.queue).finish()
    }
}

/// Iteration over a queue type: by value, and by popping until nothing is inside.
macro_rules! iterate {
    ($queue:ident) => {
        impl<T: Send> $queue<T> {
            /// An iterator that pops until nothing is inside; see [`TryIter`](crate::TryIter).
            pub fn try_iter(&self) -> $crate::queue::iter::TryIter<'_, T, Self> {
                $crate::queue::iter::TryIter::new(self)
            }
        }

        impl<T: Send> IntoIterator for $queue<T> {
            type Item = T;
            type IntoIter = $crate::queue::iter::IntoIter<T, Self>;

            fn into_iter(self) -> Self::IntoIter {
                $crate::queue::iter::IntoIter::new(self)
            }
        }
    };
}
pub(crate) use iterate;
