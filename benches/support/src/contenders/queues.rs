//! The crate's own queues, and the two peers that everybody compares with.

use std::hint::black_box;
use std::sync::Arc;

use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::ArrayQueue;
use ringway::{AtomicRing, ChannelQueue, Metered, MutexRing, MutexVec, Pushed, Queue, spsc};

use crate::contender::{Consumer, Contender, Direct, Family, Kind, OnlyEnd, Producer, Shared};
use crate::element::Element;
use crate::entrant::Entrant;

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![
        Entrant::queue::<Of<AtomicRing<()>>>(),
        Entrant::queue::<Spsc>(),
        Entrant::queue::<Of<MutexRing<()>>>(),
        Entrant::queue::<Of<ChannelQueue<()>>>(),
        Entrant::queue::<Of<MutexVec<()>>>(),
        Entrant::queue::<Of<MeteredRing<()>>>(),
        // What it costs to call the same by other ways.
        Entrant::of_one_thread::<Of<SharedRing<()>>>(),
        Entrant::of_one_thread::<Of<DynQueue<()>>>(),
        Entrant::queue::<Of<ArrayQueue<()>>>(),
        Entrant::queue::<Of<ConcurrentQueue<()>>>(),
    ]
}

type MeteredRing<T> = Metered<AtomicRing<T>>;
type SharedRing<T> = Arc<AtomicRing<T>>;
type DynQueue<T> = Box<dyn Queue<T>>;

/// The family of a generic queue, named by one of its types.
struct Of<Q>(Q);

macro_rules! families {
    ($($queue:ident: $name:literal, $kind:ident;)*) => {$(
        impl Family for Of<$queue<()>> {
            const NAME: &'static str = $name;
            const KIND: Kind = Kind::$kind;

            type Queue<T: Element> = Direct<$queue<T>>;
        }
    )*};
}
families! {
    AtomicRing: "AtomicRing", Evicts;
    MutexRing: "MutexRing", Evicts;
    ChannelQueue: "ChannelQueue", Rejects;
    MutexVec: "MutexVec", Grows;
    MeteredRing: "metered AtomicRing", Evicts;
    SharedRing: "Arc of AtomicRing", Evicts;
    DynQueue: "dyn AtomicRing", Evicts;
    ArrayQueue: "ArrayQueue", Evicts;
    ConcurrentQueue: "ConcurrentQueue", Evicts;
}

/// `$by` is the type or trait whose methods are called on `$at`.
macro_rules! own {
    ($($queue:ident: $new:expr, $by:ident |$it:ident| $at:expr;)*) => {$(
        impl<T: Element> Shared<T> for $queue<T> {
            fn with_capacity(capacity: usize) -> Self {
                $new(capacity)
            }

            #[inline(always)]
            fn push(&self, value: T) -> Pushed<T> {
                let $it = self;
                $by::push($at, value)
            }

            #[inline(always)]
            fn pop(&self) -> Option<T> {
                let $it = self;
                $by::pop($at)
            }

            #[inline(always)]
            fn length(&self) -> usize {
                let $it = self;
                $by::len($at)
            }

            #[inline(always)]
            fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
                let $it = self;
                $by::pop_into($at, out, max)
            }
        }
    )*};
}
own! {
    AtomicRing: AtomicRing::new, AtomicRing |it| it;
    MutexRing: MutexRing::new, MutexRing |it| it;
    ChannelQueue: ChannelQueue::new, ChannelQueue |it| it;
    MutexVec: |_| MutexVec::new(), MutexVec |it| it;
    MeteredRing: |n| Metered::new(AtomicRing::new(n)), Queue |it| it;
    SharedRing: |n| Arc::new(AtomicRing::new(n)), AtomicRing |it| it;
    DynQueue: |n| Box::new(AtomicRing::new(n)), Queue |it| &**it;
}

impl<T: Element> Shared<T> for ArrayQueue<T> {
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

    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
    }
}

impl<T: Element> Shared<T> for ConcurrentQueue<T> {
    fn with_capacity(capacity: usize) -> Self {
        Self::bounded(capacity)
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        match self.force_push(value) {
            Ok(evicted) => evicted.map_or(Pushed::Stored, Pushed::Evicted),
            Err(closed) => Pushed::Closed(closed.0),
        }
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        self.pop().ok()
    }

    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
    }
}

struct Spsc;

impl Family for Spsc {
    const NAME: &'static str = "spsc";
    const KIND: Kind = Kind::Evicts;
    const MAX_PRODUCERS: usize = 1;
    const MAX_CONSUMERS: usize = 1;

    type Queue<T: Element> = SpscRing<T>;
}

struct SpscRing<T> {
    producer: OnlyEnd<spsc::Producer<T>>,
    consumer: OnlyEnd<spsc::Consumer<T>>,
}

impl<T: Element> Contender<T> for SpscRing<T> {
    type Producer<'a> = spsc::Producer<T>;
    type Consumer<'a> = spsc::Consumer<T>;

    fn with_capacity(capacity: usize) -> Self {
        let (producer, consumer) = spsc::ring(capacity);
        Self { producer: OnlyEnd::new(producer), consumer: OnlyEnd::new(consumer) }
    }

    fn producer(&self) -> spsc::Producer<T> {
        self.producer.take()
    }

    fn consumer(&self) -> spsc::Consumer<T> {
        self.consumer.take()
    }
}

impl<T> Producer<T> for spsc::Producer<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        self.push(value)
    }

    #[inline(always)]
    fn push_all(&mut self, values: &[T]) -> u64
    where
        T: Copy,
    {
        let evicted = |value| {
            black_box(value);
        };
        self.push_all(values.iter().copied(), evicted) as u64
    }
}

impl<T> Consumer<T> for spsc::Consumer<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.pop()
    }

    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        self.pop_into(out, max)
    }
}
