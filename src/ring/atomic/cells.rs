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

    /// The current thread's spare.
    #[inline]
    pub(super) fn spare(&self) -> Spare<'_, T> {
        let thread = ThreadIndex::current();
        let number = thread.number();
        let spare = match self.segments.first().spares.get(number) {
            Some(spare) => spare,
            None => self.later_spare(number),
        };
        // SAFETY: a spare is touched only by the thread that has its number, and numbers pass from
        // thread to thread with a happens-before.
        let index = spare.with(|index| unsafe { *index });
        Spare { cells: self, spare, index, _thread: thread }
    }

    #[inline]
    pub(super) fn cell(&self, index: usize) -> &UnsafeCell<MaybeUninit<T>> {
        match self.segments.first().cells.get(index) {
            Some(cell) => cell,
            None => self.later_cell(index),
        }
    }

    #[cold]
    fn later_spare(&self, thread: usize) -> &CachePadded<UnsafeCell<usize>> {
        let (segment, offset) = self.later_segment(thread);
        &segment.spares[offset]
    }

    #[cold]
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
    spare: &'a UnsafeCell<usize>,
    index: usize,
    /// Keeps the number, and with it the spare, this thread's.
    _thread: ThreadIndex,
}

impl<'a, T> Spare<'a, T> {
    #[inline]
    pub(super) fn index(&self) -> usize {
        self.index
    }

    #[inline]
    pub(super) fn cell(&self) -> &'a UnsafeCell<MaybeUninit<T>> {
        self.cells.cell(self.index)
    }

    /// Makes another cell the spare.
    ///
    /// # Safety
    ///
    /// An exchange has just put the spare's cell into a slot and taken this one out of it.
    #[inline]
    pub(super) unsafe fn replace(&mut self, cell: usize) {
        self.index = cell;
        // SAFETY: as for reading it, in `Cells::spare`.
        self.spare.with_mut(|index| unsafe { *index = cell });
    }
}

#[cfg(all(test, ringway_loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::Cells;

    /// Two of the four threads are beyond the first segment: one sees the segment that the other
    /// has made, or both make it. Nothing else orders them, as the slots of a ring would.
    #[test]
    fn a_segment_is_seen_as_it_was_made() {
        loom::model(|| {
            let cells = Arc::new(Cells::<u32>::new(1).unwrap());
            let touch = |cells: &Cells<u32>| {
                let spare = cells.spare();
                // SAFETY: the spare is this thread's alone.
                spare.cell().with_mut(|cell| unsafe { cell.cast::<u32>().write(1) });
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
