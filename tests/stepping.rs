//! One thread is stopped after each machine instruction of a call in turn, for good as far as the others are concerned:
//! they must come to the end of their calls, and what all of them return must be linearizable. No instruction is left
//! to chance, as it is where threads are frozen at random (`freeze.rs`).
//!
//! `RINGWAY_STRIDE=1 cargo test --release --test stepping -- --nocapture` is the long form.
//!
//! The same on crossbeam's `ArrayQueue` shows that the test can fail: it finds the instructions at which that stalls.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(loom)))]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::env;
use std::time::Duration;

use peer::Peer;
use ringway::{AtomicRing, Queue};
use support::element::Element;
use support::interleaving::{FOR_EVER, Stall, interleave};
use support::model::Model;
use support::model::Op::{self, IsEmpty, IsFull, Len, Pop, Push, TryPush};
use support::stepper::{Allowance, Now};

/// What counts as a stall where one is looked for. A machine that is slower than this only finds too many.
const A_WHILE: Duration = Duration::from_millis(20);

/// Capacities, and what was done before.
fn starts() -> [(usize, Vec<Op>); 6] {
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
    ]
}

/// What is stopped.
const STOPPED: [Op; 6] = [Push(1000), TryPush(1000), Pop, Len, IsEmpty, IsFull];

/// What another thread does meanwhile: every call, and more than a lap of pushes and of pops.
const MEANWHILE: [Op; 12] =
    [Push(2000), Push(2001), Push(2002), Len, Pop, IsFull, Pop, TryPush(2003), IsEmpty, Pop, Pop, Push(2004)];

/// Every so many instructions a thread is stopped: `RINGWAY_STRIDE`, or else what a test can afford. Code that is not
/// optimised is ten times as long and takes a hundred times the time.
fn stride(optimized: usize) -> usize {
    let affordable = if cfg!(debug_assertions) { 500 + 20 * optimized } else { optimized };
    env::var("RINGWAY_STRIDE").map_or(affordable, |text| text.parse().expect("RINGWAY_STRIDE is a number"))
}

fn instructions(instructions: u64) -> Allowance {
    Allowance { calls: 0, instructions }
}

fn started<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q, (capacity, start): &(usize, Vec<Op>)) -> (Q, Model) {
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

/// Stops a thread at each instruction of each call, on each start, until there have been `enough` stalls.
fn stop_everywhere<T: Element, Q: Queue<T>>(
    new: impl Fn(usize) -> Q,
    stride: usize,
    patience: Duration,
    enough: usize,
) -> Report {
    let mut report = Report::default();
    for start in starts() {
        for stopped in STOPPED {
            for n in (1..).step_by(stride) {
                let (queue, model) = started(&new, &start);
                let turns = [(0, instructions(n)), (1, Allowance::TO_THE_END)];
                match interleave(&queue, &model, &[&[stopped], &MEANWHILE], &turns, patience) {
                    Ok(ends) if ends[0] == Now::Ended => {
                        assert!(n > 1, "the first instruction does not end a call: was it stopped at all?");
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
    let report = stop_everywhere(AtomicRing::<u32>::new, stride(1), FOR_EVER, 1);
    println!("AtomicRing, inline: {report:?}");
    assert_eq!(report.stalls, []);
}

#[test]
fn others_finish_by_exchange() {
    let report = stop_everywhere(AtomicRing::<[u32; 6]>::new, stride(1), FOR_EVER, 1);
    println!("AtomicRing, exchange: {report:?}");
    assert_eq!(report.stalls, []);
}

#[test]
fn array_queue_stalls() {
    // Where a stop takes long, one stall is enough; but it must not be stepped over.
    let (stride, enough) = if cfg!(debug_assertions) { (20, 1) } else { (1, usize::MAX) };
    let report = stop_everywhere(Peer::<[u32; 6]>::new, stride, A_WHILE, enough);
    println!("ArrayQueue: {report:?}");
    assert_ne!(report.stalls, []);
}

/// A thread is stopped, overtaken so that it must try again, and stopped again in what it does then. Returns how often.
fn stop_twice<T: Element, Q: Queue<T>>(new: impl Fn(usize) -> Q) -> usize {
    let (before, after) = MEANWHILE.split_at(MEANWHILE.len() / 2);
    let mut stops = 0;
    for start in starts() {
        for stopped in [Push(1000), TryPush(1000), Pop] {
            'first: for first in (1..).step_by(stride(16)) {
                for second in (1..).step_by(stride(16)) {
                    let (queue, model) = started(&new, &start);
                    let turns = [
                        (0, instructions(first)),
                        (1, Allowance::TO_THE_END),
                        (0, instructions(second)),
                        (2, Allowance::TO_THE_END),
                    ];
                    let ends = interleave(&queue, &model, &[&[stopped], before, after], &turns, FOR_EVER).unwrap();
                    if ends[0] == Now::Ended {
                        assert!(first > 1, "the first instruction does not end a call: was it stopped at all?");
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
