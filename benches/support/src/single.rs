//! One thread: what an operation costs when nobody is in the way.
//!
//! The memory of the queue is another one in every turn, so that no contender has a lucky place for
//! good.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ringway::Pushed;

use crate::contender::{Consumer, Contender, Family, Producer};
use crate::element::{Element, SUPPLY, supply};
use crate::scene::{Effort, Inside, Sample, Scene, What};

/// Both ends, in the hand of one thread.
pub(crate) trait Hand<T> {
    fn push(&mut self, value: T) -> Pushed<T>;
    fn pop(&mut self) -> Option<T>;

    fn length(&self) -> usize {
        unreachable!("it has no length")
    }

    fn pop_into(&mut self, _: &mut Vec<T>, _: usize) -> usize {
        unreachable!("it has no batches")
    }
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

    #[inline(always)]
    fn length(&self) -> usize {
        self.1.length()
    }

    #[inline(always)]
    fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        self.1.pop_into(out, max)
    }
}

/// A turn in the hands of a queue's ends, for each of the loops below.
macro_rules! turns {
    ($($turn:ident: $run:expr;)*) => {$(
        pub(crate) fn $turn<F: Family, T: Element + Copy>(
            scene: &Scene,
            effort: &Effort,
        ) -> Sample {
            let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
            timed((queue.producer(), queue.consumer()), $run, scene, effort)
        }
    )*};
}
turns! {
    overwrite: push_all::<T, _>;
    pair: push_and_pop_all::<T, _>;
    pop_on_empty: pop_nothing::<T, _>;
    length: ask::<T, _>;
    pops: drain::<T, _, false>;
    pop_into: drain::<T, _, true>;
}

/// Does a number of operations by the given hand, after pushing some elements before the first,
/// gives the hand back, and says how long the operations took.
///
/// The hand comes by value, so that what it holds may live in registers.
pub(crate) type Run<H> = fn(H, usize, u64) -> (H, Duration);

pub(crate) fn timed<H>(hand: H, run: Run<H>, scene: &Scene, effort: &Effort) -> Sample {
    // Twice round, so that all of it is in the page table, and in the caches if it fits there.
    let warm_up = 2 * scene.capacity as u64;
    let before = match scene.what {
        What::Pair(inside) => inside.of(scene.capacity),
        What::Len | What::Messages { .. } => Inside::Half.of(scene.capacity),
        _ => 0,
    };
    let (hand, took) = run(hand, before, warm_up);
    let operations = effort.operations.unwrap_or_else(|| {
        let fit = warm_up as f64 * effort.single.as_secs_f64() / took.as_secs_f64().max(1e-9);
        fit.max(SUPPLY as f64) as u64
    });
    let (_, took) = run(hand, 0, operations);
    Sample::of([("ns_per_op", took.as_secs_f64() * 1e9 / operations as f64)])
}

/// The warm-up fills it.
#[inline(never)]
pub(crate) fn push_all<T: Element + Copy, H: Hand<T>>(
    mut hand: H,
    _: usize,
    operations: u64,
) -> (H, Duration) {
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

#[inline(never)]
pub(crate) fn push_and_pop_all<T: Element + Copy, H: Hand<T>>(
    mut hand: H,
    before: usize,
    operations: u64,
) -> (H, Duration) {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sum = 0_u64;
    let mut start = Instant::now();
    // One loop for both, so that there is one push.
    for (operations, pops) in [(before as u64, false), (operations, true)] {
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
    (hand, took)
}

#[inline(never)]
fn pop_nothing<T: Element, H: Hand<T>>(mut hand: H, _: usize, operations: u64) -> (H, Duration) {
    let start = Instant::now();
    for _ in 0..operations {
        assert!(hand.pop().is_none(), "something came of nothing");
    }
    (hand, start.elapsed())
}

#[inline(never)]
fn ask<T: Element, H: Hand<T>>(mut hand: H, before: usize, operations: u64) -> (H, Duration) {
    for i in 0..before {
        let _ = hand.push(T::new(i as u64));
    }
    let start = Instant::now();
    for _ in 0..operations {
        black_box(black_box(&hand).length());
    }
    (hand, start.elapsed())
}

/// Fills and empties it, and times what empties it.
#[inline(never)]
fn drain<T: Element, H: Hand<T>, const IN_BATCHES: bool>(
    mut hand: H,
    _: usize,
    operations: u64,
) -> (H, Duration) {
    const FILL: u64 = 512;
    let mut out = Vec::with_capacity(SUPPLY);
    let (mut took, mut sum) = (Duration::ZERO, 0_u64);
    let mut left = operations;
    while left > 0 {
        let fill = left.min(FILL);
        for number in 0..fill {
            let _ = hand.push(T::new(number));
        }
        let (mut inside, start) = (fill, Instant::now());
        while inside > 0 {
            if IN_BATCHES {
                out.clear();
                inside -= hand.pop_into(&mut out, SUPPLY) as u64;
                sum = out.iter().fold(sum, |sum, element| sum.wrapping_add(element.number()));
            } else {
                let Some(oldest) = hand.pop() else { panic!("nothing came of what was pushed") };
                sum = sum.wrapping_add(oldest.number());
                inside -= 1;
            }
        }
        took += start.elapsed();
        left -= fill;
    }
    black_box(sum);
    (hand, took)
}
