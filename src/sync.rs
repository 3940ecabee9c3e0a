//! The one place that knows whether the crate is built for real or for [loom].
//!
//! [loom]: https://docs.rs/loom

#[cfg(not(ringway_loom))]
mod imp {
    #[cfg(feature = "channel-queue")]
    pub(crate) use core::hint::spin_loop;
    #[cfg(target_has_atomic = "64")]
    pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU64};
    #[cfg(any(target_has_atomic = "64", feature = "channel"))]
    pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};
    #[cfg(feature = "std")]
    pub(crate) use std::sync::Mutex;
    #[cfg(feature = "channel")]
    pub(crate) use std::sync::MutexGuard;
    #[cfg(feature = "channel")]
    pub(crate) use std::thread_local;

    /// [`core::cell::UnsafeCell`] behind the interface of loom's, which checks every access.
    #[cfg(target_has_atomic = "64")]
    #[repr(transparent)]
    pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

    #[cfg(target_has_atomic = "64")]
    impl<T> UnsafeCell<T> {
        #[inline]
        pub(crate) const fn new(value: T) -> Self {
            Self(core::cell::UnsafeCell::new(value))
        }

        #[inline]
        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        #[inline]
        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

#[cfg(ringway_loom)]
mod imp {
    use std::ops::Deref;

    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::Mutex;
    #[cfg(feature = "channel")]
    pub(crate) use loom::sync::MutexGuard;
    use loom::sync::atomic::fence;
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
    #[cfg(feature = "channel")]
    pub(crate) use loom::thread_local;

    /// Loom's, with `SeqCst` as what it is.
    ///
    /// Loom takes a `SeqCst` access for an `AcqRel` one. Of the one order of all `SeqCst`
    /// operations it knows the fences only. So a fence stands for the access: before a load, so
    /// that it comes after what this thread has written, and after a store, so that it comes before
    /// what this thread reads. Nothing stands for it on the other sides.
    pub(crate) struct AtomicUsize(loom::sync::atomic::AtomicUsize);

    impl AtomicUsize {
        pub(crate) fn new(value: usize) -> Self {
            Self(loom::sync::atomic::AtomicUsize::new(value))
        }

        #[track_caller]
        pub(crate) fn load(&self, order: Ordering) -> usize {
            if let Ordering::SeqCst = order {
                fence(order);
            }
            self.0.load(order)
        }

        #[track_caller]
        pub(crate) fn store(&self, value: usize, order: Ordering) {
            // Loom has no SeqCst stores, and the fence makes up for what is not Release in them.
            self.0
                .store(value, if let Ordering::SeqCst = order { Ordering::Release } else { order });
            if let Ordering::SeqCst = order {
                fence(order);
            }
        }
    }

    /// All else is not used with `SeqCst`.
    impl Deref for AtomicUsize {
        type Target = loom::sync::atomic::AtomicUsize;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }
}

pub(crate) use imp::*;
