//! Elements of every shape, the auto traits and other traits of every public type, the pointers
//! that are queues too, and queues in use while a thread ends.
#![cfg(not(ringway_loom))]

mod support;

use std::cell::Cell;
use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use ringway::{
    AtomicRing, CapacityError, ChannelQueue, IntoIter, Kind, Metered, MutexRing, MutexVec,
    Overflow, ParseKindError, Pushed, Queue, Storage, TryIter, TryPopError, TryPushError, spsc,
};
use support::at_exit;
use support::ends::Ends;
use support::queues;

// -- Elements of every shape --

/// Three laps through every queue, first with room to spare, then with one element too many each
/// time.
fn pass_through<T: Clone + Debug + PartialEq + Send + 'static>(elements: [T; 4]) {
    for (name, queue) in queues::all::<T>(3) {
        for lap in elements.windows(2).cycle().take(9) {
            assert_eq!(queue.push(lap[0].clone()), Pushed::Stored);
            assert_eq!(queue.try_push(lap[1].clone()), Ok(()));
            assert_eq!(queue.pop().as_ref(), Some(&lap[0]));
            let mut out = vec![lap[0].clone()];
            assert_eq!(queue.pop_into(&mut out, usize::MAX), 1);
            assert_eq!(out, lap);
        }
        let [oldest, middle, new, newest] = elements.clone();
        for element in [&oldest, &middle, &new] {
            assert_eq!(queue.push(element.clone()), Pushed::Stored);
        }
        let pushed = queue.push(newest.clone());
        let mut left = Vec::new();
        queue.pop_into(&mut left, usize::MAX);
        match queue.overflow() {
            Overflow::EvictOldest => {
                assert_eq!(
                    (pushed, left),
                    (Pushed::Evicted(oldest), vec![middle, new, newest]),
                    "{name}"
                );
            }
            Overflow::RejectNewest => {
                assert_eq!(
                    (pushed, left),
                    (Pushed::Rejected(newest), vec![oldest, middle, new]),
                    "{name}"
                );
            }
            _ => assert_eq!((pushed, left), (Pushed::Stored, elements.to_vec()), "{name}"),
        }
    }
}

#[test]
fn no_size() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(64))]
    struct Aligned;

    pass_through([(); 4]);
    pass_through([const { Aligned }; 4]);
}

#[test]
fn small_sizes() {
    pass_through([1_u8, 2, 3, 4]);
    pass_through([true, false, false, true]);
    pass_through([[1_u8, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]);
    pass_through([1.5, -0.0, f64::INFINITY, f64::MIN_POSITIVE]);
    pass_through([u64::MAX, 0, 1, u64::MAX / 3]);
}

#[test]
fn padding_and_niches() {
    pass_through([(1_u8, 2_u32), (3, 4), (u8::MAX, u32::MAX), (0, 0)]);
    pass_through([Some(1_u32), None, Some(u32::MAX), None]);
    pass_through([None, Some(Box::new(1)), None, Some(Box::new(2))]);
    pass_through([Ok(1_u8), Err(2_u16), Ok(3), Err(4)]);
}

#[test]
fn large_sizes_and_alignments() {
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(64))]
    struct Aligned(u8);

    /// More than any line of a cache.
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(1024))]
    struct MoreAligned(u8);

    /// Small enough to be stored inline, where a slot gives it an alignment of its own.
    #[derive(Clone, Debug, PartialEq)]
    #[repr(align(8))]
    struct Word([u8; 8]);

    pass_through([1, 2, 3, 4].map(|i| [i; 9]));
    pass_through([1, 2, 3, 4].map(|i| [u64::MAX / i; 3]));
    pass_through([1, 2, 3, 4].map(|i| [i; 4096]));
    pass_through([1, 2, 3, 4].map(Aligned));
    pass_through([1, 2, 3, 4].map(MoreAligned));
    pass_through([1, 2, 3, 4].map(|i| Word([i; 8])));
    pass_through([1, 2, 3, 4].map(|i| i * (u128::MAX / 5)));
}

