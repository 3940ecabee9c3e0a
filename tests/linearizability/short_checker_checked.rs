//! The checker of short histories, on histories whose verdict is known.

use proptest::prelude::*;
use ringway::Overflow;

use crate::support::history::{History, Timed};
use crate::support::model::{Model, Op, Op::*, Ret, Ret::*};

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
        let pops =
            [timed((4, 5), Pop, Popped(Some(first))), timed((6, 7), Pop, Popped(Some(second)))];
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
fn pushed_after_closing() {
    let close = timed((0, 3), Close, Bool(true));
    // While it is being closed, a push may come before or after.
    accepts(ring(1), &[close.clone(), timed((1, 2), Push(1), Stored)]);
    accepts(ring(1), &[close.clone(), timed((1, 2), Push(1), Ret::Closed(1))]);
    accepts(ring(1), &[close.clone(), timed((4, 5), Push(1), Ret::Closed(1))]);
    refuses(ring(1), &[close, timed((4, 5), Push(1), Stored)]);
    let full = after(&[Push(1)], ring(1));
    refuses(full.clone(), &[timed((0, 1), Close, Bool(true)), timed((2, 3), Push(2), Evicted(1))]);
    refuses(full, &[timed((0, 1), Close, Bool(true)), timed((2, 3), TryPush(2), Rejected(2))]);
}

#[test]
fn closed_for_nobody() {
    refuses(ring(1), &[timed((0, 1), Push(1), Ret::Closed(1)), timed((2, 3), Close, Bool(true))]);
    refuses(ring(1), &[timed((0, 1), IsClosed, Bool(true)), timed((2, 3), Close, Bool(true))]);
    refuses(ring(1), &[timed((0, 1), Close, Bool(false))]);
}

#[test]
fn closed_once() {
    let both = |second| [timed((0, 2), Close, Bool(true)), timed((1, 3), Close, Bool(second))];
    accepts(ring(1), &both(false));
    refuses(ring(1), &both(true));
    refuses(ring(1), &[timed((0, 1), Close, Bool(true)), timed((2, 3), IsClosed, Bool(false))]);
}

#[test]
fn what_is_inside_a_closed_queue_comes_out() {
    let part_full = after(&[Push(1), Close], ring(2));
    accepts(
        part_full.clone(),
        &[timed((0, 1), Pop, Popped(Some(1))), timed((2, 3), Pop, Popped(None))],
    );
    refuses(part_full.clone(), &[timed((0, 1), Pop, Popped(None))]);
    refuses(
        part_full,
        &[timed((0, 1), Pop, Popped(Some(1))), timed((2, 3), IsClosed, Bool(false))],
    );
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

/// Two threads whose calls can be merged in 10¹⁸ ways, none of which is right: only who remembers
/// dead ends comes to an end.
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
        let in_time = |i: usize| {
            order[i + 1..].iter().all(|&later| calls[later].returned > calls[order[i]].began)
        };
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
        1 => Just(Close),
        1 => Just(IsClosed),
    ]
}

/// The times of `n` calls, all different.
fn any_times(n: usize) -> impl Strategy<Value = Vec<(u64, u64)>> {
    Just((0..2 * n as u64).collect::<Vec<_>>()).prop_shuffle().prop_map(|times| {
        times.chunks(2).map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1]))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2000)
    })]

    /// The results are those of some order of the calls, which may contradict the times, and
    /// sometimes one is exchanged for that of another call: so about as many pass as do not.
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
        let mut calls: Vec<_> =
            ops.iter().zip(times).map(|(&op, time)| timed(time, op, Stored)).collect();
        for i in order {
            calls[i].ret = model.apply(calls[i].op);
        }
        if let Some((a, b)) = exchanged {
            calls[a.index(ops.len())].ret = calls[b.index(ops.len())].ret.clone();
        }
        let history = History::in_real_time(initial.clone(), &[calls.clone()]);
        let expected = by_brute_force(&initial, &calls, &mut Vec::new());
        prop_assert_eq!(history.is_linearizable(), expected);
    }
}
