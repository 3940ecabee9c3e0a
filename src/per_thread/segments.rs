//! Memory for every thread: for the first ones from the start, for more as they come.

#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr;

use super::thread_index::MAX_THREADS;
use crate::error::CapacityError;
use crate::sync::{AtomicPtr, Ordering};

/// How many threads the first segment is for.
pub(crate) const FIRST_THREADS: usize = if cfg!(ringway_loom) { 2 } else { 16 };

/// How many times the number of threads doubles from there to [`MAX_THREADS`].
const GROWTHS: usize = (MAX_THREADS / FIRST_THREADS).ilog2() as usize;

/// Segments for threads by their number: one for the first [`FIRST_THREADS`], and later ones, each
/// for as many as all before.
pub(crate) struct Segments<S> {
    first: S,
    /// Each is made when the first of its threads comes, and lives as long as this.
    later: [AtomicPtr<S>; GROWTHS],
}

// SAFETY: all threads share the segments, and whichever comes first gives one of its own making to
// the others.
unsafe impl<S: Send + Sync> Sync for Segments<S> {}
// SAFETY: they are owned.
unsafe impl<S: Send> Send for Segments<S> {}

impl<S> Segments<S> {
    pub(crate) fn new(first: S) -> Self {
        Self { first, later: [(); GROWTHS].map(|()| AtomicPtr::new(ptr::null_mut())) }
    }

    /// That of the first [`FIRST_THREADS`] threads.
    #[inline]
    pub(crate) fn first(&self) -> &S {
        &self.first
    }

    /// That of a thread beyond the first ones, and which of its threads that is. `make` gets the
    /// number of threads that it is for, which is also the number of those before.
    ///
    /// *Progress*: lock-free but for the allocator; wait-free once the segment is there.
    ///
    /// # Panics
    ///
    /// When an allocation fails: one of `make`, which returns an error then, or the segment's own.
    pub(crate) fn later(
        &self,
        thread: usize,
        make: impl FnOnce(usize) -> Result<S, CapacityError>,
    ) -> (&S, usize) {
        let growth = (thread / FIRST_THREADS).ilog2() as usize;
        let threads = FIRST_THREADS << growth;
        let slot = &self.later[growth];
        // Acquire pairs with the Release below: the segment is seen as it was made.
        let mut segment = slot.load(Ordering::Acquire);
        if segment.is_null() {
            let made = recursion::watch(|| make(threads).and_then(into_raw));
            let made = made.unwrap_or_else(|_| panic!("no memory for {threads} more threads"));
            // Release pairs with every Acquire of this pointer; Acquire for the case that another
            // thread was first.
            segment = match slot.compare_exchange(
                ptr::null_mut(),
                made,
                Ordering::Release,
                Ordering::Acquire,
            ) {
                Ok(_) => made,
                Err(theirs) => {
                    // SAFETY: `made` comes from `into_raw` above and was not published.
                    drop(unsafe { from_raw(made) });
                    theirs
                }
            };
        }
        // SAFETY: not null, so it was published above, and it lives as long as `self`: only `drop`
        // frees it.
        (unsafe { &*segment }, thread - threads)
    }

    /// Those that there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &S> {
        // Acquire pairs with the Release in `later`.
        let later = self.later.iter().map(|segment| segment.load(Ordering::Acquire));
        // SAFETY: as in `later`.
        let later = later.filter_map(|segment| unsafe { segment.as_ref() });
        [&self.first].into_iter().chain(later)
    }
}

impl<S> Drop for Segments<S> {
    fn drop(&mut self) {
        for segment in &self.later {
            // Relaxed: `&mut self`, so everything that happened to this value is visible already.
            let segment = segment.load(Ordering::Relaxed);
            if !segment.is_null() {
                // SAFETY: published by `later`, which got it from `into_raw`; nobody else has
                // `self`.
                drop(unsafe { from_raw(segment) });
            }
        }
    }
}

/// As many elements as there are, or an error when the allocation fails.
pub(crate) fn boxed<T>(
    elements: impl ExactSizeIterator<Item = T>,
) -> Result<Box<[T]>, CapacityError> {
    let mut all = Vec::new();
    all.try_reserve_exact(elements.len()).map_err(|_| CapacityError::OutOfMemory)?;
    all.extend(elements);
    Ok(all.into())
}

/// As `Box::new` and `Box::into_raw`, which abort when the allocation fails.
fn into_raw<S>(segment: S) -> Result<*mut S, CapacityError> {
    Ok(Box::into_raw(boxed([segment].into_iter())?).cast())
}

/// # Safety
///
/// The pointer comes from [`into_raw`], and this is the only time that it is taken back.
unsafe fn from_raw<S>(segment: *mut S) -> Box<[S]> {
    // SAFETY: it was a slice of one.
    unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(segment, 1)) }
}

/// What a thread does that makes room for itself over and over: nobody can tell here.
#[cfg(not(feature = "std"))]
mod recursion {
    pub(super) fn watch<R>(make: impl FnOnce() -> R) -> R {
        make()
    }
}

/// What a thread does that makes room for itself over and over.
#[cfg(feature = "std")]
mod recursion {
    use std::cell::Cell;
    use std::io::Write;

    /// So many queues may make room for a thread within each other: a global allocator may push
    /// into one queue when another allocates.
    const ENOUGH: usize = 16;

    // Not loom's: it has no scheduling point, and a model's threads do not interleave in `make`.
    std::thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    /// Calls `make`, which allocates. Where the global allocator pushes into the very queue, that
    /// allocation pushes again, needs room again, and so on until the stack overflows. An allocator
    /// must not unwind, so the process is aborted, with a message.
    pub(super) fn watch<R>(make: impl FnOnce() -> R) -> R {
        struct Leave;

        impl Drop for Leave {
            fn drop(&mut self) {
                DEPTH.set(DEPTH.get() - 1);
            }
        }

        DEPTH.set(DEPTH.get() + 1);
        let _leave = Leave;
        if DEPTH.get() > ENOUGH {
            // Without a format, which might allocate.
            let _ = std::io::stderr().write_all(
                b"ringway: the global allocator uses a queue that is allocating room for this \
                thread\n",
            );
            std::process::abort();
        }
        make()
    }
}
