//! Long histories: at least four threads with hundreds of calls each, on capacities from one up, in
//! bursts that fill and empty the queue, so that it goes round many times.
//!
//! A clock that all threads write to would keep them apart, and order more than the queue does. So
//! each thread counts its own calls where the others can see it, and looks before a call at how
//! many the others have made. A call that was counted when another began happens before it, in the
//! sense of the memory model, because the count was stored with Release and loaded with Acquire;
//! nothing else is claimed. Some histories look less often, and disturb still less: what a thread
//! once knew stays true.

use std::env;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use ringway::{AtomicRing, Kind, Queue, Storage};

use crate::long_checker::{Call, Counts, History, MAX_THREADS, Verdict};
use crate::random::Random;
use crate::stalls::Stalls;
use crate::support::element::Element;
use crate::support::model::{Op, at_rest, call_on};

const PUSHES: &[fn(u32) -> Op] = &[Op::Push, Op::Push, Op::Push, Op::Push, Op::TryPush];
const POPS: &[fn(u32) -> Op] = &[|_| Op::Pop, |_| Op::TryPop];
const LOOKS: &[fn(u32) -> Op] = &[|_| Op::Len, |_| Op::IsEmpty, |_| Op::IsFull, |_| Op::IsClosed];
const MIXED: &[fn(u32) -> Op] = &[
    Op::Push,
    Op::Push,
    Op::Push,
    Op::TryPush,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::TryPop,
    |_| Op::TryPop,
    |_| Op::Len,
];

/// What the threads of a history do.
#[derive(Clone, Copy, Debug)]
enum Mix {
    /// Every other thread pushes, the others pop.
    ProducersAndConsumers,
    /// Nobody pops: it goes round and round.
    ProducersOnly,
    /// Each thread pushes for a while, pops for a while.
    Bursts,
    /// Each call is another.
    Mixed,
}

impl Mix {
    const ALL: [Self; 4] =
        [Self::ProducersAndConsumers, Self::ProducersOnly, Self::Bursts, Self::Mixed];

    fn script(
        self,
        thread: usize,
        calls: usize,
        numbers: &mut impl Iterator<Item = u32>,
        random: &mut Random,
    ) -> Vec<Op> {
        let mut script = Vec::with_capacity(calls);
        while script.len() < calls {
            let (ops, burst) = match (self, random.below(8)) {
                (Self::Mixed, _) => (MIXED, calls),
                (_, 0) => (LOOKS, 1),
                (Self::ProducersOnly, _) => (PUSHES, 16),
                (Self::ProducersAndConsumers, _) => {
                    (if thread % 2 == 0 { PUSHES } else { POPS }, 16)
                }
                (Self::Bursts, _) => (random.one_of(&[PUSHES, POPS, MIXED]), 1 + random.below(48)),
            };
            for _ in 0..burst.min(calls - script.len()) {
                script.push(random.one_of(ops)(numbers.next().expect("a number")));
            }
        }
        script
    }
}

/// One queue, what was done to it before, and what the threads do to it at once.
struct Round<T> {
    queue: Box<dyn Queue<T>>,
    start: Vec<Call>,
    scripts: Vec<Vec<Op>>,
    /// A thread looks at the others' counts once in so many calls, …
    looks_every: usize,
    /// … and is interrupted when it has run for so long; `None`: as it comes.
    stalls_every: Option<Duration>,
    /// It lets others run after one call in so many, on average.
    yields_every: usize,
    /// How many calls each thread has made.
    returned: [CachePadded<AtomicU32>; MAX_THREADS],
}

