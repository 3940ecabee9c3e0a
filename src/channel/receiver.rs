use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::either_end::either_end;
use super::error::{RecvError, RecvTimeoutError, TryRecvError};
use super::iter::{Drain, Iter, TryIter};
use super::shared::{DefaultQueue, Shared};
#[cfg(feature = "async")]
use super::wait::yield_budget::YieldBudget;
use super::wait::{Limit, block};
use super::weak::WeakReceiver;
#[cfg(feature = "async")]
use super::{shared::ListOf, wait::wait_list::Waiter};
use crate::queue::{Queue, make_room};

/// The end of a [`channel`](crate::channel()) at which elements come out, each at one receiver.
///
/// Can be cloned. When the last one is dropped, the channel is closed, and what is inside is
/// dropped, unless the queue [is shared](crate::channel()#the-queue).
///
/// | | when nothing is inside | |
/// |---|---|---|
/// | [`try_recv`](Self::try_recv), [`try_iter`](Self::try_iter), [`drain`](Self::drain), [`discard_oldest`](Self::discard_oldest) | say so | never wait |
/// | [`recv`](Self::recv), [`recv_timeout`](Self::recv_timeout), [`recv_deadline`](Self::recv_deadline), [`recv_batch`](Self::recv_batch), [`iter`](Self::iter) | wait | block the thread |
/// | [`recv_async`](Self::recv_async), [`recv_batch_async`](Self::recv_batch_async), [`poll_recv`](Self::poll_recv) | wait | for tasks |
///
/// With the feature `async`, a receiver is a fused `Stream` too. [`Select`](super::Select) waits
/// for several receivers at once.
pub struct Receiver<T, Q = DefaultQueue<T>> {
    /// By which `poll_recv` sleeps; dropped first, or the last receiver would wake its own task.
    #[cfg(feature = "async")]
    pub(super) waiter: Option<Waiter<ListOf<Q>>>,
    pub(super) shared: Arc<Shared<Q>>,
    #[cfg(feature = "async")]
    pub(super) budget: YieldBudget,
    /// As a stream.
    #[cfg(feature = "async")]
    pub(super) has_ended: bool,
    element: PhantomData<fn() -> T>,
}

impl<T, Q> Receiver<T, Q> {
    pub(super) fn new(shared: Arc<Shared<Q>>) -> Self {
        shared.receivers.join();
        Self::counted(shared)
    }

    /// A receiver that has been counted already.
    pub(super) fn counted(shared: Arc<Shared<Q>>) -> Self {
        Self {
            #[cfg(feature = "async")]
            waiter: None,
            shared,
            #[cfg(feature = "async")]
            budget: YieldBudget::new(),
            #[cfg(feature = "async")]
            has_ended: false,
            element: PhantomData,
        }
    }

    /// A handle that does not keep the channel open.
    #[must_use]
    pub fn downgrade(&self) -> WeakReceiver<T, Q> {
        WeakReceiver::new(&self.shared)
    }
}

