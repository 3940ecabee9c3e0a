//! Every element is dropped exactly once, wherever it ends: popped, evicted, rejected, left inside,
//! half way through an iterator, or in the hands of a thread that panics. And when the `Drop` of
//! one element panics, the others are still dropped exactly once.
//!
//! Small and large elements, because `AtomicRing` stores the two in different ways.
#![cfg(not(ringway_loom))]

mod support;

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use ringway::{
    AtomicRing, ChannelQueue, MutexRing, MutexVec, Overflow, Pushed, Queue, TryPushError, spsc,
};
use support::counted::{Counted, Counting, Ledger};
use support::ends::Ends;

const CAPACITY: usize = 4;

/// A queue that has gone round one and a half times, so that its contents do not start at the first
/// slot, and now holds the elements `first..first + n` of the ledger. Those before have been
/// popped.
fn holding<T: Counting, Q: Queue<T>>(queue: Q, ledger: &Arc<Ledger>, n: usize) -> (Q, usize) {
    let first = CAPACITY * 3 / 2;
    for id in 0..first {
        assert!(queue.push(T::new(ledger, id)).is_stored());
        assert_eq!(queue.pop().map(|element| element.id()), Some(id));
    }
    for id in first..first + n {
        assert!(queue.push(T::new(ledger, id)).is_stored());
    }
    (queue, first)
}

/// Room in the ledger for what `holding` makes.
const MOST: usize = CAPACITY * 3 / 2 + CAPACITY;

fn popped<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST);
    let (queue, first) = holding(new(), &ledger, CAPACITY);
    for id in first..MOST {
        let element = queue.pop().unwrap();
        assert_eq!((element.id(), ledger.drops(id)), (id, 0));
        drop(element);
        assert_eq!(ledger.drops(id), 1);
    }
    drop(queue);
    ledger.assert_each_dropped_once();
}

fn popped_into_a_vec<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST);
    let (queue, first) = holding(new(), &ledger, CAPACITY);
    let mut out = Vec::new();
    assert_eq!(queue.pop_into(&mut out, 3), 3);
    assert!(out.iter().map(T::id).eq(first..first + 3));
    drop(queue);
    assert!((first..first + 3).all(|id| ledger.drops(id) == 0), "still in the vec");
    drop(out);
    ledger.assert_each_dropped_once();
}

/// Evicted, rejected or stored after all, as the queue will; what comes back is whole, and the
/// caller's.
fn displaced<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST + 3 * CAPACITY);
    let (queue, first) = holding(new(), &ledger, CAPACITY);
    for id in MOST..MOST + 3 * CAPACITY {
        let pushed = queue.push(T::new(&ledger, id));
        let expected = match queue.overflow() {
            Overflow::EvictOldest => Some(id - MOST + first),
            Overflow::RejectNewest => Some(id),
            _ => None,
        };
        assert_eq!(matches!(pushed, Pushed::Evicted(_)), queue.overflow() == Overflow::EvictOldest);
        let displaced = pushed.displaced();
        assert_eq!(displaced.as_ref().map(T::id), expected);
        if let Some(id) = expected {
            assert_eq!(ledger.drops(id), 0);
            drop(displaced);
            assert_eq!(ledger.drops(id), 1);
        }
    }
    drop(queue);
    ledger.assert_each_dropped_once();
}

fn rejected<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST + 2 * CAPACITY);
    let (queue, _) = holding(new(), &ledger, CAPACITY);
    for id in MOST..MOST + 2 * CAPACITY {
        if let Err(TryPushError::Full(element)) = queue.try_push(T::new(&ledger, id)) {
            assert_eq!((element.id(), ledger.drops(id)), (id, 0));
        } else {
            assert_eq!(queue.overflow(), Overflow::Grow);
        }
    }
    drop(queue);
    ledger.assert_each_dropped_once();
}

/// What a closed queue gives back is whole, and the caller's; what is inside stays so until it is
/// popped.
fn refused_by_a_closed_queue<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    for n in 0..=CAPACITY {
        let ledger = Ledger::new(CAPACITY * 3 / 2 + n + 2 * CAPACITY);
        let (queue, first) = holding(new(), &ledger, n);
        assert!(queue.close());
        for id in first + n..first + n + CAPACITY {
            let Pushed::Closed(element) = queue.push(T::new(&ledger, id)) else {
                panic!("pushed after closing")
            };
            assert_eq!((element.id(), ledger.drops(id)), (id, 0));
            let other = id + CAPACITY;
            match queue.try_push(T::new(&ledger, other)) {
                Err(TryPushError::Closed(element)) => {
                    assert_eq!((element.id(), ledger.drops(other)), (other, 0))
                }
                pushed => panic!("after closing: {pushed:?}"),
            }
        }
        assert!((first..first + n).all(|id| ledger.drops(id) == 0), "still inside");
        assert_eq!(queue.pop().map(|element| element.id()), (n > 0).then_some(first));
        drop(queue);
        ledger.assert_each_dropped_once();
    }
}

