//! The slots of a ring for one producer and one consumer, and which side may touch what.

#![allow(unsafe_code)]

use ::alloc::alloc::{self, Layout as Memory};
use ::alloc::sync::Arc;
use core::mem::{self, MaybeUninit};
use core::ops;
use core::ptr::NonNull;

use crossbeam_utils::CachePadded;

use crate::drop_all::drop_all;
use crate::error::CapacityError;
use crate::ring::position::{Cursor, Position, WordLayout};
use crate::ring::tail::Tail;
use crate::sync::{AtomicU64, Ordering, UnsafeCell, fence};

/// Slots of `stamp | cell`, each beside a cell, so that an element and the word that tells of it
/// are on one cache line.
///
/// A slot names a cell, its own at first, and holds an element exactly when its stamp is "full".
/// Every cell has one owner:
///
/// | the cell | is owned by |
/// |---|---|
/// | that a full slot names | nobody, until one side exchanges the word |
/// | that an empty slot names | the [`Filler`]: nobody else writes to an empty slot |
/// | that no slot names | the side whose `spare` it is |
///
/// This holds whatever [`Cursor`]s the protocol comes up with, so the protocol needs no unsafe
/// code.
pub(super) struct Buffer<T> {
    /// `capacity` slots, and two more for their cells: the first spares.
    slots: Aligned<Slot<T>>,
    layout: WordLayout,
    /// For the consumer, should it be overtaken; the hint is where the tail was when it asked last.
    pub(super) last_tail: CachePadded<Tail>,
}

struct Slot<T> {
    word: AtomicU64,
    cell: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a cell is only touched by its one owner, and it changes hands by words that order it;
// elements are moved through cells and never shared.
unsafe impl<T: Send> Sync for Buffer<T> {}
// SAFETY: as above; and all memory is owned.
unsafe impl<T: Send> Send for Buffer<T> {}

/// What only the producer can do.
pub(super) struct Filler<T> {
    buffer: Arc<Buffer<T>>,
    /// The first position that is not filled: nobody else fills any.
    tail: Cursor,
    /// The index of the cell that it owns, which is empty.
    spare: usize,
}

/// What only the consumer can do.
pub(super) struct Taker<T> {
    buffer: Arc<Buffer<T>>,
    /// At most the first position that is not gone: the producer may have evicted more.
    head: Cursor,
    /// The index of the cell that it owns, which is empty.
    spare: usize,
}

/// What became of a [`Taker::pop`].
pub(super) enum Popped<T> {
    Element(T),
    /// The slot waits for an element.
    Empty,
    /// The element has gone before.
    Gone,
}

/// Empty slots that wait for the lap `laps` after zero, and their two sides.
pub(super) fn sides<T>(capacity: usize, laps: i64) -> Result<(Filler<T>, Taker<T>), CapacityError> {
    CapacityError::check::<Slot<T>>(capacity)?;
    let cells = capacity.checked_add(2).ok_or(CapacityError::TooLarge)?;
    let layout = WordLayout::new(capacity, cells - 1)?;
    let start = Cursor::at(layout.start(laps), layout);
    let slots = Aligned::new(cells, |index| Slot {
        word: AtomicU64::new(start.stamp() | index as u64),
        cell: UnsafeCell::new(MaybeUninit::uninit()),
    })?;
    let buffer = Arc::new(Buffer {
        slots,
        layout,
        last_tail: CachePadded::new(Tail::new(start.position())),
    });
    let filler = Filler { buffer: Arc::clone(&buffer), tail: start, spare: capacity };
    Ok((filler, Taker { buffer, head: start, spare: capacity + 1 }))
}

/// Whether this is the only side left.
fn is_alone<T>(buffer: &Arc<Buffer<T>>) -> bool {
    let is_alone = Arc::strong_count(buffer) == 1;
    if is_alone {
        // Acquire pairs with the Release by which the other side has dropped its `Arc`: what it did
        // before, its closing above all, is visible.
        fence(Ordering::Acquire);
    }
    is_alone
}

impl<T> Buffer<T> {
    #[inline]
    pub(super) fn layout(&self) -> WordLayout {
        self.layout
    }

