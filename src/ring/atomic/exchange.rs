//! Exchange storage: an element of any size lives in a cell, a slot names the cell.

#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::mem;

use super::cells::{Cells, Spare};
use super::slots::{Hand, Slots};
use crate::drop_all::drop_all;
use crate::error::CapacityError;
use crate::per_thread::segments::boxed;
use crate::ring::position::{Position, WordLayout};
use crate::sync::{AtomicU64, Ordering};

/// Slots of `stamp | cell`.
///
/// Every cell is named by exactly one slot or is exactly one thread's spare; an exchange swaps the
/// two roles. So the cell that a thread writes to or reads from is never anybody else's, and
/// nothing is ever half done.
pub(super) struct Exchange<T> {
    slots: Box<[AtomicU64]>,
    layout: WordLayout,
    cells: Cells<T>,
}

impl<T> Slots for Exchange<T> {
    type Element = T;
    type Slot = AtomicU64;
    type Word = u64;
    type Hand<'a>
        = ExchangeHand<'a, T>
    where
        Self: 'a;

    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        CapacityError::check::<AtomicU64>(capacity)?;
        let layout = WordLayout::new(capacity, Cells::<T>::max_index(capacity)?)?;
        let cells = Cells::new(capacity)?;
        let empty = layout.start(laps).empty(layout);
        let slots = boxed((0..capacity).map(|cell| AtomicU64::new(empty | cell as u64)))?;
        Ok(Self { slots, layout, cells })
    }

    #[inline]
    fn layout(&self) -> WordLayout {
        self.layout
    }

    #[inline]
    fn load(&self, index: usize) -> (&AtomicU64, u64) {
        let slot = &self.slots[index];
        // SeqCst pairs with the exchange; see `Slots::load`.
        (slot, slot.load(Ordering::SeqCst))
    }

    #[inline]
    fn stamp(&self, (_, word): (&AtomicU64, u64)) -> u64 {
        self.layout.stamp(word)
    }

    fn close(&self, (slot, seen): (&AtomicU64, u64)) -> bool {
        let new = seen | self.layout.closed();
        // SeqCst pairs with the exchanges and with `load`: of a push and this, one comes first. A
        // failure tells nothing, the caller loads again: Relaxed.
        slot.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    fn replace(&mut self, position: Position, element: Option<T>, closed: u64) -> Option<T> {
        let layout = self.layout;
        let slot = &self.slots[position.index(layout)];
        // Relaxed, here and below: with `&mut self`, all that happened to the slots is visible.
        let word = slot.load(Ordering::Relaxed);
        let stamp = position.stamp_after(element.is_some(), layout) | closed;
        slot.store(stamp | layout.index(word) as u64, Ordering::Relaxed);
        self.cells.cell(layout.index(word)).with_mut(|cell| {
            let cell = cell.cast::<T>();
            // SAFETY: a full slot's cell holds an element, and the new stamp says what it holds
            // now.
            let old = layout.is_full(word).then(|| unsafe { cell.read() });
            if let Some(element) = element {
                // SAFETY: the cell is the slot's, and what was inside has been taken out.
                unsafe { cell.write(element) };
            }
            old
        })
    }

    #[inline]
    unsafe fn hand_with(&self, element: T) -> ExchangeHand<'_, T> {
        let hand = ExchangeHand { slots: self, spare: self.cells.spare(), full: true };
        hand.spare.cell().with_mut(|cell| {
            // SAFETY: the spare is this thread's alone, and it is empty.
            unsafe { cell.cast::<T>().write(element) };
        });
        hand
    }

    #[inline]
    unsafe fn empty_hand(&self) -> ExchangeHand<'_, T> {
        ExchangeHand { slots: self, spare: self.cells.spare(), full: false }
    }
}

impl<T> Drop for Exchange<T> {
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            let mut slots = self.slots.iter();
            drop_all(|| {
                // Relaxed: with `&mut self`, everything that happened to the slots is visible
                // already.
                let mut words = slots.by_ref().map(|slot| slot.load(Ordering::Relaxed));
                let word = words.find(|&word| self.layout.is_full(word))?;
                // SAFETY: a full slot's cell holds an element, and no slot is visited twice.
                Some(
                    self.cells
                        .cell(self.layout.index(word))
                        .with(|cell| unsafe { cell.cast::<T>().read() }),
                )
            });
        }
    }
}

/// The thread's spare cell, with an element in it or without.
pub(super) struct ExchangeHand<'a, T> {
    slots: &'a Exchange<T>,
    /// Its cell holds an element exactly when `full`.
    spare: Spare<'a, T>,
    full: bool,
}

impl<'a, T> Hand for ExchangeHand<'a, T> {
    type Element = T;
    type Seen = (&'a AtomicU64, u64);

    #[inline]
    unsafe fn compare_exchange(
        &mut self,
        position: Position,
        (slot, seen): (&AtomicU64, u64),
        closed: u64,
    ) -> bool {
        let layout = self.slots.layout;
        let new = position.stamp_after(self.full, layout) | closed | self.spare.index() as u64;
        // SeqCst pairs with itself and with `load`: it releases what was put into the cell given
        // away, and what led this thread to `position`; it acquires what the last owner did with
        // the cell taken (as the load of `seen` did, unless the word has come again meanwhile); and
        // it comes before what this thread loads next. A failure tells nothing, the caller loads
        // again: Relaxed.
        let exchanged =
            slot.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        if exchanged {
            // SAFETY: this very exchange took the cell out of the slot and put the spare's in.
            unsafe { self.spare.replace(layout.index(seen)) };
            self.full = layout.is_full(seen);
        }
        exchanged
    }

    #[inline]
    fn into_element(self) -> Option<T> {
        // SAFETY: `full`, so there is a `T` in this thread's own cell, and it leaves with the hand.
        self.full.then(|| self.spare.cell().with(|cell| unsafe { cell.cast::<T>().read() }))
    }
}

/// The storage is sound by itself, whatever stamps it is told to write.
#[cfg(all(test, ringway_loom))]
mod models {
    use std::sync::Arc;

    use loom::thread;

    use super::{Exchange, Hand, Slots};

    /// Both threads exchange at one and the same position, so the word that one of them has seen
    /// can come again, with the same cell and another element in it. That is what the Acquire of
    /// the exchange is for: in the ring, where stamps do not repeat, the Acquire of the load would
    /// do.
    #[test]
    fn a_word_that_comes_again_still_hands_over_its_cell() {
        loom::model(|| {
            let slots = Arc::new(Exchange::new(1, 0).unwrap());
            let swap = |slots: &Exchange<[u32; 2]>, element| {
                let seen = slots.load(0);
                // SAFETY: the only hand of this thread at this time.
                let mut hand = unsafe { slots.hand_with([element; 2]) };
                // SAFETY: of the same slots.
                unsafe { hand.compare_exchange(slots.layout().start(0), seen, 0) };
                if let Some([a, b]) = hand.into_element() {
                    assert_eq!(a, b, "torn");
                }
            };
            swap(&slots, 0);
            let other = thread::spawn({
                let slots = Arc::clone(&slots);
                move || {
                    swap(&slots, 1);
                    swap(&slots, 2);
                }
            });
            swap(&slots, 3);
            other.join().unwrap();
        });
    }
}
