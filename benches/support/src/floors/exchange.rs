//! One exchange of 8 bytes an operation, by which a cell with an element changes hands.

use std::sync::atomic::{AtomicU64, Ordering};

use super::one_word::exchange;
use super::place::{Hint, check, index, is_full, not_alone, stamp};

/// The spare is a field: keep the floor in a local variable, and it is in a register.
pub(crate) struct Exchange<T> {
    ring: Box<Ring>,
    cells: Box<[T]>,
    spare: usize,
}

struct Ring {
    head: Hint,
    tail: Hint,
    slots: Box<[AtomicU64]>,
}

impl<T: Copy> Exchange<T> {
    /// Cells hold `blank` until they hold an element.
    pub(crate) fn new(capacity: usize, blank: T) -> Self {
        check(capacity);
        let slots = (0..capacity as u64).map(AtomicU64::new).collect();
        let ring = Box::new(Ring { head: Hint::new(), tail: Hint::new(), slots });
        Self { ring, cells: vec![blank; capacity + 1].into(), spare: capacity }
    }

    /// Returns the element that was in the slot.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) -> Option<T> {
        let ring = &*self.ring;
        let tail = ring.tail.load();
        let slot = &ring.slots[tail.index()];
        let seen = slot.load(Ordering::SeqCst);
        self.cells[self.spare] = value;
        let is_tail = tail.is_tail(stamp(seen));
        if !is_tail || !exchange(slot, seen, tail.stamp_after(true) | self.spare as u64) {
            not_alone();
        }
        self.spare = index(seen);
        ring.tail.advance(tail, ring.slots.len());
        is_full(seen).then(|| self.cells[self.spare])
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let ring = &*self.ring;
        let head = ring.head.load();
        let slot = &ring.slots[head.index()];
        let seen = slot.load(Ordering::SeqCst);
        if !is_full(seen) {
            return None;
        }
        let is_head = head.is_full_head(stamp(seen));
        if !is_head || !exchange(slot, seen, head.stamp_after(false) | self.spare as u64) {
            not_alone();
        }
        self.spare = index(seen);
        ring.head.advance(head, ring.slots.len());
        Some(self.cells[self.spare])
    }
}
