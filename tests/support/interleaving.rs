//! Scripts on several threads that take turns, down to the instruction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ringway::{AtomicRing, Queue};

use super::element::Element;
use super::history::{History, Timed};
use super::model::{Model, Op, at_rest, call_on};
use super::stepper::{Allowance, Calls, Now, Stepped};

/// Longer than any scheduler lets a runnable thread wait.
pub const FOR_EVER: Duration = Duration::from_secs(30);

/// The thread whose turn it is, and how far it goes.
pub type Turn = (usize, Allowance);

/// The turn in which a thread did not come to its end although it was allowed to: it waits for one
/// that is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall(pub usize);

/// Runs the scripts on a queue that is like `initial`: turn by turn, and then each thread to its
/// end. Tells for each turn how its thread stood after it. `patience`: who makes calls for so long
/// in its turn waits for another.
///
/// # Panics
///
/// If the history is not linearizable.
pub fn interleave<T: Element>(
    queue: &dyn Queue<T>,
    initial: &Model,
    scripts: &[&[Op]],
    turns: &[Turn],
    patience: Duration,
) -> Result<Vec<Now>, Stall> {
    // With few threads alive, those here have cells from the start, and need not make any.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);

    let clock = &AtomicU64::new(0);
    let now = move || clock.fetch_add(1, Ordering::Relaxed);
    let record = &|script: &[Op], calls: Calls| {
        // What takes locks comes before the calls: memory, and the first use of a ring by a thread,
        // which registers it.
        let mut recorded = Vec::with_capacity(script.len());
        let _ = AtomicRing::new(1).push([0_u64; 2]);
        for &op in script {
            recorded.push(calls.make(|| Timed::record(op, now, |op| call_on(queue, op))));
        }
        recorded
    };
    let (ends, recorded) = thread::scope(|scope| {
        let threads: Vec<_> = scripts
            .iter()
            .map(|script| Stepped::spawn(scope, move |calls| record(script, calls)))
            .collect();
        let turns = turns.iter().map(|&(thread, allowance)| {
            // To be stepped takes long, and waits for nobody.
            (thread, allowance, if allowance.calls > 0 { patience } else { FOR_EVER })
        });
        // Now nobody is stopped any more: who does not end is only kept from running.
        let to_the_end = (0..threads.len()).map(|thread| (thread, Allowance::TO_THE_END, FOR_EVER));
        let mut ends = Vec::new();
        for (turn, (thread, allowance, patience)) in turns.chain(to_the_end).enumerate() {
            match threads[thread].go_on(allowance, patience) {
                Now::Stalled => return Err(Stall(turn)),
                end => ends.push(end),
            }
        }
        Ok((ends, threads.into_iter().map(Stepped::join).collect::<Vec<_>>()))
    })?;

    let mut history = History::in_real_time(initial.clone(), &recorded);
    history.add_at_rest(at_rest(|op| call_on(queue, op)));
    assert!(history.is_linearizable(), "turns {turns:?}: not linearizable: {history:#?}");
    Ok(ends)
}
