//! What tasks wait for, at both ends, on any runtime.
//!
//! Every future here has a name, is `Unpin`, and may be dropped at any time. One that has been
//! woken and is then kept without being polled, or forgotten ([`std::mem::forget`]), keeps back a
//! wake-up that another waiter could use: poll it or drop it.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::FusedFuture;
use futures_core::stream::FusedStream;
use futures_timer::Delay;

use super::error::{RecvError, SendError, SendTimeoutError, TryRecvError};
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::{ListOf, Shared};
use super::wait::poll;
use super::wait::wait_list::Waiter;
use crate::queue::Queue;

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Sends `value`, and waits for room if there is none: nothing is evicted or rejected.
    ///
    /// A sender that always finds room gives way now and then: after 128 times in a row the future
    /// is pending once, and is woken at once.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has sent nothing; the value is dropped with it,
    /// unless it is taken back by [`into_value`](SendFuture::into_value).
    /// [`send_from`](Self::send_from) borrows the value instead.
    ///
    /// A future that was woken passes its wake-up on when it is dropped, but not while it is kept
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
        SendFuture { sender: End::Borrowed(self), value: Some(value), waiter: None }
    }

    /// As [`send_async`](Self::send_async), by a future that owns this sender.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::new(1));
    /// let sending: ringway::channel::SendFuture<'static, _, _> = tx.into_send_async(1);
    /// assert_eq!(sending.await, Ok(()));
    /// assert_eq!(rx.recv_async().await, Ok(1));
    /// # });
    /// ```
    pub fn into_send_async(self, value: T) -> SendFuture<'static, T, Q> {
        SendFuture { sender: End::Owned(self), value: Some(value), waiter: None }
    }

    /// As [`send_async`](Self::send_async), but takes the element out of `value` only when there is
    /// room: so a future that is dropped loses nothing. Sends nothing if `value` is `None`.
    ///
    /// There is no permit that keeps a place free, as tokio's `reserve` does: a place that is kept
    /// for one sender is one that no other may fill, and a queue that evicts has no such places.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, or is while this waits. The element is in `value`.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use futures_util::FutureExt;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// tx.try_send("first").unwrap();
    /// let mut value = Some("second");
    /// assert!(tx.send_from(&mut value).now_or_never().is_none()); // and dropped
    /// assert_eq!(value, Some("second"));
    ///
    /// assert_eq!(rx.recv_async().await, Ok("first"));
    /// assert_eq!(tx.send_from(&mut value).await, Ok(()));
    /// assert_eq!((value, rx.recv_async().await), (None, Ok("second")));
    /// # });
    /// ```
    pub fn send_from<'a>(&'a self, value: &'a mut Option<T>) -> SendFromFuture<'a, T, Q> {
        SendFromFuture { sender: self, value, waiter: None, is_done: false }
    }

    /// As [`send_async`](Self::send_async), but waits no longer than `timeout`, and gives the value
    /// back then. It tries at least once. The time is kept as by
    /// [`recv_batch_async`](Receiver::recv_batch_async), and runs from the first poll that finds no
    /// room.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`] gives the value back when the channel is closed, or there was no room
    /// in time.
    ///
    /// # Panics
    ///
    /// If `futures-timer` cannot start its thread.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use std::time::Duration;
    /// use ringway::{AtomicRing, channel::SendTimeoutError};
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// let moment = Duration::from_millis(1);
    /// assert_eq!(tx.send_timeout_async('a', moment).await, Ok(()));
    /// assert_eq!(tx.send_timeout_async('b', moment).await, Err(SendTimeoutError::Timeout('b')));
    /// # drop(rx);
    /// # });
    /// ```
    pub fn send_timeout_async(&self, value: T, timeout: Duration) -> SendTimeoutFuture<'_, T, Q> {
        SendTimeoutFuture { sending: self.send_async(value), timeout, time_is_up: None }
    }

    /// As [`send_all`](Self::send_all), for a task. A future that is dropped has sent what is no
    /// longer in `values`.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, or is while this waits. What was not sent stays in
    /// `values`.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use futures_util::FutureExt;
    ///
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::new(2));
    /// let mut values = [1, 2, 3].into();
    /// assert!(tx.send_all_async(&mut values).now_or_never().is_none()); // and dropped
    /// assert_eq!(values, [3]);
    /// assert!(rx.try_iter().eq([1, 2]));
    /// # });
    /// ```
    pub fn send_all_async<'a>(&'a self, values: &'a mut VecDeque<T>) -> SendAllFuture<'a, T, Q> {
        SendAllFuture { sender: self, values, waiter: None, is_done: false }
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
    pub fn closed(&self) -> ClosedFuture<Q> {
        ClosedFuture::new(Arc::clone(&self.shared))
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
        RecvFuture { receiver: End::Borrowed(self), waiter: None, is_done: false }
    }

    /// As [`recv_async`](Self::recv_async), by a future that owns this receiver.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::new(1));
    /// let receiving: ringway::channel::RecvFuture<'static, _, _> = rx.into_recv_async();
    /// let _ = tx.push(1);
    /// assert_eq!(receiving.await, Ok(1));
    /// # });
    /// ```
    pub fn into_recv_async(self) -> RecvFuture<'static, T, Q> {
        RecvFuture { receiver: End::Owned(self), waiter: None, is_done: false }
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
    /// let by_size = rx.recv_batch_async(&mut batch, 3, Duration::from_secs(1)).await;
    /// let by_time = rx.recv_batch_async(&mut batch, 3, Duration::from_millis(1)).await;
    /// assert_eq!((by_size, by_time), (Ok(3), Ok(2)));
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
            is_done: false,
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
        let received = self.poll_for(cx, &mut waiter, || self.try_recv());
        self.waiter = waiter;
        received
    }

    /// Waits until the channel is closed; something may still be inside.
    pub fn closed(&self) -> ClosedFuture<Q> {
        ClosedFuture::new(Arc::clone(&self.shared))
    }

    /// Waits until `receive` is not empty any more.
    fn poll_for<R>(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<Waiter<ListOf<Q>>>,
        mut receive: impl FnMut() -> Result<R, TryRecvError>,
    ) -> Poll<Result<R, RecvError>> {
        let list = || ListOf { shared: Arc::clone(&self.shared), list: |shared| &shared.elements };
        poll(cx, waiter, &self.budget, list, || Self::poll(receive()))
    }
}

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Waits for room for what is in `value`.
    pub(super) fn poll_room(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<Waiter<ListOf<Q>>>,
        value: &mut Option<T>,
    ) -> Poll<Result<(), SendError<T>>> {
        self.poll_for_room(cx, waiter, || self.poll_send(value))
    }

    fn poll_for_room<R>(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<Waiter<ListOf<Q>>>,
        send: impl FnMut() -> Poll<R>,
    ) -> Poll<R> {
        let list = || ListOf { shared: Arc::clone(&self.shared), list: |shared| &shared.room };
        poll(cx, waiter, &self.budget, list, send)
    }
}

