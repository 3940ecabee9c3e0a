//! The two ends of a `spsc` ring: each called directly, or both as one queue.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ringway::spsc::{self, Consumer, Producer};
use ringway::{CapacityError, Overflow, Pushed, Queue, TryPopError, TryPushError};

use super::element::Element;
use super::model::{self, Model, Op, Ret, pushed, tried};

/// Makes the calls that this end has. A lock around the end would order what the ring must order.
pub trait End: Send {
    fn call(&mut self, op: Op) -> Ret;
}

impl<T: Element> End for Producer<T> {
    fn call(&mut self, op: Op) -> Ret {
        match op {
            Op::Push(number) => pushed(self.push(T::of(number))),
            Op::TryPush(number) => tried(self.try_push(T::of(number))),
            Op::Close => Ret::Bool(self.close()),
            Op::IsClosed => Ret::Bool(self.is_closed()),
            Op::Len => Ret::Len(self.len()),
            Op::IsEmpty => Ret::Bool(self.is_empty()),
            Op::IsFull => Ret::Bool(self.is_full()),
            Op::Pop | Op::TryPop | Op::PopInto(_) => unreachable!("the consumer's"),
        }
    }
}

impl<T: Element> End for Consumer<T> {
    fn call(&mut self, op: Op) -> Ret {
        match op {
            Op::Pop => Ret::Popped(self.pop().map(T::number)),
            Op::IsClosed => Ret::Bool(self.is_closed()),
            Op::Len => Ret::Len(self.len()),
            Op::IsEmpty => Ret::Bool(self.is_empty()),
            Op::IsFull => Ret::Bool(self.is_full()),
            Op::Push(_) | Op::TryPush(_) | Op::Close => unreachable!("the producer's"),
            Op::TryPop => match self.try_pop() {
                Ok(value) => Ret::Popped(Some(value.number())),
                Err(TryPopError::Empty) => Ret::Popped(None),
                Err(TryPopError::Closed) => Ret::Ended,
            },
            Op::PopInto(_) => unreachable!("not one call, but many"),
        }
    }
}

/// A new ring and its model.
pub fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>, Model) {
    let (producer, consumer) = spsc::ring(capacity);
    (producer, consumer, Model::new(Some(capacity), Overflow::EvictOldest))
}

/// Pops are the consumer's calls. What both ends have is here the producer's.
pub fn call_either<T: Element>(
    producer: &mut Producer<T>,
    consumer: &mut Consumer<T>,
    op: Op,
) -> Ret {
    if matches!(op, Op::Pop | Op::TryPop) { consumer.call(op) } else { producer.call(op) }
}

/// As [`model::at_rest`], with all that either end can tell.
pub fn at_rest<T: Element>(
    producer: &mut Producer<T>,
    consumer: &mut Consumer<T>,
) -> Vec<(Op, Ret)> {
    let mut calls: Vec<_> =
        [Op::Len, Op::IsEmpty, Op::IsFull, Op::IsClosed].map(|op| (op, consumer.call(op))).into();
    calls.extend(model::at_rest(|op| call_either(producer, consumer, op)));
    calls
}

/// Both ends as one queue, for the tests that are written for all queues.
///
/// Each end is behind a mutex of its own, so that the two run at the same time, and many threads
/// may have the same end, one after the other. What both ends can tell is asked of both, and they
/// must agree while neither is at work.
pub struct Ends<T> {
    pub producer: Mutex<Producer<T>>,
    pub consumer: Mutex<Consumer<T>>,
}

/// A thread that panics with an end in its hands leaves it as good as it was.
fn lock<E>(end: &Mutex<E>) -> MutexGuard<'_, E> {
    end.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Ends<T> {
    pub fn new(capacity: usize) -> Self {
        Self::of(spsc::ring(capacity))
    }

    pub fn try_new(capacity: usize) -> Result<Self, CapacityError> {
        spsc::try_ring(capacity).map(Self::of)
    }

    fn of((producer, consumer): (Producer<T>, Consumer<T>)) -> Self {
        Self { producer: Mutex::new(producer), consumer: Mutex::new(consumer) }
    }

    #[track_caller]
    fn agreed<R: PartialEq + std::fmt::Debug>(
        &self,
        one: impl Fn(&Producer<T>) -> R,
        other: impl Fn(&Consumer<T>) -> R,
    ) -> R {
        let (producer, consumer) = (lock(&self.producer), lock(&self.consumer));
        let seen = one(&producer);
        assert_eq!(seen, other(&consumer), "the ends see different things");
        seen
    }
}

impl<T: Send> Queue<T> for Ends<T> {
    fn push(&self, value: T) -> Pushed<T> {
        lock(&self.producer).push(value)
    }

    fn try_push(&self, value: T) -> Result<(), TryPushError<T>> {
        lock(&self.producer).try_push(value)
    }

    fn pop(&self) -> Option<T> {
        lock(&self.consumer).pop()
    }

    fn try_pop(&self) -> Result<T, TryPopError> {
        lock(&self.consumer).try_pop()
    }

    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        lock(&self.consumer).pop_into(out, max)
    }

    fn close(&self) -> bool {
        lock(&self.producer).close()
    }

    fn is_closed(&self) -> bool {
        self.agreed(Producer::is_closed, Consumer::is_closed)
    }

    fn len(&self) -> usize {
        self.agreed(Producer::len, Consumer::len)
    }

    fn is_empty(&self) -> bool {
        self.agreed(Producer::is_empty, Consumer::is_empty)
    }

    fn is_full(&self) -> bool {
        self.agreed(Producer::is_full, Consumer::is_full)
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.agreed(Producer::capacity, Consumer::capacity))
    }

    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

/// What is left when the producer has gone.
pub struct Rest<T>(Consumer<T>);

impl<T> Iterator for Rest<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.pop()
    }
}

impl<T> IntoIterator for Ends<T> {
    type Item = T;
    type IntoIter = Rest<T>;

    fn into_iter(self) -> Rest<T> {
        Rest(self.consumer.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}
