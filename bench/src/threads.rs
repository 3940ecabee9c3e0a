//! Producers and consumers flat out for a fixed time, each pinned.
//!
//! The clock ends a window, never an arrival: nobody waits for an element, so what a queue drops or delivers late
//! shows in the rates and cannot stop the benchmark.

use std::hint::{black_box, spin_loop};
use std::thread;
use std::time::Duration;

use crate::accounts;
use crate::contender::{Consumer, Contender, Family, Kind, Producer};
use crate::crew::{self, Shift};
use crate::element::{Element, SUPPLY, supply};
use crate::results::Scene;
use crate::task::{Effort, Sample, Task};
use crate::work::Work;

/// What happened in a window.
pub(crate) struct Counts {
    pub(crate) elapsed: Duration,
    /// Elements that got into the queue; a rejected one did not.
    pub(crate) pushed: u64,
    pub(crate) delivered: u64,
}

impl Counts {
    pub(crate) fn sample(&self) -> Sample {
        let Self { elapsed, pushed, delivered } = self;
        let rate = |count: &u64| *count as f64 / elapsed.as_secs_f64();
        let share = *delivered as f64 / *pushed.max(&1) as f64;
        Sample::of([("pushed_per_s", rate(pushed)), ("delivered_per_s", rate(delivered)), ("delivered_share", share)])
    }
}

pub(crate) fn turn<F: Family, T: Element>(task: &Task, effort: &Effort) -> Sample {
    let counts = window::<T, F::Queue<T>>(&task.scene, || thread::sleep(effort.window));
    let mut sample = counts.sample();
    // A floor may deliver more than was pushed.
    if F::KIND == Kind::Floor {
        sample.metrics.retain(|(metric, _)| metric != "delivered_share");
    }
    sample
}

/// Allocations.
pub(crate) fn count<F: Family, T: Element>(task: &Task, effort: &Effort) -> Sample {
    let mut allocations = 0;
    let counts = window::<T, F::Queue<T>>(&task.scene, || {
        let ((), account) = accounts::count(|| thread::sleep(effort.window / 4));
        allocations = account.allocations;
    });
    let operations = (counts.pushed + counts.delivered).max(1);
    Sample::of([("allocations_per_op", allocations as f64 / operations as f64)])
}

fn window<T: Element, Q: Contender<T>>(scene: &Scene, wait: impl FnOnce()) -> Counts {
    // Boxed, so that nothing else is on its cache lines.
    let queue = Box::new(Q::with_capacity(scene.capacity));
    let (produced, consumed) = (Work::of(scene.produce_ns), Work::of(scene.consume_ns));
    let (elapsed, pushed, delivered) = crew::run(
        scene,
        |_, shift| produce(queue.producer(), shift, produced),
        |_, shift| consume(queue.consumer(), shift, consumed),
        wait,
    );
    Counts { elapsed, pushed: pushed.into_iter().sum(), delivered: delivered.into_iter().sum() }
}

#[inline(never)]
fn produce<T: Element, P: Producer<T>>(mut producer: P, shift: &Shift, work: Work) -> u64 {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let (mut stored, mut sum) = (0, 0_u64);
    shift.begin();
    while !shift.is_over() {
        for element in supply {
            work.run();
            let pushed = producer.push(element.clone());
            stored += u64::from(pushed.is_stored());
            sum = sum.wrapping_add(pushed.displaced().map_or(0, T::sum));
        }
    }
    black_box(sum);
    stored
}

#[inline(never)]
fn consume<T: Element, C: Consumer<T>>(mut consumer: C, shift: &Shift, work: Work) -> u64 {
    let (mut popped, mut sum) = (0, 0_u64);
    shift.begin();
    while !shift.is_over() {
        for _ in 0..SUPPLY {
            match consumer.pop() {
                Some(element) => {
                    popped += 1;
                    sum = sum.wrapping_add(element.sum());
                    work.run();
                }
                None => spin_loop(),
            }
        }
    }
    black_box(sum);
    popped
}
