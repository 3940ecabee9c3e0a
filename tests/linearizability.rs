//! All four queues on real threads: random small scripts run at once, and every recorded history is checked for
//! linearizability. What the models show of [loom]'s threads, this shows of the processor's, assembly included.
//!
//! The checker itself is tested first, because a checker that accepts everything passes every queue.
//!
//! [loom]: https://docs.rs/loom
#![cfg(not(loom))]

mod support;

use std::hint;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use ringway::{AtomicRing, Kind, Queue, Storage};
use support::element::Element;
use support::history::{History, Timed};
use support::model::{Model, Op, Ret, call};

/// What a script may contain, each as often as it stands here: pushes and pops are what changes a queue.
const OPS: [fn(u32) -> Op; 12] = [
    Op::Push,
    Op::Push,
    Op::Push,
    Op::TryPush,
    Op::TryPush,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Pop,
    |_| Op::Len,
    |_| Op::IsEmpty,
    |_| Op::IsFull,
    // Last, because it is left out where it is not atomic.
    |_| Op::PopInto(2),
];

/// Marsaglia's xorshift: a script must be the same whenever its seed is.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % n
    }
}

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
            assert_eq!(call_on(&*queue, op), initial.apply(op), "{op:?}");
        }

        // The other two take an element at a time, and others may come in between.
        let atomic_pop_into = matches!(kind, Kind::MutexVec | Kind::MutexRing);
        let ops = &OPS[..OPS.len() - usize::from(!atomic_pop_into)];
        let scripts = (0..threads).map(|_| {
            let length = 3 + random.below(4);
            (0..length).map(|_| ops[random.below(ops.len())](number.next().unwrap())).collect()
        });
        Self { scripts: scripts.collect(), queue, initial }
    }

    fn check(self, threads: Vec<Vec<Timed>>, seed: u64) {
        let mut history = History::in_real_time(self.initial, &threads);
        // Drained to the end, so that an element that was lost, doubled or left in the wrong place shows.
        loop {
            let popped = call_on(&*self.queue, Op::Pop);
            history.add_last(Op::Pop, popped.clone());
            if popped == Ret::Popped(None) {
                break;
            }
        }
        assert!(history.is_linearizable(), "seed {seed:#x}: not linearizable: {history:#?}");
    }
}

fn call_on<T: Element>(queue: &dyn Queue<T>, op: Op) -> Ret {
    call(queue, op, T::of, T::number)
}

/// Runs `rounds` rounds, one after the other, on the same threads.
fn run<T: Element>(kind: Kind, threads: usize, rounds: usize) {
    // The storage and the kind too, so that not all of them get the same scripts.
    let seed = 0x9e37_79b9_7f4a_7c15_u64.rotate_left((threads + 8 * kind as usize) as u32) ^ size_of::<T>() as u64;
    let mut random = Random(seed);
    let rounds: Vec<_> = (0..rounds).map(|_| Round::<T>::random(kind, threads, &mut random)).collect();

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
                let began = now();
                let ret = call_on(&*round.queue, op);
                calls.push(Timed { op, ret, began, returned: now() });
            }
            recorded.push(calls);
        }
        recorded
    };

    let recorded: Vec<_> = thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
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

/// `len` and with it `is_empty` and `is_full` are linearizable here too: the channel reads its head between two equal
/// reads of its tail, which never goes back.
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

/// The checker, on histories whose verdict is known.
mod checker {
    use proptest::prelude::*;
    use ringway::Overflow;

    use super::*;
    use Op::*;
    use Ret::*;

    /// A call that took from `began` to `returned`.
    fn timed((began, returned): (u64, u64), op: Op, ret: Ret) -> Timed {
        Timed { op, ret, began, returned }
    }

    fn ring(capacity: usize) -> Model {
        Model::new(Some(capacity), Overflow::EvictOldest)
    }

    fn after(ops: &[Op], mut model: Model) -> Model {
        for &op in ops {
            model.apply(op);
        }
        model
    }

    #[track_caller]
    fn accepts(initial: Model, calls: &[Timed]) {
        let history = History::in_real_time(initial, &[calls.to_vec()]);
        assert!(history.is_linearizable(), "must pass: {history:#?}");
    }

