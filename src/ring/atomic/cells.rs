//! The cells of an exchange ring, and the spare that every thread has of them.

#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::mem::MaybeUninit;

use crossbeam_utils::CachePadded;

use crate::error::CapacityError;
use crate::per_thread::segments::{FIRST_THREADS, Segments, boxed};
use crate::per_thread::thread_index::{MAX_THREADS, ThreadIndex};
use crate::sync::UnsafeCell;

/// `capacity` cells for the slots and one for each thread, addressed by index: the slots' first,
/// then the threads'.
///
/// Which cell is a slot's and which is a spare changes with every exchange; how many there are of
/// each does not.
pub(super) struct Cells<T> {
    capacity: usize,
    /// The first has the cells of all slots, too.
    segments: Segments<Segment<T>>,
}

// SAFETY: a cell and a spare are only touched by the one thread that owns them (see `Spare`), and
// ownership goes from thread to thread by atomics that order it; elements are moved through them
// and never shared.
unsafe impl<T: Send> Sync for Cells<T> {}
// SAFETY: as above; and all memory is owned.
unsafe impl<T: Send> Send for Cells<T> {}

/// The cells of some threads.
struct Segment<T> {
    cells: Box<[UnsafeCell<MaybeUninit<T>>]>,
    /// For each thread the index of the cell that is its spare; written at every exchange, so on
    /// lines of their own.
    spares: Box<[CachePadded<UnsafeCell<usize>>]>,
}

impl<T> Segment<T> {
    /// `cells` cells, the last of which are the first spares of `threads` threads, in order; `end`
    /// is the index after the last one.
    fn new(cells: usize, threads: usize, end: usize) -> Result<Self, CapacityError> {
        Ok(Self {
            cells: boxed((0..cells).map(|_| UnsafeCell::new(MaybeUninit::uninit())))?,
            spares: boxed(
                (end - threads..end).map(|cell| CachePadded::new(UnsafeCell::new(cell))),
            )?,
        })
    }
}

impl<T> Cells<T> {
    pub(super) fn new(capacity: usize) -> Result<Self, CapacityError> {
        CapacityError::check::<T>(capacity + FIRST_THREADS)?;
        let first =
            Segment::new(capacity + FIRST_THREADS, FIRST_THREADS, capacity + FIRST_THREADS)?;
        Ok(Self { capacity, segments: Segments::new(first) })
    }

    /// The largest index that a cell may have, once there are as many threads as there can be.
    pub(super) fn max_index(capacity: usize) -> Result<usize, CapacityError> {
        capacity.checked_add(MAX_THREADS - 1).ok_or(CapacityError::TooLarge)
    }

    /// Returns the current thread's spare, if the thread has kept a number and is one of the first.
    ///
    /// # Safety
    ///
    /// While the spare lives, the current thread asks these cells for no other.
    #[inline(always)]
    pub(super) unsafe fn spare(&self) -> Option<Spare<'_, T>> {
        let place = self.segments.first().spares.get(ThreadIndex::kept()?)?;
        // SAFETY: the number is this thread's until it ends, and it has no other spare.
        Some(unsafe { Spare::at(self, place) })
    }

    /// Calls `operate` with the current thread's spare, whichever number the thread has.
    ///
    /// What has to be done after an operation is done here, so that [`spare`](Self::spare) leaves
    /// nothing to do.
    ///
    /// # Safety
    ///
    /// As for [`spare`](Self::spare).
    pub(super) unsafe fn with_spare<'a, R>(&'a self, operate: impl FnOnce(Spare<'a, T>) -> R) -> R {
        let thread = ThreadIndex::current();
        let place = match self.segments.first().spares.get(thread.number()) {
            Some(place) => place,
            None => {
                let (segment, offset) = self.later_segment(thread.number());
                &segment.spares[offset]
            }
        };
        // SAFETY: the number is this thread's until `thread` is dropped, and it has no other spare.
        operate(unsafe { Spare::at(self, place) })
    }

    #[inline(always)]
    pub(super) fn cell(&self, index: usize) -> &UnsafeCell<MaybeUninit<T>> {
        match self.segments.first().cells.get(index) {
            Some(cell) => cell,
            None => self.later_cell(index),
        }
    }

    #[cold]
    #[inline(never)]
    fn later_cell(&self, index: usize) -> &UnsafeCell<MaybeUninit<T>> {
        let (segment, offset) = self.later_segment(index - self.capacity);
        &segment.cells[offset]
    }

    fn later_segment(&self, thread: usize) -> (&Segment<T>, usize) {
        self.segments
            .later(thread, |threads| Segment::new(threads, threads, self.capacity + 2 * threads))
    }
}

/// The one cell that the current thread owns, for the length of an operation.
pub(super) struct Spare<'a, T> {
    cells: &'a Cells<T>,
    /// Where the thread keeps the index between operations.
    place: &'a UnsafeCell<usize>,
    index: usize,
}

impl<'a, T> Spare<'a, T> {
    /// # Safety
    ///
    /// While the spare lives, only the current thread has the number of `place`, and it makes no
    /// other spare of it.
    #[inline(always)]
    unsafe fn at(cells: &'a Cells<T>, place: &'a UnsafeCell<usize>) -> Self {
        // SAFETY: only this thread accesses the place, and numbers pass from thread to thread with
        // a happens-before.
        let index = place.with(|index| unsafe { *index });
        Self { cells, place, index }
    }

    #[inline(always)]
    pub(super) fn index(&self) -> usize {
        self.index
    }

    #[inline(always)]
    pub(super) fn cell(&self) -> &'a UnsafeCell<MaybeUninit<T>> {
        self.cells.cell(self.index)
    }

    /// Makes another cell the spare.
    ///
    /// # Safety
    ///
    /// An exchange has just put the spare's cell into a slot and taken this one out of it.
    #[inline(always)]
    pub(super) unsafe fn replace(&mut self, cell: usize) {
        self.index = cell;
        // SAFETY: as for reading it, in `at`.
        self.place.with_mut(|index| unsafe { *index = cell });
    }
}

#[cfg(all(test, ringway_loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::{Cells, Spare};

    /// Two of the four threads are beyond the first segment: one sees the segment that the other
    /// has made, or both make it. Nothing else orders them, as the slots of a ring would.
    #[test]
    fn a_segment_is_seen_as_it_was_made() {
        loom::model(|| {
            let cells = Arc::new(Cells::<u32>::new(1).unwrap());
            let touch = |cells: &Cells<u32>| {
                let write = |spare: Spare<'_, u32>| {
                    // SAFETY: the spare is this thread's alone.
                    spare.cell().with_mut(|cell| unsafe { cell.cast::<u32>().write(1) });
                };
                // SAFETY: the only spare of this thread at this time.
                unsafe { cells.with_spare(write) };
            };
            let others = [(); 3].map(|()| {
                let cells = Arc::clone(&cells);
                thread::spawn(move || touch(&cells))
            });
            touch(&cells);
            for other in others {
                other.join().unwrap();
            }
        });
    }
}
