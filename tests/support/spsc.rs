//! The two ends of `spsc` as one queue, for the tests that are written for all queues.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ringway::spsc::{self, Consumer, Producer};
use ringway::{CapacityError, Full, Overflow, Pushed, Queue};

/// Each end behind a mutex of its own, so that the two run at the same time, and many threads may have the same end, one
/// after the other. The lengths are asked of both ends, which must agree while neither is at work.
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

    pub fn of((producer, consumer): (Producer<T>, Consumer<T>)) -> Self {
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

    fn try_push(&self, value: T) -> Result<(), Full<T>> {
        lock(&self.producer).try_push(value)
    }

    fn pop(&self) -> Option<T> {
        lock(&self.consumer).pop()
    }

    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        lock(&self.consumer).pop_into(out, max)
    }

    fn len(&self) -> usize {
        self.agreed(Producer::len, Consumer::len)
    }

    fn is_empty(&self) -> bool {
        self.agreed(Producer::is_empty, Consumer::is_empty)
    }

    fn is_full(&self) -> bool {
        lock(&self.producer).is_full()
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