    /// Pairs with the changes of the word. Acquire suffices to read the element, and suffices for
    /// the producer, which has issued a fence. The consumer needs SeqCst: it infers from this load
    /// that the producer has *not* pushed. That pairs with the producer's fence.
    #[inline]
    pub(super) fn load(&self, index: usize) -> u64 {
        self.slots[index].word.load(Ordering::SeqCst)
    }
}

// The functions below take the slots as a slice, and their callers read it from `self` once: after
// an atomic access the compiler would read it again, and again.

/// Unchecked, because the checks would be a third of the cost of a push.
///
/// # Safety
///
/// `index` is that of a position of this ring, so less than the capacity, or that of a cell, which
/// a word names or a side has for its spare: `sides` makes a slot for each, and they are only
/// exchanged.
#[inline(always)]
unsafe fn slot<T>(slots: &[Slot<T>], index: usize) -> &Slot<T> {
    debug_assert!(index < slots.len());
    // SAFETY: says the caller.
    unsafe { slots.get_unchecked(index) }
}

/// # Safety
///
/// The cell is the caller's own, and empty.
#[inline(always)]
unsafe fn write<T>(slots: &[Slot<T>], cell: usize, value: T) {
    // SAFETY: there is a slot for each cell.
    unsafe { slot(slots, cell) }.cell.with_mut(|cell| {
        // SAFETY: nobody else touches the cell, says the caller.
        unsafe { cell.cast::<T>().write(value) };
    });
}

/// # Safety
///
/// The cell is the caller's own, it holds an element, and this is the only time that it is taken
/// out.
#[inline(always)]
unsafe fn read<T>(slots: &[Slot<T>], cell: usize) -> T {
    // SAFETY: there is a slot for each cell.
    unsafe { slot(slots, cell) }.cell.with(|cell| {
        // SAFETY: there is a `T`, and nobody else touches the cell, says the caller.
        unsafe { cell.cast::<T>().read() }
    })
}

impl<T> Filler<T> {
    #[inline]
    pub(super) fn buffer(&self) -> &Buffer<T> {
        &self.buffer
    }

    /// Whether the other side is gone.
    pub(super) fn is_alone(&self) -> bool {
        is_alone(&self.buffer)
    }

    /// The first position that is not filled.
    #[inline]
    pub(super) fn tail(&self) -> Position {
        self.tail.position()
    }

    /// Puts an element into the slot of the tail, and takes out the one inside, if there is one:
    /// wait-free.
    #[inline(always)]
    pub(super) fn push(&mut self, value: T) -> Option<T> {
        let slots: &[Slot<T>] = &self.buffer.slots;
        let (layout, tail, spare) = (self.buffer.layout, self.tail, self.spare);
        // Here and not at the end, or the compiler would keep what is returned in memory meanwhile.
        self.tail = tail.next(layout);
        // SAFETY: a cursor's index is less than the capacity.
        let word = &unsafe { slot(slots, tail.index()) }.word;
        // Acquire pairs with the exchange in `pop`: the consumer is done with the cell that it has
        // left here. Only that the slot is empty is concluded, which stays so: Acquire is enough.
        let seen = word.load(Ordering::Acquire);
        let full = layout.is_full(seen);
        let cell = if full { spare } else { layout.index(seen) };
        // SAFETY: the spare is the producer's own, and so is the cell that an empty slot names.
        unsafe { write(slots, cell, value) };
        let new = tail.stamp_after(true, layout) | cell as u64;
        if !full {
            // Release pairs with the load and the exchange in `pop`: it hands over the cell. A
            // store, because nobody else changes the word of an empty slot.
            word.store(new, Ordering::Release);
            return None;
        }
        // Release hands over the spare; Acquire takes what the slot named: a full cell that this
        // side has filled, or one that the consumer has emptied meanwhile. No more, because what
        // this side concludes from later loads comes after a fence.
        let old = word.swap(new, Ordering::AcqRel);
        let taken = layout.index(old);
        self.spare = taken;
        // SAFETY: the exchange took the cell out of the slot, and the slot was full.
        layout.is_full(old).then(|| unsafe { read(slots, taken) })
    }

    /// Marks the slot of the tail as closed. There must be no [`push`](Self::push) after this.
    pub(super) fn close(&mut self) {
        let word = &self.buffer.slots[self.tail.index()].word;
        // A read-modify-write, because the consumer may take the element out of a full slot at any
        // time. Release pairs with the load in `Taker::pop` and `Buffer::load`: a consumer that
        // sees the bit sees all pushes. Acquire is not needed; it costs nothing.
        word.fetch_or(self.buffer.layout.closed(), Ordering::AcqRel);
    }

    /// Whether the slot of the tail is full. If not, that stays so until the next
    /// [`push`](Self::push).
    #[inline]
    pub(super) fn slot_is_full(&self) -> bool {
        self.buffer.layout.is_full(self.buffer.load(self.tail.index()))
    }
}

impl<T> Taker<T> {
    #[inline]
    pub(super) fn buffer(&self) -> &Buffer<T> {
        &self.buffer
    }

