//! What a channel must offer to be compared, and how it takes part where queues do.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use ringway::Pushed;

use crate::contender::{Consumer, Contender, Family, Kind, Producer};
use crate::element::Element;

/// A kind of channel, for elements of any type. Its functions are always inlined, as those of a
/// [`Contender`].
pub trait Channel: 'static {
    const NAME: &'static str;
    /// What [`push`](Self::push) does when it is full.
    const KIND: Kind;
    const MAX_CONSUMERS: usize = usize::MAX;
    /// Whether [`send`](Self::send) waits for room, or else evicts, too.
    const WAITS: bool = true;

    type Sender<T: Element>: Clone + Send + Sync + 'static;
    type Receiver<T: Element>: Send + 'static;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>);

    /// Never waits.
    fn push<T: Element>(sender: &Self::Sender<T>, value: T) -> Pushed<T>;

    /// Waits for room; `false` when there is no receiver any more.
    fn send<T: Element>(sender: &Self::Sender<T>, value: T) -> bool;

    fn try_recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T>;

    /// Waits for an element; `None` once all senders are gone, and what they sent.
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T>;

    /// Another receiver of the same channel, if there can be more than one.
    fn another<T: Element>(receiver: &Self::Receiver<T>) -> Option<Self::Receiver<T>>;
}

/// One from which a task can receive too.
pub trait AsyncChannel: Channel {
    fn recv_async<T: Element>(
        receiver: &mut Self::Receiver<T>,
    ) -> impl Future<Output = Option<T>> + Send;
}

/// The family of a channel: by [`Channel::push`], or by [`Channel::send`], which waits.
pub(crate) struct By<C, const WAITS: bool>(C);

impl<C: Channel, const WAITS: bool> Family for By<C, WAITS> {
    const NAME: &'static str = C::NAME;
    const KIND: Kind = if WAITS { Kind::Waits } else { C::KIND };
    const MAX_CONSUMERS: usize = C::MAX_CONSUMERS;
    const IS_QUEUE: bool = false;

    type Queue<T: Element> = Ends<C, T, WAITS>;
}

/// An end of each kind, from which the threads get theirs.
pub(crate) struct Ends<C: Channel, T: Element, const WAITS: bool> {
    sender: Mutex<Option<C::Sender<T>>>,
    receiver: Mutex<Option<C::Receiver<T>>>,
}

pub(crate) struct Sender<C: Channel, T: Element, const WAITS: bool>(C::Sender<T>);

pub(crate) struct Receiver<C: Channel, T: Element>(C::Receiver<T>, PhantomData<C>);

impl<C: Channel, T: Element, const WAITS: bool> Contender<T> for Ends<C, T, WAITS> {
    type Producer<'a> = Sender<C, T, WAITS>;
    type Consumer<'a> = Receiver<C, T>;

    fn with_capacity(capacity: usize) -> Self {
        let (sender, receiver) = C::bounded(capacity);
        Self { sender: Mutex::new(Some(sender)), receiver: Mutex::new(Some(receiver)) }
    }

    fn producer(&self) -> Sender<C, T, WAITS> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        Sender(sender.clone().expect("it has not ended"))
    }

    fn consumer(&self) -> Receiver<C, T> {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let another = receiver.as_ref().and_then(|receiver| C::another(receiver));
        Receiver(another.or_else(|| receiver.take()).expect("it has not ended"), PhantomData)
    }

    /// From here on the threads alone keep the channel open.
    fn end(&self) {
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.receiver.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl<C: Channel, T: Element, const WAITS: bool> Producer<T> for Sender<C, T, WAITS> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        if !WAITS {
            C::push(&self.0, value)
        } else if C::send(&self.0, value.clone()) {
            // Cloned, because not every channel gives back what it could not send.
            Pushed::Stored
        } else {
            Pushed::Closed(value)
        }
    }
}

impl<C: Channel, T: Element> Consumer<T> for Receiver<C, T> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        C::try_recv(&mut self.0)
    }

    /// Ends when the producers have ended.
    #[inline(always)]
    fn wait(&mut self, is_over: impl Fn() -> bool) -> Option<T> {
        C::recv(&mut self.0).filter(|_| !is_over())
    }
}
