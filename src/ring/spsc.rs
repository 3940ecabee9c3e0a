//! One producer, one consumer: a ring that evicts the oldest, whose `push` is wait-free.
//!
//! What [`AtomicRing`](crate::AtomicRing) does for any number of threads, this does for exactly one
//! on each side. Each side is a handle, which knows its own position and has its own spare cell. So
//! there are no hints, nothing is looked up for a thread, and a push into an empty slot is a plain
//! store.
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
//!   full takes the oldest out and returns it. Every operation but `pop_into` is linearizable,
//!   closing and `len` included. Between the elements that `pop_into` takes, others may be evicted.
//! * *Closing*: the producer closes the ring, by [`Producer::close`] or when it is dropped. When
//!   the consumer is gone, the next `push` that happens after gives its element back, too.
//! * *Progress*: [`Producer::push`] and [`Producer::try_push`] are wait-free: they end after a
//!   bounded number of steps, whatever the consumer does or does not do (where `swap` is an
//!   instruction, as on x86-64, and on aarch64 if built with LSE; elsewhere as far as the
//!   processor's load-linked and store-conditional are). The consumer's operations are lock-free:
//!   one repeats a step only because elements were pushed meanwhile. A thread that is suspended
//!   anywhere keeps the other from nothing.
//! * *Order*: what was done before a `push` has happened before whatever follows the `pop` of its
//!   element, and likewise for an element evicted. Unlike `AtomicRing`'s, a `push` is not `SeqCst`:
//!   a producer that pushes and then looks whether somebody sleeps needs a `SeqCst` fence between.
//! * *Cost*: a `push` into an empty slot is a store, on a full ring one unconditional exchange
//!   (`swap`); a `pop` is one compare-exchange. A consumer that finds its oldest element evicted
//!   asks the producer for a moment, and waits for the answer for at most 64 looks, about a
//!   microsecond; the next push then waits for it, no longer. No allocation per element. `len` and
//!   its like take O(log `capacity`) loads.
//!
//! # Signal handlers and interrupts
//!
//! One end may be a handler's, with the feature `std` or without: it may interrupt any operation of
//! the other end. `pop_into` may call the allocator; and mind
//! [what a handler drops](crate::AtomicRing#signal-handlers-and-interrupts).
//!
//! # Memory
//!
//! 8 bytes and the size of `T` (as the alignment of both demands) for each of `capacity + 2` slots,
//! in one allocation of whole cache lines, and 400 bytes besides.
//!
//! # Limitations
//!
//! When the producer pushes 2⁵⁹ elements between two operations of the consumer, or during one, the
//! consumer may take the order for another; that is 18 years at a thousand million a second.
//!
//! # Prior art
//!
//! That each side keeps its position to itself is from P. P. C. Lee's, T. Bu's and G.
//! Chandranmenon's MCRingBuffer and J. Giacomoni's FastForward, where, as here, the slot alone
//! tells whether it is full. The exchange of spare cells is
//! [`AtomicRing`](crate::AtomicRing#prior-art)'s.

mod buffer;
#[cfg(all(test, not(ringway_loom)))]
mod tests;

use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crate::error::{CapacityError, TryPushError};
use crate::queue::{Pushed, pop_each};
use crate::ring::position::Position;
use crate::ring::search::{self, FILLED, GONE};
use crate::sync::{Ordering, fence};
use buffer::{Buffer, Filler, Popped, Taker};

/// The one end at which elements go in.
///
/// It may move to another thread, but cannot be cloned. Dropping it closes the ring. When the
/// consumer is gone, every push gives its element back.
pub struct Producer<T> {
    end: Filler<T>,
}

/// The one end at which elements come out.
///
/// It may move to another thread, but cannot be cloned. When the producer is gone, it still gives
/// what is inside. Elements that are inside when it is dropped are dropped with the producer.
pub struct Consumer<T> {
    end: Taker<T>,
}

/// Makes an empty ring for `capacity` elements, any number from 1 on, and allocates its memory.
///
/// # Panics
///
/// Where [`try_ring`] returns an error.
#[track_caller]
#[must_use]
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    CapacityError::unwrap(try_ring(capacity), capacity)
}

