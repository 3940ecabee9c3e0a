//! An atomic pair of words: a stamp and a payload, compared and exchanged as one.
//!
//! Why not the `portable-atomic` crate: unless the target feature is set at compile time, its
//! 16-byte compare-exchange goes through a function pointer and returns its result in memory, which
//! costs several times what the instructions cost. And its values are integers, which a payload
//! with padding is not.

#![allow(unsafe_code)]

use core::mem::MaybeUninit;

pub(super) use imp::{AtomicPair, Bits};

/// Room for a small element; some or all of its bytes may be uninitialised.
pub(super) type Payload = MaybeUninit<Bits>;

/// What an [`AtomicPair`] holds.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) stamp: u64,
    pub(super) payload: Payload,
}

#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", target_feature = "sse", not(ringway_loom)))]
mod imp {
    use core::arch::asm;
    use core::arch::x86_64::__m128i;
    use core::cell::UnsafeCell;
    use core::mem::{self, MaybeUninit};

    use super::Pair;

    pub(in super::super) type Bits = u64;

    /// Sixteen bytes that are only ever accessed by the two instructions below.
    ///
    /// The assembly does what an atomic access of 16 possibly uninitialised bytes would, if Rust
    /// had one. They go in and come out as `MaybeUninit`, so a pointer among them stays one.
    #[repr(C, align(16))]
    pub(in super::super) struct AtomicPair {
        pair: UnsafeCell<[MaybeUninit<u64>; 2]>,
    }

    // SAFETY: plain bytes, accessed by atomic instructions only.
    unsafe impl Sync for AtomicPair {}

    // ThreadSanitizer does not see into assembly, so it is told as much as races depend on: Acquire
    // of a load, AcqRel of an exchange. The build script notices it.
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
        /// Whether the processor has both instructions. AVX, because from there on Intel, AMD and
        /// Zhaoxin guarantee that an aligned 16-byte vector load is atomic (GCC bug 104688). Should
        /// another vendor's tear, nothing is lost: the exchange compares both halves, and what is
        /// decided without one rests on the stamp alone.
        pub(in super::super) fn is_supported() -> bool {
            #[cfg(feature = "std")]
            return std::arch::is_x86_feature_detected!("cmpxchg16b") && std::arch::is_x86_feature_detected!("avx");
            // Whoever builds for a processor without an operating system knows which one it is.
            #[cfg(not(feature = "std"))]
            cfg!(all(target_feature = "cmpxchg16b", target_feature = "avx"))
        }

        /// # Panics
        ///
        /// Unless [`is_supported`](Self::is_supported): so the existence of a value proves it.
        pub(in super::super) fn new(stamp: u64) -> Self {
            assert!(Self::is_supported());
            Self { pair: UnsafeCell::new([MaybeUninit::uninit(), MaybeUninit::new(stamp)]) }
        }

        /// Sequentially consistent, as every load on this processor is among locked instructions:
        /// pairs are stored by no others, and for SeqCst stores and fences elsewhere compilers take
        /// such, or `mfence`. Pairs with [`compare_exchange`](Self::compare_exchange).
        #[inline]
        pub(in super::super) fn load(&self) -> Pair {
            let pair: MaybeUninit<__m128i>;
            // SAFETY: the processor has the instruction (see `new`); the address is valid and
            // aligned to 16 bytes; nobody accesses it but atomically. Neither `nomem` nor
            // `readonly`: what comes after must not move up across it.
            unsafe {
                asm!(
                    "vmovdqa {pair}, xmmword ptr [{address}]",
                    address = in(reg) self.pair.get(),
                    pair = out(xmm_reg) pair,
                    options(nostack, preserves_flags),
                );
            }
            tsan_acquire(self);
            // SAFETY: both are 16 bytes, and `MaybeUninit` takes any.
            let [payload, stamp] = unsafe { mem::transmute::<MaybeUninit<__m128i>, [MaybeUninit<u64>; 2]>(pair) };
            // SAFETY: the upper half always holds a stamp.
            Pair { stamp: unsafe { stamp.assume_init() }, payload }
        }

