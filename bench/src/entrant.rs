//! A contender without its type, so that all are in one list.

use crate::check;
use crate::contender::{Family, Kind};
use crate::element::{COUNT, FLOW, LATENCY, Message, OVERWRITE, Only, PAIR, PING_PONG, POP_ON_EMPTY, THREADS, WAKE};
use crate::task::{Effort, Inside, Sample, Size, Sleeper, Task, What};
use crate::waiting::{Awaited, Waiting};
use crate::{flow, latency, messages, ping_pong, single, threads, wake};

#[derive(Clone, Copy)]
pub struct Entrant {
    pub name: &'static str,
    pub kind: Kind,
    pub(crate) takes: fn(&Task) -> bool,
    pub(crate) turn: fn(&Task, &Effort) -> Sample,
    /// What is counted, not timed.
    pub(crate) count: fn(&Task, &Effort) -> Sample,
    /// Panics if it is no queue.
    pub(crate) check: fn(),
}

impl Entrant {
    pub fn of<F: Family>() -> Self {
        let check = || {
            if F::KIND != Kind::Floor {
                check::run::<F>();
            }
        };
        Self { name: F::NAME, kind: F::KIND, takes: takes::<F>, turn: turn::<F>, count: count::<F>, check }
    }

    /// In the scenes in which threads wait.
    pub fn waiting<C: Waiting>() -> Self {
        Self {
            name: C::NAME,
            kind: C::KIND,
            takes: |task| match task.what {
                What::Wake(sleeper, _) => sleeper == Sleeper::Thread,
                What::PingPong => true,
                What::Flow(full) => full == C::KIND,
                _ => false,
            },
            turn: |task, effort| match task.what {
                What::Wake(_, place) => wake::thread::<C, Only<u64, WAKE>>(place, task, effort),
                What::PingPong => ping_pong::turn::<C, Only<u64, PING_PONG>>(task, effort),
                _ => flow::turn::<C, Only<u64, FLOW>>(task, effort),
            },
            count: |_, _| Sample::default(),
            check: check::waiting::<C>,
        }
    }

    /// In the scenes in which a task waits.
    pub fn awaited<C: Awaited>() -> Self {
        Self {
            takes: |task| matches!(task.what, What::Wake(Sleeper::Task | Sleeper::TaskOfThread, _)),
            turn: |task, effort| wake::task::<C, Only<u64, WAKE>>(task, effort),
            ..Self::waiting::<C>()
        }
    }
}

fn takes<F: Family>(task: &Task) -> bool {
    task.scene.producers <= F::MAX_PRODUCERS
        && task.scene.consumers <= F::MAX_CONSUMERS
        && !matches!(task.what, What::Wake(..) | What::PingPong | What::Flow(_))
        && (task.what != What::Overwrite || matches!(F::KIND, Kind::Evicts | Kind::Floor))
}

/// `$f::<F, T>($arguments)`, where `T` is what the task is about, for the given loop alone.
macro_rules! with_element {
    ($task:ident, $loop:ident, $f:path, $($argument:expr),*) => {{
        use $f as f;
        match $task.element {
            Size::Words1 => f::<F, Only<u64, $loop>>($($argument),*),
            Size::Words3 => f::<F, Only<[u64; 3], $loop>>($($argument),*),
            Size::Words32 => f::<F, Only<[u64; 32], $loop>>($($argument),*),
            Size::Boxed(_) => f::<F, Only<Message, $loop>>($($argument),*),
        }
    }};
}

fn turn<F: Family>(task: &Task, effort: &Effort) -> Sample {
    match task.what {
        What::Overwrite => with_element!(task, OVERWRITE, single::overwrite, task, effort),
        What::Pair(inside) => with_element!(task, PAIR, single::pair, inside, task, effort),
        What::PopOnEmpty => with_element!(task, POP_ON_EMPTY, single::pop_on_empty, task, effort),
        What::Threads => with_element!(task, THREADS, threads::turn, task, effort),
        What::Latency => with_element!(task, LATENCY, latency::turn, task, effort),
        What::Moved(bytes) => messages::moved::<F>(bytes, task, effort),
        What::Copied(bytes) => messages::copied::<F>(bytes, task, effort),
        What::Wake(..) | What::PingPong | What::Flow(_) => unreachable!("a queue takes no part where one waits"),
    }
}

fn count<F: Family>(task: &Task, effort: &Effort) -> Sample {
    if F::KIND == Kind::Floor {
        return Sample::default();
    }
    match task.what {
        What::Overwrite => with_element!(task, COUNT, single::count, Inside::All, task),
        What::Pair(inside) => with_element!(task, COUNT, single::count, inside, task),
        What::Threads => with_element!(task, COUNT, threads::count, task, effort),
        _ => Sample::default(),
    }
}
