//! Real threads: what was pushed is what was popped, evicted, refused or left, each element once;
//! and every thread that takes elements takes those of each producer in the order in which they
//! were pushed.
//!
//! Counts end the runs, not clocks: a queue that loses, repeats or reorders fails here, however
//! slow the machine.
#![cfg(not(ringway_loom))]

mod support;

use std::collections::HashMap;
use std::ops::Range;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use ringway::spsc::{self, Consumer, Producer};
use ringway::{
    AtomicRing, ChannelQueue, MutexRing, MutexVec, Pushed, Queue, TryPopError, TryPushError,
};
use support::at_exit;
use support::element::Element;
use support::ends::Ends;

/// What one thread got out of a queue.
#[derive(Default)]
struct Taken {
    /// Popped or evicted, in the order in which this thread took them: the oldest each time.
    out: Vec<u32>,
    /// Its own elements that did not get in: there was no room, or the queue was closed.
    refused: Vec<u32>,
    /// How many of those the queue refused because it was closed.
    closed: usize,
}

impl Taken {
    fn push<T: Element>(&mut self, queue: &impl Queue<T>, number: u32) {
        match queue.push(T::of(number)) {
            Pushed::Stored => {
                assert_eq!(self.closed, 0, "{number} went in after another was refused as closed")
            }
            Pushed::Evicted(oldest) => {
                assert_eq!(self.closed, 0, "{number} went in after another was refused as closed");
                self.out.push(oldest.number());
            }
            Pushed::Rejected(newest) => self.refused(newest, false),
            Pushed::Closed(newest) => self.refused(newest, true),
        }
    }

    fn try_push<T: Element>(&mut self, queue: &impl Queue<T>, number: u32) {
        self.tried(queue.try_push(T::of(number)));
    }

    fn tried<T: Element>(&mut self, tried: Result<(), TryPushError<T>>) {
        if let Err(error) = tried {
            let is_closed = error.is_closed();
            self.refused(error.into_inner(), is_closed);
        }
    }

    fn refused<T: Element>(&mut self, newest: T, is_closed: bool) {
        self.refused.push(newest.number());
        // Closed stays closed.
        assert!(is_closed || self.closed == 0, "refused as full after it was refused as closed");
        self.closed += usize::from(is_closed);
    }

    fn pop<T: Element>(&mut self, queue: &impl Queue<T>) -> bool {
        let popped = queue.pop().map(T::number);
        self.out.extend(popped);
        popped.is_some()
    }

    fn try_pop<T: Element>(&mut self, queue: &impl Queue<T>) -> Result<(), TryPopError> {
        self.out.push(queue.try_pop()?.number());
        Ok(())
    }

    fn pop_into<T: Element>(&mut self, queue: &impl Queue<T>, max: usize) {
        let mut out = Vec::new();
        assert_eq!(queue.pop_into(&mut out, max), out.len());
        self.out.extend(out.into_iter().map(T::number));
    }

    /// Pushes all numbers, and takes something now and then.
    fn a_bit_of_everything<T: Element>(&mut self, queue: &impl Queue<T>, numbers: Range<u32>) {
        for number in numbers {
            match number % 3 {
                0 => self.try_push(queue, number),
                _ => self.push(queue, number),
            }
            match number % 7 {
                0 | 2 | 4 => drop(self.pop(queue)),
                5 => self.pop_into(queue, 3),
                _ => {}
            }
        }
    }
}

/// Compares what the threads took, and what is left in the queue, with what was pushed: these
/// numbers, in ascending order, each block of `per_producer` by one producer.
fn check<T: Element>(
    queue: &impl Queue<T>,
    taken: &[Taken],
    pushed: impl Iterator<Item = u32>,
    per_producer: u32,
) {
    let pushed: Vec<u32> = pushed.collect();
    let mut left = Taken::default();
    left.pop_into(queue, usize::MAX);
    assert!(queue.is_empty());
    let left = left.out;

    // The newest that anybody took, of each producer.
    let mut newest = HashMap::new();
    for Taken { out, .. } in taken {
        let mut last = HashMap::new();
        for &number in out {
            let before = last.insert(number / per_producer, number);
            assert!(before < Some(number), "{number} after {before:?} of the same producer");
        }
        for (producer, last) in last {
            let newest = newest.entry(producer).or_insert(last);
            *newest = last.max(*newest);
        }
    }
    for &number in &left {
        let before = newest.insert(number / per_producer, number);
        assert!(before < Some(number), "{number} is left, {before:?} of the same producer is not");
    }

    let mut all: Vec<u32> =
        taken.iter().flat_map(|taken| [&taken.out, &taken.refused]).flatten().copied().collect();
    all.extend(left);
    all.sort_unstable();
    if let Some(twice) = all.windows(2).find(|pair| pair[0] == pair[1]) {
        panic!("{} came out twice", twice[0]);
    }
    if let Some(lost) = pushed.iter().find(|number| all.binary_search(number).is_err()) {
        panic!("{lost} was lost");
    }
    assert_eq!(all.len(), pushed.len(), "something came out that was never pushed");
}