fn left_inside<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    for n in 0..=CAPACITY {
        let ledger = Ledger::new(CAPACITY * 3 / 2 + n);
        let (queue, first) = holding(new(), &ledger, n);
        assert!((first..first + n).all(|id| ledger.drops(id) == 0), "still inside");
        drop(queue);
        ledger.assert_each_dropped_once();
    }
}

/// After an overrun the contents are those of several laps.
fn left_inside_after_an_overrun<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    for n in 0..=3 * CAPACITY {
        let ledger = Ledger::new(n);
        let queue = new();
        for id in 0..n {
            drop(queue.push(T::new(&ledger, id)).displaced());
        }
        if n % 2 == 0 {
            assert!(queue.close());
        }
        drop(queue);
        ledger.assert_each_dropped_once();
    }
}

fn left_in_the_iterator<T: Counting, Q: Queue<T> + IntoIterator<Item = T>>(new: impl Fn() -> Q) {
    for taken in 0..=CAPACITY {
        let ledger = Ledger::new(MOST);
        let (queue, first) = holding(new(), &ledger, CAPACITY);
        let mut elements = queue.into_iter();
        assert!(elements.by_ref().take(taken).map(|element| element.id()).eq(first..first + taken));
        assert!((first + taken..MOST).all(|id| ledger.drops(id) == 0), "still inside");
        drop(elements);
        ledger.assert_each_dropped_once();
    }
}

/// The thread has one element in its hands, and on its stack the last reference to the queue.
fn in_a_thread_that_panics<T: Counting, Q: Queue<T> + 'static>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST);
    let (queue, first) = holding(new(), &ledger, CAPACITY);
    let died = thread::spawn(move || {
        let element = queue.pop();
        assert_eq!(element.map(|element| element.id()), Some(first));
        let _in_hand = queue.pop();
        panic::resume_unwind(Box::new("as it should"));
    })
    .join();
    assert_eq!(died.unwrap_err().downcast_ref(), Some(&"as it should"));
    ledger.assert_each_dropped_once();
}

/// A queue outlives a thread that panics while it uses it.
fn shared_with_a_thread_that_panics<T: Counting, Q: Queue<T> + 'static>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST + 2);
    let (queue, first) = holding(Arc::new(new()), &ledger, CAPACITY);
    let died = thread::spawn({
        let queue = Arc::clone(&queue);
        let ledger = Arc::clone(&ledger);
        move || {
            let _popped = queue.pop();
            let _displaced = queue.push(T::new(&ledger, MOST)).displaced();
            panic::resume_unwind(Box::new("as it should"));
        }
    })
    .join();
    assert!(died.is_err());
    assert_eq!(ledger.drops(first), 1);
    assert_eq!(queue.len(), CAPACITY);
    drop(queue.push(T::new(&ledger, MOST + 1)).displaced());
    assert!(queue.pop().is_some());
    drop(queue);
    ledger.assert_each_dropped_once();
}

/// The element goes off in the caller's hands, never inside the queue, which goes on as if nothing
/// had happened.
fn a_displaced_or_popped_element_whose_drop_panics<T: Counting, Q: Queue<T>>(new: impl Fn() -> Q) {
    let ledger = Ledger::new(MOST + 2);
    let (queue, first) = holding(new(), &ledger, CAPACITY);
    let attempt = |id| {
        ledger.arm(id);
        catch_unwind(AssertUnwindSafe(|| drop(queue.push(T::new(&ledger, MOST)).displaced())))
    };
    let exploded = match queue.overflow() {
        Overflow::EvictOldest => attempt(first).is_err(),
        Overflow::RejectNewest => attempt(MOST).is_err(),
        _ => attempt(usize::MAX).is_ok(),
    };
    assert!(exploded);
    let next = queue.pop().unwrap();
    ledger.arm(next.id());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(next))).is_err());

    assert!(queue.push(T::new(&ledger, MOST + 1)).is_stored());
    drop(queue);
    ledger.assert_each_dropped_once();
}

/// Drops what `make` makes of a queue, with one of the elements inside panicking, each in turn.
fn go_off_inside<T: Counting, Q: Queue<T>, R>(new: impl Fn() -> Q, make: impl Fn(Q) -> R) {
    for bomb in 0..CAPACITY {
        let ledger = Ledger::new(MOST);
        let (queue, first) = holding(new(), &ledger, CAPACITY);
        let remains = make(queue);
        ledger.arm(first + bomb);
        let caught = catch_unwind(AssertUnwindSafe(|| drop(remains)));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"an element whose drop panics"));
        ledger.assert_each_dropped_once();
    }
}

fn an_element_inside_whose_drop_panics<T: Counting, Q: Queue<T> + IntoIterator<Item = T>>(
    new: impl Fn() -> Q,
) {
    go_off_inside(&new, |queue| queue);
    go_off_inside(&new, Q::into_iter);
}

