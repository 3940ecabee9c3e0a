//! Real threads: what went in is what was popped, evicted, rejected or left, each element once; and whoever takes
//! elements takes those of each producer in the order in which they were pushed.
//!
//! Counts end the runs, not clocks: a queue that loses, repeats or reorders fails here, however slow the machine.
#![cfg(not(loom))]

mod support;

use std::collections::HashMap;
use std::ops::Range;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use ringway::{AtomicRing, ChannelQueue, Full, MutexRing, MutexVec, Pushed, Queue};
use support::at_exit;
use support::element::Element;

/// What one thread got out of a queue.
#[derive(Default)]
struct Taken {
    /// Popped or evicted, in the order in which this thread took them: the oldest each time.
    out: Vec<u32>,
    /// Its own elements that did not get in.
    rejected: Vec<u32>,
}

impl Taken {
    fn push<T: Element>(&mut self, queue: &impl Queue<T>, number: u32) {
        match queue.push(T::of(number)) {
            Pushed::Stored => {}
            Pushed::Evicted(oldest) => self.out.push(oldest.number()),
            Pushed::Rejected(newest) => self.rejected.push(newest.number()),
        }
    }

    fn try_push<T: Element>(&mut self, queue: &impl Queue<T>, number: u32) {
        if let Err(Full(newest)) = queue.try_push(T::of(number)) {
            self.rejected.push(newest.number());
        }
    }

    fn pop<T: Element>(&mut self, queue: &impl Queue<T>) -> bool {
        let popped = queue.pop().map(T::number);
        self.out.extend(popped);
        popped.is_some()
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

/// Compares what the threads took, and what is left in the queue, with what was pushed: these numbers, in ascending
/// order, each block of `per_producer` by one producer.
fn check<T: Element>(queue: &impl Queue<T>, taken: &[Taken], pushed: impl Iterator<Item = u32>, per_producer: u32) {
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

    let mut all: Vec<u32> = taken.iter().flat_map(|taken| [&taken.out, &taken.rejected]).flatten().copied().collect();
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

/// As many of both as given, producers that only push and consumers that only pop until all producers are done.
fn producers_and_consumers<T: Element>(queue: &impl Queue<T>, producers: u32, consumers: u32, per_producer: u32) {
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

/// Every thread does everything, and all have used the queue before any goes on: more at once than the memory for
/// their spares was first made for.
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
            let (before, during, after) = (part(3 * thread), part(3 * thread + 1), part(3 * thread + 2));
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
}
