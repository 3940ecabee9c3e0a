//! The protocol: positions, versions, hints. It knows nothing of how an element is stored.

#![allow(unsafe_code)]

use crossbeam_utils::{Backoff, CachePadded};

use super::storage::{Hand, Slots};
use crate::hint::Hint;
use crate::position::Position;
use crate::search::{self, FILLED, GONE};
use crate::tail::Tail;
use crate::{CapacityError, Full};

/// The ring of `S`'s slots, with a hint where its ends are.
///
/// The slots alone are the truth. Position `p` is the `p`-th element ever pushed, in slot `p % capacity`. Positions are
/// *filled* in order, and *gone* (popped or evicted) in order; so a push that finds its slot full finds the oldest element there,
/// and a pop that finds its slot empty finds the queue empty. The proof is in `docs/algorithm.md`.
pub(super) struct Ring<S> {
    /// At most the first position that is not gone.
    head: CachePadded<Hint>,
    tail: CachePadded<Tail>,
    slots: S,
}

/// A pause after a lost exchange: of 15 spin hints, then 176, then 256. Longer ones than `Backoff`'s own first steps, because whoever
/// has the line then keeps it for some more operations: 4 producers pushed 1.5 to 1.9 times as much (2 cores, Zen 4).
fn give_way(backoff: &Backoff) {
    for _ in 0..4 {
        backoff.spin();
    }
}

impl<S: Slots> Ring<S> {
    /// Starts `laps` laps away from zero; a negative number starts just below the wrap-around.
    pub(super) fn starting_at(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        let slots = S::new(capacity, laps)?;
        let start = slots.layout().start(laps);
        Ok(Self { head: CachePadded::new(Hint::new(start)), tail: CachePadded::new(Tail::new(start)), slots })
    }

    pub(super) fn capacity(&self) -> usize {
        self.slots.layout().capacity()
    }

    /// Stores `value` as the newest element; returns the oldest one if it had to make room.
    ///
    /// *Linearization point*: the successful exchange. *Progress*: lock-free; an exchange fails, or a position turns
    /// out to be filled, only because another operation succeeded. (A [`Turn`](crate::turn::Turn) and the backoff are bounded pauses: they wait
    /// for nobody in particular, they only keep threads from taking a line from each other over and over.)
    #[inline(always)]
    pub(super) fn push(&self, value: S::Element) -> Option<S::Element> {
        if self.tail.turn.is_asked() {
            self.give_turn();
        }
        let (tail, seen) = self.find_tail();
        // SAFETY: an operation has one hand, and runs no user code that could begin another.
        let mut hand = unsafe { self.slots.hand_with(value) };
        // SAFETY: `seen` is of `self.slots`.
        if !unsafe { hand.swap(tail, seen) } {
            return self.push_again(tail, hand);
        }
        self.publish_filled(tail);
        hand.open()
    }

