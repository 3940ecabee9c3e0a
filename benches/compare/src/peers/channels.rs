//! Channels for any number of threads.

use std::num::NonZeroUsize;

use bench_support::channel::{AsyncChannel, Channel};
use bench_support::contender::Kind;
use bench_support::element::Element;
use bench_support::entrant::Entrant;
use ringway::Pushed;

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![
        Entrant::channel::<RingChannel>(),
        Entrant::channel::<AsyncChannelCrate>(),
        Entrant::tasks::<AsyncChannelCrate>(),
        Entrant::channel::<Flume>(),
        Entrant::tasks::<Flume>(),
        Entrant::channel::<Kanal>(),
        Entrant::tasks::<Kanal>(),
        Entrant::channel::<Crossfire>(),
    ]
}

/// crossbeam's `ArrayQueue` inside.
struct RingChannel;

struct AsyncChannelCrate;

struct Flume;

struct Kanal;

/// The flavour for many producers and many consumers.
struct Crossfire;

macro_rules! channels {
    ($($channel:ident, $name:literal, $kind:ident, waits = $waits:literal,
        $sender:ty, $receiver:ty, |$capacity:ident| $new:expr,
        |$it:ident, $value:ident| push $push:expr, send $send:expr, try_recv $try_recv:expr, recv $recv:expr
        $(, recv_async $recv_async:expr)?;)*) => {$(
        impl Channel for $channel {
            const NAME: &'static str = $name;
            const KIND: Kind = Kind::$kind;
            const WAITS: bool = $waits;

            type Sender<T: Element> = $sender;
            type Receiver<T: Element> = $receiver;

            fn bounded<T: Element>($capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
                $new
            }

            #[inline(always)]
            fn push<T: Element>($it: &Self::Sender<T>, $value: T) -> Pushed<T> {
                $push
            }

            #[inline(always)]
            fn send<T: Element>($it: &Self::Sender<T>, $value: T) -> bool {
                $send
            }

            #[inline(always)]
            fn try_recv<T: Element>($it: &mut Self::Receiver<T>) -> Option<T> {
                $try_recv
            }

            #[inline(always)]
            fn recv<T: Element>($it: &mut Self::Receiver<T>) -> Option<T> {
                $recv
            }

            fn another<T: Element>(receiver: &Self::Receiver<T>) -> Option<Self::Receiver<T>> {
                Some(receiver.clone())
            }
        }

        $(impl AsyncChannel for $channel {
            async fn recv_async<T: Element>($it: &mut Self::Receiver<T>) -> Option<T> {
                $recv_async
            }
        })?
    )*};
}
channels! {
    RingChannel, "ring-channel", Evicts, waits = false,
        ring_channel::RingSender<T>, ring_channel::RingReceiver<T>,
        |capacity| ring_channel::ring_channel(
            NonZeroUsize::new(capacity).expect("no queue is for nothing"),
        ),
        |it, value|
        push it.send(value).map_or_else(
            |ring_channel::SendError::Disconnected(value)| Pushed::Closed(value),
            evicted,
        ),
        send it.send(value).is_ok(),
        try_recv it.try_recv().ok(),
        recv it.recv().ok();
    AsyncChannelCrate, "async-channel", Evicts, waits = true,
        async_channel::Sender<T>, async_channel::Receiver<T>,
        |capacity| async_channel::bounded(capacity),
        |it, value|
        push it.force_send(value).map_or_else(|closed| Pushed::Closed(closed.0), evicted),
        send it.send_blocking(value).is_ok(),
        try_recv it.try_recv().ok(),
        recv it.recv_blocking().ok(),
        recv_async it.recv().await.ok();
    Flume, "flume", Rejects, waits = true, flume::Sender<T>, flume::Receiver<T>,
        |capacity| flume::bounded(capacity),
        |it, value|
        push stored(it.try_send(value).map_err(|error| error.into_inner())),
        send it.send(value).is_ok(),
        try_recv it.try_recv().ok(),
        recv it.recv().ok(),
        recv_async it.recv_async().await.ok();
    Kanal, "kanal", Rejects, waits = true, kanal::Sender<T>, kanal::Receiver<T>,
        |capacity| kanal::bounded(capacity),
        |it, value|
        push {
            let mut value = Some(value);
            let _ = it.try_send_option(&mut value);
            value.map_or(Pushed::Stored, Pushed::Rejected)
        },
        send it.send(value).is_ok(),
        try_recv it.try_recv().ok().flatten(),
        recv it.recv().ok(),
        recv_async it.as_async().recv().await.ok();
    Crossfire, "crossfire", Rejects, waits = true,
        crossfire::MTx<crossfire::mpmc::Array<T>>, crossfire::MRx<crossfire::mpmc::Array<T>>,
        |capacity| crossfire::mpmc::bounded_blocking(capacity),
        |it, value|
        push stored(it.try_send(value).map_err(|error| error.into_inner())),
        send it.send(value).is_ok(),
        try_recv it.try_recv().ok(),
        recv it.recv().ok();
}

fn evicted<T>(evicted: Option<T>) -> Pushed<T> {
    evicted.map_or(Pushed::Stored, Pushed::Evicted)
}

fn stored<T>(sent: Result<(), T>) -> Pushed<T> {
    sent.map_or_else(Pushed::Rejected, |()| Pushed::Stored)
}
