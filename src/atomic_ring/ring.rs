//! The protocol: positions, versions, hints. It knows nothing of how an element is stored.

#![allow(unsafe_code)]

use crossbeam_utils::{Backoff, CachePadded};

use super::position::Position;
use super::storage::{Hand, Slots};
use crate::sync::{AtomicU64, Ordering};
use crate::{CapacityError, Full};

/// The ring of `S`'s slots, with a hint where its ends are.
///
/// The slots alone are the truth. Position `p` is the `p`-th element ever pushed, in slot `p % capacity`. Positions are
/// *filled* in order, and *gone* (popped or evicted) in order; so a push that finds its slot full finds the oldest element there,
/// and a pop that finds its slot empty finds the queue empty. The proof is in `docs/algorithm.md`.
pub(super) struct Ring<S> {
    /// At most the first position that is not gone.
    head: CachePadded<Hint>,
    /// At most the first position that is not filled.
    tail: CachePadded<Hint>,
    slots: S,
}

/// A position that was right once: it may be stale, it is never ahead.
struct Hint(AtomicU64);

impl Hint {
    fn new(position: Position) -> CachePadded<Self> {
        CachePadded::new(Self(AtomicU64::new(position.to_bits())))
    }

    /// Acquire pairs with the Release in [`publish`](Self::publish): whoever reads a position must also see the slots
    /// that led there, or the hint would be ahead of the ring.
    #[inline]
    fn load(&self) -> Position {
        Position::from_bits(self.0.load(Ordering::Acquire))
    }

    /// Moves the hint up to `position`. A thread that sleeps between the load and the store puts an old position
    /// back; that costs others a search and nothing else.
    #[inline]
    fn publish(&self, position: Position) {
        // The load is only a look whether the store is of use; nothing is concluded from it. Relaxed.
        if position.is_after(Position::from_bits(self.0.load(Ordering::Relaxed))) {
            // Release pairs with the Acquire in `load`: the slots were seen as far as `position`.
            self.0.store(position.to_bits(), Ordering::Release);
        }
    }
}

/// The age at which a position is filled, whatever became of it since.
const FILLED: i64 = 1;
/// The age at which a position is gone: popped or evicted.
const GONE: i64 = 2;

/// How many slots are looked at one by one before the search goes by halves.
const STEPS: usize = 8;

impl<S: Slots> Ring<S> {
    /// Starts `laps` laps away from zero; a negative number starts just below the wrap-around.
    pub(super) fn starting_at(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        let slots = S::new(capacity, laps)?;
        let start = slots.layout().start(laps);
        Ok(Self { head: Hint::new(start), tail: Hint::new(start), slots })
    }

    pub(super) fn capacity(&self) -> usize {
        self.slots.layout().capacity()
    }

    /// Stores `value` as the newest element; returns the oldest one if it had to make room.
    ///
    /// *Linearization point*: the successful exchange. *Progress*: lock-free; an exchange fails, or a position turns
    /// out to be filled, only because another operation succeeded. (The backoff is a bounded pause: it waits for nobody,
    /// it only keeps two threads from taking the line from each other over and over.)
    #[inline(always)]
    pub(super) fn push(&self, value: S::Element) -> Option<S::Element> {
        let (mut tail, mut seen) = self.find_tail();
        // SAFETY: an operation has one hand, and runs no user code that could begin another.
        let mut hand = unsafe { self.slots.hand_with(value) };
        let backoff = Backoff::new();
        // SAFETY: `seen` is of `self.slots`.
        while !unsafe { hand.swap(tail, seen) } {
            backoff.spin();
            (tail, seen) = self.find(tail, FILLED);
        }
        self.publish_filled(tail);
        hand.open()
    }

    /// Stores `value` as the newest element, unless all slots are full.
    ///
    /// *Linearization point*: the successful exchange; for [`Full`], the load of the slot. *Progress*: lock-free, as
    /// [`push`](Self::push).
    #[inline(always)]
    pub(super) fn try_push(&self, value: S::Element) -> Result<(), Full<S::Element>> {
        let (mut tail, mut seen) = self.find_tail();
        if self.slots.is_full(seen) {
            return Err(Full(value));
        }
        // SAFETY: as in `push`.
        let mut hand = unsafe { self.slots.hand_with(value) };
        let backoff = Backoff::new();
        // SAFETY: `seen` is of `self.slots`.
        while !unsafe { hand.swap(tail, seen) } {
            backoff.spin();
            (tail, seen) = self.find(tail, FILLED);
            if self.slots.is_full(seen) {
                return hand.open().map_or(Ok(()), |value| Err(Full(value)));
            }
        }
        self.publish_filled(tail);
        Ok(())
    }

