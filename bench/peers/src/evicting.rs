//! Peers that make room by giving up the oldest element.

use std::num::NonZeroUsize;

use ringway::Pushed;
use ringway_bench::{Consumer, Contender, Element, Family, Kind, OnlyEnd, Producer};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

use crate::channel::{Channel, Ends};

/// crossbeam's `ArrayQueue` inside.
pub struct RingChannel;

impl Family for RingChannel {
    const NAME: &'static str = "ring-channel";
    const KIND: Kind = Kind::Evicts;
    type Queue<T: Element> = Ends<T, Self>;
}

impl<T: Element> Channel<T> for RingChannel {
    type Sender = ring_channel::RingSender<T>;
    type Receiver = ring_channel::RingReceiver<T>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        ring_channel::ring_channel(NonZeroUsize::new(capacity).expect("no queue is for nothing"))
    }

    #[inline(always)]
    fn push(sender: &Self::Sender, value: T) -> Pushed<T> {
        match sender.send(value) {
            Ok(evicted) => evicted.map_or(Pushed::Stored, Pushed::Evicted),
            Err(ring_channel::SendError::Disconnected(value)) => Pushed::Rejected(value),
        }
    }

    #[inline(always)]
    fn pop(receiver: &Self::Receiver) -> Option<T> {
        receiver.try_recv().ok()
    }
}

/// `ConcurrentQueue` inside.
pub struct AsyncChannel;

impl Family for AsyncChannel {
    const NAME: &'static str = "async-channel";
    const KIND: Kind = Kind::Evicts;
    type Queue<T: Element> = Ends<T, Self>;
}

impl<T: Element> Channel<T> for AsyncChannel {
    type Sender = async_channel::Sender<T>;
    type Receiver = async_channel::Receiver<T>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(capacity)
    }

    #[inline(always)]
    fn push(sender: &Self::Sender, value: T) -> Pushed<T> {
        match sender.force_send(value) {
            Ok(evicted) => evicted.map_or(Pushed::Stored, Pushed::Evicted),
            Err(closed) => Pushed::Rejected(closed.0),
        }
    }

    #[inline(always)]
    fn pop(receiver: &Self::Receiver) -> Option<T> {
        receiver.try_recv().ok()
    }
}

/// A ring behind locks, from which every receiver gets a clone of everything; with one receiver it is a queue. It rounds
/// its capacity up to a power of two, and `pop` copies a message that is moved through the others.
pub struct TokioBroadcast;

impl Family for TokioBroadcast {
    const NAME: &'static str = "tokio broadcast";
    const KIND: Kind = Kind::Evicts;
    const MAX_CONSUMERS: usize = 1;
    /// `send` drops what it overwrites; the receiver learns how much that was.
    const GIVES_BACK: bool = false;
    type Queue<T: Element> = Broadcast<T>;
}

pub struct Broadcast<T> {
    sender: broadcast::Sender<T>,
    /// The channel is open as long as it is there, here or taken.
    receiver: OnlyEnd<broadcast::Receiver<T>>,
}

pub struct BroadcastSender<T>(broadcast::Sender<T>);

pub struct BroadcastReceiver<T>(broadcast::Receiver<T>);

impl<T: Element> Contender<T> for Broadcast<T> {
    type Producer<'a> = BroadcastSender<T>;
    type Consumer<'a> = BroadcastReceiver<T>;

    fn with_capacity(capacity: usize) -> Self {
        let (sender, receiver) = broadcast::channel(capacity);
        Self { sender, receiver: OnlyEnd::new(receiver) }
    }

    fn producer(&self) -> BroadcastSender<T> {
        BroadcastSender(self.sender.clone())
    }

    fn consumer(&self) -> BroadcastReceiver<T> {
        BroadcastReceiver(self.receiver.take())
    }
}

impl<T: Element> Producer<T> for BroadcastSender<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        match self.0.send(value) {
            Ok(_) => Pushed::Stored,
            Err(closed) => Pushed::Rejected(closed.0),
        }
    }
}

impl<T: Element> Consumer<T> for BroadcastReceiver<T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        loop {
            match self.0.try_recv() {
                Ok(value) => return Some(value),
                // Tells of a loss, once, and stands at the oldest element that is left.
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}
