//! One thread: what an operation costs when nobody is in the way.
//!
//! The memory of the queue is another one in every turn, so that no contender has a lucky place for
//! good.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ringway::Pushed;

use crate::contender::{Consumer, Contender, Family, Producer};
use crate::element::{Element, SUPPLY, supply};
use crate::scene::{Effort, Inside, Sample, Scene};

/// Both ends, in the hand of one thread.
pub(crate) trait Hand<T> {
    fn push(&mut self, value: T) -> Pushed<T>;
    fn pop(&mut self) -> Option<T>;
}

impl<T, P: Producer<T>, C: Consumer<T>> Hand<T> for (P, C) {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        self.0.push(value)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.1.pop()
    }
}

pub(crate) fn overwrite<F: Family, T: Element>(scene: &Scene, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    overwrite_by::<T, _>((queue.producer(), queue.consumer()), scene, effort)
}

pub(crate) fn pair<F: Family, T: Element>(
    inside: Inside,
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    pair_by::<T, _>((queue.producer(), queue.consumer()), inside, scene, effort)
}

pub(crate) fn pop_on_empty<F: Family, T: Element>(scene: &Scene, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    timed((queue.producer(), queue.consumer()), pop_nothing::<T, _>, scene, effort)
}

/// The warm-up fills it.
pub(crate) fn overwrite_by<T: Element, H: Hand<T>>(
    hand: H,
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    timed(hand, push_all::<T, H>, scene, effort)
}

pub(crate) fn pair_by<T: Element, H: Hand<T>>(
    hand: H,
    inside: Inside,
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    timed((hand, inside.of(scene.capacity)), push_and_pop_all::<T, H>, scene, effort)
}

/// Does a number of operations by the given hand, gives it back, and says how long it took.
///
/// The hand comes by value, so that what it holds may live in registers.
type Run<H> = fn(H, u64) -> (H, Duration);

fn timed<H>(hand: H, run: Run<H>, scene: &Scene, effort: &Effort) -> Sample {
    // Twice round, so that all of it is in the page table, and in the caches if it fits there.
    let warm_up = 2 * scene.capacity as u64;
    let (hand, took) = run(hand, warm_up);
    let operations = warm_up as f64 * effort.single.as_secs_f64() / took.as_secs_f64().max(1e-9);
    let operations = operations.max(SUPPLY as f64) as u64;
    let (_, took) = run(hand, operations);
    Sample::of([("ns_per_op", took.as_secs_f64() * 1e9 / operations as f64)])
}

#[inline(never)]
fn push_all<T: Element, H: Hand<T>>(mut hand: H, operations: u64) -> (H, Duration) {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sum = 0_u64;
    let start = Instant::now();
    for i in 0..operations {
        let displaced = hand.push(supply[i as usize % SUPPLY]).displaced();
        sum = sum.wrapping_add(displaced.map_or(0, T::sum));
    }
    let took = start.elapsed();
    black_box(sum);
    (hand, took)
}

/// First pushes as many as are to be inside.
#[inline(never)]
fn push_and_pop_all<T: Element, H: Hand<T>>(
    (mut hand, inside): (H, usize),
    operations: u64,
) -> ((H, usize), Duration) {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sum = 0_u64;
    let mut start = Instant::now();
    for (operations, pops) in [(inside as u64, false), (operations, true)] {
        start = Instant::now();
        for i in 0..operations {
            let displaced = hand.push(supply[i as usize % SUPPLY]).displaced();
            sum = sum.wrapping_add(displaced.map_or(0, T::sum));
            if pops {
                let Some(oldest) = hand.pop() else { panic!("nothing came of what was pushed") };
                sum = sum.wrapping_add(oldest.sum());
            }
        }
    }
    let took = start.elapsed();
    black_box(sum);
    ((hand, 0), took)
}

#[inline(never)]
fn pop_nothing<T: Element, H: Hand<T>>(mut hand: H, operations: u64) -> (H, Duration) {
    let start = Instant::now();
    for _ in 0..operations {
        assert!(hand.pop().is_none(), "something came of nothing");
    }
    (hand, start.elapsed())
}
