//! Histories of the ring for one producer and one consumer: its two ends have different calls, and
//! are called directly.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use std::{array, env, thread};

use crossbeam_utils::CachePadded;
use ringway::Overflow;
use ringway::spsc::{Consumer, Producer};

use crate::long::Summary;
use crate::long_checker::{self, Call, Counts};
use crate::random::Random;
use crate::stalls::Stalls;
use crate::support::element::Element;
use crate::support::ends::{self, End, at_rest, call_either};
use crate::support::history::{History, Timed};
use crate::support::model::{Model, Op};

/// What each end may be asked to do, each as often as it stands here.
const PRODUCER: [fn(u32) -> Op; 11] = [
    Op::Push,
    Op::Push,
    Op::Push,
    Op::Push,
    Op::TryPush,
    Op::TryPush,
    Op::TryPush,
    |_| Op::Len,
    |_| Op::IsEmpty,
    |_| Op::IsFull,
    |_| Op::IsClosed,
];
const CONSUMER: [fn(u32) -> Op; 9] = [
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Len,
    |_| Op::IsEmpty,
    |_| Op::IsClosed,
];

/// What is done before: empty, part full and full, with the oldest element in any slot.
fn start(capacity: usize, random: &mut Random) -> Vec<Op> {
    (0..random.below(2 * capacity + 1) as u32)
        .map(|number| if random.below(3) == 0 { Op::Pop } else { Op::Push(number) })
        .collect()
}

/// What the producer and the consumer do. In every other history the producer closes the ring, once
/// or twice.
fn scripts(random: &mut Random, calls: impl Fn(&mut Random) -> usize) -> [Vec<Op>; 2] {
    let mut scripts = [&PRODUCER[..], &CONSUMER].map(|ops| {
        let calls = calls(random) as u32;
        // No number is pushed twice.
        (0..calls).map(|number| random.one_of(ops)(1_000_000 + number)).collect::<Vec<_>>()
    });
    for _ in 0..random.one_of(&[0, 0, 1, 2]) {
        let at = random.below(scripts[0].len());
        scripts[0][at] = Op::Close;
    }
    scripts
}

/// Both threads begin at once, or the first would be done before the other is awake.
fn meet(arrived: &AtomicUsize, round: usize) {
    arrived.fetch_add(1, Ordering::SeqCst);
    while arrived.load(Ordering::SeqCst) < 2 * (round + 1) {
        // The one that is missing may need this processor.
        thread::yield_now();
    }
}

/// Rounds that two threads go through together.
fn both<R: Send, S: Send>(
    producer: impl FnOnce() -> R + Send,
    consumer: impl FnOnce() -> S + Send,
) -> (R, S) {
    thread::scope(|scope| {
        let consumer = scope.spawn(consumer);
        let producer = scope.spawn(producer);
        (producer.join().unwrap(), consumer.join().unwrap())
    })
}

struct Short<T> {
    producer: Producer<T>,
    consumer: Consumer<T>,
    initial: Model,
    scripts: [Vec<Op>; 2],
}

impl<T: Element> Short<T> {
    fn random(random: &mut Random) -> Self {
        let capacity = 1 + random.below(4);
        let (mut producer, mut consumer, mut initial) = ends::ring(capacity);
        for op in start(capacity, random) {
            assert_eq!(call_either(&mut producer, &mut consumer, op), initial.apply(op), "{op:?}");
        }
        let scripts = scripts(random, |random| 3 + random.below(6));
        Self { producer, consumer, initial, scripts }
    }
}

fn short<T: Element>(rounds: usize) {
    let mut random = Random::new(0x51ab_c0de ^ size_of::<T>() as u64);
    let mut rounds: Vec<_> = (0..rounds).map(|_| Short::<T>::random(&mut random)).collect();
    let (arrived, clock) = (&AtomicUsize::new(0), &AtomicU64::new(0));
    let record = |round: usize, end: &mut dyn End, script: &[Op]| -> Vec<Timed> {
        let now = || clock.fetch_add(1, Ordering::SeqCst);
        let mut calls = Vec::with_capacity(script.len());
        meet(arrived, round);
        for &op in script {
            calls.push(Timed::record(op, now, |op| end.call(op)));
        }
        calls
    };
    let (producers, consumers): (Vec<_>, Vec<_>) = rounds
        .iter_mut()
        .map(|Short { producer, consumer, scripts: [pushes, pops], .. }| {
            ((producer, &*pushes), (consumer, &*pops))
        })
        .unzip();
    let (pushed, popped): (Vec<_>, Vec<_>) = both(
        || producers.into_iter().enumerate().map(|(i, (end, ops))| record(i, end, ops)).collect(),
        || consumers.into_iter().enumerate().map(|(i, (end, ops))| record(i, end, ops)).collect(),
    );
    for ((mut round, pushed), popped) in rounds.into_iter().zip(pushed).zip(popped) {
        let mut history = History::in_real_time(round.initial, &[pushed, popped]);
        history.add_at_rest(at_rest(&mut round.producer, &mut round.consumer));
        assert!(history.is_linearizable(), "not linearizable: {history:#?}");
    }
}

