//! Producers push by the clock, consumers take what is there: how long a push takes, and how old an
//! element is when it comes out.
//!
//! A push is due at a time that was fixed before. Its latency runs from there until it returns, so
//! a push that is held up is counted once for itself and again in all that became due behind it (no
//! coordinated omission). The one exception: when a producer waited for that time, and the
//! operating system let it run again later, the latencies of what became due meanwhile start when
//! it ran again. That delay is not the queue's. What the producer then has to catch up with is.
//!
//! A producer that waits for its time spins while there is a core for every thread. Where there are
//! more threads than cores it yields: a sleep is too coarse for microseconds.

use std::hint::spin_loop;
use std::thread;
use std::time::Instant;

use hdrhistogram::Histogram;

use crate::contender::{Consumer, Contender, Family, Producer};
use crate::cores;
use crate::crew::{self, Shift};
use crate::element::Element;
use crate::scene::{Effort, Sample, Scene};
use crate::work::Work;

const QUANTILES: [(&str, f64); 4] =
    [("p50", 0.5), ("p99", 0.99), ("p99_9", 0.999), ("p99_99", 0.9999)];

pub(crate) fn turn<F: Family, T: Element + Copy>(scene: &Scene, effort: &Effort) -> Sample {
    let queue = Box::new(F::Queue::<T>::with_capacity(scene.capacity));
    let work = Work::of(scene.consume_ns);
    let schedule = |number| {
        let interval = scene.producers as f64 * 1e9 / scene.rate as f64;
        let first = interval * number as f64 / scene.producers as f64;
        Schedule { first, interval, end: effort.latency.as_nanos() as f64 }
    };
    let idle = Idle::among(scene.producers + scene.consumers);
    let (_, produced, consumed) = crew::run(
        scene,
        &|number, shift| produce(queue.producer(), shift, schedule(number), idle),
        &|_, shift| consume(queue.consumer(), shift, work),
        effort.latency,
        &|| queue.end(),
    );
    sample(produced, consumed)
}

fn sample(produced: Vec<Produced>, consumed: Vec<Histogram<u64>>) -> Sample {
    let mut push_ns = histogram();
    let mut pushed = 0;
    for produced in produced {
        push_ns.add(produced.latency).expect("they have the same bounds");
        pushed += produced.stored;
    }
    let mut age_ns = histogram();
    for age in consumed {
        age_ns.add(age).expect("they have the same bounds");
    }
    let mut sample = Sample::default();
    // A floor delivers nothing.
    if !age_ns.is_empty() {
        sample.metrics.push(("delivered_share".into(), age_ns.len() as f64 / pushed.max(1) as f64));
    }
    for (what, histogram) in [("push_ns", push_ns), ("age_ns", age_ns)] {
        if histogram.is_empty() {
            continue;
        }
        let value = |quantile| histogram.value_at_quantile(quantile) as f64;
        sample
            .metrics
            .extend(QUANTILES.map(|(name, quantile)| (format!("{what}_{name}"), value(quantile))));
        sample.metrics.push((format!("{what}_max"), histogram.max() as f64));
        sample.histograms.push((what, histogram));
    }
    sample
}

/// Up to a minute, to one part in a hundred: small enough for the caches.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 2).expect("the bounds are well")
}

/// What a producer does while it waits for its time.
#[derive(Clone, Copy)]
enum Idle {
    /// It has its core for itself.
    Spin,
    /// It shares its core, and spinning would keep the others from what they have to do.
    Yield,
}

impl Idle {
    fn among(threads: usize) -> Self {
        if threads <= cores::count() { Self::Spin } else { Self::Yield }
    }

    #[inline(always)]
    fn once(self) {
        match self {
            Self::Spin => spin_loop(),
            Self::Yield => thread::yield_now(),
        }
    }
}

/// In nanoseconds since the start.
#[derive(Clone, Copy)]
struct Schedule {
    first: f64,
    interval: f64,
    end: f64,
}

impl Schedule {
    fn due(self) -> impl Iterator<Item = u64> {
        let Self { first, interval, end } = self;
        (0..)
            .map(move |i| first + interval * f64::from(i))
            .take_while(move |due| *due < end)
            .map(|due| due as u64)
    }
}

struct Produced {
    latency: Histogram<u64>,
    stored: u64,
}

#[inline(never)]
fn produce<T: Element + Copy, P: Producer<T>>(
    mut producer: P,
    shift: &Shift,
    schedule: Schedule,
    idle: Idle,
) -> Produced {
    let mut latency = histogram();
    let mut stored = 0;
    let start = shift.begin();
    let mut now = 0;
    let mut ran_again = 0;
    for due in schedule.due() {
        if now < due {
            while now < due {
                idle.once();
                now = since(start);
            }
            ran_again = now;
        }
        let due = due.max(ran_again);
        stored += u64::from(producer.push(T::new(due)).is_stored());
        now = since(start);
        latency.saturating_record((now - due).max(1));
    }
    Produced { latency, stored }
}

#[inline(never)]
fn consume<T: Element + Copy, C: Consumer<T>>(
    mut consumer: C,
    shift: &Shift,
    work: Work,
) -> Histogram<u64> {
    let mut age = histogram();
    let start = shift.begin();
    while let Some(element) = consumer.wait(|| shift.is_over()) {
        age.saturating_record(since(start).saturating_sub(element.number()).max(1));
        work.run();
    }
    age
}

#[inline(always)]
pub(crate) fn since(start: Instant) -> u64 {
    start.elapsed().as_nanos() as u64
}
