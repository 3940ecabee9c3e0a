//! The crate's own queues, and the two peers that everybody compares with.

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
        Entrant::queue::<Of<ArrayQueue<()>>>(),
        Entrant::queue::<Of<ConcurrentQueue<()>>>(),
    ]
}

type MeteredRing<T> = Metered<AtomicRing<T>>;

/// The family of a generic queue, named by one of its types.
struct Of<Q>(Q);

macro_rules! families {
    ($($queue:ident, $name:literal, $kind:ident, $new:expr, $push:expr, $pop:expr;)*) => {$(
        impl Family for Of<$queue<()>> {
            const NAME: &'static str = $name;
            const KIND: Kind = Kind::$kind;

            type Queue<T: Element> = Direct<$queue<T>>;
        }

        impl<T: Element> Shared<T> for $queue<T> {
            fn with_capacity(capacity: usize) -> Self {
                $new(capacity)
            }

            #[inline(always)]
            fn push(&self, value: T) -> Pushed<T> {
                $push(self, value)
            }

            #[inline(always)]
            fn pop(&self) -> Option<T> {
                $pop(self)
            }
        }
    )*};
}
families! {
    AtomicRing, "AtomicRing", Evicts, AtomicRing::new, AtomicRing::push, AtomicRing::pop;
    MutexRing, "MutexRing", Evicts, MutexRing::new, MutexRing::push, MutexRing::pop;
    ChannelQueue, "ChannelQueue", Rejects, ChannelQueue::new, ChannelQueue::push, ChannelQueue::pop;
    MutexVec, "MutexVec", Grows, |_| MutexVec::new(), MutexVec::push, MutexVec::pop;
    MeteredRing, "metered AtomicRing", Evicts, |n| Metered::new(AtomicRing::new(n)), Queue::push, Queue::pop;
    ArrayQueue, "ArrayQueue", Evicts, ArrayQueue::new, force_push, ArrayQueue::pop;
    ConcurrentQueue, "ConcurrentQueue", Evicts, ConcurrentQueue::bounded, force_push_open, |queue: &Self| queue.pop().ok();
}

#[inline(always)]
fn force_push<T>(queue: &ArrayQueue<T>, value: T) -> Pushed<T> {
    queue.force_push(value).map_or(Pushed::Stored, Pushed::Evicted)
}

#[inline(always)]
fn force_push_open<T>(queue: &ConcurrentQueue<T>, value: T) -> Pushed<T> {
    match queue.force_push(value) {
        Ok(evicted) => evicted.map_or(Pushed::Stored, Pushed::Evicted),
        Err(closed) => Pushed::Closed(closed.0),
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
}

impl<T> Consumer<T> for spsc::Consumer<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.pop()
    }
}
