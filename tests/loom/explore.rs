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
use ringway::spsc::{Consumer, Producer};

use crate::element;
use crate::support::element::Element;
use crate::support::ends::{self, End, call_either};
use crate::support::history::{History, Timed};
use crate::support::model::{Model, Op, Ret, at_rest, call_on};

/// What threads do at once to a queue of `capacity`, on which `start` was done before.
pub(crate) struct Script {
    pub(crate) capacity: usize,
    pub(crate) start: &'static [Op],
    pub(crate) threads: &'static [&'static [Op]],
    /// How often a thread that could go on may be suspended; `None`: at every point. Never bounded
    /// at the deep level, and by [`BRIEF`] at the brief one.
    pub(crate) preemptions: Option<usize>,
}

/// The bound of all models that have one, if it is less, where `RINGWAY_LOOM` is `brief`.
const BRIEF: usize = 4;

/// Which calls count as one before the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Those that returned before the other began. So that this means a happens-before, as it would
    /// by any clock that the threads could read, there is a SeqCst fence on either side of each
    /// call. In loom such a fence joins the thread with all fences before, and is not a scheduling
    /// point; the turn before it is one. Hides a missing Acquire or Release.
    Fenced,
    /// Those of the same thread. Nothing is added to what the queue does, so what it leaves
    /// unordered shows: as a race on a cell or as a result that cannot be.
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
    explore_all(name, script.preemptions, move || execute(script, order, new(script.capacity)));
}

/// # Panics
///
/// In the first execution in which `execute` does.
pub(crate) fn explore_all(
    name: &str,
    preemptions: Option<usize>,
    execute: impl Fn() + Send + Sync + 'static,
) {
    let level = env::var("RINGWAY_LOOM").unwrap_or_default();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = match level.as_str() {
        "deep" => None,
        "brief" => preemptions.map(|bound| bound.min(BRIEF)),
        _ => preemptions,
    };

    let report = Report {
        name,
        bound: builder.preemption_bound,
        executions: Arc::new(AtomicUsize::new(0)),
        begin: Instant::now(),
    };
    let executions = Arc::clone(&report.executions);
    builder.check(move || {
        executions.fetch_add(1, Ordering::Relaxed);
        execute();
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
        // Not by `eprintln`, which shows only what failed; and in one piece, because others write
        // too.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// To be called at the start of each execution, with all that is called in it.
fn start_elements<'a>(ops: impl Iterator<Item = &'a Op>) {
    element::start(
        1 + ops
            .map(|op| if let Op::Push(n) | Op::TryPush(n) = op { *n } else { 0 })
            .max()
            .unwrap_or(0),
    );
}

fn execute<E: Element>(script: &Script, order: Order, queue: impl Queue<E> + 'static) {
    start_elements(script.threads.iter().chain([&script.start]).copied().flatten());

    let mut initial = Model::of(&queue);
    for &op in script.start {
        initial.follow(&queue, op);
    }

    // A failure leaks the queue: to drop a broken one would be a second panic, which aborts and
    // hides the first. The `Arc` is not loom's: it would order what the queue must order.
    let shared = Arc::new((ManuallyDrop::new(queue), Recorder::new(order)));
    let (mine, others) = script.threads.split_first().expect("a script has threads");
    let others: Vec<_> = others
        .iter()
        .map(|&ops| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.1.record(ops, |op| call_on(&*shared.0, op)))
        })
        .collect();
    let mut threads = vec![shared.1.record(mine, |op| call_on(&*shared.0, op))];
    threads.extend(others.into_iter().map(|other| other.join().unwrap()));

    let (queue, _) = Arc::into_inner(shared).expect("the other threads have ended");
    let mut history = order.history(initial, &threads);
    history.add_at_rest(at_rest(|op| call_on(&*queue, op)));
    assert!(history.is_linearizable(), "not linearizable: {history:#?}");

    drop(ManuallyDrop::into_inner(queue));
    element::assert_all_dropped();
}

impl Order {
    fn history(self, initial: Model, threads: &[Vec<Timed>]) -> History {
        match self {
            Self::Fenced => History::in_real_time(initial, threads),
            Self::Bare => History::in_program_order(initial, threads),
        }
    }
}

/// What all threads of an execution record their calls with.
struct Recorder {
    order: Order,
    /// Not loom's, for the same reason as the `Arc`.
    clock: AtomicU64,
    /// Counted up before each call, so that loom tries the calls in every order. By itself it does
    /// not: of the accesses to an atomic it remembers only the last, and forgets that one thread
    /// has read when the next one reads too before it writes. Relaxed, so that nothing is
    /// synchronised by it.
    turn: loom::sync::atomic::AtomicU64,
}

impl Recorder {
    fn new(order: Order) -> Self {
        Self { order, clock: AtomicU64::new(0), turn: loom::sync::atomic::AtomicU64::new(0) }
    }

