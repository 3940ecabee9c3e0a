//! What ends tell of each other, handles that do not keep a channel open, and waiting for its end.

use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FusedStream;
use ringway::channel::{
    ClosedFuture, RecvBatchFuture, RecvError, RecvFuture, SendError, SendFuture,
};
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, channel};

use crate::by_hand::{ByHand, woken};
use crate::support::counted::{Counted, Counting, Ledger};

#[test]
fn ends_are_counted() {
    let (tx, rx) = channel(AtomicRing::<u8>::new(1));
    let counts = |n, m| {
        assert_eq!((tx.sender_count(), tx.receiver_count()), (n, m));
        assert_eq!((rx.sender_count(), rx.receiver_count()), (n, m));
    };
    counts(1, 1);
    let senders = [tx.clone(), tx.clone()];
    counts(3, 1);
    let (weak_tx, weak_rx) = (tx.downgrade(), rx.downgrade());
    counts(3, 1);
    let receiver = weak_rx.upgrade().unwrap();
    let sender = weak_tx.upgrade().unwrap();
    counts(4, 2);
    drop((senders, receiver));
    counts(2, 1);
    drop(sender);
    counts(1, 1);
    assert!(!tx.is_closed());
}

#[test]
fn ends_of_one_channel_know_each_other() {
    let queue = Arc::new(AtomicRing::<u8>::new(1));
    let (tx, rx) = channel(Arc::clone(&queue));
    let (other_tx, other_rx) = channel(queue);
    assert!(tx.same_channel(&tx.clone()) && rx.same_channel(&rx.downgrade().upgrade().unwrap()));
    // Not by their queue, which is the same.
    assert!(!tx.same_channel(&other_tx) && !rx.same_channel(&other_rx));
}

/// Past the channel, nobody is told; and when the channel is closed then, all are.
#[test]
fn the_queue_can_be_reached() {
    let (tx, rx) = channel(MutexRing::new(2));
    let waiting = [ByHand::waiting(rx.recv_async())];
    assert!(tx.queue().push(1).is_stored());
    assert_eq!((woken(&waiting), rx.queue().pop()), (0, Some(1)));
    let mut closed = ByHand::waiting(tx.closed());
    assert!(rx.queue().close());
    assert!(tx.is_closed());
    assert_eq!((woken(&waiting), closed.is_woken()), (0, false));
    assert!(!tx.close(), "it was closed before");
    assert_eq!((woken(&waiting), closed.is_woken()), (1, true));
    assert_eq!(closed.poll(), Poll::Ready(()));
}

#[test]
fn a_weak_end_does_not_keep_the_channel() {
    let ledger = Ledger::new(2);
    let (tx, rx) = channel(ChannelQueue::new(2));
    let (weak_tx, weak_rx) = (tx.downgrade(), rx.downgrade());
    tx.try_send(Counted::new(&ledger, 0)).unwrap();
    drop(tx);
    assert!(rx.is_closed() && weak_tx.upgrade().is_none());
    // The other side is still there, and what is inside.
    assert_eq!(weak_rx.upgrade().unwrap().try_recv().map(|element| element.id()), Ok(0));
    drop(rx);
    assert!(weak_rx.upgrade().is_none() && weak_tx.clone().upgrade().is_none());

    let (tx, rx) = channel(ChannelQueue::new(2));
    let (weak_tx, weak_rx) = (tx.downgrade(), rx.downgrade());
    tx.try_send(Counted::new(&ledger, 1)).unwrap();
    drop(rx);
    // There is a sender to make another from, and nobody to send to.
    assert!(weak_rx.upgrade().is_none());
    assert!(weak_tx.upgrade().is_some_and(|tx| tx.is_closed()));
    ledger.assert_each_dropped_once();
}

/// At both ends, all of them; and by nothing else.
#[test]
fn closed_is_ready_when_the_channel_is_closed() {
    for by_receiver in [false, true] {
        let (tx, rx) = channel(AtomicRing::new(2));
        let mut waiting = [tx.closed(), tx.closed(), rx.closed()].map(ByHand::waiting);
        // One that is dropped takes nothing with it.
        drop(ByHand::waiting(rx.closed()));
        tx.try_send(1).unwrap();
        assert_eq!(rx.try_recv(), Ok(1));
        tx.try_send(2).unwrap();
        assert_eq!(woken(&waiting), 0);
        assert!(if by_receiver { rx.close() } else { tx.close() });
        assert_eq!(woken(&waiting), 3);
        assert!(waiting.iter_mut().all(|waiting| waiting.poll() == Poll::Ready(())));
        assert_eq!(ByHand::new(tx.closed()).poll(), Poll::Ready(()));
        // Which says nothing of what is inside.
        assert_eq!(rx.try_recv(), Ok(2));
    }
}

#[test]
fn closed_waits_for_the_last_at_the_other_end() {
    let (tx, rx) = channel(AtomicRing::<u32>::new(2));
    let another = rx.clone();
    let mut closed = ByHand::waiting(tx.closed());
    drop(rx);
    assert!(!closed.is_woken());
    drop(another);
    assert!(closed.is_woken());
    assert_eq!(closed.poll(), Poll::Ready(()));

    let (tx, rx) = channel(AtomicRing::<u32>::new(2));
    let another = tx.clone();
    let mut closed = ByHand::waiting(rx.closed());
    drop(tx);
    assert!(!closed.is_woken());
    drop(another);
    assert!(closed.is_woken());
    assert_eq!(closed.poll(), Poll::Ready(()));
}

