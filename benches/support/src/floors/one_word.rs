//! One exchange of 8 bytes an operation, and no element.

use std::sync::atomic::{AtomicU64, Ordering};

use super::place::{Hint, check, is_full, not_alone};

pub(crate) struct OneWord {
    head: Hint,
    tail: Hint,
    slots: Box<[AtomicU64]>,
}

impl OneWord {
    pub(crate) fn new(capacity: usize) -> Self {
        check(capacity);
        Self {
            head: Hint::new(),
            tail: Hint::new(),
            slots: (0..capacity).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns whether the slot was full.
    #[inline(always)]
    pub(crate) fn push(&self) -> bool {
        let tail = self.tail.load();
        let slot = &self.slots[tail.index()];
        let seen = slot.load(Ordering::SeqCst);
        if !tail.is_tail(seen) || !exchange(slot, seen, tail.stamp_after(true)) {
            not_alone();
        }
        self.tail.advance(tail, self.slots.len());
        is_full(seen)
    }

    /// Returns whether the slot was full.
    #[inline(always)]
    pub(crate) fn pop(&self) -> bool {
        let head = self.head.load();
        let slot = &self.slots[head.index()];
        let seen = slot.load(Ordering::SeqCst);
        if !is_full(seen) {
            return false;
        }
        if !head.is_full_head(seen) || !exchange(slot, seen, head.stamp_after(false)) {
            not_alone();
        }
        self.head.advance(head, self.slots.len());
        true
    }
}

#[inline(always)]
pub(crate) fn exchange(slot: &AtomicU64, seen: u64, new: u64) -> bool {
    slot.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}
