//! The elements that come out of a channel, as iterators.

use std::fmt;
use std::iter::FusedIterator;

use super::receiver::Receiver;
use crate::queue::Queue;

/// See [`Receiver::try_iter`].
#[must_use = "iterators are lazy"]
pub struct TryIter<'a, T, Q> {
    pub(super) receiver: &'a Receiver<T, Q>,
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
    pub(super) receiver: &'a Receiver<T, Q>,
    pub(super) most: usize,
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
    pub(super) receiver: &'a Receiver<T, Q>,
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
