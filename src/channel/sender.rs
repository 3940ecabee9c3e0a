use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::either_end::either_end;
use super::error::{SendError, SendTimeoutError, TrySendError};
use super::shared::{DefaultQueue, Shared};
use super::wait::panics::Panics;
#[cfg(feature = "async")]
use super::wait::yield_budget::YieldBudget;
use super::wait::{Limit, block};
use super::weak::WeakSender;
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
/// All give the element back when the channel is closed. With the feature `sink`, `into_sink` makes
/// a `Sink` of a sender.
pub struct Sender<T, Q = DefaultQueue<T>> {
    pub(super) shared: Arc<Shared<Q>>,
    #[cfg(feature = "async")]
    pub(super) budget: YieldBudget,
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
            element: PhantomData,
        }
    }

    /// A handle that does not keep the channel open.
    ///
    /// ```
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::<u32>::new(1));
    /// let weak = tx.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(tx);
    /// assert!(weak.upgrade().is_none());
    /// assert!(rx.is_closed());
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakSender<T, Q> {
        WeakSender::new(&self.shared)
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

    /// Pushes all `values`, as [`push`](Self::push) does, and wakes receivers once for all of them.
    ///
    /// Calls `came_back` with what had to make room or did not go in, each time it is not
    /// [`Pushed::Stored`]. Returns how many of the values are in the queue or were.
    ///
    /// # Panics
    ///
    /// If `values`, `came_back` or the queue does. Receivers are woken for what was pushed before.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(2));
    /// let mut evicted = Vec::new();
    /// let stored = tx.push_all([1, 2, 3], |pushed| evicted.extend(pushed.evicted()));
    /// assert_eq!((stored, evicted), (3, vec![1]));
    /// assert!(rx.try_iter().eq([2, 3]));
    /// ```
    pub fn push_all(
        &self,
        values: impl IntoIterator<Item = T>,
        mut came_back: impl FnMut(Pushed<T>),
    ) -> usize {
        let (mut stored, mut panics) = (0, Panics::default());
        panics.catch(|| {
            for value in values {
                let pushed = self.shared.queue.push(value);
                stored += usize::from(pushed.is_stored());
                if !matches!(pushed, Pushed::Stored) {
                    came_back(pushed);
                }
            }
        });
        self.shared.elements.wake(stored);
        panics.resume();
        stored
    }

    /// Sends all `values`, the first one first, and waits for room when there is none. Wakes
    /// receivers once for as many as there is room for.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, or is while this waits. What was not sent stays in
    /// `values`.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(2));
    /// std::thread::spawn(move || tx.send_all(&mut (0..100).collect()));
    /// assert!(rx.iter().eq(0..100));
    /// ```
    pub fn send_all(&self, values: &mut VecDeque<T>) -> Result<(), SendError<()>> {
        let mut sent = self.poll_send_all(values);
        if sent.is_pending() {
            sent = block(&self.shared.room, Limit::Never, || self.poll_send_all(values));
        }
        let Poll::Ready(sent) = sent else { unreachable!("without a deadline it waits for ever") };
        sent
    }

    /// Sends as many as there is room for, and leaves the others where they are.
    pub(super) fn poll_send_all(
        &self,
        values: &mut VecDeque<T>,
    ) -> Poll<Result<(), SendError<()>>> {
        let mut sent = 0;
        let all = loop {
            let Some(value) = values.pop_front() else { break Poll::Ready(Ok(())) };
            let (value, refused) = match self.shared.queue.try_push(value) {
                Ok(()) => {
                    sent += 1;
                    continue;
                }
                Err(TrySendError::Full(value)) => (value, Poll::Pending),
                Err(TrySendError::Closed(value)) => (value, Poll::Ready(Err(SendError(())))),
            };
            values.push_front(value);
            break refused;
        };
        self.shared.elements.wake(sent);
        all
    }

    /// Sends `value`, and waits for room if there is none: nothing is evicted or rejected.
    ///
    /// Senders that wait are woken in the order in which they came, but others may be there first.
    ///
    /// In a task this blocks the runtime's thread, and nothing says so: use `send_async` there.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives the value back when the channel is closed, or is while this waits.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// std::thread::spawn(move || (0..100).try_for_each(|i| tx.send(i)));
    /// assert!(rx.iter().eq(0..100));
    /// ```
    #[inline]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.send_until(Limit::Never, value).map_err(|error| SendError(error.into_inner()))
    }

    /// As [`send`](Self::send), but waits no longer than `timeout`. It tries at least once.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] gives the value back when the channel is closed, or there was no room
    /// in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringway::{AtomicRing, channel::SendTimeoutError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// assert_eq!(tx.send_timeout('a', Duration::ZERO), Ok(()));
    /// let late = tx.send_timeout('b', Duration::from_millis(1));
    /// assert_eq!(late, Err(SendTimeoutError::Timeout('b')));
    /// # drop(rx);
    /// ```
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.send_until(Limit::Timeout(timeout), value)
    }

    /// As [`send_timeout`](Self::send_timeout), but waits no longer than until `deadline`, which
    /// may have passed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_deadline(&self, value: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.send_until(Limit::Deadline(deadline), value)
    }

    #[inline]
    fn send_until(&self, limit: Limit, value: T) -> Result<(), SendTimeoutError<T>> {
        match self.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendTimeoutError::Closed(value)),
            Err(TrySendError::Full(value)) => self.wait_for_room(limit, value),
        }
    }

    #[inline(never)]
    fn wait_for_room(&self, limit: Limit, value: T) -> Result<(), SendTimeoutError<T>> {
        let mut value = Some(value);
        match block(&self.shared.room, limit, || self.poll_send(&mut value)) {
            Poll::Ready(sent) => Ok(sent?),
            Poll::Pending => Err(SendTimeoutError::Timeout(value.expect("it was not sent"))),
        }
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
