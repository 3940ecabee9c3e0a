//! Inline storage: a small element lives in the slot itself, beside the stamp.

#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::cell::Cell;
use core::marker::PhantomData;
use core::mem;

use super::atomic_pair::{AtomicPair, Pair, Payload};
use super::slots::{Hand, Slots};
use crate::drop_all::drop_all;
use crate::error::CapacityError;
use crate::per_thread::segments::boxed;
use crate::ring::position::{Position, WordLayout};

/// Slots of `(stamp, element)`.
pub(super) struct Inline<T> {
    slots: Box<[AtomicPair]>,
    layout: WordLayout,
    /// Owned, and invariant, as whatever a shared reference can change.
    element: PhantomData<Cell<T>>,
}

// SAFETY: as with a mutex: elements are handed from thread to thread, and never shared.
unsafe impl<T: Send> Sync for Inline<T> {}

impl<T> Inline<T> {
    /// Whether an element fits beside a stamp, on a target where there may be such a pair.
    pub(super) const FITS: bool =
        AtomicPair::MAY_BE_SUPPORTED && size_of::<T>() <= size_of::<Payload>();

    /// Whether the processor can exchange both together.
    pub(super) fn is_supported() -> bool {
        AtomicPair::is_supported()
    }

    #[inline]
    fn payload(element: T) -> Payload {
        assert!(Self::FITS);
        let mut payload = Payload::uninit();
        // SAFETY: a payload has room for a `T`; it need not be aligned for one.
        unsafe { payload.as_mut_ptr().cast::<T>().write_unaligned(element) };
        payload
    }

    /// # Safety
    ///
    /// The payload holds a `T`, and this is the only time that it is taken out.
    #[inline]
    unsafe fn element(payload: Payload) -> T {
        assert!(Self::FITS);
        // SAFETY: there is a `T`, says the caller; it need not be aligned for one.
        unsafe { payload.as_ptr().cast::<T>().read_unaligned() }
    }
}

impl<T> Slots for Inline<T> {
    type Element = T;
    type Slot = AtomicPair;
    type Word = Pair;
    type Hand<'a>
        = InlineHand<'a, T>
    where
        Self: 'a;

    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        CapacityError::check::<AtomicPair>(capacity)?;
        let layout = WordLayout::new(capacity, capacity - 1)?;
        let empty = layout.start(laps).empty(layout);
        let slots = boxed((0..capacity).map(|_| AtomicPair::new(empty)))?;
        Ok(Self { slots, layout, element: PhantomData })
    }

    #[inline]
    fn layout(&self) -> WordLayout {
        self.layout
    }

    #[inline]
    fn load(&self, index: usize) -> (&AtomicPair, Pair) {
        let slot = &self.slots[index];
        // SeqCst pairs with the exchange; see `Slots::load`.
        (slot, slot.load())
    }

    #[inline]
    fn stamp(&self, (_, pair): (&AtomicPair, Pair)) -> u64 {
        pair.stamp
    }

    fn close(&self, (slot, seen): (&AtomicPair, Pair)) -> bool {
        // SeqCst pairs with the exchanges and with `load`: of a push and this, one comes first.
        slot.compare_exchange(seen, Pair { stamp: seen.stamp | self.layout.closed(), ..seen })
    }

    fn replace(&mut self, position: Position, element: Option<T>, closed: u64) -> Option<T> {
        let layout = self.layout;
        let slot = &mut self.slots[position.index(layout)];
        let old = slot.load();
        let stamp = position.stamp_after(element.is_some(), layout) | closed;
        slot.set(Pair { stamp, payload: element.map_or(Payload::uninit(), Self::payload) });
        // SAFETY: a full slot holds an element, which the new pair has displaced.
        layout.is_full(old.stamp).then(|| unsafe { Self::element(old.payload) })
    }

    #[inline]
    unsafe fn hand_with(&self, element: T) -> InlineHand<'_, T> {
        InlineHand { slots: self, payload: Self::payload(element), full: true }
    }

    #[inline]
    unsafe fn empty_hand(&self) -> InlineHand<'_, T> {
        InlineHand { slots: self, payload: Payload::uninit(), full: false }
    }
}

impl<T> Drop for Inline<T> {
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            let mut slots = self.slots.iter();
            drop_all(|| {
                let pair = slots
                    .by_ref()
                    .map(AtomicPair::load)
                    .find(|pair| self.layout.is_full(pair.stamp))?;
                // SAFETY: a full slot holds an element, and no slot is visited twice.
                Some(unsafe { Self::element(pair.payload) })
            });
        }
    }
}

/// An element as a payload, or none.
pub(super) struct InlineHand<'a, T> {
    slots: &'a Inline<T>,
    /// Holds an element, which nobody else has, exactly when `full`.
    payload: Payload,
    full: bool,
}

impl<'a, T> Hand for InlineHand<'a, T> {
    type Element = T;
    type Seen = (&'a AtomicPair, Pair);

    #[inline]
    unsafe fn compare_exchange(
        &mut self,
        position: Position,
        (slot, seen): (&AtomicPair, Pair),
        closed: u64,
    ) -> bool {
        let layout = self.slots.layout;
        let stamp = position.stamp_after(self.full, layout) | closed;
        // SeqCst pairs with itself and with `load`: it releases what the element refers to, and
        // what led this thread to `position`; it acquires the same of the thread that made the
        // exchange before; and it comes before what this thread loads next.
        let exchanged = slot.compare_exchange(seen, Pair { stamp, payload: self.payload });
        if exchanged {
            self.payload = seen.payload;
            self.full = layout.is_full(seen.stamp);
        }
        exchanged
    }

    #[inline]
    fn into_element(self) -> Option<T> {
        // SAFETY: `full`, so there is a `T`, and it leaves with the hand.
        self.full.then(|| unsafe { Inline::element(self.payload) })
    }
}

/// The storage is sound by itself, whatever stamps it is told to write.
#[cfg(all(test, ringway_loom))]
mod models {
    use std::sync::Arc;

    use loom::thread;

    use super::{Hand, Inline, Slots};

    /// Exchanges `element` for what is in the only slot, once, at the first position: so the stamp
    /// of a full slot is always the same. Returns what is in the hand then.
    fn swap(slots: &Inline<u32>, element: u32) -> u32 {
        let seen = slots.load(0);
        // SAFETY: the only hand of this thread at this time.
        let mut hand = unsafe { slots.hand_with(element) };
        // SAFETY: of the same slots.
        unsafe { hand.compare_exchange(slots.layout().start(0), seen, 0) };
        hand.into_element().expect("the slot is never empty")
    }

    /// A stamp that comes again with another element is where a torn pair could be taken for what
    /// is in the slot. In the ring, where stamps do not repeat, comparing them would do.
    #[test]
    fn a_stamp_that_comes_again_brings_its_own_element() {
        loom::model(|| {
            let mut slots = Inline::new(1, 0).unwrap();
            let start = slots.layout().start(0);
            slots.replace(start, Some(0), 0);
            let slots = Arc::new(slots);
            let other = thread::spawn({
                let slots = Arc::clone(&slots);
                move || [swap(&slots, 1), swap(&slots, 2)]
            });
            let taken = swap(&slots, 3);
            let [first, second] = other.join().unwrap();
            let left = swap(&slots, 4);
            let mut all = [taken, first, second, left];
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3]);
        });
    }
}
