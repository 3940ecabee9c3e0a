//! The checker of long histories: that it agrees with the one of short histories where both can be
//! asked, that it accepts long histories which are right by construction, and that it refuses them
//! with one error in the middle.

use std::iter;

use ringway::Overflow;

use crate::long_checker::{Call, Counts, History, MAX_THREADS, Verdict};
use crate::random::Random;
use crate::support::history;
use crate::support::model::{Model, Op, Ret};

/// What a broken queue may do, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A pop takes the newest element.
    Reordered,
    /// A push on full evicts the newest element of the others.
    EvictedNotOldest,
    EvictedWithoutNeed,
    /// The oldest element is gone, and nobody got it.
    Lost,
    /// A push on full that should have evicted.
    StoredOnFull,
    /// A pop returns an element that was popped before.
    Doubled,
    /// A pop returns an element that is pushed only later.
    TooEarly,
    FromNowhere,
    FullWithRoom,
    NoneWhileNonEmpty,
    LengthThatNeverWas,
    /// A push gets in after the queue was closed.
    StoredAfterClosing,
    /// A push on full evicts although the queue is closed.
    EvictedAfterClosing,
    /// A `try_push` says that the queue is full, and not that it is closed.
    RejectedAfterClosing,
    ClosedTwice,
    OpenAfterClosing,
    ClosedWhileOpen,
    RefusedWhileOpen,
}

const FAULTS: [Fault; 18] = [
    Fault::Reordered,
    Fault::EvictedNotOldest,
    Fault::EvictedWithoutNeed,
    Fault::Lost,
    Fault::StoredOnFull,
    Fault::Doubled,
    Fault::TooEarly,
    Fault::FromNowhere,
    Fault::FullWithRoom,
    Fault::NoneWhileNonEmpty,
    Fault::LengthThatNeverWas,
    Fault::StoredAfterClosing,
    Fault::EvictedAfterClosing,
    Fault::RejectedAfterClosing,
    Fault::ClosedTwice,
    Fault::OpenAfterClosing,
    Fault::ClosedWhileOpen,
    Fault::RefusedWhileOpen,
];

impl Fault {
    fn needs_closing(self) -> bool {
        matches!(
            self,
            Self::StoredAfterClosing
                | Self::EvictedAfterClosing
                | Self::RejectedAfterClosing
                | Self::ClosedTwice
                | Self::OpenAfterClosing
        )
    }
}

/// Threads that take turns on the model, and hear of each other's calls late.
struct Simulation {
    random: Random,
    model: Model,
    capacity: usize,
    overflow: Overflow,
    /// Up to so many of the latest calls need not have returned, as far as the next one knows.
    overlap: usize,
    threads: Vec<Vec<Call>>,
    /// How many calls of each thread there were before each call.
    past: Vec<Counts>,
    /// All calls after a certain one know of these.
    known_to_all: Counts,
    next_value: u32,
    popped: Vec<u32>,
}

impl Simulation {
    fn new(seed: u64, threads: usize, capacity: usize, overflow: Overflow, overlap: usize) -> Self {
        Self {
            random: Random::new(seed),
            model: Model::new(Some(capacity), overflow),
            capacity,
            overflow,
            overlap,
            threads: vec![Vec::new(); threads],
            past: vec![Counts::default()],
            known_to_all: Counts::default(),
            next_value: 0,
            popped: Vec::new(),
        }
    }

    fn elements(&self) -> Vec<u32> {
        let mut model = self.model.clone();
        let pop = || if let Ret::Popped(popped) = model.apply(Op::Pop) { popped } else { None };
        iter::from_fn(pop).collect()
    }

    fn hold(&mut self, elements: &[u32]) {
        self.model = Model::new(Some(self.capacity), self.overflow);
        elements.iter().for_each(|&element| {
            self.model.apply(Op::Push(element));
        });
    }

    fn new_value(&mut self) -> u32 {
        self.next_value += 1;
        self.next_value - 1
    }

