//! The queues, their peers and the floor, behind one interface that is inlined away.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::ArrayQueue;
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Pushed, Queue};

use crate::CAPACITY;
use crate::element::Element;

/// Its methods are always inlined: what the queues themselves leave to calls is part of their cost, this is not.
pub(crate) trait Contender<T>: Sync + Sized {
    const NAME: &'static str;

    fn with_capacity(capacity: usize) -> Self;
    fn push(&self, value: T) -> Pushed<T>;
    fn pop(&self) -> Option<T>;
}

macro_rules! queues {
    ($($queue:ident: $new:expr;)*) => {$(
        impl<T: Send> Contender<T> for $queue<T> {
            const NAME: &'static str = stringify!($queue);

            fn with_capacity(capacity: usize) -> Self {
                $new(capacity)
            }
            #[inline(always)]
            fn push(&self, value: T) -> Pushed<T> {
                Queue::push(self, value)
            }
            #[inline(always)]
            fn pop(&self) -> Option<T> {
                Queue::pop(self)
            }
        }
    )*};
}
queues! {
    MutexVec: |_| MutexVec::new();
    ChannelQueue: ChannelQueue::new;
    MutexRing: MutexRing::new;
    AtomicRing: AtomicRing::new;
}

impl<T: Send> Contender<T> for ArrayQueue<T> {
    const NAME: &'static str = "ArrayQueue";

    fn with_capacity(capacity: usize) -> Self {
        Self::new(capacity)
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        self.force_push(value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        self.pop()
    }
}

impl<T: Send> Contender<T> for ConcurrentQueue<T> {
    const NAME: &'static str = "ConcurrentQueue";

    fn with_capacity(capacity: usize) -> Self {
        Self::bounded(capacity)
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        match self.force_push(value) {
            Ok(evicted) => evicted.map_or(Pushed::Stored, Pushed::Evicted),
            Err(closed) => Pushed::Rejected(closed.0),
        }
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        self.pop().ok()
    }
}

/// The floor: no queue that synchronises by a compare-exchange can be faster. Every push and every pop exchanges the
/// one word that there is, so it is never empty and may deliver more than was pushed.
pub(crate) struct BareExchange(AtomicU64);

impl BareExchange {
    #[inline(always)]
    fn exchange(&self, new: u64) -> u64 {
        let mut old = self.0.load(Ordering::Relaxed);
        while let Err(now) = self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
            old = now;
        }
        old
    }
}

impl<T: Element> Contender<T> for BareExchange {
    const NAME: &'static str = "bare exchange";

    fn with_capacity(_: usize) -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        Pushed::Evicted(T::new(self.exchange(value.sum())))
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        Some(T::new(self.exchange(0)))
    }
}

/// `f::<T, Q>(arguments)` for each `Q` of the crate's four.
macro_rules! each_own {
    ($f:ident::<$T:ty>($($argument:expr),*)) => {
        $f::<$T, ringway::MutexVec<$T>>($($argument),*);
        $f::<$T, ringway::ChannelQueue<$T>>($($argument),*);
        $f::<$T, ringway::MutexRing<$T>>($($argument),*);
        $f::<$T, ringway::AtomicRing<$T>>($($argument),*);
    };
}
pub(crate) use each_own;

/// The same for every queue.
macro_rules! each_queue {
    ($f:ident::<$T:ty>($($argument:expr),*)) => {
        $crate::contender::each_own!($f::<$T>($($argument),*));
        $f::<$T, crossbeam_queue::ArrayQueue<$T>>($($argument),*);
        $f::<$T, concurrent_queue::ConcurrentQueue<$T>>($($argument),*);
    };
}
pub(crate) use each_queue;

/// The same for every queue that overwrites.
macro_rules! each_overwriting {
    ($f:ident::<$T:ty>($($argument:expr),*)) => {
        $f::<$T, ringway::MutexRing<$T>>($($argument),*);
        $f::<$T, ringway::AtomicRing<$T>>($($argument),*);
        $f::<$T, crossbeam_queue::ArrayQueue<$T>>($($argument),*);
        $f::<$T, concurrent_queue::ConcurrentQueue<$T>>($($argument),*);
    };
}
pub(crate) use each_overwriting;

/// A queue of [`CAPACITY`] with `count` elements inside.
pub(crate) fn filled<T: Element, Q: Contender<T>>(count: usize) -> Q {
    let queue = Q::with_capacity(CAPACITY);
    for i in 0..count as u64 {
        let _ = queue.push(T::new(i));
    }
    queue
}

/// Checks that every queue is one, before it is timed.
///
/// # Panics
///
/// When one is not.
pub(crate) fn check_all() {
    each_queue!(check::<u64>());
    each_queue!(check::<[u64; 3]>());
}

/// Pushes and pops beside a model, over several laps, full and empty.
fn check<T: Element, Q: Contender<T>>() {
    const CAPACITY: usize = 5;
    let queue = Q::with_capacity(CAPACITY);
    let mut model = VecDeque::new();
    for i in 0..100 {
        let number = T::new(i).sum();
        match queue.push(T::new(i)) {
            Pushed::Stored => model.push_back(number),
            Pushed::Evicted(oldest) => {
                assert!(model.len() == CAPACITY, "{} evicts when it is not full", Q::NAME);
                assert_eq!(Some(oldest.sum()), model.pop_front(), "{} evicts another than the oldest", Q::NAME);
                model.push_back(number);
            }
            Pushed::Rejected(newest) => {
                assert!(model.len() == CAPACITY, "{} rejects when it is not full", Q::NAME);
                assert_eq!(newest.sum(), number, "{} rejects another than the newest", Q::NAME);
            }
        }
        let pops = if i % 10 == 9 { usize::MAX } else { (i % 3 == 0).into() };
        for _ in 0..pops {
            let popped = queue.pop().map(T::sum);
            assert_eq!(popped, model.pop_front(), "{} pops another than the oldest", Q::NAME);
            if popped.is_none() {
                break;
            }
        }
    }
}
