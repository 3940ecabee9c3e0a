//! The slots of a ring for one producer and one consumer, and which end may touch which.

#![allow(unsafe_code)]

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::{self, MaybeUninit};

use crossbeam_utils::CachePadded;

use super::layout::{Layout, SIDES};
use crate::drop_all::drop_all;
use crate::error::CapacityError;
use crate::sync::{AtomicU64, Ordering, UnsafeCell};

/// A bit of the tail: nothing goes in any more. The positions are below it.
pub(super) const CLOSED: u64 = 1 << 63;

/// Bits of `Seldom::ends`.
const PRODUCER_CLOSED: u64 = 1;
const PRODUCER_GONE: u64 = 2;
const CONSUMER_GONE: u64 = 4;

/// Slots, each of which holds the element of one position, and the numbers by which the ends tell
/// each other which.
///
/// | the slot of a position | belongs to |
/// |---|---|
/// | from the tail on | the producer |
/// | from the head up to the tail | nobody: it is read by whoever moves the head beyond it |
/// | in the consumer's last claim | the consumer |
/// | before the head otherwise | the producer |
///
/// A slot of the producer's may be written to, so no position is given a slot that is another's.
pub(super) struct Buffer<T> {
    /// The first position that is neither claimed nor evicted. The consumer adds to it, the
    /// producer exchanges it.
    head: CachePadded<AtomicU64>,
    /// The first position that is not filled, and `CLOSED`. Only the producer writes it.
    tail: CachePadded<AtomicU64>,
    seldom: CachePadded<Seldom>,
    memory: Vec<Slot<T>>,
    /// The first slot of `memory` that is used: it begins a cache line, if one does.
    first: usize,
    layout: Layout,
}

/// What is often looked at, and seldom changed.
struct Seldom {
    /// Whether an end has closed the ring, or is gone.
    ends: AtomicU64,
    /// No position from here on is on a detour.
    detours_end: AtomicU64,
    /// The first position of the last detour that uses each side.
    detours: [AtomicU64; SIDES],
}

type Slot<T> = UnsafeCell<MaybeUninit<T>>;

// SAFETY: a slot is only touched by the end that it belongs to, and it changes hands by atomics
// that order it; elements are moved through slots and never shared.
unsafe impl<T: Send> Sync for Buffer<T> {}
// SAFETY: as above; and all memory is owned.
unsafe impl<T: Send> Send for Buffer<T> {}

/// What only the producer can do.
pub(super) struct Filler<T> {
    buffer: Arc<Buffer<T>>,
    /// The first position that is not filled.
    tail: u64,
    /// The slot of the tail, if the tail is before `limit`.
    next: usize,
    /// The end of the stretch of positions, from the tail on, whose slots follow each other.
    limit: u64,
    /// At most the head: what is known of it.
    head: u64,
    /// The home slot of `head`.
    oldest: usize,
    /// The end of the last claim that is known.
    claimed: u64,
    /// The next position whose home slot that claim may have.
    detour: u64,
    layout: Layout,
}

/// What only the consumer can do.
pub(super) struct Taker<T> {
    buffer: Arc<Buffer<T>>,
    /// The end of the last claim: at most the head.
    head: u64,
    /// How far the home slot of `head` is from the first; a lap too far if a claim has gone around.
    oldest: u64,
    /// At most the tail, and at least `head`: what is known of it.
    tail: u64,
    layout: Layout,
}