#[test]
fn pointers() {
    pass_through([1, 2, 3, 4].map(Box::new));
    pass_through([1, 2, 3, 4].map(Arc::new));
    pass_through(["a", "", "c", "a longer one"]);
    pass_through(["a", "", "c", "a longer one"].map(String::from));
    pass_through([&1, &2, &3, &4]);
    pass_through([
        u32::leading_zeros as fn(u32) -> u32,
        u32::trailing_zeros,
        u32::count_ones,
        u32::count_zeros,
    ]);
    pass_through([1, 2, 3, 4].map(|i| Box::<[u8]>::from([i; 3])));
}

/// What the elements refer to lives on this stack: nothing asks for `'static`.
#[test]
fn borrowed_elements() {
    fn pass_through<'a>(queue: impl Queue<&'a str> + IntoIterator<Item = &'a str>, words: &'a str) {
        thread::scope(|scope| {
            scope.spawn(|| words.split(' ').for_each(|word| assert!(queue.push(word).is_stored())));
        });
        assert!(queue.into_iter().eq(words.split(' ')));
    }
    fn of_any_kind<'a>(kind: Kind, words: &'a str) {
        let queue = kind.build::<&'a str>(6).unwrap();
        words.split(' ').for_each(|word| assert!(queue.push(word).is_stored()));
        assert!(ringway::TryIter::new(&queue).eq(words.split(' ')));
    }
    let words = String::from("late is worth less than fresh");
    for &kind in Kind::ALL {
        of_any_kind(kind, &words);
    }
    pass_through(MutexVec::new(), &words);
    pass_through(ChannelQueue::new(6), &words);
    pass_through(MutexRing::new(6), &words);
    pass_through(AtomicRing::new(6), &words);
    pass_through(Ends::new(6), &words);
}

#[test]
fn the_size_decides_the_storage() {
    fn storage<T>() -> Storage {
        AtomicRing::<T>::new(1).storage()
    }
    #[repr(align(64))]
    struct Aligned;

    // Every x86-64 processor that runs these tests has what it takes.
    #[cfg(not(target_arch = "aarch64"))]
    let has_pairs = cfg!(target_arch = "x86_64");
    #[cfg(target_arch = "aarch64")]
    let has_pairs = std::arch::is_aarch64_feature_detected!("lse");
    let small = if has_pairs { Storage::Inline } else { Storage::Exchange };
    // What `verification/targets` has chosen its emulated processor for.
    if let Ok(expected) = env::var("RINGWAY_STORAGE") {
        assert_eq!(format!("{small:?}"), expected);
    }
    assert_eq!(storage::<()>(), small);
    assert_eq!(storage::<Aligned>(), small);
    assert_eq!(storage::<u8>(), small);
    assert_eq!(storage::<[u8; 7]>(), small);
    assert_eq!(storage::<u64>(), small);
    assert_eq!(storage::<(u8, u32)>(), small);
    assert_eq!(storage::<Box<[u64; 100]>>(), small);
    assert_eq!(storage::<Arc<String>>(), small);
    assert_eq!(storage::<[u8; 9]>(), Storage::Exchange);
    assert_eq!(storage::<Option<u64>>(), Storage::Exchange);
    assert_eq!(storage::<String>(), Storage::Exchange);
    assert_eq!(storage::<&[u8]>(), if size_of::<&[u8]>() > 8 { Storage::Exchange } else { small });
}

// -- Auto traits --

fn is_send_and_sync<T: Send + Sync>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

/// Does not compile when the type has the trait: then two implementations fit the underscore.
macro_rules! assert_not {
    ($type:ty: $trait:path) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn item() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            #[allow(dead_code)]
            struct HasIt;
            impl<T: ?Sized + $trait> Ambiguous<HasIt> for T {}
            <$type as Ambiguous<_>>::item();
        };
    };
}