/// An end that a future borrows or owns.
enum End<'a, E> {
    Borrowed(&'a E),
    Owned(E),
}

impl<E> End<'_, E> {
    fn get(&self) -> &E {
        match self {
            Self::Borrowed(end) => end,
            Self::Owned(end) => end,
        }
    }
}

/// The future of [`Sender::send_async`] and [`Sender::into_send_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct SendFuture<'a, T, Q> {
    sender: End<'a, Sender<T, Q>>,
    /// `None` once it is sent or given back.
    value: Option<T>,
    waiter: Option<Waiter<ListOf<Q>>>,
}

impl<T, Q> SendFuture<'_, T, Q> {
    /// Gives up sending, and returns the value if it was not sent.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use futures_util::poll;
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(1));
    /// tx.try_send(1).unwrap();
    /// let mut sending = tx.send_async(2);
    /// assert!(poll!(&mut sending).is_pending());
    /// assert_eq!(sending.into_value(), Some(2));
    /// # drop(rx);
    /// # });
    /// ```
    #[must_use = "this is the value that was not sent"]
    pub fn into_value(self) -> Option<T> {
        self.value
    }
}

impl<T, Q: Queue<T>> Future for SendFuture<'_, T, Q> {
    type Output = Result<(), SendError<T>>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sender, value, waiter } = self.get_mut();
        sender.get().poll_room(cx, waiter, value)
    }
}

impl<T, Q: Queue<T>> FusedFuture for SendFuture<'_, T, Q> {
    fn is_terminated(&self) -> bool {
        self.value.is_none()
    }
}

