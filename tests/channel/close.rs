//! Closing, by everyone who can, wakes everyone who waits, however they wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use futures_util::StreamExt;
use ringway::channel::{
    RecvError, RecvTimeoutError, Select, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use ringway::{AtomicRing, ChannelQueue, Pushed, Receiver, Sender, channel};

use crate::watched::{linger, rounds, watched};

type Tx = Sender<u32, ChannelQueue<u32>>;
type Rx = Receiver<u32, ChannelQueue<u32>>;

/// Far off, for whoever is not woken.
const HOUR: Duration = Duration::from_secs(3600);
const WAITERS: usize = 3;

/// Some threads call `wait` with an end, and some time after they have begun, `close` is called
/// with both.
#[track_caller]
fn race<E: Send + 'static>(
    clone: fn(&Tx, &Rx) -> E,
    prepare: fn(&Tx),
    wait: fn(E),
    close: fn(usize, Tx, Rx),
) {
    watched(move || {
        for round in 0..rounds() / 100 {
            let (tx, rx) = channel(ChannelQueue::new(1));
            prepare(&tx);
            let begun = &AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..WAITERS {
                    let end = clone(&tx, &rx);
                    scope.spawn(move || {
                        begun.fetch_add(1, Ordering::Relaxed);
                        wait(end);
                    });
                }
                while begun.load(Ordering::Relaxed) < WAITERS {
                    thread::yield_now();
                }
                linger(round);
                close(round / 7 % 3, tx, rx);
            });
        }
    });
}

#[track_caller]
fn receivers(prepare: fn(&Tx), wait: fn(Rx)) {
    race(
        |_, rx| rx.clone(),
        prepare,
        wait,
        |how, tx, rx| match how {
            0 => assert!(tx.close()),
            1 => assert!(rx.close()),
            _ => drop(tx),
        },
    );
}

#[track_caller]
fn senders(wait: fn(Tx)) {
    let prepare = |tx: &Tx| tx.try_send(0).unwrap();
    race(
        |tx, _| tx.clone(),
        prepare,
        wait,
        |how, tx, rx| match how {
            0 => assert!(tx.close()),
            1 => assert!(rx.close()),
            _ => drop(rx),
        },
    );
}

fn nothing(_: &Tx) {}

fn one(tx: &Tx) {
    assert!(tx.push(1).is_stored());
}

#[test]
fn recv() {
    receivers(nothing, |rx| assert_eq!(rx.recv(), Err(RecvError)));
}

#[test]
fn recv_timeout() {
    receivers(nothing, |rx| assert_eq!(rx.recv_timeout(HOUR), Err(RecvTimeoutError::Closed)));
    receivers(nothing, |rx| {
        assert_eq!(rx.recv_timeout(Duration::MAX), Err(RecvTimeoutError::Closed))
    });
}

#[test]
fn recv_deadline() {
    receivers(nothing, |rx| {
        assert_eq!(rx.recv_deadline(Instant::now() + HOUR), Err(RecvTimeoutError::Closed))
    });
}

#[test]
fn recv_batch() {
    receivers(nothing, |rx| assert_eq!(rx.recv_batch(&mut Vec::new(), 2, HOUR), Err(RecvError)));
}

/// One of them has got the element, and waits for more of it.
#[test]
fn recv_batch_that_is_gathering() {
    receivers(one, |rx| {
        let mut out = Vec::new();
        let received = rx.recv_batch(&mut out, 2, HOUR);
        assert!(
            matches!((received, &out[..]), (Ok(1), [1]) | (Err(RecvError), [])),
            "{received:?}, {out:?}"
        );
        assert_eq!(rx.recv_batch(&mut out, 2, HOUR), Err(RecvError));
    });
}

#[test]
fn iter() {
    receivers(nothing, |rx| assert_eq!(rx.iter().next(), None));
    receivers(nothing, |rx| assert_eq!(rx.into_iter().next(), None));
}

