//! Crossbeam's `ArrayQueue` as one of ours: no thread waits for a mutex, and still threads wait for
//! each other.

use crossbeam_queue::ArrayQueue;
use ringway::{Overflow, Pushed, Queue, TryPushError};

pub(crate) struct Peer<T>(ArrayQueue<T>);

impl<T> Peer<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(ArrayQueue::new(capacity))
    }
}

impl<T: Send> Queue<T> for Peer<T> {
    fn push(&self, value: T) -> Pushed<T> {
        self.0.force_push(value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    fn try_push(&self, value: T) -> Result<(), TryPushError<T>> {
        self.0.push(value).map_err(TryPushError::Full)
    }

    fn pop(&self) -> Option<T> {
        self.0.pop()
    }

    fn close(&self) -> bool {
        unimplemented!("an `ArrayQueue` cannot be closed")
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.0.capacity())
    }

    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}
