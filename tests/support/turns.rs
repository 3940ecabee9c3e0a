//! Bytes as scripts for several threads and the turns that they take: what the fuzz target
//! `threads` runs, and what its corpus replays.

use ringway::AtomicRing;

use super::element::Element;
use super::interleaving::{FOR_EVER, Turn, interleave};
use super::model::{Model, Op};
use super::stepper::Allowance;

const THREADS: usize = 3;

/// Stepping takes long, and a fuzzer learns more from many inputs than from long ones.
const MAX_TURNS: usize = 12;

#[derive(Debug)]
struct Plan {
    capacity: usize,
    /// How many laps of pushes come before everything else.
    laps: usize,
    start: Vec<Op>,
    scripts: [Vec<Op>; THREADS],
    turns: Vec<Turn>,
}

/// The first byte is the capacity, the storage, and how far round the ring has gone. Each further
/// one is a call and whose it is: part of the start, or a turn of a thread, which makes the call
/// or, if the highest bit is set, stops after as many steps of it as the next byte says.
///
/// None if there are not two threads.
fn parse(bytes: &[u8], step: u64) -> Option<(bool, Plan)> {
    let mut bytes = bytes.iter().copied();
    let first = bytes.next()?;
    let mut plan = Plan {
        // In the last one, hints may be so far behind that a search goes by halves.
        capacity: [1, 2, 3, 16][usize::from(first % 4)],
        // At lap 256 a push moves the hint of the pops.
        laps: if first & 8 == 0 { 0 } else { 255 },
        start: Vec::new(),
        scripts: Default::default(),
        turns: Vec::new(),
    };
    // How many calls each thread has begun and not ended.
    let mut begun = [0; THREADS];
    while plan.turns.len() < MAX_TURNS {
        let Some(byte) = bytes.next() else { break };
        let number = (plan.start.len() + plan.turns.len()) as u32;
        let op = match byte >> 2 & 15 {
            0..=3 => Some(Op::Push(number)),
            4..=5 => Some(Op::TryPush(number)),
            6..=9 => Some(Op::Pop),
            10 => Some(Op::Len),
            11 => Some(Op::IsClosed),
            12 => Some(Op::IsEmpty),
            13 => Some(Op::IsFull),
            14 => Some(Op::Close),
            // The thread goes on with the call that it has begun.
            _ => None,
        };
        let thread = usize::from(byte % 4);
        let Some(script) = plan.scripts.get_mut(thread) else {
            plan.start.extend(op);
            continue;
        };
        script.extend(op);
        let new = op.iter().len() as u64;
        let stopped = byte & 0x80 != 0;
        let allowance = if stopped {
            let length = 1 + u64::from(bytes.next().unwrap_or(0));
            Allowance { calls: begun[thread] * new, instructions: step * length }
        } else {
            Allowance { calls: begun[thread] + new, instructions: 0 }
        };
        plan.turns.push((thread, allowance));
        begun[thread] = u64::from(stopped);
    }
    let threads = plan.scripts.iter().filter(|script| !script.is_empty()).count();
    (threads >= 2).then_some((first & 4 != 0, plan))
}

/// Runs the plan that the bytes are, whose turns are counted in steps of `step` instructions.
///
/// # Panics
///
/// If what the calls return is not linearizable, or one of them waits for a thread that is stopped.
pub fn run(bytes: &[u8], step: u64) {
    match parse(bytes, step) {
        Some((false, plan)) => plan.run::<u32>(),
        Some((true, plan)) => plan.run::<[u32; 6]>(),
        None => {}
    }
}

impl Plan {
    fn run<T: Element>(&self) {
        let queue = AtomicRing::<T>::new(self.capacity);
        let mut model = Model::of(&queue);
        // Numbers that no other push has.
        let laps = (0..(self.laps * self.capacity) as u32).map(|i| Op::Push(!i));
        for op in laps.chain(self.start.iter().copied()) {
            model.follow(&queue, op);
        }
        let scripts = self.scripts.each_ref().map(Vec::as_slice);
        if let Err(stall) = interleave(&queue, &model, &scripts, &self.turns, FOR_EVER) {
            panic!("{stall:?}: {self:?}");
        }
    }
}