impl<T: Element> Round<T> {
    fn random(kind: Kind, random: &mut Random) -> Self {
        let capacity = random.one_of(&[1, 2, 3, 7, 64, 300]);
        let queue = kind.build::<T>(capacity).unwrap();
        let mut numbers = 0..;

        // Empty, part full and full, with the oldest element in any slot.
        let mut start = Vec::new();
        for number in 0..random.below(2 * capacity + 1) {
            let op = if random.below(3) == 0 { Op::Pop } else { Op::Push(numbers.next().unwrap()) };
            let mut after = Counts::default();
            after[0] = number as u32;
            start.push(Call { op, ret: call_on(&*queue, op), after });
        }

        let (threads, calls) = random.one_of(&[(4, 250), (8, 125)]);
        let mix = random.one_of(&Mix::ALL);
        let mut scripts: Vec<_> =
            (0..threads).map(|thread| mix.script(thread, calls, &mut numbers, random)).collect();
        // In half of the rounds the queue is closed, by one thread or by several: late, as little
        // happens afterwards.
        for _ in 0..random.one_of(&[0, 0, 1, 3]) {
            let at = calls / 2 + random.below(calls / 2);
            scripts[random.below(threads)][at] = Op::Close;
        }
        let mut returned: [CachePadded<AtomicU32>; MAX_THREADS] = Default::default();
        returned[0] = CachePadded::new(AtomicU32::new(start.len() as u32));
        // In a long queue, so little would be known of the order of the elements that checking took
        // too long.
        let short = queue.capacity().is_some_and(|capacity| capacity < 10);
        Self {
            queue,
            start,
            scripts,
            looks_every: if short { random.one_of(&[1, 1, 1, 4]) } else { 1 },
            stalls_every: random
                .one_of(&[None, Some(2), Some(5), Some(20)])
                .map(Duration::from_micros),
            yields_every: random.one_of(&[2, 8, 32]),
            returned,
        }
    }

    /// The part of a thread, from one on.
    fn run(&self, thread: usize, random: &mut Random) -> Vec<Call> {
        let script = &self.scripts[thread - 1];
        let mut calls = Vec::with_capacity(script.len());
        let mut known = Counts::default();
        let _stalls = self.stalls_every.map(Stalls::begin);
        for (number, &op) in script.iter().enumerate() {
            if number % self.looks_every == 0 {
                // Acquire pairs with the Release below.
                known = std::array::from_fn(|other| self.returned[other].load(Ordering::Acquire));
            }
            known[thread] = number as u32;
            let ret = call_on(&*self.queue, op);
            self.returned[thread].store(number as u32 + 1, Ordering::Release);
            calls.push(Call { op, ret, after: known });
            // Or it would make all its calls before the next thread comes to run.
            if random.below(self.yields_every) == 0 {
                thread::yield_now();
            }
        }
        calls
    }

    fn history(self, recorded: Vec<Vec<Call>>) -> History {
        let mut after = Counts::default();
        after[0] = self.start.len() as u32;
        let mut threads = vec![self.start];
        threads.extend(recorded);
        (1..threads.len()).for_each(|thread| after[thread] = threads[thread].len() as u32);
        for (op, ret) in at_rest(|op| call_on(&*self.queue, op)) {
            threads[0].push(Call { op, ret, after });
            after[0] += 1;
        }
        History { capacity: self.queue.capacity(), overflow: self.queue.overflow(), threads }
    }
}

#[derive(Default)]
pub(crate) struct Summary {
    histories: usize,
    calls: usize,
    overlapping: usize,
    /// Histories in which a call overlapped with another.
    concurrent: usize,
    longest: Duration,
    total: Duration,
    most_states: usize,
    /// Histories for which the search came to its limit.
    undecided: usize,
}

impl Summary {
    pub(crate) fn check(&mut self, history: &History, what: &str) {
        let begin = Instant::now();
        let report = history.check();
        let took = begin.elapsed();
        self.histories += 1;
        self.calls += history.threads.iter().map(Vec::len).sum::<usize>();
        self.overlapping += report.overlapping;
        self.concurrent += usize::from(report.overlapping > 0);
        self.longest = self.longest.max(took);
        self.total += took;
        self.most_states = self.most_states.max(report.states);
        match report.verdict {
            Verdict::Linearizable => {}
            Verdict::Wrong(why) => panic!("{what}, history {}: {why}", self.histories),
            Verdict::Undecided => self.undecided += 1,
        }
    }

