//! x86-64: plain loads of 8 bytes, and `lock cmpxchg16b`.

use core::arch::asm;

use super::Payload;

pub(super) const MAY_EXIST: bool = !cfg!(miri);

/// Locked instructions are in one order with each other, whatever their sizes, and a locked
/// instruction of 8 bytes within the 16 of another excludes it.
pub(super) const STAMP_ALONE: bool = true;

pub(super) fn exist() -> bool {
    #[cfg(feature = "std")]
    return std::arch::is_x86_feature_detected!("cmpxchg16b");
    // Whoever builds for a processor without an operating system knows which one it is.
    #[cfg(not(feature = "std"))]
    cfg!(target_feature = "cmpxchg16b")
}

/// Loads the payload after all that the thread has loaded before, as every load on this processor.
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
            "mov {payload}, qword ptr [{address}]",
            address = in(reg) address,
            payload = lateout(reg) payload,
            options(readonly, nostack, preserves_flags),
        );
    }
    payload
}

/// Sequentially consistent, as every locked instruction. Pairs with itself, with locked
/// instructions on the stamp, and with loads of the stamp.
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
    let equal: u8;
    // SAFETY: as the caller says. LLVM keeps rbx for itself, so it is restored.
    unsafe {
        asm!(
            "xchg r8, rbx",
            "lock cmpxchg16b xmmword ptr [rdi]",
            "sete cl",
            "mov rbx, r8",
            in("rdi") address,
            inout("rax") current.1 => _,
            inout("rdx") current.0 => _,
            inout("r8") new.1 => _,
            in("rcx") new.0,
            lateout("cl") equal,
            options(nostack),
        );
    }
    equal != 0
}
