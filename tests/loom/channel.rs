//! Models of pipes: nobody sleeps for ever, and the end is the end. A wake-up that is lost leaves all threads of a model asleep,
//! which loom reports as a deadlock.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use ringway::{Closed, Full, Overflow, Pushed, Queue, Receiver, Sender, TryRecvError};

use crate::explore::explore_all;

/// A queue for one number that is not zero, which orders nothing: what is in it is seen late, unless the pipe sees to it.
struct Unordered(AtomicU32);

impl Queue<u32> for Unordered {
    fn push(&self, value: u32) -> Pushed<u32> {
        match self.0.swap(value, Ordering::Relaxed) {
            0 => Pushed::Stored,
            oldest => Pushed::Evicted(oldest),
        }
    }

    fn try_push(&self, value: u32) -> Result<(), Full<u32>> {
        // A load first, which may be an old one, as the compare-exchange is not.
        if self.0.load(Ordering::Relaxed) != 0 {
            return Err(Full(value));
        }
        match self.0.compare_exchange(0, value, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => Err(Full(value)),
        }
    }

    fn pop(&self) -> Option<u32> {
        if self.0.load(Ordering::Relaxed) == 0 {
            return None;
        }
        match self.0.swap(0, Ordering::Relaxed) {
            0 => None,
            value => Some(value),
        }
    }

    fn len(&self) -> usize {
        usize::from(self.0.load(Ordering::Relaxed) != 0)
    }

    fn capacity(&self) -> Option<usize> {
        Some(1)
    }

    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

type Tx = Sender<u32, Unordered>;
type Rx = Receiver<u32, Unordered>;

/// Runs `body` with the ends of a new pipe in all executions with at most so many preemptions.
fn model(name: &str, preemptions: usize, body: fn(Tx, Rx)) {
    explore_all(name, Some(preemptions), move || {
        let (tx, rx) = ringway::pipe(Unordered(AtomicU32::new(0)));
        body(tx, rx);
    });
}

/// A thread of a model, with a value to join on.
fn spawn<R: 'static>(body: impl FnOnce() -> R + 'static) -> thread::JoinHandle<R> {
    thread::spawn(body)
}

/// Polls a future as a task that nobody needs to wake.
fn look<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

macro_rules! models {
    ($($(#[$doc:meta])* $name:ident, $preemptions:literal, $body:expr;)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            model(stringify!($name), $preemptions, $body);
        }
    )*};
}