    #[track_caller]
    fn refuses(initial: Model, calls: &[Timed]) {
        let history = History::in_real_time(initial, &[calls.to_vec()]);
        assert!(!history.is_linearizable(), "must not pass: {history:#?}");
    }

    #[test]
    fn nothing_happened() {
        accepts(ring(1), &[]);
    }

    #[test]
    fn overlapping_calls_may_take_effect_in_any_order() {
        let pushes = [timed((0, 2), Push(1), Stored), timed((1, 3), Push(2), Stored)];
        for (first, second) in [(1, 2), (2, 1)] {
            let pops = [timed((4, 5), Pop, Popped(Some(first))), timed((6, 7), Pop, Popped(Some(second)))];
            accepts(ring(2), &[pushes.as_slice(), &pops].concat());
        }
    }

    #[test]
    fn a_call_may_take_effect_while_another_runs() {
        accepts(ring(1), &[timed((0, 3), Push(1), Stored), timed((1, 2), Pop, Popped(Some(1)))]);
        accepts(ring(1), &[timed((0, 3), Push(1), Stored), timed((1, 2), Pop, Popped(None))]);
    }

    #[test]
    fn real_time_order_violated() {
        refuses(ring(1), &[timed((0, 1), Push(1), Stored), timed((2, 3), Pop, Popped(None))]);
        refuses(ring(1), &[timed((0, 1), Pop, Popped(Some(1))), timed((2, 3), Push(1), Stored)]);
    }

    #[test]
    fn reordered() {
        refuses(
            ring(2),
            &[
                timed((0, 1), Push(1), Stored),
                timed((2, 3), Push(2), Stored),
                timed((4, 6), Pop, Popped(Some(2))),
                timed((7, 8), Pop, Popped(Some(1))),
            ],
        );
    }

    #[test]
    fn lost() {
        let full = after(&[Push(1), Push(2)], ring(2));
        refuses(full, &[timed((0, 1), Pop, Popped(Some(1))), timed((2, 3), Pop, Popped(None))]);
    }

    #[test]
    fn duplicated() {
        let full = after(&[Push(1)], ring(1));
        refuses(full, &[timed((0, 2), Pop, Popped(Some(1))), timed((1, 3), Pop, Popped(Some(1)))]);
    }

    #[test]
    fn from_nowhere() {
        refuses(ring(1), &[timed((0, 2), Push(1), Stored), timed((1, 3), Pop, Popped(Some(9)))]);
    }

    #[test]
    fn empty_while_full() {
        let full = after(&[Push(1), Push(2)], ring(2));
        // However the push and the pop overlap: never fewer than two were inside.
        refuses(full, &[timed((0, 3), Push(3), Evicted(1)), timed((1, 2), Pop, Popped(None))]);
    }

    #[test]
    fn evicted_not_oldest() {
        let full = after(&[Push(1), Push(2)], ring(2));
        refuses(full, &[timed((0, 1), Push(3), Evicted(2))]);
    }

    #[test]
    fn evicted_without_need() {
        let part_full = after(&[Push(1)], ring(2));
        refuses(part_full, &[timed((0, 1), Push(3), Evicted(1))]);
    }

    #[test]
    fn more_than_fit() {
        refuses(ring(1), &[timed((0, 2), Push(1), Stored), timed((1, 3), Push(2), Stored)]);
    }

    #[test]
    fn full_with_room_inside() {
        let part_full = after(&[Push(1)], ring(2));
        refuses(part_full.clone(), &[timed((0, 1), TryPush(2), Rejected(2))]);
        // One at a time would fit, and the pop is not over before either of them.
        let both = [timed((0, 4), TryPush(2), Stored), timed((1, 5), TryPush(3), Rejected(3))];
        accepts(part_full.clone(), &both);
        refuses(part_full, &[both.as_slice(), &[timed((6, 7), Op::Len, Ret::Len(1))]].concat());
    }

    #[test]
    fn length_that_never_was() {
        let overlapping = [timed((0, 4), Push(1), Stored), timed((1, 5), Pop, Popped(Some(1)))];
        for (len, may_be) in [(0, true), (1, true), (2, false)] {
            let all = [overlapping.as_slice(), &[timed((2, 3), Op::Len, Ret::Len(len))]].concat();
            if may_be { accepts(ring(2), &all) } else { refuses(ring(2), &all) }
        }
    }