    pub(crate) fn conclude(&self, what: &str) {
        println!(
            "{what}: {} histories, {} of them with calls that overlap; {} calls, {:.0} % of them \
             overlap; checked in {:.0} µs on average, {:.1} ms at most, {} states at most; {} \
             without a verdict",
            self.histories,
            self.concurrent,
            self.calls,
            100.0 * self.overlapping as f64 / self.calls as f64,
            self.total.as_secs_f64() * 1e6 / self.histories as f64,
            self.longest.as_secs_f64() * 1e3,
            self.most_states,
            self.undecided,
        );
        // To search longer would take gigabytes, and not to bear with any would make the test fail
        // now and then.
        assert!(
            self.undecided <= 1 + self.histories / 1000,
            "{what}: too many histories without a verdict"
        );
    }
}

/// So many rounds are recorded, on the same threads, before the first is checked.
const BATCH: usize = 16;

/// What each thread recorded of each round. A round with fewer threads than there are leaves the
/// others out.
fn record<T: Element>(rounds: &[Round<T>]) -> Vec<Vec<Vec<Call>>> {
    // The tests run at once, and would take the processors from each other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let arrived: Vec<_> = rounds.iter().map(|_| AtomicUsize::new(0)).collect();
    let work = |thread: usize| -> Vec<Option<Vec<Call>>> {
        let mut random = Random::new(thread as u64);
        let part = |(round, arrived): (&Round<T>, &AtomicUsize)| {
            (thread <= round.scripts.len()).then(|| {
                // All start at once, or the first would be done before the last is awake.
                arrived.fetch_add(1, Ordering::SeqCst);
                while arrived.load(Ordering::SeqCst) < round.scripts.len() {
                    // The one that is missing may need this processor.
                    thread::yield_now();
                }
                round.run(thread, &mut random)
            })
        };
        rounds.iter().zip(&arrived).map(part).collect()
    };
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (1..MAX_THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        let mut recorded: Vec<_> = rounds.iter().map(|_| Vec::new()).collect();
        for thread in threads {
            for (round, calls) in thread.join().unwrap().into_iter().enumerate() {
                recorded[round].extend(calls);
            }
        }
        recorded
    })
}

fn run<T: Element>(what: &str, kind: Kind, histories: usize) {
    let histories = env::var("RINGWAY_HISTORIES")
        .map_or(histories, |n| n.parse().expect("RINGWAY_HISTORIES: a number"));
    // Not the same scripts for all kinds.
    let mut random =
        Random::new(0x9e37_79b9_7f4a_7c15_u64.rotate_left(8 * kind as u32) ^ size_of::<T>() as u64);
    let mut summary = Summary::default();
    while summary.histories < histories {
        let rounds: Vec<_> = (0..BATCH).map(|_| Round::<T>::random(kind, &mut random)).collect();
        let recorded = record(&rounds);
        for (round, recorded) in rounds.into_iter().zip(recorded) {
            summary.check(&round.history(recorded), what);
        }
    }
    summary.conclude(what);
}

#[test]
fn mutex_vec() {
    run::<[u32; 6]>("MutexVec", Kind::MutexVec, 32);
}

#[test]
fn channel() {
    run::<[u32; 6]>("ChannelQueue", Kind::Channel, 32);
}

#[test]
fn mutex_ring() {
    run::<[u32; 6]>("MutexRing", Kind::MutexRing, 64);
}

#[test]
fn atomic_ring_inline() {
    // Where the processor has no double-width exchange, this is one more run of the other storage.
    run::<u32>("AtomicRing, inline", Kind::AtomicRing, 160);
}

#[test]
fn atomic_ring_exchange() {
    assert_eq!(AtomicRing::<[u32; 6]>::new(1).storage(), Storage::Exchange);
    run::<[u32; 6]>("AtomicRing, exchange", Kind::AtomicRing, 160);
}
