//! Models of channels: nobody sleeps for ever, and the end is the end. A wake-up that is lost
//! leaves all threads of a model asleep, which loom reports as a deadlock.
//!
//! # What the queue in them promises
//!
//! That what it does takes effect in one order: all of it is in one word. And nothing more: every
//! access to that word is `Relaxed`, so an operation that only reads (a pop that finds nothing, a
//! `try_push` that finds no room, `is_closed`) may see an old word, and no operation orders what
//! its thread does before or after it. A thread that has received an element has learnt nothing
//! else.
//!
//! The contract of [`Queue`] also has the users' `SeqCst` accesses in that order. That half is in
//! `src/sync.rs`, where a fence stands for each such access, as loom knows no other `SeqCst`. It is
//! where the channel has a `SeqCst` access, and nowhere else: with one that is weaker there is no
//! fence, and the element and the sleeper miss each other. The mutants named "channel: asleep" see
//! to that.
//!
//! In one way a fence is more than the access for which it stands: it also lets the thread know
//! what was done before earlier fences. The one model that is about such knowledge has the queue
//! look for it while it is closed, which is before the first fence.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::future::block_on;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use ringway::channel::{RecvError, Select, SendError, TryRecvError};
use ringway::{Overflow, Pushed, Queue, Receiver, Sender, TryPushError};

use crate::explore::explore_all;

/// A queue of numbers from 1 to 15 that keeps the newest.
struct Least {
    /// Four bits for each number, the oldest in the lowest.
    word: AtomicU32,
    capacity: u32,
    /// What must have been set to one when it is closed.
    done: Option<AtomicU32>,
}

const CLOSED: u32 = 1 << 31;

impl Least {
    fn new(capacity: u32) -> Self {
        assert!(capacity < 8, "the highest bit is not a number's");
        Self { word: AtomicU32::new(0), capacity, done: None }
    }

    fn that_awaits(done: AtomicU32) -> Self {
        Self { done: Some(done), ..Self::new(1) }
    }

    fn len_of(word: u32) -> u32 {
        (u32::BITS - (word & !CLOSED).leading_zeros()).div_ceil(4)
    }

    /// The word with one number more; which number has to go for it.
    fn pushed(&self, word: u32, value: u32) -> (u32, Option<u32>) {
        let (word, evicted) = if Self::len_of(word) == self.capacity {
            (word >> 4, Some(word & 15))
        } else {
            (word, None)
        };
        (word | value << (4 * Self::len_of(word)), evicted)
    }

    fn exchange(&self, current: u32, new: u32) -> Result<u32, u32> {
        self.word.compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed)
    }
}

impl Queue<u32> for Least {
    fn push(&self, value: u32) -> Pushed<u32> {
        // A guess that is wrong brings the word as it is.
        let mut word = 0;
        loop {
            if word & CLOSED != 0 {
                return Pushed::Closed(value);
            }
            let (new, evicted) = self.pushed(word, value);
            match self.exchange(word, new) {
                Ok(_) => return evicted.map_or(Pushed::Stored, Pushed::Evicted),
                Err(current) => word = current,
            }
        }
    }

    fn try_push(&self, value: u32) -> Result<(), TryPushError<u32>> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & CLOSED != 0 {
                return Err(TryPushError::Closed(value));
            }
            if Self::len_of(word) == self.capacity {
                return Err(TryPushError::Full(value));
            }
            match self.exchange(word, self.pushed(word, value).0) {
                Ok(_) => return Ok(()),
                Err(current) => word = current,
            }
        }
    }

    fn pop(&self) -> Option<u32> {
        let mut word = self.word.load(Ordering::Relaxed);
        while Self::len_of(word) > 0 {
            match self.exchange(word, (word & !CLOSED) >> 4 | word & CLOSED) {
                Ok(_) => return Some(word & 15),
                Err(current) => word = current,
            }
        }
        None
    }

    fn close(&self) -> bool {
        if let Some(done) = &self.done {
            assert_eq!(done.load(Ordering::Relaxed), 1, "closed too early");
        }
        self.word.fetch_or(CLOSED, Ordering::Relaxed) & CLOSED == 0
    }

    fn is_closed(&self) -> bool {
        self.word.load(Ordering::Relaxed) & CLOSED != 0
    }

    fn len(&self) -> usize {
        Self::len_of(self.word.load(Ordering::Relaxed)) as usize
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.capacity as usize)
    }

    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

