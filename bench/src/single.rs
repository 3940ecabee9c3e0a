//! One thread: what an operation costs when nobody is in the way.
//!
//! The memory of the queue is another one in every turn, so that no contender has a lucky place for good.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::accounts;
use crate::contender::{Consumer, Contender, Family, Producer};
use crate::element::{Element, SUPPLY, supply};
use crate::task::{Effort, Inside, Sample, Task};

pub(crate) fn overwrite<F: Family, T: Element>(task: &Task, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(task.scene.capacity));
    // The warm-up fills it.
    timed(queue.producer(), push_all, task, effort)
}

pub(crate) fn pair<F: Family, T: Element>(inside: Inside, task: &Task, effort: &Effort) -> Sample {
    let capacity = task.scene.capacity;
    let queue = Box::new(F::Queue::<T>::with_capacity(capacity));
    timed((queue.producer(), queue.consumer(), inside.of(capacity)), push_and_pop_all, task, effort)
}

pub(crate) fn pop_on_empty<F: Family, T: Element>(task: &Task, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(task.scene.capacity));
    timed(queue.consumer(), pop_nothing, task, effort)
}

/// Memory and allocations.
pub(crate) fn count<F: Family, T: Element>(inside: Inside, task: &Task) -> Sample {
    let capacity = task.scene.capacity;
    let (queue, made) = accounts::count(|| Box::new(F::Queue::<T>::with_capacity(capacity)));
    let ((mut producer, mut consumer), filled) = accounts::count(|| {
        let (mut producer, consumer) = (queue.producer(), queue.consumer());
        for i in 0..capacity as u64 {
            let _ = producer.push(T::new(i));
        }
        (producer, consumer)
    });
    for _ in inside.of(capacity)..capacity {
        let _ = consumer.pop();
    }
    let operations = 4 * capacity as u64;
    let ((), during) = accounts::count(|| {
        for i in 0..operations {
            let _ = producer.push(T::new(i));
            if inside != Inside::All {
                let _ = consumer.pop();
            }
        }
    });
    Sample::of([
        ("bytes_per_slot", (made.bytes + filled.bytes) as f64 / capacity as f64),
        ("allocations_per_op", during.allocations as f64 / operations as f64),
    ])
}

/// Does a number of operations by the given handles, gives these back, and says how long it took.
///
/// The handles come by value, so that what they hold may live in registers.
pub(crate) type Run<H> = fn(H, u64) -> (H, Duration);

pub(crate) fn timed<H>(handles: H, run: Run<H>, task: &Task, effort: &Effort) -> Sample {
    // Twice round, so that all of it is in the page table, and in the caches if it fits there.
    let warm_up = 2 * task.scene.capacity as u64;
    let (handles, took) = run(handles, warm_up);
    let operations = warm_up as f64 * effort.single.as_secs_f64() / took.as_secs_f64().max(1e-9);
    let operations = operations.max(SUPPLY as f64) as u64;
    let (_, took) = run(handles, operations);
    Sample::of([("ns_per_op", took.as_secs_f64() * 1e9 / operations as f64)])
}

#[inline(never)]
fn push_all<T: Element, P: Producer<T>>(mut producer: P, operations: u64) -> (P, Duration) {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sum = 0_u64;
    let start = Instant::now();
    for i in 0..operations {
        let displaced = producer.push(supply[i as usize % SUPPLY].clone()).displaced();
        sum = sum.wrapping_add(displaced.map_or(0, T::sum));
    }
    let took = start.elapsed();
    black_box(sum);
    (producer, took)
}

/// First pushes as many as are to be inside.
#[inline(never)]
fn push_and_pop_all<T: Element, P: Producer<T>, C: Consumer<T>>(
    (mut producer, mut consumer, inside): (P, C, usize),
    operations: u64,
) -> ((P, C, usize), Duration) {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sum = 0_u64;
    let mut start = Instant::now();
    for (operations, pops) in [(inside as u64, false), (operations, true)] {
        start = Instant::now();
        for i in 0..operations {
            let displaced = producer.push(supply[i as usize % SUPPLY].clone()).displaced();
            sum = sum.wrapping_add(displaced.map_or(0, T::sum));
            if pops {
                let Some(oldest) = consumer.pop() else { panic!("nothing came of what was pushed") };
                sum = sum.wrapping_add(oldest.sum());
            }
        }
    }
    let took = start.elapsed();
    black_box(sum);
    ((producer, consumer, 0), took)
}

#[inline(never)]
fn pop_nothing<T: Element, C: Consumer<T>>(mut consumer: C, operations: u64) -> (C, Duration) {
    let start = Instant::now();
    for _ in 0..operations {
        assert!(consumer.pop().is_none(), "something came of nothing");
    }
    (consumer, start.elapsed())
}
