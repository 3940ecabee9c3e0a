//! Batches by size, by time, and by the end; and deadlines that have passed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ringway::channel::{RecvError, RecvTimeoutError, SendTimeoutError};
use ringway::{AtomicRing, ChannelQueue, MutexVec, Queue, Receiver, channel};

use crate::spring::Spring;
use crate::watched::watched;

const HOUR: Duration = Duration::from_secs(3600);

/// Receives a batch on a thread, or as a task of some runtime.
#[derive(Clone, Copy, Debug)]
enum On {
    Thread,
    Executor,
    Tokio,
    Smol,
}

const ALL: [On; 4] = [On::Thread, On::Executor, On::Tokio, On::Smol];

impl On {
    fn recv_batch<T, Q: Queue<T>>(
        self,
        rx: &Receiver<T, Q>,
        out: &mut Vec<T>,
        max: usize,
        max_wait: Duration,
    ) -> Result<usize, RecvError> {
        let before = out.len();
        let received = match self {
            Self::Thread => rx.recv_batch(out, max, max_wait),
            Self::Executor => futures_executor::block_on(rx.recv_batch_async(out, max, max_wait)),
            // Without a timer of its own: it needs none.
            Self::Tokio => tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(rx.recv_batch_async(out, max, max_wait)),
            Self::Smol => smol::block_on(rx.recv_batch_async(out, max, max_wait)),
        };
        assert_eq!(received.unwrap_or(0), out.len() - before);
        received
    }
}

#[test]
fn by_size() {
    watched(|| {
        for on in ALL {
            let (tx, rx) = channel(AtomicRing::new(8));
            for i in 0..8 {
                assert!(tx.push(i).is_stored());
            }
            let mut out = vec![99];
            assert_eq!(on.recv_batch(&rx, &mut out, 3, Duration::MAX), Ok(3));
            assert_eq!(on.recv_batch(&rx, &mut out, 0, Duration::MAX), Ok(0));
            assert_eq!(on.recv_batch(&rx, &mut out, 5, Duration::MAX), Ok(5));
            assert_eq!(out, [99, 0, 1, 2, 3, 4, 5, 6, 7]);
            // Of nothing, without waiting.
            assert_eq!(on.recv_batch(&rx, &mut out, 0, Duration::MAX), Ok(0));
        }
    });
}

/// The size is reached although it never is inside at once, and although there is all the time
/// there is.
#[test]
fn by_size_one_after_another() {
    watched(|| {
        for on in ALL {
            for max_wait in [HOUR, Duration::MAX] {
                let (tx, rx) = channel(ChannelQueue::new(1));
                let sending = thread::spawn(move || (0..100).for_each(|i| tx.send(i).unwrap()));
                let mut out = Vec::new();
                assert_eq!(on.recv_batch(&rx, &mut out, 100, max_wait), Ok(100), "{on:?}");
                assert!(out.into_iter().eq(0..100));
                sending.join().unwrap();
            }
        }
    });
}

#[test]
fn by_time() {
    watched(|| {
        for on in ALL {
            let (tx, rx) = channel(AtomicRing::new(8));
            for (i, max_wait) in
                (0..).zip([Duration::ZERO, Duration::from_millis(1), Duration::from_millis(30)])
            {
                assert!(tx.push(i).is_stored());
                let start = Instant::now();
                let mut out = Vec::new();
                assert_eq!(on.recv_batch(&rx, &mut out, 2, max_wait), Ok(1), "{on:?}");
                assert_eq!(out, [i]);
                assert!(start.elapsed() >= max_wait, "{on:?}: given up early");
            }
        }
    });
}

