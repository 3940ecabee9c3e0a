//! Capacities that cannot be, memory that is not to be had, and other arguments at the edge: an
//! error or a panic that says so, nothing leaked, nothing broken.
//!
//! The allocator of these tests refuses what a thread has forbidden itself, so that none depends on
//! the memory of the machine or ever touches much of it. And it keeps accounts, for each thread.
#![cfg(not(ringway_loom))]
#![allow(unsafe_code)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Barrier;
use std::thread;

use ringway::{
    AtomicRing, CapacityError, ChannelQueue, Kind, MutexRing, MutexVec, Overflow, Pushed, Queue,
    Storage, spsc,
};
use support::counted::{Counted, Counting, Ledger};
use support::ends::Ends;
use support::queues;

// -- The allocator --

struct Accounting;

#[global_allocator]
static ALLOCATOR: Accounting = Accounting;

thread_local! {
    /// The largest allocation allowed, in bytes.
    static LARGEST: Cell<usize> = const { Cell::new(1 << 30) };
    /// How many more allocations are allowed.
    static ALLOWED: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Bytes allocated less bytes freed.
    static BALANCE: Cell<isize> = const { Cell::new(0) };
    /// The same of memory that begins on a pair of cache lines: it must be freed as what it was
    /// allocated as.
    static ALIGNED: Cell<isize> = const { Cell::new(0) };
}

fn allow(layout: Layout) -> bool {
    // A panic needs memory for its message.
    if thread::panicking() {
        return true;
    }
    let allowed = ALLOWED.get();
    if layout.size() > LARGEST.get() || allowed == 0 {
        return false;
    }
    ALLOWED.set(allowed.saturating_sub(usize::from(allowed != usize::MAX)));
    true
}

fn account(layout: Layout, sign: isize) {
    let bytes = sign * layout.size() as isize;
    BALANCE.set(BALANCE.get() + bytes);
    if layout.align() >= 128 {
        ALIGNED.set(ALIGNED.get() + bytes);
    }
}

// SAFETY: refuses or passes on; `System` keeps the contract.
unsafe impl GlobalAlloc for Accounting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !allow(layout) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are those that `System` asks for.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            account(layout, 1);
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        account(layout, -1);
        // SAFETY: the caller's promises are those that `System` asks for, and all memory is
        // `System`'s.
        unsafe { System.dealloc(memory, layout) };
    }
}

/// Runs with no more than `allowed` allocations, none of more than `largest` bytes.
fn with_limits<R>(allowed: usize, largest: usize, f: impl FnOnce() -> R) -> R {
    struct Restore(usize, usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            ALLOWED.set(self.0);
            LARGEST.set(self.1);
        }
    }
    let _restore = Restore(ALLOWED.replace(allowed), LARGEST.replace(largest));
    f()
}

// -- Capacities --

type TryNew<T> = fn(usize) -> Result<Box<dyn Queue<T>>, CapacityError>;
type New<T> = fn(usize) -> Box<dyn Queue<T>>;
/// Those that return errors, and those that panic.
type Constructors<T> = (Kind, Vec<TryNew<T>>, Vec<New<T>>);

fn boxed<T>(queue: impl Queue<T> + 'static) -> Box<dyn Queue<T>> {
    Box::new(queue)
}

/// By the types and by `Kind`, bounded ones only. The ring of `spsc` has more slots than elements,
/// and no words with indices: so it fails where a `ChannelQueue` does.
fn bounded<T: Send + 'static>() -> [Constructors<T>; 3] {
    [
        (
            Kind::Channel,
            vec![|n| ChannelQueue::try_new(n).map(boxed), |n| Kind::Channel.build(n), |n| {
                Ends::try_new(n).map(boxed)
            }],
            vec![|n| boxed(ChannelQueue::new(n)), |n| boxed(Ends::new(n))],
        ),
        (
            Kind::MutexRing,
            vec![|n| MutexRing::try_new(n).map(boxed), |n| Kind::MutexRing.build(n)],
            vec![|n| boxed(MutexRing::new(n))],
        ),
        (
            Kind::AtomicRing,
            vec![|n| AtomicRing::try_new(n).map(boxed), |n| Kind::AtomicRing.build(n)],
            vec![|n| boxed(AtomicRing::new(n))],
        ),
    ]
}

/// Large enough for the copies of a large element that a debug build makes.
fn on_a_large_stack(checks: impl FnOnce() + Send) {
    let stack = thread::Builder::new().stack_size(256 << 20);
    thread::scope(|scope| stack.spawn_scoped(scope, checks).unwrap().join()).unwrap();
}

