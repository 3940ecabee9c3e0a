//! Throwing away and taking what has piled up: no more than that, beside whoever sends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ringway::channel::TryRecvError;
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Pushed, Queue, channel};

use crate::watched::{rounds, watched};

/// Whoever sends back what he takes would go on for ever if what comes later counted.
#[test]
fn what_comes_later_has_not_piled_up() {
    watched(|| {
        let (tx, rx) = channel(MutexVec::new());
        for i in 0..4 {
            assert_eq!(tx.push(i), Pushed::Stored);
        }
        let mut drained = Vec::new();
        for i in rx.drain() {
            drained.push(i);
            assert_eq!(tx.push(i + 10), Pushed::Stored);
            assert_eq!(tx.push(i + 20), Pushed::Stored);
        }
        assert_eq!(drained, [0, 1, 2, 3]);
        assert_eq!(rx.discard_oldest(3), 3);
        assert_eq!(rx.try_iter().collect::<Vec<_>>(), [21, 12, 22, 13, 23]);
    });
}

/// Nor for a drain that another has overtaken.
#[test]
fn a_drain_that_found_nothing_is_at_its_end() {
    let (tx, rx) = channel(MutexVec::new());
    for i in 0..4 {
        assert_eq!(tx.push(i), Pushed::Stored);
    }
    let mut drain = rx.drain();
    assert_eq!(
        (drain.size_hint(), drain.next(), drain.size_hint()),
        ((0, Some(4)), Some(0), (0, Some(3)))
    );
    assert_eq!(rx.discard_oldest(usize::MAX), 3);
    assert_eq!(drain.next(), None);
    assert_eq!(tx.push(9), Pushed::Stored);
    assert_eq!((drain.next(), drain.size_hint()), (None, (0, Some(0))));
    assert_eq!(rx.try_recv(), Ok(9));
}

#[test]
fn a_drain_leaves_what_is_not_taken_from_it() {
    let (tx, rx) = channel(AtomicRing::new(4));
    for i in 0..4 {
        assert_eq!(tx.push(i), Pushed::Stored);
    }
    assert_eq!(rx.drain().take(2).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(rx.discard_oldest(0), 0);
    assert_eq!(rx.drain().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

/// Each call ends though a producer never does, and what it says that it threw away is what is
/// missing.
fn beside_a_running_producer<Q: Queue<usize> + 'static>(make: fn() -> Q) {
    watched(move || {
        let (tx, rx) = channel(make());
        let stop = &AtomicBool::new(false);
        thread::scope(|scope| {
            let producer = scope.spawn(move || {
                let (mut stored, mut evicted) = (0, 0);
                while !stop.load(Ordering::Relaxed) {
                    match tx.push(stored) {
                        Pushed::Stored => stored += 1,
                        Pushed::Evicted(_) => (stored, evicted) = (stored + 1, evicted + 1),
                        Pushed::Rejected(_) | Pushed::Closed(_) => thread::yield_now(),
                    }
                }
                stored - evicted
            });
            let mut gone = 0;
            for round in 0..rounds() / 20 {
                let discarded = rx.discard_oldest([1, 3, usize::MAX][round % 3]);
                assert!(discarded <= [1, 3, 16][round % 3]);
                let drained = rx.drain().count();
                assert!(drained <= 16);
                gone += discarded + drained;
            }
            stop.store(true, Ordering::Relaxed);
            let sent = producer.join().unwrap();
            assert_eq!(sent, gone + rx.try_iter().count());
        });
    });
}

#[test]
fn beside_a_running_producer_of_an_atomic_ring() {
    beside_a_running_producer(|| AtomicRing::new(16));
}

#[test]
fn beside_a_running_producer_of_a_mutex_ring() {
    beside_a_running_producer(|| MutexRing::new(16));
}

#[test]
fn beside_a_running_producer_of_a_channel() {
    beside_a_running_producer(|| ChannelQueue::new(16));
}
