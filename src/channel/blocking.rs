//! What threads wait for, at both ends.

use std::task::Poll;
use std::time::{Duration, Instant};

use super::error::{RecvError, RecvTimeoutError, SendError, SendTimeoutError, TrySendError};
use super::receiver::Receiver;
use super::sender::Sender;
use super::wait::adaptive_spin::Patience;
use super::wait::block;
use crate::queue::Queue;

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Sends `value`, and waits for room if there is none: nothing is evicted or rejected.
    ///
    /// Senders that wait are woken in the order in which they came, but others may be there first.
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
        self.send_until(|| None, value).map_err(|error| SendError(error.into_inner()))
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
    /// assert_eq!(tx.send_timeout('b', Duration::from_millis(1)), Err(SendTimeoutError::Timeout('b')));
    /// # drop(rx);
    /// ```
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.send_until(|| after(timeout), value)
    }

    /// As [`send_timeout`](Self::send_timeout), but waits no longer than until `deadline`, which
    /// may have passed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_deadline(&self, value: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.send_until(|| Some(deadline), value)
    }

    /// Mostly there is room, and the clock need not be read.
    #[inline]
    fn send_until(
        &self,
        deadline: impl FnOnce() -> Option<Instant>,
        value: T,
    ) -> Result<(), SendTimeoutError<T>> {
        match self.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendTimeoutError::Closed(value)),
            Err(TrySendError::Full(value)) => self.wait_for_room(deadline(), value),
        }
    }

    #[inline(never)]
    fn wait_for_room(
        &self,
        deadline: Option<Instant>,
        value: T,
    ) -> Result<(), SendTimeoutError<T>> {
        let mut value = Some(value);
        match block(&self.shared.room, deadline, Patience::Yield, || self.poll_send(&mut value)) {
            Poll::Ready(sent) => Ok(sent?),
            Poll::Pending => Err(SendTimeoutError::Timeout(value.expect("it was not sent"))),
        }
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, and waits for one if there is none.
    ///
    /// Receivers that wait are woken in the order in which they came, but others may be there
    /// first. A waiting thread sleeps, after a few looks. It does not use
    /// [`thread::park`](std::thread::park), so an unpark that the caller expects is not lost here.
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
        match self.recv_until(|| None) {
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
        in_time(self.recv_until(|| after(timeout)))
    }

    /// As [`recv_timeout`](Self::recv_timeout), but waits no longer than until `deadline`, which
    /// may have passed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        in_time(self.recv_until(|| Some(deadline)))
    }

    /// At high rates there is something, and the clock need not be read.
    #[inline]
    fn recv_until(&self, deadline: impl FnOnce() -> Option<Instant>) -> Poll<Result<T, RecvError>> {
        match Self::poll(self.try_recv()) {
            Poll::Pending => self.wait_for_element(deadline(), || Self::poll(self.try_recv())),
            ready => ready,
        }
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
        let Poll::Ready(first) =
            self.wait_for_element(None, || Self::poll(self.try_recv_batch(out, max)))
        else {
            unreachable!("without a deadline it waits for ever")
        };
        let mut taken = first?;
        if taken == max {
            return Ok(taken);
        }
        let deadline = after(max_wait);
        // The clock decides even if there always is one more.
        while taken < max && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            match self
                .wait_for_element(deadline, || Self::poll(self.try_recv_batch(out, max - taken)))
            {
                Poll::Ready(Ok(more)) => taken += more,
                // The end is reported by the next call: this one has something.
                Poll::Ready(Err(RecvError)) | Poll::Pending => break,
            }
        }
        Ok(taken)
    }

    #[inline(never)]
    fn wait_for_element<R>(
        &self,
        deadline: Option<Instant>,
        look: impl FnMut() -> Poll<Result<R, RecvError>>,
    ) -> Poll<Result<R, RecvError>> {
        block(&self.shared.elements, deadline, Patience::Spin(&self.spin), look)
    }
}

fn in_time<T>(received: Poll<Result<T, RecvError>>) -> Result<T, RecvTimeoutError> {
    match received {
        Poll::Ready(received) => Ok(received?),
        Poll::Pending => Err(RecvTimeoutError::Timeout),
    }
}

/// `None`, which is never, when that is too far away for the clock.
pub(super) fn after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
