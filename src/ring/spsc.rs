//! A ring for one producer and one consumer that evicts the oldest element when it is full.
//!
//! It does for one thread on each side what [`AtomicRing`](crate::AtomicRing) does for any number.
//! Each side has a handle. Neither ever waits for the other, nor tries anything again for it.
//!
//! ```
//! use ringway::{Pushed, spsc};
//!
//! let (mut producer, mut consumer) = spsc::ring(2);
//! assert_eq!(producer.push("first"), Pushed::Stored);
//! assert_eq!(producer.push("second"), Pushed::Stored);
//! assert_eq!(producer.push("third"), Pushed::Evicted("first"));
//!
//! let consumer = std::thread::spawn(move || [(); 3].map(|()| consumer.pop()));
//! assert_eq!(consumer.join().unwrap(), [Some("second"), Some("third"), None]);
//! ```
//!
//! # Guarantees
//!
//! * *Specification*: a first-in, first-out queue of exactly `capacity` elements, whose `push` on
//!   full takes the oldest out and returns it. Every operation is linearizable, closing and `len`
//!   included; of the batches, each step of `pop_into` and each element of `push_all`.
//! * *Closing*: the producer closes the ring, by [`Producer::close`] or when it is dropped. Once
//!   the consumer is gone, the next `push` that happens after gives its element back, too.
//! * *Progress*: all operations of both ends are wait-free, with a fixed number of steps. A thread
//!   that is suspended anywhere keeps the other from nothing. On processors whose read-modify-
//!   writes are loops of load-linked and store-conditional, this holds as far as these loops end.
//! * *Order*: what was done before a `push` has happened before whatever follows the `pop` of its
//!   element, and likewise for an element evicted. Unlike `AtomicRing`'s, a `push` is not `SeqCst`:
//!   a producer that pushes and then looks whether somebody sleeps needs a `SeqCst` fence between.
//! * *Cost*: a `push` with room is a store; on a full ring it is a compare-exchange besides. A
//!   `pop` is an addition to an atomic. A batch of up to 64 costs as many atomic operations as one
//!   element. `len` and its like are a load or two, for the producer with an exchange of a word
//!   that only it writes. No allocation per element.
//!
//! How that is done, and why it is right, is in [a chapter of its own](crate::docs::spsc).
//!
//! # Signal handlers and interrupts
//!
//! One end may be a handler's, with the feature `std` or without: it may interrupt any operation of
//! the other end. `pop_into` may call the allocator; and mind
//! [what a handler drops](crate::AtomicRing#signal-handlers-and-interrupts).
//!
//! # Memory
//!
//! With *K* for the capacity, or 64 if that is less: up to 1½ times `capacity` and 6½ *K* slots of
//! the size of `T`, in one allocation, and less than a kilobyte besides. The slots beyond the
//! capacity are what lets the producer go around a consumer that is suspended while it reads.
//!
//! # Limitations
//!
//! Positions have 63 bits, enough for 292 years at a thousand million pushes a second.
//!
//! # Prior art
//!
//! That each side keeps its position to itself, and what it knows of the other's, is from P. P. C.
//! Lee's, T. Bu's and G. Chandranmenon's MCRingBuffer.

mod buffer;
mod layout;
#[cfg(all(test, not(ringway_loom)))]
mod tests;

use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::error::{CapacityError, TryPopError, TryPushError};
use crate::queue::Pushed;
use buffer::{Filler, Taker};

/// The end of a ring at which elements go in.
///
/// It may move to another thread, but cannot be cloned. Dropping it closes the ring.
pub struct Producer<T> {
    end: Filler<T>,
}

/// The end of a ring at which elements come out.
///
/// It may move to another thread, but cannot be cloned. When the producer is gone, it still gives
/// out the elements that are inside. Those inside when the consumer is dropped are dropped with the
/// producer.
pub struct Consumer<T> {
    end: Taker<T>,
}

/// Makes an empty ring for `capacity` elements and allocates its memory.
///
/// # Panics
///
/// Panics if [`try_ring`] returns an error.
///
/// ```
/// let (mut producer, mut consumer) = ringway::spsc::ring(8);
/// let _ = producer.push("element");
/// assert_eq!(consumer.pop(), Some("element"));
/// ```
#[track_caller]
#[must_use]
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    CapacityError::unwrap(try_ring(capacity), capacity)
}

/// Makes an empty ring for `capacity` elements and allocates its memory.
///
/// # Errors
///
/// Returns an error if `capacity` is zero, if so many slots cannot be addressed, or if the
/// allocator refuses the memory.
///
/// ```
/// use ringway::{CapacityError, spsc};
///
/// assert!(spsc::try_ring::<u8>(8).is_ok());
/// assert_eq!(spsc::try_ring::<u8>(0).unwrap_err(), CapacityError::Zero);
/// ```
pub fn try_ring<T>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    let (filler, taker) = buffer::ends(capacity)?;
    Ok((Producer { end: filler }, Consumer { end: taker }))
}