fn fails<T: Send + 'static>(capacity: usize, expected: impl Fn(Kind) -> CapacityError + Send) {
    on_a_large_stack(|| fails_here::<T>(capacity, expected));
}

fn fails_here<T: Send + 'static>(capacity: usize, expected: impl Fn(Kind) -> CapacityError) {
    for (kind, that_return, that_panic) in bounded::<T>() {
        let expected = expected(kind);
        for try_new in that_return {
            let before = BALANCE.get();
            let error = try_new(capacity).map(|_| ()).unwrap_err();
            assert_eq!(BALANCE.get(), before, "{kind}: something allocated is left");
            assert_eq!(error, expected, "{kind}, {} bytes each, {capacity}", size_of::<T>());
        }
        for new in that_panic {
            let panic = catch_unwind(|| new(capacity)).map(|_| ()).unwrap_err();
            let message = panic.downcast_ref::<String>().expect("a formatted message");
            assert!(message.contains(&format!("capacity {capacity}")), "{message}");
            assert!(message.contains(&expected.to_string()), "{message}");
        }
    }
}

type Page = [u8; 4096];
type Mebibyte = [u8; 1 << 20];

#[test]
fn a_capacity_of_zero() {
    fails::<()>(0, |_| CapacityError::Zero);
    fails::<u8>(0, |_| CapacityError::Zero);
    fails::<Page>(0, |_| CapacityError::Zero);
    fails::<Mebibyte>(0, |_| CapacityError::Zero);
    // So that a capacity is right for all kinds or for none.
    assert_eq!(Kind::MutexVec.build::<u8>(0).map(|_| ()), Err(CapacityError::Zero));
}

#[test]
fn capacities_too_large_to_address() {
    const MOST: usize = isize::MAX as usize;
    for capacity in [usize::MAX, usize::MAX - 1, MOST + 1] {
        fails::<u8>(capacity, |_| CapacityError::TooLarge);
        fails::<Page>(capacity, |_| CapacityError::TooLarge);
        fails::<Mebibyte>(capacity, |_| CapacityError::TooLarge);
    }
    // One element more than `isize::MAX` bytes hold.
    fails::<Page>(MOST / size_of::<Page>() + 1, |_| CapacityError::TooLarge);
    fails::<Mebibyte>(MOST / size_of::<Mebibyte>() + 1, |_| CapacityError::TooLarge);
}

#[test]
fn capacities_too_large_for_the_memory() {
    const MOST: usize = isize::MAX as usize;
    // Bytes of which the mutex ring needs just one each; the others need more, for a stamp.
    for capacity in [MOST, MOST - 1] {
        fails::<u8>(capacity, |kind| match kind {
            Kind::MutexRing => CapacityError::OutOfMemory,
            _ => CapacityError::TooLarge,
        });
    }
    #[cfg(target_pointer_width = "64")]
    fails::<u8>((1 << 32) - 2, |_| CapacityError::OutOfMemory);
    fails::<Page>(1 << 20, |_| CapacityError::OutOfMemory);
    fails::<Mebibyte>(1 << 20, |_| CapacityError::OutOfMemory);
}

/// A slot's word has 32 bits for the index of an element or, where these live in cells, of a cell.
/// Whether there would be memory for as many is not even asked.
#[cfg(target_pointer_width = "64")]
#[test]
fn capacities_too_large_for_the_words_of_an_atomic_ring() {
    fn fails_at_once<T: Send + 'static>(capacity: usize) {
        fails::<T>(capacity, |kind| match kind {
            Kind::AtomicRing => CapacityError::TooLarge,
            _ => CapacityError::OutOfMemory,
        });
    }
    for capacity in [(1 << 32) + 1, 1 << 40] {
        fails_at_once::<u8>(capacity);
        fails_at_once::<Page>(capacity);
        fails_at_once::<Mebibyte>(capacity);
    }
    // To the last one.
    assert_eq!(AtomicRing::<u8>::try_new(1 << 32).map(|_| ()), Err(CapacityError::OutOfMemory));
}

/// Nothing to store, so nothing to allocate but what a queue keeps for each slot, and the mutex
/// ring keeps nothing.
#[test]
fn elements_without_size() {
    for (kind, constructors, _) in bounded::<()>() {
        for try_new in constructors {
            match kind {
                Kind::MutexRing => {
                    let queue = try_new(usize::MAX).unwrap();
                    assert_eq!(queue.capacity(), Some(usize::MAX));
                    assert_eq!(queue.push(()), Pushed::Stored);
                    assert_eq!((queue.pop(), queue.pop()), (Some(()), None));
                }
                _ => assert_eq!(try_new(usize::MAX).map(|_| ()), Err(CapacityError::TooLarge)),
            }
        }
    }
}