    fn record(&mut self, op: Op, ret: Ret) {
        let thread = self.random.below(self.threads.len());
        let now = *self.past.last().unwrap();
        // As in recorded histories, most calls know of all before them.
        let unknown =
            if self.random.below(3) == 0 { self.random.below(self.overlap + 1) } else { 0 };
        let seen = self.past[(self.past.len() - 1).saturating_sub(unknown)];
        let knew = self.threads[thread].last().map_or(Counts::default(), |call| call.after);
        let mut after = Counts::default();
        for i in 0..MAX_THREADS {
            after[i] = seen[i].max(knew[i]).max(self.known_to_all[i]);
        }
        after[thread] = now[thread];
        if let Ret::Popped(Some(value)) = ret {
            self.popped.push(value);
        }
        self.threads[thread].push(Call { op, ret, after });
        let mut now = now;
        now[thread] += 1;
        self.past.push(now);
    }

    fn call(&mut self, op: Op) {
        let ret = self.model.apply(op);
        self.record(op, ret);
    }

    /// Bursts of pushes and of pops, so that it is full at times, and empty.
    fn calls(&mut self, n: usize) {
        let mut done = 0;
        while done < n {
            let pushes = self.random.below(5);
            for _ in 0..(1 + self.random.below(2 * self.capacity + 4)).min(n - done) {
                let op = match self.random.below(17) {
                    0 => Op::Len,
                    1 => Op::IsEmpty,
                    2 => Op::IsFull,
                    3 => Op::TryPush(self.new_value()),
                    4 => Op::IsClosed,
                    i if i < 5 + 3 * pushes => Op::Push(self.new_value()),
                    _ => Op::Pop,
                };
                self.call(op);
                done += 1;
            }
        }
    }

    /// The fault happens in a call that overlaps with no other, so that no order of the calls can
    /// make it right.
    fn fault(&mut self, fault: Fault) {
        self.known_to_all = *self.past.last().unwrap();
        let mut elements = self.elements();
        let (op, ret) = match fault {
            Fault::Reordered => {
                let newest = elements.pop().unwrap();
                self.hold(&elements);
                (Op::Pop, Ret::Popped(Some(newest)))
            }
            Fault::EvictedNotOldest => {
                let newest = elements.pop().unwrap();
                let value = self.new_value();
                elements.push(value);
                self.hold(&elements);
                (Op::Push(value), Ret::Evicted(newest))
            }
            Fault::EvictedWithoutNeed => {
                let value = self.new_value();
                let Ret::Popped(Some(oldest)) = self.model.apply(Op::Pop) else {
                    panic!("it is empty")
                };
                self.model.apply(Op::Push(value));
                (Op::Push(value), Ret::Evicted(oldest))
            }
            Fault::Lost => {
                self.model.apply(Op::Pop);
                let op = Op::Len;
                (op, self.model.apply(op))
            }
            Fault::StoredOnFull => {
                let op = Op::Push(self.new_value());
                self.model.apply(op);
                (op, Ret::Stored)
            }
            Fault::Doubled => (Op::Pop, Ret::Popped(Some(self.random.one_of(&self.popped)))),
            Fault::TooEarly => (Op::Pop, Ret::Popped(Some(self.next_value))),
            Fault::FromNowhere => (Op::Pop, Ret::Popped(Some(u32::MAX))),
            Fault::FullWithRoom => {
                let value = self.new_value();
                (Op::TryPush(value), Ret::Rejected(value))
            }
            Fault::NoneWhileNonEmpty => (Op::Pop, Ret::Popped(None)),
            Fault::LengthThatNeverWas => (Op::Len, Ret::Len(elements.len() - 1)),
            Fault::StoredAfterClosing => (Op::Push(self.new_value()), Ret::Stored),
            Fault::EvictedAfterClosing => {
                let Ret::Popped(Some(oldest)) = self.model.apply(Op::Pop) else {
                    panic!("it is empty")
                };
                (Op::Push(self.new_value()), Ret::Evicted(oldest))
            }
            Fault::RejectedAfterClosing => {
                let value = self.new_value();
                (Op::TryPush(value), Ret::Rejected(value))
            }
            Fault::ClosedTwice => (Op::Close, Ret::Bool(true)),
            Fault::OpenAfterClosing => (Op::IsClosed, Ret::Bool(false)),
            Fault::ClosedWhileOpen => (Op::IsClosed, Ret::Bool(true)),
            Fault::RefusedWhileOpen => {
                let value = self.new_value();
                (Op::Push(value), Ret::Closed(value))
            }
        };
        self.record(op, ret);
        self.known_to_all = *self.past.last().unwrap();
        if fault == Fault::TooEarly {
            let value = self.new_value();
            self.record(Op::Push(value), Ret::Stored);
        }
    }

