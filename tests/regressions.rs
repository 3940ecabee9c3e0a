//! What other rings of this sort got wrong, one test for each mistake and each queue.
//!
//! The last group says what must hold for every queue, the groups before it what each overflow
//! policy means.
#![cfg(not(ringway_loom))]

mod support;

use std::collections::VecDeque;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Queue};
use support::element::Element;
use support::ends::Ends;
use support::model::Op::{Close, IsClosed, IsEmpty, IsFull, Len, Pop, PopInto, Push, TryPush};
use support::model::Ret::{Bool, Closed, Evicted, Popped, PoppedInto, Rejected, Stored};
use support::model::{Op, Ret, call_on};

/// A queue as a function from calls to what they return.
fn numbers<T: Element>(queue: &impl Queue<T>) -> impl Fn(Op) -> Ret {
    |op| call_on(queue, op)
}

fn all<T: Element>(queue: &impl Queue<T>) -> Vec<u32> {
    std::iter::from_fn(|| queue.pop().map(T::number)).collect()
}

// -- A full queue evicts the oldest --

/// A ring without a notion of full takes four of four for none.
fn four_of_four_are_all_there<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(4);
    let run = numbers(&queue);
    for i in 0..4 {
        assert_eq!(run(Push(i)), Stored);
    }
    assert_eq!(run(Len), Ret::Len(4));
    assert_eq!(run(IsFull), Bool(true));
    assert_eq!(all(&queue), [0, 1, 2, 3]);
}

/// A ring that only wraps its index takes five of four for one.
fn five_of_four_leave_the_newest_four<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(4);
    let run = numbers(&queue);
    for i in 0..4 {
        assert_eq!(run(Push(i)), Stored);
    }
    assert_eq!(run(Push(4)), Evicted(0));
    assert_eq!(run(Len), Ret::Len(4));
    for i in 1..=4 {
        assert_eq!(run(Pop), Popped(Some(i)), "not the newest first");
    }
    assert_eq!(run(Pop), Popped(None));
}

/// A ring whose reader does not follow an overrun takes what comes next for nothing.
fn what_comes_after_an_overrun_is_found<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(4);
    let run = numbers(&queue);
    for i in 0..5 {
        let _displaced = run(Push(i));
    }
    assert_eq!(all(&queue), [1, 2, 3, 4]);
    assert_eq!(run(Push(5)), Stored);
    assert_eq!(run(Push(6)), Stored);
    assert_eq!(all(&queue), [5, 6]);
    assert_eq!(run(IsEmpty), Bool(true));
}

/// A ring whose reader, once overrun, jumps to the writer loses everything.
fn an_overrun_by_n_loses_n<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in 1..=9_u32 {
        for before in 0..=capacity {
            for overrun in 1..=2 * capacity + 1 {
                let queue = new(capacity as usize);
                let run = numbers(&queue);
                // So that the overrun does not start at the first slot.
                for i in 0..before {
                    assert_eq!(run(Push(i)), Stored);
                    assert_eq!(run(Pop), Popped(Some(i)));
                }
                for i in 0..capacity {
                    assert_eq!(run(Push(i)), Stored);
                }
                for i in 0..overrun {
                    assert_eq!(run(Push(capacity + i)), Evicted(i));
                }
                assert_eq!(all(&queue), (overrun..overrun + capacity).collect::<Vec<_>>());
            }
        }
    }
}

/// A ring whose writers are in each other's way leaves holes, which end a drain too early.
fn no_holes_at_rest<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in [1, 3, 64] {
        let queue = new(capacity);
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    for i in 0..10_000 {
                        let _displaced = queue.push(T::of(i));
                    }
                });
            }
        });
        assert_eq!(queue.len(), capacity);
        assert_eq!(all(&queue).len(), capacity);
    }
}

