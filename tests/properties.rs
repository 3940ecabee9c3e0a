//! Each queue does what the model does, call by call, whatever the calls: random scripts on one
//! thread, long enough to go round several times, through `dyn Queue` and on the types themselves.
#![cfg(not(ringway_loom))]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Overflow, Queue};
use support::element::Element;
use support::ends::Ends;
use support::model::{Model, Op, Ret, call_on};
use support::queues;

/// Scripts that mostly push, mostly pop, or neither; what is pushed is numbered. Some close the
/// queue, once or twice.
fn script() -> impl Strategy<Value = Vec<Op>> {
    let calls = |pushes: u32, pops: u32| {
        let op = prop_oneof![
            2 * pushes => Just(Op::Push(0)),
            pushes => Just(Op::TryPush(0)),
            2 * pops => Just(Op::Pop),
            pops => Just(Op::TryPop),
            pops => prop_oneof![0..10_usize, Just(usize::MAX)].prop_map(Op::PopInto),
            2 => Just(Op::Len),
            1 => Just(Op::IsEmpty),
            1 => Just(Op::IsFull),
            1 => Just(Op::IsClosed),
        ];
        vec(op, 0..400)
    };
    let script = prop_oneof![calls(12, 1), calls(4, 1), calls(2, 1), calls(1, 1)];
    (script, vec(any::<Index>(), 0..3)).prop_map(|(mut ops, closings)| {
        for at in closings {
            ops.insert(at.index(ops.len() + 1), Op::Close);
        }
        for (op, number) in ops.iter_mut().zip(0..) {
            match op {
                Op::Push(value) | Op::TryPush(value) => *value = number,
                _ => {}
            }
        }
        ops
    })
}

fn capacity() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 1..=8_usize, 1 => prop::sample::select(vec![11, 23, 60])]
}

/// Runs the script on both and returns what is left in the model, oldest first.
fn run<T: Element>(
    queue: &(impl Queue<T> + ?Sized),
    name: &str,
    capacity: usize,
    script: &[Op],
) -> Result<Vec<u32>, TestCaseError> {
    let (capacity, overflow) = match name {
        "mutex-vec" => (None, Overflow::Grow),
        "channel" => (Some(capacity), Overflow::RejectNewest),
        _ => (Some(capacity), Overflow::EvictOldest),
    };
    prop_assert_eq!((queue.capacity(), queue.overflow()), (capacity, overflow), "{}", name);
    prop_assert!(!queue.is_closed(), "{} is closed from the start", name);

    let mut model = Model::new(capacity, overflow);
    for (step, &op) in script.iter().enumerate() {
        prop_assert_eq!(call_on(queue, op), model.apply(op), "{} at step {}: {:?}", name, step, op);
    }
    match model.apply(Op::PopInto(usize::MAX)) {
        Ret::PoppedInto(left) => Ok(left),
        ret => unreachable!("{ret:?}"),
    }
}

/// The same, and then takes the queue apart.
fn run_by_value<T: Element>(
    queue: impl Queue<T> + IntoIterator<Item = T>,
    name: &str,
    capacity: usize,
    script: &[Op],
) -> Result<(), TestCaseError> {
    let left = run(&queue, name, capacity, script)?;
    prop_assert_eq!(queue.into_iter().map(T::number).collect::<Vec<_>>(), left, "{}", name);
    Ok(())
}

fn all_queues<T: Element>(capacity: usize, script: &[Op]) -> Result<(), TestCaseError> {
    for (name, queue) in queues::all::<T>(capacity) {
        let left = run(&*queue, &name, capacity, script)?;
        let all = call_on(&*queue, Op::PopInto(usize::MAX));
        prop_assert_eq!(all, Ret::PoppedInto(left), "{}", name);
    }
    run_by_value(MutexVec::<T>::new(), "mutex-vec", capacity, script)?;
    run_by_value(ChannelQueue::<T>::new(capacity), "channel", capacity, script)?;
    run_by_value(MutexRing::<T>::new(capacity), "mutex-ring", capacity, script)?;
    run_by_value(AtomicRing::<T>::new(capacity), "atomic-ring", capacity, script)?;
    run_by_value(Ends::<T>::new(capacity), "spsc", capacity, script)
}

proptest! {
    #[test]
    fn small_elements(capacity in capacity(), script in script()) {
        all_queues::<u32>(capacity, &script)?;
    }

    #[test]
    fn large_elements(capacity in capacity(), script in script()) {
        all_queues::<[u32; 6]>(capacity, &script)?;
    }

    #[test]
    fn small_elements_that_own_memory(capacity in capacity(), script in script()) {
        all_queues::<Box<u32>>(capacity, &script)?;
    }

    #[test]
    fn large_elements_that_own_memory(capacity in capacity(), script in script()) {
        all_queues::<String>(capacity, &script)?;
    }
}
