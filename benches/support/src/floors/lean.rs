//! All that `AtomicRing` does with elements in cells while nobody is in the way, and no more:
//! hints, the flag that a consumer wants its turn, a spare by the number of the thread.

#![expect(unsafe_code, reason = "a bounds check would not be lean")]

use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::place::{Hint, check, index, is_full, not_alone, stamp};

/// A power of two.
const SPARES: usize = 16;

/// Used by one thread at a time: it is not `Sync`.
///
/// Invariants. A hint's index is below the number of slots. The indices in `slots` and `spares` are
/// below the number of cells, each there once. The cell of a full slot holds an element.
pub(crate) struct Lean<T> {
    slots: Box<[AtomicU64]>,
    cells: Box<[UnsafeCell<MaybeUninit<T>>]>,
    spares: Box<[Spare; SPARES]>,
    head: Hint,
    tail: Hint,
    turn: AtomicU64,
}

#[repr(align(128))]
struct Spare(Cell<u64>);

impl<T: Copy> Lean<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        check(capacity + SPARES);
        let cells = (0..capacity + SPARES).map(|_| UnsafeCell::new(MaybeUninit::uninit()));
        Self {
            slots: (0..capacity as u64).map(AtomicU64::new).collect(),
            cells: cells.collect(),
            spares: Box::new(std::array::from_fn(|i| Spare(Cell::new((capacity + i) as u64)))),
            head: Hint::new(),
            tail: Hint::new(),
            turn: AtomicU64::new(0),
        }
    }

    /// Returns the element that was in the slot.
    #[inline(always)]
    pub(crate) fn push(&self, value: T) -> Option<T> {
        if self.turn.load(Ordering::Relaxed) != 0 {
            not_alone();
        }
        let tail = self.tail.load();
        let slot = self.slot(tail.index());
        let seen = slot.load(Ordering::SeqCst);
        let spare = self.spare();
        let cell = self.cell(spare.get() as usize);
        // SAFETY: the cell is in bounds, and the only thread does not read it meanwhile.
        unsafe { cell.write(MaybeUninit::new(value)) };
        let new = tail.stamp_after(true) | spare.get();
        if !tail.is_tail(stamp(seen)) || !exchange(slot, seen, new) {
            not_alone();
        }
        spare.set(index(seen) as u64);
        self.tail.advance(tail, self.slots.len());
        is_full(seen).then(|| self.read(index(seen)))
    }

    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<T> {
        let head = self.head.load();
        let slot = self.slot(head.index());
        let seen = slot.load(Ordering::SeqCst);
        if !is_full(seen) {
            return None;
        }
        let spare = self.spare();
        let new = head.stamp_after(false) | spare.get();
        if !head.is_full_head(stamp(seen)) || !exchange(slot, seen, new) {
            not_alone();
        }
        spare.set(index(seen) as u64);
        self.head.advance(head, self.slots.len());
        Some(self.read(index(seen)))
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> &AtomicU64 {
        // SAFETY: only called with the index of a hint, which is below the number of slots: a hint
        // goes from the last slot to the first.
        unsafe { self.slots.get_unchecked(index) }
    }

    #[inline(always)]
    fn cell(&self, index: usize) -> *mut MaybeUninit<T> {
        // SAFETY: only called with indices from slots and spares, which are those of cells.
        unsafe { self.cells.get_unchecked(index) }.get()
    }

    /// Of a cell whose slot was full.
    #[inline(always)]
    fn read(&self, index: usize) -> T {
        // SAFETY: the cell is in bounds, and the only thread does not write it meanwhile.
        let element = unsafe { self.cell(index).read() };
        // SAFETY: the slot was full, so the cell holds an element. It is `Copy`, so that it does
        // not matter that the cell keeps a copy.
        unsafe { element.assume_init() }
    }

    #[inline(always)]
    fn spare(&self) -> &Cell<u64> {
        &self.spares[number() % SPARES].0
    }
}

#[inline(always)]
fn exchange(slot: &AtomicU64, seen: u64, new: u64) -> bool {
    slot.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}

/// Of this thread.
#[inline(always)]
fn number() -> usize {
    thread_local! { static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) } }

    #[cold]
    #[inline(never)]
    fn first() -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        NUMBER.set(number);
        number
    }

    let number = NUMBER.get();
    if number == usize::MAX { first() } else { number }
}
