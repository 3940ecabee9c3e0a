//! The protocol: positions, versions, hints. It knows nothing of how an element is stored.

#![allow(unsafe_code)]

use alloc::vec::Vec;

use crossbeam_utils::{Backoff, CachePadded};

use super::slots::{Hand, Seen, Slots};
use crate::error::{CapacityError, TryPopError};
use crate::queue::{Pushed, pop_each};
use crate::ring::contention::back_off;
use crate::ring::hint::Hint;
use crate::ring::position::Position;
use crate::ring::search::{self, FILLED, GONE};
use crate::ring::tail::Tail;

/// The ring of `S`'s slots, with a hint where its ends are.
///
/// The slots alone are the truth. Position `p` is the `p`-th element ever pushed, in slot
/// `p % capacity`. Positions are *filled* in order, and *gone* (popped or evicted) in order. So a
/// push that finds its slot full finds the oldest element there, and a pop that finds its slot
/// empty finds the queue empty. The ring is closed when the slot of its tail says so: a push needs
/// an exchange on the slot of its position from a word that is not closed, so no position from
/// there on is ever filled. The proof is in `docs/algorithm.md`.
pub(super) struct Ring<S> {
    /// At most the first position that is not gone.
    head: CachePadded<Hint>,
    tail: CachePadded<Tail>,
    slots: S,
}

impl<S: Slots> Ring<S> {
    /// Starts `laps` laps away from zero; a negative number starts just below the wrap-around.
    pub(super) fn starting_at(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        let slots = S::new(capacity, laps)?;
        let start = slots.layout().start(laps);
        Ok(Self {
            head: CachePadded::new(Hint::new(start)),
            tail: CachePadded::new(Tail::new(start)),
            slots,
        })
    }

    pub(super) fn capacity(&self) -> usize {
        self.slots.layout().capacity()
    }

    /// Stores `value` as the newest element, unless the ring is closed. On a full ring it evicts
    /// the oldest element if `EVICT`, else it gives `value` back.
    ///
    /// *Linearization point*: the successful exchange; for `Rejected` and `Closed`, the load of the
    /// slot. *Progress*: lock-free. An exchange fails, or a position turns out to be filled, only
    /// because another operation succeeded. (A [`Turn`](crate::ring::contention::Turn) and the
    /// back-off are bounded pauses: they wait for no particular thread, they only keep threads from
    /// taking a line from each other over and over.)
    #[inline(always)]
    pub(super) fn push<const EVICT: bool>(&self, value: S::Element) -> Pushed<S::Element> {
        if EVICT && self.tail.turn.is_anything() {
            self.give_turn();
        }
        let layout = self.slots.layout();
        let tail = self.tail.hint.load();
        let seen = self.slots.load(tail.index(layout));
        // False of a closed slot, too.
        if !tail.is_tail(self.slots.stamp(seen), layout) {
            return self.push_after::<EVICT>(tail, value).into();
        }
        if !EVICT && self.slots.is_full(seen) {
            return Pushed::Rejected(value);
        }
        // SAFETY: an operation has one hand, and runs no user code that could begin another.
        let mut hand = unsafe { self.slots.hand_with(value) };
        // SAFETY: `seen` is of `self.slots`.
        if !unsafe { hand.compare_exchange(tail, seen, 0) } {
            return self.push_again::<EVICT>(tail, hand, true).into();
        }
        self.advance_tail_hint(tail);
        hand.into_element().map_or(Pushed::Stored, Pushed::Evicted)
    }

    /// Goes on with a push whose hint was stale.
    #[cold]
    #[inline(never)]
    fn push_after<const EVICT: bool>(
        &self,
        tail: Position,
        value: S::Element,
    ) -> LatePushed<S::Element> {
        // SAFETY: as in `push`.
        let hand = unsafe { self.slots.hand_with(value) };
        self.push_again::<EVICT>(tail, hand, false)
    }

