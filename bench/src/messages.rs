//! Messages as large as a gateway's, through a queue at half full, one thread.
//!
//! `moved`: a message goes round and round, by ownership: what the queue costs. `copied`: for every operation a
//! message is made, by a copy, and dropped in the end: what a gateway pays.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ringway::Pushed;

use crate::contender::{Consumer, Contender, Family, Kind, Producer};
use crate::element::{COPIED, MOVED, Message, Only};
use crate::entrant::Entrant;
use crate::single::timed;
use crate::task::{Effort, Sample, Task, What};

pub(crate) fn moved<F: Family>(bytes: usize, task: &Task, effort: &Effort) -> Sample {
    let capacity = task.scene.capacity;
    let queue = Box::new(F::Queue::<Only<Message, MOVED>>::with_capacity(capacity));
    let handles = (queue.producer(), queue.consumer());
    timed((handles, Only(message(bytes)), capacity / 2), move_all, task, effort)
}

pub(crate) fn copied<F: Family>(bytes: usize, task: &Task, effort: &Effort) -> Sample {
    let capacity = task.scene.capacity;
    let queue = Box::new(F::Queue::<Only<Message, COPIED>>::with_capacity(capacity));
    let handles = (queue.producer(), queue.consumer());
    timed((handles, Only(message(bytes)), capacity / 2), copy_all, task, effort)
}

fn message(bytes: usize) -> Message {
    (0..bytes).map(|i| i as u8).collect()
}

/// A producer and a consumer, a message, and how many are to be inside.
type State<P, C, M> = ((P, C), M, usize);

#[inline(never)]
fn move_all<M: Clone, P: Producer<M>, C: Consumer<M>>(
    ((mut producer, mut consumer), mut hand, inside): State<P, C, M>,
    operations: u64,
) -> (State<P, C, M>, Duration) {
    let mut start = Instant::now();
    for (operations, pops) in [(inside as u64, false), (operations, true)] {
        start = Instant::now();
        for _ in 0..operations {
            let next = if pops { None } else { Some(hand.clone()) };
            push(&mut producer, hand);
            hand = next.unwrap_or_else(|| pop(&mut consumer));
        }
    }
    (((producer, consumer), hand, 0), start.elapsed())
}

#[inline(never)]
fn copy_all<M: Clone, P: Producer<M>, C: Consumer<M>>(
    ((mut producer, mut consumer), template, inside): State<P, C, M>,
    operations: u64,
) -> (State<P, C, M>, Duration) {
    let mut start = Instant::now();
    for (operations, pops) in [(inside as u64, false), (operations, true)] {
        start = Instant::now();
        for _ in 0..operations {
            push(&mut producer, black_box(&template).clone());
            if pops {
                drop(pop(&mut consumer));
            }
        }
    }
    let took = start.elapsed();
    (((producer, consumer), template, 0), took)
}

#[inline(always)]
fn push<M>(producer: &mut impl Producer<M>, message: M) {
    assert!(matches!(producer.push(message), Pushed::Stored), "it was full");
}

#[inline(always)]
fn pop<M>(consumer: &mut impl Consumer<M>) -> M {
    let Some(message) = consumer.pop() else { panic!("it was empty") };
    message
}

/// The floor: the same without a queue.
pub(crate) fn no_queue() -> Entrant {
    Entrant {
        name: "no queue",
        kind: Kind::Floor,
        takes: |task| matches!(task.what, What::Moved(_) | What::Copied(_)),
        turn: |task, effort| match task.what {
            What::Moved(bytes) => timed(message(bytes), only_move, task, effort),
            What::Copied(bytes) => timed(message(bytes), only_copy, task, effort),
            _ => unreachable!("it does not take it"),
        },
        count: |_, _| Sample::default(),
        check: || {},
    }
}

#[inline(never)]
fn only_move(mut hand: Message, operations: u64) -> (Message, Duration) {
    let start = Instant::now();
    for _ in 0..operations {
        hand = black_box(hand);
    }
    (hand, start.elapsed())
}

#[inline(never)]
fn only_copy(template: Message, operations: u64) -> (Message, Duration) {
    let start = Instant::now();
    for _ in 0..operations {
        drop(black_box(black_box(&template).clone()));
    }
    let took = start.elapsed();
    (template, took)
}
