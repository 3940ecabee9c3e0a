//! The crate's pipes, and the channel that everybody compares with.

use std::time::Duration;

use ringway::{AtomicRing, ChannelQueue, MutexRing, Pushed, Queue, Receiver, Sender, pipe};

use crate::contender::{Consumer, Contender, Family, Kind, Producer};
use crate::element::{Element, Only, PIPE};
use crate::entrant::Entrant;
use crate::task::{Task, What};
use crate::waiting::{Awaited, Waiting};

pub(crate) fn pipes() -> Vec<Entrant> {
    /// What a pipe adds to its queue.
    fn beside_its_queue<F: Family>() -> Entrant {
        let takes =
            |task: &Task| matches!(task.what, What::Pair(_)) || task.what == What::Overwrite && F::KIND == Kind::Evicts;
        Entrant { takes, ..Entrant::of::<F>() }
    }
    vec![
        beside_its_queue::<PipeOf<AtomicRing<()>>>(),
        beside_its_queue::<PipeOf<MutexRing<()>>>(),
        beside_its_queue::<PipeOf<ChannelQueue<()>>>(),
        Entrant::waiting::<Pipe<false, false>>(),
        Entrant::awaited::<Pipe<false, false>>(),
        Entrant::waiting::<Pipe<true, false>>(),
        Entrant { takes: |task| task.what == What::Flow(Kind::Evicts), ..Entrant::waiting::<Pipe<false, true>>() },
        Entrant { takes: |task| task.what == What::Flow(Kind::Waits), ..Entrant::waiting::<Pipe<true, true>>() },
        Entrant::waiting::<Crossbeam>(),
    ]
}

/// The family of a pipe of a queue, named by one of its types, as a queue: nobody waits.
struct PipeOf<Q>(Q);

macro_rules! families {
    ($($queue:ident, $kind:ident;)*) => {$(
        impl Family for PipeOf<$queue<()>> {
            const NAME: &'static str = concat!("pipe of ", stringify!($queue));
            const KIND: Kind = Kind::$kind;

            type Queue<T: Element> = Ends<T, $queue<Only<T, PIPE>>>;
        }

        impl<T: Element> New for $queue<Only<T, PIPE>> {
            fn new(capacity: usize) -> Self {
                Self::new(capacity)
            }
        }
    )*};
}
families! {
    AtomicRing, Evicts;
    MutexRing, Evicts;
    ChannelQueue, Rejects;
}

trait New {
    fn new(capacity: usize) -> Self;
}

/// Of elements of its own, so that the bare queue has its timed loop for itself.
struct Ends<T, Q> {
    sender: Sender<Only<T, PIPE>, Q>,
    receiver: Receiver<Only<T, PIPE>, Q>,
}

impl<T: Element, Q: Queue<Only<T, PIPE>> + New + 'static> Contender<T> for Ends<T, Q> {
    type Producer<'a> = Sender<Only<T, PIPE>, Q>;
    type Consumer<'a> = Receiver<Only<T, PIPE>, Q>;

    fn with_capacity(capacity: usize) -> Self {
        let (sender, receiver) = pipe(Q::new(capacity));
        Self { sender, receiver }
    }

    fn producer(&self) -> Sender<Only<T, PIPE>, Q> {
        self.sender.clone()
    }

    fn consumer(&self) -> Receiver<Only<T, PIPE>, Q> {
        self.receiver.clone()
    }
}

impl<T, Q: Queue<Only<T, PIPE>>> Producer<T> for Sender<Only<T, PIPE>, Q> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        let Ok(pushed) = self.send(Only(value)) else { unreachable!("both ends live as long as the contender") };
        Only::pushed(pushed)
    }
}

impl<T, Q: Queue<Only<T, PIPE>>> Consumer<T> for Receiver<Only<T, PIPE>, Q> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.try_recv().ok().map(|Only(value)| value)
    }
}

/// By `send`, or else by `send_wait`; received one by one, or else in batches.
struct Pipe<const WAITS: bool, const BATCHES: bool>;

struct PipeReceiver<T> {
    receiver: Receiver<T>,
    /// The oldest is the last.
    batch: Vec<T>,
}

impl<const WAITS: bool, const BATCHES: bool> Waiting for Pipe<WAITS, BATCHES> {
    const NAME: &'static str = match (WAITS, BATCHES) {
        (false, false) => "pipe",
        (false, true) => "pipe, recv_batch",
        (true, false) => "pipe, send_wait",
        (true, true) => "pipe, send_wait, recv_batch",
    };
    const KIND: Kind = if WAITS { Kind::Waits } else { Kind::Evicts };

    type Sender<T: Element> = Sender<T>;
    type Receiver<T: Element> = PipeReceiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Sender<T>, PipeReceiver<T>) {
        let (sender, receiver) = pipe(AtomicRing::new(capacity));
        (sender, PipeReceiver { receiver, batch: Vec::with_capacity(BATCH) })
    }

    #[inline(always)]
    fn send<T: Element>(sender: &Sender<T>, value: T) {
        if WAITS {
            let _ = sender.send_wait(value);
        } else {
            let _ = sender.send(value);
        }
    }

    #[inline(always)]
    fn recv<T: Element>(PipeReceiver { receiver, batch }: &mut PipeReceiver<T>) -> Option<T> {
        if !BATCHES {
            return receiver.recv().ok();
        }
        if batch.is_empty() {
            receiver.recv_batch(batch, BATCH, Duration::ZERO).ok()?;
            batch.reverse();
        }
        batch.pop()
    }
}

const BATCH: usize = 64;

impl Awaited for Pipe<false, false> {
    async fn recv_async<T: Element>(receiver: &mut PipeReceiver<T>) -> Option<T> {
        receiver.receiver.recv_async().await.ok()
    }
}

struct Crossbeam;

impl Waiting for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    const KIND: Kind = Kind::Waits;

    type Sender<T: Element> = crossbeam_channel::Sender<T>;
    type Receiver<T: Element> = crossbeam_channel::Receiver<T>;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        crossbeam_channel::bounded(capacity)
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
