//! Runs a script in all executions that loom finds, and checks each of them.

use std::env;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use loom::sync::atomic::fence;
use loom::thread;
use ringway::Queue;

use crate::element;
use crate::support::element::Element;
use crate::support::history::{History, Timed};
use crate::support::model::{Model, Op, call_on};

/// What threads do at once to a queue of `capacity`, on which `start` was done before.
pub(crate) struct Script {
    pub(crate) capacity: usize,
    pub(crate) start: &'static [Op],
    pub(crate) threads: &'static [&'static [Op]],
    /// How often a thread that could go on may be suspended; `None`: at every point. Never bounded at the deep level.
    pub(crate) preemptions: Option<usize>,
}

/// Which calls count as one before the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Those that returned before the other began. So that this means a happens-before, as it would by any clock that
    /// the threads could read, there is a SeqCst fence on either side of each call. In loom such a fence joins the
    /// thread with all fences before, and is not a scheduling point; the turn before it is one. Hides a missing Acquire or Release.
    Fenced,
    /// Those of the same thread. Nothing is added to what the queue does, so what it leaves unordered shows: as a race
    /// on a cell or as a result that cannot be.
    Bare,
}

/// # Panics
///
/// In the first execution that is wrong.
pub(crate) fn explore<E: Element, Q: Queue<E> + 'static>(
    name: &str,
    script: &'static Script,
    order: Order,
    new: fn(usize) -> Q,
) {
    let deep = env::var_os("RINGWAY_LOOM").is_some_and(|level| level == "deep");
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = if deep { None } else { script.preemptions };

    let report = Report {
        name,
        bound: builder.preemption_bound,
        executions: Arc::new(AtomicUsize::new(0)),
        begin: Instant::now(),
    };
    let executions = Arc::clone(&report.executions);
    builder.check(move || {
        executions.fetch_add(1, Ordering::Relaxed);
        execute(script, order, new(script.capacity));
    });
    // One is none: nothing happened at once.
    let executions = report.executions.load(Ordering::Relaxed);
    assert!(executions > 1, "{name}: loom saw no two calls that depend on each other");
}

/// Tells at its end how far a model came.
struct Report<'a> {
    name: &'a str,
    bound: Option<usize>,
    /// Not loom's: an execution that counts itself with loom's atomics would be a different one.
    executions: Arc<AtomicUsize>,
    begin: Instant,
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let Self { name, bound, executions, begin } = self;
        let bound = bound.map_or("unbounded".into(), |bound| format!("{bound} preemptions"));
        let failed = if std::thread::panicking() { "WRONG after " } else { "" };
        let seconds = begin.elapsed().as_secs_f32();
        let line = format!("{name}: {bound}, {failed}{executions:?} executions, {seconds:.1} s\n");
        // Not by `eprintln`, which shows only what failed; and in one piece, because others write too.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

fn execute<E: Element>(script: &Script, order: Order, queue: impl Queue<E> + 'static) {
    let all = script.threads.iter().chain([&script.start]).copied().flatten();
    element::start(1 + all.map(|op| if let Op::Push(n) | Op::TryPush(n) = op { *n } else { 0 }).max().unwrap_or(0));

    let mut initial = Model::of(&queue);
    for &op in script.start {
        initial.follow(&queue, op);
    }

    // The `Arc` and the clock are not loom's: they would order what the queue must order.
    let shared = Arc::new(Shared {
        queue: ManuallyDrop::new(queue),
        clock: AtomicU64::new(0),
        turn: loom::sync::atomic::AtomicU64::new(0),
    });
    let (mine, others) = script.threads.split_first().expect("a script has threads");
    let others: Vec<_> = others
        .iter()
        .map(|&ops| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.record(ops, order))
        })
        .collect();
    let mut threads = vec![shared.record(mine, order)];
    threads.extend(others.into_iter().map(|other| other.join().unwrap()));

    let Shared { queue, .. } = Arc::into_inner(shared).expect("the other threads have ended");
    let mut history = match order {
        Order::Fenced => History::in_real_time(initial, &threads),
        Order::Bare => History::in_program_order(initial, &threads),
    };
    // At rest, `len` is exact, and then all that was left comes out.
    for op in [Op::Len, Op::IsEmpty, Op::IsFull] {
        history.add_last(op, call_on(&*queue, op));
    }
    history.drain(&*queue);
    assert!(history.is_linearizable(), "not linearizable: {history:#?}");

    drop(ManuallyDrop::into_inner(queue));
    element::assert_all_dropped();
}

struct Shared<Q> {
    /// A failure leaks it: to drop a broken queue would be a second panic, which aborts and hides the first.
    queue: ManuallyDrop<Q>,
    clock: AtomicU64,
    /// Counted up before each call, so that loom tries the calls in every order. By itself it does not: of the accesses
    /// to an atomic it remembers only the last, and forgets that one thread has read when the next one reads too before
    /// it writes. Relaxed, so that nothing is synchronised by it.
    turn: loom::sync::atomic::AtomicU64,
}

impl<Q> Shared<Q> {
    fn record<E: Element>(&self, ops: &[Op], order: Order) -> Vec<Timed>
    where
        Q: Queue<E>,
    {
        let now = || self.clock.fetch_add(1, Ordering::Relaxed);
        let synchronize = || {
            if order == Order::Fenced {
                fence(Ordering::SeqCst);
            }
        };
        let record = |&op: &Op| {
            self.turn.fetch_add(1, Ordering::Relaxed);
            let began = now();
            synchronize();
            let ret = call_on(&*self.queue, op);
            synchronize();
            Timed { op, ret, began, returned: now() }
        };
        ops.iter().map(record).collect()
    }
}
