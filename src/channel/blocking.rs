//! What threads wait for, at both ends.

use std::time::{Duration, Instant};

use super::patience::Patience;
use super::wait::block;
use super::{Iter, Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError};
use crate::{Closed, Queue};

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Puts `value` in, and waits for room if there is none: nothing is evicted or rejected.
    ///
    /// Senders that wait are woken in the order in which they came, but others may be there first.
    ///
    /// # Errors
    ///
    /// [`Closed`] gives the value back when the pipe is closed, or is while this waits.
    ///
    /// ```
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// std::thread::spawn(move || (0..100).try_for_each(|i| tx.send_wait(i)));
    /// assert!(rx.iter().eq(0..100));
    /// ```
    #[inline]
    pub fn send_wait(&self, value: T) -> Result<(), Closed<T>> {
        self.put_until(|| None, value).map_err(|error| Closed(error.into_inner()))
    }

    /// As [`send_wait`](Self::send_wait), but waits no longer than `timeout`. It tries at least once.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] gives the value back when the pipe is closed, or there was no room in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringway::{AtomicRing, SendTimeoutError};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// assert_eq!(tx.send_timeout('a', Duration::ZERO), Ok(()));
    /// assert_eq!(tx.send_timeout('b', Duration::from_millis(1)), Err(SendTimeoutError::Timeout('b')));
    /// # drop(rx);
    /// ```
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.put_until(|| after(timeout), value)
    }

    /// As [`send_timeout`](Self::send_timeout), but waits no longer than until `deadline`, which may have passed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_deadline(&self, value: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.put_until(|| Some(deadline), value)
    }

    /// Mostly there is room, and the clock need not be read.
    #[inline]
    fn put_until(&self, deadline: impl FnOnce() -> Option<Instant>, value: T) -> Result<(), SendTimeoutError<T>> {
        match self.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendTimeoutError::Closed(value)),
            Err(TrySendError::Full(value)) => self.wait_for_room(deadline(), value),
        }
    }

    #[inline(never)]
    fn wait_for_room(&self, deadline: Option<Instant>, value: T) -> Result<(), SendTimeoutError<T>> {
        let mut value = Some(value);
        let sent = block(deadline, Patience::Yield, || self.pipe.listen_for_space(), || self.try_put(&mut value));
        match sent {
            Some(sent) => Ok(sent?),
            None => Err(SendTimeoutError::Timeout(value.expect("it was not sent"))),
        }
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, and waits for one if there is none.
    ///
    /// Receivers that wait are woken in the order in which they came, but others may be there first. A waiting thread sleeps,
    /// after a few looks.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the pipe is closed and nothing is inside any more.
    ///
    /// ```
    /// use ringway::{AtomicRing, Closed};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// std::thread::spawn(move || tx.send("late"));
    /// assert_eq!(rx.recv(), Ok("late"));
    /// assert_eq!(rx.recv(), Err(Closed(())));
    /// ```
    #[inline]
    pub fn recv(&self) -> Result<T, Closed> {
        // Without a deadline it ends only with something found.
        self.take_until(|| None).unwrap_or(Err(Closed(())))
    }

    /// As [`recv`](Self::recv), but waits no longer than `timeout`. It looks at least once.
    ///
    /// # Errors
    ///
    /// [`RecvTimeoutError`] when nothing came in time, or the pipe is closed and nothing is inside any more.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringway::{AtomicRing, RecvTimeoutError};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::<u8>::new(1));
    /// assert_eq!(rx.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    /// drop(tx);
    /// assert_eq!(rx.recv_timeout(Duration::MAX), Err(RecvTimeoutError::Closed));
    /// ```
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_until(|| after(timeout))
    }

    /// As [`recv_timeout`](Self::recv_timeout), but waits no longer than until `deadline`, which may have passed.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_until(|| Some(deadline))
    }

    #[inline]
    fn recv_until(&self, deadline: impl FnOnce() -> Option<Instant>) -> Result<T, RecvTimeoutError> {
        match self.take_until(deadline) {
            Some(received) => Ok(received?),
            None => Err(RecvTimeoutError::Timeout),
        }
    }

    /// At high rates there is something, and the clock need not be read.
    #[inline]
    fn take_until(&self, deadline: impl FnOnce() -> Option<Instant>) -> Option<Result<T, Closed>> {
        self.take_one().or_else(|| self.wait_for(deadline(), || self.take_one()))
    }

    /// Appends a batch to `out`: `max` elements, or as many as came within `max_wait` after the first of them; returns how many.
    ///
    /// Waits for the first one as long as it takes; the time runs from then on, so a batch is never empty. What is inside already is
    /// taken without looking at the clock. Closing ends a batch early.
    ///
    /// A `max` of zero returns zero at once.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the pipe is closed and nothing is inside any more.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(8));
    /// for i in 0..5 {
    ///     let _ = tx.send(i)?;
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_batch(&mut batch, 3, Duration::from_secs(1)), Ok(3)); // by size
    /// assert_eq!(rx.recv_batch(&mut batch, 3, Duration::from_millis(1)), Ok(2)); // by time
    /// assert_eq!(batch, [0, 1, 2, 3, 4]);
    /// # Ok::<(), ringway::Closed<u32>>(())
    /// ```
    pub fn recv_batch(&self, out: &mut Vec<T>, max: usize, max_wait: Duration) -> Result<usize, Closed> {
        if max == 0 {
            return Ok(0);
        }
        let mut taken = self.wait_for(None, || self.take_batch(out, max)).unwrap_or(Err(Closed(())))?;
        let deadline = after(max_wait);
        // The clock decides even if there always is one more.
        while taken < max && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            match self.wait_for(deadline, || self.take_batch(out, max - taken)) {
                Some(Ok(more)) => taken += more,
                // The end is reported by the next call: this one has something.
                Some(Err(Closed(()))) | None => break,
            }
        }
        Ok(taken)
    }

    /// An iterator that waits for each element, and ends when the pipe is closed and nothing is inside any more.
    pub fn iter(&self) -> Iter<'_, T, Q> {
        Iter { receiver: self }
    }

    #[inline(never)]
    fn wait_for<R>(
        &self,
        deadline: Option<Instant>,
        take: impl FnMut() -> Option<Result<R, Closed>>,
    ) -> Option<Result<R, Closed>> {
        let pipe = &self.pipe;
        block(deadline, Patience::Spin(&self.luck), || pipe.listen_for_elements(&pipe.elements), take)
    }
}

/// `None`, which is never, when that is too far away for the clock.
fn after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