/// As those of the other queues in `long.rs`.
struct Long<T> {
    producer: Producer<T>,
    consumer: Consumer<T>,
    capacity: usize,
    start: Vec<Call>,
    scripts: [Vec<Op>; 2],
    /// As in the others' rounds.
    stalls_and_yields: (Option<Duration>, usize),
    returned: [CachePadded<AtomicU32>; 3],
}

impl<T: Element> Long<T> {
    fn random(random: &mut Random) -> Self {
        let capacity = random.one_of(&[1, 2, 3, 7, 64]);
        let (mut producer, mut consumer, _) = ends::ring(capacity);
        let mut before = Vec::new();
        for op in start(capacity, random) {
            let mut after = Counts::default();
            after[0] = before.len() as u32;
            before.push(Call { op, ret: call_either(&mut producer, &mut consumer, op), after });
        }
        let mut returned: [CachePadded<AtomicU32>; 3] = Default::default();
        returned[0] = CachePadded::new(AtomicU32::new(before.len() as u32));
        Self {
            producer,
            consumer,
            capacity,
            start: before,
            scripts: scripts(random, |_| 500),
            stalls_and_yields: (
                random.one_of(&[None, Some(2), Some(5), Some(20)]).map(Duration::from_micros),
                random.one_of(&[2, 8, 32]),
            ),
            returned,
        }
    }
}

/// The part of a thread, from one on.
fn run(
    thread: usize,
    end: &mut dyn End,
    script: &[Op],
    returned: &[CachePadded<AtomicU32>; 3],
    (stalls, yields_every): (Option<Duration>, usize),
) -> Vec<Call> {
    let mut calls = Vec::with_capacity(script.len());
    let _stalls = stalls.map(Stalls::begin);
    for (number, &op) in script.iter().enumerate() {
        // Acquire pairs with the Release below.
        let mut after = array::from_fn(|other| {
            returned.get(other).map_or(0, |count| count.load(Ordering::Acquire))
        });
        after[thread] = number as u32;
        let ret = end.call(op);
        returned[thread].store(number as u32 + 1, Ordering::Release);
        calls.push(Call { op, ret, after });
        // Or it would make all its calls before the other comes to run.
        if number % yields_every == 0 {
            thread::yield_now();
        }
    }
    calls
}

fn long<T: Element>(what: &str, histories: usize) {
    let histories = env::var("RINGWAY_HISTORIES")
        .map_or(histories, |n| n.parse().expect("RINGWAY_HISTORIES: a number"));
    let mut random = Random::new(0x10c0_ffee ^ size_of::<T>() as u64);
    let mut summary = Summary::default();
    for _ in 0..histories {
        let Long {
            mut producer,
            mut consumer,
            capacity,
            start,
            scripts,
            stalls_and_yields,
            returned,
        } = Long::<T>::random(&mut random);
        let arrived = AtomicUsize::new(0);
        let (pushed, popped) = both(
            || {
                meet(&arrived, 0);
                run(1, &mut producer, &scripts[0], &returned, stalls_and_yields)
            },
            || {
                meet(&arrived, 0);
                run(2, &mut consumer, &scripts[1], &returned, stalls_and_yields)
            },
        );
        let mut after = Counts::default();
        (after[1], after[2]) = (pushed.len() as u32, popped.len() as u32);
        let mut threads = vec![start, pushed, popped];
        for (op, ret) in at_rest(&mut producer, &mut consumer) {
            after[0] = threads[0].len() as u32;
            threads[0].push(Call { op, ret, after });
        }
        let history = long_checker::History {
            capacity: Some(capacity),
            overflow: Overflow::EvictOldest,
            threads,
        };
        summary.check(&history, what);
    }
    summary.conclude(what);
}

#[test]
fn spsc_short() {
    short::<u32>(10_000);
    short::<String>(5_000);
}

#[test]
fn spsc_long() {
    long::<[u32; 6]>("spsc", 160);
}
