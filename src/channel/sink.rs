//! A sender as a `Sink`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::error::SendError;
use super::sender::Sender;
use super::shared::{DefaultQueue, ListOf};
use super::wait::wait_list::Waiter;
use crate::queue::Queue;

impl<T, Q> Sender<T, Q> {
    /// Makes a `Sink` of this sender.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use futures_util::{SinkExt, StreamExt};
    /// use ringway::AtomicRing;
    ///
    /// let (tx, rx) = ringway::channel(AtomicRing::new(8));
    /// let mut sink = tx.into_sink();
    /// sink.send_all(&mut futures_util::stream::iter(0..3).map(Ok)).await?;
    /// sink.close().await?;
    /// assert_eq!(rx.collect::<Vec<_>>().await, [0, 1, 2]);
    /// # Ok::<(), ringway::channel::SendError<u32>>(())
    /// # }).unwrap();
    /// ```
    pub fn into_sink(self) -> SenderSink<T, Q> {
        SenderSink { sender: self, item: None, waiter: None }
    }

    /// Makes a `Sink` of another sender of this channel.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use futures_util::SinkExt;
    ///
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::new(8));
    /// tx.sink().send(1).await?;
    /// assert_eq!(rx.recv_async().await, Ok(1));
    /// # Ok::<(), ringway::channel::SendError<u32>>(())
    /// # }).unwrap();
    /// ```
    pub fn sink(&self) -> SenderSink<T, Q> {
        self.clone().into_sink()
    }
}

/// A sender that waits for room, as [`send_async`](Sender::send_async) does, as a `Sink`: nothing
/// is evicted or rejected.
///
/// A sink takes an item before it knows whether there is room. It keeps the item then, and sends it
/// when it is polled next: flush a sink before it is dropped, or that item is dropped with it.
/// Closing the sink closes the channel, for all of its senders.
///
/// Made by [`Sender::into_sink`] and [`Sender::sink`].
#[must_use = "sinks do nothing unless they are polled"]
pub struct SenderSink<T, Q = DefaultQueue<T>> {
    sender: Sender<T, Q>,
    /// The item that there was no room for yet.
    item: Option<T>,
    waiter: Option<Waiter<ListOf<Q>>>,
}

impl<T, Q> SenderSink<T, Q> {
    /// Returns the sender, which sends past the item that waits.
    pub fn get_ref(&self) -> &Sender<T, Q> {
        &self.sender
    }

    /// Returns the sender, and the item that waits for room, if any.
    ///
    /// ```
    /// let (tx, rx) = ringway::channel(ringway::AtomicRing::<u32>::new(1));
    /// let (tx, item) = tx.into_sink().into_inner();
    /// assert_eq!((tx.len(), item), (0, None));
    /// # drop(rx);
    /// ```
    pub fn into_inner(self) -> (Sender<T, Q>, Option<T>) {
        (self.sender, self.item)
    }
}

impl<T, Q: Queue<T>> SenderSink<T, Q> {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        match self.item {
            None => Poll::Ready(Ok(())),
            Some(_) => self.sender.poll_room(cx, &mut self.waiter, &mut self.item),
        }
    }
}

impl<T, Q: Queue<T>> Sink<T> for SenderSink<T, Q> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        ready!(this.poll_item(cx))?;
        this.sender.budget.poll(cx).map(Ok)
    }

    /// # Panics
    ///
    /// If the sink was not ready.
    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SendError<T>> {
        let this = self.get_mut();
        assert!(this.item.is_none(), "the sink was not ready");
        this.item = Some(item);
        match this.sender.poll_send(&mut this.item) {
            Poll::Ready(sent) => {
                this.sender.budget.spend();
                sent
            }
            Poll::Pending => Ok(()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_item(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        ready!(this.poll_item(cx))?;
        this.sender.close();
        Poll::Ready(Ok(()))
    }
}

impl<T, Q> Unpin for SenderSink<T, Q> {}

impl<T, Q> fmt::Debug for SenderSink<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SenderSink").field("has_item", &self.item.is_some()).finish_non_exhaustive()
    }
}