#[test]
fn select() {
    fn ready(rx: &Rx, ready: impl FnOnce(&mut Select<'_>) -> Option<usize>) {
        let (_tx, open) = channel(ChannelQueue::<u32>::new(1));
        let mut select = Select::new();
        select.recv(&open);
        select.recv(rx);
        assert_eq!(ready(&mut select), Some(1));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    }
    receivers(nothing, |rx| ready(&rx, |select| Some(select.ready())));
    receivers(nothing, |rx| ready(&rx, |select| select.ready_timeout(HOUR)));
}

#[test]
fn closed() {
    receivers(nothing, |rx| block_on(rx.closed()));
    senders(|tx| block_on(tx.closed()));
}

#[test]
fn recv_async() {
    receivers(nothing, |rx| assert_eq!(block_on(rx.recv_async()), Err(RecvError)));
}

#[test]
fn recv_batch_async() {
    receivers(nothing, |rx| {
        assert_eq!(block_on(rx.recv_batch_async(&mut Vec::new(), 2, HOUR)), Err(RecvError))
    });
}

#[test]
fn recv_batch_async_that_is_gathering() {
    receivers(one, |rx| {
        let mut out = Vec::new();
        let received = block_on(rx.recv_batch_async(&mut out, 2, HOUR));
        assert!(
            matches!((received, &out[..]), (Ok(1), [1]) | (Err(RecvError), [])),
            "{received:?}, {out:?}"
        );
        assert_eq!(block_on(rx.recv_batch_async(&mut out, 2, HOUR)), Err(RecvError));
    });
}

#[test]
fn stream() {
    receivers(nothing, |rx| {
        let mut stream = rx;
        assert_eq!(block_on(stream.next()), None);
        assert_eq!(block_on(stream.next()), None);
    });
}

#[test]
fn send() {
    senders(|tx| assert_eq!(tx.send(7), Err(SendError(7))));
}

#[test]
fn send_timeout() {
    senders(|tx| assert_eq!(tx.send_timeout(7, HOUR), Err(SendTimeoutError::Closed(7))));
    senders(|tx| assert_eq!(tx.send_timeout(7, Duration::MAX), Err(SendTimeoutError::Closed(7))));
}

#[test]
fn send_deadline() {
    senders(|tx| {
        assert_eq!(tx.send_deadline(7, Instant::now() + HOUR), Err(SendTimeoutError::Closed(7)))
    });
}

#[test]
fn send_async() {
    senders(|tx| assert_eq!(block_on(tx.send_async(7)), Err(SendError(7))));
}

/// What is inside still comes out, by every way to take it, and then the end.
#[test]
fn what_is_inside_still_comes_out() {
    watched(|| {
        let taken: [fn(&Rx) -> Option<u32>; 9] = [
            |rx| rx.try_recv().ok(),
            |rx| rx.recv().ok(),
            |rx| rx.recv_timeout(HOUR).ok(),
            |rx| rx.recv_deadline(Instant::now()).ok(),
            |rx| rx.iter().next(),
            |rx| rx.try_iter().next(),
            |rx| rx.drain().next(),
            |rx| block_on(rx.recv_async()).ok(),
            |rx| block_on(rx.clone().next()),
        ];
        let (tx, rx) = channel(ChannelQueue::new(taken.len()));
        for i in 0..taken.len() as u32 {
            tx.try_send(i).unwrap();
        }
        tx.close();
        assert!(tx.is_closed() && rx.is_closed());
        assert_eq!(tx.push(99), Pushed::Closed(99));
        assert_eq!(tx.send(99), Err(SendError(99)));
        assert_eq!(tx.try_send(99), Err(TrySendError::Closed(99)));
        for (i, take) in (0..).zip(taken) {
            assert_eq!(take(&rx), Some(i));
        }
        for take in taken {
            assert_eq!(take(&rx), None);
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        assert_eq!(rx.discard_oldest(usize::MAX), 0);
    });
}

#[test]
fn a_channel_is_closed_by_the_last_of_its_ends_only() {
    let (tx, rx) = channel(AtomicRing::<u32>::new(1));
    let (more_tx, more_rx, stream) = (tx.clone(), rx.clone(), rx.clone());
    drop((tx, rx, more_rx));
    assert!(!more_tx.is_closed());
    drop(stream);
    assert!(more_tx.is_closed());

    let (tx, rx) = channel(AtomicRing::<u32>::new(1));
    let more_tx = tx.clone();
    drop(tx);
    assert!(!rx.is_closed());
    drop(more_tx);
    assert!(rx.is_closed());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}