    /// Goes on with a push whose exchange has failed.
    ///
    /// Out of line, as all that is needed only when somebody is in the way: it would take registers from what is always.
    #[cold]
    #[inline(never)]
    fn push_again<'a>(&'a self, mut tail: Position, mut hand: S::Hand<'a>) -> Option<S::Element> {
        let backoff = Backoff::new();
        loop {
            give_way(&backoff);
            let seen;
            (tail, seen) = self.find(tail, FILLED);
            // SAFETY: `seen` is of `self.slots`.
            if unsafe { hand.swap(tail, seen) } {
                self.publish_filled(tail);
                return hand.open();
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn give_turn(&self) {
        let (tail, seen) = self.find_tail();
        let stamp = |seen| self.slots.stamp(seen);
        let look = || self.slots.load(tail.index(self.slots.layout()));
        // There is nothing to wait for when it has been taken already.
        self.tail.turn.give(|| !self.slots.is_full(seen) || stamp(look()) != stamp(seen));
    }

    /// Stores `value` as the newest element, unless all slots are full.
    ///
    /// *Linearization point*: the successful exchange; for [`Full`], the load of the slot. *Progress*: lock-free, as
    /// [`push`](Self::push).
    #[inline(always)]
    pub(super) fn try_push(&self, value: S::Element) -> Result<(), Full<S::Element>> {
        let (tail, seen) = self.find_tail();
        if self.slots.is_full(seen) {
            return Err(Full(value));
        }
        // SAFETY: as in `push`.
        let mut hand = unsafe { self.slots.hand_with(value) };
        // SAFETY: `seen` is of `self.slots`.
        if !unsafe { hand.swap(tail, seen) } {
            return self.try_push_again(tail, hand);
        }
        self.publish_filled(tail);
        Ok(())
    }

    /// Goes on with a `try_push` whose exchange has failed.
    #[cold]
    #[inline(never)]
    fn try_push_again<'a>(&'a self, mut tail: Position, mut hand: S::Hand<'a>) -> Result<(), Full<S::Element>> {
        let backoff = Backoff::new();
        loop {
            give_way(&backoff);
            let seen;
            (tail, seen) = self.find(tail, FILLED);
            if self.slots.is_full(seen) {
                return hand.open().map_or(Ok(()), |value| Err(Full(value)));
            }
            // SAFETY: `seen` is of `self.slots`.
            if unsafe { hand.swap(tail, seen) } {
                self.publish_filled(tail);
                return Ok(());
            }
        }
    }

    /// Takes the oldest element.
    ///
    /// *Linearization point*: the successful exchange; for `None`, the load of the slot. *Progress*: lock-free; an
    /// exchange fails, or a position turns out to be gone, only because another operation succeeded.
    #[inline(always)]
    pub(super) fn pop(&self) -> Option<S::Element> {
        let (head, seen) = self.find_head();
        if !self.slots.is_full(seen) {
            return None;
        }
        // SAFETY: as in `push`.
        let mut hand = unsafe { self.slots.empty_hand() };
        // SAFETY: `seen` is of `self.slots`.
        if !unsafe { hand.swap(head, seen) } {
            return self.pop_again(head, hand);
        }
        self.head.publish(head.next(self.slots.layout()));
        hand.open()
    }

    /// Goes on with a pop whose exchange has failed.
    #[cold]
    #[inline(never)]
    fn pop_again<'a>(&'a self, mut head: Position, mut hand: S::Hand<'a>) -> Option<S::Element> {
        let layout = self.slots.layout();
        let backoff = Backoff::new();
        let popped = loop {
            let stamp = self.slots.stamp(self.slots.load(head.index(layout)));
            if head.age(stamp, layout) > GONE {
                // Evicted, and will be again.
                self.tail.turn.ask();
            } else {
                give_way(&backoff);
            }
            let seen;
            (head, seen) = self.find_head_after(head);
            if !self.slots.is_full(seen) {
                break None;
            }
            // SAFETY: `seen` is of `self.slots`.
            if unsafe { hand.swap(head, seen) } {
                self.head.publish(head.next(layout));
                break hand.open();
            }
        };
        self.tail.turn.withdraw();
        popped
    }

    /// How many elements were inside at one moment of this call.
    ///
    /// *Linearization point*: the load that found the tail, in the round in which the head had not moved.
    /// *Progress*: lock-free; a round is repeated only because an element has gone meanwhile.
    pub(super) fn len(&self) -> usize {
        let (head, _) = self.find_head();
        let layout = self.slots.layout();
        search::len(head, layout, |_| self.find_tail().0, |position, done| self.find(position, done).0)
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
            Some(next) => self.tail.hint.publish(next),
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
        self.tail.hint.publish(lap);
        if lap.is_milestone(self.slots.layout()) {
            // What was pushed before the last `capacity` elements is gone.
            self.head.publish(lap.add_laps(-1, self.slots.layout()));
        }
    }

    /// The first position that was not filled, with the slot as it was then: empty, or full of the lap before.
    #[inline]
    fn find_tail(&self) -> (Position, S::Seen<'_>) {
        let layout = self.slots.layout();
        let hint = self.tail.hint.load();
        let seen = self.slots.load(hint.index(layout));
        if hint.is_tail(self.slots.stamp(seen), layout) { (hint, seen) } else { self.find(hint, FILLED) }
    }

    /// The first position that was not gone, with the slot as it was then: full, or empty and with it the queue.
    #[inline]
    fn find_head(&self) -> (Position, S::Seen<'_>) {
        let layout = self.slots.layout();
        let hint = self.head.load();
        let seen = self.slots.load(hint.index(layout));
        if hint.is_head(self.slots.stamp(seen), layout) { (hint, seen) } else { self.find_head_after(hint) }
    }

    /// The head, which is at `position` or after it.
    #[cold]
    #[inline(never)]
    fn find_head_after(&self, position: Position) -> (Position, S::Seen<'_>) {
        self.find(self.tail.not_lapped(position, self.slots.layout()), GONE)
    }

    /// Goes on from `position` where a hint was not enough.
    #[cold]
    #[inline(never)]
    fn find(&self, position: Position, done: i64) -> (Position, S::Seen<'_>) {
        search::find(position, done, self.slots.layout(), |index| {
            let seen = self.slots.load(index);
            (self.slots.stamp(seen), seen)
        })
    }

    /// Test hook: where the hints are.
    #[cfg(all(test, not(loom)))]
    pub(super) fn hints(&self) -> (Position, Position) {
        (self.head.load(), self.tail.hint.load())
    }

    /// Test hook: puts the hints where a thread would that slept before its store.
    #[cfg(all(test, not(loom)))]
    pub(super) fn set_hints(&self, (head, tail): (Position, Position)) {
        self.head.store(head);
        self.tail.hint.store(tail);
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn slots(&self) -> &S {
        &self.slots
    }
}
