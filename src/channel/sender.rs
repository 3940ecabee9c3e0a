use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Pipe, Visit};
#[cfg(target_has_atomic = "64")]
use crate::AtomicRing;
use crate::sync::Ordering;
use crate::{Closed, Full, Pushed, Queue, TrySendError};

/// The end of a [`pipe`](crate::pipe()) at which elements go in.
///
/// Can be cloned; a thread or task had better have a clone of its own, as senders that are shared, or more than eight of them,
/// take cache lines from each other. When the last one is dropped, the pipe is closed.
///
/// | | when there is no room | |
/// |---|---|---|
/// | [`send`](Self::send) | what the queue does: evicts, rejects, grows | never waits |
/// | [`try_send`](Self::try_send) | gives the element back | never waits |
/// | [`send_wait`](Self::send_wait), [`send_timeout`](Self::send_timeout), [`send_deadline`](Self::send_deadline) | waits for it | blocks the thread |
/// | [`send_async`](Self::send_async) | waits for it | a future |
///
/// All give the element back when the pipe is closed.
pub struct Sender<T, #[cfg(target_has_atomic = "64")] Q = AtomicRing<T>, #[cfg(not(target_has_atomic = "64"))] Q> {
    pub(super) pipe: Arc<Pipe<Q>>,
    /// Which of the gate's stripes is this sender's.
    number: usize,
    element: PhantomData<fn(T)>,
}

impl<T, Q> Sender<T, Q> {
    pub(super) fn new(pipe: Arc<Pipe<Q>>) -> Self {
        // Relaxed, as for the strong count of an `Arc`: whoever clones an end has one.
        pipe.senders.fetch_add(1, Ordering::Relaxed);
        let number = pipe.senders_ever.fetch_add(1, Ordering::Relaxed);
        Self { pipe, number, element: PhantomData }
    }

    #[inline(always)]
    fn enter(&self) -> Option<Visit<'_, Q>> {
        self.pipe.enter(self.pipe.gate.stripe(self.number))
    }

    /// Closes the pipe: from now on nothing goes in. What is inside still comes out.
    ///
    /// Everyone who waits at either end is woken. Closing twice does nothing.
    ///
    /// *Progress*: never waits.
    ///
    /// ```
    /// use ringway::{AtomicRing, Closed, Pushed};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(2));
    /// assert_eq!(tx.send('a'), Ok(Pushed::Stored));
    /// tx.close();
    /// assert_eq!(tx.send('b'), Err(Closed('b')));
    /// assert_eq!(rx.recv(), Ok('a'));
    /// assert_eq!(rx.recv(), Err(Closed(())));
    /// ```
    pub fn close(&self) {
        self.pipe.close();
    }

    /// Whether the pipe is closed: by either end, or because all receivers are gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.pipe.gate.is_closed()
    }
}

impl<T, Q: Queue<T>> Sender<T, Q> {
    /// Puts `value` in by the queue's own [`overflow`](Queue::overflow) policy, and wakes one who waits for an element.
    ///
    /// Never waits. What had to make room, or did not fit, comes back in [`Pushed`].
    ///
    /// *Linearization point*: that of the queue's [`push`](Queue::push); for [`Closed`], the access that shows it. *Progress*: wait-free
    /// but for the push, unless somebody sleeps; waking takes a lock for a moment.
    ///
    /// *Cost*, when nobody sleeps: two read-modify-writes on a cache line that this sender shares with no other (with at most
    /// eight of them; a receiver touches it when it goes to sleep), and two loads of lines that change only when receivers go to sleep
    /// and when the pipe is closed.
    ///
    /// # Errors
    ///
    /// [`Closed`] gives the value back when the pipe is closed.
    ///
    /// ```
    /// use ringway::{AtomicRing, Pushed};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// assert_eq!(tx.send(1), Ok(Pushed::Stored));
    /// assert_eq!(tx.send(2), Ok(Pushed::Evicted(1)));
    /// assert_eq!(rx.recv(), Ok(2));
    /// ```
    #[inline(always)]
    pub fn send(&self, value: T) -> Result<Pushed<T>, Closed<T>> {
        let Some(mut visit) = self.enter() else { return Err(Closed(value)) };
        let pushed = self.pipe.queue.push(value);
        visit.stored = pushed.is_stored();
        Ok(pushed)
    }

    /// Puts `value` in if there is room; never evicts, never waits.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] gives the value back, when the pipe is closed or the queue full.
    ///
    /// ```
    /// use ringway::{AtomicRing, TrySendError};
    ///
    /// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
    /// assert_eq!(tx.try_send(1), Ok(()));
    /// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    /// rx.close();
    /// assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
    /// ```
    #[inline(always)]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let Some(mut visit) = self.enter() else { return Err(TrySendError::Closed(value)) };
        let pushed = self.pipe.queue.try_push(value);
        visit.stored = pushed.is_ok();
        pushed.map_err(|Full(value)| TrySendError::Full(value))
    }

    /// For those that wait for space: tries to put in what is in `value`; `None` when there is no room.
    pub(super) fn try_put(&self, value: &mut Option<T>) -> Option<Result<(), Closed<T>>> {
        match self.try_send(value.take().expect("the value is given back until it is sent")) {
            Ok(()) => Some(Ok(())),
            Err(TrySendError::Closed(value)) => Some(Err(Closed(value))),
            Err(TrySendError::Full(full)) => {
                *value = Some(full);
                None
            }
        }
    }

    /// How many elements are inside; see [`Queue::len`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.pipe.queue.len()
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pipe.queue.is_empty()
    }

    /// Whether one more element would be one too many; never true of an unbounded queue.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.pipe.queue.is_full()
    }

    /// How many elements fit; `None`: as many as there is memory for.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.pipe.queue.capacity()
    }
}

impl<T, Q> Clone for Sender<T, Q> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.pipe))
    }
}

impl<T, Q> Drop for Sender<T, Q> {
    fn drop(&mut self) {
        // Release pairs with the Acquire of the last one: what all senders did is before the closing.
        if self.pipe.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.pipe.close();
        }
    }
}

impl<T, Q> fmt::Debug for Sender<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}
