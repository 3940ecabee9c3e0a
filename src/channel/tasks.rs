//! What tasks wait for, at both ends, on any runtime.
//!
//! Every future here has a name, is `Unpin`, and may be dropped at any time. One that has been
//! woken and is then kept without being polled, or forgotten ([`std::mem::forget`]), keeps back a
//! wake-up that another waiter could use: poll it or drop it.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::FusedStream;
use futures_timer::Delay;

use super::error::{RecvError, SendError};
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::{Elements, Shared};
use super::wait::poll;
use super::wait::wait_list::{WaitList, Waiter};
use crate::queue::Queue;

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Sends `value`, and waits for room if there is none: nothing is evicted or rejected.
    ///
    /// A sender that always finds room gives way now and then: after 128 times in a row the future
    /// is pending once, and is woken at once.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has sent nothing; the value is dropped with it.
    /// One that was woken passes its wake-up on when it is dropped, but not while it is kept
    /// without being polled, nor if it is forgotten.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives the value back when the channel is closed, or is while this waits.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ringway::{AtomicRing, channel::SendError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// assert_eq!(tx.send_async(1).await, Ok(()));
    /// rx.close();
    /// assert_eq!(tx.send_async(2).await, Err(SendError(2)));
    /// # });
    /// ```
    pub fn send_async(&self, value: T) -> SendFuture<'_, T, Q> {
        SendFuture { sender: self, value: Some(value), waiter: None }
    }

    /// Waits until the channel is closed: a sender that has nothing to send learns that no receiver
    /// is left.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::<u32>::new(1));
    /// std::thread::spawn(move || drop(rx));
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # });
    /// ```
    pub fn closed(&self) -> ClosedFuture<'_, Q> {
        ClosedFuture::new(&self.shared)
    }
}

impl<T, Q: Queue<T>> Receiver<T, Q> {
    /// Takes the oldest element, and waits for one if there is none.
    ///
    /// A receiver that always finds an element gives way now and then: after 128 times in a row the
    /// future is pending once, and is woken at once.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has taken nothing. One that was woken passes its
    /// wake-up on when it is dropped, but not while it is kept without being polled, nor if it is
    /// forgotten.
    ///
    /// # Errors
    ///
    /// [`RecvError`] when the channel is closed and nothing is inside any more.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use ringway::{AtomicRing, channel::RecvError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// std::thread::spawn(move || tx.push("late"));
    /// assert_eq!(rx.recv_async().await, Ok("late"));
    /// assert_eq!(rx.recv_async().await, Err(RecvError));
    /// # });
    /// ```
    pub fn recv_async(&self) -> RecvFuture<'_, T, Q> {
        RecvFuture { receiver: self, waiter: None }
    }

    /// Appends a batch to `out`: `max` elements, or as many as came within `max_wait` after the
    /// first of them; returns how many.
    ///
    /// As [`recv_batch`](Self::recv_batch), for a task. The time limit is kept by a thread of the
    /// crate `futures-timer`, which all tasks of a process share. **After `fork`** the child has no
    /// such thread if the parent had started it: there, a batch ends by size or by closing only.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, what it has taken is in `out`. A wake-up is passed on as by
    /// [`recv_async`](Self::recv_async).
    ///
    /// # Errors
    ///
    /// [`RecvError`] when the channel is closed and nothing is inside any more.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then. And when `futures-timer` cannot start its
    /// thread.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use std::time::Duration;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(8));
    /// for i in 0..5 {
    ///     let _ = tx.push(i);
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(rx.recv_batch_async(&mut batch, 3, Duration::from_secs(1)).await, Ok(3)); // by size
    /// assert_eq!(rx.recv_batch_async(&mut batch, 3, Duration::from_millis(1)).await, Ok(2)); // by time
    /// # });
    /// ```
    pub fn recv_batch_async<'a>(
        &'a self,
        out: &'a mut Vec<T>,
        max: usize,
        max_wait: Duration,
    ) -> RecvBatchFuture<'a, T, Q> {
        RecvBatchFuture {
            receiver: self,
            out,
            max,
            taken: 0,
            max_wait,
            time_is_up: None,
            waiter: None,
        }
    }

    /// Takes the oldest element; pending when there is none, and then the task will be woken.
    ///
    /// This is what [`Stream::poll_next`] is made of. There is one place for a task: the last one
    /// that was pending is woken.
    ///
    /// # Errors
    ///
    /// [`RecvError`] when the channel is closed and nothing is inside any more.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        let mut waiter = self.waiter.take();
        let received = self.poll_elements(
            cx,
            &mut waiter,
            || Elements(Arc::clone(&self.shared)),
            || Self::poll(self.try_recv()),
        );
        self.waiter = waiter;
        received
    }

    /// Waits until the channel is closed; something may still be inside.
    pub fn closed(&self) -> ClosedFuture<'_, Q> {
        ClosedFuture::new(&self.shared)
    }

    fn poll_elements<L: Deref<Target = WaitList>, R>(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<Waiter<L>>,
        list: impl Fn() -> L,
        look: impl FnMut() -> Poll<Result<R, RecvError>>,
    ) -> Poll<Result<R, RecvError>> {
        poll(cx, waiter, &self.budget, list, look)
    }
}

/// See [`Sender::send_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct SendFuture<'a, T, Q> {
    sender: &'a Sender<T, Q>,
    /// `None` once it is sent or given back.
    value: Option<T>,
    waiter: Option<Waiter<&'a WaitList>>,
}

