//! Futures that are dropped before they are ready: they take no element and no wake-up with them.
//! What one thread can see of it, at every point, is in `waiters`.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use ringway::channel::{RecvError, SendError};
use ringway::{AtomicRing, ChannelQueue, channel};

use crate::by_hand::{ByHand, woken};
use crate::watched::{linger, rounds, watched};

/// Dropped after so many polls, while two others wait: the element is there for them.
#[test]
fn a_receiver_that_is_dropped_passes_its_wake_up_on() {
    for polls in 0..3 {
        for (before, after) in [(0, 1), (1, 0)] {
            let (tx, rx) = channel(AtomicRing::new(4));
            let mut waiting: Vec<_> = Vec::new();
            waiting.extend((0..before).map(|_| ByHand::waiting(rx.recv_async())));
            let mut dropped = ByHand::new(rx.recv_async());
            (0..polls).for_each(|_| assert!(dropped.poll().is_pending()));
            waiting.extend((0..after).map(|_| ByHand::waiting(rx.recv_async())));

            assert!(tx.push(1).is_stored());
            assert_eq!(
                woken(&waiting) + usize::from(dropped.is_woken()),
                1,
                "one element wakes one"
            );
            drop(dropped);
            assert_eq!(woken(&waiting), 1);
            assert_eq!(waiting.pop().unwrap().poll(), Poll::Ready(Ok(1)));
        }
    }
}

/// One that was never woken is not waited for either: the next one is woken in its place.
#[test]
fn nobody_is_woken_who_is_gone() {
    let (tx, rx) = channel(AtomicRing::new(4));
    let gone = ByHand::waiting(rx.recv_async());
    let mut stream = rx.clone();
    let gone_stream = ByHand::waiting(stream.next());
    let waiting = [ByHand::waiting(rx.recv_async())];
    drop((gone, gone_stream));
    // Not even by its stream, which is still there and listens.
    drop(stream);
    assert!(tx.push(1).is_stored());
    assert_eq!(woken(&waiting), 1);

    let (tx, rx) = channel(ChannelQueue::new(1));
    tx.try_send(1).unwrap();
    let gone = ByHand::waiting(tx.send_async(2));
    let waiting = [ByHand::waiting(tx.send_async(3))];
    drop(gone);
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(woken(&waiting), 1);
}

#[test]
fn each_element_wakes_one_and_each_place_wakes_one() {
    let (tx, rx) = channel(AtomicRing::new(8));
    let waiting: Vec<_> = (0..8).map(|_| ByHand::waiting(rx.recv_async())).collect();
    for i in 0..8 {
        assert_eq!(woken(&waiting), i);
        tx.try_send(i).unwrap();
    }
    drop(waiting);
    let waiting: Vec<_> = (0..8).map(|i| ByHand::waiting(tx.send_async(i))).collect();
    assert_eq!(rx.discard_oldest(2), 2);
    assert_eq!(woken(&waiting), 2);
    assert!(rx.try_recv().is_ok());
    assert_eq!(woken(&waiting), 3);
    assert_eq!(rx.recv_batch(&mut Vec::new(), 4, Duration::ZERO), Ok(4));
    assert_eq!(woken(&waiting), 7);
}

/// Nobody has to look for what another has taken.
#[test]
fn one_that_takes_what_woke_it_wakes_nobody_else() {
    let (tx, rx) = channel(ChannelQueue::new(1));
    let mut first = ByHand::waiting(rx.recv_async());
    let mut stream = rx.clone();
    let mut second = ByHand::waiting(stream.next());
    let others = [ByHand::waiting(rx.recv_async())];
    tx.try_send(1).unwrap();
    assert!(first.is_woken());
    assert_eq!(first.poll(), Poll::Ready(Ok(1)));
    assert!(!second.is_woken());
    tx.try_send(2).unwrap();
    assert!(second.is_woken());
    assert_eq!(second.poll(), Poll::Ready(Some(2)));
    assert_eq!(woken(&others), 0);

    tx.try_send(3).unwrap();
    let mut first = ByHand::waiting(tx.send_async(4));
    let others = [ByHand::waiting(tx.send_async(5))];
    assert_eq!(rx.try_recv(), Ok(3));
    assert!(first.is_woken());
    assert_eq!(first.poll(), Poll::Ready(Ok(())));
    assert_eq!(woken(&others), 0);
}

/// What it has taken stays in `out`, and the one that waits is woken for the element that it has
/// not taken.
#[test]
fn a_batch_that_is_dropped_leaves_what_it_took() {
    let (tx, rx) = channel(AtomicRing::new(4));
    assert!(tx.push(1).is_stored());
    let mut out = Vec::new();
    let batch = ByHand::waiting(rx.recv_batch_async(&mut out, 3, Duration::MAX));
    let waiting = [ByHand::waiting(rx.recv_async())];
    assert!(tx.push(2).is_stored());
    drop(batch);
    assert_eq!(woken(&waiting), 1);
    assert_eq!((&out[..], rx.len()), (&[1][..], 1));
}

