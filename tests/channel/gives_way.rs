//! A task that always finds something gives way to others now and then, on any runtime.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ringway::channel;

use crate::by_hand::ByHand;
use crate::spring::Spring;
use crate::watched::watched;

/// As often as this in a row, an end is ready.
const IN_A_ROW: usize = 128;

/// What a task may do all the time.
#[derive(Clone, Copy, Debug)]
enum Way {
    Recv,
    RecvBatch,
    /// One batch that goes on for ever.
    LongBatch,
    Next,
    Send,
    Feed,
    SendAll,
}

const ALL: [Way; 7] =
    [Way::Recv, Way::RecvBatch, Way::LongBatch, Way::Next, Way::Send, Way::Feed, Way::SendAll];

impl Way {
    /// Goes on for ever.
    async fn repeat(self) {
        let (tx, mut rx) = channel(&Spring);
        let mut sink = tx.sink();
        let mut out = Vec::new();
        loop {
            match self {
                Self::Recv => rx.recv_async().await.unwrap(),
                Self::RecvBatch => {
                    rx.recv_batch_async(&mut out, 3, Duration::MAX)
                        .await
                        .map(|_| out.clear())
                        .unwrap();
                }
                Self::LongBatch => {
                    rx.recv_batch_async(&mut out, usize::MAX, Duration::MAX)
                        .await
                        .map(drop)
                        .unwrap();
                }
                Self::Next => rx.next().await.unwrap(),
                Self::Send => tx.send_async(()).await.unwrap(),
                Self::Feed => sink.feed(()).await.unwrap(),
                Self::SendAll => {
                    sink.send_all(&mut futures_util::stream::repeat(Ok(()))).await.unwrap();
                }
            }
        }
    }
}

/// Again and again, and each time it is woken at once.
#[test]
fn each_is_pending_now_and_then() {
    for way in ALL {
        watched(move || {
            let mut task = ByHand::new(way.repeat());
            for _ in 0..5 {
                assert!(task.poll().is_pending());
                assert!(task.is_woken(), "{way:?} is pending, and nobody has been told to go on");
            }
        });
    }
}

/// After so many times in a row, and not more often; what waited in between does not count.
#[test]
fn it_is_pending_once_in_so_many_times() {
    let (tx, rx) = channel(&Spring);
    let recv = || ByHand::new(rx.recv_async()).poll();
    let send = || ByHand::new(tx.send_async(())).poll();
    for _ in 0..3 {
        for _ in 0..IN_A_ROW {
            assert_eq!(recv(), Poll::Ready(Ok(())));
            assert_eq!(send(), Poll::Ready(Ok(())));
        }
        assert!(recv().is_pending() && send().is_pending());
    }

    let (tx, _rx) = channel(&Spring);
    let mut tx = tx.into_sink();
    for _ in 0..3 {
        for _ in 0..IN_A_ROW {
            assert_eq!(ByHand::new(tx.feed(())).poll(), Poll::Ready(Ok(())));
        }
        assert!(ByHand::new(tx.feed(())).poll().is_pending());
    }

    // One that has waited has given way already.
    let (tx, rx) = channel(ringway::AtomicRing::new(1));
    for _ in 0..3 * IN_A_ROW {
        let mut receiving = ByHand::waiting(rx.recv_async());
        assert!(!receiving.is_woken());
        assert_eq!(tx.try_send(()), Ok(()));
        assert_eq!(receiving.poll(), Poll::Ready(Ok(())));
    }
}

/// A future that gives way has taken and sent nothing.
#[test]
fn nothing_is_lost_when_it_gives_way() {
    let (tx, rx) = channel(ringway::MutexVec::new());
    for i in 0..3 * IN_A_ROW {
        let mut sending = ByHand::new(tx.send_async(i));
        while sending.poll().is_pending() {}
    }
    let mut expected = 0;
    while expected < 3 * IN_A_ROW {
        // One that is dropped instead of polled again.
        if let Poll::Ready(received) = ByHand::new(rx.recv_async()).poll() {
            assert_eq!(received, Ok(expected));
            expected += 1;
        }
    }
}

/// The timer is the runtime's, and fires when the runtime gets to it. However long that takes, it
/// comes at all only if the task gives way.
fn timer() -> Duration {
    Duration::from_millis(1)
}

#[test]
fn a_timer_of_tokio_fires() {
    for way in ALL {
        watched(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            assert!(
                runtime
                    .block_on(async { tokio::time::timeout(timer(), way.repeat()).await })
                    .is_err()
            );
        });
    }
}

#[test]
fn a_timer_of_tokio_with_threads_fires() {
    for way in ALL {
        watched(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_time()
                .build()
                .unwrap();
            let task =
                runtime.spawn(async move { tokio::time::timeout(timer(), way.repeat()).await });
            assert!(runtime.block_on(task).unwrap().is_err());
        });
    }
}

/// Another task of the same thread gets its turn.
#[test]
fn another_task_of_tokio_gets_its_turn() {
    for way in ALL {
        watched(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let greedy = tokio::task::LocalSet::new();
                greedy
                    .run_until(async {
                        let repeating = tokio::task::spawn_local(way.repeat());
                        let other =
                            tokio::task::spawn_local(async { tokio::task::yield_now().await });
                        other.await.unwrap();
                        repeating.abort();
                    })
                    .await;
            });
        });
    }
}

#[test]
fn a_timer_of_smol_fires() {
    for way in ALL {
        watched(move || {
            smol::block_on(smol::future::or(way.repeat(), async {
                smol::Timer::after(timer()).await;
            }));
        });
    }
}

/// Nor does one that is polled through a pointer go on for ever.
#[test]
fn poll_recv_gives_way() {
    let (_tx, mut rx) = channel(&Spring);
    let mut pending = ByHand::new(std::future::poll_fn(move |cx| {
        let mut received = 0;
        while let Poll::Ready(element) = Pin::new(&mut rx).poll_recv(cx) {
            assert_eq!(element, Ok(()));
            received += 1;
        }
        Poll::Ready(received)
    }));
    assert_eq!(pending.poll(), Poll::Ready(IN_A_ROW));
    assert!(pending.is_woken());
}