/// An empty ring.
pub(super) fn ends<T>(capacity: usize) -> Result<(Filler<T>, Taker<T>), CapacityError> {
    CapacityError::check::<Slot<T>>(capacity)?;
    let layout = Layout::new(capacity).ok_or(CapacityError::TooLarge)?;
    let line = align_of::<CachePadded<u8>>() / size_of::<Slot<T>>().max(1);
    let count = layout.slots().checked_add(line).ok_or(CapacityError::TooLarge)?;
    CapacityError::check::<Slot<T>>(count)?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(count).map_err(|_| CapacityError::OutOfMemory)?;
    memory.resize_with(count, || Slot::new(MaybeUninit::uninit()));
    let first = memory.as_ptr().align_offset(align_of::<CachePadded<u8>>());
    let start = layout.home;
    let buffer = Arc::new(Buffer {
        head: CachePadded::new(AtomicU64::new(start)),
        tail: CachePadded::new(AtomicU64::new(start)),
        seldom: CachePadded::new(Seldom {
            ends: AtomicU64::new(0),
            detours_end: AtomicU64::new(0),
            detours: [const { 0 }; SIDES].map(AtomicU64::new),
        }),
        memory,
        first: if first > line { 0 } else { first },
        layout,
    });
    let filler = Filler {
        buffer: Arc::clone(&buffer),
        tail: start,
        next: 0,
        limit: 2 * start - layout.claim,
        head: start,
        oldest: 0,
        claimed: start,
        detour: 2 * start - layout.claim,
        layout,
    };
    Ok((filler, Taker { buffer, head: start, oldest: 0, tail: start, layout }))
}

impl<T> Buffer<T> {
    /// # Safety
    ///
    /// There is such a slot.
    #[inline(always)]
    unsafe fn slot(&self, index: usize) -> &Slot<T> {
        debug_assert!(index < self.layout.slots());
        // SAFETY: says the caller; `first` more slots than that were allocated.
        unsafe { self.memory.get_unchecked(self.first + index) }
    }

    /// # Safety
    ///
    /// The slot is there, belongs to the caller, and holds an element that is taken out only now.
    #[inline(always)]
    unsafe fn read(&self, index: usize) -> T {
        // SAFETY: says the caller.
        unsafe { self.slot(index) }.with(|slot| {
            // SAFETY: says the caller.
            unsafe { slot.cast::<T>().read() }
        })
    }

    /// The slot of a filled position, given its home slot.
    #[inline(always)]
    fn place(&self, position: u64, home: usize) -> usize {
        // Relaxed: what was stored before the position was filled is visible. What was stored later
        // is of later positions, as the slot of this one is not free.
        if position >= self.seldom.detours_end.load(Ordering::Relaxed) {
            home
        } else {
            self.find_detour(position).unwrap_or(home)
        }
    }

    #[cold]
    #[inline(never)]
    fn find_detour(&self, position: u64) -> Option<usize> {
        (0..SIDES).find_map(|side| {
            // Relaxed: as in `place`.
            let along = position.wrapping_sub(self.seldom.detours[side].load(Ordering::Relaxed));
            (along < self.layout.claim).then(|| self.layout.side(side) + along as usize)
        })
    }

    /// The first position that is not filled, and whether the ring is closed.
    ///
    /// SeqCst pairs with the producer's `settle`: the consumer infers from this load that something
    /// was *not* pushed. Acquire takes what was.
    #[inline(always)]
    fn load_tail(&self) -> (u64, bool) {
        let tail = self.tail.load(Ordering::SeqCst);
        (tail & !CLOSED, tail & CLOSED != 0)
    }

    /// Acquire pairs with the Release of the other end's `tell`: what it did before is visible.
    fn has_told(&self, what: u64) -> bool {
        self.seldom.ends.load(Ordering::Acquire) & what != 0
    }

    fn tell(&self, what: u64) {
        self.seldom.ends.fetch_or(what, Ordering::AcqRel);
    }
}

impl<T> Filler<T> {
    pub(super) fn capacity(&self) -> usize {
        self.layout.capacity as usize
    }

    pub(super) fn longest_step(&self) -> usize {
        self.layout.claim as usize
    }