/// The future of [`Sender::send_timeout_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct SendTimeoutFuture<'a, T, Q> {
    sending: SendFuture<'a, T, Q>,
    timeout: Duration,
    time_is_up: Option<Delay>,
}

impl<T, Q> SendTimeoutFuture<'_, T, Q> {
    /// Gives up sending, and returns the value if it was not sent.
    #[must_use = "this is the value that was not sent"]
    pub fn into_value(self) -> Option<T> {
        self.sending.value
    }
}

impl<T, Q: Queue<T>> Future for SendTimeoutFuture<'_, T, Q> {
    type Output = Result<(), SendTimeoutError<T>>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sending, timeout, time_is_up } = self.get_mut();
        if let Poll::Ready(sent) = Pin::new(&mut *sending).poll(cx) {
            return Poll::Ready(sent.map_err(SendTimeoutError::from));
        }
        // Without a clock where none is needed.
        if !timeout.is_zero() {
            ready!(Pin::new(time_is_up.get_or_insert_with(|| Delay::new(*timeout))).poll(cx));
        }
        sending.waiter = None;
        // Once more, past the budget, which may be why the future was pending.
        if let Poll::Ready(sent) = sending.sender.get().poll_send(&mut sending.value) {
            return Poll::Ready(sent.map_err(SendTimeoutError::from));
        }
        let value = sending.value.take().expect("it was not sent");
        Poll::Ready(Err(SendTimeoutError::Timeout(value)))
    }
}

impl<T, Q: Queue<T>> FusedFuture for SendTimeoutFuture<'_, T, Q> {
    fn is_terminated(&self) -> bool {
        self.sending.is_terminated()
    }
}

/// The future of [`Sender::send_from`].
#[must_use = "futures do nothing unless they are polled"]
pub struct SendFromFuture<'a, T, Q> {
    sender: &'a Sender<T, Q>,
    value: &'a mut Option<T>,
    waiter: Option<Waiter<ListOf<Q>>>,
    is_done: bool,
}

impl<T, Q: Queue<T>> Future for SendFromFuture<'_, T, Q> {
    type Output = Result<(), SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sender, value, waiter, is_done } = self.get_mut();
        let sent = match value {
            None => Ok(()),
            Some(_) => ready!(sender.poll_room(cx, waiter, value)),
        };
        *is_done = true;
        Poll::Ready(sent.map_err(|SendError(refused)| {
            **value = Some(refused);
            SendError(())
        }))
    }
}

impl<T, Q: Queue<T>> FusedFuture for SendFromFuture<'_, T, Q> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

/// The future of [`Sender::send_all_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct SendAllFuture<'a, T, Q> {
    sender: &'a Sender<T, Q>,
    values: &'a mut VecDeque<T>,
    waiter: Option<Waiter<ListOf<Q>>>,
    is_done: bool,
}

impl<T, Q: Queue<T>> Future for SendAllFuture<'_, T, Q> {
    type Output = Result<(), SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sender, values, waiter, is_done } = self.get_mut();
        let sent = ready!(sender.poll_for_room(cx, waiter, || sender.poll_send_all(values)));
        *is_done = true;
        Poll::Ready(sent)
    }
}

impl<T, Q: Queue<T>> FusedFuture for SendAllFuture<'_, T, Q> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

/// The future of [`Receiver::recv_async`] and [`Receiver::into_recv_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct RecvFuture<'a, T, Q> {
    receiver: End<'a, Receiver<T, Q>>,
    waiter: Option<Waiter<ListOf<Q>>>,
    is_done: bool,
}

impl<T, Q: Queue<T>> Future for RecvFuture<'_, T, Q> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, waiter, is_done } = self.get_mut();
        let received = ready!(receiver.get().poll_for(cx, waiter, || receiver.get().try_recv()));
        *is_done = true;
        Poll::Ready(received)
    }
}

impl<T, Q: Queue<T>> FusedFuture for RecvFuture<'_, T, Q> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

/// The future of [`Receiver::recv_batch_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct RecvBatchFuture<'a, T, Q> {
    receiver: &'a Receiver<T, Q>,
    out: &'a mut Vec<T>,
    max: usize,
    taken: usize,
    max_wait: Duration,
    /// Begins with the first element.
    time_is_up: Option<Delay>,
    waiter: Option<Waiter<ListOf<Q>>>,
    is_done: bool,
}