/// As many of both as given, producers that only push and consumers that only pop until all
/// producers are done.
fn producers_and_consumers<T: Element>(
    queue: &impl Queue<T>,
    producers: u32,
    consumers: u32,
    per_producer: u32,
) {
    let start = Barrier::new((producers + consumers) as usize);
    let producing = AtomicUsize::new(producers as usize);
    let taken: Vec<Taken> = thread::scope(|scope| {
        let (start, producing) = (&start, &producing);
        let producers = (0..producers).map(|producer| {
            scope.spawn(move || {
                start.wait();
                let mut taken = Taken::default();
                for number in producer * per_producer..(producer + 1) * per_producer {
                    taken.push(queue, number);
                }
                producing.fetch_sub(1, Ordering::Release);
                taken
            })
        });
        let consumers = (0..consumers).map(|_| {
            scope.spawn(move || {
                start.wait();
                let mut taken = Taken::default();
                loop {
                    // Before the pop: an element pushed last of all must not be left.
                    let done = producing.load(Ordering::Acquire) == 0;
                    if !taken.pop(queue) {
                        if done {
                            return taken;
                        }
                        thread::yield_now();
                    }
                }
            })
        });
        let threads: Vec<_> = producers.chain(consumers).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(queue.is_empty(), "all producers are done and every consumer has found nothing");
    check(queue, &taken, 0..producers * per_producer, per_producer);
}

fn one_to_one<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    for capacity in [1, 2, 5, 100] {
        producers_and_consumers(&new(capacity), 1, 1, 20_000);
    }
}

fn more_threads_than_cores<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const PUSHED: u32 = 12_000;
    let cores = thread::available_parallelism().map_or(2, usize::from) as u32;
    for capacity in [1, 3, 50] {
        for (producers, consumers) in [(cores + 1, cores + 1), (2 * cores, 1), (1, 2 * cores)] {
            producers_and_consumers(&new(capacity), producers, consumers, PUSHED / producers);
        }
    }
}

