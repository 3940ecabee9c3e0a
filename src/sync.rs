//! The one place that knows whether the crate is built for real or for [loom].
//!
//! [loom]: https://docs.rs/loom

#[cfg(not(loom))]
mod imp {
    pub(crate) use std::hint::spin_loop;
    pub(crate) use std::sync::Mutex;
    #[cfg(target_has_atomic = "64")]
    pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU64};
    #[cfg(any(target_has_atomic = "64", feature = "std", feature = "async"))]
    pub(crate) use std::sync::atomic::{AtomicUsize, Ordering, fence};
    #[cfg(any(feature = "std", feature = "async"))]
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

#[cfg(loom)]
mod imp {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::Mutex;
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};
    #[cfg(any(feature = "std", feature = "async"))]
    pub(crate) use loom::thread_local;
}

pub(crate) use imp::*;
