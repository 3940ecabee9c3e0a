//! Whether a concurrent history is linearizable: whether its calls can be put in an order that
//! respects which of them came first, and in which the [`Model`] returns what they returned.
//!
//! The search is Wing and Gong's, with Lowe's memory of dead ends. It is our own because the models
//! call it in every execution: stateright's tester is a large dependency with a runtime of its own,
//! and this is all we need of it.

use std::collections::HashSet;

use super::model::{Model, Op, Ret};

/// Calls that have all returned, on a queue that was like `initial`.
#[derive(Clone, Debug)]
pub struct History {
    initial: Model,
    calls: Vec<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    op: Op,
    ret: Ret,
    /// A bit for each call that had returned when this one began.
    after: u64,
}

/// A call with the times when it began and when it had returned. All times of a history are
/// different.
#[derive(Clone, Debug)]
pub struct Timed {
    pub op: Op,
    pub ret: Ret,
    pub began: u64,
    pub returned: u64,
}

impl Timed {
    /// Makes the call, and asks what time it is before and afterwards.
    pub fn record(op: Op, now: impl Fn() -> u64, call: impl FnOnce(Op) -> Ret) -> Self {
        let began = now();
        let ret = call(op);
        Self { op, ret, began, returned: now() }
    }
}

impl History {
    pub fn new(initial: Model) -> Self {
        Self { initial, calls: Vec::new() }
    }

    /// The calls of some threads, ordered in time: linearizability.
    pub fn in_real_time(initial: Model, threads: &[Vec<Timed>]) -> Self {
        let mut history = Self::new(initial);
        let calls: Vec<_> = threads.iter().flatten().collect();
        for call in &calls {
            let earlier = calls.iter().enumerate().filter(|(_, other)| other.returned < call.began);
            history.add(call.op, call.ret.clone(), earlier.fold(0, |after, (i, _)| after | 1 << i));
        }
        history
    }

    /// The calls of some threads, ordered only within each thread: sequential consistency.
    pub fn in_program_order(initial: Model, threads: &[Vec<Timed>]) -> Self {
        let mut history = Self::new(initial);
        for thread in threads {
            let mut after = 0;
            for call in thread {
                after |= history.add(call.op, call.ret.clone(), after);
            }
        }
        history
    }

    /// Adds a call that began after those whose bits are in `after` had returned; returns its own
    /// bit.
    pub fn add(&mut self, op: Op, ret: Ret, after: u64) -> u64 {
        let bit =
            1_u64.checked_shl(self.calls.len() as u32).expect("a history has at most 64 calls");
        self.calls.push(Call { op, ret, after });
        bit
    }

    /// Adds a call that began after all others so far had returned.
    pub fn add_last(&mut self, op: Op, ret: Ret) {
        self.add(op, ret, self.all());
    }

    /// Adds calls that were made at rest, one after the other.
    pub fn add_at_rest(&mut self, calls: Vec<(Op, Ret)>) {
        for (op, ret) in calls {
            self.add_last(op, ret);
        }
    }

    fn all(&self) -> u64 {
        u64::MAX.checked_shr(u64::BITS - self.calls.len() as u32).unwrap_or(0)
    }

    pub fn is_linearizable(&self) -> bool {
        self.goes_on(0, &self.initial, &mut HashSet::new())
    }

    /// Whether the calls that are not in `done` can follow when those have led to `state`.
    fn goes_on(&self, done: u64, state: &Model, dead_ends: &mut HashSet<(u64, Model)>) -> bool {
        if done == self.all() {
            return true;
        }
        for (i, call) in self.calls.iter().enumerate() {
            let bit = 1 << i;
            if done & bit != 0 || call.after & !done != 0 {
                continue;
            }
            let mut next = state.clone();
            if next.apply(call.op) != call.ret {
                continue;
            }
            let next = (done | bit, next);
            if !dead_ends.contains(&next) {
                if self.goes_on(next.0, &next.1, dead_ends) {
                    return true;
                }
                dead_ends.insert(next);
            }
        }
        false
    }
}
