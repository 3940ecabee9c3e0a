//! Bytes as a script for all queues: what the fuzz target `model` runs, and what its corpus
//! replays.

use super::element::Element;
use super::model::{Model, Op, call_on};
use super::queues;

/// The first byte is the capacity, each further one an operation.
pub fn parse(bytes: &[u8]) -> Option<(usize, Vec<Op>)> {
    let (&capacity, operations) = bytes.split_first()?;
    let operations = operations.iter().zip(0..).map(|(&byte, i)| match byte % 16 {
        0..=4 => Op::Push(i),
        5..=6 => Op::TryPush(i),
        7..=9 => Op::Pop,
        10 => Op::TryPop,
        // The upper half of the byte is how many.
        11 => Op::PopInto(usize::from(byte / 16)),
        12 => Op::PopInto(usize::MAX),
        13 => Op::Len,
        14 => Op::IsEmpty,
        // Rarely `Close`: little goes on after it.
        _ => match byte / 16 {
            15 => Op::Close,
            11..=14 => Op::IsClosed,
            _ => Op::IsFull,
        },
    });
    Some((usize::from(capacity) + 1, operations.collect()))
}

/// Runs the script on all queues, with elements of either storage, and compares every result with
/// the model.
pub fn run(bytes: &[u8]) {
    let Some((capacity, operations)) = parse(bytes) else { return };
    compare::<u32>(capacity, &operations);
    compare::<[u32; 6]>(capacity, &operations);
    compare::<Box<u32>>(capacity, &operations);
    compare::<String>(capacity, &operations);
}

fn compare<T: Element>(capacity: usize, operations: &[Op]) {
    for (name, queue) in queues::all::<T>(capacity) {
        let mut model = Model::of(&*queue);
        for &operation in operations {
            assert_eq!(
                call_on(&*queue, operation),
                model.apply(operation),
                "{name}: {operation:?}"
            );
        }
    }
}