type Tx<Q> = Sender<u32, Q>;
type Rx<Q> = Receiver<u32, Q>;

/// Runs `body` with the ends of a new channel in all executions with at most so many preemptions.
fn model<Q: Queue<u32> + 'static>(
    name: &str,
    preemptions: usize,
    queue: fn() -> Q,
    body: fn(Tx<Q>, Rx<Q>),
) {
    explore_all(name, Some(preemptions), move || {
        let (tx, rx) = ringway::channel(queue());
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
    ($($(#[$doc:meta])* $name:ident, $preemptions:literal, $queue:expr, $body:expr;)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            model(stringify!($name), $preemptions, || $queue, $body);
        }
    )*};
}

// A thread that has woken another keeps its end until both are joined: its drop would wake too.
models! {
    a_thread_is_woken_for_an_element, 3, Least::new(1), |tx, rx| {
        let sending = spawn(move || (tx.push(1), tx));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(sending.join().unwrap().0, Pushed::Stored);
    };

    a_task_is_woken_for_an_element, 3, Least::new(1), |tx, rx| {
        let sending = spawn(move || (tx.try_send(1), tx));
        assert_eq!(block_on(rx.recv_async()), Ok(1));
        assert_eq!(sending.join().unwrap().0, Ok(()));
    };

    a_stream_is_woken_for_an_element, 3, Least::new(1), |tx, mut rx| {
        let sending = spawn(move || (tx.push(1), tx));
        assert_eq!(block_on(poll_fn(|cx| rx.poll_recv(cx))), Ok(1));
        assert_eq!(sending.join().unwrap().0, Pushed::Stored);
    };

    /// Only when it has all of them.
    a_batch_is_woken_for_each_element, 2, Least::new(2), |tx, rx| {
        let sending = spawn(move || ([tx.push(1), tx.push(2)], tx));
        let mut out = Vec::new();
        assert_eq!(rx.recv_batch(&mut out, 2, Duration::MAX), Ok(2));
        assert_eq!(out, [1, 2]);
        assert_eq!(sending.join().unwrap().0, [Pushed::Stored; 2]);
    };

    room_wakes_a_thread, 3, Least::new(1), |tx, rx| {
        assert_eq!(tx.push(1), Pushed::Stored);
        let sending = spawn(move || (tx.send(2), tx));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv(), Ok(2));
        assert_eq!(sending.join().unwrap().0, Ok(()));
    };

    room_wakes_a_task, 3, Least::new(1), |tx, rx| {
        assert_eq!(tx.push(1), Pushed::Stored);
        let sending = spawn(move || (block_on(tx.send_async(2)), tx));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv(), Ok(2));
        assert_eq!(sending.join().unwrap().0, Ok(()));
    };

    /// A batch makes room for several.
    room_wakes_two_threads, 2, Least::new(2), |tx, rx| {
        assert_eq!([tx.push(1), tx.push(2)], [Pushed::Stored; 2]);
        let sending = [3, 4].map(|value| {
            let tx = tx.clone();
            spawn(move || tx.send(value))
        });
        let mut out = Vec::new();
        assert_eq!(rx.recv_batch(&mut out, 2, Duration::ZERO), Ok(2));
        sending.into_iter().for_each(|sending| assert_eq!(sending.join().unwrap(), Ok(())));
        assert_eq!(rx.recv_batch(&mut out, 2, Duration::ZERO), Ok(2));
    };

    two_receivers_get_an_element_each, 2, Least::new(2), |tx, rx| {
        let other = rx.clone();
        let receiving = spawn(move || other.recv().unwrap());
        let sending = spawn(move || ([tx.push(1), tx.push(2)], tx));
        assert_eq!(rx.recv().unwrap() + receiving.join().unwrap(), 3);
        assert_eq!(sending.join().unwrap().0, [Pushed::Stored; 2]);
    };

    two_senders_wake_one_receiver, 2, Least::new(2), |tx, rx| {
        let sending = [1, 2].map(|value| {
            let tx = tx.clone();
            spawn(move || tx.push(value))
        });
        assert_eq!(rx.recv().unwrap() + rx.recv().unwrap(), 3);
        sending.into_iter().for_each(|sending| assert_eq!(sending.join().unwrap(), Pushed::Stored));
    };

    closing_wakes_a_thread, 3, Least::new(1), |tx, rx| {
        let closing = spawn(move || (tx.close(), tx));
        assert_eq!(rx.recv(), Err(RecvError));
        assert!(closing.join().unwrap().0);
    };

    closing_wakes_a_task, 3, Least::new(1), |tx, rx| {
        let closing = spawn(move || (tx.close(), tx));
        assert_eq!(block_on(rx.recv_async()), Err(RecvError));
        assert!(closing.join().unwrap().0);
    };

    closing_wakes_a_thread_that_waits_for_room, 3, Least::new(1), |tx, rx| {
        assert_eq!(tx.push(1), Pushed::Stored);
        let sending = spawn(move || tx.send(2));
        rx.close();
        assert_eq!(sending.join().unwrap(), Err(SendError(2)));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv(), Err(RecvError));
    };

    closing_wakes_a_task_that_waits_for_room, 3, Least::new(1), |tx, rx| {
        assert_eq!(tx.push(1), Pushed::Stored);
        let sending = spawn(move || block_on(tx.send_async(2)));
        rx.close();
        assert_eq!(sending.join().unwrap(), Err(SendError(2)));
    };

    closing_wakes_a_task_that_waits_for_it, 3, Least::new(1), |tx, rx| {
        let closing = spawn(move || (rx.close(), rx));
        block_on(tx.closed());
        assert!(tx.is_closed());
        assert!(closing.join().unwrap().0);
    };

    closing_wakes_two_threads, 2, Least::new(1), |tx, rx| {
        let other = rx.clone();
        let receiving = spawn(move || other.recv());
        let closing = spawn(move || (tx.close(), tx));
        assert_eq!(rx.recv(), Err(RecvError));
        assert_eq!(receiving.join().unwrap(), Err(RecvError));
        closing.join().unwrap();
    };

    the_last_sender_wakes_a_thread, 3, Least::new(1), |tx, rx| {
        let other = tx.clone();
        let dropping = spawn(move || drop(other));
        drop(tx);
        assert_eq!(rx.recv(), Err(RecvError));
        dropping.join().unwrap();
    };

    the_last_receiver_wakes_a_thread, 3, Least::new(1), |tx, rx| {
        assert_eq!(tx.push(1), Pushed::Stored);
        let other = rx.clone();
        let dropping = [rx, other].map(|rx| spawn(move || drop(rx)));
        assert_eq!(tx.send(2), Err(SendError(2)));
        dropping.into_iter().for_each(|dropping| dropping.join().unwrap());
    };

    what_was_pushed_comes_before_the_end, 2, Least::new(1), |tx, rx| {
        let (sender, closer) = (tx.clone(), tx);
        let sending = spawn(move || sender.push(1).is_stored());
        let closing = spawn(move || closer.close());
        let received = rx.recv().ok();
        if received.is_some() {
            assert_eq!(rx.recv(), Err(RecvError));
        }
        assert_eq!(sending.join().unwrap(), received.is_some());
        closing.join().unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    };

    /// The same, but the receiver only looks.
    the_end_is_the_end, 3, Least::new(1), |tx, rx| {
        let sending = spawn(move || (tx.push(1).is_stored(), tx.close()));
        let looked = rx.try_recv();
        assert_eq!(sending.join().unwrap(), (true, true));
        match looked {
            Ok(_) => {}
            Err(TryRecvError::Closed) => panic!("the end came before an element"),
            Err(TryRecvError::Empty) => assert_eq!(rx.try_recv(), Ok(1)),
        }
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    };

    /// The one that closes is the last to go, and knows what the others have done before they went.
    the_end_comes_after_what_all_senders_did, 3, Least::that_awaits(AtomicU32::new(0)), |tx, rx| {
        let other = tx.clone();
        let dropping = spawn(move || {
            other.queue().done.as_ref().unwrap().store(1, Ordering::Relaxed);
            drop(other);
        });
        drop(tx);
        dropping.join().unwrap();
        assert!(rx.is_closed());
    };

    the_last_receiver_leaves_nothing_inside, 3, Least::new(1), |tx, rx| {
        let sending = spawn(move || (tx.push(1), tx));
        drop(rx);
        let (pushed, tx) = sending.join().unwrap();
        assert!(matches!(pushed, Pushed::Stored | Pushed::Closed(1)));
        assert!(tx.is_empty());
        assert_eq!(tx.push(2), Pushed::Closed(2));
    };

    /// The task was there first, so the element wakes it, and not the thread.
    a_cancelled_task_passes_its_wake_up_on, 3, Least::new(1), |tx, rx| {
        let other = rx.clone();
        let mut receiving = Box::pin(rx.recv_async());
        assert!(look(receiving.as_mut()).is_pending());
        let waiting = spawn(move || other.recv());
        assert_eq!(tx.push(1), Pushed::Stored);
        drop(receiving);
        assert_eq!(waiting.join().unwrap(), Ok(1));
    };

    a_cancelled_task_passes_its_wake_up_on_to_a_task, 3, Least::new(1), |tx, rx| {
        let other = rx.clone();
        let mut receiving = Box::pin(rx.recv_async());
        assert!(look(receiving.as_mut()).is_pending());
        let waiting = spawn(move || block_on(other.recv_async()));
        assert_eq!(tx.push(1), Pushed::Stored);
        drop(receiving);
        assert_eq!(waiting.join().unwrap(), Ok(1));
    };

    a_cancelled_task_passes_room_on, 3, Least::new(1), |tx, rx| {
        assert_eq!(tx.push(1), Pushed::Stored);
        let other = tx.clone();
        let mut sending = Box::pin(tx.send_async(2));
        assert!(look(sending.as_mut()).is_pending());
        let waiting = spawn(move || other.send(3));
        assert_eq!(rx.try_recv(), Ok(1));
        drop(sending);
        assert_eq!(waiting.join().unwrap(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(3));
    };

    /// It is woken and dropped at any moment.
    a_cancelled_task_leaves_the_element_to_a_thread, 2, Least::new(1), |tx, rx| {
        let other = rx.clone();
        let cancelling = spawn(move || {
            let received = look(pin!(other.recv_async())).is_ready();
            if received {
                other.close();
            }
            received
        });
        let sending = spawn(move || (tx.push(1), tx));
        let received = rx.recv().is_ok();
        assert!(received != cancelling.join().unwrap());
        assert_eq!(sending.join().unwrap().0, Pushed::Stored);
    };

    a_select_is_woken_for_an_element, 2, Least::new(1), |tx, rx| {
        let (other_tx, other_rx) = ringway::channel(Least::new(1));
        let sending = spawn(move || (tx.push(1), tx));
        let mut select = Select::new();
        select.recv(&other_rx);
        select.recv(&rx);
        assert_eq!(select.ready(), 1);
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(sending.join().unwrap().0, Pushed::Stored);
        drop(other_tx);
    };

    closing_wakes_a_select, 2, Least::new(1), |tx, rx| {
        let (other_tx, other_rx) = ringway::channel(Least::new(1));
        let closing = spawn(move || (tx.close(), tx));
        let mut select = Select::new();
        select.recv(&rx);
        select.recv(&other_rx);
        assert_eq!(select.ready(), 0);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
        closing.join().unwrap();
        drop(other_tx);
    };

    /// It takes nothing itself: a receiver of the same channel must not sleep through what woke it.
    a_select_passes_its_wake_up_on, 2, Least::new(1), |tx, rx| {
        let other = rx.clone();
        let selecting = spawn(move || {
            let mut select = Select::new();
            select.recv(&other);
            select.ready()
        });
        let sending = spawn(move || (tx.push(1), tx));
        // There is an end only after the thread has received, which wakes the other in any case.
        assert_eq!(rx.recv(), Ok(1));
        rx.close();
        assert_eq!(selecting.join().unwrap(), 0);
        assert_eq!(sending.join().unwrap().0, Pushed::Stored);
    };

    /// Either it is there in time, and keeps the channel open, or the channel is closed.
    a_weak_sender_comes_in_time_or_never, 3, Least::new(1), |tx, rx| {
        let weak = tx.downgrade();
        let dropping = spawn(move || drop(tx));
        match weak.upgrade() {
            Some(tx) => {
                assert_eq!(tx.push(1), Pushed::Stored);
                drop(tx);
                assert_eq!(rx.recv(), Ok(1));
            }
            None => assert!(weak.upgrade().is_none()),
        }
        assert_eq!(rx.recv(), Err(RecvError));
        dropping.join().unwrap();
    };

    a_weak_receiver_comes_in_time_or_never, 3, Least::new(1), |tx, rx| {
        let weak = rx.downgrade();
        assert_eq!(tx.push(1), Pushed::Stored);
        let dropping = spawn(move || drop(rx));
        if let Some(rx) = weak.upgrade() {
            assert_eq!(rx.try_recv(), Ok(1));
        }
        dropping.join().unwrap();
        assert!(weak.upgrade().is_none());
        assert!(tx.is_closed() && tx.is_empty());
    };
}
