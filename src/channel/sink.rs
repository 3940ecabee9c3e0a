//! A sender as a `Sink`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::error::SendError;
use super::sender::Sender;
use super::shared::Room;
use super::sink_state::Pending;
use super::wait::poll;
use crate::queue::Queue;

impl<T, Q: Queue<T>> Sender<T, Q> {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Some(mut pending) = self.sink.get_mut().take() else {
            return Poll::Ready(Ok(()));
        };
        let Pending { item, waiter } = &mut *pending;
        let room = || Room(Arc::clone(&self.shared));
        let sent = poll(cx, waiter, &self.budget, room, || self.poll_send(item));
        if sent.is_pending() {
            *self.sink.get_mut() = Some(pending);
        }
        sent
    }
}

/// Waits for room, as [`send_async`](Sender::send_async) does: nothing is evicted or rejected.
///
/// A sink takes an item before it knows whether there is room. The sender keeps it then, and sends
/// it when it is polled next: flush a sink before it is dropped, or that item is dropped with it.
/// Closing the sink closes the channel, for all of its senders.
///
/// ```
/// # futures_executor::block_on(async {
/// use futures_util::{SinkExt, StreamExt};
/// use ringway::AtomicRing;
///
/// let (mut tx, rx) = ringway::channel(AtomicRing::new(8));
/// tx.send_all(&mut futures_util::stream::iter(0..3).map(Ok)).await?;
/// SinkExt::close(&mut tx).await?;
/// assert_eq!(rx.collect::<Vec<_>>().await, [0, 1, 2]);
/// # Ok::<(), ringway::channel::SendError<u32>>(())
/// # }).unwrap();
/// ```
impl<T, Q: Queue<T>> Sink<T> for Sender<T, Q> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        ready!(this.poll_item(cx))?;
        this.budget.poll(cx).map(Ok)
    }

    /// # Panics
    ///
    /// When the sink was not ready.
    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SendError<T>> {
        let this = self.get_mut();
        let mut item = Some(item);
        match this.poll_send(&mut item) {
            Poll::Ready(sent) => {
                this.budget.spend();
                sent
            }
            Poll::Pending => {
                let pending = this.sink.get_mut();
                assert!(pending.is_none(), "the sink was not ready");
                *pending = Some(Box::new(Pending { item, waiter: None }));
                Ok(())
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_item(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        ready!(this.poll_item(cx))?;
        this.close();
        Poll::Ready(Ok(()))
    }
}
