//! What the protocol asks of a storage.

#![allow(unsafe_code)]

use crate::CapacityError;
use crate::position::{Layout, Position};

/// A row of slots, each an atomic word with a stamp and room for at most one element.
///
/// A slot has a stamp of "full" exactly when it holds an element, because [`Hand::swap`] chooses the stamp by what it puts
/// in; and every swap gives what was in the slot to the one hand that swapped. So whatever positions the protocol comes
/// up with, every element has one owner; only the two obligations under "Safety" are left to it.
pub(super) trait Slots: Sized {
    /// The type of the elements.
    type Element;
    /// A slot and what it held when it was loaded.
    type Seen<'a>: Copy
    where
        Self: 'a;
    type Hand<'a>: Hand<Element = Self::Element, Seen = Self::Seen<'a>>
    where
        Self: 'a;

    /// Empty slots that wait for the lap `laps` after zero.
    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError>;

    fn layout(&self) -> Layout;

    /// Pairs with [`Hand::swap`]: positions learnt from a stamp must carry their past with them (Acquire), and what shows
    /// that a queue is empty or full must show the newest that there is (SeqCst).
    fn load(&self, index: usize) -> Self::Seen<'_>;

    fn stamp(&self, seen: Self::Seen<'_>) -> u64;

    #[inline]
    fn is_full(&self, seen: Self::Seen<'_>) -> bool {
        self.layout().is_full(self.stamp(seen))
    }

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

/// What one thread holds during one operation: one element or none, to be swapped with a slot.
pub(super) trait Hand {
    type Element;
    type Seen: Copy;

    /// Swaps what is in the hand with what is in the slot, if the slot is still as `seen`.
    ///
    /// The slot is then full of `position`, or, if the hand was empty, waits for the lap after. SeqCst on success.
    ///
    /// # Safety
    ///
    /// `seen` was loaded from the slots that the hand is on.
    unsafe fn swap(&mut self, position: Position, seen: Self::Seen) -> bool;

    /// What is in the hand now.
    fn open(self) -> Option<Self::Element>;
}

/// As many elements as there are, or no memory for them.
pub(super) fn boxed<T>(elements: impl ExactSizeIterator<Item = T>) -> Result<Box<[T]>, CapacityError> {
    let mut all = Vec::new();
    all.try_reserve_exact(elements.len()).map_err(|_| CapacityError::OutOfMemory)?;
    all.extend(elements);
    Ok(all.into())
}
