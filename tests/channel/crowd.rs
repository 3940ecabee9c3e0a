//! Many who wait: each element wakes one of them, and the end wakes all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use ringway::channel::SendError;
use ringway::{AtomicRing, ChannelQueue, MutexRing, Queue, channel};
use tokio::runtime::{Builder, Runtime};

use crate::watched::{linger, rounds, watched};

const TASKS: usize = 5_000;

fn tokio() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn thousands_of_receivers_get_an_element_each_and_the_rest_get_the_end() {
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(TASKS));
        let tokio = tokio();
        let receivers: Vec<_> = (0..TASKS)
            .map(|_| {
                let rx = rx.clone();
                tokio.spawn(async move { rx.recv_async().await })
            })
            .collect();
        let sent = TASKS * 2 / 3;
        for i in 0..sent {
            linger(i);
            assert!(tx.push(i).is_stored());
        }
        // All of them have been taken before there is an end that could wake whoever was forgotten.
        while !tx.is_empty() {
            thread::yield_now();
        }
        tx.close();
        let results = tokio.block_on(join_all(receivers)).into_iter().map(Result::unwrap);
        let mut received: Vec<_> = results.filter_map(Result::ok).collect();
        received.sort_unstable();
        assert!(received.into_iter().eq(0..sent));
    });
}

/// On the other runtime, and with those who wait as streams.
#[test]
fn thousands_of_streams_end() {
    watched(|| {
        let (tx, rx) = channel(MutexRing::<usize>::new(8));
        let streams: Vec<_> =
            (0..TASKS).map(|_| smol::spawn(StreamExt::count(rx.clone()))).collect();
        for i in 0..100 {
            linger(i);
            smol::block_on(tx.send_async(i)).unwrap();
        }
        drop(tx);
        assert_eq!(smol::block_on(join_all(streams)).into_iter().sum::<usize>(), 100);
    });
}

#[test]
fn thousands_of_senders_get_in_one_by_one_and_the_rest_get_the_end() {
    watched(|| {
        let (tx, rx) = channel(ChannelQueue::new(1));
        let tokio = tokio();
        let senders: Vec<_> = (0..TASKS)
            .map(|i| {
                let tx = tx.clone();
                tokio.spawn(async move { tx.send_async(i).await })
            })
            .collect();
        let mut received: Vec<_> = (0..TASKS / 2).map(|_| rx.recv().unwrap()).collect();
        rx.close();
        received.extend(rx.iter());
        let results = tokio.block_on(join_all(senders)).into_iter().map(Result::unwrap);
        received.extend(results.filter_map(Result::err).map(SendError::into_inner));
        received.sort_unstable();
        assert!(received.into_iter().eq(0..TASKS));
    });
}

#[test]
fn hundreds_of_threads_get_an_element_each_and_the_rest_get_the_end() {
    const THREADS: usize = 200;
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(THREADS));
        let received = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    received.fetch_add(usize::from(rx.recv().is_ok()), Ordering::Relaxed)
                });
            }
            for i in 0..THREADS / 2 {
                linger(i);
                assert!(tx.push(i).is_stored());
            }
            while !tx.is_empty() {
                thread::yield_now();
            }
            tx.close();
        });
        assert_eq!(received.into_inner(), THREADS / 2);
    });
}

/// Threads and tasks of two runtimes at both ends of a channel with little room: all wait for each
/// other all the time.
fn threads_and_tasks<Q: Queue<usize> + 'static>(queue: Q) {
    watched(move || {
        let (tx, rx) = channel(queue);
        let each = rounds() / 2;
        let tokio = tokio();
        let received = Arc::new(Mutex::new(Vec::new()));
        let add = {
            let received = Arc::clone(&received);
            move |more: Vec<usize>| received.lock().unwrap().extend(more)
        };

        let threads = [
            thread::spawn({
                let (rx, add) = (rx.clone(), add.clone());
                move || add(rx.iter().collect())
            }),
            thread::spawn({
                let (rx, add) = (rx.clone(), add.clone());
                move || {
                    let mut out = Vec::new();
                    while rx.recv_batch(&mut out, 2, Duration::from_micros(5)).is_ok() {}
                    add(out);
                }
            }),
            thread::spawn({
                let tx = tx.clone();
                move || (0..each).for_each(|i| tx.send(i).unwrap())
            }),
        ];
        let on_tokio = [
            tokio.spawn({
                let (rx, add) = (rx.clone(), add.clone());
                async move { add(StreamExt::collect(rx.clone()).await) }
            }),
            tokio.spawn({
                let tx = tx.clone();
                async move {
                    for i in each..2 * each {
                        tx.send_async(i).await.unwrap();
                    }
                }
            }),
        ];
        let on_smol = [
            smol::spawn(async move {
                let mut out = Vec::new();
                while rx.recv_batch_async(&mut out, 2, Duration::from_micros(5)).await.is_ok() {}
                add(out);
            }),
            smol::spawn(async move {
                for i in 2 * each..3 * each {
                    tx.send_async(i).await.unwrap();
                }
            }),
        ];
        for thread in threads {
            thread.join().unwrap();
        }
        smol::block_on(async {
            join_all(on_tokio).await.into_iter().for_each(Result::unwrap);
            join_all(on_smol).await;
        });
        let mut received = received.lock().unwrap();
        received.sort_unstable();
        assert!(received.iter().copied().eq(0..3 * each), "{} of {}", received.len(), 3 * each);
    });
}

#[test]
fn threads_and_tasks_over_an_atomic_ring() {
    threads_and_tasks(AtomicRing::new(1));
}

#[test]
fn threads_and_tasks_over_a_channel() {
    threads_and_tasks(ChannelQueue::new(2));
}

#[test]
fn threads_and_tasks_over_a_boxed_queue() {
    threads_and_tasks(Box::new(MutexRing::new(3)) as Box<dyn Queue<usize>>);
}
