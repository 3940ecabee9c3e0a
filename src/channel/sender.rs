use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Poll;

use super::default_queue::DefaultQueue;
use super::either_end::either_end;
use super::error::{SendError, TrySendError};
use super::shared::Shared;
#[cfg(feature = "sink")]
use super::sink_state::SinkState;
#[cfg(feature = "async")]
use super::wait::yield_budget::YieldBudget;
use crate::queue::{Pushed, Queue};

/// The end of a [`channel`](crate::channel()) at which elements go in.
///
/// Can be cloned. When the last one is dropped, the channel is closed.
///
/// | | when there is no room | |
/// |---|---|---|
/// | [`push`](Self::push) | what the queue does: evicts, rejects, grows | never waits |
/// | [`try_send`](Self::try_send) | gives the element back | never waits |
/// | [`send`](Self::send), [`send_timeout`](Self::send_timeout), [`send_deadline`](Self::send_deadline) | waits for room | blocks the thread |
/// | [`send_async`](Self::send_async) | waits for room | a future |
///
/// All give the element back when the channel is closed. With the feature `sink`, a sender is a
/// `Sink` too.
pub struct Sender<T, Q = DefaultQueue<T>> {
    pub(super) shared: Arc<Shared<Q>>,
    #[cfg(feature = "async")]
    pub(super) budget: YieldBudget,
    #[cfg(feature = "sink")]
    pub(super) sink: SinkState<T, Q>,
    element: PhantomData<fn(T)>,
}

impl<T, Q> Sender<T, Q> {
    pub(super) fn new(shared: Arc<Shared<Q>>) -> Self {
        shared.senders.join();
        Self::counted(shared)
    }

    /// A sender that has been counted already.
    pub(super) fn counted(shared: Arc<Shared<Q>>) -> Self {
        Self {
            shared,
            #[cfg(feature = "async")]
            budget: YieldBudget::new(),
            #[cfg(feature = "sink")]
            sink: SinkState::new(),
            element: PhantomData,
        }
    }
}

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Pushes by the queue's own [`overflow`](Queue::overflow) policy, and wakes a receiver that
    /// waits for an element.
    ///
    /// Never waits. What had to make room, did not fit, or came too late is in [`Pushed`].
    ///
    /// *Linearization point*: that of [`Queue::push`]. *Progress*: that of the queue's `push`,
    /// unless a receiver sleeps; waking takes a lock for a moment.
    ///
    /// *Cost*, above that of the queue's `push`: a load of a line that changes only when receivers
    /// go to sleep.
    ///
    /// ```
    /// use ringway::{AtomicRing, Pushed};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// assert_eq!(tx.push(1), Pushed::Stored);
    /// assert_eq!(tx.push(2), Pushed::Evicted(1));
    /// assert_eq!(rx.recv(), Ok(2));
    /// drop(rx);
    /// assert_eq!(tx.push(3), Pushed::Closed(3));
    /// ```
    #[inline(always)]
    pub fn push(&self, value: T) -> Pushed<T> {
        let pushed = self.shared.queue.push(value);
        if pushed.is_stored() {
            self.shared.elements.wake(1);
        }
        pushed
    }

    /// Sends `value` if there is room; never evicts, never waits.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] gives the value back, when the channel is closed or the queue full.
    ///
    /// ```
    /// use ringway::{AtomicRing, channel::TrySendError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// assert_eq!(tx.try_send(1), Ok(()));
    /// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    /// rx.close();
    /// assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
    /// ```
    #[inline(always)]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        self.shared.queue.try_push(value)?;
        self.shared.elements.wake(1);
        Ok(())
    }

    /// For senders that wait for room: tries to send what is in `value`, and leaves it there while
    /// there is no room.
    pub(super) fn poll_send(&self, value: &mut Option<T>) -> Poll<Result<(), SendError<T>>> {
        match self.try_send(value.take().expect("the value is there until it is sent")) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(TrySendError::Closed(value)) => Poll::Ready(Err(SendError(value))),
            Err(TrySendError::Full(full)) => {
                *value = Some(full);
                Poll::Pending
            }
        }
    }
}

impl<T, Q> Clone for Sender<T, Q> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl<T, Q> Drop for Sender<T, Q> {
    fn drop(&mut self) {
        self.shared.sender_is_gone();
    }
}

either_end!(Sender);