fn capacity_one_keeps_the_newest<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(1);
    let run = numbers(&queue);
    assert_eq!(run(Pop), Popped(None));
    for i in 0..10 {
        assert_eq!(run(Push(3 * i)), Stored);
        assert_eq!(run(Push(3 * i + 1)), Evicted(3 * i));
        assert_eq!(run(TryPush(3 * i + 2)), Rejected(3 * i + 2));
        assert_eq!(run(IsFull), Bool(true));
        assert_eq!(run(Pop), Popped(Some(3 * i + 1)));
        assert_eq!(run(Pop), Popped(None));
        assert_eq!(run(IsFull), Bool(false));
    }
}

fn a_ring_stays_full_for_many_laps<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in 1..=5 {
        let queue = new(capacity as usize);
        let run = numbers(&queue);
        for i in 0..capacity {
            assert_eq!(run(Push(i)), Stored);
        }
        for i in 0..1000 * capacity {
            assert_eq!(run(Push(capacity + i)), Evicted(i));
        }
        assert_eq!(
            run(PopInto(usize::MAX)),
            PoppedInto((1000 * capacity..1001 * capacity).collect())
        );
    }
}

/// A reader that a writer overtakes delivers out of order. What the writer gets back is as old as
/// what the reader gets.
fn evictions_and_pops_come_in_order<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const N: u32 = 50_000;
    for capacity in [1, 2, 7] {
        let queue = new(capacity);
        let start = Barrier::new(2);
        let pushing = AtomicBool::new(true);
        let (evicted, mut popped) = thread::scope(|scope| {
            let reader = scope.spawn(|| {
                start.wait();
                let mut popped = Vec::new();
                while pushing.load(Ordering::Acquire) {
                    popped.extend(queue.pop().map(T::number));
                }
                popped
            });
            start.wait();
            let evicted: Vec<_> =
                (0..N).filter_map(|i| queue.push(T::of(i)).displaced()).map(T::number).collect();
            pushing.store(false, Ordering::Release);
            (evicted, reader.join().unwrap())
        });
        popped.extend(all(&queue));
        assert!(evicted.is_sorted(), "evicted: {evicted:?}");
        assert!(popped.is_sorted(), "popped: {popped:?}");
        let mut both = [evicted, popped].concat();
        both.sort_unstable();
        assert!(both.into_iter().eq(0..N), "each exactly once");
    }
}

// -- A full queue rejects the newest --

fn a_full_queue_gives_the_new_element_back<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(4);
    let run = numbers(&queue);
    for i in 0..4 {
        assert_eq!(run(Push(i)), Stored);
    }
    assert_eq!(run(IsFull), Bool(true));
    assert_eq!(run(Push(4)), Rejected(4));
    assert_eq!(run(TryPush(5)), Rejected(5));
    for i in 0..4 {
        assert_eq!(run(Pop), Popped(Some(i)));
    }
    assert_eq!(run(Pop), Popped(None));
    assert_eq!(run(Push(6)), Stored);
    assert_eq!(run(Push(7)), Stored);
    assert_eq!(all(&queue), [6, 7]);
}

fn n_too_many_reject_n<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in 1..=9_u32 {
        let queue = new(capacity as usize);
        let run = numbers(&queue);
        for lap in 0..5 {
            for i in 0..capacity {
                assert_eq!(run(Push(lap + i)), Stored);
            }
            for i in 0..=lap {
                assert_eq!(run(Push(i)), Rejected(i));
            }
            assert_eq!(all(&queue), (lap..lap + capacity).collect::<Vec<_>>());
        }
    }
}

fn capacity_one_keeps_the_oldest<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(1);
    let run = numbers(&queue);
    assert_eq!(run(Pop), Popped(None));
    for i in 0..10 {
        assert_eq!(run(Push(i)), Stored);
        assert_eq!(run(Push(i + 1)), Rejected(i + 1));
        assert_eq!(run(IsFull), Bool(true));
        assert_eq!(run(Pop), Popped(Some(i)));
        assert_eq!(run(Pop), Popped(None));
    }
}

// -- A queue that grows --

