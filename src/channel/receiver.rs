use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::later::Calls;
#[cfg(feature = "std")]
use super::patience::Luck;
use super::{Drain, Pipe, TryIter};
#[cfg(target_has_atomic = "64")]
use crate::AtomicRing;
use crate::queue::pop_into_and_tell;
use crate::sync::Ordering;
use crate::{Closed, Queue, TryRecvError};

/// The end of a [`pipe`](crate::pipe()) at which elements come out, each at one receiver.
///
/// Can be cloned. When the last one is dropped, the pipe is closed, and what is inside is dropped.
///
/// | | when nothing is inside | |
/// |---|---|---|
/// | [`try_recv`](Self::try_recv), [`try_iter`](Self::try_iter), [`drain`](Self::drain), [`discard_oldest`](Self::discard_oldest) | say so | never wait |
/// | [`recv`](Self::recv), [`recv_timeout`](Self::recv_timeout), [`recv_deadline`](Self::recv_deadline), [`recv_batch`](Self::recv_batch), [`iter`](Self::iter) | wait | block the thread |
/// | [`recv_async`](Self::recv_async), [`recv_batch_async`](Self::recv_batch_async), [`stream`](Self::stream) | wait | futures |
pub struct Receiver<T, #[cfg(target_has_atomic = "64")] Q = AtomicRing<T>, #[cfg(not(target_has_atomic = "64"))] Q> {
    pub(super) pipe: Arc<Pipe<Q>>,
    #[cfg(feature = "std")]
    pub(super) luck: Luck,
    element: PhantomData<fn() -> T>,
}

impl<T, Q> Receiver<T, Q> {
    pub(super) fn new(pipe: Arc<Pipe<Q>>) -> Self {
        // Relaxed, as for the strong count of an `Arc`: whoever clones an end has one.
        pipe.receivers.fetch_add(1, Ordering::Relaxed);
        Self {
            pipe,
            #[cfg(feature = "std")]
            luck: Luck::new(),
            element: PhantomData,
        }
    }

    /// Closes the pipe: from now on nothing goes in. What is inside still comes out.
    ///
    /// Everyone who waits at either end is woken. Closing twice does nothing.
    ///
    /// *Progress*: never waits.
    pub fn close(&self) {
        self.pipe.close();
    }

    /// Whether the pipe is closed: by either end, or because all senders are gone. Something may still be inside.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.pipe.gate.is_closed()
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, if there is one.
    ///
    /// *Linearization point*: that of the queue's [`pop`](Queue::pop). *Progress*: that of the queue's `pop`, unless a sender
    /// waits for space; waking takes a lock for a moment.
    ///
    /// *Cost*, above that of the `pop`: a fence, and a load of a line that changes only when senders wait for space.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryRecvError::Empty) when nothing is inside now; [`Closed`](TryRecvError::Closed) when nothing ever will be.
    ///
    /// ```
    /// use ringway::{AtomicRing, TryRecvError};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// let _ = tx.send(1)?;
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// # Ok::<(), ringway::Closed<u32>>(())
    /// ```
    #[inline(always)]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.pop() {
            Some(value) => Ok(value),
            None => self.look_for_end(|| self.pop()),
        }
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        let value = self.pipe.queue.pop()?;
        self.pipe.made_room(1);
        Some(value)
    }

    fn pop_batch(&self, out: &mut Vec<T>, max: usize) -> Option<usize> {
        let taken = pop_into_and_tell(&self.pipe.queue, out, max, |taken| self.pipe.made_room(taken));
        (taken > 0).then_some(taken)
    }

    /// To be called when nothing was inside: is there nothing yet, or will there never be?
    #[inline(never)]
    fn look_for_end<R>(&self, pop: impl FnOnce() -> Option<R>) -> Result<R, TryRecvError> {
        if !self.pipe.gate.is_over() {
            return Err(TryRecvError::Empty);
        }
        // Once more: something may have been put in since, by the last sender to leave.
        pop().ok_or(TryRecvError::Closed)
    }

    /// For those that wait for an element: `None` when there is none now.
    #[inline(always)]
    pub(super) fn take_one(&self) -> Option<Result<T, Closed>> {
        waiting(self.try_recv())
    }

    /// For those that wait for a batch: appends up to `max` elements, at least one; `None` when there is none now.
    pub(super) fn take_batch(&self, out: &mut Vec<T>, max: usize) -> Option<Result<usize, Closed>> {
        waiting(match self.pop_batch(out, max) {
            Some(taken) => Ok(taken),
            None => self.look_for_end(|| self.pop_batch(out, max)),
        })
    }

    /// Throws away up to `n` elements, the oldest first, but no more than are inside at this moment; returns how many.
    ///
    /// "Want new data when things recover": with `usize::MAX`, what has piled up goes. It ends beside a running producer; where that one
    /// evicts meanwhile, newer elements go in the place of those that it has evicted.
    ///
    /// # Panics
    ///
    /// When the `Drop` of an element does; the elements after it stay inside.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(4));
    /// for i in 0..4 {
    ///     let _ = tx.send(i)?;
    /// }
    /// assert_eq!(rx.discard_oldest(3), 3);
    /// assert_eq!(rx.try_recv(), Ok(3));
    /// # Ok::<(), ringway::Closed<u32>>(())
    /// ```
    pub fn discard_oldest(&self, n: usize) -> usize {
        self.drain().take(n).count()
    }

    /// Takes what has piled up: an iterator over at most as many elements as are inside at this moment, oldest first.
    ///
    /// Beside a producer that evicts, newer elements come in the place of those that it has evicted. Lazy: what is not taken from the iterator stays inside. It never waits.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(4));
    /// let _ = tx.send(1)?;
    /// let _ = tx.send(2)?;
    /// assert_eq!(rx.drain().collect::<Vec<_>>(), [1, 2]);
    /// # Ok::<(), ringway::Closed<u32>>(())
    /// ```
    pub fn drain(&self) -> Drain<'_, T, Q> {
        Drain::new(self, self.len())
    }

    /// An iterator that ends when nothing is inside. It never waits, but may go on for as long as somebody sends.
    pub fn try_iter(&self) -> TryIter<'_, T, Q> {
        TryIter::new(self)
    }

    /// How many elements are inside; see [`Queue::len`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.pipe.queue.len()
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pipe.queue.is_empty()
    }

    /// Whether one more element would be one too many; never true of an unbounded queue.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pipe.queue.is_full()
    }

    /// How many elements fit; `None`: as many as there is memory for.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.pipe.queue.capacity()
    }
}

/// What one who waits makes of a look: `None` to go on waiting.
fn waiting<R>(looked: Result<R, TryRecvError>) -> Option<Result<R, Closed>> {
    match looked {
        Ok(taken) => Some(Ok(taken)),
        Err(TryRecvError::Closed) => Some(Err(Closed(()))),
        Err(TryRecvError::Empty) => None,
    }
}

impl<T, Q> Clone for Receiver<T, Q> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.pipe))
    }
}

impl<T, Q> Drop for Receiver<T, Q> {
    fn drop(&mut self) {
        // Release pairs with the Acquire of the last one and of `discard_if_abandoned`.
        if self.pipe.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            let _calls = Calls;
            self.pipe.close();
            // Nobody can take it any more, and it may hold what others wait for.
            self.pipe.discard_if_abandoned();
        }
    }
}

impl<T, Q> fmt::Debug for Receiver<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