models! {
    a_thread_is_woken_for_an_element, 3, |tx, rx| {
        let sending = spawn(move || { let _ = tx.send(1); tx });
        assert_eq!(rx.recv(), Ok(1));
        sending.join().unwrap();
    };

    a_task_is_woken_for_an_element, 3, |tx, rx| {
        let sending = spawn(move || { let _ = tx.send(1); tx });
        assert_eq!(block_on(rx.recv_async()), Ok(1));
        sending.join().unwrap();
    };

    a_thread_is_woken_by_the_last_sender, 3, |tx, rx| {
        let other = tx.clone();
        let dropping = spawn(move || drop(other));
        drop(tx);
        assert_eq!(rx.recv(), Err(Closed(())));
        dropping.join().unwrap();
    };

    /// The ends are of different stripes, and the one that closes is not the one that sends.
    what_was_sent_comes_before_the_end, 2, |tx, rx| {
        let (sender, closer) = (tx.clone(), tx);
        let sending = spawn(move || sender.send(1).is_ok());
        let closing = spawn(move || closer.close());
        let received = rx.recv().ok();
        if received.is_some() {
            assert_eq!(rx.recv(), Err(Closed(())));
        }
        assert_eq!(sending.join().unwrap(), received.is_some());
        closing.join().unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    };

    /// The same, but the receiver only looks.
    the_end_is_the_end, 3, |tx, rx| {
        let (sender, closer) = (tx.clone(), tx);
        let sending = spawn(move || sender.send(1).is_ok());
        closer.close();
        let looked = rx.try_recv();
        let sent = sending.join().unwrap();
        match looked {
            Ok(_) => assert!(sent),
            Err(TryRecvError::Closed) => assert!(!sent && rx.is_empty()),
            Err(TryRecvError::Empty) => assert_eq!(rx.try_recv(), if sent { Ok(1) } else { Err(TryRecvError::Closed) }),
        }
    };

    /// Who is refused knows that nobody else gets in.
    nothing_goes_in_after_a_refusal, 3, |tx, rx| {
        let other = tx.clone();
        let closing = spawn(move || rx.close());
        if tx.send(1).is_err() {
            assert!(other.send(2).is_err());
        }
        closing.join().unwrap();
    };

    /// By the flag, or by the sender's stripe.
    who_is_refused_sees_what_was_done_before, 3, |tx, rx| {
        let done = Arc::new(AtomicU32::new(0));
        let closing = spawn({
            let done = Arc::clone(&done);
            move || {
                done.store(1, Ordering::Relaxed);
                rx.close();
            }
        });
        if tx.send(1).is_err() {
            assert_eq!(done.load(Ordering::Relaxed), 1);
        }
        closing.join().unwrap();
    };

    who_sees_it_closed_sees_what_was_done_before, 3, |tx, rx| {
        let done = Arc::new(AtomicU32::new(0));
        let closing = spawn({
            let done = Arc::clone(&done);
            move || {
                done.store(1, Ordering::Relaxed);
                drop(tx);
            }
        });
        if rx.is_closed() {
            assert_eq!(done.load(Ordering::Relaxed), 1);
        }
        closing.join().unwrap();
    };

    /// The last of two senders closes; the other one has left before.
    the_end_comes_after_what_all_senders_did, 2, |tx, rx| {
        let done = Arc::new(AtomicU32::new(0));
        let other = tx.clone();
        let dropping = spawn({
            let done = Arc::clone(&done);
            move || {
                done.store(1, Ordering::Relaxed);
                drop(other);
            }
        });
        drop(tx);
        if rx.try_recv() == Err(TryRecvError::Closed) {
            assert_eq!(done.load(Ordering::Relaxed), 1);
        }
        dropping.join().unwrap();
    };

    two_threads_are_woken_by_close, 2, |tx, rx| {
        let other = rx.clone();
        let receiving = spawn(move || other.recv());
        let closing = spawn(move || tx.close());
        assert_eq!(rx.recv(), Err(Closed(())));
        assert_eq!(receiving.join().unwrap(), Err(Closed(())));
        closing.join().unwrap();
    };

    /// Both wait for the sender that was on its way in when the pipe was closed, and one wake-up is not enough for them. Its end is
    /// kept, as its drop would wake them too.
    two_threads_wait_for_the_last_sender_to_leave, 2, |tx, rx| {
        let other = rx.clone();
        let receiving = spawn(move || other.recv().is_ok());
        let sending = spawn(move || (tx.send(1).is_ok(), tx));
        rx.close();
        let received = rx.recv().is_ok();
        let received = u8::from(received) + u8::from(receiving.join().unwrap());
        assert_eq!(received, u8::from(sending.join().unwrap().0));
    };

    /// The task was there first, so the element wakes it, and not the thread.
    a_cancelled_task_passes_its_wake_up_on, 3, |tx, rx| {
        let other = rx.clone();
        let mut receiving = Box::pin(rx.recv_async());
        assert!(look(receiving.as_mut()).is_pending());
        let waiting = spawn(move || other.recv());
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        drop(receiving);
        assert_eq!(waiting.join().unwrap(), Ok(1));
    };

    a_cancelled_task_passes_room_on, 3, |tx, rx| {
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        let other = tx.clone();
        let mut sending = Box::pin(tx.send_async(2));
        assert!(look(sending.as_mut()).is_pending());
        let waiting = spawn(move || other.send_wait(3));
        assert_eq!(rx.try_recv(), Ok(1));
        drop(sending);
        assert_eq!(waiting.join().unwrap(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(3));
    };

    a_cancelled_task_leaves_the_element_to_a_thread, 2, |tx, rx| {
        let other = rx.clone();
        let cancelling = spawn(move || {
            let received = look(pin!(other.recv_async())).is_ready();
            if received {
                other.close();
            }
            received
        });
        let sending = spawn(move || {
            assert_eq!(tx.send(1), Ok(Pushed::Stored));
            tx
        });
        let received = rx.recv().is_ok();
        assert!(received != cancelling.join().unwrap());
        sending.join().unwrap();
    };

    /// And what was sent then wakes a thread at the other end. The sender is kept, as its drop would wake it too.
    room_wakes_a_thread, 3, |tx, rx| {
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        let sending = spawn(move || (tx.send_wait(2), tx));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv(), Ok(2));
        assert_eq!(sending.join().unwrap().0, Ok(()));
    };

    room_wakes_a_task, 3, |tx, rx| {
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        let sending = spawn(move || block_on(tx.send_async(2)));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv(), Ok(2));
        assert_eq!(sending.join().unwrap(), Ok(()));
    };

    closing_wakes_who_waits_for_room, 3, |tx, rx| {
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        let sending = spawn(move || tx.send_wait(2));
        rx.close();
        assert_eq!(sending.join().unwrap(), Err(Closed(2)));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv(), Err(Closed(())));
    };

    closing_wakes_a_task, 3, |tx, rx| {
        let closing = spawn(move || {
            tx.close();
            tx
        });
        assert_eq!(block_on(rx.recv_async()), Err(Closed(())));
        closing.join().unwrap();
    };

    closing_wakes_a_task_that_waits_for_room, 3, |tx, rx| {
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        let sending = spawn(move || block_on(tx.send_async(2)));
        rx.close();
        assert_eq!(sending.join().unwrap(), Err(Closed(2)));
    };

    a_wake_up_is_passed_on_to_a_task, 3, |tx, rx| {
        let other = rx.clone();
        let mut receiving = Box::pin(rx.recv_async());
        assert!(look(receiving.as_mut()).is_pending());
        let waiting = spawn(move || block_on(other.recv_async()));
        assert_eq!(tx.send(1), Ok(Pushed::Stored));
        drop(receiving);
        assert_eq!(waiting.join().unwrap(), Ok(1));
    };

    the_last_receiver_leaves_nothing_inside, 3, |tx, rx| {
        let sender = tx.clone();
        let sending = spawn(move || { let _ = sender.send(1); });
        drop(rx);
        sending.join().unwrap();
        assert!(tx.is_empty());
    };
}

/// With a real queue behind it.
#[test]
fn two_receivers_of_a_ring_get_an_element_each() {
    explore_all("two_receivers_of_a_ring_get_an_element_each", Some(1), || {
        let (tx, rx) = ringway::pipe(ringway::MutexRing::new(2));
        let (tx, rx) = (Arc::new(tx), Arc::new(rx));
        let receiving = spawn({
            let rx = Arc::clone(&rx);
            move || rx.recv().unwrap()
        });
        let sending = spawn({
            let tx = Arc::clone(&tx);
            move || [1, 2].map(|i| assert_eq!(tx.send(i), Ok(Pushed::Stored)))
        });
        let mine = rx.recv().unwrap();
        assert_eq!(mine + receiving.join().unwrap(), 3);
        sending.join().unwrap();
    });
}