/// Every thread does everything, and all have used the queue before any goes on: more at once than
/// the memory for their spares was first made for.
fn forty_threads_at_once<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const THREADS: u32 = 40;
    const PER_THREAD: u32 = 500;
    for capacity in [1, 7, 64] {
        let queue = new(capacity);
        let all = Barrier::new(THREADS as usize);
        let taken: Vec<Taken> = thread::scope(|scope| {
            let (queue, all) = (&queue, &all);
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    scope.spawn(move || {
                        let mut taken = Taken::default();
                        let first = thread * PER_THREAD;
                        taken.push(queue, first);
                        all.wait();
                        taken.a_bit_of_everything(queue, first + 1..first + PER_THREAD);
                        taken
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        check(&queue, &taken, 0..THREADS * PER_THREAD, PER_THREAD);
    }
}

/// A thousand threads, twenty at a time, while one stays.
fn threads_come_and_go<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const BATCHES: u32 = 50;
    const BATCH: u32 = 20;
    const PER_THREAD: u32 = 10;
    let queue = new(13);
    let coming = AtomicUsize::new(1);
    let mut taken = Vec::new();
    thread::scope(|scope| {
        let stays = scope.spawn(|| {
            let mut taken = Taken::default();
            while coming.load(Ordering::Acquire) != 0 {
                taken.pop(&queue);
                thread::yield_now();
            }
            taken
        });
        for batch in 0..BATCHES {
            let threads: Vec<_> = (0..BATCH)
                .map(|thread| {
                    let first = (batch * BATCH + thread) * PER_THREAD;
                    let queue = &queue;
                    scope.spawn(move || {
                        let mut taken = Taken::default();
                        taken.a_bit_of_everything(queue, first..first + PER_THREAD);
                        taken
                    })
                })
                .collect();
            taken.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        }
        coming.store(0, Ordering::Release);
        taken.push(stays.join().unwrap());
    });
    check(&queue, &taken, 0..BATCHES * BATCH * PER_THREAD, PER_THREAD);
}

/// Some threads end, all at once, and use the queue to the very end; others begin meanwhile.
fn threads_use_it_while_they_end<T: Element, Q: Queue<T> + 'static>(new: impl Fn(usize) -> Q) {
    const THREADS: u32 = 60;
    const AT_ONCE: usize = 6;
    const PER_PART: u32 = 200;
    let queue = Arc::new(new(7));
    let taken = Arc::new(Mutex::new(Vec::new()));
    let ending = Arc::new(Barrier::new(AT_ONCE));
    let part = |part: u32| {
        let (queue, all_taken) = (Arc::clone(&queue), Arc::clone(&taken));
        move || {
            let mut taken = Taken::default();
            taken.a_bit_of_everything(&queue, part * PER_PART..(part + 1) * PER_PART);
            all_taken.lock().unwrap().push(taken);
        }
    };
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (before, during, after) =
                (part(3 * thread), part(3 * thread + 1), part(3 * thread + 2));
            let ending = Arc::clone(&ending);
            thread::spawn(move || {
                at_exit::wanted_before(before);
                during();
                at_exit::wanted_after(after);
                ending.wait();
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let taken = taken.lock().unwrap();
    check(&queue, &taken, 0..3 * THREADS * PER_PART, PER_PART);
}

/// Every other thread panics half way; what it has done so far counts.
fn threads_panic_while_others_go_on<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const THREADS: u32 = 8;
    const PER_THREAD: u32 = 5_000;
    let numbers = |thread: u32| {
        let first = thread * PER_THREAD;
        first..first + if dies(thread) { PER_THREAD / 2 } else { PER_THREAD }
    };
    fn dies(thread: u32) -> bool {
        thread % 2 == 1
    }
    for capacity in [1, 5] {
        let queue = new(capacity);
        let start = Barrier::new(THREADS as usize);
        let mut taken: Vec<Taken> = (0..THREADS).map(|_| Taken::default()).collect();
        thread::scope(|scope| {
            let (queue, start) = (&queue, &start);
            let threads: Vec<_> = (0..)
                .zip(&mut taken)
                .map(|(thread, taken)| {
                    scope.spawn(move || {
                        start.wait();
                        taken.a_bit_of_everything(queue, numbers(thread));
                        if dies(thread) {
                            panic::resume_unwind(Box::new("as it should"));
                        }
                    })
                })
                .collect();
            for (thread, handle) in (0..).zip(threads) {
                assert_eq!(handle.join().is_err(), dies(thread));
            }
        });
        check(&queue, &taken, (0..THREADS).flat_map(numbers), PER_THREAD);
    }
}

/// Closed while all are at it: by several threads at once, of which one closes it.
///
/// A thread that has seen it closed gets nothing in any more. What was refused and what came out is
/// all that was pushed.
fn closed_under_fire<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) {
    const PER_PRODUCER: u32 = 3_000;
    const PRODUCERS: u32 = 3;
    const CONSUMERS: usize = 2;
    for round in 0..8 {
        for capacity in [1, 2, 5, 100] {
            let queue = new(capacity);
            let start = Barrier::new(PRODUCERS as usize + CONSUMERS);
            let closed = AtomicUsize::new(0);
            let taken: Vec<Taken> = thread::scope(|scope| {
                let (queue, start, closed) = (&queue, &start, &closed);
                let producers = (0..PRODUCERS).map(|producer| {
                    scope.spawn(move || {
                        let first = producer * PER_PRODUCER;
                        let mut taken = Taken::default();
                        start.wait();
                        for number in first..first + PER_PRODUCER {
                            if number - first == PER_PRODUCER / 10 * (1 + round) {
                                closed.fetch_add(queue.close().into(), Ordering::Relaxed);
                                assert!(queue.is_closed());
                                let before = taken.closed;
                                taken.push(queue, number);
                                assert_eq!(
                                    taken.closed,
                                    before + 1,
                                    "{number} went in after closing"
                                );
                            } else if number % 3 == 0 {
                                taken.try_push(queue, number);
                            } else {
                                taken.push(queue, number);
                            }
                        }
                        taken
                    })
                });
                let consumers = (0..CONSUMERS).map(|_| {
                    scope.spawn(move || {
                        let mut taken = Taken::default();
                        start.wait();
                        loop {
                            match taken.try_pop(queue) {
                                Ok(()) => {}
                                Err(TryPopError::Empty) => thread::yield_now(),
                                Err(TryPopError::Closed) => return taken,
                            }
                        }
                    })
                });
                let threads: Vec<_> = producers.chain(consumers).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(closed.into_inner(), 1, "it is closed once");
            assert!(queue.is_closed());
            assert!(queue.is_empty(), "a consumer saw it closed, and then empty: so it is");
            check(&queue, &taken, 0..PRODUCERS * PER_PRODUCER, PER_PRODUCER);
        }
    }
}

macro_rules! tests {
    ($($queue:ident, $new:expr;)*) => {$(
        mod $queue {
            use super::*;
            tests! { $new =>
                one_to_one
                more_threads_than_cores
                forty_threads_at_once
                threads_come_and_go
                threads_use_it_while_they_end
                threads_panic_while_others_go_on
                closed_under_fire
            }
        }
    )*};
    ($new:expr => $($case:ident)*) => {$(
        #[test]
        fn $case() {
            super::$case($new);
        }
    )*};
}

tests! {
    mutex_vec_small, |_| MutexVec::<u32>::new();
    mutex_vec_large, |_| MutexVec::<[u32; 6]>::new();
    channel_small, ChannelQueue::<u32>::new;
    channel_large, ChannelQueue::<[u32; 6]>::new;
    mutex_ring_small, MutexRing::<u32>::new;
    mutex_ring_large, MutexRing::<[u32; 6]>::new;
    atomic_ring_inline, AtomicRing::<u32>::new;
    atomic_ring_inline_boxed, AtomicRing::<Box<u32>>::new;
    atomic_ring_exchange, AtomicRing::<[u32; 6]>::new;
    atomic_ring_exchange_strings, AtomicRing::<String>::new;
    // By their names these are left out under ThreadSanitizer, which does not see a standard mutex
    // wait.
    spsc_mutex_small, Ends::<u32>::new;
    spsc_mutex_strings, Ends::<String>::new;
}

// -- The two ends of `spsc`, with nothing between them and the threads --

const FLAT_OUT: u32 = 100_000;

/// Tells the consumer that the producer is done, or has panicked.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Pushes without a pause, now and then only if there is room.
fn push_flat_out<T: Element>(producer: &mut Producer<T>, taken: &mut Taken, done: &AtomicBool) {
    let _done = Done(done);
    for number in 0..FLAT_OUT {
        if number % 7 == 0 {
            taken.tried(producer.try_push(T::of(number)));
        } else {
            match producer.push(T::of(number)) {
                Pushed::Stored => assert_eq!(taken.closed, 0),
                Pushed::Evicted(oldest) => taken.out.push(oldest.number()),
                Pushed::Rejected(newest) => {
                    panic!("a ring that evicts has rejected {}", newest.number())
                }
                Pushed::Closed(newest) => taken.refused(newest, true),
            }
        }
    }
}

/// Pops until nothing is left of a producer that is done, or `enough` are had.
fn pop_flat_out<T: Element>(
    consumer: &mut Consumer<T>,
    taken: &mut Taken,
    done: &AtomicBool,
    enough: usize,
) {
    let mut out = Vec::new();
    while taken.out.len() < enough {
        // Before the pop: an element pushed last of all must not be left.
        let done = done.load(Ordering::Acquire);
        match consumer.pop() {
            Some(element) => taken.out.push(element.number()),
            None if done => return,
            None => thread::yield_now(),
        }
        if taken.out.len() % 5 == 0 {
            consumer.pop_into(&mut out, 3);
            taken.out.extend(out.drain(..).map(T::number));
        }
    }
}

/// Each side took in order, and together they had each number once.
fn assert_all_taken([pushing, popping]: [Taken; 2]) {
    for (out, whose) in [(&pushing.out, "evicted"), (&popping.out, "popped")] {
        assert!(out.is_sorted(), "{whose}: out of order");
    }
    let mut all = [pushing.out, pushing.refused, popping.out].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..FLAT_OUT), "each exactly once");
}

fn both_ends_flat_out<T: Element>(capacity: usize) {
    let (mut producer, mut consumer) = spsc::ring::<T>(capacity);
    let [mut pushing, mut popping] = [Taken::default(), Taken::default()];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let other = scope.spawn(|| pop_flat_out(&mut consumer, &mut popping, &done, usize::MAX));
        push_flat_out(&mut producer, &mut pushing, &done);
        other.join().unwrap();
    });
    assert!(producer.is_empty());
    assert_all_taken([pushing, popping]);
}

