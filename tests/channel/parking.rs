//! A thread that waits at a channel leaves alone what is not the channel's: an unpark that was
//! meant for the caller's own `park`.

use std::future::{self, Future};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use ringway::channel::{RecvTimeoutError, Select, SendTimeoutError};
use ringway::{ChannelQueue, Receiver, Sender, channel};

use crate::watched::watched;

const MOMENT: Duration = Duration::from_millis(1);

type Tx = Sender<u32, ChannelQueue<u32>>;
type Rx = Receiver<u32, ChannelQueue<u32>>;

/// Each sleeps, and is woken by the clock or by another thread.
fn every_sleep() -> [fn(&Tx, &Rx); 5] {
    /// Another thread does `action` once this one can be asleep.
    fn meanwhile(action: impl FnOnce() + Send + 'static) {
        thread::spawn(move || {
            thread::sleep(MOMENT);
            action();
        });
    }

    [
        |_, rx| assert_eq!(rx.recv_timeout(MOMENT), Err(RecvTimeoutError::Timeout)),
        |tx, _| {
            tx.try_send(1).unwrap();
            assert_eq!(tx.send_timeout(2, MOMENT), Err(SendTimeoutError::Timeout(2)));
        },
        |tx, rx| {
            let tx = tx.clone();
            meanwhile(move || tx.try_send(1).unwrap());
            assert_eq!(rx.recv(), Ok(1));
        },
        |tx, rx| {
            tx.try_send(1).unwrap();
            let rx = rx.clone();
            meanwhile(move || assert_eq!(rx.try_recv(), Ok(1)));
            tx.send(2).unwrap();
        },
        |_, rx| {
            let mut select = Select::new();
            select.recv(rx);
            assert_eq!(select.ready_timeout(MOMENT), None);
        },
    ]
}

#[test]
fn an_unpark_from_before_is_there_afterwards() {
    for sleep in every_sleep() {
        watched(move || {
            let (tx, rx) = channel(ChannelQueue::new(1));
            thread::current().unpark();
            sleep(&tx, &rx);
            // At once. It may return without a reason at any time, but mostly does not.
            thread::park();
        });
    }
}

struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The simplest executor there is.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unparks(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// A task is woken while it is polled, and then blocks its thread: bad manners, but it goes on.
#[test]
fn an_executor_that_only_parks_goes_on() {
    for sleep in every_sleep() {
        watched(move || {
            let (tx, rx) = channel(ChannelQueue::new(1));
            let mut polls = 0;
            block_on(future::poll_fn(|cx| {
                polls += 1;
                if polls == 2 {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                sleep(&tx, &rx);
                Poll::Pending
            }));
        });
    }
}