fn everything_is_stored<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    let queue = new(4);
    let run = numbers(&queue);
    for i in 0..2000 {
        assert_eq!(run(if i % 2 == 0 { Push(i) } else { TryPush(i) }), Stored);
        assert_eq!(run(IsFull), Bool(false));
    }
    assert_eq!(all(&queue), (0..2000).collect::<Vec<_>>());
}

/// The head moves, the elements are moved to the front now and then: neither may show.
fn a_moving_head_does_not_show<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for pushes in 1..=4 {
        for pops in 1..=4 {
            let queue = new(4);
            let run = numbers(&queue);
            let mut expected = VecDeque::new();
            let mut next = 0..;
            for _ in 0..200 {
                for i in next.by_ref().take(pushes) {
                    assert_eq!(run(Push(i)), Stored);
                    expected.push_back(i);
                }
                for _ in 0..pops {
                    assert_eq!(run(Pop), Popped(expected.pop_front()));
                }
                assert_eq!(run(Len), Ret::Len(expected.len()));
            }
        }
    }
}

// -- Every queue --

/// Each thread takes only after it has put, and as many as there are threads fit: there is always
/// one to take.
fn pop_never_reports_empty_when_it_is_not<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const THREADS: usize = 4;
    for prefilled in [0, THREADS] {
        let queue = new(THREADS);
        for i in 0..prefilled {
            let _stored = queue.push(T::of(i as u32));
        }
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for i in 0..20_000 {
                        let _displaced = queue.push(T::of(i));
                        assert!(!queue.is_empty());
                        assert!(queue.pop().is_some());
                    }
                });
            }
        });
    }
}

/// Each thread puts only after it has taken: there is always room.
fn try_push_never_reports_full_when_it_is_not<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const THREADS: usize = 4;
    for capacity in [THREADS, THREADS + 1] {
        let queue = new(capacity);
        for i in 0..capacity {
            let _stored = queue.push(T::of(i as u32));
        }
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..20_000 {
                        let element = queue.pop().expect("not more threads than elements");
                        assert!(!queue.is_full());
                        assert!(queue.try_push(element).is_ok());
                    }
                });
            }
        });
    }
}

/// Who waits for as many messages as were sent hangs at the first one dropped. Here each one is
/// accounted for.
fn sent_is_delivered_or_displaced<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const SENT: usize = 20_000;
    let queue = new(2);
    let sending = AtomicBool::new(true);
    let (displaced, delivered) = thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let mut delivered = 0;
            loop {
                // Before the pop: what was sent last must still be seen.
                let more = sending.load(Ordering::Acquire);
                match queue.pop() {
                    Some(_) => delivered += 1,
                    None if more => thread::yield_now(),
                    None => return delivered,
                }
            }
        });
        let displaced =
            (0..SENT).filter(|&i| queue.push(T::of(i as u32)).displaced().is_some()).count();
        sending.store(false, Ordering::Release);
        (displaced, receiver.join().unwrap())
    });
    assert_eq!(delivered + displaced, SENT);
}

fn empty_again_and_again<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in 1..=5 {
        let queue = new(capacity);
        let run = numbers(&queue);
        for i in 0..200 {
            assert_eq!(run(Pop), Popped(None));
            assert_eq!(run(IsEmpty), Bool(true));
            assert_eq!(run(Push(i)), Stored);
            assert_eq!(run(IsEmpty), Bool(false));
            assert_eq!(run(Pop), Popped(Some(i)));
        }
    }
}

/// A queue that stores its tail plainly after it has closed erases the close. Every fill, and every
/// slot for the tail.
fn a_closed_queue_stays_closed<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in 1..=5 {
        for gone in 0..=2 * capacity {
            for inside in 0..=capacity {
                let queue = new(capacity as usize);
                let run = numbers(&queue);
                for i in 0..gone {
                    assert_eq!(run(Push(i)), Stored);
                    assert_eq!(run(Pop), Popped(Some(i)));
                }
                for i in 0..inside {
                    assert_eq!(run(Push(i)), Stored);
                }
                assert_eq!(run(IsClosed), Bool(false));
                assert_eq!(run(Close), Bool(true));
                for i in 0..=inside {
                    assert_eq!(run(IsClosed), Bool(true));
                    assert_eq!(run(Push(7)), Closed(7));
                    assert_eq!(run(TryPush(8)), Closed(8));
                    assert_eq!(run(Len), Ret::Len((inside - i) as usize));
                    assert_eq!(run(Pop), Popped((i < inside).then_some(i)));
                    assert_eq!(run(Close), Bool(false));
                }
            }
        }
    }
}