/// Every case, as tests of one queue.
macro_rules! tests {
    ($queue:ident, $new:expr) => {
        mod $queue {
            use super::*;
            tests! { $new;
                popped
                popped_into_a_vec
                displaced
                rejected
                refused_by_a_closed_queue
                left_inside
                left_inside_after_an_overrun
                left_in_the_iterator
                in_a_thread_that_panics
                shared_with_a_thread_that_panics
                a_displaced_or_popped_element_whose_drop_panics
                an_element_inside_whose_drop_panics
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

tests! { mutex_vec_small, MutexVec::<Box<Counted>>::new }
tests! { mutex_vec_large, MutexVec::<Counted>::new }
tests! { mutex_ring_small, || MutexRing::<Box<Counted>>::new(CAPACITY) }
tests! { mutex_ring_large, || MutexRing::<Counted>::new(CAPACITY) }
tests! { atomic_ring_inline, || AtomicRing::<Box<Counted>>::new(CAPACITY) }
tests! { atomic_ring_exchange, || AtomicRing::<Counted>::new(CAPACITY) }
tests! { channel_small, || ChannelQueue::<Box<Counted>>::new(CAPACITY) }
tests! { channel_large, || ChannelQueue::<Counted>::new(CAPACITY) }
tests! { spsc_small, || Ends::<Box<Counted>>::new(CAPACITY) }
tests! { spsc_large, || Ends::<Counted>::new(CAPACITY) }

// -- The two ends of `spsc`, of which either may go first --

/// What nobody can take any more is not evicted, and nothing is added: it goes with the producer.
#[test]
fn a_producer_goes_on_without_its_consumer() {
    for pushed in [0, 3, 2 * CAPACITY] {
        let ledger = Ledger::new(pushed + 2 * CAPACITY);
        let (mut producer, mut consumer) = spsc::ring(CAPACITY);
        for id in 0..pushed {
            drop(producer.push(Counted::new(&ledger, id)).displaced());
        }
        let oldest = pushed.saturating_sub(CAPACITY);
        assert_eq!(consumer.pop().map(|element| element.id()), (pushed > 0).then_some(oldest));
        drop(consumer);
        let inside = (oldest + 1).min(pushed)..pushed;
        assert_eq!(producer.len(), inside.len());

        for id in pushed..pushed + CAPACITY {
            let Pushed::Closed(element) = producer.push(Counted::new(&ledger, id)) else {
                panic!("{id} went in")
            };
            assert_eq!((element.id(), ledger.drops(id)), (id, 0));
            let other = id + CAPACITY;
            let refused = producer.try_push(Counted::new(&ledger, other)).unwrap_err();
            assert!(refused.is_closed());
            assert_eq!((refused.into_inner().id(), ledger.drops(other)), (other, 0));
        }
        assert!(inside.clone().all(|id| ledger.drops(id) == 0), "still inside");
        drop(producer);
        ledger.assert_each_dropped_once();
    }
}

/// The consumer may have been overrun by then.
#[test]
fn a_consumer_goes_on_without_its_producer() {
    for pushed in 0..=3 * CAPACITY {
        for taken in 0..=CAPACITY.min(pushed) {
            let ledger = Ledger::new(pushed);
            let (mut producer, mut consumer) = spsc::ring(CAPACITY);
            for id in 0..pushed {
                drop(producer.push(Counted::new(&ledger, id)).displaced());
            }
            drop(producer);
            let oldest = pushed.saturating_sub(CAPACITY);
            assert!((oldest..pushed).all(|id| ledger.drops(id) == 0), "still inside");
            for id in oldest..oldest + taken {
                assert_eq!(consumer.pop().map(|element| element.id()), Some(id));
            }
            drop(consumer);
            ledger.assert_each_dropped_once();
        }
    }
}

/// Whichever end goes last takes with it what is inside, on its own thread, and even if one of it
/// goes off.
#[test]
fn the_last_end_to_go_drops_what_is_inside() {
    for (bomb, producer_last) in (0..CAPACITY).flat_map(|bomb| [(bomb, false), (bomb, true)]) {
        let ledger = Ledger::new(CAPACITY);
        let (mut producer, consumer) = spsc::ring(CAPACITY);
        for id in 0..CAPACITY {
            assert!(producer.push(Counted::new(&ledger, id)).displaced().is_none());
        }
        ledger.arm(bomb);
        let died = if producer_last {
            drop(consumer);
            thread::spawn(|| drop(producer)).join()
        } else {
            drop(producer);
            thread::spawn(|| drop(consumer)).join()
        };
        assert_eq!(died.unwrap_err().downcast_ref(), Some(&"an element whose drop panics"));
        ledger.assert_each_dropped_once();
    }
}

/// Both ends go at the same time, and each element still goes once.
#[test]
fn both_ends_go_at_once() {
    for _ in 0..500 {
        let ledger = Ledger::new(2 * CAPACITY);
        let (mut producer, mut consumer) = spsc::ring(CAPACITY);
        let other = thread::spawn({
            let ledger = Arc::clone(&ledger);
            move || {
                for id in 0..2 * CAPACITY {
                    drop(producer.push(Counted::new(&ledger, id)).displaced());
                }
            }
        });
        drop(consumer.pop());
        drop(consumer);
        other.join().unwrap();
        ledger.assert_each_dropped_once();
    }
}
