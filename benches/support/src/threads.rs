//! Producers and consumers flat out for a fixed time.
//!
//! The clock ends a window, never an arrival, so what a queue drops or delivers late shows in the
//! rates and cannot stop the benchmark.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use crate::contender::{Consumer, Contender, Family, Kind, Producer};
use crate::crew::{self, Shift};
use crate::element::{Element, SUPPLY, supply};
use crate::scene::{Effort, Sample, Scene};
use crate::work::Work;

pub(crate) fn turn<F: Family, T: Element + Copy>(scene: &Scene, effort: &Effort) -> Sample {
    // Boxed, so that nothing else is on its cache lines.
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    let (produced, consumed) = (Work::of(scene.produce_ns), Work::of(scene.consume_ns));
    let (elapsed, pushed, delivered) = crew::run(
        scene,
        &|_, shift| produce(queue.producer(), shift, produced),
        &|_, shift| consume(queue.consumer(), shift, consumed),
        effort.window,
        &|| queue.end(),
    );
    rates::<F>(elapsed, pushed, delivered)
}

/// The same in batches, with a supply of elements for each.
pub(crate) fn batches<F: Family, T: Element + Copy>(scene: &Scene, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    let (elapsed, pushed, delivered) = crew::run(
        scene,
        &|_, shift| produce_batches(queue.producer(), shift),
        &|_, shift| consume_batches(queue.consumer(), shift),
        effort.window,
        &|| queue.end(),
    );
    rates::<F>(elapsed, pushed, delivered)
}

/// The consumer only asks for the length: what does a push cost beside it?
pub(crate) fn polled<F: Family, T: Element + Copy>(scene: &Scene, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    let (elapsed, pushed, _) = crew::run(
        scene,
        &|_, shift| produce(queue.producer(), shift, Work::of(0)),
        &|_, shift| poll(queue.consumer(), shift),
        effort.window,
        &|| queue.end(),
    );
    let pushed: u64 = pushed.into_iter().sum();
    Sample::of([("ns_per_op", elapsed.as_secs_f64() * 1e9 / pushed.max(1) as f64)])
}

fn rates<F: Family>(elapsed: Duration, pushed: Vec<u64>, delivered: Vec<u64>) -> Sample {
    let (pushed, delivered): (u64, u64) = (pushed.into_iter().sum(), delivered.into_iter().sum());
    let rate = |count: u64| count as f64 / elapsed.as_secs_f64();
    let mut sample =
        Sample::of([("pushed_per_s", rate(pushed)), ("delivered_per_s", rate(delivered))]);
    if F::KIND != Kind::Floor {
        sample.metrics.push(("delivered_share".into(), delivered as f64 / pushed.max(1) as f64));
    }
    sample
}

/// Returns how many elements got into the queue; a rejected one did not.
#[inline(never)]
fn produce<T: Element + Copy, P: Producer<T>>(mut producer: P, shift: &Shift, work: Work) -> u64 {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let (mut stored, mut sum) = (0, 0_u64);
    shift.begin();
    while !shift.is_over() {
        for &element in supply {
            work.run();
            let pushed = producer.push(element);
            stored += u64::from(pushed.is_stored());
            sum = sum.wrapping_add(pushed.displaced().map_or(0, T::sum));
        }
    }
    black_box(sum);
    stored
}

/// Returns how many elements came out before the end.
#[inline(never)]
fn consume<T: Element, C: Consumer<T>>(mut consumer: C, shift: &Shift, work: Work) -> u64 {
    let (mut popped, mut sum) = (0, 0_u64);
    shift.begin();
    while let Some(element) = consumer.wait(|| shift.is_over()) {
        popped += 1;
        sum = sum.wrapping_add(element.sum());
        work.run();
    }
    black_box(sum);
    popped
}

#[inline(never)]
fn produce_batches<T: Element + Copy, P: Producer<T>>(mut producer: P, shift: &Shift) -> u64 {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut stored = 0;
    shift.begin();
    while !shift.is_over() {
        stored += producer.push_all(supply);
    }
    stored
}

#[inline(never)]
fn consume_batches<T: Element, C: Consumer<T>>(mut consumer: C, shift: &Shift) -> u64 {
    let mut batch = Vec::with_capacity(SUPPLY);
    let (mut popped, mut sum) = (0, 0_u64);
    shift.begin();
    while !shift.is_over() {
        if consumer.pop_into(&mut batch, SUPPLY) == 0 {
            thread::yield_now();
        }
        popped += batch.len() as u64;
        sum = batch.drain(..).fold(sum, |sum, element| sum.wrapping_add(element.sum()));
    }
    black_box(sum);
    popped
}

#[inline(never)]
fn poll<T, C: Consumer<T>>(consumer: C, shift: &Shift) {
    shift.begin();
    while !shift.is_over() {
        black_box(consumer.length());
    }
}
