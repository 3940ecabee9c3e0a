//! One thread is stopped after each machine instruction of a call in turn, for good as far as the
//! others are concerned: they must come to the end of their calls, and what all of them return must
//! be linearizable. No instruction is left to chance, as it is where threads are frozen at random
//! (`freeze.rs`).
//!
//! `RINGWAY_STRIDE=1 cargo test --release --test stepping -- --nocapture` is the long form.
//!
//! The same on crossbeam's `ArrayQueue` shows that the test can fail: it finds the instructions at
//! which that stalls.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(ringway_loom)))]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{env, thread};

use peer::Peer;
use ringway::{AtomicRing, Queue};
use support::element::Element;
use support::ends::{self, End, call_either};
use support::history::{History, Timed};
use support::interleaving::{FOR_EVER, Stall, interleave};
use support::model::Model;
use support::model::Op::{self, Close, IsClosed, IsEmpty, IsFull, Len, Pop, Push, TryPop, TryPush};
use support::stepper::{Allowance, Calls, Now, Stepped};

/// What counts as a stall where one is looked for. A machine that is slower than this only finds
/// too many.
const A_WHILE: Duration = Duration::from_millis(20);

/// Capacities, and what was done before.
fn starts() -> [(usize, Vec<Op>); 8] {
    let pushes = |n| (0..n).map(Push).collect();
    [
        (2, vec![]),
        (2, pushes(1)),
        (2, pushes(2)),
        (2, [pushes(5), vec![Pop, Push(5)]].concat()),
        // The hint of the head is so far behind that it is found by halves: pushes do not move it.
        (16, pushes(28)),
        // But the next push does, as it comes to the end of lap 256.
        (2, pushes(511)),
        // Full, so that a pop must keep the bit that says closed; and where there was room, beside
        // what is inside.
        (2, [pushes(3), vec![Close]].concat()),
        (3, [pushes(1), vec![Close]].concat()),
    ]
}

/// What is stopped.
const STOPPED: [Op; 8] = [Push(1000), TryPush(1000), Pop, Close, IsClosed, Len, IsEmpty, IsFull];

/// What another thread does meanwhile: every call, and more than a lap of pushes and of pops.
const MEANWHILE: [Op; 12] = [
    Push(2000),
    Push(2001),
    Push(2002),
    Len,
    Pop,
    IsFull,
    Pop,
    TryPush(2003),
    IsEmpty,
    Pop,
    Pop,
    Push(2004),
];

/// The same with a close in it.
const CLOSE_MEANWHILE: [Op; 12] = [
    Push(2000),
    Pop,
    Push(2001),
    Close,
    IsClosed,
    Push(2002),
    Len,
    Pop,
    TryPush(2003),
    Pop,
    Close,
    Pop,
];

/// Every so many instructions a thread is stopped: `RINGWAY_STRIDE`, or else what a test can
/// afford. Code that is not optimised is ten times as long and takes a hundred times the time.
fn stride(optimized: usize) -> usize {
    let affordable = if cfg!(debug_assertions) { 500 + 20 * optimized } else { optimized };
    env::var("RINGWAY_STRIDE")
        .map_or(affordable, |text| text.parse().expect("RINGWAY_STRIDE is a number"))
}

fn instructions(instructions: u64) -> Allowance {
    Allowance { calls: 0, instructions }
}

fn started<T: Element, Q: Queue<T>>(
    new: impl Fn(usize) -> Q,
    (capacity, start): &(usize, Vec<Op>),
) -> (Q, Model) {
    let queue = new(*capacity);
    let mut model = Model::of(&queue);
    for &op in start {
        model.follow(&queue, op);
    }
    (queue, model)
}

#[derive(Debug, Default)]
struct Report {
    stops: usize,
    /// After how many instructions of which call.
    stalls: Vec<(Op, u64)>,
}

