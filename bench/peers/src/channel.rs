use std::marker::PhantomData;

use ringway::Pushed;
use ringway_bench::{Consumer, Contender, Producer};

/// A channel for any number of threads, each of which gets a clone of an end, as channels are meant to be used.
pub trait Channel<T>: 'static {
    type Sender: Clone + Send + Sync + 'static;
    type Receiver: Clone + Send + Sync + 'static;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn push(sender: &Self::Sender, value: T) -> Pushed<T>;
    fn pop(receiver: &Self::Receiver) -> Option<T>;
}

/// Keeps an end of each kind, so that the channel is never closed.
pub struct Ends<T, C: Channel<T>> {
    sender: C::Sender,
    receiver: C::Receiver,
}

pub struct Sender<T, C: Channel<T>>(C::Sender, PhantomData<T>);

pub struct Receiver<T, C: Channel<T>>(C::Receiver, PhantomData<T>);

impl<T: 'static, C: Channel<T>> Contender<T> for Ends<T, C> {
    type Producer<'a> = Sender<T, C>;
    type Consumer<'a> = Receiver<T, C>;

    fn with_capacity(capacity: usize) -> Self {
        let (sender, receiver) = C::bounded(capacity);
        Self { sender, receiver }
    }

    fn producer(&self) -> Sender<T, C> {
        Sender(self.sender.clone(), PhantomData)
    }

    fn consumer(&self) -> Receiver<T, C> {
        Receiver(self.receiver.clone(), PhantomData)
    }
}

impl<T, C: Channel<T>> Producer<T> for Sender<T, C> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        C::push(&self.0, value)
    }
}

impl<T, C: Channel<T>> Consumer<T> for Receiver<T, C> {
    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        C::pop(&self.0)
    }
}
