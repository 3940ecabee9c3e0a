//! `threads`: producers and consumers flat out for a fixed time, each pinned.
//!
//! The clock ends a window, never an arrival: nobody waits for an element, so what a queue drops or delivers late
//! shows in the rates and cannot stop the benchmark.

use std::hint::{black_box, spin_loop};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};

use crate::contender::{BareExchange, Contender, each_queue};
use crate::element::{Element, SUPPLY, supply};
use crate::{CAPACITY, cores, run};

/// How many producers and how many consumers.
pub(crate) const SCENES: [(usize, usize); 4] = [(1, 1), (4, 1), (1, 4), (4, 4)];

/// Several time slices of the operating system for each thread.
pub(crate) const WINDOW: Duration = Duration::from_millis(40);

/// What happened in a window.
pub(crate) struct Counts {
    pub(crate) elapsed: Duration,
    /// Elements that got into the queue; a rejected one did not.
    pub(crate) pushed: u64,
    pub(crate) delivered: u64,
}

pub(crate) fn bench(criterion: &mut Criterion) {
    for scene in SCENES {
        element::<u64>(criterion, scene);
        element::<[u64; 3]>(criterion, scene);
    }
}

fn element<T: Element>(criterion: &mut Criterion, scene: (usize, usize)) {
    let (producers, consumers) = scene;
    let mut group = criterion.benchmark_group(format!("threads/{producers}p{consumers}c/{}B", size_of::<T>()));
    group
        .throughput(Throughput::Elements(1))
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .measurement_time(if run::is_quick() { 5 * WINDOW } else { 10 * WINDOW });
    each_queue!(contender::<T>(&mut group, scene));
    contender::<T, BareExchange>(&mut group, scene);
}

fn contender<T: Element, Q: Contender<T>>(group: &mut BenchmarkGroup<'_, WallTime>, scene: (usize, usize)) {
    let mut add = |what, count: fn(&Counts) -> u64| {
        run::add(group, BenchmarkId::new(Q::NAME, what), |iterations| {
            // A window as long as so many elements roughly take. Criterion warms up with few and works its way up; the
            // time for a few, a handful of nanoseconds, would be a coarse answer.
            let roughly = Duration::from_nanos(iterations.saturating_mul(25));
            let counts = window::<T, Q>(scene, roughly.clamp(WINDOW / 40, WINDOW));
            counts.elapsed.mul_f64(iterations as f64 / count(&counts).max(1) as f64)
        });
    };
    add("pushed", |counts| counts.pushed);
    add("delivered", |counts| counts.delivered);
}

pub(crate) fn window<T: Element, Q: Contender<T>>((producers, consumers): (usize, usize), length: Duration) -> Counts {
    // Boxed, so that nothing else is on its cache lines.
    let queue = Box::new(Q::with_capacity(CAPACITY));
    let stop = AtomicBool::new(false);
    let barrier = Barrier::new(producers + consumers + 1);
    // Twice: when all are ready the clock is started, and nobody starts before the clock.
    let ready = |number| {
        cores::pin(number);
        barrier.wait();
        barrier.wait();
    };

    thread::scope(|scope| {
        let (queue, stop, ready) = (&*queue, &stop, &ready);
        let spawn_all = |numbers: std::ops::Range<usize>, work: fn(&Q, &AtomicBool) -> u64| {
            numbers
                .map(|number| {
                    scope.spawn(move || {
                        ready(number);
                        work(queue, stop)
                    })
                })
                .collect::<Vec<_>>()
        };
        let producing = spawn_all(0..producers, produce::<T, Q>);
        let consuming = spawn_all(producers..producers + consumers, consume::<T, Q>);

        barrier.wait();
        let start = Instant::now();
        barrier.wait();
        thread::sleep(length);
        stop.store(true, Ordering::Relaxed);
        let elapsed = start.elapsed();

        let total = |threads: Vec<thread::ScopedJoinHandle<'_, u64>>| {
            threads.into_iter().map(|thread| thread.join().expect("a measuring thread panicked")).sum()
        };
        Counts { elapsed, pushed: total(producing), delivered: total(consuming) }
    })
}

fn produce<T: Element, Q: Contender<T>>(queue: &Q, stop: &AtomicBool) -> u64 {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let (mut stored, mut sum) = (0, 0_u64);
    while !stop.load(Ordering::Relaxed) {
        for &element in supply {
            let pushed = queue.push(element);
            stored += u64::from(pushed.is_stored());
            sum = sum.wrapping_add(pushed.displaced().map_or(0, T::sum));
        }
    }
    black_box(sum);
    stored
}

fn consume<T: Element, Q: Contender<T>>(queue: &Q, stop: &AtomicBool) -> u64 {
    let (mut popped, mut sum) = (0, 0_u64);
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..SUPPLY {
            match queue.pop() {
                Some(element) => {
                    popped += 1;
                    sum = sum.wrapping_add(element.sum());
                }
                None => spin_loop(),
            }
        }
    }
    black_box(sum);
    popped
}
