//! The pair as two words in memory, over the instructions of the processor.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use super::Pair;

#[cfg(all(target_arch = "aarch64", target_endian = "little", target_pointer_width = "64"))]
#[path = "aarch64.rs"]
mod instructions;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_feature = "sse"))]
#[path = "x86_64.rs"]
mod instructions;
#[cfg(not(any(
    all(target_arch = "aarch64", target_endian = "little", target_pointer_width = "64"),
    all(target_arch = "x86_64", target_pointer_width = "64", target_feature = "sse"),
)))]
#[path = "none.rs"]
mod instructions;

pub(in super::super) type Bits = u64;

/// The payload, then the stamp: in memory, and in the pairs of registers of the instructions.
type Words = [MaybeUninit<u64>; 2];

/// Sixteen bytes that are only ever accessed by the instructions.
///
/// The assembly does what atomic accesses of possibly uninitialised bytes would, if Rust had them.
/// They go in and come out as `MaybeUninit`, so a pointer among them stays one.
#[repr(C, align(16))]
pub(in super::super) struct AtomicPair {
    words: UnsafeCell<Words>,
}

// SAFETY: plain bytes, accessed by atomic instructions only.
unsafe impl Sync for AtomicPair {}

// ThreadSanitizer does not see into assembly, so it is told as much as races depend on: Acquire of
// a load, AcqRel of an exchange. The build script notices it.
#[cfg(ringway_tsan)]
unsafe extern "C" {
    #[link_name = "__tsan_acquire"]
    safe fn tsan_acquire(pair: &AtomicPair);
    #[link_name = "__tsan_release"]
    safe fn tsan_release(pair: &AtomicPair);
}
#[cfg(not(ringway_tsan))]
#[inline]
fn tsan_acquire(_: &AtomicPair) {}
#[cfg(not(ringway_tsan))]
#[inline]
fn tsan_release(_: &AtomicPair) {}

impl AtomicPair {
    /// Whether some processor of this target has the instructions.
    pub(in super::super) const MAY_BE_SUPPORTED: bool = instructions::MAY_EXIST;

    /// Whether the processor has the instructions.
    pub(in super::super) fn is_supported() -> bool {
        instructions::exist()
    }

    /// # Panics
    ///
    /// Unless [`is_supported`](Self::is_supported): so the existence of a value proves it.
    pub(in super::super) fn new(stamp: u64) -> Self {
        assert!(Self::is_supported());
        Self { words: UnsafeCell::new([MaybeUninit::uninit(), MaybeUninit::new(stamp)]) }
    }

    /// Pairs with [`compare_exchange`](Self::compare_exchange): SeqCst as for the stamp, while the
    /// payload may be of a later exchange than the stamp.
    #[inline]
    pub(in super::super) fn load(&self) -> Pair {
        // SAFETY: the processor has the instructions (see `new`); the address is valid and aligned
        // to 16 bytes; nobody accesses it but by them.
        let [payload, stamp] = unsafe { instructions::load(self.words.get()) };
        tsan_acquire(self);
        // SAFETY: the second word always holds a stamp.
        Pair { stamp: unsafe { stamp.assume_init() }, payload }
    }

    /// Sets the pair, for a thread that has it alone.
    pub(in super::super) fn set(&mut self, Pair { stamp, payload }: Pair) {
        *self.words.get_mut() = [payload, MaybeUninit::new(stamp)];
    }

    /// SeqCst; a failure tells nothing. Pairs with itself and with [`load`](Self::load).
    #[inline]
    pub(in super::super) fn compare_exchange(&self, current: Pair, new: Pair) -> bool {
        // Before, because others see the new pair at once; if the exchange fails, this has released
        // too much, and ThreadSanitizer sees a little less than it could.
        tsan_release(self);
        // SAFETY: as in `load`.
        let exchanged = unsafe { instructions::compare_exchange(self.words.get(), current, new) };
        if exchanged {
            tsan_acquire(self);
        }
        exchanged
    }
}