#[test]
fn a_queue_without_bounds_takes_any_capacity_for_advice() {
    let queue = Kind::MutexVec.build::<u8>(usize::MAX).unwrap();
    assert_eq!(queue.capacity(), None);
    assert_eq!(queue.push(1), Pushed::Stored);
}

/// Whichever allocation is refused, those before it are given back.
#[test]
fn memory_runs_out_half_way() {
    fn check<T, Q: Queue<T>>(try_new: impl Fn() -> Result<Q, CapacityError>) {
        for allowed in 0.. {
            let before = BALANCE.get();
            let made = with_limits(allowed, usize::MAX, &try_new);
            match made {
                Err(error) => {
                    assert_eq!(BALANCE.get(), before, "something allocated is left");
                    assert_eq!(error, CapacityError::OutOfMemory);
                }
                Ok(queue) => {
                    assert!(allowed > 0, "nothing was refused");
                    drop(queue);
                    assert_eq!(BALANCE.get(), before, "something allocated is left");
                    return;
                }
            }
        }
    }
    // Not the channel: it has no fallible constructor. What can be asked beforehand, `ChannelQueue`
    // does ask.
    check(|| MutexRing::<u8>::try_new(100));
    check(|| MutexRing::<Page>::try_new(100));
    check(|| AtomicRing::<u8>::try_new(100));
    check(|| AtomicRing::<Page>::try_new(100));
    assert_eq!(
        with_limits(0, usize::MAX, || ChannelQueue::<u8>::try_new(100).map(|_| ())),
        Err(CapacityError::OutOfMemory)
    );
    // What both ends of `spsc` hold in common is some hundred bytes, asked for last, and not in a
    // fallible way.
    assert_eq!(
        with_limits(0, usize::MAX, || spsc::try_ring::<u8>(100).map(|_| ())),
        Err(CapacityError::OutOfMemory)
    );
}

#[test]
fn dropping_a_queue_gives_all_memory_back() {
    fn check(queue: impl Fn() -> Box<dyn Queue<String>>, name: &str) {
        let balances = || (BALANCE.get(), ALIGNED.get());
        // The first use by a thread may allocate something for the thread.
        for first in [true, false] {
            let before = balances();
            let queue = queue();
            for i in 0..7 {
                drop(queue.push(i.to_string()).displaced());
            }
            assert!(queue.pop().is_some());
            assert!(queue.close());
            drop(queue.push(String::from("refused")).displaced());
            assert!(queue.pop().is_some());
            drop(queue);
            assert!(first || balances() == before, "{name}");
        }
    }
    for kind in Kind::ALL {
        check(|| kind.build(5).unwrap(), &kind.to_string());
    }
    check(|| Box::new(Ends::new(5)), "spsc");
}

