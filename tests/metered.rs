//! A metered queue counts what its callers see, whoever calls: `stored == popped + evicted + len`
//! at rest, and each figure is what the threads have counted themselves. So it is when the queue is
//! closed meanwhile.
#![cfg(not(ringway_loom))]

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use ringway::{AtomicRing, ChannelQueue, Kind, Metered, MutexRing, MutexVec, Queue, Stats};
use support::element::Element;
use support::model::{Op, Ret, call_on};
use support::script;

/// What one thread has seen, in the order of the figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    stored: u64,
    evicted: u64,
    rejected: u64,
    closed: u64,
    popped: u64,
}

impl Seen {
    fn call<T: Element>(&mut self, queue: &impl Queue<T>, op: Op) {
        match (op, call_on(queue, op)) {
            (_, Ret::Stored) => self.stored += 1,
            (_, Ret::Evicted(_)) => {
                self.stored += 1;
                self.evicted += 1;
            }
            (Op::Push(_), Ret::Rejected(_)) => self.rejected += 1,
            (Op::Push(_), Ret::Closed(_)) => self.closed += 1,
            (_, Ret::Popped(popped)) => self.popped += u64::from(popped.is_some()),
            (_, Ret::PoppedInto(popped)) => self.popped += popped.len() as u64,
            (_, Ret::Rejected(_) | Ret::Closed(_) | Ret::Ended | Ret::Len(_) | Ret::Bool(_)) => {}
        }
    }

    fn add(self, other: Self) -> Self {
        Self {
            stored: self.stored + other.stored,
            evicted: self.evicted + other.evicted,
            rejected: self.rejected + other.rejected,
            closed: self.closed + other.closed,
            popped: self.popped + other.popped,
        }
    }
}

impl From<Stats> for Seen {
    fn from(stats: Stats) -> Self {
        let Stats { stored, evicted, rejected, closed, popped, .. } = stats;
        Self { stored, evicted, rejected, closed, popped }
    }
}

#[track_caller]
fn assert_exact<T, Q: Queue<T>>(queue: &Metered<Q>, seen: Seen) {
    let stats = queue.stats();
    assert_eq!(Seen::from(stats), seen);
    assert_eq!(stats.stored, stats.popped + stats.evicted + queue.len() as u64);
}

proptest! {
    #[test]
    fn every_call_counts_for_what_it_returns(bytes in vec(any::<u8>(), 1..300)) {
        let (capacity, ops) = script::parse(&bytes).expect("there is a first byte");
        for kind in Kind::ALL {
            let queue = Metered::new(kind.build::<u32>(1 + capacity % 8).unwrap());
            let mut seen = Seen::default();
            for &op in &ops {
                seen.call(&queue, op);
                assert_exact(&queue, seen);
            }
        }
    }
}

/// More at once than have room from the start.
const THREADS: u32 = 40;
const CALLS: u32 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };

/// Twice, so that the second threads have the numbers of the first.
fn threads_count<Q: Queue<u32>>(queue: Q) {
    let queue = Metered::new(queue);
    let mut seen = Seen::default();
    for last in [false, true] {
        let (begin, done) = (Barrier::new(THREADS as usize), AtomicBool::new(false));
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut before = Seen::from(queue.stats());
                while !done.load(Ordering::Relaxed) {
                    let now = Seen::from(queue.stats());
                    let pairs = [
                        (before.stored, now.stored),
                        (before.evicted, now.evicted),
                        (before.rejected, now.rejected),
                        (before.closed, now.closed),
                        (before.popped, now.popped),
                    ];
                    assert!(
                        pairs.iter().all(|(before, now)| before <= now),
                        "{before:?}, then {now:?}"
                    );
                    before = now;
                }
            });
            let worker = |thread: u32| {
                let (queue, begin) = (&queue, &begin);
                move || {
                    let mut seen = Seen::default();
                    begin.wait();
                    for i in 0..CALLS {
                        seen.call(
                            queue,
                            match (i + thread) % 7 {
                                // Near the end, so that pushes are refused by the thousand.
                                _ if last && i + thread == CALLS - CALLS / 10 => Op::Close,
                                0..=2 => Op::Push(i),
                                3 => Op::TryPush(i),
                                4 => Op::Pop,
                                5 => Op::TryPop,
                                _ => Op::PopInto(2),
                            },
                        );
                    }
                    seen
                }
            };
            let workers: Vec<_> = (0..THREADS).map(|thread| scope.spawn(worker(thread))).collect();
            // All of them first: a watcher that is not told to stop would keep a failure from
            // showing.
            let workers: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
            done.store(true, Ordering::Relaxed);
            watcher.join().unwrap();
            seen = workers.into_iter().map(Result::unwrap).fold(seen, Seen::add);
        });
        assert_exact(&queue, seen);
        assert_eq!((queue.is_closed(), seen.closed > 0), (last, last));
    }
}

#[test]
fn threads_count_on_an_atomic_ring() {
    threads_count(AtomicRing::new(64));
}

#[test]
fn threads_count_on_a_mutex_ring() {
    threads_count(MutexRing::new(64));
}

#[test]
fn threads_count_on_a_channel() {
    threads_count(ChannelQueue::new(64));
}

#[test]
fn threads_count_on_a_mutex_vec() {
    threads_count(MutexVec::new());
}

/// The queue inside does the rest; it is what was put in.
#[test]
fn the_queue_inside_is_there() {
    let queue = Metered::new(MutexRing::new(2));
    for i in 0..3 {
        let _ = queue.push(i);
    }
    assert_eq!((queue.capacity(), queue.overflow()), (Some(2), queue.get_ref().overflow()));
    assert!(queue.is_full() && !queue.is_empty() && !queue.is_shared());
    assert!(queue.close() && !queue.close() && queue.is_closed());
    assert!(queue.get_ref().is_closed());
    assert!(queue.try_iter().take(1).eq([1]));
    assert_eq!(queue.into_inner().pop(), Some(2));
}

/// A queue that others may hold stays one when it is counted.
#[test]
fn a_shared_queue_inside_is_shared() {
    let inside = Arc::new(MutexVec::<u8>::new());
    let queue = Metered::new(Arc::clone(&inside));
    assert!(queue.is_shared());
    drop(inside);
    assert!(!queue.is_shared());
}

/// Nothing is taken for which a vector has no room.
#[test]
fn a_batch_that_panics_takes_nothing() {
    let queue = Metered::new(ChannelQueue::new(2));
    assert!(queue.push(()).is_stored() && queue.push(()).is_stored());
    // There is room for one more in a vector of nothings.
    let mut out = vec![(); usize::MAX - 1];
    assert!(panic::catch_unwind(AssertUnwindSafe(|| queue.pop_into(&mut out, 2))).is_err());
    assert_exact(&queue, Seen { stored: 2, ..Seen::default() });
}
