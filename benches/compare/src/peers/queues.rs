//! A queue without waiting.

use bench_support::contender::{Consumer, Contender, Family, Kind, OnlyEnd, Producer};
use bench_support::element::Element;
use bench_support::entrant::Entrant;
use ringway::Pushed;

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![Entrant::queue::<Rtrb>()]
}

/// For one producer and one consumer, which need no read-modify-write: the limit of what a queue
/// that never overwrites can do.
struct Rtrb;

impl Family for Rtrb {
    const NAME: &'static str = "rtrb";
    const KIND: Kind = Kind::Rejects;
    const MAX_PRODUCERS: usize = 1;
    const MAX_CONSUMERS: usize = 1;
    type Queue<T: Element> = RtrbEnds<T>;
}

pub(crate) struct RtrbEnds<T> {
    producer: OnlyEnd<rtrb::Producer<T>>,
    consumer: OnlyEnd<rtrb::Consumer<T>>,
}

pub(crate) struct RtrbProducer<T>(rtrb::Producer<T>);

pub(crate) struct RtrbConsumer<T>(rtrb::Consumer<T>);

impl<T: Element> Contender<T> for RtrbEnds<T> {
    type Producer<'a> = RtrbProducer<T>;
    type Consumer<'a> = RtrbConsumer<T>;

    fn with_capacity(capacity: usize) -> Self {
        let (producer, consumer) = rtrb::RingBuffer::new(capacity);
        Self { producer: OnlyEnd::new(producer), consumer: OnlyEnd::new(consumer) }
    }

    fn producer(&self) -> RtrbProducer<T> {
        RtrbProducer(self.producer.take())
    }

    fn consumer(&self) -> RtrbConsumer<T> {
        RtrbConsumer(self.consumer.take())
    }
}

impl<T: Element> Producer<T> for RtrbProducer<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        match self.0.push(value) {
            Ok(()) => Pushed::Stored,
            Err(rtrb::PushError::Full(value)) => Pushed::Rejected(value),
        }
    }

    #[inline(always)]
    fn push_all(&mut self, values: &[T]) -> u64
    where
        T: Copy,
    {
        let (stored, _) = self.0.push_partial_slice(values);
        stored.len() as u64
    }
}

impl<T: Element> Consumer<T> for RtrbConsumer<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.0.pop().ok()
    }

    fn length(&self) -> usize {
        self.0.slots()
    }

    #[inline(always)]
    fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        let count = self.0.slots().min(max);
        out.extend(self.0.read_chunk(count).into_iter().flatten());
        count
    }
}