/// With an element in its hands. The producer then gets back what it pushes; what is inside stays
/// inside.
fn the_consumer_dies<T: Element>(capacity: usize) {
    let (mut producer, mut consumer) = spsc::ring::<T>(capacity);
    let [mut pushing, mut popping] = [Taken::default(), Taken::default()];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (popping, done) = (&mut popping, &done);
        let other = scope.spawn(move || {
            pop_flat_out(&mut consumer, popping, done, 1000);
            let _in_hand = consumer.pop().map(|element| popping.out.push(element.number()));
            panic::resume_unwind(Box::new("as it should"));
        });
        push_flat_out(&mut producer, &mut pushing, done);
        assert!(other.join().is_err());
    });
    assert!(producer.is_closed() && producer.is_abandoned());
    // Nobody can take what is left, so it is known only by its number.
    let left = producer.len();
    assert!(left <= capacity);
    for (out, whose) in [(&pushing.out, "evicted"), (&popping.out, "popped")] {
        assert!(out.is_sorted(), "{whose}: out of order");
    }
    let mut all = [pushing.out, pushing.refused, popping.out].concat();
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "none twice");
    assert_eq!(all.len() + left, FLAT_OUT as usize);
}

fn the_producer_dies<T: Element>(capacity: usize) {
    let (mut producer, mut consumer) = spsc::ring::<T>(capacity);
    let [mut pushing, mut popping] = [Taken::default(), Taken::default()];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (pushing, done) = (&mut pushing, &done);
        let other = scope.spawn(move || {
            push_flat_out(&mut producer, pushing, done);
            panic::resume_unwind(Box::new("as it should"));
        });
        pop_flat_out(&mut consumer, &mut popping, done, usize::MAX);
        assert!(other.join().is_err());
    });
    assert_eq!((consumer.pop().is_none(), consumer.len()), (true, 0));
    assert!(consumer.is_closed() && consumer.is_abandoned());
    assert_all_taken([pushing, popping]);
}

