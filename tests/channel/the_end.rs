//! The end is the end. Once a receiver has been told so, nothing is ever inside again; and once a sender was, no later send
//! succeeds.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use ringway::{
    AtomicRing, ChannelQueue, Closed, MutexRing, MutexVec, Pushed, Queue, Receiver, Sender, TryRecvError, TrySendError,
    pipe,
};

use crate::by_hand::{ByHand, woken};
use crate::hooked::Hooked;
use crate::watched::{linger, rounds, watched};

/// More than there are stripes of the gate, which are eight.
const SENDERS: usize = 12;

/// Sends in the `way`-th manner; returns whether the pipe was open, and adds to what was stored and evicted.
fn send<Q: Queue<u32>>(tx: &Sender<u32, Q>, way: usize, stored: &AtomicUsize, evicted: &AtomicUsize) -> bool {
    let add_stored = || _ = stored.fetch_add(1, Ordering::Relaxed);
    match way % 4 {
        0 => match tx.send(1) {
            Ok(pushed) => {
                if pushed.is_stored() {
                    add_stored();
                }
                if let Pushed::Evicted(_) = pushed {
                    evicted.fetch_add(1, Ordering::Relaxed);
                }
                true
            }
            Err(Closed(_)) => false,
        },
        1 => match tx.try_send(1) {
            Ok(()) => {
                add_stored();
                true
            }
            Err(TrySendError::Full(_)) => true,
            Err(TrySendError::Closed(_)) => false,
        },
        2 => tx.send_wait(1).map(|()| add_stored()).is_ok(),
        _ => block_on(tx.send_async(1)).map(|()| add_stored()).is_ok(),
    }
}

/// Receives in the `way`-th manner until it is told of the end; returns how much.
fn receive_to_the_end<Q: Queue<u32>>(rx: &Receiver<u32, Q>, way: usize) -> usize {
    match way % 3 {
        0 => rx.iter().count(),
        1 => {
            let mut received = 0;
            loop {
                match rx.try_recv() {
                    Ok(_) => received += 1,
                    Err(TryRecvError::Empty) => thread::yield_now(),
                    Err(TryRecvError::Closed) => return received,
                }
            }
        }
        _ => block_on(async {
            let mut received = 0;
            while rx.recv_async().await.is_ok() {
                received += 1;
            }
            received
        }),
    }
}

fn what_went_in_comes_out<Q: Queue<u32> + 'static>(make: fn() -> Q) {
    watched(move || {
        for round in 0..rounds() / 200 {
            let queue = &Arc::new(make());
            let (tx, rx) = pipe(Arc::clone(queue));
            let [stored, evicted, received] = &[const { AtomicUsize::new(0) }; 3];
            let refused = &AtomicBool::new(false);
            thread::scope(|scope| {
                for way in 0..SENDERS {
                    let tx = tx.clone();
                    scope.spawn(move || {
                        loop {
                            let too_late = refused.load(Ordering::SeqCst);
                            if !send(&tx, way, stored, evicted) {
                                break refused.store(true, Ordering::SeqCst);
                            }
                            assert!(!too_late, "sent after another sender was told that the pipe is closed");
                        }
                    });
                }
                for way in 0..3 {
                    let rx = rx.clone();
                    scope.spawn(move || {
                        received.fetch_add(receive_to_the_end(&rx, way), Ordering::Relaxed);
                        for _ in 0..10 {
                            assert_eq!(queue.len(), 0, "something is inside after the end");
                            assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
                            thread::yield_now();
                        }
                    });
                }
                // Not before something goes through; beyond that, at any moment.
                while received.load(Ordering::Relaxed) == 0 && stored.load(Ordering::Relaxed) < 10 {
                    thread::yield_now();
                }
                linger(round);
                if round % 2 == 0 { tx.close() } else { rx.close() }
            });
            let [stored, evicted, received] = [stored, evicted, received].map(|n| n.load(Ordering::Relaxed));
            assert_eq!((stored, queue.len()), (evicted + received, 0), "{evicted} evicted, {received} received");
        }
    });
}

mod what_went_in_comes_out {
    use super::*;