impl<T> Producer<T> {
    /// Stores `value` as the newest element, and evicts the oldest one if the ring is full.
    ///
    /// Never returns [`Pushed::Rejected`]. Returns [`Pushed::Closed`] after
    /// [`close`](Self::close), and if the consumer is gone.
    ///
    /// *Linearization point*: the store of the tail if there is room; otherwise the exchange of the
    /// head, or the consumer's claim that makes it fail. *Progress*: wait-free.
    ///
    /// ```
    /// use ringway::{Pushed, spsc};
    ///
    /// let (mut producer, consumer) = spsc::ring(1);
    /// assert_eq!(producer.push('a'), Pushed::Stored);
    /// assert_eq!(producer.push('b'), Pushed::Evicted('a'));
    /// drop(consumer);
    /// assert_eq!(producer.push('c'), Pushed::Closed('c'));
    /// ```
    #[inline(always)]
    pub fn push(&mut self, value: T) -> Pushed<T> {
        if self.end.is_told() && self.is_closed() {
            return Pushed::Closed(value);
        }
        self.end.push(value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    /// Stores `value` as the newest element unless the ring is full.
    ///
    /// *Linearization point*: the store of the tail; for `Full`, the load of the head. *Progress*:
    /// wait-free.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back.
    ///
    /// ```
    /// use ringway::{TryPushError, spsc};
    ///
    /// let (mut producer, _consumer) = spsc::ring(1);
    /// assert_eq!(producer.try_push('a'), Ok(()));
    /// assert_eq!(producer.try_push('b'), Err(TryPushError::Full('b')));
    /// ```
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        if self.end.is_told() && self.is_closed() {
            return Err(TryPushError::Closed(value));
        }
        if !self.end.has_room() {
            return Err(TryPushError::Full(value));
        }
        let evicted = self.end.push(value);
        debug_assert!(evicted.is_none(), "there was room");
        Ok(())
    }

    /// Pushes all of `values`, passes the elements that this evicts to `evicted`, oldest first, and
    /// returns how many values were pushed.
    ///
    /// Fewer values than there are were pushed only if the ring is closed. Pass
    /// [`by_ref`](Iterator::by_ref) of an iterator to keep the others.
    ///
    /// The values go in in steps of up to 64, or up to the capacity if that is less. Each step
    /// makes its values visible together, by one store, and evicts together, by one
    /// read-modify-write. A slice of `Copy` elements is pushed by `.iter().copied()`.
    ///
    /// *Linearization*: the values are pushed one after the other. *Progress*: a step is wait-free,
    /// apart from what `values` and `evicted` do.
    ///
    /// # Panics
    ///
    /// Panics if `values` or `evicted` does. What `values` has given by then is in the ring. Of the
    /// elements that the step has evicted, those not passed to `evicted` yet are dropped.
    ///
    /// ```
    /// let (mut producer, mut consumer) = ringway::spsc::ring(3);
    /// let mut evicted = Vec::new();
    /// assert_eq!(producer.push_all([1, 2, 3, 4, 5], |old| evicted.push(old)), 5);
    /// assert_eq!(evicted, [1, 2]);
    /// assert!(consumer.try_iter().eq([3, 4, 5]));
    /// ```
    #[inline]
    #[must_use = "values that were not pushed, because the ring is closed, are in no queue"]
    pub fn push_all(
        &mut self,
        values: impl IntoIterator<Item = T>,
        mut evicted: impl FnMut(T),
    ) -> usize {
        let mut values = values.into_iter();
        let mut pushed = 0;
        while !self.is_closed() {
            let step = self.end.push_some(&mut values, &mut evicted);
            pushed += step;
            if step < self.end.longest_step() {
                break;
            }
        }
        pushed
    }

    /// Closes the ring: from now on nothing goes in. What is inside still comes out.
    ///
    /// Returns whether this call closed it: `false` after an earlier call, and if the consumer is
    /// gone. Dropping the producer closes the ring, too.
    ///
    /// *Linearization point*: the store of the tail. *Progress*: wait-free.
    ///
    /// ```
    /// use ringway::{TryPopError, spsc};
    ///
    /// let (mut producer, mut consumer) = spsc::ring(2);
    /// let _ = producer.push(1);
    /// assert!(producer.close());
    /// assert!(producer.push(2).is_closed());
    /// assert_eq!(consumer.try_pop(), Ok(1));
    /// assert_eq!(consumer.try_pop(), Err(TryPopError::Closed));
    /// ```
    pub fn close(&mut self) -> bool {
        let closes = !self.is_closed();
        if closes {
            self.end.close();
        }
        closes
    }

    /// Returns `true` if nothing goes in any more: because this end has closed the ring, or because
    /// the consumer is gone.
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.end.is_closed()
    }

