//! The pair as two words in memory, over the instructions of the processor.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering};

use super::Payload;

#[cfg(all(target_arch = "aarch64", target_endian = "little", target_pointer_width = "64"))]
#[path = "aarch64.rs"]
mod instructions;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
#[path = "x86_64.rs"]
mod instructions;
#[cfg(not(any(
    all(target_arch = "aarch64", target_endian = "little", target_pointer_width = "64"),
    all(target_arch = "x86_64", target_pointer_width = "64"),
)))]
#[path = "none.rs"]
mod instructions;

pub(in super::super) type Bits = u64;

/// Sixteen bytes: in memory, and in the pairs of registers of the instructions, the payload comes
/// first.
///
/// The assembly does what atomic accesses of possibly uninitialised bytes would, if Rust had them.
/// They go in and come out as `MaybeUninit`, so a pointer among them stays one.
#[repr(C, align(16))]
pub(in super::super) struct AtomicPair {
    payload: UnsafeCell<Payload>,
    stamp: AtomicU64,
}

// SAFETY: the payload is plain bytes, accessed by atomic instructions only.
unsafe impl Sync for AtomicPair {}

// ThreadSanitizer sees the accesses of the stamp, but does not see into assembly, so it is told
// what the exchange of both words does. The build script notices it.
#[cfg(ringway_tsan)]
unsafe extern "C" {
    #[link_name = "__tsan_acquire"]
    safe fn tsan_acquire(stamp: &AtomicU64);
    #[link_name = "__tsan_release"]
    safe fn tsan_release(stamp: &AtomicU64);
}
#[cfg(not(ringway_tsan))]
#[inline]
fn tsan_acquire(_: &AtomicU64) {}
#[cfg(not(ringway_tsan))]
#[inline]
fn tsan_release(_: &AtomicU64) {}

impl AtomicPair {
    /// Whether some processor of this target has the instructions.
    pub(in super::super) const MAY_BE_SUPPORTED: bool = instructions::MAY_EXIST;

    /// Returns `true` if the processor has the instructions.
    pub(in super::super) fn is_supported() -> bool {
        instructions::exist()
    }

    /// # Panics
    ///
    /// Panics unless [`is_supported`](Self::is_supported): so the existence of a value proves it.
    pub(in super::super) fn new(stamp: u64) -> Self {
        assert!(Self::is_supported());
        Self { payload: UnsafeCell::new(MaybeUninit::uninit()), stamp: AtomicU64::new(stamp) }
    }

    /// SeqCst pairs with the exchanges.
    #[inline(always)]
    pub(in super::super) fn stamp(&self) -> u64 {
        self.stamp.load(Ordering::SeqCst)
    }

    /// To be loaded after the stamp, whose load acquires; this one orders nothing.
    #[inline(always)]
    pub(in super::super) fn payload(&self) -> Payload {
        // SAFETY: the processor has the instructions (see `new`), and the address is valid.
        unsafe { instructions::load(self.payload.get()) }
    }

    /// Exchanges both words, `(stamp, payload)`. SeqCst; a failure tells nothing. Pairs with
    /// itself, with [`exchange_stamp`](Self::exchange_stamp) and with [`stamp`](Self::stamp).
    #[inline(always)]
    pub(in super::super) fn exchange(&self, current: (u64, Payload), new: (u64, Payload)) -> bool {
        // Before, because others see the new pair at once; if the exchange fails, this has released
        // too much, and ThreadSanitizer sees a little less than it could.
        tsan_release(&self.stamp);
        // SAFETY: the processor has the instructions (see `new`); the address is valid for 16 bytes
        // and aligned to them.
        let exchanged = unsafe { instructions::compare_exchange(self.payload.get(), current, new) };
        if exchanged {
            tsan_acquire(&self.stamp);
        }
        exchanged
    }

    /// Exchanges the stamp and leaves the payload, which is `payload` if the stamp has not changed
    /// since before it was loaded. SeqCst; a failure tells nothing. Pairs with itself, with
    /// [`exchange`](Self::exchange) and with [`stamp`](Self::stamp).
    #[inline(always)]
    pub(in super::super) fn exchange_stamp(
        &self,
        current: u64,
        payload: Payload,
        new: u64,
    ) -> bool {
        if instructions::STAMP_ALONE {
            // After a failure the caller loads again: Relaxed.
            self.stamp.compare_exchange(current, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        } else {
            self.exchange((current, payload), (new, payload))
        }
    }
}
