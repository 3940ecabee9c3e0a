//! x86-64: an aligned 16-byte load, and `lock cmpxchg16b`.

use core::arch::asm;
use core::arch::x86_64::__m128i;
use core::mem::{self, MaybeUninit};

use super::{Pair, Words};

pub(super) const MAY_EXIST: bool = true;

/// AVX, because from there on Intel, AMD and Zhaoxin guarantee that an aligned 16-byte vector load
/// is atomic (GCC bug 104688). Should another vendor's load the halves one by one, in whichever
/// order, nothing is lost: the exchange compares both, and what is decided without one rests on the
/// stamp alone.
pub(super) fn exist() -> bool {
    #[cfg(feature = "std")]
    return std::arch::is_x86_feature_detected!("cmpxchg16b")
        && std::arch::is_x86_feature_detected!("avx");
    // Whoever builds for a processor without an operating system knows which one it is.
    #[cfg(not(feature = "std"))]
    cfg!(all(target_feature = "cmpxchg16b", target_feature = "avx"))
}

/// Sequentially consistent, as every load on this processor is among locked instructions: pairs are
/// stored by no others, and for SeqCst stores and fences elsewhere compilers take such, or
/// `mfence`. Pairs with [`compare_exchange`].
///
/// # Safety
///
/// The instructions [`exist`]; the address is valid and aligned to 16 bytes; meanwhile, others
/// access the words by these functions only.
#[inline]
pub(super) unsafe fn load(words: *mut Words) -> Words {
    let pair: MaybeUninit<__m128i>;
    // SAFETY: as the caller says. Neither `nomem` nor `readonly`: what comes after must not move up
    // across it.
    unsafe {
        asm!(
            "vmovdqa {pair}, xmmword ptr [{address}]",
            address = in(reg) words,
            pair = out(xmm_reg) pair,
            options(nostack, preserves_flags),
        );
    }
    // SAFETY: both are 16 bytes, and `MaybeUninit` takes any.
    unsafe { mem::transmute::<MaybeUninit<__m128i>, Words>(pair) }
}

/// Sequentially consistent, as every locked instruction. Pairs with itself and with [`load`].
///
/// # Safety
///
/// As for [`load`].
#[inline]
pub(super) unsafe fn compare_exchange(words: *mut Words, current: Pair, new: Pair) -> bool {
    let equal: u8;
    // SAFETY: as the caller says. LLVM keeps rbx for itself, so it is restored.
    unsafe {
        asm!(
            "xchg r8, rbx",
            "lock cmpxchg16b xmmword ptr [rdi]",
            "sete cl",
            "mov rbx, r8",
            in("rdi") words,
            inout("rax") current.payload => _,
            inout("rdx") current.stamp => _,
            inout("r8") new.payload => _,
            in("rcx") new.stamp,
            lateout("cl") equal,
            options(nostack),
        );
    }
    equal != 0
}
