//! Exchange storage: an element of any size lives in a cell, and a slot names the cell.

#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::mem;

use super::cells::{Cells, Spare};
use super::slots::Slots;
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

/// A spare that holds an element.
pub(super) struct Incoming<'a, T>(Spare<'a, T>);

/// A spare that was the cell of a slot.
pub(super) struct Outgoing<'a, T> {
    spare: Spare<'a, T>,
    /// Whether the spare holds an element.
    full: bool,
}

impl<T> Exchange<T> {
    /// Exchanges the spare's cell for the one that the slot names, if the slot is still as `seen`.
    ///
    /// # Safety
    ///
    /// `seen` was loaded from `slot`, which is one of these slots; the spare is of these cells, and
    /// holds an element exactly if `stamp` is full.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn swap<'a>(
        &self,
        (slot, seen): (&AtomicU64, u64),
        stamp: u64,
        mut spare: Spare<'a, T>,
    ) -> Result<Outgoing<'a, T>, Spare<'a, T>> {
        let new = stamp | spare.index() as u64;
        // SeqCst pairs with itself and with `load`: it releases what was put into the cell given
        // away, and what led this thread to its position; it acquires what the last owner did with
        // the cell taken; and it comes before what this thread loads next. After a failure the
        // caller loads again: Relaxed.
        if slot.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            return Err(spare);
        }
        // SAFETY: this very exchange took the cell out of the slot and put the spare's in.
        unsafe { spare.replace(self.layout.index(seen)) };
        Ok(Outgoing { spare, full: self.layout.is_full(seen) })
    }
}

impl<T> Slots for Exchange<T> {
    type Element = T;
    type Slot = AtomicU64;
    type Owner<'a>
        = Spare<'a, T>
    where
        Self: 'a;
    type Incoming<'a>
        = Incoming<'a, T>
    where
        Self: 'a;
    type Outgoing<'a>
        = Outgoing<'a, T>
    where
        Self: 'a;

    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        CapacityError::check::<AtomicU64>(capacity)?;
        let layout = WordLayout::new(capacity, Cells::<T>::max_index(capacity)?)?;
        let cells = Cells::new(capacity)?;
        let empty = layout.start(laps).empty();
        let slots = boxed((0..capacity).map(|cell| AtomicU64::new(empty | cell as u64)))?;
        Ok(Self { slots, layout, cells })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn layout(&self) -> WordLayout {
        self.layout
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load(&self, position: Position) -> (&AtomicU64, u64) {
        let index = position.index();
        debug_assert!(index < self.slots.len());
        // SAFETY: there are `capacity` slots, and the index is less, says the caller.
        let slot = unsafe { self.slots.get_unchecked(index) };
        // SeqCst pairs with the exchange; see `Slots::load`.
        (slot, slot.load(Ordering::SeqCst))
    }

    fn close(&self, (slot, seen): (&AtomicU64, u64)) -> bool {
        let new = seen | self.layout.closed();
        // SeqCst pairs with the exchanges and with `load`: of a push and this, one comes first.
        // After a failure the caller loads again: Relaxed.
        slot.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn owner(&self) -> Option<Spare<'_, T>> {
        // SAFETY: as the caller says.
        unsafe { self.cells.spare() }
    }

    unsafe fn with_owner<'a, R>(&'a self, operate: impl FnOnce(Spare<'a, T>) -> R) -> R
    where
        Self: 'a,
    {
        // SAFETY: as the caller says.
        unsafe { self.cells.with_spare(operate) }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn prepare<'a>(spare: Spare<'a, T>, value: T) -> Incoming<'a, T>
    where
        Self: 'a,
    {
        // SAFETY: the spare is this thread's alone, and it is empty.
        spare.cell().with_mut(|cell| unsafe { cell.cast::<T>().write(value) });
        Incoming(spare)
    }

    fn withdraw<'a>(Incoming(spare): Incoming<'a, T>) -> T
    where
        Self: 'a,
    {
        // SAFETY: the spare is this thread's alone, `prepare` has put a `T` into it, and it leaves
        // with `incoming`.
        spare.cell().with(|cell| unsafe { cell.cast::<T>().read() })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn put<'a>(
        &'a self,
        position: Position,
        seen: (&'a AtomicU64, u64),
        incoming: Incoming<'a, T>,
    ) -> Result<Outgoing<'a, T>, Incoming<'a, T>> {
        // SAFETY: as the caller says; an incoming spare holds an element.
        unsafe { self.swap(seen, position.full(self.layout), incoming.0) }.map_err(Incoming)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn take<'a>(
        &'a self,
        position: Position,
        seen: (&'a AtomicU64, u64),
        closed: u64,
        spare: Spare<'a, T>,
    ) -> Option<Outgoing<'a, T>> {
        let stamp = position.gone(self.layout) | closed;
        // SAFETY: as the caller says; an owner's spare holds no element.
        unsafe { self.swap(seen, stamp, spare) }.ok()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn finish<'a>(Outgoing { spare, full }: Outgoing<'a, T>) -> (Option<T>, Spare<'a, T>)
    where
        Self: 'a,
    {
        // SAFETY: `full`, so there is a `T` in this thread's own cell, and it leaves with
        // `outgoing`.
        let element = full.then(|| spare.cell().with(|cell| unsafe { cell.cast::<T>().read() }));
        (element, spare)
    }
}

impl<T> Drop for Exchange<T> {
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            let mut slots = self.slots.iter();
            drop_all(|| {
                // Relaxed: with `&mut self`, everything that happened to the slots is visible.
                let mut words = slots.by_ref().map(|slot| slot.load(Ordering::Relaxed));
                let word = words.find(|&word| self.layout.is_full(word))?;
                let cell = self.cells.cell(self.layout.index(word));
                // SAFETY: a full slot's cell holds an element, and no slot is visited twice.
                Some(cell.with(|cell| unsafe { cell.cast::<T>().read() }))
            });
        }
    }
}

/// The storage hands over cells correctly even where a word comes again.
#[cfg(all(test, ringway_loom))]
mod models {
    use std::sync::Arc;

    use loom::thread;

    use super::{Exchange, Slots};

    /// Both threads exchange at one and the same position, so the word that one of them has seen
    /// can come again, with the same cell and another element in it. That is what the Acquire of
    /// the exchange is for: in the ring, where stamps do not repeat, the Acquire of the load would
    /// do.
    #[test]
    fn a_word_that_comes_again_still_hands_over_its_cell() {
        loom::model(|| {
            let slots = Arc::new(Exchange::new(1, 0).unwrap());
            let swap = |slots: &Exchange<[u32; 2]>, element: u32| {
                let start = slots.layout().start(0);
                // SAFETY: the only position there is.
                let seen = unsafe { slots.load(start) };
                let swap_with = |owner| {
                    let incoming = Exchange::prepare(owner, [element; 2]);
                    // SAFETY: not what `put` asks for, as the stamp is the same again; but all that
                    // `swap` does.
                    let outgoing = unsafe { slots.put(start, seen, incoming) };
                    outgoing
                        .map_or_else(|back| Some(Exchange::withdraw(back)), Exchange::into_element)
                };
                // SAFETY: the only owner of this thread at this time.
                if let Some([a, b]) = unsafe { slots.with_owner(swap_with) } {
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