    /// Takes the oldest element.
    ///
    /// *Linearization point*: the successful exchange; for `None`, the load of the slot. *Progress*: lock-free; an
    /// exchange fails, or a position turns out to be gone, only because another operation succeeded.
    #[inline(always)]
    pub(super) fn pop(&self) -> Option<S::Element> {
        let (mut head, mut seen) = self.find_head();
        if !self.slots.is_full(seen) {
            return None;
        }
        // SAFETY: as in `push`.
        let mut hand = unsafe { self.slots.empty_hand() };
        let backoff = Backoff::new();
        // SAFETY: `seen` is of `self.slots`.
        while !unsafe { hand.swap(head, seen) } {
            backoff.spin();
            (head, seen) = self.find(head, GONE);
            if !self.slots.is_full(seen) {
                return None;
            }
        }
        self.head.publish(head.next(self.slots.layout()));
        hand.open()
    }

    /// How many elements were inside at one moment of this call.
    ///
    /// *Linearization point*: the load that found the tail, in the round in which the head had not moved.
    /// *Progress*: lock-free; a round is repeated only because an element has gone meanwhile.
    pub(super) fn len(&self) -> usize {
        let layout = self.slots.layout();
        let (mut head, _) = self.find_head();
        loop {
            let (tail, _) = self.find_tail();
            let (same, _) = self.find(head, GONE);
            if same == head {
                return tail.since(head, layout);
            }
            head = same;
        }
    }

    /// *Linearization point*: the load of the slot. *Progress*: lock-free.
    pub(super) fn is_empty(&self) -> bool {
        let (_, seen) = self.find_head();
        !self.slots.is_full(seen)
    }

    /// *Linearization point*: the load of the slot. *Progress*: lock-free.
    pub(super) fn is_full(&self) -> bool {
        let (_, seen) = self.find_tail();
        self.slots.is_full(seen)
    }

    /// Moves the hints after a push at `tail`.
    #[inline]
    fn publish_filled(&self, tail: Position) {
        match tail.next_in_lap(self.slots.layout()) {
            Some(next) => self.tail.publish(next),
            None => self.publish_lap(tail.next_lap(self.slots.layout())),
        }
    }

    /// Now and then a push moves the head hint too: pops might not come for so long that its version wrapped.
    ///
    /// Out of line, so that the branch above is one that is predicted: a conditional move would put its latency between
    /// every two operations.
    #[cold]
    #[inline(never)]
    fn publish_lap(&self, lap: Position) {
        self.tail.publish(lap);
        if lap.is_milestone(self.slots.layout()) {
            // What was pushed before the last `capacity` elements is gone.
            self.head.publish(lap.add_laps(-1, self.slots.layout()));
        }
    }

    /// The first position that was not filled, with the slot as it was then: empty, or full of the lap before.
    #[inline]
    fn find_tail(&self) -> (Position, S::Seen<'_>) {
        let layout = self.slots.layout();
        let hint = self.tail.load();
        let seen = self.slots.load(hint.index(layout));
        if hint.is_tail(self.slots.stamp(seen), layout) { (hint, seen) } else { self.find(hint, FILLED) }
    }

    /// The first position that was not gone, with the slot as it was then: full, or empty and with it the queue.
    #[inline]
    fn find_head(&self) -> (Position, S::Seen<'_>) {
        let layout = self.slots.layout();
        let hint = self.head.load();
        let seen = self.slots.load(hint.index(layout));
        if hint.is_head(self.slots.stamp(seen), layout) { (hint, seen) } else { self.find(hint, GONE) }
    }

    /// The first position that was not as old as `done`, with the slot as it was then; `position` is one at or before it.
    #[cold]
    #[inline(never)]
    fn find(&self, mut position: Position, done: i64) -> (Position, S::Seen<'_>) {
        let layout = self.slots.layout();
        let mut steps = 0;
        loop {
            let seen = self.slots.load(position.index(layout));
            let age = position.age(self.slots.stamp(seen), layout);
            debug_assert!(age >= done - 2, "a hint ahead of the ring");
            if matches!(age - done, -2 | -1) {
                return (position, seen);
            }
            // Two versions are a lap: so many laps later, rounded down, the position in this slot was done. The next one
            // may not be.
            position = position.add_laps((age - done) >> 1, layout).next(layout);
            steps += 1;
            if steps % STEPS == 0 {
                position = self.search(position, done);
            }
        }
    }

    /// The first position from `from` on, at most a lap later, whose age was less than `done`, by halves: positions
    /// are filled, and gone, in order.
    #[cold]
    fn search(&self, from: Position, done: i64) -> Position {
        let layout = self.slots.layout();
        let (mut low, mut high) = (0, layout.capacity());
        while low < high {
            let middle = low + (high - low) / 2;
            let position = from.add(middle, layout);
            let stamp = self.slots.stamp(self.slots.load(position.index(layout)));
            if position.age(stamp, layout) >= done {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        from.add(low, layout)
    }

    /// Test hook: where the hints are.
    #[cfg(all(test, not(loom)))]
    pub(super) fn hints(&self) -> (Position, Position) {
        (self.head.load(), self.tail.load())
    }

    /// Test hook: puts the hints where a thread would that slept before its store.
    #[cfg(all(test, not(loom)))]
    pub(super) fn set_hints(&self, (head, tail): (Position, Position)) {
        self.head.0.store(head.to_bits(), Ordering::Release);
        self.tail.0.store(tail.to_bits(), Ordering::Release);
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn slots(&self) -> &S {
        &self.slots
    }
}
