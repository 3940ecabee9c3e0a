//! Inline storage: a small element lives in the slot itself, beside the stamp.

#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::cell::Cell;
use core::marker::PhantomData;
use core::mem;

use super::atomic_pair::{AtomicPair, Payload};
use super::slots::Slots;
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

/// The bytes of a `T` that nobody else has.
pub(super) struct Incoming<T>(Payload, PhantomData<T>);

/// The bytes that were in a slot, which nobody else has.
pub(super) struct Outgoing<T> {
    payload: Payload,
    /// Whether the bytes are a `T`.
    full: bool,
    element: PhantomData<T>,
}

// SAFETY: as with a mutex: elements are handed from thread to thread, and never shared.
unsafe impl<T: Send> Sync for Inline<T> {}

impl<T> Inline<T> {
    /// Whether an element fits beside a stamp, on a target where there may be such a pair.
    pub(super) const FITS: bool =
        AtomicPair::MAY_BE_SUPPORTED && size_of::<T>() <= size_of::<Payload>();

    /// Returns `true` if the processor can exchange both together.
    pub(super) fn is_supported() -> bool {
        AtomicPair::is_supported()
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
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
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn element(payload: Payload) -> T {
        assert!(Self::FITS);
        // SAFETY: there is a `T`, says the caller; it need not be aligned for one.
        unsafe { payload.as_ptr().cast::<T>().read_unaligned() }
    }
}

impl<T> Slots for Inline<T> {
    type Element = T;
    type Slot = AtomicPair;
    /// A thread needs nothing of its own.
    type Owner<'a>
        = ()
    where
        Self: 'a;
    type Incoming<'a>
        = Incoming<T>
    where
        Self: 'a;
    type Outgoing<'a>
        = Outgoing<T>
    where
        Self: 'a;

    fn new(capacity: usize, laps: i64) -> Result<Self, CapacityError> {
        CapacityError::check::<AtomicPair>(capacity)?;
        let layout = WordLayout::new(capacity, capacity - 1)?;
        let empty = layout.start(laps).empty();
        let slots = boxed((0..capacity).map(|_| AtomicPair::new(empty)))?;
        Ok(Self { slots, layout, element: PhantomData })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn layout(&self) -> WordLayout {
        self.layout
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load(&self, position: Position) -> (&AtomicPair, u64) {
        let index = position.index();
        debug_assert!(index < self.slots.len());
        // SAFETY: there are `capacity` slots, and the index is less, says the caller.
        let slot = unsafe { self.slots.get_unchecked(index) };
        // SeqCst pairs with the exchanges; see `Slots::load`.
        (slot, slot.stamp())
    }

    fn close(&self, (slot, seen): (&AtomicPair, u64)) -> bool {
        // SeqCst pairs with the exchanges and with `load`: of a push and this, one comes first.
        slot.exchange_stamp(seen, slot.payload(), seen | self.layout.closed())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn owner(&self) -> Option<()> {
        Some(())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn with_owner<'a, R>(&'a self, operate: impl FnOnce(()) -> R) -> R
    where
        Self: 'a,
    {
        operate(())
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn prepare<'a>((): (), value: T) -> Incoming<T>
    where
        Self: 'a,
    {
        Incoming(Self::payload(value), PhantomData)
    }

    fn withdraw<'a>(incoming: Incoming<T>) -> T
    where
        Self: 'a,
    {
        // SAFETY: `prepare` has put a `T` into it, and it leaves with `incoming`.
        unsafe { Self::element(incoming.0) }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn put<'a>(
        &'a self,
        position: Position,
        (slot, seen): (&'a AtomicPair, u64),
        incoming: Incoming<T>,
    ) -> Result<Outgoing<T>, Incoming<T>> {
        let payload = slot.payload();
        // SeqCst pairs with itself, with `exchange_stamp` and with `load`: it releases what the
        // element refers to, and what led this thread to its position; it acquires the same of the
        // thread that made the exchange before; and it comes before what this thread loads next.
        if slot.exchange((seen, payload), (position.full(self.layout), incoming.0)) {
            let full = self.layout.is_full(seen);
            Ok(Outgoing { payload, full, element: PhantomData })
        } else {
            Err(incoming)
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn take<'a>(
        &'a self,
        position: Position,
        (slot, seen): (&'a AtomicPair, u64),
        closed: u64,
        (): (),
    ) -> Option<Outgoing<T>> {
        let payload = slot.payload();
        let stamp = position.gone(self.layout) | closed;
        // SeqCst as in `put`. If the stamp is still the one seen, then so is the payload: stamps do
        // not repeat, and the payload was loaded after the stamp.
        let full = self.layout.is_full(seen);
        slot.exchange_stamp(seen, payload, stamp).then_some(Outgoing {
            payload,
            full,
            element: PhantomData,
        })
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn finish<'a>(Outgoing { payload, full, .. }: Outgoing<T>) -> (Option<T>, ())
    where
        Self: 'a,
    {
        // SAFETY: `full`, so there is a `T`, and it leaves with `outgoing`.
        (full.then(|| unsafe { Self::element(payload) }), ())
    }
}

impl<T> Drop for Inline<T> {
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            let mut slots = self.slots.iter();
            drop_all(|| {
                let slot = slots.by_ref().find(|slot| self.layout.is_full(slot.stamp()))?;
                // SAFETY: a full slot holds an element, and no slot is visited twice.
                Some(unsafe { Self::element(slot.payload()) })
            });
        }
    }
}

/// An exchange of both words compares both, even where a stamp comes again.
#[cfg(all(test, ringway_loom))]
mod models {
    use std::sync::Arc;

    use loom::thread;

    use super::{Inline, Slots};

    /// Exchanges `element` for what is in the only slot, once, at the first position: so the stamp
    /// of a full slot is always the same. Returns what the thread has then.
    fn swap(slots: &Inline<u32>, element: u32) -> Option<u32> {
        let start = slots.layout().start(0);
        // SAFETY: the only position there is.
        let seen = unsafe { slots.load(start) };
        let incoming = Inline::prepare((), element);
        // SAFETY: not what `put` asks for, as the stamp is the same again; but `put` compares both
        // words, so it does without.
        match unsafe { slots.put(start, seen, incoming) } {
            Ok(outgoing) => Inline::into_element(outgoing),
            Err(incoming) => Some(Inline::withdraw(incoming)),
        }
    }

    /// A stamp that comes again with another element is where a payload that was loaded later could
    /// be taken for the stamp's. In the ring, where stamps do not repeat, comparing them would do.
    #[test]
    fn a_stamp_that_comes_again_brings_its_own_element() {
        loom::model(|| {
            let slots = Arc::new(Inline::new(1, 0).unwrap());
            assert_eq!(swap(&slots, 0), None);
            let other = thread::spawn({
                let slots = Arc::clone(&slots);
                move || [swap(&slots, 1), swap(&slots, 2)]
            });
            let taken = swap(&slots, 3);
            let [first, second] = other.join().unwrap();
            let left = swap(&slots, 4);
            let mut all = [taken, first, second, left].map(|element| element.expect("never empty"));
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3]);
        });
    }
}