/// So many threads at once that more spares must be made: by these threads, of which several may
/// try at the same time, for the queue, which frees them.
#[test]
fn dropping_a_queue_gives_the_memory_for_many_threads_back() {
    const THREADS: usize = 40;
    for _ in 0..20 {
        let before = BALANCE.get();
        let queue = AtomicRing::<Page>::new(THREADS);
        let in_the_queue = BALANCE.get() - before;
        let everyone = Barrier::new(THREADS);
        let in_the_threads: Vec<isize> = thread::scope(|scope| {
            let (queue, everyone) = (&queue, &everyone);
            let push = move || {
                everyone.wait();
                let before = BALANCE.get();
                assert!(queue.push([0; 4096]).is_stored());
                let balance = BALANCE.get() - before;
                everyone.wait();
                balance
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(push)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let before = BALANCE.get();
        drop(queue);
        let given_back = before - BALANCE.get();
        assert!(in_the_threads.iter().any(|&bytes| bytes > 0), "some had to make spares");
        assert_eq!(given_back, in_the_queue + in_the_threads.iter().sum::<isize>());
    }
}

/// A thread that gets no memory for its spare panics, gives up its element, and harms nobody.
#[test]
fn no_memory_for_more_threads() {
    const THREADS: usize = 40;
    let ledger = Ledger::new(2 * THREADS);
    // So large that the memory for more threads is more than anything else allocates.
    let large = |id| (Counted::new(&ledger, id), [0_u8; 1 << 16]);
    let queue = AtomicRing::new(THREADS);
    let everyone = Barrier::new(THREADS);
    let refused: Vec<bool> = thread::scope(|scope| {
        let (queue, everyone, large) = (&queue, &everyone, &large);
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let push = || assert!(queue.push(large(thread)).displaced().is_none());
                    let pushed =
                        with_limits(usize::MAX, 1 << 19, || catch_unwind(AssertUnwindSafe(push)));
                    // Nobody ends before: so most have a number for which there is no spare yet.
                    everyone.wait();
                    let Err(panic) = pushed else { return false };
                    let message = panic.downcast_ref::<String>().expect("a formatted message");
                    assert!(message.contains("no memory for"), "{message}");
                    assert!(
                        queue.push(large(THREADS + thread)).displaced().is_none(),
                        "there is memory now"
                    );
                    true
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(refused.contains(&true));
    assert_eq!(queue.len(), THREADS);
    for (thread, &refused) in refused.iter().enumerate() {
        assert_eq!(ledger.drops(thread), usize::from(refused));
    }
    drop(queue);
    for (thread, &refused) in refused.iter().enumerate() {
        assert_eq!(ledger.drops(thread), 1);
        assert_eq!(ledger.drops(THREADS + thread), usize::from(refused));
    }
}

/// However long it runs: nothing is allocated for an element.
#[test]
fn pushing_and_popping_allocates_nothing() {
    const ALLOWED_HERE: usize = 1_000_000;
    fn check<T: Send + 'static>(element: impl Fn() -> T) {
        for (name, queue) in queues::all::<T>(3) {
            let mut out = Vec::with_capacity(3);
            let mut laps = |n| {
                for _ in 0..n {
                    // Never empty: a queue that grows must not need that for making room.
                    while queue.len() < 3 {
                        assert!(queue.push(element()).is_stored());
                    }
                    if queue.overflow() != Overflow::Grow {
                        assert!(queue.push(element()).displaced().is_some());
                        assert!(queue.try_push(element()).is_err());
                    }
                    assert!(queue.pop().is_some());
                    assert_eq!(queue.pop_into(&mut out, 1), 1);
                    out.clear();
                }
            };
            // A thread's first operation may allocate, and so may a queue that grows, until it has
            // grown.
            laps(3);
            let allocated = with_limits(ALLOWED_HERE, usize::MAX, || {
                laps(1000);
                ALLOWED_HERE - ALLOWED.get()
            });
            assert_eq!(allocated, 0, "{name}");
            let allocated = with_limits(ALLOWED_HERE, usize::MAX, || {
                for closes in [true, false] {
                    assert_eq!(queue.close(), closes);
                    assert!(
                        queue.push(element()).is_closed() && queue.try_push(element()).is_err()
                    );
                    assert!(queue.is_closed());
                }
                while queue.pop().is_some() {}
                ALLOWED_HERE - ALLOWED.get()
            });
            assert_eq!(allocated, 0, "{name}, closed");
        }
    }
    check(|| 0_u32);
    check(|| [0_u32; 6]);
}

// -- Other arguments --

/// The figures of the README and of `AtomicRing`'s documentation, plus what a list of pointers to
/// later cells takes.
#[test]
fn an_atomic_ring_takes_the_memory_that_it_says() {
    fn per_slot<T: Send>() -> (usize, usize) {
        let allocated = |capacity| {
            let before = BALANCE.get();
            let _ring = AtomicRing::<T>::new(capacity);
            BALANCE.get() - before
        };
        let (one, thousand) = (allocated(1), allocated(1001));
        let slot = (thousand - one) / 1000;
        (slot as usize, (one - slot) as usize)
    }
    const FIRST_THREADS: usize = 16;
    for (storage, (slot, rest), size) in [
        (AtomicRing::<u64>::new(1).storage(), per_slot::<u64>(), 8),
        (AtomicRing::<[u64; 3]>::new(1).storage(), per_slot::<[u64; 3]>(), 24),
        (AtomicRing::<[u8; 100]>::new(1).storage(), per_slot::<[u8; 100]>(), 100),
    ] {
        let expected = match storage {
            Storage::Inline => (16, 0),
            _ => (8 + size, FIRST_THREADS * (128 + size)),
        };
        assert_eq!((slot, rest), expected, "{storage:?}, {size} bytes");
    }
}

/// The figures of the documentation of `spsc`.
#[test]
fn a_ring_for_two_takes_the_memory_that_it_says() {
    fn bytes<T>(capacity: usize) -> usize {
        let before = BALANCE.get();
        let _ends = spsc::ring::<T>(capacity);
        BALANCE.get().abs_diff(before)
    }

    fn check<T>() {
        let rest = bytes::<()>(1);
        assert!(rest < 1024, "{rest}");
        // The first slot begins a line.
        let line = 128 / size_of::<T>().max(1) * size_of::<T>();
        for capacity in [1_usize, 2, 64, 126, 126 + 1024] {
            let slots =
                (capacity + capacity / 2 + 13 * capacity.min(64).div_ceil(2)) * size_of::<T>();
            let bytes = bytes::<T>(capacity);
            assert!(bytes <= slots + rest + line, "{capacity}: {bytes}");
        }
    }

    check::<()>();
    check::<u8>();
    check::<u64>();
    check::<[u64; 3]>();
    check::<[u8; 100]>();
}

#[test]
fn pop_into_takes_no_more_than_it_is_told() {
    for (_, queue) in queues::all(5) {
        let mut out = vec![100];
        assert_eq!(queue.pop_into(&mut out, 0), 0);
        assert_eq!(queue.pop_into(&mut out, usize::MAX), 0);
        for i in 0..5 {
            assert_eq!(queue.push(i), Pushed::Stored);
        }
        assert_eq!(queue.pop_into(&mut out, 0), 0);
        assert_eq!((out.len(), queue.len()), (1, 5));
        assert_eq!(queue.pop_into(&mut out, 2), 2);
        assert!(queue.close());
        assert_eq!(queue.pop_into(&mut out, usize::MAX), 3);
        assert_eq!(out, [100, 0, 1, 2, 3, 4], "appended");
        assert!(queue.is_empty());
    }
}

/// A queue that grows keeps its memory until it is asked for it, and then keeps what the elements
/// inside need.
#[test]
fn shrinking_gives_memory_back() {
    const ELEMENTS: usize = 1000;
    const SLOT: usize = size_of::<Option<usize>>();
    let before = BALANCE.get();
    let allocated = || (BALANCE.get() - before) as usize;
    let queue = MutexVec::new();
    for i in 0..ELEMENTS {
        assert!(queue.push(i).is_stored());
    }
    let grown = allocated();
    assert!(grown >= ELEMENTS * SLOT);
    // Less than half, so that the rest has not been moved to the front yet.
    for i in 0..400 {
        assert_eq!(queue.pop(), Some(i));
    }
    assert_eq!(allocated(), grown, "kept for reuse");
    queue.shrink_to_fit();
    assert_eq!(allocated(), 600 * SLOT);
    assert!(queue.try_iter().eq(400..ELEMENTS));
    queue.shrink_to_fit();
    assert_eq!(allocated(), 0);
}

/// A vector of elements without size can be full, and only such a one without all the memory in the
/// world.
#[test]
fn pop_into_a_full_vec_loses_nothing() {
    for (_, queue) in queues::all::<()>(5) {
        for _ in 0..3 {
            assert_eq!(queue.push(()), Pushed::Stored);
        }
        let mut out = vec![()];
        // SAFETY: a vector of elements without size has room for as many, and none of them needs
        // initialising.
        unsafe { out.set_len(usize::MAX) };
        assert!(catch_unwind(AssertUnwindSafe(|| queue.pop_into(&mut out, 2))).is_err());
        assert_eq!(queue.len(), 3);
        assert_eq!(queue.push(()), Pushed::Stored);
        assert_eq!((queue.pop(), queue.len()), (Some(()), 3));
    }
}

#[test]
fn elements_of_a_mebibyte() {
    fn check(queue: impl Queue<Mebibyte> + IntoIterator<Item = Mebibyte>) {
        for i in 0..3 {
            let displaced = queue.push([i; 1 << 20]).displaced();
            assert!(
                displaced
                    .is_none_or(|displaced| displaced.iter().all(|&byte| byte == displaced[0]))
            );
        }
        let left: Vec<u8> = queue
            .into_iter()
            .map(|element| {
                assert!(element.iter().all(|&byte| byte == element[0]));
                element[0]
            })
            .collect();
        assert!([&[0, 1][..], &[1, 2], &[0, 1, 2]].contains(&&left[..]), "{left:?}");
    }
    on_a_large_stack(|| {
        check(MutexVec::new());
        check(ChannelQueue::new(2));
        check(MutexRing::new(2));
        check(AtomicRing::new(2));
        check(Ends::new(2));
    });
}
