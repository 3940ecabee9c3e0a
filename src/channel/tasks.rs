//! What tasks wait for, at both ends, on any runtime.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::FusedStream;
use futures_timer::Delay;

use super::signal::{Signal, Sleeper};
use super::wait::poll;
use super::{Pipe, Receiver, Sender};
use crate::{Closed, Queue};

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Puts `value` in, and waits for room if there is none: nothing is evicted or rejected.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has sent nothing; the value is dropped with it.
    ///
    /// # Errors
    ///
    /// [`Closed`] gives the value back when the pipe is closed, or is while this waits.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ringway::{AtomicRing, Closed};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// assert_eq!(tx.send_async(1).await, Ok(()));
    /// rx.close();
    /// assert_eq!(tx.send_async(2).await, Err(Closed(2)));
    /// # });
    /// ```
    pub async fn send_async(&self, value: T) -> Result<(), Closed<T>> {
        let (mut value, mut sleeper) = (Some(value), None);
        poll_fn(|cx| poll(cx, &mut sleeper, || self.pipe.listen_for_space(), || self.try_put(&mut value))).await
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, and waits for one if there is none.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has taken nothing, and passes on what has woken it.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the pipe is closed and nothing is inside any more.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ringway::{AtomicRing, Closed};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// std::thread::spawn(move || tx.send("late"));
    /// assert_eq!(rx.recv_async().await, Ok("late"));
    /// assert_eq!(rx.recv_async().await, Err(Closed(())));
    /// # });
    /// ```
    pub async fn recv_async(&self) -> Result<T, Closed> {
        let mut sleeper = None;
        poll_fn(|cx| self.poll_take(cx, &mut sleeper, || &self.pipe.elements, || self.take_one())).await
    }

    /// Appends a batch to `out`: `max` elements, or as many as came within `max_wait` after the first of them; returns how many.
    ///
    /// As [`recv_batch`](Self::recv_batch), for a task. The time limit is kept by a thread of the crate `futures-timer`, which all
    /// tasks of a process share.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, what it has taken is in `out`.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the pipe is closed and nothing is inside any more.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then. And when `futures-timer` cannot start its thread.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use std::time::Duration;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(8));
    /// for i in 0..5 {
    ///     let _ = tx.send(i)?;
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_batch_async(&mut batch, 3, Duration::from_secs(1)).await, Ok(3)); // by size
    /// assert_eq!(rx.recv_batch_async(&mut batch, 3, Duration::from_millis(1)).await, Ok(2)); // by time
    /// # Ok::<(), ringway::Closed<u32>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_batch_async(&self, out: &mut Vec<T>, max: usize, max_wait: Duration) -> Result<usize, Closed> {
        if max == 0 {
            return Ok(0);
        }
        let mut sleeper = None;
        let mut taken =
            poll_fn(|cx| self.poll_take(cx, &mut sleeper, || &self.pipe.elements, || self.take_batch(out, max)))
                .await?;
        // Without the timer's thread where there is nothing to wait for.
        if taken == max || max_wait.is_zero() {
            return Ok(taken);
        }
        let mut time_is_up = pin!(Delay::new(max_wait));
        poll_fn(|cx| {
            while taken < max {
                match self.poll_take(cx, &mut sleeper, || &self.pipe.elements, || self.take_batch(out, max - taken)) {
                    Poll::Ready(Ok(more)) => {
                        taken += more;
                        // The clock decides even if there always is one more.
                        if time_is_up.as_mut().poll(cx).is_ready() {
                            break;
                        }
                    }
                    // The end is reported by the next call: this one has something.
                    Poll::Ready(Err(Closed(()))) => break,
                    Poll::Pending => return time_is_up.as_mut().poll(cx),
                }
            }
            Poll::Ready(())
        })
        .await;
        Ok(taken)
    }

    /// The elements as a [`Stream`], which ends when the pipe is closed and nothing is inside any more.
    ///
    /// The stream is a receiver of its own. One that is kept without being polled may keep back a wake-up that another receiver
    /// could use: poll it or drop it.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use futures_util::StreamExt;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(8));
    /// for i in 0..3 {
    ///     let _ = tx.send(i)?;
    /// }
    /// drop(tx);
    /// assert_eq!(rx.stream().collect::<Vec<_>>().await, [0, 1, 2]);
    /// # Ok::<(), ringway::Closed<u32>>(())
    /// # }).unwrap();
    /// ```
    pub fn stream(&self) -> RecvStream<T, Q> {
        RecvStream { receiver: self.clone(), ended: false, sleeper: None }
    }

    fn poll_take<S: Deref<Target = Signal>, R>(
        &self,
        cx: &mut Context<'_>,
        sleeper: &mut Option<Sleeper<S>>,
        elements: impl Fn() -> S,
        take: impl FnMut() -> Option<Result<R, Closed>>,
    ) -> Poll<Result<R, Closed>> {
        poll(cx, sleeper, || self.pipe.listen_for_elements(elements()), take)
    }
}

/// See [`Receiver::stream`].
#[must_use = "streams are lazy"]
pub struct RecvStream<T, Q> {
    /// Dropped first, or the last receiver would wake its own task.
    sleeper: Option<Sleeper<Elements<Q>>>,
    receiver: Receiver<T, Q>,
    ended: bool,
}

/// A pipe, as what its receivers sleep by.
struct Elements<Q>(Arc<Pipe<Q>>);

impl<Q> Deref for Elements<Q> {
    type Target = Signal;

    fn deref(&self) -> &Signal {
        &self.0.elements
    }
}

impl<T, Q: Queue<T>> Stream for RecvStream<T, Q> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Self { receiver, ended, sleeper } = self.get_mut();
        let elements = || Elements(Arc::clone(&receiver.pipe));
        receiver.poll_take(cx, sleeper, elements, || receiver.take_one()).map(|taken| {
            *ended = taken.is_err();
            taken.ok()
        })
    }
}

impl<T, Q: Queue<T>> FusedStream for RecvStream<T, Q> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<T, Q> Unpin for RecvStream<T, Q> {}

impl<T, Q> fmt::Debug for RecvStream<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.receiver.fmt(f)
    }
}