/// Elements are handed from thread to thread and never shared: `Send` is asked of them, for `Send`
/// and for `Sync`.
macro_rules! auto_traits {
    ($($queue:ident)*) => {
        #[test]
        fn queues_are_send_and_sync_where_the_elements_are_send() {$(
            is_send_and_sync::<$queue<u8>>();
            is_send_and_sync::<$queue<[u64; 3]>>();
            is_send_and_sync::<$queue<Cell<u8>>>();
            is_send_and_sync::<$queue<Cell<[u64; 3]>>>();
            is_send_and_sync::<IntoIter<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<TryIter<'_, Cell<u8>, $queue<Cell<u8>>>>();
        )*}
        $(
            assert_not!($queue<Rc<u8>>: Send);
            assert_not!($queue<Rc<u8>>: Sync);
            assert_not!($queue<[Rc<u8>; 3]>: Send);
            assert_not!($queue<[Rc<u8>; 3]>: Sync);
            // `Sync`, but not `Send`.
            assert_not!($queue<MutexGuard<'static, u8>>: Send);
            assert_not!($queue<MutexGuard<'static, u8>>: Sync);
            assert_not!($queue<Rc<u8>>: Queue<Rc<u8>>);
            assert_not!(IntoIter<Rc<u8>, $queue<Rc<u8>>>: Send);
            assert_not!(TryIter<'static, Rc<u8>, $queue<Rc<u8>>>: Send);
        )*

        /// Whatever the elements are: no queue is left half changed when something panics.
        #[test]
        fn queues_are_unwind_safe() {$(
            is_unwind_safe::<$queue<u8>>();
            is_unwind_safe::<$queue<Cell<u8>>>();
            is_unwind_safe::<$queue<Cell<[u64; 3]>>>();
            is_unwind_safe::<$queue<&mut u8>>();
            is_unwind_safe::<$queue<Rc<Cell<u8>>>>();
        )*}
    };
}
auto_traits!(MutexVec ChannelQueue MutexRing AtomicRing);

/// An end may be looked at by many at once, as what needs the end for itself takes `&mut`; but no
/// second one can be had.
macro_rules! auto_traits_of_ends {
    ($($end:ident)*) => {
        #[test]
        fn ends_are_send_and_sync_where_the_elements_are_send() {$(
            is_send_and_sync::<spsc::$end<u8>>();
            is_send_and_sync::<spsc::$end<[u64; 3]>>();
            is_send_and_sync::<spsc::$end<Cell<u8>>>();
        )*}
        $(
            assert_not!(spsc::$end<Rc<u8>>: Send);
            assert_not!(spsc::$end<Rc<u8>>: Sync);
            assert_not!(spsc::$end<MutexGuard<'static, u8>>: Send);
            assert_not!(spsc::$end<MutexGuard<'static, u8>>: Sync);
            assert_not!(spsc::$end<u8>: Clone);
            assert_not!(spsc::$end<u8>: Queue<u8>);
        )*

        #[test]
        fn ends_are_unwind_safe() {$(
            is_unwind_safe::<spsc::$end<u8>>();
            is_unwind_safe::<spsc::$end<Cell<u8>>>();
            is_unwind_safe::<spsc::$end<&mut u8>>();
            is_unwind_safe::<spsc::$end<Rc<Cell<u8>>>>();
        )*}
    };
}
auto_traits_of_ends!(Producer Consumer);

/// An end that may be looked at by many at once sees the same for all.
#[test]
fn an_end_can_be_shared_to_be_looked_at() {
    let (mut producer, consumer) = spsc::ring(4);
    for i in 0..3 {
        assert_eq!(producer.push(Cell::new(i)), Pushed::Stored);
    }
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                assert_eq!((producer.len(), producer.is_full(), consumer.len()), (3, false, 3))
            });
        }
    });
}

/// Each end knows whether the other is still there, and the producer takes nothing for a consumer
/// that is gone.
#[test]
fn ends_notice_that_the_other_is_gone() {
    for pushed in 0..5 {
        let (mut producer, consumer) = spsc::ring(2);
        for i in 0..pushed {
            assert!(producer.push(i).is_stored());
        }
        assert!(!producer.is_abandoned() && !consumer.is_abandoned());
        assert!(!producer.is_closed() && !consumer.is_closed());
        drop(consumer);
        assert!(producer.is_abandoned() && producer.is_closed());
        assert!(!producer.close(), "it is closed already");
        assert_eq!(producer.push(7), Pushed::Closed(7));
        assert_eq!(producer.try_push(8), Err(TryPushError::Closed(8)));
        assert_eq!(producer.len(), pushed.min(2));

        let (mut producer, mut consumer) = spsc::ring(2);
        for i in 0..pushed {
            assert!(producer.push(i).is_stored());
        }
        drop(producer);
        assert!(consumer.is_abandoned() && consumer.is_closed());
        assert_eq!(consumer.len(), pushed.min(2));
        assert!(std::iter::from_fn(|| consumer.pop()).eq(pushed - pushed.min(2)..pushed));
        assert!(consumer.is_closed() && consumer.is_empty());
    }
}

