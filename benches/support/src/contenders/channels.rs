//! The crate's channel, and the one that everybody compares with.

use std::time::Duration;

use ringway::{AtomicRing, Pushed, Receiver, Sender, channel};

use crate::channel::{AsyncChannel, Channel};
use crate::contender::Kind;
use crate::element::Element;
use crate::entrant::Entrant;

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![
        Entrant::channel::<Own<false>>(),
        Entrant::tasks::<Own<false>>(),
        Entrant::channel::<Own<true>>(),
        Entrant::channel::<Crossbeam>(),
    ]
}

/// A channel of an `AtomicRing`, received from one by one or in batches.
struct Own<const BATCHES: bool>;

const BATCH: usize = 64;

struct OwnReceiver<T> {
    receiver: Receiver<T>,
    /// The oldest is the last.
    batch: Vec<T>,
}

impl<T> OwnReceiver<T> {
    fn new(receiver: Receiver<T>) -> Self {
        Self { receiver, batch: Vec::with_capacity(BATCH) }
    }
}

impl<const BATCHES: bool> Channel for Own<BATCHES> {
    const NAME: &'static str = if BATCHES { "channel, recv_batch" } else { "channel" };
    const KIND: Kind = Kind::Evicts;

    type Sender<T: Element> = Sender<T>;
    type Receiver<T: Element> = OwnReceiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Sender<T>, OwnReceiver<T>) {
        let (sender, receiver) = channel(AtomicRing::new(capacity));
        (sender, OwnReceiver::new(receiver))
    }

    #[inline(always)]
    fn push<T: Element>(sender: &Sender<T>, value: T) -> Pushed<T> {
        sender.push(value)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Sender<T>, value: T) -> bool {
        sender.send(value).is_ok()
    }

    #[inline(always)]
    fn try_recv<T: Element>(receiver: &mut OwnReceiver<T>) -> Option<T> {
        receiver.receiver.try_recv().ok()
    }

    #[inline(always)]
    fn recv<T: Element>(OwnReceiver { receiver, batch }: &mut OwnReceiver<T>) -> Option<T> {
        if !BATCHES {
            return receiver.recv().ok();
        }
        if batch.is_empty() {
            receiver.recv_batch(batch, BATCH, Duration::ZERO).ok()?;
            batch.reverse();
        }
        batch.pop()
    }

    fn another<T: Element>(receiver: &OwnReceiver<T>) -> Option<OwnReceiver<T>> {
        Some(OwnReceiver::new(receiver.receiver.clone()))
    }
}

impl AsyncChannel for Own<false> {
    async fn recv_async<T: Element>(receiver: &mut OwnReceiver<T>) -> Option<T> {
        receiver.receiver.recv_async().await.ok()
    }
}

struct Crossbeam;

impl Channel for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    const KIND: Kind = Kind::Rejects;

    type Sender<T: Element> = crossbeam_channel::Sender<T>;
    type Receiver<T: Element> = crossbeam_channel::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        crossbeam_channel::bounded(capacity)
    }

    #[inline(always)]
    fn push<T: Element>(sender: &Self::Sender<T>, value: T) -> Pushed<T> {
        sender
            .try_send(value)
            .map_or_else(|full| Pushed::Rejected(full.into_inner()), |()| Pushed::Stored)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) -> bool {
        sender.send(value).is_ok()
    }

    #[inline(always)]
    fn try_recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.try_recv().ok()
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().ok()
    }

    fn another<T: Element>(receiver: &Self::Receiver<T>) -> Option<Self::Receiver<T>> {
        Some(receiver.clone())
    }
}
