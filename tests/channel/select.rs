//! Waiting for the first of several receivers: by threads with `Select`, by tasks with what their
//! runtime has.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ringway::channel::{Select, TryRecvError};
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Queue, Receiver, channel};

use crate::watched::{linger, rounds, watched};

#[test]
fn a_receiver_is_ready_when_a_try_would_not_say_empty() {
    let (tx, rx) = channel(AtomicRing::new(2));
    let (text_tx, text_rx) = channel(MutexVec::new());
    let mut select = Select::new();
    assert_eq!([select.recv(&rx), select.recv(&text_rx)], [0, 1]);
    assert_eq!(select.try_ready(), None);
    tx.try_send(1).unwrap();
    assert_eq!(select.try_ready(), Some(0));
    // It is not taken by that.
    assert_eq!((rx.try_recv(), select.try_ready()), (Ok(1), None));
    text_tx.try_send("text").unwrap();
    assert_eq!(select.ready(), 1);
    drop(text_tx);
    assert_eq!((text_rx.try_recv(), select.ready()), (Ok("text"), 1));
    assert_eq!(text_rx.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn one_that_is_removed_is_waited_for_no_more() {
    let (tx, rx) = channel(AtomicRing::new(1));
    let (_other_tx, other_rx) = channel(AtomicRing::<u8>::new(1));
    let mut select = Select::new();
    let (index, _) = (select.recv(&rx), select.recv(&other_rx));
    tx.try_send(1).unwrap();
    select.remove(index);
    assert_eq!(select.ready_timeout(Duration::from_millis(1)), None);
    // The others keep their places, and so do those that come later.
    assert_eq!(select.recv(&rx), 2);
    assert_eq!(select.ready(), 2);
}

#[test]
fn it_does_not_wait_for_nothing() {
    watched(|| {
        let (_tx, rx) = channel(AtomicRing::<u8>::new(1));
        let mut select = Select::new();
        let caught = |select: &mut Select<'_>| {
            panic::catch_unwind(AssertUnwindSafe(|| select.ready())).is_err()
        };
        assert!(caught(&mut select));
        select.recv(&rx);
        select.remove(0);
        assert!(caught(&mut select));
        assert_eq!(select.ready_timeout(Duration::ZERO), None);
        assert!(panic::catch_unwind(AssertUnwindSafe(|| select.remove(1))).is_err());
    });
}

/// A deadline that has passed does not hide what is there; one that is to come is not missed.
#[test]
fn it_waits_until_the_deadline() {
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(1));
        let mut select = Select::new();
        select.recv(&rx);
        let passed = Instant::now();
        assert_eq!(select.ready_deadline(passed), None);
        let wait = Duration::from_millis(20);
        assert_eq!(select.ready_timeout(wait), None);
        assert!(passed.elapsed() >= wait, "given up early");
        tx.try_send(1).unwrap();
        assert_eq!(select.ready_deadline(passed), Some(0));
        assert_eq!(select.ready_timeout(Duration::MAX), Some(0));
    });
}

/// Of those that always are ready none is left out.
#[test]
fn each_comes_in_its_turn() {
    let channels = [(); 3].map(|()| channel(AtomicRing::new(1)));
    let mut select = Select::new();
    for (tx, rx) in &channels {
        tx.try_send(()).unwrap();
        select.recv(rx);
    }
    let ready: Vec<_> = (0..7).map(|_| select.ready()).collect();
    assert_eq!(ready, [0, 1, 2, 0, 1, 2, 0]);
    select.remove(1);
    assert_eq!([select.ready(), select.ready(), select.ready()], [2, 0, 2]);
}