        /// Sets the pair, for a thread that has it alone.
        pub(in super::super) fn set(&mut self, Pair { stamp, payload }: Pair) {
            *self.pair.get_mut() = [payload, MaybeUninit::new(stamp)];
        }

        /// Sequentially consistent, as every locked instruction. Pairs with itself and with
        /// [`load`](Self::load).
        #[inline]
        pub(in super::super) fn compare_exchange(&self, current: Pair, new: Pair) -> bool {
            let equal: u8;
            // Before, because others see the new pair at once; if the exchange fails, this has
            // released too much, and ThreadSanitizer sees a little less than it could.
            tsan_release(self);
            // SAFETY: the processor has the instruction (see `new`); the address is valid and
            // aligned to 16 bytes; nobody accesses it but atomically. LLVM keeps rbx for itself, so
            // it is restored.
            unsafe {
                asm!(
                    "xchg r8, rbx",
                    "lock cmpxchg16b xmmword ptr [rdi]",
                    "sete cl",
                    "mov rbx, r8",
                    in("rdi") self.pair.get(),
                    inout("rax") current.payload => _,
                    inout("rdx") current.stamp => _,
                    inout("r8") new.payload => _,
                    in("rcx") new.stamp,
                    lateout("cl") equal,
                    options(nostack),
                );
            }
            if equal != 0 {
                tsan_acquire(self);
            }
            equal != 0
        }
    }
}

/// The same in half the size, because loom has no wider atomics: of a stamp only the lower half is
/// kept, which is enough for as many laps as a model goes.
#[cfg(ringway_loom)]
mod imp {
    use core::arch::asm;
    use core::mem::MaybeUninit;

    use super::Pair;
    use crate::sync::{AtomicU64, Ordering};

    pub(in super::super) type Bits = u32;

    pub(in super::super) struct AtomicPair(AtomicU64);

    impl AtomicPair {
        pub(in super::super) fn is_supported() -> bool {
            true
        }

        pub(in super::super) fn new(stamp: u64) -> Self {
            Self(AtomicU64::new(stamp << 32))
        }

        pub(in super::super) fn load(&self) -> Pair {
            let pair = self.0.load(Ordering::SeqCst);
            Pair { stamp: (pair as i64 >> 32) as u64, payload: MaybeUninit::new(pair as u32) }
        }

        pub(in super::super) fn set(&mut self, pair: Pair) {
            self.0.store(pack(pair), Ordering::Relaxed);
        }

        pub(in super::super) fn compare_exchange(&self, current: Pair, new: Pair) -> bool {
            self.0.compare_exchange(pack(current), pack(new), Ordering::SeqCst, Ordering::Relaxed).is_ok()
        }
    }

    #[allow(asm_sub_register)]
    fn pack(pair: Pair) -> u64 {
        let bits: u32;
        // SAFETY: the empty assembly does nothing, but what comes out of it counts as initialised.
        unsafe { asm!("/* {0} */", inlateout(reg) pair.payload => bits, options(nomem, nostack)) };
        pair.stamp << 32 | u64::from(bits)
    }
}

/// No such instruction here that is known to be lock-free.
#[cfg(not(any(all(target_arch = "x86_64", target_pointer_width = "64", target_feature = "sse"), ringway_loom)))]
mod imp {
    use super::Pair;

    pub(in super::super) type Bits = u64;

    /// There are none.
    pub(in super::super) enum AtomicPair {}

    impl AtomicPair {
        pub(in super::super) fn is_supported() -> bool {
            false
        }

        pub(in super::super) fn new(_: u64) -> Self {
            unreachable!("not supported")
        }

        pub(in super::super) fn load(&self) -> Pair {
            match *self {}
        }

        pub(in super::super) fn set(&mut self, _: Pair) {
            match *self {}
        }

        pub(in super::super) fn compare_exchange(&self, _: Pair, _: Pair) -> bool {
            match *self {}
        }
    }
}
