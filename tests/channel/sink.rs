//! A sender as a sink: what it was given goes in, in order, or is given back; unless it is dropped
//! with it.

use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::Poll;
use std::thread;

use futures_util::{Sink, SinkExt, stream};
use ringway::channel::{RecvError, SendError, SenderSink, TryRecvError};
use ringway::{AtomicRing, ChannelQueue, Queue, Receiver, channel};

use crate::by_hand::ByHand;
use crate::support::counted::{Counted, Counting, Ledger};
use crate::watched::{rounds, watched};

/// A sink that has an item for which there is no room.
fn full<Q: Queue<u32>>(queue: Q) -> (SenderSink<u32, Q>, Receiver<u32, Q>) {
    let (tx, rx) = channel(queue);
    tx.try_send(1).unwrap();
    let mut sink = tx.into_sink();
    assert_eq!(Pin::new(&mut sink).start_send(2), Ok(()));
    (sink, rx)
}

#[test]
fn an_item_waits_for_room() {
    // The queue's own policy would be to evict: a sink waits.
    for polls in 1..3 {
        let (mut tx, rx) = full(AtomicRing::new(1));
        let mut flushing = ByHand::new(tx.flush());
        (0..polls).for_each(|_| assert!(flushing.poll().is_pending()));
        assert_eq!((rx.len(), flushing.is_woken()), (1, false));
        assert_eq!(rx.try_recv(), Ok(1));
        assert!(flushing.is_woken());
        assert_eq!(flushing.poll(), Poll::Ready(Ok(())));
        assert_eq!(rx.try_recv(), Ok(2));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
}

#[test]
fn one_item_at_a_time() {
    let (mut tx, rx) = full(ChannelQueue::new(1));
    assert!(ByHand::new(tx.feed(3)).poll().is_pending());
    // Only for one that does not ask.
    let start = panic::catch_unwind(AssertUnwindSafe(|| Pin::new(&mut tx).start_send(3)));
    assert!(start.is_err());
    assert_eq!(rx.try_recv(), Ok(1));
    // The one that waited goes first.
    assert_eq!(ByHand::new(tx.feed(3)).poll(), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(ByHand::new(tx.flush()).poll(), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn a_closed_channel_gives_the_item_back() {
    let (mut tx, rx) = full(ChannelQueue::new(1));
    let mut flushing = ByHand::waiting(tx.flush());
    rx.close();
    assert!(flushing.is_woken());
    assert_eq!(flushing.poll(), Poll::Ready(Err(SendError(2))));
    drop(flushing);
    // It is given back once.
    assert_eq!(ByHand::new(tx.flush()).poll(), Poll::Ready(Ok(())));
    assert_eq!(ByHand::new(tx.feed(3)).poll(), Poll::Ready(Err(SendError(3))));
    assert_eq!(ByHand::new(tx.close()).poll(), Poll::Ready(Ok(())));
    assert!(rx.iter().eq([1]));
}

/// For all senders, and after what it has taken.
#[test]
fn closing_the_sink_closes_the_channel() {
    let (mut tx, rx) = full(ChannelQueue::new(1));
    let another = tx.get_ref().clone();
    let mut closing = ByHand::waiting(tx.close());
    assert!(!another.is_closed());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(closing.poll(), Poll::Ready(Ok(())));
    assert_eq!(another.send(3), Err(SendError(3)));
    assert_eq!((rx.recv(), rx.recv()), (Ok(2), Err(RecvError)));
}

#[test]
fn an_item_is_dropped_with_its_sender() {
    for polls in 0..2 {
        let ledger = Ledger::new(2);
        let (another, rx) = channel(ChannelQueue::new(1));
        let mut tx = another.sink();
        for id in 0..2 {
            assert!(Pin::new(&mut tx).start_send(Counted::new(&ledger, id)).is_ok());
        }
        (0..polls).for_each(|_| assert!(ByHand::new(tx.flush()).poll().is_pending()));
        // It waits no more: room wakes one that does.
        let waiting = ByHand::waiting(another.send_async(Counted::new(&Ledger::new(1), 0)));
        drop(tx);
        assert_eq!((ledger.drops(0), ledger.drops(1)), (0, 1));
        assert_eq!(rx.try_recv().map(|element| element.id()), Ok(0));
        assert!(waiting.is_woken());
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn a_sink_gives_back_the_sender_and_the_item_that_waits() {
    let (sink, rx) = full(ChannelQueue::new(1));
    let (tx, item) = sink.into_inner();
    assert_eq!(item, Some(2));
    assert_eq!(ByHand::new(tx.sink().flush()).poll(), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(ByHand::new(tx.sink().feed(3)).poll(), Poll::Ready(Ok(())));
    drop(tx);
    assert!(rx.iter().eq([3]));
}

/// Others wait for room too; each sink keeps its order.
#[test]
fn what_is_forwarded_comes_out_in_order() {
    watched(|| {
        let (tx, rx) = channel(ChannelQueue::new(2));
        let each = rounds() as u64;
        let sending = [0, 1].map(|sender| {
            let tx = tx.clone();
            thread::spawn(move || {
                let mut tx = tx.into_sink();
                let items = stream::iter((0..each).map(|i| Ok((sender, i))));
                smol::block_on(tx.send_all(&mut { items })).unwrap();
            })
        });
        drop(tx);
        let mut next = [0, 0];
        for (sender, i) in rx {
            assert_eq!(i, next[sender]);
            next[sender] += 1;
        }
        assert_eq!(next, [each, each]);
        sending.into_iter().for_each(|sending| sending.join().unwrap());
    });
}
