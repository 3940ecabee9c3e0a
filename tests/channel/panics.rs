//! Queues, elements and wakers that panic, or use the channel themselves: it goes on, and comes to
//! its end.

use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use ringway::channel::{RecvError, TryRecvError, TrySendError};
use ringway::{AtomicRing, ChannelQueue, MutexVec, Pushed, Sender, channel};

use crate::by_hand::{ByHand, woken};
use crate::hooked::Hooked;
use crate::support::at_exit;
use crate::support::counted::{Counted, Counting, Ledger};
use crate::watched::watched;

/// A panic in all but the message on the terminal.
fn explode() {
    panic::resume_unwind(Box::new("a queue that panics"));
}

fn caught<R>(body: impl FnOnce() -> R) -> Option<R> {
    panic::catch_unwind(AssertUnwindSafe(body)).ok()
}

#[test]
fn a_push_that_panics_leaves_the_channel_usable() {
    watched(|| {
        let (queue, hooks) = Hooked::new(2);
        let (tx, rx) = channel(queue);
        hooks.before_push(explode);
        assert!(caught(|| tx.push(1)).is_none());
        hooks.before_push(explode);
        assert!(caught(|| tx.try_send(1)).is_none());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(tx.push(2), Pushed::Stored);
        assert_eq!(rx.recv(), Ok(2));
        tx.close();
        assert_eq!(rx.recv(), Err(RecvError));
    });
}

#[test]
fn an_element_that_panics_when_it_is_discarded_leaves_those_after_it() {
    let ledger = Ledger::new(4);
    let (tx, rx) = channel(AtomicRing::new(4));
    for id in 0..4 {
        tx.try_send(Counted::new(&ledger, id)).unwrap();
    }
    ledger.arm(1);
    assert_eq!(caught(|| rx.discard_oldest(usize::MAX)), None);
    assert_eq!(rx.drain().map(|element| element.id()).collect::<Vec<_>>(), [2, 3]);
    ledger.assert_each_dropped_once();
}

#[test]
fn an_element_that_panics_when_the_last_receiver_goes_leaves_nothing_behind() {
    let ledger = Ledger::new(4);
    let (tx, rx) = channel(AtomicRing::new(4));
    for id in 0..4 {
        tx.try_send(Counted::new(&ledger, id)).unwrap();
    }
    ledger.arm(1);
    assert_eq!(caught(|| drop(rx)), None);
    ledger.assert_each_dropped_once();
    assert!(tx.is_closed() && tx.is_empty());
}

/// Also when more than one does: the call panics once, with the first.
#[test]
fn two_elements_that_panic_when_the_last_receiver_goes_leave_nothing_behind() {
    struct Explodes;
    impl Drop for Explodes {
        fn drop(&mut self) {
            explode();
        }
    }
    let ledger = Ledger::new(1);
    let (tx, rx) = channel(MutexVec::new());
    for _ in 0..2 {
        tx.try_send((Some(Explodes), None)).unwrap_or_else(|_| unreachable!());
    }
    tx.try_send((None, Some(Counted::new(&ledger, 0)))).unwrap_or_else(|_| unreachable!());
    assert!(caught(|| drop(rx)).is_none());
    assert!(tx.is_closed() && tx.is_empty());
    ledger.assert_each_dropped_once();
}

struct Calls<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Calls<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A waker that does `action` when it is called.
fn calls(action: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Calls(action)))
}

#[test]
fn wakers_that_panic_leave_the_others_to_be_woken() {
    let (tx, rx) = channel(AtomicRing::<u32>::new(2));
    let mut panic = [rx.recv_async(), rx.recv_async()];
    for panic in &mut panic {
        assert!(Pin::new(panic).poll(&mut Context::from_waker(&calls(explode))).is_pending());
    }
    let waiting: Vec<_> = (0..3).map(|_| ByHand::waiting(rx.recv_async())).collect();
    assert!(caught(|| tx.close()).is_none());
    assert_eq!(woken(&waiting), 3);
}

/// What is inside goes with the last receiver, before anybody is woken.
#[test]
fn wakers_that_panic_leave_nothing_inside() {
    let (tx, rx) = channel(AtomicRing::new(1));
    let inside = Arc::new(());
    assert!(tx.push(Arc::clone(&inside)).is_stored());
    let mut send = tx.send_async(Arc::new(()));
    assert!(Pin::new(&mut send).poll(&mut Context::from_waker(&calls(explode))).is_pending());
    assert!(caught(|| drop(rx)).is_none());
    assert_eq!(Arc::strong_count(&inside), 1);
}

/// Executors run a task where it is woken, some of them.
#[test]
fn a_waker_may_use_the_channel() {
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(2));
        let (again, taker) = (tx.clone(), rx.clone());
        let mut future = Box::pin(rx.recv_async());
        let waker = calls(move || {
            assert_eq!(taker.recv(), Ok(1));
            assert!(again.push(2).is_stored());
        });
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let waiting = [ByHand::waiting(rx.recv_async())];
        assert!(tx.push(1).is_stored());
        assert_eq!(woken(&waiting), 1);
        assert_eq!(
            future.as_mut().poll(&mut Context::from_waker(Waker::noop())),
            Poll::Ready(Ok(2))
        );
    });
}

