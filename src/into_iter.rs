use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use crate::Queue;

/// The elements of a queue by value, oldest first.
///
/// Made by `into_iter()` on any of the four queues. What is not taken is dropped with the iterator.
///
/// ```
/// use ringway::{AtomicRing, Queue};
///
/// let queue = AtomicRing::new(3);
/// for i in 0..5 {
///     let _ = queue.push(i);
/// }
/// assert_eq!(queue.into_iter().collect::<Vec<_>>(), [2, 3, 4]);
/// ```
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

impl<T, Q: fmt::Debug> fmt::Debug for IntoIter<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntoIter").field(&self.queue).finish()
    }
}

/// By-value iteration for a queue type.
macro_rules! into_iter {
    ($queue:ident) => {
        impl<T: Send> IntoIterator for $queue<T> {
            type Item = T;
            type IntoIter = $crate::IntoIter<T, Self>;

            fn into_iter(self) -> Self::IntoIter {
                $crate::IntoIter::new(self)
            }
        }
    };
}
pub(crate) use into_iter;
