//! An exchange of 16 bytes to push, a stamp and an element, and one of the stamp alone to pop.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::place::{Hint, check, is_full, not_alone};
use pair::AtomicPair;

pub(crate) struct TwoWords {
    head: Hint,
    tail: Hint,
    slots: Box<[AtomicPair]>,
}

impl TwoWords {
    /// `None` where the processor cannot exchange 16 bytes.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        check(capacity);
        let slots = (0..capacity).map(|_| AtomicPair::new()).collect::<Option<_>>()?;
        Some(Self { head: Hint::new(), tail: Hint::new(), slots })
    }

    /// Returns the element that was in the slot.
    #[inline(always)]
    pub(crate) fn push(&self, value: u64) -> Option<u64> {
        let tail = self.tail.load();
        let slot = &self.slots[tail.index()];
        let stamp = slot.stamp.load(SeqCst);
        let element = slot.element.load(Relaxed);
        let new = [value, tail.stamp_after(true)];
        if !tail.is_tail(stamp) || !slot.compare_exchange([element, stamp], new) {
            not_alone();
        }
        self.tail.advance(tail, self.slots.len());
        is_full(stamp).then_some(element)
    }

    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<u64> {
        let head = self.head.load();
        let slot = &self.slots[head.index()];
        let stamp = slot.stamp.load(SeqCst);
        if !is_full(stamp) {
            return None;
        }
        let element = slot.element.load(Relaxed);
        let new = head.stamp_after(false);
        if !head.is_full_head(stamp)
            || slot.stamp.compare_exchange(stamp, new, SeqCst, Relaxed).is_err()
        {
            not_alone();
        }
        self.head.advance(head, self.slots.len());
        Some(element)
    }
}

#[expect(unsafe_code, reason = "only assembly exchanges 16 bytes")]
mod pair {
    use std::arch::asm;
    use std::ptr;
    use std::sync::atomic::AtomicU64;

    /// Sixteen bytes, accessed by the instructions that `AtomicRing` uses too.
    #[repr(C, align(16))]
    pub(super) struct AtomicPair {
        pub(super) element: AtomicU64,
        pub(super) stamp: AtomicU64,
    }

    impl AtomicPair {
        /// `None` unless the processor has the instruction: a value proves it.
        pub(super) fn new() -> Option<Self> {
            is_x86_feature_detected!("cmpxchg16b")
                .then(|| Self { element: AtomicU64::new(0), stamp: AtomicU64::new(0) })
        }

        #[inline(always)]
        pub(super) fn compare_exchange(
            &self,
            [low, high]: [u64; 2],
            [new_low, new_high]: [u64; 2],
        ) -> bool {
            let equal: u8;
            // SAFETY: the processor has the instruction (see `new`). The address is valid for 16
            // bytes and aligned to them, and all accesses are atomic. LLVM keeps rbx for itself, so
            // it is restored.
            unsafe {
                asm!(
                    "xchg r8, rbx",
                    "lock cmpxchg16b xmmword ptr [rdi]",
                    "sete cl",
                    "mov rbx, r8",
                    in("rdi") ptr::from_ref(self),
                    inout("r8") new_low => _,
                    in("rcx") new_high,
                    inout("rax") low => _,
                    inout("rdx") high => _,
                    lateout("cl") equal,
                    options(nostack),
                );
            }
            equal != 0
        }
    }
}
