//! The auto traits and other traits of a pipe's public types.

use std::cell::Cell;
use std::error::Error;
use std::fmt::Debug;
use std::iter::FusedIterator;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{FusedStream, Stream, StreamExt};
use ringway::pipe::{Drain, IntoIter, Iter, RecvStream, TryIter};
use ringway::{
    AtomicRing, ChannelQueue, Closed, MutexRing, MutexVec, Queue, Receiver, RecvTimeoutError, SendTimeoutError, Sender,
    TryRecvError, TrySendError, pipe,
};

fn is_send<T: Send>(_: &T) {}
fn is_send_and_sync<T: Send + Sync>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
fn is_static<T: 'static>(_: &T) {}

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
            is_send_and_sync::<RecvStream<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<IntoIter<Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<Iter<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<TryIter<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_send_and_sync::<Drain<'_, Cell<u8>, $queue<Cell<u8>>>>();
            is_unwind_safe::<Sender<u8, $queue<u8>>>();
            is_unwind_safe::<Receiver<u8, $queue<u8>>>();
            is_unwind_safe::<RecvStream<u8, $queue<u8>>>();
            is_unwind_safe::<IntoIter<u8, $queue<u8>>>();
        }
        assert_not!(Sender<Rc<u8>, $queue<Rc<u8>>>: Send);
        assert_not!(Sender<Rc<u8>, $queue<Rc<u8>>>: Sync);
        assert_not!(Receiver<Rc<u8>, $queue<Rc<u8>>>: Send);
        assert_not!(Receiver<Rc<u8>, $queue<Rc<u8>>>: Sync);
        assert_not!(RecvStream<Rc<u8>, $queue<Rc<u8>>>: Send);
    )*};
}
auto_traits! {
    of_an_atomic_ring: AtomicRing
    of_a_mutex_ring: MutexRing
    of_a_channel: ChannelQueue
    of_a_mutex_vec: MutexVec
}

#[test]
fn of_a_boxed_queue() {
    is_send_and_sync::<Sender<Cell<u8>, Box<dyn Queue<Cell<u8>>>>>();
    is_send_and_sync::<Receiver<Cell<u8>, Box<dyn Queue<Cell<u8>>>>>();
}

#[test]
fn futures_are_send() {
    let (tx, rx) = pipe(AtomicRing::<Cell<u8>>::new(1));
    let mut out = Vec::new();
    is_send(&tx.send_async(Cell::new(1)));
    is_send(&rx.recv_async());
    is_send(&rx.recv_batch_async(&mut out, 1, Duration::ZERO));
    is_send(&rx.stream().next());

    // Those that own their end can be spawned.
    let stream = rx.stream();
    is_static(&stream);
    let spawned = [
        smol::spawn(async move { stream.count().await }),
        smol::spawn(async move {
            tx.send_async(Cell::new(2)).await.unwrap();
            0
        }),
    ];
    drop(rx);
    // Whether the stream was there when it was sent is not what this is about.
    for spawned in spawned {
        smol::block_on(spawned);
    }
}

#[test]
fn a_stream_can_be_moved_and_is_fused() {
    fn is<S: Stream + FusedStream + Unpin>(_: &S) {}
    let (tx, rx) = pipe(AtomicRing::new(1));
    let mut stream = rx.stream();
    is(&stream);
    assert!(tx.send(1).unwrap().is_stored());
    drop(tx);
    assert!(!stream.is_terminated());
    assert_eq!(smol::block_on(stream.next()), Some(1));
    assert!(!stream.is_terminated());
    assert_eq!(smol::block_on(stream.next()), None);
    assert!(stream.is_terminated());
}

#[test]
fn iterators_that_wait_are_fused() {
    fn is<I: FusedIterator>(_: &I) {}
    let (tx, rx) = pipe(AtomicRing::new(1));
    assert!(tx.send(1).unwrap().is_stored());
    drop(tx);
    is(&rx.iter());
    assert!((&rx).into_iter().eq([1]));
    is(&rx.into_iter());
}

#[test]
fn both_have_the_flagship_as_their_default() {
    let (tx, rx): (Sender<u8>, Receiver<u8>) = pipe(AtomicRing::new(5));
    assert_eq!((tx.capacity(), rx.capacity(), tx.len(), rx.len()), (Some(5), Some(5), 0, 0));
    assert!(tx.send(1).unwrap().is_stored());
    assert_eq!((tx.is_empty(), rx.is_empty(), tx.len(), rx.len()), (false, false, 1, 1));
    let (tx, rx) = pipe(MutexVec::<u8>::new());
    assert_eq!((tx.capacity(), rx.capacity()), (None, None));
}

/// Elements need not live for ever, nor the queue.
#[test]
fn elements_and_queues_can_be_borrowed() {
    let text = String::from("on the stack");
    let queue = AtomicRing::new(2);
    let (tx, rx) = pipe(&queue);
    assert!(tx.send(&text[3..]).unwrap().is_stored());
    assert_eq!(rx.recv(), Ok("the stack"));
}

#[test]
fn nothing_debugs_by_its_elements() {
    struct NotDebug;

    fn check(debug: &impl Debug, expected: &str) {
        assert_eq!(format!("{debug:?}"), expected);
    }
    let (tx, rx) = pipe(AtomicRing::new(1));
    assert!(tx.send(NotDebug).unwrap().is_stored());
    let receiver = "Receiver { is_closed: false, .. }";
    check(&tx, "Sender { is_closed: false, .. }");
    check(&rx, receiver);
    check(&rx.iter(), receiver);
    check(&rx.try_iter(), receiver);
    check(&rx.drain(), receiver);
    check(&rx.stream(), receiver);
    check(&rx.clone().into_iter(), receiver);
    tx.close();
    check(&tx, "Sender { is_closed: true, .. }");
    check(&rx, "Receiver { is_closed: true, .. }");
    check(&Closed(NotDebug), "Closed(..)");
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
    assert_eq!(message(Closed(value())), "the pipe is closed");
    assert_eq!(message(TrySendError::Full(value())), "the queue is full");
    assert_eq!(message(TrySendError::Closed(value())), "the pipe is closed");
    assert_eq!(message(SendTimeoutError::Timeout(value())), "there was no room in time");
    assert_eq!(message(SendTimeoutError::Closed(value())), "the pipe is closed");
    assert_eq!(message(TryRecvError::Empty), "the pipe is empty");
    assert_eq!(message(TryRecvError::Closed), "the pipe is closed and empty");
    assert_eq!(message(RecvTimeoutError::Timeout), "nothing came in time");
    assert_eq!(message(RecvTimeoutError::Closed), "the pipe is closed and empty");
    assert_eq!(Closed("it").into_inner(), "it");
    assert_eq!([TrySendError::Full("it"), TrySendError::Closed("it")].map(TrySendError::into_inner), ["it"; 2]);
    let timeout = [SendTimeoutError::Timeout("it"), SendTimeoutError::Closed("it")];
    assert_eq!(timeout.map(SendTimeoutError::into_inner), ["it"; 2]);
    is_send_and_sync::<Closed<u8>>();
    is_send_and_sync::<TrySendError<u8>>();
    is_send_and_sync::<SendTimeoutError<u8>>();
}
assert_not!(Closed<Rc<u8>>: Send);
assert_not!(TrySendError<Rc<u8>>: Send);
assert_not!(SendTimeoutError<Cell<u8>>: Sync);
