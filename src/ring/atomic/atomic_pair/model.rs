//! The same in half the size, because loom has no wider atomics: of a stamp only the lower half is
//! kept, which is enough for as many laps as a model goes.

use core::arch::asm;
use core::mem::MaybeUninit;
use std::env;
use std::sync::LazyLock;

use super::Pair;
use crate::sync::{AtomicU64, Ordering};

pub(in super::super) type Bits = u32;

pub(in super::super) struct AtomicPair(AtomicU64);

/// Whether pairs tear: not always, as it triples the number of executions.
static TORN: LazyLock<bool> = LazyLock::new(|| env::var_os("RINGWAY_TORN").is_some());

impl AtomicPair {
    pub(in super::super) const MAY_BE_SUPPORTED: bool = true;

    pub(in super::super) fn is_supported() -> bool {
        true
    }

    pub(in super::super) fn new(stamp: u64) -> Self {
        Self(AtomicU64::new(stamp << 32))
    }

    /// SeqCst pairs with [`compare_exchange`](Self::compare_exchange), as for the real pairs.
    ///
    /// If pairs are to tear, this one does wherever another thread comes in between.
    pub(in super::super) fn load(&self) -> Pair {
        let pair = self.0.load(Ordering::SeqCst);
        // Relaxed: as little as a plain load of the payload, after the stamp's Acquire.
        let later = if *TORN { self.0.load(Ordering::Relaxed) } else { pair };
        Pair { stamp: (pair as i64 >> 32) as u64, payload: MaybeUninit::new(later as u32) }
    }

    pub(in super::super) fn set(&mut self, pair: Pair) {
        // Relaxed: `&mut self`, so nobody else looks.
        self.0.store(pack(pair), Ordering::Relaxed);
    }

    /// SeqCst pairs with itself and with [`load`](Self::load). A failure tells nothing: Relaxed.
    pub(in super::super) fn compare_exchange(&self, current: Pair, new: Pair) -> bool {
        self.0
            .compare_exchange(pack(current), pack(new), Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }
}

#[allow(asm_sub_register)]
fn pack(pair: Pair) -> u64 {
    let bits: u32;
    // SAFETY: the empty assembly does nothing, but what comes out of it counts as initialised.
    unsafe { asm!("/* {0} */", inlateout(reg) pair.payload => bits, options(nomem, nostack)) };
    pair.stamp << 32 | u64::from(bits)
}