/// The time begins with the first element, however long that takes to come.
#[test]
fn the_time_does_not_begin_before_the_first() {
    watched(|| {
        for on in ALL {
            let (tx, rx) = channel(AtomicRing::new(8));
            let receiving = thread::spawn(move || {
                let mut out = Vec::new();
                (on.recv_batch(&rx, &mut out, 2, Duration::from_millis(5)), out, Instant::now())
            });
            thread::sleep(Duration::from_millis(20));
            let sent = Instant::now();
            assert!(tx.push(1).is_stored());
            let (received, out, end) = receiving.join().unwrap();
            assert_eq!((received, &out[..]), (Ok(1), &[1][..]), "{on:?}");
            assert!(
                end - sent >= Duration::from_millis(5),
                "{on:?}: the time began before the first element"
            );
        }
    });
}

/// The time is the batch's, not that from each element to the next: a producer that never lets it
/// pass cannot keep a batch open.
#[test]
fn the_time_does_not_begin_again_with_each_element() {
    watched(|| {
        let (tx, rx) = channel(AtomicRing::new(64));
        let stop = &AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let _ = tx.push(1);
                    thread::sleep(Duration::from_millis(1));
                }
            });
            for on in ALL {
                on.recv_batch(&rx, &mut Vec::new(), usize::MAX, Duration::from_millis(200))
                    .unwrap();
            }
            stop.store(true, Ordering::Relaxed);
        });
    });
}

/// Nor can producers without pause, so that a look never finds nothing.
#[track_caller]
fn ends_though_there_always_is_one_more(on: On) {
    watched(move || {
        let (_tx, rx) = channel(&Spring);
        let mut out = Vec::new();
        on.recv_batch(&rx, &mut out, usize::MAX, Duration::from_millis(5)).unwrap();
        assert!(out.len() >= 8);
    });
}

#[test]
fn the_time_ends_though_there_always_is_one_more() {
    ends_though_there_always_is_one_more(On::Thread);
}

#[test]
fn the_time_of_a_task_ends_though_there_always_is_one_more() {
    ends_though_there_always_is_one_more(On::Tokio);
    ends_though_there_always_is_one_more(On::Smol);
}

#[test]
fn by_the_end() {
    watched(|| {
        for on in ALL {
            let (tx, rx) = channel(MutexVec::new());
            for i in 0..3 {
                assert!(tx.push(i).is_stored());
            }
            drop(tx);
            let mut out = Vec::new();
            assert_eq!(on.recv_batch(&rx, &mut out, usize::MAX, HOUR), Ok(3), "{on:?}");
            assert_eq!(on.recv_batch(&rx, &mut out, usize::MAX, HOUR), Err(RecvError), "{on:?}");
            // Zero is zero, always.
            assert_eq!(on.recv_batch(&rx, &mut out, 0, HOUR), Ok(0), "{on:?}");
            assert_eq!(out, [0, 1, 2]);
        }
    });
}

#[test]
fn a_deadline_that_has_passed_still_takes_and_sends() {
    watched(|| {
        let (tx, rx) = channel(ChannelQueue::new(1));
        let passed = Instant::now();
        assert_eq!(rx.recv_deadline(passed), Err(RecvTimeoutError::Timeout));
        assert_eq!(rx.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
        assert_eq!(tx.send_deadline(1, passed), Ok(()));
        assert_eq!(tx.send_deadline(2, passed), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(tx.send_timeout(2, Duration::ZERO), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(rx.recv_deadline(passed), Ok(1));
        assert_eq!(tx.send_timeout(3, Duration::ZERO), Ok(()));
        assert_eq!(rx.recv_timeout(Duration::ZERO), Ok(3));
        tx.close();
        assert_eq!(rx.recv_deadline(passed), Err(RecvTimeoutError::Closed));
        assert_eq!(tx.send_deadline(4, passed), Err(SendTimeoutError::Closed(4)));
    });
}

#[test]
fn nobody_gives_up_early() {
    watched(|| {
        let (tx, rx) = channel(ChannelQueue::new(1));
        let wait = Duration::from_millis(20);
        let start = Instant::now();
        assert_eq!(rx.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        assert!(start.elapsed() >= wait);
        tx.try_send(1).unwrap();
        let start = Instant::now();
        assert_eq!(tx.send_timeout(2, wait), Err(SendTimeoutError::Timeout(2)));
        assert!(start.elapsed() >= wait);
    });
}