    /// Whether this end has closed the ring, or the consumer is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.buffer.has_told(PRODUCER_CLOSED | CONSUMER_GONE)
    }

    pub(super) fn is_alone(&self) -> bool {
        self.buffer.has_told(CONSUMER_GONE)
    }

    /// Whether [`is_closed`](Self::is_closed) may be true.
    #[inline(always)]
    pub(super) fn is_told(&self) -> bool {
        // Relaxed: it only decides whether to look again.
        self.buffer.seldom.ends.load(Ordering::Relaxed) != 0
    }

    pub(super) fn close(&mut self) {
        // Release pairs with `load_tail`: a consumer that sees the bit sees all pushes. A store,
        // because nobody else writes here.
        self.buffer.tail.store(self.tail | CLOSED, Ordering::Release);
        self.buffer.tell(PRODUCER_CLOSED);
    }

    pub(super) fn leave(&mut self) {
        self.buffer.tell(PRODUCER_GONE);
    }

    /// How many elements are inside.
    pub(super) fn len(&self) -> usize {
        (self.tail - self.settle()) as usize
    }

    /// Returns the head, after everything that this end has done.
    ///
    /// What was stored before comes before the load, in the order of all SeqCst operations: the
    /// exchange puts it there, and pairs with `load_tail`; the load pairs with `claim`. Without it,
    /// this end could still see full what the other has emptied, while the other does not see yet
    /// what this one has stored: the ring would be full for one and empty for the other.
    fn settle(&self) -> u64 {
        // Relaxed: nobody else writes here.
        let tail = self.buffer.tail.load(Ordering::Relaxed);
        self.buffer.tail.swap(tail, Ordering::SeqCst);
        self.buffer.head.load(Ordering::SeqCst)
    }

    /// Whether there is room for one more element. If there is, that stays so until this end puts
    /// one in.
    #[inline(always)]
    pub(super) fn has_room(&mut self) -> bool {
        self.tail - self.head < self.layout.capacity || {
            let head = self.settle();
            self.see(head);
            self.tail - self.head < self.layout.capacity
        }
    }

    /// Puts an element in, and takes the oldest one out if there is one too many now.
    #[inline(always)]
    pub(super) fn push(&mut self, value: T) -> Option<T> {
        self.put(value);
        self.publish();
        if self.tail - self.head <= self.layout.capacity { None } else { self.evict() }
    }

    /// Puts in what `values` gives, up to the longest claim, and then gives what is too much to
    /// `evicted`. Returns how many.
    ///
    /// If `values` panics, that is done with what it has given. If `evicted` panics, the other
    /// evicted elements are dropped.
    #[inline]
    pub(super) fn push_some(
        &mut self,
        values: &mut impl Iterator<Item = T>,
        evicted: &mut impl FnMut(T),
    ) -> usize {
        struct Publish<'a, T, F: FnMut(T)>(&'a mut Filler<T>, &'a mut F);

        impl<T, F: FnMut(T)> Drop for Publish<'_, T, F> {
            fn drop(&mut self) {
                self.0.publish();
                self.0.evict_all(self.1);
            }
        }

        let most = self.layout.claim as usize;
        let publish = Publish(self, evicted);
        let mut count = 0;
        for value in values.by_ref().take(most) {
            publish.0.put(value);
            count += 1;
        }
        count
    }

    /// Writes an element into the slot of the tail, where the consumer does not see it yet.
    #[inline(always)]
    fn put(&mut self, value: T) {
        if self.tail == self.limit {
            self.enter_next_stretch();
        }
        // SAFETY: `next` is the slot of a position.
        unsafe { self.buffer.slot(self.next) }.with_mut(|slot| {
            // SAFETY: the slot of the tail is the producer's.
            unsafe { slot.cast::<T>().write(value) };
        });
        self.next += 1;
        self.tail += 1;
    }

    #[inline(always)]
    fn publish(&mut self) {
        // Release pairs with `load_tail`: it hands over the elements.
        self.buffer.tail.store(self.tail, Ordering::Release);
    }

    /// Takes out the oldest element, unless the consumer has made room.
    #[inline(always)]
    fn evict(&mut self) -> Option<T> {
        match self.move_head(1) {
            Ok((head, home)) => {
                let index = self.buffer.place(head, home);
                // SAFETY: the exchange took the position, which was filled.
                Some(unsafe { self.buffer.read(index) })
            }
            Err(head) => {
                self.see(head);
                None
            }
        }
    }

    /// Evicts until no more than `capacity` are inside. An exchange fails only because the consumer
    /// has taken some of them.
    #[inline]
    fn evict_all(&mut self, evicted: &mut impl FnMut(T)) {
        while let Some(excess @ 1..) = (self.tail - self.head).checked_sub(self.layout.capacity) {
            match self.move_head(excess) {
                Ok((head, home)) => self.hand_over(head, home, excess, evicted),
                Err(head) => self.see(head),
            }
        }
    }

    /// Gives evicted elements away.
    fn hand_over(&mut self, head: u64, home: usize, count: u64, evicted: &mut impl FnMut(T)) {
        struct Rest<I: Iterator>(I);

        impl<I: Iterator> Drop for Rest<I> {
            fn drop(&mut self) {
                drop_all(|| self.0.next());
            }
        }

        let mut rest = Rest((0..count).map(|i| {
            let index = self.buffer.place(head + i, self.layout.wrapped(home + i as usize));
            // SAFETY: the exchange took the position, which was filled; each is visited once.
            unsafe { self.buffer.read(index) }
        }));
        for value in rest.0.by_ref() {
            evicted(value);
        }
    }

    /// Evicts the `count` oldest. Returns the first position and its home slot; or the head, if the
    /// consumer has moved it.
    #[inline(always)]
    fn move_head(&mut self, count: u64) -> Result<(u64, usize), u64> {
        let (head, home) = (self.head, self.oldest);
        // Release pairs with `claim`, which may take what follows without having seen the tail.
        // Acquire pairs with `claim` too: the consumer has finished its claims but the last one.
        // On success there was no other claim.
        self.buffer.head.compare_exchange(
            head,
            head + count,
            Ordering::Release,
            Ordering::Acquire,
        )?;
        self.head = head + count;
        self.oldest = self.layout.wrapped(home + count as usize);
        Ok((head, home))
    }

    /// Takes note of the head.
    #[inline(never)]
    fn see(&mut self, head: u64) {
        if head == self.head {
            return;
        }
        self.oldest = self.layout.wrapped(self.oldest + (head - self.head) as usize);
        self.head = head;
        // The consumer alone has moved it, so a claim ends here. All before have been finished.
        self.claimed = head;
        self.detour = head - self.layout.claim + self.layout.home;
        self.limit = self.limit.min(self.detour);
    }

    /// Looks for free slots.
    #[cold]
    #[inline(never)]
    fn enter_next_stretch(&mut self) {
        if self.tail == self.detour {
            // Acquire pairs with `claim`: the claims before the last have been finished.
            let head = self.buffer.head.load(Ordering::Acquire);
            self.see(head);
        }
        if self.tail == self.detour {
            self.enter_detour();
        } else {
            let along = self.tail % self.layout.home;
            self.next = along as usize;
            self.limit = self.detour.min(self.tail - along + self.layout.home);
        }
    }

    /// The consumer may still be reading the home slots of the next positions.
    fn enter_detour(&mut self) {
        let seldom = &self.buffer.seldom;
        let side = (0..SIDES)
            .find(|&side| self.is_free(side))
            .unwrap_or_else(|| unreachable!("no more than one is claimed, and one is inside"));
        self.detour += self.layout.home;
        self.next = self.layout.side(side);
        self.limit = self.tail + self.layout.claim;
        // Relaxed: published with the first element.
        seldom.detours[side].store(self.tail, Ordering::Relaxed);
        seldom.detours_end.store(self.limit, Ordering::Relaxed);
    }

    /// Whether nothing that used this side is inside, or may still be read.
    fn is_free(&self, side: usize) -> bool {
        // Relaxed: nobody else writes here.
        let start = self.buffer.seldom.detours[side].load(Ordering::Relaxed);
        let (end, claim) = (start + self.layout.claim, self.claimed - self.layout.claim);
        end <= self.head && (end <= claim || start >= self.claimed)
    }
}

