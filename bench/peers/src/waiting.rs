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

/// By `send_blocking`, where [`AsyncChannel`] is by `force_send`.
struct AsyncChannelWaits;

struct TokioMpsc;

macro_rules! channels {
    ($(
        $channel:ident, $name:literal, $kind:ident, $of:ident::$new:ident, $send:ident,
        |$receiver:ident| $recv:expr $(, async $recv_async:expr)?;
    )*) => {$(
        impl Waiting for $channel {
            const NAME: &'static str = $name;
            const KIND: Kind = Kind::$kind;

            type Sender<T: Element> = $of::Sender<T>;
            type Receiver<T: Element> = $of::Receiver<T>;

            fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
                $of::$new(capacity)
            }

            #[inline(always)]
            fn send<T: Element>(sender: &Self::Sender<T>, value: T) {
                let _ = sender.$send(value);
            }

            #[inline(always)]
            fn recv<T: Element>($receiver: &mut Self::Receiver<T>) -> Option<T> {
                $recv
            }
        }

        $(impl Awaited for $channel {
            async fn recv_async<T: Element>($receiver: &mut Self::Receiver<T>) -> Option<T> {
                $recv_async
            }
        })?
    )*};
}
channels! {
    AsyncChannel, "async-channel, force_send", Evicts, async_channel::bounded, force_send,
        |it| it.recv_blocking().ok();
    AsyncChannelWaits, "async-channel", Waits, async_channel::bounded, send_blocking,
        |it| it.recv_blocking().ok(), async it.recv().await.ok();
    Flume, "flume", Waits, flume::bounded, send,
        |it| it.recv().ok(), async it.recv_async().await.ok();
    Kanal, "kanal", Waits, kanal::bounded, send,
        |it| it.recv().ok(), async it.as_async().recv().await.ok();
    TokioMpsc, "tokio mpsc", Waits, mpsc::channel, blocking_send,
        |it| it.blocking_recv(), async it.recv().await;
}
