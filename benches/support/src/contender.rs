//! What a queue must offer to be compared.

use std::sync::{Mutex, PoisonError};
use std::thread;

use ringway::Pushed;
use serde::Serialize;

use crate::element::Element;

/// A kind of queue, for elements of any type.
pub trait Family: 'static {
    const NAME: &'static str;
    const KIND: Kind;
    const MAX_PRODUCERS: usize = usize::MAX;
    const MAX_CONSUMERS: usize = usize::MAX;
    /// Whether a push returns what it evicted. If not, nobody can check that nothing else is lost.
    const GIVES_BACK: bool = true;
    /// Whether it takes part where one asks for the length, pops in batches, or passes messages.
    const IS_QUEUE: bool = true;

    type Queue<T: Element>: Contender<T>;
}

/// What it does when it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// Takes the new element, and the oldest has to go.
    Evicts,
    /// Gives the new element back.
    Rejects,
    /// Makes the thread with the new element wait.
    Waits,
    /// It never is.
    Grows,
    /// No queue: what the scene costs without one.
    Floor,
}

/// One queue. Its methods are always inlined: what the queues themselves leave to calls is part of
/// their cost, this is not.
pub trait Contender<T>: Send + Sync + 'static {
    type Producer<'a>: Producer<T>
    where
        Self: 'a;
    type Consumer<'a>: Consumer<T>
    where
        Self: 'a;

    fn with_capacity(capacity: usize) -> Self;

    /// Called once for each producing thread; at most [`Family::MAX_PRODUCERS`] times.
    fn producer(&self) -> Self::Producer<'_>;

    /// Called once for each consuming thread; at most [`Family::MAX_CONSUMERS`] times.
    fn consumer(&self) -> Self::Consumer<'_>;

    /// Called once when the scene is over: the threads that wait are not to wait for this.
    fn end(&self) {}
}

pub trait Producer<T> {
    fn push(&mut self, value: T) -> Pushed<T>;

    /// Pushes copies of all, one by one unless it can do better. Returns how many were stored.
    #[inline(always)]
    fn push_all(&mut self, values: &[T]) -> u64
    where
        T: Copy,
    {
        values.iter().map(|&value| u64::from(self.push(value).is_stored())).sum()
    }
}

pub trait Consumer<T> {
    fn pop(&mut self) -> Option<T>;

    /// Only called if [`Family::IS_QUEUE`].
    fn length(&self) -> usize {
        unreachable!("it has no length")
    }

    /// Pops at most so many, one by one unless it can do better.
    #[inline(always)]
    fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        let before = out.len();
        out.extend((0..max).map_while(|_| self.pop()));
        out.len() - before
    }

    /// Waits for an element; `None` when it has found that the scene is over.
    ///
    /// A consumer of a queue gives its core away when it finds nothing, as the README says.
    #[inline(always)]
    fn wait(&mut self, is_over: impl Fn() -> bool) -> Option<T> {
        while !is_over() {
            match self.pop() {
                None => thread::yield_now(),
                element => return element,
            }
        }
        None
    }
}

/// A queue that all threads use by reference. [`Direct`] makes a contender of it.
pub trait Shared<T>: Send + Sync + 'static {
    fn with_capacity(capacity: usize) -> Self;
    fn push(&self, value: T) -> Pushed<T>;
    fn pop(&self) -> Option<T>;

    fn length(&self) -> usize {
        unreachable!("it has no length")
    }

    #[inline(always)]
    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        let before = out.len();
        out.extend((0..max).map_while(|_| self.pop()));
        out.len() - before
    }
}

/// A queue whose handles are references to it.
pub struct Direct<Q>(Q);

impl<T, Q: Shared<T>> Contender<T> for Direct<Q> {
    type Producer<'a> = &'a Q;
    type Consumer<'a> = &'a Q;

    fn with_capacity(capacity: usize) -> Self {
        Self(Shared::with_capacity(capacity))
    }

    fn producer(&self) -> &Q {
        &self.0
    }

    fn consumer(&self) -> &Q {
        &self.0
    }
}

impl<T, Q: Shared<T>> Producer<T> for &Q {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        Shared::push(*self, value)
    }
}

impl<T, Q: Shared<T>> Consumer<T> for &Q {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Shared::pop(*self)
    }

    #[inline(always)]
    fn length(&self) -> usize {
        Shared::length(*self)
    }

    #[inline(always)]
    fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        Shared::pop_into(*self, out, max)
    }
}

/// An end that cannot be cloned, until the one thread that uses it takes it.
pub struct OnlyEnd<E>(Mutex<Option<E>>);

impl<E> OnlyEnd<E> {
    pub fn new(end: E) -> Self {
        Self(Mutex::new(Some(end)))
    }

    /// # Panics
    ///
    /// The second time.
    pub fn take(&self) -> E {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("this end is for one thread")
    }
}