/// Stops a thread at each instruction of each call, on each start, until there have been `enough`
/// stalls.
fn stop_everywhere<T: Element, Q: Queue<T>>(
    new: impl Fn(usize) -> Q,
    stride: usize,
    patience: Duration,
    enough: usize,
    can_be_closed: bool,
) -> Report {
    let mut report = Report::default();
    let closes = |op: &Op| matches!(op, Close | IsClosed);
    let meanwhile: &[&[Op]] =
        if can_be_closed { &[&MEANWHILE, &CLOSE_MEANWHILE] } else { &[&MEANWHILE] };
    for (start, meanwhile) in
        starts().iter().flat_map(|start| meanwhile.iter().map(move |&ops| (start, ops)))
    {
        if !can_be_closed && start.1.iter().any(closes) {
            continue;
        }
        for stopped in STOPPED.into_iter().filter(|op| can_be_closed || !closes(op)) {
            for n in (1..).step_by(stride) {
                let (queue, model) = started(&new, start);
                let turns = [(0, instructions(n)), (1, Allowance::TO_THE_END)];
                match interleave(&queue, &model, &[&[stopped], meanwhile], &turns, patience) {
                    Ok(ends) if ends[0] == Now::Ended => {
                        assert!(
                            n > 1,
                            "the first instruction does not end a call: was it stopped at all?"
                        );
                        break;
                    }
                    Ok(_) => {}
                    Err(Stall(turn)) => {
                        assert_eq!(turn, 1, "only the others may be held up");
                        report.stalls.push((stopped, n));
                        if report.stalls.len() == enough {
                            return report;
                        }
                    }
                }
                report.stops += 1;
            }
        }
    }
    report
}

#[test]
fn others_finish_inline() {
    let report = stop_everywhere(AtomicRing::<u32>::new, stride(1), FOR_EVER, 1, true);
    println!("AtomicRing, inline: {report:?}");
    assert_eq!(report.stalls, []);
}

#[test]
fn others_finish_by_exchange() {
    let report = stop_everywhere(AtomicRing::<[u32; 6]>::new, stride(1), FOR_EVER, 1, true);
    println!("AtomicRing, exchange: {report:?}");
    assert_eq!(report.stalls, []);
}

#[test]
fn array_queue_stalls() {
    // Where a stop takes long, one stall is enough; but it must not be stepped over.
    let (stride, enough) = if cfg!(debug_assertions) { (20, 1) } else { (1, usize::MAX) };
    let report = stop_everywhere(Peer::<[u32; 6]>::new, stride, A_WHILE, enough, false);
    println!("ArrayQueue: {report:?}");
    assert_ne!(report.stalls, []);
}

/// A thread is stopped, overtaken so that it must try again, and stopped again in what it does
/// then. Returns how often.
fn stop_twice<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) -> usize {
    let mut stops = 0;
    for start in starts() {
        for (stopped, meanwhile) in [
            (Push(1000), MEANWHILE),
            (TryPush(1000), MEANWHILE),
            (Pop, MEANWHILE),
            (Push(1000), CLOSE_MEANWHILE),
            (Pop, CLOSE_MEANWHILE),
            (Close, MEANWHILE),
        ] {
            // Nothing can overtake what is closed already.
            if start.1.contains(&Close) {
                continue;
            }
            let (before, after) = meanwhile.split_at(meanwhile.len() / 2);
            'first: for first in (1..).step_by(stride(16)) {
                for second in (1..).step_by(stride(16)) {
                    let (queue, model) = started(&new, &start);
                    let turns = [
                        (0, instructions(first)),
                        (1, Allowance::TO_THE_END),
                        (0, instructions(second)),
                        (2, Allowance::TO_THE_END),
                    ];
                    let ends =
                        interleave(&queue, &model, &[&[stopped], before, after], &turns, FOR_EVER)
                            .unwrap();
                    if ends[0] == Now::Ended {
                        assert!(
                            first > 1,
                            "the first instruction does not end a call: was it stopped at all?"
                        );
                        break 'first;
                    }
                    if ends[2] == Now::Ended {
                        break;
                    }
                    stops += 1;
                }
            }
        }
    }
    stops
}

#[test]
fn others_finish_again_inline() {
    println!("AtomicRing, inline: {} stops", stop_twice(AtomicRing::<u32>::new));
}

#[test]
fn others_finish_again_by_exchange() {
    println!("AtomicRing, exchange: {} stops", stop_twice(AtomicRing::<[u32; 6]>::new));
}

