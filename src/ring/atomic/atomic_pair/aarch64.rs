//! 64-bit Arm: a load of each word, and LSE's `caspal`.
//!
//! A load of both words as one exists too, but only with LSE2; without it, it would have to be an
//! exchange, which takes the line from all others. A pair may be torn, so two loads will do.

use core::arch::asm;
use core::mem::MaybeUninit;

use super::{Pair, Words};

pub(super) const MAY_EXIST: bool = true;

/// LSE, from Armv8.1 on. An exchange in a loop of `ldaxp` and `stlxp` would not do: it is lock-free
/// only as far as the processor makes it so.
pub(super) fn exist() -> bool {
    #[cfg(feature = "std")]
    return std::arch::is_aarch64_feature_detected!("lse");
    // Whoever builds for a processor without an operating system knows which one it is.
    #[cfg(not(feature = "std"))]
    cfg!(target_feature = "lse")
}

/// `ldar` of the stamp is sequentially consistent: it comes after every earlier `stlr` and `caspal`
/// of its thread, of whatever address, and it acquires. Pairs with [`compare_exchange`], which is
/// single-copy atomic: whoever sees its stamp sees its payload or a later one, as it loads the
/// payload after the stamp.
///
/// # Safety
///
/// The instructions [`exist`]; the address is valid and aligned to 16 bytes; meanwhile, others
/// access the words by these functions only.
#[inline]
pub(super) unsafe fn load(words: *mut Words) -> Words {
    let (payload, stamp): (MaybeUninit<u64>, MaybeUninit<u64>);
    // SAFETY: as the caller says. Neither `nomem` nor `readonly`: what comes after must not move up
    // across it.
    unsafe {
        asm!(
            "ldar {stamp}, [{stamp_address}]",
            "ldr {payload}, [{address}]",
            address = in(reg) words,
            stamp_address = in(reg) words.cast::<u64>().wrapping_add(1),
            payload = out(reg) payload,
            stamp = out(reg) stamp,
            options(nostack, preserves_flags),
        );
    }
    [payload, stamp]
}

/// Acquires, releases, and is in order with every `ldar` and `stlr` before and after it in its
/// thread: sequentially consistent where it succeeds. Pairs with itself and with [`load`].
///
/// # Safety
///
/// As for [`load`].
#[inline]
pub(super) unsafe fn compare_exchange(words: *mut Words, current: Pair, new: Pair) -> bool {
    let equal: u32;
    // SAFETY: as the caller says. The payload is copied and compared in here, because bytes that
    // are uninitialised have a value of their own only in a register.
    unsafe {
        asm!(
            ".arch_extension lse",
            "mov {payload}, x4",
            "caspal x4, x5, x6, x7, [{address}]",
            "cmp x4, {payload}",
            "ccmp x5, {stamp}, #0, eq",
            "cset {equal:w}, eq",
            address = in(reg) words,
            stamp = in(reg) current.stamp,
            payload = out(reg) _,
            equal = lateout(reg) equal,
            inout("x4") current.payload => _,
            inout("x5") current.stamp => _,
            in("x6") new.payload,
            in("x7") new.stamp,
            options(nostack),
        );
    }
    equal != 0
}
