//! Short histories: random small scripts on all four queues, checked by the search that the loom
//! models use too.

use std::hint;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use ringway::{AtomicRing, Kind, Queue, Storage};

use crate::random::Random;
use crate::support::element::Element;
use crate::support::history::{History, Timed};
use crate::support::model::{Model, Op, at_rest, call_on};

/// What a script may contain, each as often as it stands here: pushes and pops are what changes a
/// queue.
const OPS: [fn(u32) -> Op; 15] = [
    Op::Push,
    Op::Push,
    Op::Push,
    Op::TryPush,
    Op::TryPush,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::TryPop,
    |_| Op::TryPop,
    |_| Op::Len,
    |_| Op::IsEmpty,
    |_| Op::IsFull,
    |_| Op::IsClosed,
    // Last, because it is left out where it is not atomic.
    |_| Op::PopInto(2),
];

/// One queue, what the threads do to it at once, and what it was like before.
struct Round<T> {
    queue: Box<dyn Queue<T>>,
    initial: Model,
    scripts: Vec<Vec<Op>>,
}

impl<T: Element> Round<T> {
    fn random(kind: Kind, threads: usize, random: &mut Random) -> Self {
        let capacity = 1 + random.below(4);
        let queue = kind.build::<T>(capacity).unwrap();
        let mut initial = Model::of(&*queue);
        let mut number = 0..;

        // Empty, part full and full, with the oldest element in any slot.
        for _ in 0..random.below(2 * capacity + 1) {
            let op = if random.below(3) == 0 { Op::Pop } else { Op::Push(number.next().unwrap()) };
            initial.follow(&*queue, op);
        }

        // The other two take an element at a time, and others may come in between.
        let atomic_pop_into = matches!(kind, Kind::MutexVec | Kind::MutexRing);
        let ops = &OPS[..OPS.len() - usize::from(!atomic_pop_into)];
        let scripts = (0..threads).map(|_| {
            let length = 3 + random.below(4);
            (0..length).map(|_| ops[random.below(ops.len())](number.next().unwrap())).collect()
        });
        let mut scripts: Vec<Vec<Op>> = scripts.collect();
        // In half of the rounds the queue is closed, by one thread or by two.
        for _ in 0..random.one_of(&[0, 0, 1, 2]) {
            let script = &mut scripts[random.below(threads)];
            let at = random.below(script.len());
            script[at] = Op::Close;
        }
        Self { scripts, queue, initial }
    }

    fn check(self, threads: Vec<Vec<Timed>>, seed: u64) {
        let mut history = History::in_real_time(self.initial, &threads);
        history.add_at_rest(at_rest(|op| call_on(&*self.queue, op)));
        assert!(history.is_linearizable(), "seed {seed:#x}: not linearizable: {history:#?}");
    }
}

/// Runs `rounds` rounds, one after the other, on the same threads.
fn run<T: Element>(kind: Kind, threads: usize, rounds: usize) {
    // The storage and the kind too, so that not all of them get the same scripts.
    let seed = 0x9e37_79b9_7f4a_7c15_u64.rotate_left((threads + 8 * kind as usize) as u32)
        ^ size_of::<T>() as u64;
    let mut random = Random::new(seed);
    let rounds: Vec<_> =
        (0..rounds).map(|_| Round::<T>::random(kind, threads, &mut random)).collect();

    let arrived = AtomicUsize::new(0);
    let clock = AtomicU64::new(0);
    let now = || clock.fetch_add(1, Ordering::SeqCst);
    let work = |thread: usize| -> Vec<Vec<Timed>> {
        let mut recorded = Vec::with_capacity(rounds.len());
        for (i, round) in rounds.iter().enumerate() {
            let script = &round.scripts[thread];
            let mut calls = Vec::with_capacity(script.len());
            // All start at once, or the first would be done before the last is awake.
            arrived.fetch_add(1, Ordering::SeqCst);
            while arrived.load(Ordering::SeqCst) < (i + 1) * threads {
                // With more threads than processors, the one that is missing may need this one.
                if threads > 2 { thread::yield_now() } else { hint::spin_loop() }
            }
            for &op in script {
                calls.push(Timed::record(op, now, |op| call_on(&*round.queue, op)));
            }
            recorded.push(calls);
        }
        recorded
    };

    let recorded: Vec<_> = thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap().into_iter()).collect()
    });
    let mut recorded = recorded;
    for round in rounds {
        round.check(recorded.iter_mut().map(|thread| thread.next().unwrap()).collect(), seed);
    }
}

fn run_all<T: Element>(kind: Kind) {
    // The interpreter is a thousand times slower.
    let scale = if cfg!(miri) { 1 } else { 500 };
    run::<T>(kind, 2, 20 * scale);
    run::<T>(kind, 3, 6 * scale);
    run::<T>(kind, 4, 4 * scale);
}

#[test]
fn mutex_vec() {
    run_all::<[u32; 6]>(Kind::MutexVec);
}

/// `len` and with it `is_empty` and `is_full` are linearizable here too: the queue reads its head
/// between two equal reads of its tail, which never goes back.
#[test]
fn channel() {
    run_all::<[u32; 6]>(Kind::Channel);
}

#[test]
fn mutex_ring() {
    run_all::<[u32; 6]>(Kind::MutexRing);
}

#[test]
fn atomic_ring_inline() {
    // Where the processor has no double-width exchange, this is one more run of the other storage.
    run_all::<u32>(Kind::AtomicRing);
}

#[test]
fn atomic_ring_exchange() {
    assert_eq!(AtomicRing::<[u32; 6]>::new(1).storage(), Storage::Exchange);
    run_all::<[u32; 6]>(Kind::AtomicRing);
}