/// A push that comes after the consumer has gone, in the sense of the memory model, gives its
/// element back.
#[test]
fn a_producer_learns_that_its_consumer_is_gone() {
    for round in 0..2_000 {
        let (mut producer, mut consumer) = spsc::ring(1 + round % 3);
        let gone = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while consumer.pop().is_none() {
                    thread::yield_now();
                }
                drop(consumer);
                gone.store(true, Ordering::Release);
            });
            for i in 0.. {
                let was_gone = gone.load(Ordering::Acquire);
                if producer.push(i).is_closed() {
                    break;
                }
                assert!(!was_gone, "pushed for nobody");
                if i % 64 == 0 {
                    thread::yield_now();
                }
            }
        });
        assert!(producer.is_abandoned());
    }
}

#[test]
fn results_are_send_where_the_elements_are() {
    is_send_and_sync::<Pushed<u8>>();
    is_send_and_sync::<TryPushError<u8>>();
    is_send_and_sync::<CapacityError>();
    is_send_and_sync::<ParseKindError>();
    is_send_and_sync::<Box<dyn Queue<Cell<u8>>>>();
}
assert_not!(Pushed<Rc<u8>>: Send);
assert_not!(TryPushError<Rc<u8>>: Send);
assert_not!(TryPushError<Cell<u8>>: Sync);

// -- Debug and errors --

