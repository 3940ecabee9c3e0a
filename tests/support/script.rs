//! Bytes as a script for all queues: what the fuzz target runs, and what its corpus replays.

use super::model::{Model, Op, call};
use super::queues;

/// The first byte is the capacity, each further one an operation.
pub fn parse(bytes: &[u8]) -> Option<(usize, Vec<Op>)> {
    let (&capacity, operations) = bytes.split_first()?;
    let operations = operations.iter().zip(0..).map(|(&byte, i)| match byte % 16 {
        0..=4 => Op::Push(i),
        5..=6 => Op::TryPush(i),
        7..=10 => Op::Pop,
        // The upper half of the byte is how many.
        11 => Op::PopInto(usize::from(byte / 16)),
        12 => Op::PopInto(usize::MAX),
        13 => Op::Len,
        14 => Op::IsEmpty,
        _ => Op::IsFull,
    });
    Some((usize::from(capacity) + 1, operations.collect()))
}

/// Runs the script on all queues, with elements of either storage, and compares every result with the model.
pub fn run(bytes: &[u8]) {
    let Some((capacity, operations)) = parse(bytes) else { return };
    compare(capacity, &operations, |i| i, |i| i);
    compare(capacity, &operations, |i| [i; 6], |[i, ..]| i);
    compare(capacity, &operations, Box::new, |i| *i);
    compare(
        capacity,
        &operations,
        |i| (i, i.to_string()),
        |(i, text)| {
            assert_eq!(text, i.to_string());
            i
        },
    );
}

fn compare<T: Send + 'static>(
    capacity: usize,
    operations: &[Op],
    make: impl Fn(u32) -> T + Copy,
    number: impl Fn(T) -> u32 + Copy,
) {
    for (name, queue) in queues::all(capacity) {
        let mut model = Model::of(&*queue);
        for &operation in operations {
            assert_eq!(call(&*queue, operation, make, number), model.apply(operation), "{name}: {operation:?}");
        }
    }
}