    /// Whether the other side is gone.
    pub(super) fn is_alone(&self) -> bool {
        is_alone(&self.buffer)
    }

    /// At most the first position that is not gone.
    pub(super) fn head(&self) -> Position {
        self.head.position()
    }

    /// Moves the head up.
    pub(super) fn set_head(&mut self, head: Position) {
        self.head = Cursor::at(head, self.buffer.layout);
    }

    /// Takes the element out of the slot of the head, and moves the head on, if it is one.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Popped<T> {
        let slots: &[Slot<T>] = &self.buffer.slots;
        let (layout, head, spare) = (self.buffer.layout, self.head, self.spare);
        // SAFETY: a cursor's index is less than the capacity.
        let word = &unsafe { slot(slots, head.index()) }.word;
        // SeqCst: as in `Buffer::load`.
        let seen = word.load(Ordering::SeqCst);
        let stamp = layout.stamp(seen);
        let mut closed = 0;
        if stamp != head.stamp_after(true, layout) {
            if stamp == head.stamp() {
                return Popped::Empty;
            }
            match head.is_closed_at(stamp, layout) {
                Some(true) => closed = layout.closed(),
                Some(false) => return Popped::Empty,
                None => return Popped::Gone,
            }
        }
        let new = head.stamp_after(false, layout) | closed | spare as u64;
        // Release hands over the spare, out of which this side has read; Acquire takes the cell
        // that the producer has filled. SeqCst, so that it comes before what this side loads next.
        // A failure tells nothing: Relaxed.
        if word.compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            return Popped::Gone;
        }
        let taken = layout.index(seen);
        self.spare = taken;
        self.head = head.next(layout);
        // SAFETY: the exchange took the cell out of the slot, and the slot was full.
        Popped::Element(unsafe { read(slots, taken) })
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            let mut slots = self.slots[..self.layout.capacity()].iter();
            drop_all(|| {
                // Relaxed: with `&mut self`, everything that happened to the slots is visible
                // already.
                let mut words = slots.by_ref().map(|slot| slot.word.load(Ordering::Relaxed));
                let word = words.find(|&word| self.layout.is_full(word))?;
                // SAFETY: nobody else is left, a full slot's cell holds an element, and no slot is
                // visited twice.
                Some(unsafe { read(&self.slots, self.layout.index(word)) })
            });
        }
    }
}

/// A boxed slice that begins on a cache line of its own, and ends on one: so slots of 16 or 32
/// bytes never straddle lines.
///
/// Slots that straddle lines halve what goes through the ring when the cores are far from each
/// other.
struct Aligned<S> {
    slots: NonNull<[S]>,
}

impl<S> Aligned<S> {
    /// As `CachePadded` has it: pairs of lines of 64 bytes are fetched together.
    const ALIGN: usize = 128;

    fn memory(count: usize) -> Result<Memory, CapacityError> {
        let memory = Memory::array::<S>(count).and_then(|memory| memory.align_to(Self::ALIGN));
        memory.map(|memory| memory.pad_to_align()).map_err(|_| CapacityError::TooLarge)
    }

    fn new(count: usize, slot: impl Fn(usize) -> S) -> Result<Self, CapacityError> {
        let memory = Self::memory(count)?;
        assert!(memory.size() > 0);
        // SAFETY: the size is not zero.
        let first = NonNull::new(unsafe { alloc::alloc(memory) })
            .ok_or(CapacityError::OutOfMemory)?
            .cast::<S>();
        let mut uninit = NonNull::slice_from_raw_parts(first.cast::<MaybeUninit<S>>(), count);
        // SAFETY: so much memory was allocated, aligned for an `S`, and it is nobody else's.
        for (index, place) in unsafe { uninit.as_mut() }.iter_mut().enumerate() {
            place.write(slot(index));
        }
        Ok(Self { slots: NonNull::slice_from_raw_parts(first, count) })
    }
}

impl<S> ops::Deref for Aligned<S> {
    type Target = [S];

    #[inline]
    fn deref(&self) -> &[S] {
        // SAFETY: made in `new`, owned by `self`.
        unsafe { self.slots.as_ref() }
    }
}

impl<S> Drop for Aligned<S> {
    fn drop(&mut self) {
        let memory =
            Self::memory(self.slots.len()).unwrap_or_else(|_| unreachable!("it was allocated"));
        // SAFETY: all are initialised, and this is the end of them.
        unsafe { self.slots.drop_in_place() };
        // SAFETY: allocated in `new` with the same layout.
        unsafe { alloc::dealloc(self.slots.cast().as_ptr(), memory) };
    }
}
