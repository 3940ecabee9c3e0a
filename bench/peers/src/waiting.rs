//! Peers at whose ends one waits.

use ringway_bench::{Awaited, Element, Entrant, Kind, Waiting};
use tokio::sync::mpsc;

use crate::{AsyncChannel, Flume, Kanal};

pub(crate) fn channels() -> Vec<Entrant> {
    vec![
        Entrant::waiting::<AsyncChannel>(),
        Entrant::waiting::<AsyncChannelWaits>(),
        Entrant::awaited::<AsyncChannelWaits>(),
        Entrant::waiting::<Flume>(),
        Entrant::awaited::<Flume>(),
        Entrant::waiting::<Kanal>(),
        Entrant::awaited::<Kanal>(),
        Entrant::waiting::<TokioMpsc>(),
        Entrant::awaited::<TokioMpsc>(),
    ]
}

/// By `force_send`.
impl Waiting for AsyncChannel {
    const NAME: &'static str = "async-channel, force_send";
    const KIND: Kind = Kind::Evicts;

    type Sender<T: Element> = async_channel::Sender<T>;
    type Receiver<T: Element> = async_channel::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        async_channel::bounded(capacity)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) {
        let _ = sender.force_send(value);
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv_blocking().ok()
    }
}

/// The same by `send_blocking`.
struct AsyncChannelWaits;

impl Waiting for AsyncChannelWaits {
    const NAME: &'static str = "async-channel";
    const KIND: Kind = Kind::Waits;

    type Sender<T: Element> = async_channel::Sender<T>;
    type Receiver<T: Element> = async_channel::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        async_channel::bounded(capacity)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) {
        let _ = sender.send_blocking(value);
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv_blocking().ok()
    }
}

impl Awaited for AsyncChannelWaits {
    async fn recv_async<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().await.ok()
    }
}

impl Waiting for Flume {
    const NAME: &'static str = "flume";
    const KIND: Kind = Kind::Waits;

    type Sender<T: Element> = flume::Sender<T>;
    type Receiver<T: Element> = flume::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        flume::bounded(capacity)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) {
        let _ = sender.send(value);
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().ok()
    }
}

impl Awaited for Flume {
    async fn recv_async<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv_async().await.ok()
    }
}

impl Waiting for Kanal {
    const NAME: &'static str = "kanal";
    const KIND: Kind = Kind::Waits;

    type Sender<T: Element> = kanal::Sender<T>;
    type Receiver<T: Element> = kanal::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        kanal::bounded(capacity)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) {
        let _ = sender.send(value);
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().ok()
    }
}

impl Awaited for Kanal {
    async fn recv_async<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.as_async().recv().await.ok()
    }
}

struct TokioMpsc;

impl Waiting for TokioMpsc {
    const NAME: &'static str = "tokio mpsc";
    const KIND: Kind = Kind::Waits;

    type Sender<T: Element> = mpsc::Sender<T>;
    type Receiver<T: Element> = mpsc::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        mpsc::channel(capacity)
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) {
        let _ = sender.blocking_send(value);
    }

    #[inline(always)]
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.blocking_recv()
    }
}

impl Awaited for TokioMpsc {
    async fn recv_async<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        receiver.recv().await
    }
}
