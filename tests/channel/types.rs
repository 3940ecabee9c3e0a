//! The auto traits and other traits of a channel's public types.

use std::cell::Cell;
use std::error::Error;
use std::fmt::Debug;
use std::iter::FusedIterator;
use std::marker::PhantomPinned;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use ringway::channel::{
    ClosedFuture, Drain, IntoIter, Iter, RecvBatchFuture, RecvFuture, RecvTimeoutError, Select,
    SendError, SendFuture, SendTimeoutError, TryIter, TryRecvError, TrySendError, WeakReceiver,
    WeakSender,
};
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Queue, Receiver, Sender, channel};

fn is_send<T: Send>() {}
fn is_send_and_sync<T: Send + Sync>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

/// Does not compile if the type has the trait: the method could then be either one's.
macro_rules! assert_not {
    ($type:ty: $($bound:tt)+) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn check() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Other;
            impl<T: ?Sized + $($bound)+> Ambiguous<Other> for T {}
            <$type as Ambiguous<_>>::check();
        };
    };
}

macro_rules! auto_traits {
    ($($name:ident: $queue:ident)*) => {$(
        #[test]
        fn $name() {
            is_send_and_sync::<Sender<u8, $queue<u8>>>();
            is_send_and_sync::<Receiver<u8, $queue<u8>>>();
            // An element is at one place at a time.
            is_send_and_sync::<Sender<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<Receiver<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<WeakSender<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<WeakReceiver<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<RecvFuture<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<ClosedFuture<$queue<Cell<u8>>>>();
            // They have elements, not only the means to move them.
            is_send::<SendFuture<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send::<RecvBatchFuture<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<IntoIter<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<Iter<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<TryIter<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<Drain<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_unwind_safe::<Sender<u8, $queue<u8>>>();
            is_unwind_safe::<Receiver<u8, $queue<u8>>>();
            is_unwind_safe::<WeakSender<u8, $queue<u8>>>();
            is_unwind_safe::<WeakReceiver<u8, $queue<u8>>>();
            is_unwind_safe::<RecvFuture<'_, u8, $queue<u8>>>();
            is_unwind_safe::<SendFuture<'_, u8, $queue<u8>>>();
            is_unwind_safe::<ClosedFuture<$queue<u8>>>();
            is_unwind_safe::<IntoIter<u8, $queue<u8>>>();
        }
        assert_not!(Sender<Rc<u8>, $queue<Rc<u8>>>: Send);
        assert_not!(Sender<Rc<u8>, $queue<Rc<u8>>>: Sync);
        assert_not!(Receiver<Rc<u8>, $queue<Rc<u8>>>: Send);
        assert_not!(Receiver<Rc<u8>, $queue<Rc<u8>>>: Sync);
        assert_not!(WeakSender<Rc<u8>, $queue<Rc<u8>>>: Send);
        assert_not!(SendFuture<'_, Rc<u8>, $queue<Rc<u8>>>: Send);
        assert_not!(SendFuture<'_, Cell<u8>, $queue<Cell<u8>>>: Sync);
    )*};
}
auto_traits! {
    of_an_atomic_ring: AtomicRing
    of_a_mutex_ring: MutexRing
    of_a_channel_queue: ChannelQueue
    of_a_mutex_vec: MutexVec
}

#[test]
fn of_a_select() {
    is_send_and_sync::<Select<'_>>();
}

#[test]
fn of_a_boxed_queue() {
    is_send_and_sync::<Sender<Cell<u8>, Box<dyn Queue<Cell<u8>>>>>();
    is_send_and_sync::<Receiver<Cell<u8>, Box<dyn Queue<Cell<u8>>>>>();
}

/// Futures and streams that own their end can be spawned.
#[test]
fn tasks_that_own_their_end_can_be_spawned() {
    fn is_static<T: 'static>(_: &T) {}
    let (tx, rx) = channel(AtomicRing::<Cell<u8>>::new(1));
    is_static(&rx);
    let receiving = smol::spawn(StreamExt::count(rx));
    let sending = smol::spawn(async move { tx.send_async(Cell::new(2)).await });
    smol::block_on(async {
        assert_eq!(sending.await, Ok(()));
        assert_eq!(receiving.await, 1);
    });
}

#[test]
fn ends_and_futures_can_be_moved() {
    fn is_unpin<T: Unpin>() {}
    is_unpin::<Sender<PhantomPinned>>();
    is_unpin::<Receiver<PhantomPinned>>();
    is_unpin::<SendFuture<'_, PhantomPinned, MutexVec<PhantomPinned>>>();
    is_unpin::<RecvFuture<'_, PhantomPinned, MutexVec<PhantomPinned>>>();
    is_unpin::<RecvBatchFuture<'_, PhantomPinned, MutexVec<PhantomPinned>>>();
    is_unpin::<ClosedFuture<MutexVec<PhantomPinned>>>();
}

#[test]
fn iterators_that_wait_are_fused() {
    fn is<I: FusedIterator>(_: &I) {}
    let (tx, rx) = channel(AtomicRing::new(1));
    assert!(tx.push(1).is_stored());
    drop(tx);
    is(&rx.iter());
    assert!((&rx).into_iter().eq([1]));
    is(&rx.into_iter());
}

#[test]
fn both_have_the_flagship_as_their_default() {
    let (tx, rx): (Sender<u8>, Receiver<u8>) = channel(AtomicRing::new(5));
    assert_eq!((tx.capacity(), rx.capacity(), tx.len(), rx.len()), (Some(5), Some(5), 0, 0));
    assert!(tx.push(1).is_stored());
    assert_eq!((tx.is_empty(), rx.is_empty(), tx.len(), rx.len()), (false, false, 1, 1));
    let (tx, rx) = channel(MutexVec::<u8>::new());
    assert_eq!((tx.capacity(), rx.capacity()), (None, None));
}

/// Elements need not live for ever, nor the queue.
#[test]
fn elements_and_queues_can_be_borrowed() {
    let text = String::from("on the stack");
    let queue = AtomicRing::new(2);
    let (tx, rx) = channel(&queue);
    assert!(tx.push(&text[3..]).is_stored());
    assert_eq!(rx.recv(), Ok("the stack"));
}

#[test]
fn nothing_debugs_by_its_elements() {
    struct NotDebug;

    fn check(debug: &impl Debug, expected: &str) {
        assert_eq!(format!("{debug:?}"), expected);
    }
    let (tx, rx) = channel(AtomicRing::new(1));
    let another = tx.clone();
    check(&tx, "Sender { senders: 2, receivers: 1, .. }");
    let receiver = "Receiver { senders: 2, receivers: 1, .. }";
    check(&rx, receiver);
    check(&rx.iter(), receiver);
    check(&rx.try_iter(), receiver);
    check(&rx.drain(), receiver);
    check(&rx.clone().into_iter(), "Receiver { senders: 2, receivers: 2, .. }");
    drop(another);
    check(&tx, "Sender { senders: 1, receivers: 1, .. }");
    check(&tx.downgrade(), "WeakSender { .. }");
    check(&rx.downgrade(), "WeakReceiver { .. }");
    let mut out = Vec::new();
    check(
        &rx.recv_batch_async(&mut out, 1, Duration::ZERO),
        "RecvBatchFuture { is_waiting: false, .. }",
    );
    let mut receiving = rx.recv_async();
    check(&receiving, "RecvFuture { is_waiting: false, .. }");
    assert!(Pin::new(&mut receiving).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    check(&receiving, "RecvFuture { is_waiting: true, .. }");
    check(&tx.closed(), "ClosedFuture { is_waiting: false, .. }");
    check(&tx.send_async(NotDebug), "SendFuture { is_waiting: false, .. }");
    let mut select = Select::new();
    select.recv(&rx);
    check(&select, "Select { receivers: 1, .. }");
    select.remove(0);
    check(&select, "Select { receivers: 0, .. }");
    check(&SendError(NotDebug), "SendError(..)");
    check(&TrySendError::Full(NotDebug), "Full(..)");
    check(&TrySendError::Closed(NotDebug), "Closed(..)");
    check(&SendTimeoutError::Timeout(NotDebug), "Timeout(..)");
    check(&SendTimeoutError::Closed(NotDebug), "Closed(..)");
}

#[test]
fn errors_are_errors() {
    fn message(error: impl Error) -> String {
        assert!(error.source().is_none());
        error.to_string()
    }
    // Neither `Debug` nor `Send` nor `'static` is asked of the value in it.
    let on_the_stack = Cell::new(1);
    let value = || Rc::new(&on_the_stack);
    assert_eq!(message(SendError(value())), "the channel is closed");
    assert_eq!(message(TrySendError::Full(value())), "the queue is full");
    assert_eq!(message(TrySendError::Closed(value())), "the queue is closed");
    assert_eq!(message(SendTimeoutError::Timeout(value())), "there was no room in time");
    assert_eq!(message(SendTimeoutError::Closed(value())), "the channel is closed");
    assert_eq!(message(TryRecvError::Empty), "the queue is empty");
    assert_eq!(message(TryRecvError::Closed), "the queue is empty and closed");
    assert_eq!(message(RecvTimeoutError::Timeout), "nothing came in time");
    assert_eq!(message(RecvTimeoutError::Closed), "the channel is closed and empty");
    assert_eq!(SendError("it").into_inner(), "it");
    assert_eq!(
        [TrySendError::Full("it"), TrySendError::Closed("it")].map(TrySendError::into_inner),
        ["it"; 2]
    );
    let timeout = [SendTimeoutError::Timeout("it"), SendTimeoutError::Closed("it")];
    assert_eq!(timeout.map(SendTimeoutError::into_inner), ["it"; 2]);
    is_send_and_sync::<SendError<u8>>();
    is_send_and_sync::<TrySendError<u8>>();
    is_send_and_sync::<SendTimeoutError<u8>>();
}
assert_not!(SendError<Rc<u8>>: Send);
assert_not!(TrySendError<Rc<u8>>: Send);
assert_not!(SendTimeoutError<Cell<u8>>: Sync);
