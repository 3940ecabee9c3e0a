//! What the protocol asks of a storage.

#![allow(unsafe_code)]

use crate::error::CapacityError;
use crate::ring::position::{Position, WordLayout};

/// A row of slots, each an atomic word with a stamp and room for at most one element.
///
/// A slot has a stamp of "full" exactly when it holds an element, because
/// [`Hand::compare_exchange`] chooses the stamp by what it puts in. Every successful exchange gives
/// what was in the slot to the one hand that made it. So whatever positions the protocol comes up
/// with, every element has one owner; only the two obligations under "Safety" are left to it.
pub(super) trait Slots: Sized {
    /// The type of the elements.
    type Element;
    /// One slot.
    type Slot;
    /// What a slot holds at one moment.
    type Word: Copy;
    type Hand<'a>: Hand<Element = Self::Element, Seen = Seen<'a, Self>>
    where
        Self: 'a;

    /// Empty slots that wait for the lap `laps` after zero.
    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError>;

    fn layout(&self) -> WordLayout;

    /// Pairs with [`Hand::compare_exchange`] and [`close`](Self::close). Positions that are learnt
    /// from a stamp must carry their past with them (Acquire). What shows that a queue is empty,
    /// full or closed must show the newest that there is (SeqCst).
    fn load(&self, index: usize) -> Seen<'_, Self>;

    fn stamp(&self, seen: Seen<'_, Self>) -> u64;

    #[inline]
    fn is_full(&self, seen: Seen<'_, Self>) -> bool {
        self.layout().is_full(self.stamp(seen))
    }

    #[inline]
    fn is_closed(&self, seen: Seen<'_, Self>) -> bool {
        self.layout().is_closed(self.stamp(seen))
    }

    /// Marks the slot as closed, if it is still as `seen`. SeqCst on success.
    fn close(&self, seen: Seen<'_, Self>) -> bool;

    /// Puts an element, or none, into the slot of `position`, and returns what was inside: what
    /// [`Hand::compare_exchange`] does, for a thread that has the slots alone.
    fn replace(
        &mut self,
        position: Position,
        element: Option<Self::Element>,
        closed: u64,
    ) -> Option<Self::Element>;

    /// A hand that holds an element.
    ///
    /// # Safety
    ///
    /// The current thread has no other hand on these slots.
    unsafe fn hand_with(&self, element: Self::Element) -> Self::Hand<'_>;

    /// A hand that holds nothing.
    ///
    /// # Safety
    ///
    /// As for [`hand_with`](Self::hand_with).
    unsafe fn empty_hand(&self) -> Self::Hand<'_>;
}

/// A slot and what it held when it was loaded.
pub(super) type Seen<'a, S> = (&'a <S as Slots>::Slot, <S as Slots>::Word);

/// What one thread holds during one operation: one element or none, to be exchanged for what is in
/// a slot.
pub(super) trait Hand {
    type Element;
    type Seen: Copy;

    /// Exchanges what is in the hand for what is in the slot, if the slot is still as `seen`.
    ///
    /// The slot is then full of `position`, or, if the hand was empty, waits for the lap after.
    /// `closed` is added to its stamp: 0, or the closed bit, to be kept. SeqCst on success.
    ///
    /// # Safety
    ///
    /// `seen` was loaded from the slots that the hand is on.
    unsafe fn compare_exchange(
        &mut self,
        position: Position,
        seen: Self::Seen,
        closed: u64,
    ) -> bool;

    /// What is in the hand now.
    fn into_element(self) -> Option<Self::Element>;
}
