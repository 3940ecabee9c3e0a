//! The same in half the size, because loom has no wider atomics: of a stamp only the lower half is
//! kept, which is enough for as many laps as a model goes.

use core::arch::asm;
use core::mem::MaybeUninit;
use std::cell::Cell;
use std::env;
use std::sync::LazyLock;

use super::Payload;
use crate::sync::{AtomicU64, Ordering};

pub(in super::super) type Bits = u32;

/// A stamp above, a payload below.
pub(in super::super) struct AtomicPair(AtomicU64);

/// Whether pairs tear: not always, as it triples the number of executions.
static TORN: LazyLock<bool> = LazyLock::new(|| env::var_os("RINGWAY_TORN").is_some());

loom::thread_local! {
    /// The pair whose stamp the thread has loaded last.
    static LAST: Cell<u64> = Cell::new(0);
}

impl AtomicPair {
    pub(in super::super) const MAY_BE_SUPPORTED: bool = true;

    pub(in super::super) fn is_supported() -> bool {
        true
    }

    pub(in super::super) fn new(stamp: u64) -> Self {
        Self(AtomicU64::new(stamp << 32))
    }

    /// SeqCst pairs with the exchanges, as for the real pairs.
    pub(in super::super) fn stamp(&self) -> u64 {
        let pair = self.0.load(Ordering::SeqCst);
        LAST.with(|last| last.set(pair));
        (pair as i64 >> 32) as u64
    }

    /// If pairs are to tear, this one does wherever another thread comes in between. Relaxed: as
    /// little as a plain load, after the stamp's Acquire.
    pub(in super::super) fn payload(&self) -> Payload {
        let pair = if *TORN { self.0.load(Ordering::Relaxed) } else { LAST.with(Cell::get) };
        MaybeUninit::new(pair as u32)
    }

    /// SeqCst pairs with itself and with [`stamp`](Self::stamp). A failure tells nothing: Relaxed.
    pub(in super::super) fn exchange(&self, current: (u64, Payload), new: (u64, Payload)) -> bool {
        let (current, new) = (pack(current), pack(new));
        self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// As [`exchange`](Self::exchange), but the payload may be any, and stays: what an instruction
    /// of 8 bytes does to 16. It is one access unless the payload is another than the caller
    /// believes, which a model must find.
    pub(in super::super) fn exchange_stamp(
        &self,
        current: u64,
        payload: Payload,
        new: u64,
    ) -> bool {
        let stamp = |pair: u64| pair >> 32 << 32;
        let mut pair = pack((current, payload));
        loop {
            let with_new = new << 32 | u64::from(pair as u32);
            match self.0.compare_exchange(pair, with_new, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) if stamp(now) == stamp(pair) => pair = now,
                Err(_) => return false,
            }
        }
    }
}

#[allow(asm_sub_register)]
fn pack((stamp, payload): (u64, Payload)) -> u64 {
    let bits: u32;
    // SAFETY: the empty assembly does nothing, but what comes out of it counts as initialised.
    unsafe { asm!("/* {0} */", inlateout(reg) payload => bits, options(nomem, nostack)) };
    stamp << 32 | u64::from(bits)
}