/// A channel that counts its pushes in and out closes a little later than it says. Here nothing
/// comes after an end.
fn nothing_comes_after_the_end<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for round in 0..60 {
        let queue = new(1 + round % 3);
        let start = Barrier::new(3);
        let is_closed = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    start.wait();
                    for i in 0.. {
                        let was_closed = is_closed.load(Ordering::Acquire);
                        if let Closed(_) =
                            numbers(&queue)(if i % 2 == 0 { Push(i) } else { TryPush(i) })
                        {
                            break;
                        }
                        assert!(!was_closed, "{i} went in after the close");
                    }
                });
            }
            start.wait();
            for _ in 0..5 * round {
                let _popped = queue.pop();
            }
            let closed_it = queue.close();
            is_closed.store(true, Ordering::Release);
            assert!(closed_it && queue.is_closed());
            while queue.pop().is_some() {}
            for _ in 0..20 {
                assert!(queue.pop().is_none(), "it was closed, and empty");
            }
        });
        assert!(queue.is_empty() && queue.pop().is_none());
    }
}

/// With room for one, `concurrent-queue` says full while the element is being taken out.
fn a_queue_for_one_is_not_full_when_it_is_empty<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const ROUNDS: u32 = 5_000;
    let queue = new(1);
    thread::scope(|scope| {
        let taking = scope.spawn(|| {
            for i in 0..ROUNDS {
                while queue.is_empty() {
                    thread::yield_now();
                }
                assert_eq!(numbers(&queue)(Pop), Popped(Some(i)));
            }
        });
        for i in 0..ROUNDS {
            while !queue.is_empty() && !taking.is_finished() {
                thread::yield_now();
            }
            assert_eq!(numbers(&queue)(TryPush(i)), Stored);
        }
    });
}

/// Each case, and those for every queue, as tests of one queue.
macro_rules! tests {
    ($queue:ident, $new:expr; $($case:ident)*) => {
        mod $queue {
            use super::*;
            tests! { $new; $($case)*
                pop_never_reports_empty_when_it_is_not
                try_push_never_reports_full_when_it_is_not
                sent_is_delivered_or_displaced
                empty_again_and_again
                a_closed_queue_stays_closed
                nothing_comes_after_the_end
                a_queue_for_one_is_not_full_when_it_is_empty
            }
        }
    };
    ($new:expr; $($case:ident)*) => {$(
        #[test]
        fn $case() {
            super::$case($new);
        }
    )*};
}

macro_rules! evicts_oldest {
    ($queue:ident, $new:expr) => {
        tests! { $queue, $new;
            four_of_four_are_all_there
            five_of_four_leave_the_newest_four
            what_comes_after_an_overrun_is_found
            an_overrun_by_n_loses_n
            no_holes_at_rest
            capacity_one_keeps_the_newest
            a_ring_stays_full_for_many_laps
            evictions_and_pops_come_in_order
        }
    };
}

evicts_oldest!(mutex_ring, MutexRing::<u32>::new);
evicts_oldest!(atomic_ring_inline, AtomicRing::<u32>::new);
evicts_oldest!(atomic_ring_exchange, AtomicRing::<[u32; 6]>::new);
evicts_oldest!(spsc, Ends::<u32>::new);

tests! { channel, ChannelQueue::<u32>::new;
    a_full_queue_gives_the_new_element_back
    n_too_many_reject_n
    capacity_one_keeps_the_oldest
}

tests! { mutex_vec, |_| MutexVec::<u32>::new();
    everything_is_stored
    a_moving_head_does_not_show
}
