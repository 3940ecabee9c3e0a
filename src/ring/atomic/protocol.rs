//! The protocol: positions, versions, hints. It knows nothing of how an element is stored.

#![allow(unsafe_code)]

use alloc::vec::Vec;

use crossbeam_utils::{Backoff, CachePadded};

use super::slots::{Seen, Slots};
use crate::error::{CapacityError, TryPopError};
use crate::queue::Pushed;
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
    ///
    /// Nothing but what is needed when nobody is in the way stands here. The rest is out of line,
    /// where it takes no registers from this. The element goes from the caller into its cell first,
    /// so that no call has to preserve it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn push<const EVICT: bool>(&self, value: S::Element) -> Pushed<S::Element> {
        if EVICT && self.tail.turn.is_asked() {
            self.give_turn();
        }
        // SAFETY: the only owner of this operation, which runs no user code that could begin
        // another one.
        match unsafe { self.slots.owner() } {
            Some(owner) => self.push_incoming::<EVICT>(S::prepare(owner, value)),
            None => self.push_with_owner::<EVICT>(value).into(),
        }
    }

    /// Goes on with a push whose value is ready.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn push_incoming<'a, const EVICT: bool>(
        &'a self,
        incoming: S::Incoming<'a>,
    ) -> Pushed<S::Element> {
        let layout = self.slots.layout();
        let tail = self.tail.hint.load(layout);
        let seen = self.load(tail);
        let is_full = layout.is_full(seen.1);
        // `is_tail` is false of a closed slot, too.
        if !tail.is_tail(seen.1, layout) || !EVICT && is_full {
            return self.push_again::<EVICT>(tail, incoming, false).into();
        }
        // SAFETY: `seen` is of the slot of `tail`, and shows that it is the tail.
        match unsafe { self.slots.put(tail, seen, incoming) } {
            Ok(outgoing) => {
                self.advance_tail_hint(tail);
                S::into_element(outgoing).map_or(Pushed::Stored, Pushed::Evicted)
            }
            Err(incoming) => self.push_again::<EVICT>(tail, incoming, true).into(),
        }
    }

    /// Pushes for a thread that [`owner`](Slots::owner) does not serve: in its first operation, for
    /// example.
    #[cold]
    #[inline(never)]
    fn push_with_owner<const EVICT: bool>(&self, value: S::Element) -> LatePushed<S::Element> {
        let push = |owner| match self.push_incoming::<EVICT>(S::prepare(owner, value)) {
            Pushed::Stored => LatePushed::Stored,
            Pushed::Evicted(value) => LatePushed::Evicted(value),
            Pushed::Rejected(value) => LatePushed::Rejected(value),
            Pushed::Closed(value) => LatePushed::Closed(value),
        };
        // SAFETY: as in `push`, which has got no owner.
        unsafe { self.slots.with_owner(push) }
    }

    /// Goes on with a push whose hint was stale, whose exchange was `lost`, or that finds the ring
    /// closed or full.
    #[cold]
    #[inline(never)]
    fn push_again<'a, const EVICT: bool>(
        &'a self,
        mut tail: Position,
        mut incoming: S::Incoming<'a>,
        mut lost: bool,
    ) -> LatePushed<S::Element> {
        let backoff = Backoff::new();
        loop {
            if lost {
                back_off(&backoff);
            }
            let seen;
            (tail, seen) = self.find(tail, FILLED);
            if self.is_closed_at(seen) {
                return LatePushed::Closed(S::withdraw(incoming));
            }
            if !EVICT && self.is_full_at(seen) {
                return LatePushed::Rejected(S::withdraw(incoming));
            }
            // SAFETY: `find` has loaded `seen` from the slot of `tail`, and found the tail there,
            // which is open.
            match unsafe { self.slots.put(tail, seen, incoming) } {
                Ok(outgoing) => {
                    self.advance_tail_hint(tail);
                    return S::into_element(outgoing)
                        .map_or(LatePushed::Stored, LatePushed::Evicted);
                }
                Err(back) => incoming = back,
            }
            lost = true;
        }
    }

    #[cold]
    #[inline(never)]
    fn give_turn(&self) {
        let (tail, (_, seen)) = self.find_tail();
        let look = || self.load(tail).1;
        // There is nothing to wait for when it has been taken already.
        self.tail.turn.give(|| !self.slots.layout().is_full(seen) || look() != seen);
    }

    /// Takes the oldest element, if there is one.
    ///
    /// *Linearization point*: the successful exchange; for `None`, the load of the slot.
    /// *Progress*: lock-free. An exchange fails, or a position turns out to be gone, only because
    /// another operation succeeded.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn pop(&self) -> Option<S::Element> {
        self.take_oldest(Some, |_| None)
    }

    /// Takes the oldest element, or tells whether an empty ring is closed, too.
    ///
    /// *Linearization point*, *progress*: as for [`pop`](Self::pop). The slot that shows that
    /// nothing is inside shows whether the ring is closed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn try_pop(&self) -> Result<S::Element, TryPopError> {
        self.take_oldest(Ok, Err)
    }

    /// Returns `taken` of the oldest element, or else `none` of the reason.
    ///
    /// Each way out makes its result by itself: an intermediate one would be kept in memory.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn take_oldest<R>(
        &self,
        taken: impl Fn(S::Element) -> R,
        none: impl Fn(TryPopError) -> R,
    ) -> R {
        let layout = self.slots.layout();
        let head = self.head.load(layout);
        let seen = self.load(head);
        let late = |lost| match self.pop_again(head, lost) {
            LatePopped::Element(value) => taken(value),
            LatePopped::Empty => none(TryPopError::Empty),
            LatePopped::Closed => none(TryPopError::Closed),
        };
        // `is_head` is false of a closed slot.
        if !head.is_head(seen.1, layout) {
            return late(false);
        }
        if !layout.is_full(seen.1) {
            return none(TryPopError::Empty);
        }
        // SAFETY: the only owner of this operation.
        let Some(owner) = (unsafe { self.slots.owner() }) else {
            return late(false);
        };
        // SAFETY: `seen` is of the slot of `head`, shows that it is full of it, and is open.
        match unsafe { self.slots.take(head, seen, 0, owner) } {
            Some(outgoing) => {
                self.advance_head_hint(head);
                match S::into_element(outgoing) {
                    Some(value) => taken(value),
                    None => none(TryPopError::Empty),
                }
            }
            None => late(true),
        }
    }

    /// Goes on with a pop whose hint was stale, whose exchange was `lost`, or whose thread
    /// [`owner`](Slots::owner) does not serve.
    #[cold]
    #[inline(never)]
    fn pop_again(&self, mut head: Position, mut lost: bool) -> LatePopped<S::Element> {
        let layout = self.slots.layout();
        let backoff = Backoff::new();
        let mut asked = false;
        let popped = loop {
            if lost {
                let (_, now) = self.load(head);
                if head.age(now, layout) > GONE {
                    // A producer evicted it, and will evict the next one, too.
                    self.tail.turn.ask();
                    asked = true;
                } else {
                    back_off(&backoff);
                }
            }
            let seen;
            (head, seen) = self.find_head_after(head);
            if !self.is_full_at(seen) {
                let closed = self.is_closed_at(seen);
                break if closed { LatePopped::Closed } else { LatePopped::Empty };
            }
            let take = |owner| {
                // SAFETY: `find` has loaded `seen` from the slot of `head`, and found the head
                // there, which is full.
                let outgoing =
                    unsafe { self.slots.take(head, seen, seen.1 & layout.closed(), owner) }?;
                self.advance_head_hint(head);
                S::into_element(outgoing)
            };
            // SAFETY: the only owner of this operation at this time.
            if let Some(value) = unsafe { self.slots.with_owner(take) } {
                break LatePopped::Element(value);
            }
            lost = true;
        };
        if asked {
            self.tail.turn.withdraw();
        }
        popped
    }

    /// Takes up to `max` elements, but no more than are inside at first, each as
    /// [`pop`](Self::pop) does, and moves the hint of the head once; returns how many.
    pub(super) fn pop_into(&self, out: &mut Vec<S::Element>, max: usize) -> usize {
        let max = max.min(self.len());
        // Before the first exchange: an element in hand would be lost if `out` could not grow.
        out.reserve(max);
        // What the short way has not found, the long way may find: at a closed slot, or after
        // losing.
        let taken = self.pop_in_a_row(out, max);
        taken + (taken..max).map_while(|_| self.pop()).map(|value| out.push(value)).count()
    }

    /// Takes up to `max` elements as long as nobody is in the way.
    fn pop_in_a_row(&self, out: &mut Vec<S::Element>, max: usize) -> usize {
        // SAFETY: the only owner of this operation at this time.
        let Some(mut owner) = (unsafe { self.slots.owner() }) else { return 0 };
        let layout = self.slots.layout();
        let (mut head, _) = self.find_head();
        let mut taken = 0;
        while taken < max {
            let seen = self.load(head);
            if !head.is_head(seen.1, layout) || !layout.is_full(seen.1) {
                break;
            }
            // SAFETY: `seen` is of the slot of `head`, shows that it is full of it, and is open.
            let Some(outgoing) = (unsafe { self.slots.take(head, seen, 0, owner) }) else { break };
            let element;
            (element, owner) = S::finish(outgoing);
            out.extend(element);
            head = head.next(layout);
            taken += 1;
        }
        self.head.publish(head);
        taken
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn is_full_at(&self, seen: Seen<'_, S>) -> bool {
        self.slots.layout().is_full(seen.1)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn is_closed_at(&self, seen: Seen<'_, S>) -> bool {
        self.slots.layout().is_closed(seen.1)
    }

    /// Closes the ring; returns whether this call did.
    ///
    /// *Linearization point*: the successful exchange, which marks the slot of the tail; for
    /// `false`, the load of that slot. *Progress*: lock-free. An exchange fails, or a position
    /// turns out to be filled, only because another operation succeeded.
    pub(super) fn close(&self) -> bool {
        let backoff = Backoff::new();
        let mut tail = self.tail.hint.load(self.slots.layout());
        loop {
            let seen;
            (tail, seen) = self.find(tail, FILLED);
            if self.is_closed_at(seen) {
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
        self.is_closed_at(seen)
    }

    /// Returns the number of elements.
    ///
    /// *Linearization point*: the first load of a slot, if the hints are fresh. Both ends had come
    /// to where the hints say before that, and had gone no further when their slots were loaded.
    /// Else see `len_again`. *Progress*: lock-free; a round is repeated only because an element has
    /// gone meanwhile.
    #[inline]
    pub(super) fn len(&self) -> usize {
        let layout = self.slots.layout();
        let tail = self.tail.hint.load(layout);
        let head = self.head.load(layout).max(tail.add_laps(-1, layout));
        let (at_head, at_tail) = (self.load(head), self.load(tail));
        if head.is_head(at_head.1, layout) && tail.is_tail(at_tail.1, layout) {
            tail.since(head, layout)
        } else {
            self.len_again()
        }
    }

    /// *Linearization point*: the load that found the tail, in the round in which the head had not
    /// moved.
    #[cold]
    #[inline(never)]
    fn len_again(&self) -> usize {
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
        !self.is_full_at(seen)
    }

    /// *Linearization point*: the load of the slot. *Progress*: lock-free.
    pub(super) fn is_full(&self) -> bool {
        let (_, seen) = self.find_tail();
        self.is_full_at(seen)
    }

    /// Loads the slot of a position, which every operation has from a hint of this ring.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn load(&self, position: Position) -> Seen<'_, S> {
        // SAFETY: the hints of this ring begin with a position of it, and are moved by `next` and
        // its like, which keep the index below the capacity.
        unsafe { self.slots.load(position) }
    }

    /// Moves the hint after a pop at `head`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn advance_head_hint(&self, head: Position) {
        match head.next_in_lap(self.slots.layout()) {
            Some(next) => self.head.publish(next),
            None => self.advance_head_hint_to_lap(head),
        }
    }

    /// Moves the hint after a push at `tail`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn advance_tail_hint(&self, tail: Position) {
        match tail.next_in_lap(self.slots.layout()) {
            Some(next) => self.tail.hint.publish(next),
            None => self.advance_tail_hint_to_lap(tail),
        }
    }

    /// Out of line, so that the branch above is one that is predicted: a conditional move would put
    /// its latency between every two operations.
    #[cold]
    #[inline(never)]
    fn advance_head_hint_to_lap(&self, head: Position) {
        self.head.publish(head.next_lap(self.slots.layout()));
    }

    /// Out of line for the same reason. Now and then a push moves the head hint too: pops might not
    /// come for so long that its version wrapped.
    #[cold]
    #[inline(never)]
    fn advance_tail_hint_to_lap(&self, tail: Position) {
        let lap = tail.next_lap(self.slots.layout());
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
        let hint = self.tail.hint.load(layout);
        let seen = self.load(hint);
        if hint.is_tail(seen.1, layout) { (hint, seen) } else { self.find(hint, FILLED) }
    }

    /// The first position that was not gone, with the slot as it was then: full, or empty and with
    /// it the queue.
    #[inline]
    fn find_head(&self) -> (Position, Seen<'_, S>) {
        let layout = self.slots.layout();
        let hint = self.head.load(layout);
        let seen = self.load(hint);
        if hint.is_head(seen.1, layout) { (hint, seen) } else { self.find_head_after(hint) }
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
        search::find(position, done, self.slots.layout(), |position| {
            let seen = self.load(position);
            (seen.1, seen)
        })
    }

    /// Test hook: where the hints are.
    #[cfg(all(test, not(ringway_loom)))]
    pub(super) fn hints(&self) -> (Position, Position) {
        let layout = self.slots.layout();
        (self.head.load(layout), self.tail.hint.load(layout))
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
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn from(late: LatePushed<T>) -> Self {
        match late {
            LatePushed::Stored => Self::Stored,
            LatePushed::Evicted(value) => Self::Evicted(value),
            LatePushed::Rejected(value) => Self::Rejected(value),
            LatePushed::Closed(value) => Self::Closed(value),
        }
    }
}

/// What became of a pop that went on out of line; another type for the same reason.
enum LatePopped<T> {
    Element(T),
    Empty,
    Closed,
}