/// The consumer needs to be told of the end by nobody: the ring is closed.
fn the_producer_closes<T: Element>(capacity: usize) {
    let (mut producer, mut consumer) = spsc::ring::<T>(capacity);
    let [mut pushing, mut popping] = [Taken::default(), Taken::default()];
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            loop {
                // Before the pop: an element pushed last of all must not be left.
                let was_closed = consumer.is_closed();
                match consumer.pop() {
                    Some(element) => popping.out.push(element.number()),
                    None if was_closed => return,
                    None => thread::yield_now(),
                }
            }
        });
        push_flat_out(&mut producer, &mut pushing, &AtomicBool::new(false));
        assert!(producer.close());
        assert!(!producer.is_abandoned());
        other.join().unwrap();
    });
    assert_eq!((producer.len(), consumer.len()), (0, 0));
    assert_all_taken([pushing, popping]);
}

/// The other side can only make more room for the producer, and only more to take for the consumer.
fn what_an_end_sees_stays_so<T: Element>(capacity: usize) {
    let (mut producer, mut consumer) = spsc::ring::<T>(capacity);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let len = consumer.len();
                assert!(len <= consumer.len() && consumer.len() <= capacity);
                assert!(len == 0 || !consumer.is_empty());
                assert_eq!(consumer.pop_into(&mut Vec::new(), len), len);
                assert!(consumer.is_empty() || consumer.pop().is_some());
                assert!(
                    consumer.pop_into(&mut Vec::new(), usize::MAX) <= capacity,
                    "for ever, if the others push"
                );
            }
        });
        let pushing = Done(&done);
        for number in 0..FLAT_OUT {
            let len = producer.len();
            assert!(len >= producer.len() && len <= capacity);
            assert!(len == capacity || !producer.is_full());
            assert!(len > 0 || producer.is_empty());
            let room = !producer.is_full();
            let evicted = producer.push(T::of(number)).displaced();
            assert!(
                !room || evicted.is_none(),
                "{:?} was evicted, and there was room",
                evicted.map(T::number)
            );
            if !producer.is_full() {
                assert!(producer.try_push(T::of(number)).is_ok());
            }
        }
        drop(pushing);
        other.join().unwrap();
    });
}

macro_rules! spsc_tests {
    ($($case:ident)*) => {
        mod spsc_ends {
            $(#[test]
            fn $case() {
                for capacity in [1, 2, 5, 100] {
                    super::$case::<u32>(capacity);
                    super::$case::<[u32; 6]>(capacity);
                    super::$case::<String>(capacity);
                }
            })*
        }
    };
}
spsc_tests!(
    both_ends_flat_out
    the_consumer_dies
    the_producer_dies
    the_producer_closes
    what_an_end_sees_stays_so
);