    /// Goes on with a push whose hint was stale, or whose exchange was `lost`.
    ///
    /// Out of line, as all that is needed only when somebody is in the way: it would take registers
    /// from what is always needed.
    #[cold]
    #[inline(never)]
    fn push_again<'a, const EVICT: bool>(
        &'a self,
        mut tail: Position,
        mut hand: S::Hand<'a>,
        mut lost: bool,
    ) -> LatePushed<S::Element> {
        let backoff = Backoff::new();
        loop {
            if lost {
                back_off(&backoff);
            }
            let seen;
            (tail, seen) = self.find(tail, FILLED);
            if self.slots.is_closed(seen) {
                return hand
                    .into_element()
                    .map_or_else(|| unreachable!("the value"), LatePushed::Closed);
            }
            if !EVICT && self.slots.is_full(seen) {
                return hand
                    .into_element()
                    .map_or_else(|| unreachable!("the value"), LatePushed::Rejected);
            }
            // SAFETY: `seen` is of `self.slots`.
            if unsafe { hand.compare_exchange(tail, seen, 0) } {
                self.advance_tail_hint(tail);
                return hand.into_element().map_or(LatePushed::Stored, LatePushed::Evicted);
            }
            lost = true;
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

    /// Takes the oldest element.
    ///
    /// *Linearization point*: the successful exchange; for `None`, the load of the slot.
    /// *Progress*: lock-free. An exchange fails, or a position turns out to be gone, only because
    /// another operation succeeded.
    #[inline(always)]
    pub(super) fn pop(&self) -> Option<S::Element> {
        let hint = self.head.load();
        let seen = self.slots.load(hint.index(self.slots.layout()));
        let (head, seen, closed) = if hint.is_head(self.slots.stamp(seen), self.slots.layout()) {
            // It is open: `is_head` is false of a closed slot.
            (hint, seen, 0)
        } else {
            let (head, seen) = self.find_head_after(hint);
            (head, seen, self.closed_bit(seen))
        };
        if !self.slots.is_full(seen) {
            return None;
        }
        // SAFETY: as in `push`; it is gone before `pop_again` begins.
        let mut hand = unsafe { self.slots.empty_hand() };
        // SAFETY: `seen` is of `self.slots`.
        if unsafe { hand.compare_exchange(head, seen, closed) } {
            self.head.publish(head.next(self.slots.layout()));
            return hand.into_element();
        }
        drop(hand);
        self.pop_again(head)
    }

    /// Takes the oldest element, or tells why there is none.
    ///
    /// *Linearization point*, *progress*: as for [`pop`](Self::pop). The slot that shows that
    /// nothing is inside also shows whether the ring is closed.
    #[inline(always)]
    pub(super) fn try_pop(&self) -> Result<S::Element, TryPopError> {
        loop {
            if let Some(value) = self.pop() {
                return Ok(value);
            }
            let (_, seen) = self.find_head();
            if !self.slots.is_full(seen) {
                let closed = self.slots.is_closed(seen);
                return Err(if closed { TryPopError::Closed } else { TryPopError::Empty });
            }
        }
    }

    /// Takes up to `max` elements, each as [`pop`](Self::pop) does, and moves the hint of the head
    /// once; returns how many.
    pub(super) fn pop_into(&self, out: &mut Vec<S::Element>, max: usize) -> usize {
        let layout = self.slots.layout();
        let (mut head, _) = self.find_head();
        let mut taken = 0;
        while taken < max {
            // Before the exchange: an element in hand would be lost if `out` could not grow.
            out.reserve(1);
            let seen = self.slots.load(head.index(layout));
            if !head.is_head(self.slots.stamp(seen), layout) || !self.slots.is_full(seen) {
                break;
            }
            // SAFETY: as in `push`.
            let mut hand = unsafe { self.slots.empty_hand() };
            // SAFETY: `seen` is of `self.slots`.
            if !unsafe { hand.compare_exchange(head, seen, 0) } {
                break;
            }
            out.extend(hand.into_element());
            head = head.next(layout);
            taken += 1;
        }
        self.head.publish(head);
        // What the short way has not found, the long way may find: at a closed slot, or after
        // losing.
        taken + pop_each(out, max - taken, || self.pop())
    }

    /// The closed bit of a slot, which a pop keeps: the slot of the head is full and closed if the
    /// ring was full when it was closed.
    fn closed_bit(&self, seen: Seen<'_, S>) -> u64 {
        self.slots.stamp(seen) & self.slots.layout().closed()
    }

    /// Goes on with a pop whose exchange has failed.
    #[cold]
    #[inline(never)]
    fn pop_again(&self, mut head: Position) -> Option<S::Element> {
        let layout = self.slots.layout();
        let backoff = Backoff::new();
        let popped = loop {
            let stamp = self.slots.stamp(self.slots.load(head.index(layout)));
            if head.age(stamp, layout) > GONE {
                // Evicted, and will be again.
                self.tail.turn.ask();
            } else {
                back_off(&backoff);
            }
            let seen;
            (head, seen) = self.find_head_after(head);
            if !self.slots.is_full(seen) {
                break None;
            }
            // SAFETY: as in `push`.
            let mut hand = unsafe { self.slots.empty_hand() };
            // SAFETY: `seen` is of `self.slots`.
            if unsafe { hand.compare_exchange(head, seen, self.closed_bit(seen)) } {
                self.head.publish(head.next(layout));
                break hand.into_element();
            }
        };
        self.tail.turn.withdraw();
        popped
    }

    /// Closes the ring; returns whether this call did.
    ///
    /// *Linearization point*: the successful exchange, which marks the slot of the tail; for
    /// `false`, the load of that slot. *Progress*: lock-free. An exchange fails, or a position
    /// turns out to be filled, only because another operation succeeded.
    pub(super) fn close(&self) -> bool {
        let backoff = Backoff::new();
        let mut tail = self.tail.hint.load();
        loop {
            let seen;
            (tail, seen) = self.find(tail, FILLED);
            if self.slots.is_closed(seen) {
                return false;
            }
            if self.slots.close(seen) {
                return true;
            }
            back_off(&backoff);
        }
    }

    /// *Linearization point*: the load of the slot. *Progress*: lock-free.
    pub(super) fn is_closed(&self) -> bool {
        let (_, seen) = self.find_tail();
        self.slots.is_closed(seen)
    }

    /// How many elements were inside at one moment of this call.
    ///
    /// *Linearization point*: the load that found the tail, in the round in which the head had not
    /// moved. *Progress*: lock-free; a round is repeated only because an element has gone
    /// meanwhile.
    pub(super) fn len(&self) -> usize {
        let (head, _) = self.find_head();
        let layout = self.slots.layout();
        search::len(
            head,
            layout,
            |_| self.find_tail().0,
            |position, done| self.find(position, done).0,
        )
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

    /// As [`push`](Self::push) with `EVICT`, without an exchange, as nobody else has the ring.
    pub(super) fn push_mut(&mut self, value: S::Element) -> Pushed<S::Element> {
        let (tail, seen) = self.find_tail();
        if self.slots.is_closed(seen) {
            return Pushed::Closed(value);
        }
        self.advance_tail_hint(tail);
        self.slots.replace(tail, Some(value), 0).map_or(Pushed::Stored, Pushed::Evicted)
    }

    /// As [`pop`](Self::pop), without an exchange, as nobody else has the ring.
    pub(super) fn pop_mut(&mut self) -> Option<S::Element> {
        let layout = self.slots.layout();
        let (head, seen) = self.find_head();
        if !self.slots.is_full(seen) {
            return None;
        }
        let closed = self.closed_bit(seen);
        self.head.publish(head.next(layout));
        self.slots.replace(head, None, closed)
    }

    /// Moves the hints after a push at `tail`.
    #[inline]
    fn advance_tail_hint(&self, tail: Position) {
        match tail.next_in_lap(self.slots.layout()) {
            Some(next) => self.tail.hint.publish(next),
            None => self.advance_tail_hint_to_lap(tail.next_lap(self.slots.layout())),
        }
    }

    /// Now and then a push moves the head hint too: pops might not come for so long that its
    /// version wrapped.
    ///
    /// Out of line, so that the branch above is one that is predicted: a conditional move would put
    /// its latency between every two operations.
    #[cold]
    #[inline(never)]
    fn advance_tail_hint_to_lap(&self, lap: Position) {
        self.tail.hint.publish(lap);
        if lap.is_milestone(self.slots.layout()) {
            // What was pushed before the last `capacity` elements is gone.
            self.head.publish(lap.add_laps(-1, self.slots.layout()));
        }
    }

    /// The first position that was not filled, with the slot as it was then: empty, or full of the
    /// lap before.
    #[inline]
    fn find_tail(&self) -> (Position, Seen<'_, S>) {
        let layout = self.slots.layout();
        let hint = self.tail.hint.load();
        let seen = self.slots.load(hint.index(layout));
        let is_tail = hint.is_tail(self.slots.stamp(seen), layout);
        if is_tail { (hint, seen) } else { self.find(hint, FILLED) }
    }

    /// The first position that was not gone, with the slot as it was then: full, or empty and with
    /// it the queue.
    #[inline]
    fn find_head(&self) -> (Position, Seen<'_, S>) {
        let layout = self.slots.layout();
        let hint = self.head.load();
        let seen = self.slots.load(hint.index(layout));
        let is_head = hint.is_head(self.slots.stamp(seen), layout);
        if is_head { (hint, seen) } else { self.find_head_after(hint) }
    }

    /// The head, which is at `position` or after it.
    #[cold]
    #[inline(never)]
    fn find_head_after(&self, position: Position) -> (Position, Seen<'_, S>) {
        self.find(self.tail.skip_evicted(position, self.slots.layout()), GONE)
    }

    /// The first position from `position` on that was not `done`, with the slot as it was then.
    #[cold]
    #[inline(never)]
    fn find(&self, position: Position, done: i64) -> (Position, Seen<'_, S>) {
        search::find(position, done, self.slots.layout(), |index| {
            let seen = self.slots.load(index);
            (self.slots.stamp(seen), seen)
        })
    }

    /// Test hook: where the hints are.
    #[cfg(all(test, not(ringway_loom)))]
    pub(super) fn hints(&self) -> (Position, Position) {
        (self.head.load(), self.tail.hint.load())
    }

    /// Test hook: puts the hints where a thread would that slept before its store.
    #[cfg(all(test, not(ringway_loom)))]
    pub(super) fn set_hints(&self, (head, tail): (Position, Position)) {
        self.head.store(head);
        self.tail.hint.store(tail);
    }

    #[cfg(all(test, not(ringway_loom)))]
    pub(super) fn slots(&self) -> &S {
        &self.slots
    }
}

/// What became of a push that went on out of line.
///
/// As [`Pushed`], but another type. Else both ways would write their result to one place in memory,
/// and an element of several words would be read back from there at once, which stalls.
enum LatePushed<T> {
    Stored,
    Evicted(T),
    Rejected(T),
    Closed(T),
}

impl<T> From<LatePushed<T>> for Pushed<T> {
    #[inline(always)]
    fn from(late: LatePushed<T>) -> Self {
        match late {
            LatePushed::Stored => Self::Stored,
            LatePushed::Evicted(value) => Self::Evicted(value),
            LatePushed::Rejected(value) => Self::Rejected(value),
            LatePushed::Closed(value) => Self::Closed(value),
        }
    }
}