/// Whatever is left of its thread-locals.
#[test]
fn a_thread_that_ends_still_wakes() {
    for first in [false, true] {
        let (tx, rx) = channel(AtomicRing::new(4));
        let mut waiting = [ByHand::waiting(rx.recv_async()), ByHand::waiting(rx.recv_async())];
        thread::spawn(move || {
            let send = |tx: ringway::Sender<u32>| move || _ = tx.push(1);
            if first {
                at_exit::wanted_before(send(tx.clone()));
                let _ = tx.push(1);
            } else {
                let _ = tx.push(1);
                at_exit::wanted_after(send(tx));
            }
        })
        .join()
        .unwrap();
        assert_eq!(woken(&waiting), 2);
        assert!(waiting.iter_mut().all(|waiting| waiting.poll() == Poll::Ready(Ok(1))));
    }
}

/// Its `Drop` puts it in again.
struct Persistent(Option<Sender<Persistent, MutexVec<Persistent>>>);

impl Drop for Persistent {
    fn drop(&mut self) {
        let Some(tx) = self.0.take() else { return };
        if let Pushed::Closed(mut refused) = tx.push(Persistent(Some(tx.clone()))) {
            refused.0 = None;
        }
    }
}

/// So many that a stack would not do for one in another.
#[test]
fn elements_that_put_themselves_in_again_are_let_go() {
    watched(|| {
        let (tx, rx) = channel(MutexVec::new());
        for _ in 0..100_000 {
            assert!(tx.push(Persistent(Some(tx.clone()))).is_stored());
        }
        drop(rx);
        assert!(tx.is_empty());
    });
}

/// A waker whose last drop sends, as that of a task which is dropped with it may.
struct SendsAtLast(Sender<u32>);

impl Wake for SendsAtLast {
    fn wake(self: Arc<Self>) {}
}

impl Drop for SendsAtLast {
    fn drop(&mut self) {
        let _ = self.0.push(1);
    }
}

#[test]
fn a_waker_may_send_when_it_is_dropped() {
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(2));
        let mut receiving = Box::pin(rx.recv_async());
        let waker = Waker::from(Arc::new(SendsAtLast(tx)));
        assert!(receiving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        // Takes the place of the other, which was the last.
        let polled = receiving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let received = if polled.is_pending() { rx.recv() } else { Ok(1) };
        assert_eq!(received, Ok(1));
    });
}

struct PanicsWhenCalled;

impl Wake for PanicsWhenCalled {
    fn wake(self: Arc<Self>) {
        explode();
    }
}

/// Nor its other end: a sender waits for room beside a receiver that waits for an element, which
/// both may for a moment.
#[test]
fn a_waker_that_panics_does_not_keep_a_close_from_senders() {
    let (tx, rx) = channel(ChannelQueue::new(1));
    assert_eq!(tx.try_send(1), Ok(()));
    let waiting = [ByHand::waiting(tx.send_async(2)), ByHand::waiting(tx.send_async(3))];
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(woken(&waiting), 1);
    let mut receiving = Box::pin(rx.recv_async());
    let waker = Waker::from(Arc::new(PanicsWhenCalled));
    assert!(receiving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(caught(|| tx.close()).is_none());
    assert_eq!(woken(&waiting), 2);
}

/// Nor what is inside from being dropped.
#[test]
fn a_waker_that_panics_when_the_last_receiver_goes_leaves_nothing_behind() {
    let ledger = Ledger::new(2);
    let (tx, rx) = channel(ChannelQueue::new(1));
    assert!(tx.try_send(Counted::new(&ledger, 0)).is_ok());
    let mut sending = Box::pin(tx.send_async(Counted::new(&ledger, 1)));
    let waker = Waker::from(Arc::new(PanicsWhenCalled));
    assert!(sending.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(caught(|| drop(rx)).is_none());
    assert_eq!((ledger.drops(0), ledger.drops(1)), (1, 0));
    drop(sending);
    ledger.assert_each_dropped_once();
}

#[test]
fn what_is_not_stored_wakes_nobody() {
    let (tx, rx) = channel(ChannelQueue::new(1));
    let waiting: Vec<_> = (0..3).map(|_| ByHand::waiting(rx.recv_async())).collect();
    assert_eq!(tx.try_send(1), Ok(()));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(tx.push(3), Pushed::Rejected(3));
    assert_eq!(woken(&waiting), 1);
}

/// Nothing is taken for which a batch cannot grow, so no place is free of which nobody is told.
#[test]
fn a_batch_that_panics_takes_nothing() {
    let (tx, rx) = channel(ChannelQueue::new(2));
    assert_eq!([tx.try_send(()), tx.try_send(())], [Ok(()); 2]);
    let sending = ByHand::waiting(tx.send_async(()));
    // There is room for one more in a vector of nothings.
    let mut out = vec![(); usize::MAX - 1];
    assert!(caught(|| rx.recv_batch(&mut out, 2, Duration::ZERO)).is_none());
    assert_eq!((out.len(), rx.len()), (usize::MAX - 1, 2));
    assert!(!sending.is_woken());
}
