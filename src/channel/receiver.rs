use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Poll;

use super::default_queue::DefaultQueue;
use super::either_end::either_end;
use super::error::{RecvError, TryRecvError};
use super::shared::Shared;
use super::wait::adaptive_spin::AdaptiveSpin;
#[cfg(feature = "async")]
use super::wait::yield_budget::YieldBudget;
#[cfg(feature = "async")]
use super::{shared::Elements, wait::wait_list::Waiter};
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
    pub(super) waiter: Option<Waiter<Elements<Q>>>,
    pub(super) shared: Arc<Shared<Q>>,
    pub(super) spin: AdaptiveSpin,
    #[cfg(feature = "async")]
    pub(super) budget: YieldBudget,
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
            spin: AdaptiveSpin::new(),
            #[cfg(feature = "async")]
            budget: YieldBudget::new(),
            element: PhantomData,
        }
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, if there is one.
    ///
    /// *Linearization point*: that of [`Queue::try_pop`]. *Progress*: that of the queue's `try_pop`,
    /// unless a sender waits for room; waking takes a lock for a moment.
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