/// Makes an empty ring for `capacity` elements, any number from 1 on, and allocates its memory.
///
/// # Errors
///
/// When `capacity` is zero or too large to address (as bytes, or in 32 bits), or its memory is not
/// to be had.
pub fn try_ring<T>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    starting_at(capacity, 0)
}

/// Starts `laps` laps away from zero; a negative number starts just below the wrap-around.
fn starting_at<T>(capacity: usize, laps: i64) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    let (filler, taker) = buffer::sides(capacity, laps)?;
    Ok((Producer { end: filler }, Consumer { end: taker }))
}

impl<T> Producer<T> {
    /// Stores `value` as the newest element; evicts the oldest one if it has to make room.
    ///
    /// Never [`Pushed::Rejected`]. [`Pushed::Closed`] after [`close`](Self::close), and when the
    /// consumer is gone.
    ///
    /// *Linearization point*: the store or the exchange of the slot's word. *Progress*: wait-free.
    #[inline(always)]
    pub fn push(&mut self, value: T) -> Pushed<T> {
        if self.end.buffer().last_tail.turn.is_anything() && !self.give_turn() {
            return Pushed::Closed(value);
        }
        // The oldest element is in this slot when the ring is full, unless the consumer takes it
        // before the exchange.
        self.end.push(value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    /// Stores `value` as the newest element, unless the ring is full.
    ///
    /// *Linearization point*: the store of the slot's word; for `Full` its load after the fence.
    /// *Progress*: wait-free.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back.
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        if self.is_closed() {
            return Err(TryPushError::Closed(value));
        }
        // The fence only before `Full` is concluded.
        if self.end.slot_is_full() && self.is_full() {
            return Err(TryPushError::Full(value));
        }
        let evicted = self.end.push(value);
        debug_assert!(evicted.is_none(), "an empty slot was filled by somebody else");
        Ok(())
    }

    /// Closes the ring: from now on nothing goes in. What is inside still comes out.
    ///
    /// Returns whether this call closed it: `false` after an earlier call, and when the consumer is
    /// gone. Dropping the producer closes the ring too.
    ///
    /// *Linearization point*: the read-modify-write of the slot's word. *Progress*: wait-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = ringway::spsc::ring(2);
    /// let _ = producer.push(1);
    /// assert!(producer.close());
    /// assert!(producer.push(2).is_closed());
    /// assert_eq!(consumer.pop(), Some(1));
    /// assert!(consumer.is_closed() && consumer.is_empty());
    /// ```
    pub fn close(&mut self) -> bool {
        let closes = !self.is_closed();
        if closes {
            self.end.close();
            self.end.buffer().last_tail.turn.stop();
        }
        closes
    }

    /// Whether nothing goes in any more: because this end has closed the ring, or because the
    /// consumer is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.end.buffer().last_tail.turn.is_stopped()
    }