    /// Goes on until the fault would be one.
    fn calls_until_ready_for(&mut self, fault: Fault) {
        loop {
            let len = self.elements().len();
            let ready = match fault {
                // The newest and the oldest element must have been pushed without doubt in this
                // order.
                Fault::Reordered => len > self.overlap + 1,
                Fault::EvictedNotOldest => len > self.overlap + 1 && len == self.capacity,
                Fault::EvictedWithoutNeed | Fault::FullWithRoom => 0 < len && len < self.capacity,
                Fault::StoredOnFull => len == self.capacity,
                // Else the call after it would contradict the one before.
                Fault::TooEarly => 0 < len && len < self.capacity,
                Fault::Doubled => !self.popped.is_empty(),
                // Nothing else is wrong with such a call.
                Fault::StoredAfterClosing => len < self.capacity,
                Fault::EvictedAfterClosing | Fault::RejectedAfterClosing => len == self.capacity,
                Fault::ClosedTwice
                | Fault::OpenAfterClosing
                | Fault::ClosedWhileOpen
                | Fault::RefusedWhileOpen => true,
                Fault::Lost
                | Fault::FromNowhere
                | Fault::NoneWhileNonEmpty
                | Fault::LengthThatNeverWas => len > 0,
            };
            if ready {
                return;
            }
            self.calls(1);
        }
    }

    /// Takes out what is left, and something may be wrong with that only if something was wrong
    /// before.
    fn drained(mut self) -> History {
        self.known_to_all = *self.past.last().unwrap();
        for _ in 0..=self.elements().len() {
            self.call(Op::Pop);
        }
        self.history()
    }

    fn history(self) -> History {
        History { capacity: Some(self.capacity), overflow: self.overflow, threads: self.threads }
    }
}

/// The same question to the checker of short histories.
fn is_linearizable(history: &History) -> bool {
    let mut short = history::History::new(Model::new(history.capacity, history.overflow));
    let first = |thread: usize| history.threads[..thread].iter().map(Vec::len).sum::<usize>();
    for call in history.threads.iter().flatten() {
        let bits = |thread: usize| ((1_u64 << call.after[thread]) - 1) << first(thread);
        short.add(call.op, call.ret.clone(), (0..history.threads.len()).map(bits).sum());
    }
    short.is_linearizable()
}

/// Makes a history that may be wrong of one that was right.
fn spoil(history: &mut History, random: &mut Random) {
    let thread = random.below(history.threads.len());
    let other = random.below(history.threads.len());
    if history.threads[thread].is_empty() || history.threads[other].is_empty() {
        return;
    }
    let number = random.below(history.threads[thread].len());
    let other_number = random.below(history.threads[other].len());
    match random.below(4) {
        // A result of another call, …
        0 | 1 => {
            let ret = history.threads[other][other_number].ret.clone();
            let was = std::mem::replace(&mut history.threads[thread][number].ret, ret);
            history.threads[other][other_number].ret = was;
        }
        // … of no call, …
        2 => {
            history.threads[thread][number].ret = match history.threads[thread][number].op {
                Op::Push(value) => {
                    [Ret::Stored, Ret::Evicted(0), Ret::Evicted(1), Ret::Closed(value)]
                        [random.below(4)]
                    .clone()
                }
                Op::TryPush(value) => {
                    [Ret::Stored, Ret::Rejected(value), Ret::Closed(value)][random.below(3)].clone()
                }
                Op::Len => Ret::Len(random.below(3)),
                Op::Pop => Ret::Popped([None, Some(0), Some(1), Some(2)][random.below(4)]),
                _ => Ret::Bool(random.below(2) == 0),
            };
        }
        // … or an order in which the calls were not.
        _ => {
            if thread != other {
                for call in &mut history.threads[thread][number..] {
                    call.after[other] = call.after[other].max(other_number as u32 + 1);
                }
            }
        }
    }
}

