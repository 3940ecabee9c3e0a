//! `threads`: producers and consumers flat out. The figure is the time for each delivered element.
//!
//! The clock ends a window. Nobody waits for an element, so a queue that drops all of them cannot
//! stop the benchmark. A consumer that finds nothing gives its core away, as the README says.
//! Threads are pinned, round robin: else it depends on the operating system whether two share a
//! core.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use ringway::spsc;

use crate::contenders::{Queue, for_each_shared_queue};
use crate::element::{Element, Number, supply};
use crate::{CAPACITY, Group};

/// Producers and consumers.
const CREWS: [(usize, usize); 3] = [(1, 1), (4, 1), (4, 4)];

/// Several time slices of the operating system.
const WINDOW: Duration = Duration::from_millis(20);

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("threads");
    // A sample is a window, however many iterations it is to stand for.
    group.sampling_mode(SamplingMode::Flat);
    // Only told to criterion, which else warns: the length of a run is windows times samples.
    group.measurement_time(25 * WINDOW);
    group.throughput(Throughput::Elements(1));
    with_elements::<Element<u64, 1, THREADS>>(&mut group);
    with_elements::<Element<u64, 3, THREADS>>(&mut group);
    group.finish();
}

/// The loop that has these elements for itself.
const THREADS: u8 = 7;

fn with_elements<T: Number>(group: &mut Group<'_>) {
    for_each_shared_queue!(T, shared, group);
    let id = BenchmarkId::new("spsc", format!("1p1c-{}", T::NAME));
    run::<T, _, _>(group, id, || {
        let (mut producer, mut consumer) = spsc::ring(CAPACITY);
        (vec![move |value| _ = producer.push(value)], vec![move || consumer.pop()])
    });
}

fn shared<Q: Queue<T> + Clone + Send, T: Number>(group: &mut Group<'_>) {
    for (producers, consumers) in CREWS {
        let id = BenchmarkId::new(Q::NAME, format!("{producers}p{consumers}c-{}", T::NAME));
        run::<T, _, _>(group, id, || {
            let queue = Q::with_capacity(CAPACITY);
            let push = |mut queue: Q| move |value| _ = queue.push(value);
            let pop = |mut queue: Q| move || queue.pop();
            let handles = |count| std::iter::repeat_n(queue.clone(), count);
            (handles(producers).map(push).collect(), handles(consumers).map(pop).collect())
        });
    }
}

/// `make` makes a queue, and what each producer and each consumer does.
fn run<T, P, C>(group: &mut Group<'_>, id: BenchmarkId, make: impl Fn() -> (Vec<P>, Vec<C>))
where
    T: Number,
    P: FnMut(T) + Send,
    C: FnMut() -> Option<T> + Send,
{
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            let (producers, consumers) = make();
            let (elapsed, delivered) = window(producers, consumers);
            elapsed.mul_f64(iterations as f64 / delivered.max(1) as f64)
        });
    });
}

/// Returns how long the window was, and how many elements were popped in it.
fn window<T, P, C>(producers: Vec<P>, consumers: Vec<C>) -> (Duration, u64)
where
    T: Number,
    P: FnMut(T) + Send,
    C: FnMut() -> Option<T> + Send,
{
    let start = Barrier::new(producers.len() + consumers.len() + 1);
    let over = AtomicBool::new(false);
    let (start, over) = (&start, &over);
    thread::scope(|scope| {
        let mut cores = core_affinity::get_core_ids().unwrap_or_default().into_iter().cycle();
        for mut push in producers {
            let core = cores.next();
            scope.spawn(move || {
                core.map(core_affinity::set_for_current);
                let mut next = supply::<T>();
                start.wait();
                while !over.load(Ordering::Relaxed) {
                    push(next());
                }
            });
        }
        let consume = |mut pop: C| {
            let core = cores.next();
            scope.spawn(move || {
                core.map(core_affinity::set_for_current);
                let (mut popped, mut sum) = (0, 0_u64);
                start.wait();
                while !over.load(Ordering::Relaxed) {
                    match pop() {
                        Some(element) => {
                            popped += 1;
                            sum = sum.wrapping_add(element.sum());
                        }
                        None => thread::yield_now(),
                    }
                }
                black_box(sum);
                popped
            })
        };
        let consuming: Vec<_> = consumers.into_iter().map(consume).collect();
        start.wait();
        let clock = Instant::now();
        thread::sleep(WINDOW);
        over.store(true, Ordering::Relaxed);
        let elapsed = clock.elapsed();
        (elapsed, consuming.into_iter().map(|thread| thread.join().expect("no pop panics")).sum())
    })
}
