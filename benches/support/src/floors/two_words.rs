//! One exchange of 16 bytes an operation: a stamp and an element.

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
        let seen = slot.load();
        let [element, stamp] = seen;
        if !tail.is_tail(stamp) || !slot.compare_exchange(seen, [value, tail.stamp_after(true)]) {
            not_alone();
        }
        self.tail.advance(tail, self.slots.len());
        is_full(stamp).then_some(element)
    }

    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<u64> {
        let head = self.head.load();
        let slot = &self.slots[head.index()];
        let seen = slot.load();
        let [element, stamp] = seen;
        if !is_full(stamp) {
            return None;
        }
        if !head.is_full_head(stamp) || !slot.compare_exchange(seen, [0, head.stamp_after(false)]) {
            not_alone();
        }
        self.head.advance(head, self.slots.len());
        Some(element)
    }
}

#[expect(unsafe_code, reason = "only assembly exchanges 16 bytes")]
mod pair {
    use std::arch::asm;
    use std::arch::x86_64::__m128i;
    use std::cell::UnsafeCell;
    use std::mem;

    /// Sixteen bytes, accessed by the two instructions that `AtomicRing` uses too.
    #[repr(C, align(16))]
    pub(super) struct AtomicPair(UnsafeCell<[u64; 2]>);

    // SAFETY: plain bytes, accessed by atomic instructions only.
    unsafe impl Sync for AtomicPair {}

    impl AtomicPair {
        /// `None` unless the processor has both instructions: a value proves it.
        pub(super) fn new() -> Option<Self> {
            let is_supported =
                is_x86_feature_detected!("cmpxchg16b") && is_x86_feature_detected!("avx");
            is_supported.then(|| Self(UnsafeCell::new([0; 2])))
        }

        #[inline(always)]
        pub(super) fn load(&self) -> [u64; 2] {
            let pair: __m128i;
            // SAFETY: the processor has the instruction (see `new`). The address is valid and
            // aligned, and the bytes are accessed by atomic instructions only.
            unsafe {
                asm!(
                    "vmovdqa {pair}, xmmword ptr [{address}]",
                    address = in(reg) self.0.get(),
                    pair = out(xmm_reg) pair,
                    options(nostack, preserves_flags),
                );
            }
            // SAFETY: both are 16 bytes without padding.
            unsafe { mem::transmute(pair) }
        }

        #[inline(always)]
        pub(super) fn compare_exchange(
            &self,
            [low, high]: [u64; 2],
            [new_low, new_high]: [u64; 2],
        ) -> bool {
            let equal: u8;
            // SAFETY: as for `load`. LLVM keeps rbx for itself, so it is restored.
            unsafe {
                asm!(
                    "xchg r8, rbx",
                    "lock cmpxchg16b xmmword ptr [rdi]",
                    "sete cl",
                    "mov rbx, r8",
                    in("rdi") self.0.get(),
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