#[test]
fn agrees_with_the_checker_of_short_histories() {
    let mut verdicts = [0; 2];
    let cases = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };
    for seed in 0..cases {
        let mut random = Random::new(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed + 1));
        let overflow =
            random.one_of(&[Overflow::EvictOldest, Overflow::EvictOldest, Overflow::RejectNewest]);
        let (threads, capacity, overlap) =
            (1 + random.below(4), 1 + random.below(4), random.below(9));
        let mut simulation =
            Simulation::new(random.below(1 << 30) as u64, threads, capacity, overflow, overlap);
        simulation.calls(1 + random.below(10));
        if random.below(2) == 0 {
            simulation.call(Op::Close);
            simulation.calls(random.below(5));
            if random.below(4) == 0 {
                simulation.call(Op::Close);
            }
        }
        let mut history = simulation.history();
        for _ in 0..random.below(3) {
            spoil(&mut history, &mut random);
        }

        let is_right = is_linearizable(&history);
        let found = history.check().verdict;
        assert_eq!(
            found == Verdict::Linearizable,
            is_right,
            "seed {seed}: {found:?}, of {history:#?}"
        );
        assert_ne!(found, Verdict::Undecided, "seed {seed}");
        verdicts[usize::from(is_right)] += 1;
    }
    assert!(verdicts.iter().all(|&count| count > cases / 5), "wrong and right: {verdicts:?}");
}

/// `f` of histories of each size: threads, capacity, overlap.
fn sizes(mut f: impl FnMut(usize, usize, usize)) {
    for (threads, capacity, overlap) in
        [(4, 1, 4), (4, 2, 4), (4, 3, 8), (4, 7, 16), (4, 64, 4), (8, 64, 2), (9, 300, 2)]
    {
        f(threads, capacity, overlap);
    }
}

#[test]
fn long_histories_that_are_right() {
    sizes(|threads, capacity, overlap| {
        for seed in 0..4 {
            let mut simulation =
                Simulation::new(seed, threads, capacity, Overflow::EvictOldest, overlap);
            simulation.calls(3000);
            if seed % 2 == 1 {
                simulation.call(Op::Close);
                simulation.calls(300);
            }
            let report = simulation.drained().check();
            assert_eq!(
                report.verdict,
                Verdict::Linearizable,
                "{threads} threads, {capacity} slots, seed {seed}"
            );
        }
    });
}

#[test]
fn long_histories_with_one_error() {
    sizes(|threads, capacity, overlap| {
        for fault in FAULTS {
            let needs_order = matches!(fault, Fault::Reordered | Fault::EvictedNotOldest);
            let needs_room =
                matches!(fault, Fault::EvictedWithoutNeed | Fault::FullWithRoom | Fault::TooEarly);
            if needs_order && capacity < overlap + 2 || needs_room && capacity == 1 {
                continue;
            }
            for seed in 0..2 {
                let mut simulation =
                    Simulation::new(seed, threads, capacity, Overflow::EvictOldest, overlap);
                simulation.calls(1000);
                if fault == Fault::EvictedAfterClosing || fault == Fault::RejectedAfterClosing {
                    // Nothing fills it any more when it is closed.
                    (0..capacity).for_each(|_| {
                        let op = Op::Push(simulation.new_value());
                        simulation.call(op);
                    });
                }
                if fault.needs_closing() {
                    simulation.call(Op::Close);
                }
                simulation.calls_until_ready_for(fault);
                simulation.fault(fault);
                simulation.calls(1000);
                let history = simulation.drained();
                let report = history.check();
                assert!(
                    matches!(report.verdict, Verdict::Wrong(_)),
                    "{:?}: {fault:?}, {threads} threads, {capacity} slots, seed {seed}",
                    report.verdict
                );
            }
        }
    });
}