/// One element at a time, at any of the receivers: the thread must be woken, every time.
#[test]
fn no_wake_up_is_lost() {
    watched(|| {
        let (ring_tx, ring) = channel(AtomicRing::new(1));
        let (queue_tx, queue) = channel(ChannelQueue::new(1));
        let (boxed_tx, boxed) =
            channel(Box::new(MutexRing::new(1)) as Box<dyn Queue<(usize, String)>>);
        let (back, at_back) = channel(MutexVec::new());
        let echo = thread::spawn(move || {
            let mut select = Select::new();
            select.recv(&ring);
            select.recv(&queue);
            select.recv(&boxed);
            let mut open = 3;
            while open > 0 {
                let ready = select.ready();
                let taken = match ready {
                    0 => ring.try_recv(),
                    1 => queue.try_recv().map(|i: u32| i as usize),
                    _ => boxed.try_recv().map(|(i, _)| i),
                };
                match taken {
                    Ok(i) => {
                        linger(i / 7);
                        back.send(i).unwrap();
                    }
                    Err(TryRecvError::Empty) => panic!("it has the only receivers"),
                    Err(TryRecvError::Closed) => {
                        select.remove(ready);
                        open -= 1;
                    }
                }
            }
        });
        for i in 0..rounds() {
            match i % 3 {
                0 => assert!(ring_tx.push(i).is_stored()),
                1 => queue_tx.send(i as u32).unwrap(),
                _ => boxed_tx.try_send((i, i.to_string())).unwrap(),
            }
            linger(i);
            assert_eq!(at_back.recv(), Ok(i));
        }
        drop((ring_tx, queue_tx, boxed_tx));
        echo.join().unwrap();
    });
}

/// Takes from whichever is ready until both are closed; returns the sum of what it took.
fn sum_of_both(receivers: &[Receiver<usize, ChannelQueue<usize>>; 2]) -> usize {
    let mut select = Select::new();
    receivers.iter().for_each(|receiver| _ = select.recv(receiver));
    let (mut open, mut sum) = (2, 0);
    while open > 0 {
        let ready = select.ready();
        match receivers[ready].try_recv() {
            Ok(i) => sum += i,
            // Another was there first.
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Closed) => {
                select.remove(ready);
                open -= 1;
            }
        }
    }
    sum
}

/// Two wait for the same two receivers, beside threads and tasks that wait for one of them: a
/// wake-up that one makes no use of wakes another.
#[test]
fn several_wait_for_the_same() {
    watched(|| {
        let ends = [(); 2].map(|()| channel(ChannelQueue::new(1)));
        let receivers = ends.each_ref().map(|(_, rx)| rx.clone());
        let [(tx, rx), (other_tx, other_rx)] = ends;
        let received = &AtomicUsize::new(0);
        let add = |sum| _ = received.fetch_add(sum, Ordering::Relaxed);
        thread::scope(|scope| {
            for receivers in [receivers.clone(), receivers] {
                scope.spawn(move || add(sum_of_both(&receivers)));
            }
            scope.spawn(move || add(rx.iter().sum()));
            scope.spawn(move || {
                add(smol::block_on(async {
                    let mut sum = 0;
                    while let Ok(i) = other_rx.recv_async().await {
                        sum += i;
                    }
                    sum
                }));
            });
            for i in 1..=rounds() {
                let tx = if i % 2 == 0 { &tx } else { &other_tx };
                tx.send(i).unwrap();
                linger(i);
            }
            drop((tx, other_tx));
        });
        assert_eq!(received.load(Ordering::Relaxed), rounds() * (rounds() + 1) / 2);
    });
}

/// For tasks the `select!` of their runtime does it, as all futures may be dropped.
#[test]
fn tasks_wait_for_several() {
    watched(|| {
        let (tx, rx) = channel(ChannelQueue::new(1));
        let (other_tx, other_rx) = channel(AtomicRing::new(1));
        let (back, at_back) = channel(MutexVec::new());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let echo = runtime.spawn(async move {
            loop {
                tokio::select! {
                    Ok(i) = rx.recv_async() => back.send(i).unwrap(),
                    Ok(i) = other_rx.recv_async() => back.send(i).unwrap(),
                    else => break,
                }
            }
        });
        for i in 0..rounds() {
            if i % 2 == 0 {
                tx.send(i).unwrap()
            } else {
                other_tx.send(i).unwrap()
            }
            assert_eq!(at_back.recv(), Ok(i));
        }
        drop((tx, other_tx));
        runtime.block_on(echo).unwrap();
    });
}