impl<T, Q: Queue<T>> Future for RecvBatchFuture<'_, T, Q> {
    type Output = Result<usize, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { receiver, out, max, taken, max_wait, time_is_up, waiter, is_done } =
            self.get_mut();
        while *taken < *max {
            let more =
                receiver.poll_for(cx, waiter, || receiver.try_recv_batch(out, *max - *taken));
            match more {
                Poll::Ready(Ok(more)) => *taken += more,
                Poll::Pending if *taken == 0 => return Poll::Pending,
                Poll::Pending => {}
                // The end is reported by the next call if this one has something.
                Poll::Ready(Err(RecvError)) if *taken > 0 => break,
                Poll::Ready(Err(RecvError)) => {
                    *is_done = true;
                    return Poll::Ready(Err(RecvError));
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
            ready!(more.map(drop));
        }
        *is_done = true;
        *waiter = None;
        Poll::Ready(Ok(*taken))
    }
}

impl<T, Q: Queue<T>> FusedFuture for RecvBatchFuture<'_, T, Q> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

/// The future of [`Sender::closed`] and [`Receiver::closed`].
#[must_use = "futures do nothing unless they are polled"]
pub struct ClosedFuture<Q> {
    shared: Arc<Shared<Q>>,
    waiter: Option<Waiter<ListOf<Q>>>,
    is_closed: fn(&Q) -> bool,
    is_done: bool,
}

impl<Q> ClosedFuture<Q> {
    fn new<T>(shared: Arc<Shared<Q>>) -> Self
    where
        Q: Queue<T>,
    {
        Self { shared, waiter: None, is_closed: Q::is_closed, is_done: false }
    }
}

impl<Q> Future for ClosedFuture<Q> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, waiter, is_closed, is_done } = self.get_mut();
        let list = || ListOf { shared: Arc::clone(shared), list: |shared| &shared.closing };
        // All are woken at the closing, so none is kept for another.
        while !is_closed(&shared.queue) {
            match waiter {
                None => *waiter = Some(Waiter::listen(list(), cx.waker())),
                Some(waiter) => ready!(waiter.poll(cx)),
            }
        }
        *is_done = true;
        *waiter = None;
        Poll::Ready(())
    }
}

impl<Q> FusedFuture for ClosedFuture<Q> {
    fn is_terminated(&self) -> bool {
        self.is_done
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
        let this = self.get_mut();
        let received = this.poll_recv(cx).map(Result::ok);
        this.has_ended |= matches!(received, Poll::Ready(None));
        received
    }
}

/// Terminated once it has returned `None`.
impl<T, Q: Queue<T>> FusedStream for Receiver<T, Q> {
    fn is_terminated(&self) -> bool {
        self.has_ended
    }
}

impl<T, Q> Unpin for Receiver<T, Q> {}
impl<T, Q> Unpin for Sender<T, Q> {}
impl<T, Q> Unpin for SendFuture<'_, T, Q> {}
impl<T, Q> Unpin for RecvFuture<'_, T, Q> {}
impl<T, Q> Unpin for RecvBatchFuture<'_, T, Q> {}
impl<T, Q> Unpin for SendFromFuture<'_, T, Q> {}
impl<T, Q> Unpin for SendTimeoutFuture<'_, T, Q> {}
impl<T, Q> Unpin for SendAllFuture<'_, T, Q> {}
impl<Q> Unpin for ClosedFuture<Q> {}

impl<T, Q> fmt::Debug for SendTimeoutFuture<'_, T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendTimeoutFuture").field(&self.sending).finish()
    }
}

macro_rules! debug {
    ($($name:literal [$($generics:tt)*] $future:ty),*) => {$(
        impl<$($generics)*> fmt::Debug for $future {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let is_waiting = self.waiter.is_some();
                f.debug_struct($name).field("is_waiting", &is_waiting).finish_non_exhaustive()
            }
        }
    )*};
}
debug!(
    "SendFuture" [T, Q] SendFuture<'_, T, Q>,
    "RecvFuture" [T, Q] RecvFuture<'_, T, Q>,
    "RecvBatchFuture" [T, Q] RecvBatchFuture<'_, T, Q>,
    "SendFromFuture" [T, Q] SendFromFuture<'_, T, Q>,
    "SendAllFuture" [T, Q] SendAllFuture<'_, T, Q>,
    "ClosedFuture" [Q] ClosedFuture<Q>
);