impl<T> Taker<T> {
    pub(super) fn capacity(&self) -> usize {
        self.layout.capacity as usize
    }

    pub(super) fn longest_step(&self) -> usize {
        self.layout.claim as usize
    }

    /// Whether the producer has closed the ring.
    pub(super) fn is_closed(&self) -> bool {
        self.buffer.load_tail().1
    }

    pub(super) fn is_alone(&self) -> bool {
        self.buffer.has_told(PRODUCER_GONE)
    }

    pub(super) fn leave(&mut self) {
        self.buffer.tell(CONSUMER_GONE);
    }

    /// How many elements are inside.
    pub(super) fn len(&self) -> usize {
        // In this order: until the tail is `capacity` beyond it, this head stays the head. SeqCst:
        // what this end concludes is in one order with what it has claimed.
        let head = self.buffer.head.load(Ordering::SeqCst);
        let (tail, _) = self.buffer.load_tail();
        (tail - head).min(self.layout.capacity) as usize
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tail == self.head && self.buffer.load_tail().0 == self.head
    }

    /// Whether there is an element to claim, or else the ring is closed.
    #[inline(always)]
    fn look(&mut self) -> Result<(), bool> {
        let (tail, is_closed) = self.buffer.load_tail();
        self.tail = tail;
        if tail == self.head { Err(is_closed) } else { Ok(()) }
    }

