//! The specification: what a queue does when one thread at a time uses it.
//!
//! The property tests, the fuzz target, the loom models and the linearizability checkers compare
//! with this.

use std::collections::VecDeque;

use ringway::{Overflow, Pushed, Queue, TryPopError, TryPushError};

use super::element::Element;

/// A first-in, first-out queue that can be closed, as plain as can be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    elements: VecDeque<u32>,
    capacity: Option<usize>,
    overflow: Overflow,
    is_closed: bool,
}

/// One call on a queue of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Push(u32),
    TryPush(u32),
    Pop,
    TryPop,
    PopInto(usize),
    Close,
    IsClosed,
    Len,
    IsEmpty,
    IsFull,
}

/// What the call returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ret {
    Stored,
    Evicted(u32),
    Rejected(u32),
    Closed(u32),
    Popped(Option<u32>),
    /// Nothing was inside, and nothing ever will be.
    Ended,
    PoppedInto(Vec<u32>),
    Len(usize),
    Bool(bool),
}

impl Model {
    pub fn new(capacity: Option<usize>, overflow: Overflow) -> Self {
        Self { elements: VecDeque::new(), capacity, overflow, is_closed: false }
    }

    /// The empty model of a queue.
    pub fn of<T>(queue: &(impl Queue<T> + ?Sized)) -> Self {
        Self::new(queue.capacity(), queue.overflow())
    }

    fn is_full(&self) -> bool {
        Some(self.elements.len()) == self.capacity
    }

    pub fn apply(&mut self, op: Op) -> Ret {
        match op {
            Op::Push(value) | Op::TryPush(value) if self.is_closed => Ret::Closed(value),
            Op::Push(value) if self.is_full() => match self.overflow {
                Overflow::EvictOldest => {
                    self.elements.push_back(value);
                    Ret::Evicted(self.elements.pop_front().unwrap())
                }
                Overflow::RejectNewest => Ret::Rejected(value),
                _ => unreachable!("a queue that grows is never full"),
            },
            Op::TryPush(value) if self.is_full() => Ret::Rejected(value),
            Op::Push(value) | Op::TryPush(value) => {
                self.elements.push_back(value);
                Ret::Stored
            }
            Op::TryPop if self.is_closed && self.elements.is_empty() => Ret::Ended,
            Op::Pop | Op::TryPop => Ret::Popped(self.elements.pop_front()),
            Op::PopInto(max) => {
                Ret::PoppedInto(self.elements.drain(..max.min(self.elements.len())).collect())
            }
            Op::Close => Ret::Bool(!std::mem::replace(&mut self.is_closed, true)),
            Op::IsClosed => Ret::Bool(self.is_closed),
            Op::Len => Ret::Len(self.elements.len()),
            Op::IsEmpty => Ret::Bool(self.elements.is_empty()),
            Op::IsFull => Ret::Bool(self.is_full()),
        }
    }

    /// Makes the call on the queue too, and must return the same.
    #[track_caller]
    pub fn follow<T: Element>(&mut self, queue: &(impl Queue<T> + ?Sized), op: Op) {
        assert_eq!(call_on(queue, op), self.apply(op), "{op:?}");
    }
}

/// Makes the call on a queue of elements that stand for numbers.
pub fn call_on<T: Element>(queue: &(impl Queue<T> + ?Sized), op: Op) -> Ret {
    match op {
        Op::Push(value) => pushed(queue.push(T::of(value))),
        Op::TryPush(value) => tried(queue.try_push(T::of(value))),
        Op::Pop => Ret::Popped(queue.pop().map(T::number)),
        Op::TryPop => match queue.try_pop() {
            Ok(value) => Ret::Popped(Some(value.number())),
            Err(TryPopError::Empty) => Ret::Popped(None),
            Err(TryPopError::Closed) => Ret::Ended,
        },
        Op::PopInto(max) => {
            let mut out = Vec::new();
            let taken = queue.pop_into(&mut out, max);
            assert_eq!(taken, out.len(), "pop_into returns how many it appended");
            Ret::PoppedInto(out.into_iter().map(T::number).collect())
        }
        Op::Close => Ret::Bool(queue.close()),
        Op::IsClosed => Ret::Bool(queue.is_closed()),
        Op::Len => Ret::Len(queue.len()),
        Op::IsEmpty => Ret::Bool(queue.is_empty()),
        Op::IsFull => Ret::Bool(queue.is_full()),
    }
}

/// The result of a `push`.
pub fn pushed<T: Element>(pushed: Pushed<T>) -> Ret {
    match pushed {
        Pushed::Stored => Ret::Stored,
        Pushed::Evicted(old) => Ret::Evicted(old.number()),
        Pushed::Rejected(value) => Ret::Rejected(value.number()),
        Pushed::Closed(value) => Ret::Closed(value.number()),
    }
}

/// The result of a `try_push`.
pub fn tried<T: Element>(tried: Result<(), TryPushError<T>>) -> Ret {
    match tried {
        Ok(()) => Ret::Stored,
        Err(TryPushError::Full(value)) => Ret::Rejected(value.number()),
        Err(TryPushError::Closed(value)) => Ret::Closed(value.number()),
    }
}

/// What a queue tells at rest, where `len` is exact, and then all that was left, taken out one by
/// one: so that an element that was lost, doubled or left in the wrong place shows.
pub fn at_rest(mut call: impl FnMut(Op) -> Ret) -> Vec<(Op, Ret)> {
    let mut calls: Vec<_> =
        [Op::Len, Op::IsEmpty, Op::IsFull, Op::IsClosed].map(|op| (op, call(op))).into();
    while calls.last() != Some(&(Op::Pop, Ret::Popped(None))) {
        calls.push((Op::Pop, call(Op::Pop)));
    }
    calls
}