impl<T, Q: Queue<T>> Future for SendFuture<'_, T, Q> {
    type Output = Result<(), SendError<T>>;

    /// # Panics
    ///
    /// When it is polled after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sender, value, waiter } = self.get_mut();
        poll(cx, waiter, &sender.budget, || &sender.shared.room, || sender.poll_send(value))
    }
}

/// See [`Receiver::recv_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct RecvFuture<'a, T, Q> {
    receiver: &'a Receiver<T, Q>,
    waiter: Option<Waiter<&'a WaitList>>,
}

impl<T, Q: Queue<T>> Future for RecvFuture<'_, T, Q> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, waiter } = self.get_mut();
        receiver.poll_elements(
            cx,
            waiter,
            || &receiver.shared.elements,
            || Receiver::<T, Q>::poll(receiver.try_recv()),
        )
    }
}

/// See [`Receiver::recv_batch_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct RecvBatchFuture<'a, T, Q> {
    receiver: &'a Receiver<T, Q>,
    out: &'a mut Vec<T>,
    max: usize,
    taken: usize,
    max_wait: Duration,
    /// Begins with the first element.
    time_is_up: Option<Delay>,
    waiter: Option<Waiter<&'a WaitList>>,
}

impl<T, Q: Queue<T>> Future for RecvBatchFuture<'_, T, Q> {
    type Output = Result<usize, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, out, max, taken, max_wait, time_is_up, waiter } = self.get_mut();
        while *taken < *max {
            let missing = *max - *taken;
            let list = || &receiver.shared.elements;
            match receiver.poll_elements(cx, waiter, list, || {
                Receiver::<T, Q>::poll(receiver.try_recv_batch(out, missing))
            }) {
                Poll::Ready(Ok(more)) => *taken += more,
                // The end is reported by the next call if this one has something.
                Poll::Ready(Err(RecvError)) if *taken == 0 => return Poll::Ready(Err(RecvError)),
                Poll::Ready(Err(RecvError)) => break,
                Poll::Pending if *taken == 0 => return Poll::Pending,
                Poll::Pending => {
                    let time_is_up = time_is_up.get_or_insert_with(|| Delay::new(*max_wait));
                    ready!(Pin::new(time_is_up).poll(cx));
                    break;
                }
            }
            // Without the timer's thread where there is nothing to wait for.
            if *taken == *max || max_wait.is_zero() {
                break;
            }
            // The clock decides even if there always is one more.
            let time_is_up = time_is_up.get_or_insert_with(|| Delay::new(*max_wait));
            if Pin::new(time_is_up).poll(cx).is_ready() {
                break;
            }
        }
        *waiter = None;
        Poll::Ready(Ok(*taken))
    }
}

/// See [`Sender::closed`] and [`Receiver::closed`].
#[must_use = "futures do nothing unless they are polled"]
pub struct ClosedFuture<'a, Q> {
    shared: &'a Shared<Q>,
    waiter: Option<Waiter<&'a WaitList>>,
    is_closed: fn(&Q) -> bool,
}

impl<'a, Q> ClosedFuture<'a, Q> {
    fn new<T>(shared: &'a Shared<Q>) -> Self
    where
        Q: Queue<T>,
    {
        Self { shared, waiter: None, is_closed: Q::is_closed }
    }
}

impl<Q> Future for ClosedFuture<'_, Q> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, waiter, is_closed } = self.get_mut();
        loop {
            if is_closed(&shared.queue) {
                *waiter = None;
                return Poll::Ready(());
            }
            match waiter {
                None => *waiter = Some(Waiter::listen(&shared.closing)),
                // All are notified, once and for all.
                Some(waiter) => ready!(waiter.poll(cx)),
            }
        }
    }
}

/// The elements, until the channel is closed and nothing is inside any more.
///
/// A receiver that waits as a stream keeps its place among the waiters until it is polled again or
/// dropped: clone it to wait in another way meanwhile.
///
/// ```
/// # futures_executor::block_on(async {
/// use futures_util::StreamExt;
/// use ringway::AtomicRing;
///
/// let (tx, rx) = ringway::channel(AtomicRing::new(8));
/// for i in 0..3 {
///     let _ = tx.push(i);
/// }
/// drop(tx);
/// assert_eq!(rx.collect::<Vec<_>>().await, [0, 1, 2]);
/// # });
/// ```
impl<T, Q: Queue<T>> Stream for Receiver<T, Q> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_recv(cx).map(Result::ok)
    }
}

impl<T, Q: Queue<T>> FusedStream for Receiver<T, Q> {
    fn is_terminated(&self) -> bool {
        self.is_closed() && self.is_empty()
    }
}

impl<T, Q> Unpin for Receiver<T, Q> {}
impl<T, Q> Unpin for Sender<T, Q> {}
impl<T, Q> Unpin for SendFuture<'_, T, Q> {}
impl<T, Q> Unpin for RecvFuture<'_, T, Q> {}
impl<T, Q> Unpin for RecvBatchFuture<'_, T, Q> {}
impl<Q> Unpin for ClosedFuture<'_, Q> {}

macro_rules! debug {
    ($($name:literal [$($generics:tt)*] $future:ty),*) => {$(
        impl<$($generics)*> fmt::Debug for $future {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name).field("is_waiting", &self.waiter.is_some()).finish_non_exhaustive()
            }
        }
    )*};
}
debug!(
    "SendFuture" [T, Q] SendFuture<'_, T, Q>,
    "RecvFuture" [T, Q] RecvFuture<'_, T, Q>,
    "RecvBatchFuture" [T, Q] RecvBatchFuture<'_, T, Q>,
    "ClosedFuture" [Q] ClosedFuture<'_, Q>
);
