//! What the protocol asks of a storage.

#![allow(unsafe_code)]

use crate::error::CapacityError;
use crate::ring::position::{Position, WordLayout};

/// A row of slots, each an atomic word with a stamp, and room for at most one element.
///
/// An element goes into a slot, and comes out of it, by an exchange of the whole slot:
///
/// ```text
///   value ──prepare──► Incoming ──put──► Outgoing ──into_element──► the element evicted, or none
///                         │      take──► Outgoing ──into_element──► the element popped
///                         └──withdraw──► value
/// ```
///
/// A slot has a full stamp exactly when it holds an element, since `put` writes a full stamp and
/// `take` an empty one. Each successful exchange gives what was in the slot to the one [`Outgoing`]
/// that it returns. So every element has one owner.
///
/// [`Outgoing`]: Slots::Outgoing
pub(super) trait Slots: Sized {
    /// The type of the elements.
    type Element;
    /// One slot.
    type Slot;
    /// What a thread needs of its own for an operation.
    type Owner<'a>
    where
        Self: 'a;
    /// An element on its way in.
    type Incoming<'a>
    where
        Self: 'a;
    /// What an exchange has taken out of a slot: an element or none.
    type Outgoing<'a>
    where
        Self: 'a;

    /// Makes empty slots that wait for the lap `laps` after zero.
    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError>;

    fn layout(&self) -> WordLayout;

    /// Loads the word of the slot of `position`.
    ///
    /// Pairs with [`put`](Self::put), [`take`](Self::take) and [`close`](Self::close). Positions
    /// that are learnt from a stamp must carry their past with them (Acquire). What shows that a
    /// queue is empty, full or closed must show the newest state there is (SeqCst).
    ///
    /// # Safety
    ///
    /// `position` is one of this ring, so its index is less than the capacity.
    unsafe fn load(&self, position: Position) -> Seen<'_, Self>;

    /// Marks the slot as closed if its stamp is still as seen; returns whether it did. SeqCst on
    /// success.
    fn close(&self, seen: Seen<'_, Self>) -> bool;

    /// Returns the owner for an operation of the current thread, or `None` if that takes the cold
    /// path [`with_owner`](Self::with_owner).
    ///
    /// # Safety
    ///
    /// While the owner lives, or what it becomes, the current thread has no other on these slots.
    unsafe fn owner(&self) -> Option<Self::Owner<'_>>;

    /// Calls `operate` with the owner for an operation of the current thread, whatever it takes to
    /// get one.
    ///
    /// # Panics
    ///
    /// Panics if there are too many threads, or no memory for one more.
    ///
    /// # Safety
    ///
    /// As for [`owner`](Self::owner). `operate` returns nothing that lives on with the owner.
    unsafe fn with_owner<'a, R>(&'a self, operate: impl FnOnce(Self::Owner<'a>) -> R) -> R
    where
        Self: 'a;

    /// Makes `value` ready for [`put`](Self::put).
    fn prepare<'a>(owner: Self::Owner<'a>, value: Self::Element) -> Self::Incoming<'a>
    where
        Self: 'a;

    /// Gives back a value that no exchange has put into a slot.
    fn withdraw<'a>(incoming: Self::Incoming<'a>) -> Self::Element
    where
        Self: 'a;

    /// Exchanges `incoming` for what is in the slot of `position`, if that is still as `seen`; the
    /// slot is then full of `position`. SeqCst on success.
    ///
    /// # Errors
    ///
    /// Gives `incoming` back if the slot has changed.
    ///
    /// # Safety
    ///
    /// `seen` was loaded from the slot of `position` in these slots, and it shows that `position`
    /// is the tail: age −1 or 0, and open. So the stamp that is written is later than the one seen.
    unsafe fn put<'a>(
        &'a self,
        position: Position,
        seen: Seen<'a, Self>,
        incoming: Self::Incoming<'a>,
    ) -> Result<Self::Outgoing<'a>, Self::Incoming<'a>>;

    /// Takes what is in the slot of `position`, if that is still as `seen`; the slot then waits for
    /// the lap after `position`, and `closed` is added to its stamp. SeqCst on success.
    ///
    /// # Safety
    ///
    /// `seen` was loaded from the slot of `position` in these slots, and it shows that `position`
    /// is filled and not gone: age 1. So the stamp that is written is later than the one seen.
    /// `closed` is the closed bit of `seen`.
    unsafe fn take<'a>(
        &'a self,
        position: Position,
        seen: Seen<'a, Self>,
        closed: u64,
        owner: Self::Owner<'a>,
    ) -> Option<Self::Outgoing<'a>>;

    /// Returns the element that came out of the slot, if it held one, and the owner for another
    /// exchange.
    fn finish<'a>(outgoing: Self::Outgoing<'a>) -> (Option<Self::Element>, Self::Owner<'a>)
    where
        Self: 'a;

    /// Returns the element that came out of the slot, if it held one.
    #[inline(always)]
    fn into_element<'a>(outgoing: Self::Outgoing<'a>) -> Option<Self::Element>
    where
        Self: 'a,
    {
        Self::finish(outgoing).0
    }
}

/// A slot, and the word that was loaded from it.
pub(super) type Seen<'a, S> = (&'a <S as Slots>::Slot, u64);