    #[test]
    fn atomic_ring() {
        super::what_went_in_comes_out(|| AtomicRing::new(4));
    }
    #[test]
    fn mutex_ring() {
        super::what_went_in_comes_out(|| MutexRing::new(1));
    }
    #[test]
    fn channel() {
        super::what_went_in_comes_out(|| ChannelQueue::new(2));
    }
    #[test]
    fn mutex_vec() {
        super::what_went_in_comes_out(MutexVec::new);
    }
    #[test]
    fn boxed() {
        super::what_went_in_comes_out(|| Box::new(AtomicRing::new(2)) as Box<dyn Queue<u32>>);
    }
}

/// One thread tries with two senders in turn, whose stripes are closed first and last: whoever comes after one that was refused is
/// refused too, also while the pipe is only about to be closed.
#[test]
fn nobody_gets_in_after_another_was_refused() {
    watched(|| {
        for round in 0..rounds() / 8 {
            let (first, rx) = pipe(ChannelQueue::new(1));
            let mut others: Vec<_> = (1..8).map(|_| first.clone()).collect();
            let last = others.pop().unwrap();
            let begun = &AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(move || {
                    // Full from now on, so that a try costs little and both are soon tried again.
                    let open = |sender: &Sender<u32, _>| !matches!(sender.try_send(1), Err(TrySendError::Closed(_)));
                    while open(&first) {
                        begun.store(true, Ordering::Relaxed);
                    }
                    assert!(!open(&last), "let in after another sender was told that the pipe is closed");
                });
                while !begun.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                linger(round);
                rx.close();
            });
        }
    });
}

/// A sender that was let in before the pipe was closed may be suspended, and put something in later: until then there is no end.
#[test]
fn there_is_no_end_while_a_sender_is_on_the_way_in() {
    watched(|| {
        // In any of the gate's stripes.
        for stripe in 0..8 {
            let (queue, hooks) = Hooked::new(2);
            let (tx, rx) = pipe(queue);
            let senders: Vec<_> = (0..stripe).map(|_| tx.clone()).collect();
            let sender = senders.last().unwrap_or(&tx);
            let (inside, is_inside) = mpsc::channel();
            let (go_on, may_go_on) = mpsc::channel();
            hooks.before_push(move || {
                inside.send(()).unwrap();
                may_go_on.recv().unwrap();
            });
            thread::scope(|scope| {
                let sending = scope.spawn(|| sender.send(5));
                is_inside.recv().unwrap();
                let recv = || rx.recv_async();
                let mut waiting: Vec<_> = (0..3).map(|_| ByHand::waiting(recv())).collect();
                tx.close();
                assert_eq!(woken(&waiting), 3);
                assert!(rx.is_closed());
                assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
                for waiting in &mut waiting {
                    assert!(waiting.poll().is_pending());
                }
                assert_eq!(woken(&waiting), 0);

                go_on.send(()).unwrap();
                assert_eq!(sending.join().unwrap(), Ok(Pushed::Stored));
                // One for the element, the others for the end.
                assert_eq!(woken(&waiting), 3);
                let results: Vec<_> = waiting.iter_mut().map(ByHand::poll).collect();
                assert_eq!(results, [Ok(5), Err(Closed(())), Err(Closed(()))].map(Poll::Ready));
            });
        }
    });
}

/// A receiver finds nothing, something is sent, the pipe is closed, and only then the receiver asks whether it is.
#[test]
fn what_was_sent_just_before_the_end_comes_out() {
    let (queue, hooks) = Hooked::new(2);
    let (tx, rx) = pipe(queue);
    hooks.found_nothing(move || {
        assert!(tx.send(3).unwrap().is_stored());
        drop(tx);
    });
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));

    let (queue, hooks) = Hooked::new(2);
    let (tx, rx) = pipe(queue);
    hooks.found_nothing(move || {
        assert!(tx.send(3).unwrap().is_stored());
        assert!(tx.send(4).unwrap().is_stored());
        drop(tx);
    });
    let mut out = Vec::new();
    assert_eq!(rx.recv_batch(&mut out, 9, Duration::MAX), Ok(2));
    assert_eq!(out, [3, 4]);
}