/// A future that is made of the others without a box.
struct Any<'a> {
    recv: RecvFuture<'a, u32, MutexVec<u32>>,
    batch: RecvBatchFuture<'a, u32, MutexVec<u32>>,
    send: SendFuture<'a, u32, ChannelQueue<u32>>,
    closed: ClosedFuture<ChannelQueue<u32>>,
}

#[derive(Debug, PartialEq)]
enum Came {
    Received(Result<u32, RecvError>),
    Batch(Result<usize, RecvError>),
    Sent(Result<(), SendError<u32>>),
    Closed,
}

impl Future for Any<'_> {
    type Output = Came;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Came> {
        if let Poll::Ready(received) = Pin::new(&mut self.recv).poll(cx) {
            return Poll::Ready(Came::Received(received));
        }
        if let Poll::Ready(received) = Pin::new(&mut self.batch).poll(cx) {
            return Poll::Ready(Came::Batch(received));
        }
        if let Poll::Ready(()) = Pin::new(&mut self.closed).poll(cx) {
            return Poll::Ready(Came::Closed);
        }
        Pin::new(&mut self.send).poll(cx).map(Came::Sent)
    }
}

#[test]
fn futures_can_be_kept_in_a_struct() {
    for case in 0..4 {
        let (tx, rx) = channel(MutexVec::new());
        let (batch_tx, batch_rx) = channel(MutexVec::new());
        let (full, full_rx) = channel(ChannelQueue::new(1));
        full.try_send(1).unwrap();
        let mut out = Vec::new();
        let mut any = ByHand::waiting(Any {
            recv: rx.recv_async(),
            batch: batch_rx.recv_batch_async(&mut out, 2, Duration::MAX),
            send: full.send_async(2),
            closed: full_rx.closed(),
        });
        let expected = match case {
            0 => {
                tx.try_send(5).unwrap();
                Came::Received(Ok(5))
            }
            1 => {
                assert_eq!([batch_tx.try_send(6), batch_tx.try_send(7)], [Ok(()); 2]);
                Came::Batch(Ok(2))
            }
            2 => {
                assert_eq!(full_rx.try_recv(), Ok(1));
                Came::Sent(Ok(()))
            }
            _ => {
                full.close();
                Came::Closed
            }
        };
        assert!(any.is_woken());
        assert_eq!(any.poll(), Poll::Ready(expected));
    }
}

/// One that has taken its element may be polled for another; one that has sent has nothing more.
#[test]
fn a_future_may_be_polled_after_it_was_ready_if_it_receives() {
    let (tx, rx) = channel(ChannelQueue::new(2));
    let (mut receiving, mut sending) =
        (ByHand::new(rx.recv_async()), ByHand::new(tx.send_async(1)));
    assert_eq!(sending.poll(), Poll::Ready(Ok(())));
    assert!(panic::catch_unwind(AssertUnwindSafe(|| sending.poll())).is_err());
    assert_eq!(receiving.poll(), Poll::Ready(Ok(1)));
    assert!(receiving.poll().is_pending());
    tx.try_send(2).unwrap();
    assert!(receiving.is_woken());
    assert_eq!(receiving.poll(), Poll::Ready(Ok(2)));
}

/// The one that was polled last is woken; it was another task's before.
#[test]
fn a_stream_goes_from_task_to_task() {
    let (tx, mut rx) = channel(ChannelQueue::new(2));
    let another = rx.clone();
    let first = ByHand::waiting(rx.next());
    drop(first);
    let mut second = ByHand::waiting(rx.next());
    tx.try_send(1).unwrap();
    assert!(second.is_woken());
    assert_eq!(second.poll(), Poll::Ready(Some(1)));
    drop(second);
    // A stream that waits keeps its place when the task has other things to do, and passes on what
    // wakes it there when it is dropped.
    drop(ByHand::waiting(rx.next()));
    let waiting = [ByHand::waiting(another.recv_async())];
    tx.try_send(2).unwrap();
    assert_eq!(woken(&waiting), 0);
    drop(rx);
    assert_eq!(woken(&waiting), 1);
}

/// Its own task is not woken by its drop, which closes the channel.
#[test]
fn the_last_receiver_does_not_wake_itself() {
    let (tx, mut rx) = channel(ChannelQueue::<u32>::new(1));
    let mut stream = ByHand::waiting(async move {
        rx.next().await;
    });
    assert!(stream.poll().is_pending());
    let woken = stream.drop_and_look();
    assert!(!woken && tx.is_closed());
}

#[test]
fn a_stream_is_fused() {
    let (tx, mut rx) = channel(AtomicRing::new(1));
    tx.try_send(1).unwrap();
    drop(tx);
    // Closed, but not at its end.
    assert!(!rx.is_terminated());
    assert_eq!(ByHand::new(rx.next()).poll(), Poll::Ready(Some(1)));
    // Nor before it has said so: `select!` does not poll what is terminated.
    for _ in 0..3 {
        assert!(!rx.clone().is_terminated());
        assert_eq!(ByHand::new(rx.next()).poll(), Poll::Ready(None));
        assert!(rx.is_terminated());
    }
    let (tx, rx) = channel(AtomicRing::<u8>::new(1));
    // Empty, but more may come.
    assert!(!rx.is_terminated());
    drop((tx, rx));
}
