//! No wake-up is lost: one element at a time there and back, so that whoever has sent it must be
//! woken, every time.

use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::StreamExt;
use ringway::channel::{RecvError, RecvTimeoutError};
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Queue, Receiver, Sender, channel};

use crate::watched::{linger, rounds, watched};

type Ends<Q> = (Sender<usize, Q>, Receiver<usize, Q>);

/// A test for each queue behind the channels.
macro_rules! with_every_queue {
    ($($check:ident)*) => {$(
        mod $check {
            use super::*;

            #[test]
            fn atomic_ring() {
                super::$check(channel(AtomicRing::new(1)), channel(AtomicRing::new(1)));
            }
            #[test]
            fn mutex_ring() {
                super::$check(channel(MutexRing::new(1)), channel(MutexRing::new(1)));
            }
            #[test]
            fn channel_queue() {
                super::$check(channel(ChannelQueue::new(1)), channel(ChannelQueue::new(1)));
            }
            #[test]
            fn mutex_vec() {
                super::$check(channel(MutexVec::new()), channel(MutexVec::new()));
            }
            #[test]
            fn boxed() {
                let boxed = || Box::new(AtomicRing::new(1)) as Box<dyn Queue<usize>>;
                super::$check(channel(boxed()), channel(boxed()));
            }
            #[test]
            fn shared() {
                let shared = || std::sync::Arc::new(MutexRing::new(1));
                super::$check(channel(shared()), channel(shared()));
            }
        }
    )*};
}
with_every_queue!(between_threads between_tasks);

fn between_threads<Q: Queue<usize> + 'static>(
    (there, at_there): Ends<Q>,
    (back, at_back): Ends<Q>,
) {
    watched(move || {
        let echo = thread::spawn(move || {
            for i in at_there {
                linger(i / 7);
                back.send(i).unwrap();
            }
        });
        for i in 0..rounds() {
            there.send(i).unwrap();
            linger(i);
            assert_eq!(at_back.recv(), Ok(i));
        }
        drop(there);
        echo.join().unwrap();
        assert_eq!(at_back.recv(), Err(RecvError));
    });
}

async fn echo<Q: Queue<usize>>(at_there: Receiver<usize, Q>, back: Sender<usize, Q>) {
    while let Ok(i) = at_there.recv_async().await {
        back.send_async(i).await.unwrap();
    }
}

async fn ping<Q: Queue<usize>>(there: Sender<usize, Q>, at_back: Receiver<usize, Q>) {
    for i in 0..rounds() {
        there.send_async(i).await.unwrap();
        assert_eq!(at_back.recv_async().await, Ok(i));
    }
    drop(there);
    assert_eq!(at_back.recv_async().await, Err(RecvError));
}

/// One on tokio, one on smol.
fn between_tasks<Q: Queue<usize> + 'static>((there, at_there): Ends<Q>, (back, at_back): Ends<Q>) {
    watched(move || {
        let echo = smol::spawn(echo(at_there, back));
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        tokio.block_on(async {
            tokio::spawn(ping(there, at_back)).await.unwrap();
            echo.await;
        });
    });
}

#[test]
fn between_tasks_of_two_threads_of_tokio() {
    watched(|| {
        let ((there, at_there), (back, at_back)) =
            (channel(AtomicRing::new(1)), channel(AtomicRing::new(1)));
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        tokio.block_on(async {
            let echo = tokio::spawn(echo(at_there, back));
            tokio::spawn(ping(there, at_back)).await.unwrap();
            echo.await.unwrap();
        });
    });
}

#[test]
fn between_a_thread_and_a_task() {
    watched(|| {
        let ((there, at_there), (back, at_back)) =
            (channel(AtomicRing::new(1)), channel(AtomicRing::new(1)));
        let echo = thread::spawn(move || smol::block_on(echo(at_there, back)));
        for i in 0..rounds() {
            there.send(i).unwrap();
            linger(i);
            assert_eq!(at_back.recv(), Ok(i));
        }
        drop(there);
        echo.join().unwrap();
    });
}

/// The other ways to wait, a different one each time, at both ends.
#[test]
fn by_every_way_to_wait() {
    const FOR_EVER: Duration = Duration::MAX;

    fn receive(rx: &Receiver<usize, ChannelQueue<usize>>, i: usize) -> Option<usize> {
        let mut out = Vec::new();
        match i % 7 {
            0 => rx.recv_timeout(FOR_EVER).ok(),
            1 => rx.iter().next(),
            2 => rx.recv_batch(&mut out, 1, FOR_EVER).ok().and_then(|_| out.pop()),
            3 => block_on(rx.recv_batch_async(&mut out, 1, FOR_EVER)).ok().and_then(|_| out.pop()),
            4 => block_on(rx.clone().next()),
            5 => loop {
                // Deadlines that pass again and again, while something comes.
                match rx.recv_timeout(Duration::from_micros(10)) {
                    Err(RecvTimeoutError::Timeout) => {}
                    received => break received.ok(),
                }
            },
            _ => block_on(rx.recv_async()).ok(),
        }
    }

    fn send(tx: &Sender<usize, ChannelQueue<usize>>, i: usize) {
        match i % 5 {
            0 => tx.send_timeout(i, FOR_EVER).unwrap(),
            1 => block_on(tx.send_async(i)).unwrap(),
            2 => {
                let mut value = i;
                while let Err(full) = tx.send_timeout(value, Duration::from_micros(10)) {
                    value = full.into_inner();
                }
            }
            3 => assert!(tx.push(i).is_stored()),
            _ => tx.send(i).unwrap(),
        }
    }

    watched(|| {
        let ((there, at_there), (back, at_back)) =
            (channel(ChannelQueue::new(1)), channel(ChannelQueue::new(1)));
        let echo = thread::spawn(move || {
            let mut expected = 0;
            while let Some(i) = receive(&at_there, expected) {
                assert_eq!(i, expected);
                expected += 1;
                linger(i / 5);
                send(&back, i);
            }
        });
        for i in 0..rounds() {
            send(&there, i);
            linger(i);
            assert_eq!(receive(&at_back, i / 3), Some(i));
        }
        drop(there);
        echo.join().unwrap();
    });
}