    #[test]
    fn program_order_is_less_than_real_time() {
        let push = vec![timed((0, 1), Push(1), Stored)];
        let pop = vec![timed((2, 3), Pop, Popped(None))];
        assert!(!History::in_real_time(ring(1), &[push.clone(), pop.clone()]).is_linearizable());
        assert!(History::in_program_order(ring(1), &[push.clone(), pop.clone()]).is_linearizable());
        assert!(!History::in_program_order(ring(1), &[[push, pop].concat()]).is_linearizable());
    }

    #[test]
    fn the_last_call_comes_last() {
        let mut history = History::in_program_order(ring(1), &[vec![timed((0, 1), Push(1), Stored)]]);
        history.add_last(Pop, Popped(None));
        assert!(!history.is_linearizable());
    }

    /// Two threads whose calls can be merged in 10¹⁸ ways, none of which is right: only who remembers dead ends comes
    /// to an end.
    #[test]
    fn sixty_four_calls() {
        let thread = |last| {
            let pushes = (0..31).map(|_| timed((0, 0), Push(1), Stored));
            pushes.chain([timed((0, 0), Pop, last)]).collect::<Vec<_>>()
        };
        let history = |last| {
            let initial = Model::new(None, Overflow::Grow);
            History::in_program_order(initial, &[thread(Popped(Some(1))), thread(last)])
        };
        assert!(history(Popped(Some(1))).is_linearizable());
        assert!(!history(Popped(None)).is_linearizable());
    }

    /// All orders there are, tried one by one.
    fn by_brute_force(initial: &Model, calls: &[Timed], order: &mut Vec<usize>) -> bool {
        if order.len() == calls.len() {
            let mut model = initial.clone();
            let in_time = |i: usize| order[i + 1..].iter().all(|&later| calls[later].returned > calls[order[i]].began);
            return (0..calls.len()).all(in_time)
                && order.iter().all(|&call| model.apply(calls[call].op) == calls[call].ret);
        }
        (0..calls.len()).any(|call| {
            !order.contains(&call) && {
                order.push(call);
                let found = by_brute_force(initial, calls, order);
                order.pop();
                found
            }
        })
    }

    fn any_op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..3_u32).prop_map(Push),
            2 => (0..3_u32).prop_map(TryPush),
            4 => Just(Pop),
            1 => (0..3_usize).prop_map(PopInto),
            1 => Just(Op::Len),
            1 => Just(IsEmpty),
            1 => Just(IsFull),
        ]
    }

    /// The times of `n` calls, all different.
    fn any_times(n: usize) -> impl Strategy<Value = Vec<(u64, u64)>> {
        Just((0..2 * n as u64).collect::<Vec<_>>())
            .prop_shuffle()
            .prop_map(|times| times.chunks(2).map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1]))).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        /// The results are those of some order of the calls, which may contradict the times, and sometimes one is
        /// exchanged for that of another call: so about as many pass as do not.
        #[test]
        fn agrees_with_brute_force(
            capacity in 1..=3_usize,
            before in 0..4_u32,
            (ops, times, order) in (1..=6_usize).prop_flat_map(|n| (
                prop::collection::vec(any_op(), n),
                any_times(n),
                Just((0..n).collect::<Vec<_>>()).prop_shuffle(),
            )),
            in_order in any::<bool>(),
            exchanged in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
        ) {
            let initial = after(&(0..before).map(|i| Push(10 + i)).collect::<Vec<_>>(), ring(capacity));
            let mut order = order;
            if in_order {
                order.sort_by_key(|&i| times[i]);
            }
            let mut model = initial.clone();
            let mut calls: Vec<_> = ops.iter().zip(times).map(|(&op, time)| timed(time, op, Stored)).collect();
            for i in order {
                calls[i].ret = model.apply(calls[i].op);
            }
            if let Some((a, b)) = exchanged {
                calls[a.index(ops.len())].ret = calls[b.index(ops.len())].ret.clone();
            }
            let history = History::in_real_time(initial.clone(), &[calls.clone()]);
            prop_assert_eq!(history.is_linearizable(), by_brute_force(&initial, &calls, &mut Vec::new()));
        }
    }
}