    /// Whether the consumer is gone. What is inside is then dropped with this end.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.end.is_alone()
    }

    /// How many elements were inside at one moment of this call.
    ///
    /// *Linearization point*: the last load, which saw that the head found is not gone. *Progress*:
    /// wait-free, as nothing is pushed meanwhile.
    #[must_use]
    pub fn len(&self) -> usize {
        self.see_all();
        let (tail, layout) = (self.end.tail(), self.end.buffer().layout());
        // What was pushed before the last `capacity` elements is gone.
        let (head, _) = find(self.end.buffer(), tail.add_laps(-1, layout), GONE);
        tail.since(head, layout)
    }

    /// Whether nothing is inside. *Linearization point*, *progress*: as for [`len`](Self::len).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the next [`push`](Self::push) will evict, if the consumer takes nothing before.
    ///
    /// *Linearization point*: the load of the slot. *Progress*: wait-free.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.see_all();
        self.end.slot_is_full()
    }

    /// How many elements fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.end.buffer().layout().capacity()
    }

    /// Before anything is concluded from a slot but that it is empty: the stores of this side come
    /// before its next loads.
    ///
    /// SeqCst pairs with the exchanges and loads of the consumer, which are SeqCst too. Without it,
    /// this side could still see full what the other has emptied, while the other does not see yet
    /// what this one has stored: the ring would be full for one and empty for the other.
    fn see_all(&self) {
        fence(Ordering::SeqCst);
    }

    /// Returns whether a push may follow: `false` when the ring is closed.
    #[cold]
    #[inline(never)]
    fn give_turn(&self) -> bool {
        if self.is_closed() {
            return false;
        }
        let (slots, tail) = (self.end.buffer(), self.end.tail());
        slots.last_tail.hint.store(tail);
        let oldest = tail.index();
        let seen = slots.load(oldest);
        // There is nothing to wait for when it has been taken already.
        slots.last_tail.turn.give(|| !slots.layout().is_full(seen) || slots.load(oldest) != seen);
        true
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest element; `None` when the ring was empty at that moment.
    ///
    /// *Linearization point*: the successful exchange of the slot's word; for `None`, its load.
    /// *Progress*: lock-free; an exchange fails, or the element turns out to be gone, only because
    /// the producer has pushed.
    #[inline(always)]
    #[must_use = "a popped element is in no queue any more"]
    pub fn pop(&mut self) -> Option<T> {
        loop {
            match self.end.pop() {
                Popped::Element(value) => return Some(value),
                Popped::Empty => return None,
                Popped::Gone => self.catch_up(),
            }
        }
    }

    /// The element at the head has been evicted.
    #[cold]
    #[inline(never)]
    fn catch_up(&mut self) {
        let slots = self.end.buffer();
        slots.last_tail.turn.ask();
        slots.last_tail.turn.wait_for_answer();
        let (head, _) =
            find(slots, slots.last_tail.skip_evicted(self.end.head(), slots.layout()), GONE);
        self.end.set_head(head);
    }

    /// Takes up to `max` elements, but no more than [`capacity`](Self::capacity), appends them to
    /// `out`, oldest first, and returns how many. The elements are taken one by one.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    pub fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        pop_each(out, max.min(self.capacity()), || self.pop())
    }

    /// How many elements were inside at one moment of this call.
    ///
    /// *Linearization point*: the load that found the tail, in the round in which the head had not
    /// moved. *Progress*: lock-free; a round is repeated only because the producer has pushed
    /// meanwhile.
    #[must_use]
    pub fn len(&self) -> usize {
        let slots = self.end.buffer();
        let find = |position, done| find(slots, position, done).0;
        search::len(find(self.end.head(), GONE), slots.layout(), |head| find(head, FILLED), find)
    }

    /// Whether the producer has closed the ring or is gone. Something may still be inside: when
    /// [`pop`](Self::pop) returns `None` after this has returned `true`, nothing ever will be.
    ///
    /// *Linearization point*: the load of the slot at the tail. *Progress*: lock-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = ringway::spsc::ring(2);
    /// std::thread::spawn(move || (0..10).for_each(|i| drop(producer.push(i))));
    /// loop {
    ///     let was_closed = consumer.is_closed();
    ///     match consumer.pop() {
    ///         Some(i) => println!("{i}"),
    ///         None if was_closed => break,
    ///         None => std::thread::yield_now(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let buffer = self.end.buffer();
        let (_, word) = find(buffer, self.end.head(), FILLED);
        buffer.layout().is_closed(word)
    }

    /// Whether the producer is gone. To find the end of the elements, ask
    /// [`is_closed`](Self::is_closed) before the last [`pop`](Self::pop).
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.end.is_alone()
    }

    /// Whether nothing is inside. *Linearization point*: the load of the slot. *Progress*:
    /// lock-free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let slots = self.end.buffer();
        let (_, word) = find(slots, self.end.head(), GONE);
        !slots.layout().is_full(word)
    }

    /// How many elements fit.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.end.buffer().layout().capacity()
    }
}

#[cold]
fn find<T>(slots: &Buffer<T>, position: Position, done: i64) -> (Position, u64) {
    let layout = slots.layout();
    search::find(position, done, layout, |position| {
        let word = slots.load(position.index());
        (layout.stamp(word), word)
    })
}

/// Closes the ring, so that the consumer finds the end.
impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Tells the producer that pushes are of no use any more.
impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.end.buffer().last_tail.turn.stop();
    }
}

// No user code runs inside an operation, so a panic cannot leave the ring in between.
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
