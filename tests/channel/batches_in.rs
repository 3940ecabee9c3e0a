//! Batches that go in: each element goes in once or comes back, and as many receivers are woken as
//! there is something for.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::task::Poll;
use std::thread;

use ringway::channel::{RecvError, SendError};
use ringway::{AtomicRing, ChannelQueue, Pushed, channel};

use crate::by_hand::{ByHand, woken};
use crate::watched::{rounds, watched};

#[test]
fn what_a_batch_evicts_comes_back() {
    let (tx, rx) = channel(AtomicRing::new(3));
    let mut back = Vec::new();
    assert_eq!(tx.push_all(0..8, |pushed| back.push(pushed)), 8);
    assert_eq!(back, [0, 1, 2, 3, 4].map(Pushed::Evicted));
    rx.close();
    assert_eq!(tx.push_all([8, 9], |pushed| back.push(pushed)), 0);
    assert_eq!(back[5..], [8, 9].map(Pushed::Closed));
    assert!(rx.iter().eq([5, 6, 7]));
}

#[test]
fn a_batch_wakes_as_many_as_it_has_elements() {
    let (tx, rx) = channel(ChannelQueue::new(4));
    let waiting: Vec<_> = (0..4).map(|_| ByHand::waiting(rx.recv_async())).collect();
    assert_eq!(tx.push_all([1, 2], drop), 2);
    assert_eq!(woken(&waiting), 2);
    assert_eq!(tx.send_all(&mut [3].into()), Ok(()));
    assert_eq!(woken(&waiting), 3);
}

/// What has gone in before has gone in.
#[test]
fn a_batch_that_panics_wakes_for_what_it_has_pushed() {
    let (tx, rx) = channel(ChannelQueue::new(4));
    let waiting: Vec<_> = (0..3).map(|_| ByHand::waiting(rx.recv_async())).collect();
    let values = (0..3).inspect(|&i| {
        if i == 2 {
            panic::resume_unwind(Box::new("as it should"));
        }
    });
    assert!(panic::catch_unwind(AssertUnwindSafe(|| tx.push_all(values, drop))).is_err());
    assert_eq!((rx.len(), woken(&waiting)), (2, 2));
}

#[test]
fn what_was_not_sent_stays_with_the_caller() {
    let (tx, rx) = channel(AtomicRing::new(2));
    let mut values: VecDeque<_> = (0..5).collect();
    let mut sending = ByHand::waiting(tx.send_all_async(&mut values));
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(sending.is_woken() && sending.poll().is_pending());
    drop(sending);
    assert_eq!(values, [3, 4]);
    let mut sending = ByHand::waiting(tx.send_all_async(&mut values));
    rx.close();
    assert_eq!(sending.poll(), Poll::Ready(Err(SendError(()))));
    drop(sending);
    assert_eq!(values, [3, 4]);
    assert_eq!(tx.send_all(&mut values), Err(SendError(())));
    assert_eq!(values, [3, 4]);
    assert!(rx.iter().eq([1, 2]));
}

/// More than fits, to receivers that sleep in between.
#[test]
fn batches_wait_for_room() {
    watched(|| {
        let (tx, rx) = channel(ChannelQueue::new(3));
        let batches = rounds() as u64 / 10;
        let sending = thread::spawn(move || {
            for batch in 0..batches {
                tx.send_all(&mut (10 * batch..10 * (batch + 1)).collect()).unwrap();
            }
        });
        for i in 0..10 * batches {
            assert_eq!(rx.recv(), Ok(i));
        }
        sending.join().unwrap();
        assert_eq!(rx.recv(), Err(RecvError));
    });
}
