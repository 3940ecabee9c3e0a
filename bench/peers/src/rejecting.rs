//! Peers that give the new element back when they are full.

use ringway::Pushed;
use ringway_bench::{Consumer, Contender, Element, Family, Kind, OnlyEnd, Producer};

use crate::channel::{Channel, Ends};

pub struct Flume;

impl Family for Flume {
    const NAME: &'static str = "flume";
    const KIND: Kind = Kind::Rejects;
    type Queue<T: Element> = Ends<T, Self>;
}

impl<T: Element> Channel<T> for Flume {
    type Sender = flume::Sender<T>;
    type Receiver = flume::Receiver<T>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        flume::bounded(capacity)
    }

    #[inline(always)]
    fn push(sender: &Self::Sender, value: T) -> Pushed<T> {
        sender.try_send(value).map_or_else(|full| Pushed::Rejected(full.into_inner()), |()| Pushed::Stored)
    }

    #[inline(always)]
    fn pop(receiver: &Self::Receiver) -> Option<T> {
        receiver.try_recv().ok()
    }
}

pub struct Kanal;

impl Family for Kanal {
    const NAME: &'static str = "kanal";
    const KIND: Kind = Kind::Rejects;
    type Queue<T: Element> = Ends<T, Self>;
}

impl<T: Element> Channel<T> for Kanal {
    type Sender = kanal::Sender<T>;
    type Receiver = kanal::Receiver<T>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        kanal::bounded(capacity)
    }

    #[inline(always)]
    fn push(sender: &Self::Sender, value: T) -> Pushed<T> {
        // `try_send` would drop what it cannot take. Neither this nor `try_recv` waits for elements or space, but both lock.
        let mut value = Some(value);
        let _ = sender.try_send_option(&mut value);
        value.map_or(Pushed::Stored, Pushed::Rejected)
    }

    #[inline(always)]
    fn pop(receiver: &Self::Receiver) -> Option<T> {
        receiver.try_recv().ok().flatten()
    }
}

/// The flavour for many producers and many consumers, in all scenes.
pub struct Crossfire;

impl Family for Crossfire {
    const NAME: &'static str = "crossfire";
    const KIND: Kind = Kind::Rejects;
    type Queue<T: Element> = Ends<T, Self>;
}

impl<T: Element> Channel<T> for Crossfire {
    type Sender = crossfire::MTx<crossfire::mpmc::Array<T>>;
    type Receiver = crossfire::MRx<crossfire::mpmc::Array<T>>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        crossfire::mpmc::bounded_blocking(capacity)
    }

    #[inline(always)]
    fn push(sender: &Self::Sender, value: T) -> Pushed<T> {
        sender.try_send(value).map_or_else(|full| Pushed::Rejected(full.into_inner()), |()| Pushed::Stored)
    }

    #[inline(always)]
    fn pop(receiver: &Self::Receiver) -> Option<T> {
        receiver.try_recv().ok()
    }
}

/// For one producer and one consumer, which need no read-modify-write: the limit of what a queue that never overwrites
/// can do.
pub struct Rtrb;

impl Family for Rtrb {
    const NAME: &'static str = "rtrb";
    const KIND: Kind = Kind::Rejects;
    const MAX_PRODUCERS: usize = 1;
    const MAX_CONSUMERS: usize = 1;
    type Queue<T: Element> = RtrbEnds<T>;
}

pub struct RtrbEnds<T> {
    producer: OnlyEnd<rtrb::Producer<T>>,
    consumer: OnlyEnd<rtrb::Consumer<T>>,
}

pub struct RtrbProducer<T>(rtrb::Producer<T>);

pub struct RtrbConsumer<T>(rtrb::Consumer<T>);

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
}

impl<T: Element> Consumer<T> for RtrbConsumer<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.0.pop().ok()
    }
}