fn in_time<T>(received: Poll<Result<T, RecvError>>) -> Result<T, RecvTimeoutError> {
    match received {
        Poll::Ready(received) => Ok(received?),
        Poll::Pending => Err(RecvTimeoutError::Timeout),
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, if there is one.
    ///
    /// *Linearization point*: that of [`Queue::try_pop`]. *Progress*: that of the queue's
    /// `try_pop`, unless a sender waits for room; waking takes a lock for a moment.
    ///
    /// *Cost*, above that of the queue's `try_pop`: a load of a line that changes only when senders
    /// wait for room.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryRecvError::Empty) when nothing is inside now, [`Closed`](TryRecvError::Closed)
    /// when nothing ever will be.
    ///
    /// ```
    /// use ringway::{AtomicRing, channel::TryRecvError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// let _ = tx.push(1);
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    #[inline(always)]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let value = self.shared.queue.try_pop()?;
        self.shared.room.wake(1);
        Ok(value)
    }

    /// Takes the oldest element, and waits for one if there is none.
    ///
    /// Receivers that wait are woken in the order in which they came, but others may be there
    /// first. A waiting thread sleeps, after a few looks. It does not use
    /// [`thread::park`](std::thread::park), so an unpark that the caller expects is not lost here.
    ///
    /// In a task this blocks the runtime's thread, and nothing says so: use `recv_async` there.
    ///
    /// # Errors
    ///
    /// [`RecvError`] when the channel is closed and nothing is inside any more.
    ///
    /// ```
    /// use ringway::{AtomicRing, channel::RecvError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// std::thread::spawn(move || tx.push("late"));
    /// assert_eq!(rx.recv(), Ok("late"));
    /// assert_eq!(rx.recv(), Err(RecvError));
    /// ```
    #[inline]
    pub fn recv(&self) -> Result<T, RecvError> {
        match self.recv_until(Limit::Never) {
            Poll::Ready(received) => received,
            Poll::Pending => unreachable!("without a deadline it waits for ever"),
        }
    }

    /// As [`recv`](Self::recv), but waits no longer than `timeout`. It looks at least once.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError`] when nothing came in time, or the channel is closed and nothing is
    /// inside any more.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringway::{AtomicRing, channel::RecvTimeoutError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::<u8>::new(1));
    /// assert_eq!(rx.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    /// drop(tx);
    /// assert_eq!(rx.recv_timeout(Duration::MAX), Err(RecvTimeoutError::Closed));
    /// ```
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        in_time(self.recv_until(Limit::Timeout(timeout)))
    }

    /// As [`recv_timeout`](Self::recv_timeout), but waits no longer than until `deadline`, which
    /// may have passed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        in_time(self.recv_until(Limit::Deadline(deadline)))
    }

    #[inline]
    fn recv_until(&self, limit: Limit) -> Poll<Result<T, RecvError>> {
        match Self::poll(self.try_recv()) {
            Poll::Pending => self.wait_for(limit, || self.try_recv()),
            received => received,
        }
    }

    /// Waits until `receive` is not empty any more.
    #[inline(never)]
    fn wait_for<R>(
        &self,
        limit: Limit,
        mut receive: impl FnMut() -> Result<R, TryRecvError>,
    ) -> Poll<Result<R, RecvError>> {
        let look = || Self::poll(receive());
        block(&self.shared.elements, limit, look)
    }

    /// Appends a batch to `out`: `max` elements, or as many as came within `max_wait` after the
    /// first of them; returns how many.
    ///
    /// Waits for the first one as long as it takes. The time runs from then on, so a batch is never
    /// empty. What is inside already is taken without looking at the clock. Closing ends a batch
    /// early.
    ///
    /// A `max` of zero returns zero at once.
    ///
    /// # Errors
    ///
    /// [`RecvError`] when the channel is closed and nothing is inside any more.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(8));
    /// for i in 0..5 {
    ///     let _ = tx.push(i);
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_batch(&mut batch, 3, Duration::from_secs(1)), Ok(3)); // by size
    /// assert_eq!(rx.recv_batch(&mut batch, 3, Duration::from_millis(1)), Ok(2)); // by time
    /// assert_eq!(batch, [0, 1, 2, 3, 4]);
    /// ```
    pub fn recv_batch(
        &self,
        out: &mut Vec<T>,
        max: usize,
        max_wait: Duration,
    ) -> Result<usize, RecvError> {
        if max == 0 {
            return Ok(0);
        }
        let mut first = Self::poll(self.try_recv_batch(out, max));
        if first.is_pending() {
            first = self.wait_for(Limit::Never, || self.try_recv_batch(out, max));
        }
        let Poll::Ready(first) = first else {
            unreachable!("without a deadline it waits for ever")
        };
        let mut taken = first?;
        if taken == max || max_wait.is_zero() {
            return Ok(taken);
        }
        let deadline = Limit::Timeout(max_wait).deadline();
        let limit = deadline.map_or(Limit::Never, Limit::Deadline);
        // The clock decides even if there always is one more.
        while taken < max && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            let more = match Self::poll(self.try_recv_batch(out, max - taken)) {
                Poll::Pending => self.wait_for(limit, || self.try_recv_batch(out, max - taken)),
                more => more,
            };
            match more {
                Poll::Ready(Ok(more)) => taken += more,
                // The end is reported by the next call: this one has something.
                Poll::Ready(Err(RecvError)) | Poll::Pending => break,
            }
        }
        Ok(taken)
    }

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
        Drain { receiver: self, most: self.len() }
    }

    /// An iterator that ends when nothing is inside. It never waits, but may go on for as long as
    /// somebody sends.
    pub fn try_iter(&self) -> TryIter<'_, T, Q> {
        TryIter { receiver: self }
    }

    /// An iterator that waits for each element, and ends when the channel is closed and nothing is
    /// inside any more.
    pub fn iter(&self) -> Iter<'_, T, Q> {
        Iter { receiver: self }
    }

    /// Takes up to `max` elements, at least one.
    pub(super) fn try_recv_batch(
        &self,
        out: &mut Vec<T>,
        max: usize,
    ) -> Result<usize, TryRecvError> {
        let max = make_room(out, max, || self.len());
        let taken = self.shared.queue.pop_into(out, max);
        if taken == 0 {
            // Is there nothing yet, or will there never be?
            out.push(self.try_recv()?);
            return Ok(1);
        }
        self.shared.room.wake(taken);
        Ok(taken)
    }

    /// What `try_recv` says, for those that wait: pending when nothing is inside yet.
    #[inline(always)]
    pub(super) fn poll<R>(received: Result<R, TryRecvError>) -> Poll<Result<R, RecvError>> {
        match received {
            Ok(received) => Poll::Ready(Ok(received)),
            Err(TryRecvError::Closed) => Poll::Ready(Err(RecvError)),
            Err(TryRecvError::Empty) => Poll::Pending,
        }
    }
}

impl<T, Q> Clone for Receiver<T, Q> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl<T, Q> Drop for Receiver<T, Q> {
    fn drop(&mut self) {
        #[cfg(feature = "async")]
        drop(self.waiter.take());
        self.shared.receiver_is_gone();
    }
}

either_end!(Receiver);