/// One end of a `spsc` ring is stopped after so many instructions of a call, the other makes its
/// calls meanwhile; then the first goes on. Tells whether it was stopped, or had come to its end
/// before.
fn stop_an_end(
    start: &(usize, Vec<Op>),
    producer: &[Op],
    consumer: &[Op],
    stopped: usize,
    after: u64,
) -> Now {
    let (mut pushing, mut popping, mut model) = ends::ring::<[u32; 6]>(start.0);
    for &op in &start.1 {
        assert_eq!(call_either(&mut pushing, &mut popping, op), model.apply(op), "{op:?}");
    }
    let clock = &AtomicU64::new(0);
    let record = move |end: &mut dyn End, script: &[Op], calls: Calls| {
        let mut recorded = Vec::with_capacity(script.len());
        for &op in script {
            let now = || clock.fetch_add(1, Ordering::Relaxed);
            recorded.push(calls.make(|| Timed::record(op, now, |op| end.call(op))));
        }
        recorded
    };
    let (end, recorded) = thread::scope(|scope| {
        let (pushing, popping) = (&mut pushing, &mut popping);
        let threads = [
            Stepped::spawn(scope, move |calls| record(pushing, producer, calls)),
            Stepped::spawn(scope, move |calls| record(popping, consumer, calls)),
        ];
        let end = threads[stopped].go_on(instructions(after), FOR_EVER);
        assert_eq!(
            threads[1 - stopped].go_on(Allowance::TO_THE_END, FOR_EVER),
            Now::Ended,
            "held up"
        );
        assert_eq!(threads[stopped].go_on(Allowance::TO_THE_END, FOR_EVER), Now::Ended);
        (end, threads.map(Stepped::join))
    });
    let mut history = History::in_real_time(model, &recorded);
    history.add_at_rest(ends::at_rest(&mut pushing, &mut popping));
    assert!(history.is_linearizable(), "stopped after {after}: not linearizable: {history:#?}");
    end
}

/// Either end of a `spsc` ring is stopped at each instruction of each of its calls; how often, and
/// the longest `push`, `try_push` or `close` in instructions.
fn stop_the_ends() -> (usize, u64) {
    let (mut stops, mut longest) = (0, 0);
    let pushes = [
        Push(2000),
        Push(2001),
        Len,
        Push(2002),
        TryPush(2003),
        IsFull,
        Push(2004),
        IsEmpty,
        Close,
        Push(2005),
    ];
    // The producer goes around a stopped consumer, again and again.
    let pushes: Vec<_> = (3000..3020).map(Push).chain(pushes).collect();
    let pops = [Len, Pop, IsClosed, TryPop, IsEmpty, Pop, TryPop, IsClosed];
    let of_the_producer =
        [Push(1000), TryPush(1000), Close, IsClosed, Len, IsEmpty, IsFull].map(|op| (0, op));
    let of_the_consumer = [Pop, TryPop, IsClosed, Len, IsEmpty, IsFull].map(|op| (1, op));
    for start in starts() {
        for (stopped, op) in of_the_producer.into_iter().chain(of_the_consumer) {
            let one = [op];
            let (producer, consumer): (&[Op], &[Op]) =
                if stopped == 0 { (&one, &pops) } else { (&pushes, &one) };
            for n in (1..).step_by(stride(1)) {
                if stop_an_end(&start, producer, consumer, stopped, n) == Now::Ended {
                    assert!(
                        n > 1,
                        "the first instruction does not end a call: was it stopped at all?"
                    );
                    break;
                }
                if matches!(op, Push(_) | TryPush(_) | Close) {
                    longest = longest.max(n);
                }
                stops += 1;
            }
        }
    }
    (stops, longest)
}

/// No call of the other end can keep a push from its end: it takes a few instructions,
/// wherever the other is stopped.
#[test]
fn the_other_end_finishes() {
    let (stops, longest) = stop_the_ends();
    println!("spsc: {stops} stops, at most {longest} instructions to a push");
    // Not so few where nothing is optimised.
    let bound = if cfg!(debug_assertions) { 5_000 } else { 1_000 };
    assert!(
        longest < bound,
        "a push takes a bounded number of instructions, but one took {longest}"
    );
}
