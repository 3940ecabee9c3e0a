//! The channels of `tokio::sync`, which have one receiver.

use bench_support::channel::{AsyncChannel, Channel};
use bench_support::contender::{Consumer, Contender, Family, Kind, OnlyEnd, Producer};
use bench_support::element::Element;
use bench_support::entrant::Entrant;
use ringway::Pushed;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{broadcast, mpsc};

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![Entrant::channel::<Mpsc>(), Entrant::tasks::<Mpsc>(), Entrant::queue::<TokioBroadcast>()]
}

struct Mpsc;

impl Channel for Mpsc {
    const NAME: &'static str = "tokio mpsc";
    const KIND: Kind = Kind::Rejects;
    const MAX_CONSUMERS: usize = 1;

    type Sender<T: Element> = mpsc::Sender<T>;
    type Receiver<T: Element> = mpsc::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (mpsc::Sender<T>, mpsc::Receiver<T>) {
        mpsc::channel(capacity)
    }

    #[inline(always)]
    fn push<T: Element>(sender: &mpsc::Sender<T>, value: T) -> Pushed<T> {
        sender
            .try_send(value)
            .map_or_else(|full| Pushed::Rejected(full.into_inner()), |()| Pushed::Stored)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &mpsc::Sender<T>, value: T) -> bool {
        sender.blocking_send(value).is_ok()
    }

    #[inline(always)]
    fn try_recv<T: Element>(receiver: &mut mpsc::Receiver<T>) -> Option<T> {
        receiver.try_recv().ok()
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut mpsc::Receiver<T>) -> Option<T> {
        receiver.blocking_recv()
    }

    fn another<T: Element>(_: &mpsc::Receiver<T>) -> Option<mpsc::Receiver<T>> {
        None
    }
}

impl AsyncChannel for Mpsc {
    async fn recv_async<T: Element>(receiver: &mut mpsc::Receiver<T>) -> Option<T> {
        receiver.recv().await
    }
}

/// A ring behind locks, from which every receiver gets a clone of everything; with one receiver it
/// is a queue, whose capacity is rounded up to a power of two. It takes part as one that does not
/// wait.
struct TokioBroadcast;

impl Family for TokioBroadcast {
    const NAME: &'static str = "tokio broadcast";
    const KIND: Kind = Kind::Evicts;
    const MAX_CONSUMERS: usize = 1;
    /// `send` drops what it overwrites; the receiver learns how much that was.
    const GIVES_BACK: bool = false;
    const IS_QUEUE: bool = false;
    type Queue<T: Element> = Broadcast<T>;
}

pub(crate) struct Broadcast<T> {
    sender: broadcast::Sender<T>,
    /// The channel is open as long as it is there, here or taken.
    receiver: OnlyEnd<broadcast::Receiver<T>>,
}

pub(crate) struct BroadcastSender<T>(broadcast::Sender<T>);

pub(crate) struct BroadcastReceiver<T>(broadcast::Receiver<T>);

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