#[test]
fn a_sender_that_is_dropped_has_sent_nothing() {
    let (tx, rx) = channel(ChannelQueue::new(1));
    tx.try_send(1).unwrap();
    let mut dropped = ByHand::waiting(tx.send_async(2));
    let mut waiting = ByHand::waiting(tx.send_async(3));
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(dropped.is_woken() && !waiting.is_woken());
    drop(dropped);
    assert!(waiting.is_woken());
    assert!(waiting.poll().is_ready());
    assert_eq!(rx.try_recv(), Ok(3));

    // Nor one that was never polled.
    dropped = ByHand::new(tx.send_async(4));
    drop(dropped);
    assert!(rx.is_empty());
}

/// Tasks that give up after a moment, and threads that do, beside one of each that does not: with
/// nobody else to wake them, they get all that the others leave.
#[test]
fn impatient_receivers_lose_nothing() {
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(1));
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .unwrap();
        let elements = rounds();
        let received = &AtomicUsize::new(0);
        let add = |sum: usize| _ = received.fetch_add(sum, Ordering::Relaxed);
        thread::scope(|scope| {
            let (impatient, patient) = (rx.clone(), rx.clone());
            let tokio = &tokio;
            scope.spawn(move || {
                tokio.block_on(async {
                    let mut give_up_at_once = false;
                    loop {
                        give_up_at_once = !give_up_at_once;
                        let given_up = async {
                            if give_up_at_once {
                                tokio::task::yield_now().await;
                            } else {
                                tokio::time::sleep(Duration::from_micros(50)).await;
                            }
                        };
                        tokio::select! {
                            received = impatient.recv_async() => match received {
                                Ok(i) => add(i),
                                Err(RecvError) => break,
                            },
                            () = given_up => {}
                        }
                    }
                });
            });
            scope.spawn(move || {
                tokio.block_on(async {
                    loop {
                        match tokio::time::timeout(Duration::from_micros(100), rx.recv_async())
                            .await
                        {
                            Ok(Ok(i)) => add(i),
                            Ok(Err(RecvError)) => break,
                            Err(_) => {}
                        }
                    }
                });
            });
            scope.spawn(move || add(smol::block_on(patient.fold(0, async |sum, i| sum + i))));
            for i in 1..=elements {
                tx.send(i).unwrap();
                linger(i);
            }
            drop(tx);
        });
        assert_eq!(received.load(Ordering::Relaxed), elements * (elements + 1) / 2);
    });
}

/// Nobody takes but one that is patient, and one that gives up again and again and so is woken in
/// vain: there is one element at a time, and no other that would make up for a wake-up that was
/// lost.
#[test]
fn a_wake_up_is_not_lost_with_who_gives_up() {
    watched(|| {
        let (there, at_there) = channel(ChannelQueue::new(1));
        let (back, at_back) = channel(ChannelQueue::new(1));
        let ended = &AtomicBool::new(false);
        thread::scope(|scope| {
            let (patient, impatient) = (at_there.clone(), at_there);
            let back = &back;
            scope.spawn(move || {
                smol::block_on(async {
                    while let Ok(i) = patient.recv_async().await {
                        back.send_async(i).await.unwrap();
                    }
                });
            });
            scope.spawn(move || {
                let mut i = 0;
                while !ended.load(Ordering::Relaxed) {
                    // Never takes: it is polled once, at most, and that finds nothing or is given
                    // on.
                    let mut future = ByHand::new(impatient.recv_async());
                    if let Poll::Ready(Ok(taken)) = future.poll() {
                        back.send(taken).unwrap();
                    }
                    linger(i);
                    i += 1;
                }
            });
            for i in 0..rounds() {
                there.send(i).unwrap();
                assert_eq!(at_back.recv(), Ok(i));
                linger(i);
            }
            ended.store(true, Ordering::Relaxed);
            drop(there);
        });
    });
}

/// Cancelled or refused, the element is where it was, or comes back.
#[test]
fn a_send_that_does_not_happen_gives_its_element_back() {
    let (tx, rx) = channel(ChannelQueue::new(1));
    tx.try_send(1).unwrap();
    let mut sending = tx.send_async(2);
    assert!(Pin::new(&mut sending).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(sending.into_value(), Some(2));
    let mut value = Some(3);
    drop(ByHand::waiting(tx.send_from(&mut value)));
    assert_eq!(value, Some(3));
    rx.close();
    assert_eq!(ByHand::new(tx.send_from(&mut value)).poll(), Poll::Ready(Err(SendError(()))));
    assert_eq!(value, Some(3));
    assert!(rx.iter().eq([1]));
}