    /// Takes the oldest element; `Err` tells whether the empty ring was closed.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Result<T, bool> {
        if self.tail == self.head {
            self.look()?;
        }
        let (head, home) = self.claim(1);
        let index = self.buffer.place(head, home);
        // SAFETY: the claim took the position, which was filled.
        Ok(unsafe { self.buffer.read(index) })
    }

    /// Takes up to `max` elements by one claim, appends them to `out`, and returns how many.
    pub(super) fn pop_some(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        let most = self.layout.claim.min(max as u64);
        if self.tail - self.head < most && self.look().is_err() {
            return 0;
        }
        let count = most.min(self.tail - self.head);
        // Before the claim: what is claimed would be lost if `out` could not grow.
        out.reserve(count as usize);
        let (head, home) = self.claim(count);
        for i in 0..count {
            let index = self.buffer.place(head + i, self.layout.wrapped(home + i as usize));
            // SAFETY: the claim took the position, which was filled; each is visited once.
            out.push(unsafe { self.buffer.read(index) });
        }
        count as usize
    }

    /// Takes the `count` oldest positions; returns the first and its home slot. So many were filled
    /// between the known head and the known tail, and evictions leave as many as a claim may take.
    #[inline(always)]
    fn claim(&mut self, count: u64) -> (u64, usize) {
        // Release pairs with `see`: the claims before this one have been read. Acquire pairs with
        // `move_head`: what was filled before an eviction is visible. SeqCst, so that it comes
        // before what this end loads next.
        let head = self.buffer.head.fetch_add(count, Ordering::SeqCst);
        let evicted = head - self.head;
        let mut home = self.oldest + evicted;
        if home >= self.layout.home {
            home = self.wrap(home);
        }
        if evicted != 0 {
            // The ring was full when the last one was evicted.
            self.tail = self.tail.max(head + self.layout.capacity);
        }
        self.head = head + count;
        self.oldest = home + count;
        (head, home as usize)
    }

    #[cold]
    #[inline(never)]
    fn wrap(&self, along: u64) -> u64 {
        along % self.layout.home
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            // Relaxed: with `&mut self`, everything that happened to the ring is visible already.
            let head = self.head.load(Ordering::Relaxed);
            let tail = self.tail.load(Ordering::Relaxed) & !CLOSED;
            let mut inside = head..tail;
            drop_all(|| {
                let position = inside.next()?;
                let index = self.place(position, (position % self.layout.home) as usize);
                // SAFETY: nobody else is left, and no position is visited twice.
                Some(unsafe { self.read(index) })
            });
        }
    }
}