#[test]
fn queues_debug_without_looking_at_the_elements() {
    struct NotDebug(#[allow(dead_code)] u32);

    fn check(
        queue: impl Queue<NotDebug> + IntoIterator<Item = NotDebug, IntoIter: Debug> + Debug,
        name: &str,
    ) {
        for i in 0..3 {
            assert!(queue.push(NotDebug(i)).is_stored());
        }
        let text = format!("{queue:?}");
        assert!(text.starts_with(name), "{text}");
        assert!(text.contains("len: 3"), "{text}");
        assert_eq!(text.contains("capacity"), queue.capacity().is_some(), "{text}");
        assert!(queue.capacity().is_none() || text.contains('5'), "{text}");
        assert!(text.contains("is_closed: false"), "{text}");
        let text = format!("{:?}", ringway::TryIter::<NotDebug, _>::new(&queue));
        assert!(text.starts_with("TryIter") && text.contains(name), "{text}");
        assert!(queue.close());
        let text = format!("{queue:?}");
        assert!(text.contains("is_closed: true"), "{text}");
        let text = format!("{:?}", queue.into_iter());
        assert!(text.starts_with("IntoIter") && text.contains(name), "{text}");
    }
    check(MutexVec::new(), "MutexVec");
    check(ChannelQueue::new(5), "ChannelQueue");
    check(MutexRing::new(5), "MutexRing");
    check(AtomicRing::new(5), "AtomicRing");

    let (mut producer, consumer) = spsc::ring(5);
    for i in 0..3 {
        assert!(producer.push(NotDebug(i)).is_stored());
    }
    assert_eq!(format!("{producer:?}"), "Producer { capacity: 5, len: 3, is_closed: false }");
    assert_eq!(format!("{consumer:?}"), "Consumer { capacity: 5, len: 3, is_closed: false }");
    assert!(producer.close());
    assert_eq!(format!("{producer:?}"), "Producer { capacity: 5, len: 3, is_closed: true }");
    assert_eq!(format!("{consumer:?}"), "Consumer { capacity: 5, len: 3, is_closed: true }");
    assert_eq!(format!("{:?}", TryPushError::Full(NotDebug(7))), "Full(..)");
    assert_eq!(format!("{:?}", TryPushError::Closed(NotDebug(7))), "Closed(..)");
}

/// A `dyn Queue` is shown by what the trait tells of it.
#[test]
fn queues_of_any_kind_debug() {
    struct NotDebug;

    let queue = Kind::MutexRing.build::<NotDebug>(2).unwrap();
    let _ = queue.push(NotDebug);
    let text = "Queue { overflow: EvictOldest, capacity: Some(2), len: 1, is_closed: false }";
    assert_eq!(format!("{queue:?}"), text);
    assert_eq!(
        format!("{:?}", ringway::TryIter::<NotDebug, _>::new(&queue)),
        format!("TryIter({text})")
    );
    let borrowed: &dyn Queue<NotDebug> = &*queue;
    assert!(borrowed.close());
    assert_eq!(format!("{borrowed:?}"), text.replace("false", "true"));
    let queue: Arc<dyn Queue<NotDebug>> = Arc::new(MutexVec::new());
    assert_eq!(
        format!("{queue:?}"),
        "Queue { overflow: Grow, capacity: None, len: 0, is_closed: false }"
    );
}

#[test]
fn errors_are_errors() {
    fn message(error: impl Error) -> String {
        assert!(error.source().is_none());
        error.to_string()
    }
    // Neither `Debug` nor `Send` nor `'static` is asked of the value in it.
    let on_the_stack = Cell::new(1);
    assert!(message(TryPushError::Full(Rc::new(&on_the_stack))).contains("full"));
    assert!(message(TryPushError::Closed(Rc::new(&on_the_stack))).contains("closed"));
    for (error, is_full) in
        [(TryPushError::Full(String::from("it")), true), (TryPushError::Closed("it".into()), false)]
    {
        assert_eq!((error.is_full(), error.is_closed()), (is_full, !is_full));
        assert_eq!(error.into_inner(), "it");
    }
    let messages =
        [CapacityError::Zero, CapacityError::TooLarge, CapacityError::OutOfMemory].map(message);
    assert!(messages[0].contains("at least 1"), "{}", messages[0]);
    assert!(messages[1].contains("too large"), "{}", messages[1]);
    assert!(messages[2].contains("memory"), "{}", messages[2]);
    let boxed: Box<dyn Error + Send + Sync> = "tape".parse::<Kind>().unwrap_err().into();
    assert!(boxed.is::<ParseKindError>());
}

#[test]
fn pushed_tells_what_became_of_both_elements() {
    let all = [Pushed::Stored, Pushed::Evicted('o'), Pushed::Rejected('n'), Pushed::Closed('c')];
    assert_eq!(all.map(|pushed| pushed.is_stored()), [true, true, false, false]);
    assert_eq!(all.map(|pushed| pushed.is_closed()), [false, false, false, true]);
    assert_eq!(all.map(|pushed| pushed.is_evicted()), [false, true, false, false]);
    assert_eq!(all.map(|pushed| pushed.is_rejected()), [false, false, true, false]);
    assert_eq!(all.map(Pushed::displaced), [None, Some('o'), Some('n'), Some('c')]);
    assert_eq!(all.map(Pushed::evicted), [None, Some('o'), None, None]);
    let (full, closed) = (TryPushError::Full('n'), TryPushError::Closed('c'));
    assert_eq!(all.map(Pushed::into_result), [Ok(None), Ok(Some('o')), Err(full), Err(closed)]);
    let mapped = all.map(|pushed| pushed.map(u32::from).map(|it| char::from_u32(it).unwrap()));
    assert_eq!(mapped, all);
    assert_eq!([full, closed].map(|error| error.map(u32::from).into_inner()), [110, 99]);
    assert!(full.map(drop).is_full() && closed.map(drop).is_closed());
}

#[test]
fn kinds_have_names() {
    let names: Vec<_> = Kind::ALL.iter().map(Kind::to_string).collect();
    assert_eq!(names, ["mutex-vec", "channel", "mutex-ring", "atomic-ring"]);
    for (kind, name) in Kind::ALL.iter().copied().zip(&names) {
        assert_eq!(name.parse(), Ok(kind));
        assert_eq!(format!("{kind:>12}"), format!("{name:>12}"));
    }
    assert_eq!(Kind::ALL.iter().collect::<HashSet<_>>().len(), 4);
    for unknown in ["", "Channel", "atomic_ring", "AtomicRing", " channel", "channel "] {
        let error = unknown.parse::<Kind>().unwrap_err().to_string();
        assert!(names.iter().all(|name| error.contains(&format!("`{name}`"))), "{error}");
    }
}

#[test]
fn kinds_build_what_they_say() {
    let built = [0, 1, 2, 3].map(|kind| Kind::ALL[kind].build::<u8>(7).unwrap());
    assert_eq!(built.each_ref().map(|queue| queue.capacity()), [None, Some(7), Some(7), Some(7)]);
    assert_eq!(
        built.map(|queue| queue.overflow()),
        [Overflow::Grow, Overflow::RejectNewest, Overflow::EvictOldest, Overflow::EvictOldest]
    );
}

#[test]
fn a_queue_without_bounds_has_a_default() {
    let queue = MutexVec::<u8>::default();
    assert!(queue.is_empty());
    assert_eq!(queue.capacity(), None);
}

// -- Pointers to queues, and queues of others --

/// Says which of its methods was called.
#[derive(Default)]
struct Spy(Mutex<&'static str>);

impl Spy {
    fn called<R>(&self, name: &'static str, result: R) -> R {
        *self.0.lock().unwrap() = name;
        result
    }
}

impl Queue<u8> for Spy {
    fn push(&self, value: u8) -> Pushed<u8> {
        self.called("push", Pushed::Rejected(value))
    }
    fn try_push(&self, value: u8) -> Result<(), TryPushError<u8>> {
        self.called("try_push", Err(TryPushError::Full(value)))
    }
    fn pop(&self) -> Option<u8> {
        self.called("pop", Some(3))
    }
    fn try_pop(&self) -> Result<u8, TryPopError> {
        self.called("try_pop", Ok(9))
    }
    fn pop_into(&self, out: &mut Vec<u8>, max: usize) -> usize {
        out.push(4);
        self.called("pop_into", max + 1)
    }
    fn close(&self) -> bool {
        self.called("close", true)
    }
    fn is_closed(&self) -> bool {
        self.called("is_closed", true)
    }
    fn len(&self) -> usize {
        self.called("len", 5)
    }
    fn capacity(&self) -> Option<usize> {
        self.called("capacity", Some(6))
    }
    fn overflow(&self) -> Overflow {
        self.called("overflow", Overflow::RejectNewest)
    }
    fn is_empty(&self) -> bool {
        self.called("is_empty", true)
    }
    fn is_full(&self) -> bool {
        self.called("is_full", true)
    }
}

/// Every method of a pointer is the same method of the queue, those with a default too.
#[test]
fn pointers_to_queues_are_queues() {
    fn check(queue: impl Queue<u8>, spy: &Spy) {
        let called = || *spy.0.lock().unwrap();
        assert_eq!((queue.push(1), called()), (Pushed::Rejected(1), "push"));
        assert_eq!((queue.try_push(2), called()), (Err(TryPushError::Full(2)), "try_push"));
        assert_eq!((queue.pop(), called()), (Some(3), "pop"));
        assert_eq!((queue.try_pop(), called()), (Ok(9), "try_pop"));
        let mut out = Vec::new();
        assert_eq!((queue.pop_into(&mut out, 7), called()), (8, "pop_into"));
        assert_eq!(out, [4]);
        assert_eq!((queue.close(), called()), (true, "close"));
        assert_eq!((queue.is_closed(), called()), (true, "is_closed"));
        assert_eq!((queue.len(), called()), (5, "len"));
        assert_eq!((queue.capacity(), called()), (Some(6), "capacity"));
        assert_eq!((queue.overflow(), called()), (Overflow::RejectNewest, "overflow"));
        assert_eq!((queue.is_empty(), called()), (true, "is_empty"));
        assert_eq!((queue.is_full(), called()), (true, "is_full"));
    }
    let spy = &Spy::default();
    check(spy, spy);
    check(Box::new(spy), spy);
    check(Arc::new(spy), spy);
    check(spy as &dyn Queue<u8>, spy);
    check(Box::new(spy) as Box<dyn Queue<u8> + '_>, spy);
    check(Arc::new(spy) as Arc<dyn Queue<u8> + '_>, spy);
    check(&(Box::new(Arc::new(spy)) as Box<dyn Queue<u8> + '_>), spy);
}

/// A queue of somebody else's, who wrote no more than they had to: inexhaustible.
struct Spring {
    len: usize,
    capacity: Option<usize>,
}

impl Queue<u8> for Spring {
    fn push(&self, value: u8) -> Pushed<u8> {
        Pushed::Rejected(value)
    }
    fn try_push(&self, value: u8) -> Result<(), TryPushError<u8>> {
        Err(TryPushError::Full(value))
    }
    fn pop(&self) -> Option<u8> {
        Some(1)
    }
    fn close(&self) -> bool {
        false
    }
    fn is_closed(&self) -> bool {
        false
    }
    fn len(&self) -> usize {
        self.len
    }
    fn capacity(&self) -> Option<usize> {
        self.capacity
    }
    fn overflow(&self) -> Overflow {
        Overflow::RejectNewest
    }
}

#[test]
fn the_default_methods_follow_from_the_others() {
    for (len, capacity, empty, full) in [
        (0, Some(2), true, false),
        (1, Some(2), false, false),
        (2, Some(2), false, true),
        (2, None, false, false),
    ] {
        let queue = Spring { len, capacity };
        assert_eq!((queue.is_empty(), queue.is_full(), queue.is_shared()), (empty, full, false));
        assert!(ringway::TryIter::<u8, _>::new(&queue).take(3).eq([1, 1, 1]));
        assert_eq!(queue.try_pop(), Ok(1));
    }
    // Ends, though there is always one more to pop.
    for (len, capacity, max, taken) in [
        (1, Some(2), usize::MAX, 2),
        (1, Some(2), 1, 1),
        (3, None, usize::MAX, 3),
        (3, None, 2, 2),
        (3, None, 0, 0),
    ] {
        let mut out = vec![0];
        assert_eq!(Spring { len, capacity }.pop_into(&mut out, max), taken);
        assert_eq!(out[..], [0, 1, 1, 1][..=taken]);
    }
}

/// A queue is shared while others may hold it: behind a reference always, behind an `Arc` while
/// there is another one.
#[test]
fn pointers_tell_whether_a_queue_is_shared() {
    fn is_shared(queue: impl Queue<u8>) -> bool {
        queue.is_shared()
    }
    let queue = MutexVec::<u8>::new();
    assert!(!queue.is_shared());
    assert!(is_shared(&queue) && is_shared(Box::new(&queue)) && is_shared(Arc::new(&queue)));

    let boxed: Box<dyn Queue<u8>> = Box::new(queue);
    assert!(!boxed.is_shared());
    let arc: Arc<dyn Queue<u8>> = Arc::from(boxed);
    assert!(!arc.is_shared());
    let another = Arc::clone(&arc);
    assert!(arc.is_shared() && another.is_shared());
    assert!(Box::new(Arc::clone(&arc)).is_shared());
    drop(arc);
    assert!(!another.is_shared());
    let weak = Arc::downgrade(&another);
    assert!(another.is_shared(), "the weak one may become another");
    drop(weak);
    assert!(!another.is_shared());
}

/// Without the trait, of which nothing is imported here: all methods of the queues are their own
/// too.
mod inherent_methods {
    use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Overflow, Pushed, TryPushError};

    macro_rules! all {
        ($($test:ident, $new:expr, $name:ident, $overflow:ident;)*) => {$(
            #[test]
            fn $test() {
                let queue: $name<u8> = $new;
                assert_eq!(queue.push(1), Pushed::Stored);
                assert_eq!(queue.try_push(2), Ok(()));
                assert_eq!((queue.len(), queue.is_empty()), (2, false));
                assert_eq!(queue.is_full(), queue.overflow() != Overflow::Grow);
                assert_eq!(queue.overflow(), Overflow::$overflow);
                assert_eq!(queue.pop(), Some(1));
                let mut out = vec![0];
                assert_eq!((queue.pop_into(&mut out, 9), out), (1, vec![0, 2]));
                assert_eq!(queue.push(3), Pushed::Stored);
                assert!(!queue.is_closed() && queue.close() && queue.is_closed() && !queue.close());
                assert_eq!(queue.push(4), Pushed::Closed(4));
                assert_eq!(queue.try_push(5), Err(TryPushError::Closed(5)));
                assert!(ringway::TryIter::new(&queue).eq([3]));
                assert_eq!(queue.into_iter().next(), None);
            }
        )*};
    }
    all! {
        mutex_vec, MutexVec::new(), MutexVec, Grow;
        channel, ChannelQueue::new(2), ChannelQueue, RejectNewest;
        mutex_ring, MutexRing::new(2), MutexRing, EvictOldest;
        atomic_ring, AtomicRing::new(2), AtomicRing, EvictOldest;
    }

    /// `new` of the queue that allocates nothing is const, and its memory can be had back.
    #[test]
    fn mutex_vec_in_a_static() {
        static QUEUE: MutexVec<String> = MutexVec::new();
        for i in 0..100 {
            assert!(QUEUE.push(i.to_string()).is_stored());
        }
        assert!((0..60).all(|i| QUEUE.pop() == Some(i.to_string())));
        QUEUE.shrink_to_fit();
        assert_eq!(QUEUE.push("100".into()), Pushed::Stored);
        assert!(QUEUE.try_iter().eq((60..=100).map(|i| i.to_string())));
    }
}

/// It pops what is there when it is asked, and goes on when there is more.
#[test]
fn an_iterator_that_never_waits() {
    for (name, queue) in queues::all::<u32>(3) {
        let mut popping = ringway::TryIter::new(&queue);
        assert_eq!(popping.next(), None, "{name}");
        for i in 0..3 {
            assert!(queue.push(i).is_stored());
        }
        assert_eq!((popping.next(), popping.next()), (Some(0), Some(1)), "{name}");
        assert!(queue.push(3).is_stored());
        assert!(queue.close());
        assert!(popping.eq([2, 3]), "{name}");
        assert_eq!(ringway::TryIter::new(&queue).next(), None, "{name}");
    }
}

#[test]
fn iterators_know_how_many_are_left() {
    fn check<Q>(queue: Q)
    where
        Q: Queue<u32> + IntoIterator<Item = u32, IntoIter: ExactSizeIterator>,
    {
        for i in 0..5 {
            assert!(queue.push(i).is_stored());
        }
        let mut elements = queue.into_iter();
        for i in 0..5 {
            assert_eq!((elements.len(), elements.size_hint()), (5 - i, (5 - i, Some(5 - i))));
            assert_eq!(elements.next(), Some(i as u32));
        }
        assert_eq!(elements.len(), 0);
        assert_eq!((elements.next(), elements.next()), (None, None));
    }
    check(MutexVec::new());
    check(ChannelQueue::new(5));
    check(MutexRing::new(5));
    check(AtomicRing::new(5));
}

// -- At the end of a thread --

fn used_while_the_thread_ends<T: Copy + Debug + PartialEq + Send + 'static>(
    queue: Arc<dyn Queue<T>>,
    elements: [T; 3],
) {
    let popped = Arc::new(Mutex::new(Vec::new()));
    let [first, before, after] = elements;
    thread::spawn({
        let popped = Arc::clone(&popped);
        move || {
            let pop_and_push = |element| {
                let (queue, popped) = (Arc::clone(&queue), Arc::clone(&popped));
                move || {
                    // No assertion: a panic in here would abort.
                    popped.lock().unwrap().push(queue.pop());
                    popped.lock().unwrap().push(queue.push(element).displaced());
                }
            };
            at_exit::wanted_before(pop_and_push(before));
            assert_eq!(queue.push(first), Pushed::Stored);
            at_exit::wanted_after(pop_and_push(after));
            // For the end of this thread to be the end of the queue too.
            drop(queue);
        }
    })
    .join()
    .unwrap();
    let popped = popped.lock().unwrap();
    let one_way = [Some(first), None, Some(before), None];
    let the_other = [Some(first), None, Some(after), None];
    assert!(**popped == one_way || **popped == the_other, "{popped:?}");
}

#[test]
fn every_queue_works_while_a_thread_ends() {
    for (_, queue) in queues::all(1) {
        used_while_the_thread_ends(queue.into(), [1, 2, 3]);
    }
    for (_, queue) in queues::all(1) {
        used_while_the_thread_ends(queue.into(), [[1; 6], [2; 6], [3; 6]]);
    }
}

/// More threads, one after another, than can be alive at once: each gives back whatever it had of
/// the queue's, and of the one around it, which has it at the same time.
#[test]
fn threads_leave_nothing_behind() {
    const THREADS: usize = (1 << 16) + 500;
    let queue = Arc::new(Metered::new(AtomicRing::new(3 * THREADS)));
    let push = |queue: &Metered<AtomicRing<[usize; 2]>>| assert!(queue.push([1, 2]).is_stored());
    for _ in 0..THREADS {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let push_at_exit = || {
                let queue = Arc::clone(&queue);
                move || push(&queue)
            };
            at_exit::wanted_before(push_at_exit());
            push(&queue);
            at_exit::wanted_after(push_at_exit());
        })
        .join()
        .unwrap();
    }
    assert!(queue.is_full());
    assert_eq!(queue.stats().stored, 3 * THREADS as u64);
}