    fn record(&self, ops: &[Op], mut call: impl FnMut(Op) -> Ret) -> Vec<Timed> {
        let now = || self.clock.fetch_add(1, Ordering::Relaxed);
        let synchronize = || {
            if self.order == Order::Fenced {
                fence(Ordering::SeqCst);
            }
        };
        let record = |&op: &Op| {
            self.turn.fetch_add(1, Ordering::Relaxed);
            Timed::record(op, now, |op| {
                synchronize();
                let ret = call(op);
                synchronize();
                ret
            })
        };
        ops.iter().map(record).collect()
    }
}

/// What the two ends of a `spsc` ring of `capacity` do at once, on which `start` was done before.
pub(crate) struct Ends {
    pub(crate) capacity: usize,
    pub(crate) start: &'static [Op],
    pub(crate) producer: &'static [Op],
    pub(crate) consumer: &'static [Op],
    /// As in a [`Script`].
    pub(crate) preemptions: Option<usize>,
}

impl Ends {
    fn all(&self) -> impl Iterator<Item = &Op> {
        self.start.iter().chain(self.producer).chain(self.consumer)
    }

    /// A new ring on which `start` was done, with its model then.
    fn started<E: Element>(&self) -> (Producer<E>, Consumer<E>, Model) {
        start_elements(self.all());
        let (mut producer, mut consumer, mut model) = ends::ring(self.capacity);
        for &op in self.start {
            assert_eq!(call_either(&mut producer, &mut consumer, op), model.apply(op), "{op:?}");
        }
        (producer, consumer, model)
    }
}

/// # Panics
///
/// In the first execution that is wrong.
pub(crate) fn explore_ends<E: Element>(name: &str, script: &'static Ends, order: Order) {
    explore_all(name, script.preemptions, move || execute_ends::<E>(script, order));
}

fn execute_ends<E: Element>(script: &'static Ends, order: Order) {
    let (producer, consumer, initial) = script.started::<E>();
    // As there, a failure leaks them.
    let (mut producer, mut consumer) = (ManuallyDrop::new(producer), ManuallyDrop::new(consumer));
    let recorder = Arc::new(Recorder::new(order));
    let other = thread::spawn({
        let recorder = Arc::clone(&recorder);
        move || (recorder.record(script.producer, |op| producer.call(op)), producer)
    });
    let popped = recorder.record(script.consumer, |op| consumer.call(op));
    let (pushed, mut producer) = other.join().unwrap();

    let mut history = order.history(initial, &[popped, pushed]);
    history.add_at_rest(ends::at_rest(&mut producer, &mut consumer));
    assert!(history.is_linearizable(), "not linearizable: {history:#?}");

    drop(ManuallyDrop::into_inner(producer));
    drop(ManuallyDrop::into_inner(consumer));
    element::assert_all_dropped();
}

/// Each end is dropped when it has done its part, while the other may still be at its own; what is
/// left goes with the last.
pub(crate) fn explore_drops<E: Element>(name: &str, script: &'static Ends) {
    explore_all(name, script.preemptions, move || {
        let (producer, consumer, _) = script.started::<E>();
        let recorder = Arc::new(Recorder::new(Order::Bare));
        let other = thread::spawn({
            let recorder = Arc::clone(&recorder);
            move || do_and_drop(producer, &recorder, script.producer)
        });
        do_and_drop(consumer, &recorder, script.consumer);
        other.join().unwrap();
        element::assert_all_dropped();
    });
}

fn do_and_drop(end: impl End, recorder: &Recorder, ops: &[Op]) {
    let mut end = ManuallyDrop::new(end);
    recorder.record(ops, |op| end.call(op));
    recorder.turn.fetch_add(1, Ordering::Relaxed);
    // The ring's `Arc` is not loom's. Whoever is last has seen what the other did before it dropped
    // its end: that loom must be told.
    fence(Ordering::SeqCst);
    drop(ManuallyDrop::into_inner(end));
}

/// The consumer goes when it has done its part, while the producer is at its own. When both have,
/// the producer's next push gives its element back.
pub(crate) fn explore_abandoned<E: Element>(name: &str, script: &'static Ends) {
    explore_all(name, script.preemptions, move || {
        let (mut producer, consumer, _) = script.started::<E>();
        let recorder = Arc::new(Recorder::new(Order::Bare));
        let other = thread::spawn({
            let recorder = Arc::clone(&recorder);
            move || do_and_drop(consumer, &recorder, script.consumer)
        });
        recorder.record(script.producer, |op| producer.call(op));
        other.join().unwrap();
        // A failure leaks the producer, as there.
        let mut producer = ManuallyDrop::new(producer);
        assert_eq!((producer.is_closed(), producer.is_abandoned()), (true, true));
        for op in [Op::Push(0), Op::TryPush(0)] {
            assert!(matches!(producer.call(op), Ret::Closed(_)), "{op:?}");
        }
        drop(ManuallyDrop::into_inner(producer));
        element::assert_all_dropped();
    });
}