    /// Returns `true` if the consumer is gone. What is inside is then dropped with this end.
    #[inline]
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.end.is_alone()
    }

    /// Returns the number of elements inside.
    ///
    /// *Linearization point*: the load of the head. *Progress*: wait-free.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.end.len()
    }

    /// Returns `true` if no element is inside. *Linearization point*, *progress*: as for
    /// [`len`](Self::len).
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns `true` if the next [`push`](Self::push) will evict, unless the consumer takes an
    /// element before. *Linearization point*, *progress*: as for [`len`](Self::len).
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// Returns the number of elements that fit.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.end.capacity()
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest element, or returns `None` if the ring is empty.
    ///
    /// *Linearization point*: the addition to the head; for `None`, the load of the tail.
    /// *Progress*: wait-free.
    #[inline(always)]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop(&mut self) -> Option<T> {
        self.end.pop().ok()
    }

    /// Takes the oldest element, or tells an empty ring from one that is closed as well.
    ///
    /// *Linearization point*, *progress*: as for [`pop`](Self::pop).
    ///
    /// # Errors
    ///
    /// Returns [`TryPopError::Empty`] if the ring is empty and open, and [`TryPopError::Closed`] if
    /// it is empty and closed, so that no element will ever come.
    ///
    /// ```
    /// use ringway::{TryPopError, spsc};
    ///
    /// let (mut producer, mut consumer) = spsc::ring(100);
    /// std::thread::spawn(move || (0..10).for_each(|i| drop(producer.push(i))));
    /// loop {
    ///     match consumer.try_pop() {
    ///         Ok(i) => println!("{i}"),
    ///         Err(TryPopError::Empty) => std::thread::yield_now(),
    ///         Err(TryPopError::Closed) => break,
    ///     }
    /// }
    /// ```
    #[inline(always)]
    pub fn try_pop(&mut self) -> Result<T, TryPopError> {
        self.end.pop().map_err(
            |is_closed| {
                if is_closed { TryPopError::Closed } else { TryPopError::Empty }
            },
        )
    }

    /// Takes up to `max` elements, but no more than [`capacity`](Self::capacity), appends them to
    /// `out`, oldest first, and returns how many.
    ///
    /// The elements are taken in steps of up to 64, each by one read-modify-write. Between steps,
    /// others may be evicted.
    ///
    /// *Linearization point* of a step: the addition to the head. *Progress*: wait-free.
    ///
    /// # Panics
    ///
    /// Panics if `out` cannot grow. No element is lost then.
    ///
    /// ```
    /// let (mut producer, mut consumer) = ringway::spsc::ring(8);
    /// let _ = producer.push_all(0..8, drop);
    /// let mut batch = Vec::new();
    /// assert_eq!(consumer.pop_into(&mut batch, 5), 5);
    /// assert_eq!(batch, [0, 1, 2, 3, 4]);
    /// ```
    pub fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        let max = max.min(self.capacity());
        let mut taken = 0;
        while taken < max {
            let step = self.end.pop_some(out, max - taken);
            taken += step;
            if step < self.end.longest_step() {
                break;
            }
        }
        taken
    }

    /// Returns an iterator that pops until the ring is empty. It never waits.
    ///
    /// The iterator is not fused: after its end, it goes on if something has been pushed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = ringway::spsc::ring(8);
    /// let _ = producer.push_all(0..3, drop);
    /// assert!(consumer.try_iter().eq(0..3));
    /// ```
    pub fn try_iter(&mut self) -> TryIter<'_, T> {
        TryIter { consumer: self }
    }

    /// Returns the number of elements inside.
    ///
    /// *Linearization point*: the load of the tail, or, if pushes have filled the ring since the
    /// load of the head, the moment at which it was full. *Progress*: wait-free.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.end.len()
    }

    /// Returns `true` if the producer has closed the ring or is gone. Elements may still be inside:
    /// [`try_pop`](Self::try_pop) tells when none is.
    ///
    /// *Linearization point*: the load of the tail. *Progress*: wait-free.
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.end.is_closed()
    }

    /// Returns `true` if the producer is gone. Elements may still be inside.
    #[inline]
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.end.is_alone()
    }

    /// Returns `true` if no element is inside. *Linearization point*: the load of the tail.
    /// *Progress*: wait-free.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end.is_empty()
    }

    /// Returns `true` if the next push will evict. *Linearization point*, *progress*: as for
    /// [`len`](Self::len).
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    /// Returns the number of elements that fit.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.end.capacity()
    }
}

/// Pops until the ring is empty: see [`Consumer::try_iter`].
#[derive(Debug)]
#[must_use = "iterators are lazy: what is not taken stays inside"]
pub struct TryIter<'a, T> {
    consumer: &'a mut Consumer<T>,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.consumer.pop()
    }
}

/// Closes the ring, so that the consumer finds the end.
impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.close();
        self.end.leave();
    }
}

/// Tells the producer that pushes are of no use any more.
impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.end.leave();
    }
}

// User code runs inside `push_all` only, which leaves a ring that is as good as before.
impl<T> UnwindSafe for Producer<T> {}
impl<T> RefUnwindSafe for Producer<T> {}
impl<T> UnwindSafe for Consumer<T> {}
impl<T> RefUnwindSafe for Consumer<T> {}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.capacity())
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("capacity", &self.capacity())
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
