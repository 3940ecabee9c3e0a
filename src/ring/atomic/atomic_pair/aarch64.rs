//! 64-bit Arm: loads of 8 bytes, and LSE's `caspal`.
//!
//! A load of both words as one exists too, but only with LSE2; without it, it would have to be an
//! exchange, which takes the line from all others. A pair may be torn, so two loads will do.

use core::arch::asm;

use super::Payload;

pub(super) const MAY_EXIST: bool = !cfg!(miri);

/// The architecture orders accesses of two sizes to one location less plainly than those of one, so
/// every exchange is of both words.
pub(super) const STAMP_ALONE: bool = false;

/// LSE, from Armv8.1 on. An exchange in a loop of `ldaxp` and `stlxp` would not do: it is lock-free
/// only as far as the processor makes it so.
pub(super) fn exist() -> bool {
    #[cfg(feature = "std")]
    return std::arch::is_aarch64_feature_detected!("lse");
    // Whoever builds for a processor without an operating system knows which one it is.
    #[cfg(not(feature = "std"))]
    cfg!(target_feature = "lse")
}

/// Loads the payload. The load of the stamp before it (`ldar`) acquires, so this one comes after.
///
/// # Safety
///
/// The instructions [`exist`]; the address is valid and aligned to 8 bytes; meanwhile, others
/// access the payload by these functions only.
#[inline(always)]
pub(super) unsafe fn load(address: *mut Payload) -> Payload {
    let payload;
    // SAFETY: as the caller says. Not `pure`, so the compiler neither repeats it nor leaves it out;
    // and as it reads memory, it stays between the atomic accesses before and after it.
    unsafe {
        asm!(
            "ldr {payload}, [{address}]",
            address = in(reg) address,
            payload = lateout(reg) payload,
            options(readonly, nostack, preserves_flags),
        );
    }
    payload
}

/// Acquires, releases, and is in order with every `ldar` and `stlr` before and after it in its
/// thread: sequentially consistent where it succeeds. It is single-copy atomic: a thread that sees
/// its stamp sees its payload or a later one, as it loads the payload after the stamp. Pairs with
/// itself and with loads of the stamp.
///
/// # Safety
///
/// As for [`load`], for the payload and the stamp behind it; the address is aligned to 16 bytes.
#[inline(always)]
pub(super) unsafe fn compare_exchange(
    address: *mut Payload,
    current: (u64, Payload),
    new: (u64, Payload),
) -> bool {
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
            address = in(reg) address,
            stamp = in(reg) current.0,
            payload = out(reg) _,
            equal = lateout(reg) equal,
            inout("x4") current.1 => _,
            inout("x5") current.0 => _,
            in("x6") new.1,
            in("x7") new.0,
            options(nostack),
        );
    }
    equal != 0
}
