//! The elements that come out of a channel, as iterators.

use std::fmt;
use std::iter::FusedIterator;

use super::receiver::Receiver;
use crate::queue::Queue;

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Throws away up to `n` elements, the oldest first, but no more than are inside at this
    /// moment; returns how many.
    ///
    /// For a consumer that wants new data when things recover: with `usize::MAX`, what has piled up
    /// goes. It ends beside a running producer. Where that one evicts meanwhile, newer elements go
    /// in the place of those that it has evicted.
    ///
    /// # Panics
    ///
    /// When the `Drop` of an element does; the elements after it stay inside.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(4));
    /// for i in 0..4 {
    ///     let _ = tx.push(i);
    /// }
    /// assert_eq!(rx.discard_oldest(3), 3);
    /// assert_eq!(rx.try_recv(), Ok(3));
    /// ```
    pub fn discard_oldest(&self, n: usize) -> usize {
        self.drain().take(n).count()
    }

    /// Takes what has piled up: an iterator over at most as many elements as are inside at this
    /// moment, oldest first.
    ///
    /// Beside a producer that evicts, newer elements come in the place of those that it has
    /// evicted. Lazy: what is not taken from the iterator stays inside. It never waits.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(4));
    /// let _ = tx.push(1);
    /// let _ = tx.push(2);
    /// assert_eq!(rx.drain().collect::<Vec<_>>(), [1, 2]);
    /// ```
    pub fn drain(&self) -> Drain<'_, T, Q> {
        Drain::new(self, self.len())
    }

    /// An iterator that ends when nothing is inside. It never waits, but may go on for as long as
    /// somebody sends.
    pub fn try_iter(&self) -> TryIter<'_, T, Q> {
        TryIter::new(self)
    }

    /// An iterator that waits for each element, and ends when the channel is closed and nothing is
    /// inside any more.
    pub fn iter(&self) -> Iter<'_, T, Q> {
        Iter::new(self)
    }
}

/// See [`Receiver::try_iter`].
#[must_use = "iterators are lazy"]
pub struct TryIter<'a, T, Q> {
    receiver: &'a Receiver<T, Q>,
}

impl<'a, T, Q> TryIter<'a, T, Q> {
    pub(super) fn new(receiver: &'a Receiver<T, Q>) -> Self {
        Self { receiver }
    }
}

impl<T, Q: Queue<T>> Iterator for TryIter<'_, T, Q> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

/// See [`Receiver::drain`].
#[must_use = "iterators are lazy: what is not taken stays inside"]
pub struct Drain<'a, T, Q> {
    receiver: &'a Receiver<T, Q>,
    most: usize,
}

impl<'a, T, Q> Drain<'a, T, Q> {
    pub(super) fn new(receiver: &'a Receiver<T, Q>, most: usize) -> Self {
        Self { receiver, most }
    }
}

impl<T, Q: Queue<T>> Iterator for Drain<'_, T, Q> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.most = self.most.checked_sub(1)?;
        let taken = self.receiver.try_recv().ok();
        if taken.is_none() {
            // Others have taken the rest; what comes now has not piled up.
            self.most = 0;
        }
        taken
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.most))
    }
}

/// See [`Receiver::iter`].
#[must_use = "iterators are lazy"]
pub struct Iter<'a, T, Q> {
    receiver: &'a Receiver<T, Q>,
}

impl<'a, T, Q> Iter<'a, T, Q> {
    pub(super) fn new(receiver: &'a Receiver<T, Q>) -> Self {
        Self { receiver }
    }
}

impl<T, Q: Queue<T>> Iterator for Iter<'_, T, Q> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

/// The elements of a channel by value: as [`Iter`], but owns the receiver.
#[must_use = "iterators are lazy"]
pub struct IntoIter<T, Q> {
    receiver: Receiver<T, Q>,
}

impl<T, Q: Queue<T>> Iterator for IntoIter<T, Q> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<T, Q: Queue<T>> IntoIterator for Receiver<T, Q> {
    type Item = T;
    type IntoIter = IntoIter<T, Q>;

    fn into_iter(self) -> IntoIter<T, Q> {
        IntoIter { receiver: self }
    }
}

impl<'a, T, Q: Queue<T>> IntoIterator for &'a Receiver<T, Q> {
    type Item = T;
    type IntoIter = Iter<'a, T, Q>;

    fn into_iter(self) -> Iter<'a, T, Q> {
        self.iter()
    }
}

impl<T, Q: Queue<T>> FusedIterator for Drain<'_, T, Q> {}
// Once a channel is closed and empty it stays so.
impl<T, Q: Queue<T>> FusedIterator for Iter<'_, T, Q> {}
impl<T, Q: Queue<T>> FusedIterator for IntoIter<T, Q> {}

macro_rules! debug {
    ($($iter:ty),*) => {$(
        impl<T, Q> fmt::Debug for $iter {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.receiver.fmt(f)
            }
        }
    )*};
}
debug!(TryIter<'_, T, Q>, Drain<'_, T, Q>);
debug!(Iter<'_, T, Q>, IntoIter<T, Q>);
