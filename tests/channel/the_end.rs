//! The end is the end. Once a receiver has been told so, nothing is ever inside again; and once a
//! sender was, no later send succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use ringway::channel::{RecvError, TryRecvError, TrySendError};
use ringway::{
    AtomicRing, ChannelQueue, MutexRing, MutexVec, Pushed, Queue, Receiver, Sender, channel,
};

use crate::by_hand::{ByHand, woken};
use crate::hooked::Hooked;
use crate::watched::{linger, rounds, watched};

/// More than there are cores, so that some are suspended.
const SENDERS: usize = 12;

/// Sends in the `way`-th manner; returns whether the channel was open, and adds to what was stored
/// and evicted.
fn send<Q: Queue<u32>>(
    tx: &Sender<u32, Q>,
    way: usize,
    stored: &AtomicUsize,
    evicted: &AtomicUsize,
) -> bool {
    let add_stored = || _ = stored.fetch_add(1, Ordering::Relaxed);
    match way % 4 {
        0 => {
            let pushed = tx.push(1);
            if pushed.is_stored() {
                add_stored();
            }
            if let Pushed::Evicted(_) = pushed {
                evicted.fetch_add(1, Ordering::Relaxed);
            }
            !pushed.is_closed()
        }
        1 => match tx.try_send(1) {
            Ok(()) => {
                add_stored();
                true
            }
            Err(TrySendError::Full(_)) => true,
            Err(TrySendError::Closed(_)) => false,
        },
        2 => tx.send(1).map(|()| add_stored()).is_ok(),
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
            let (tx, rx) = channel(Arc::clone(queue));
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
                            assert!(
                                !too_late,
                                "sent after another sender was told that the channel is closed"
                            );
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
                assert!(if round % 2 == 0 { tx.close() } else { rx.close() });
            });
            let [stored, evicted, received] =
                [stored, evicted, received].map(|n| n.load(Ordering::Relaxed));
            assert_eq!(
                (stored, queue.len()),
                (evicted + received, 0),
                "{evicted} evicted, {received} received"
            );
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
    fn channel_queue() {
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

/// A sender that is suspended in the middle of a `push` keeps nobody from the end: closed is
/// closed, and it is refused.
#[test]
fn a_sender_on_the_way_in_keeps_nobody_from_the_end() {
    let (queue, hooks) = Hooked::new(2);
    let (tx, rx) = channel(queue);
    let (closer, receiver) = (tx.clone(), rx.clone());
    hooks.before_push(move || {
        let mut waiting: Vec<_> = (0..3).map(|_| ByHand::waiting(receiver.recv_async())).collect();
        assert!(closer.close());
        assert_eq!(woken(&waiting), 3);
        for waiting in &mut waiting {
            assert_eq!(waiting.poll(), Poll::Ready(Err(RecvError)));
        }
    });
    assert_eq!(tx.push(5), Pushed::Closed(5));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

/// Nor from what it has put in, though it has woken nobody yet.
#[test]
fn a_sender_on_the_way_out_keeps_nobody_from_its_element() {
    let (queue, hooks) = Hooked::new(2);
    let (tx, rx) = channel(queue);
    let (closer, receiver) = (tx.clone(), rx.clone());
    hooks.after_push(move || {
        assert!(closer.close());
        assert_eq!(receiver.try_recv(), Ok(5));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    });
    assert_eq!(tx.push(5), Pushed::Stored);
}

/// A receiver finds nothing, something is sent, the channel is closed, and only then the receiver
/// asks whether it is.
#[test]
fn what_was_sent_just_before_the_end_comes_out() {
    let (queue, hooks) = Hooked::new(2);
    let (tx, rx) = channel(queue);
    hooks.found_nothing(move || {
        assert!(tx.push(3).is_stored());
        drop(tx);
    });
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));

    let (queue, hooks) = Hooked::new(2);
    let (tx, rx) = channel(queue);
    hooks.found_nothing(move || {
        assert!(tx.push(3).is_stored());
        assert!(tx.push(4).is_stored());
        drop(tx);
    });
    let mut out = Vec::new();
    assert_eq!(rx.recv_batch(&mut out, 9, Duration::MAX), Ok(2));
    assert_eq!(out, [3, 4]);
}
