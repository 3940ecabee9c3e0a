//! A pipe: a queue with two ends, at which threads and tasks can wait, and which can be closed.
//!
//! Read in this order: this file, `gate` (who may put something in), `signal` (where one sleeps), `wait` (how, without missing
//! what one waits for), `patience` (how long a thread looks on before), `later` (how who was woken is called), then the two ends,
//! and what the waiting adds to them, for threads in `blocking` and for tasks in `tasks`.

#[cfg(feature = "std")]
mod blocking;
mod error;
mod gate;
mod iter;
mod later;
#[cfg(feature = "std")]
mod patience;
mod receiver;
mod sender;
mod signal;
#[cfg(feature = "async")]
mod tasks;
mod wait;

use std::ops::Deref;
use std::sync::Arc;

use crate::Queue;
use crate::sync::{AtomicUsize, Ordering, fence};
use gate::{Entry, Gate, Inside};
use later::Calls;
use signal::{Signal, Sleeper};

pub use error::{Closed, TryRecvError, TrySendError};
#[cfg(feature = "std")]
pub use error::{RecvTimeoutError, SendTimeoutError};
pub use iter::{Drain, TryIter};
#[cfg(feature = "std")]
pub use iter::{IntoIter, Iter};
pub use receiver::Receiver;
pub use sender::Sender;
#[cfg(feature = "async")]
pub use tasks::RecvStream;

/// Adds waiting and closing to a queue: returns the two ends of a pipe.
///
/// Both ends can be cloned and shared. Whatever the queue does when it is full, [`send`](Sender::send) does too;
/// [`send_wait`](Sender::send_wait) waits for space instead.
///
/// ```
/// use ringway::{AtomicRing, Pushed};
///
/// let (tx, rx) = ringway::pipe(AtomicRing::new(2));
/// let consumer = std::thread::spawn(move || rx.iter().sum::<u32>());
/// for i in 1..=3 {
///     if let Pushed::Evicted(old) = tx.send(i)? {
///         println!("{old} had to make room for {i}");
///     }
/// }
/// drop(tx); // The pipe is closed; what is inside still comes out.
/// assert!(consumer.join().unwrap() <= 6);
/// # Ok::<(), ringway::Closed<u32>>(())
/// ```
///
/// See [the chapter on pipes](crate::docs::pipes) for when to take a pipe and when a queue, and for what closing means in every
/// case.
///
/// # The queue
///
/// Any `Q: Queue<T>` will do, `Box<dyn Queue<T>>` and `Arc<Q>` too. Who keeps another pointer to the queue may look at it
/// ([`Metered::stats`](crate::Metered::stats)); but what is pushed or popped past the pipe wakes nobody.
#[must_use = "a pipe is closed when one of its ends is gone"]
pub fn pipe<T, Q: Queue<T>>(queue: Q) -> (Sender<T, Q>, Receiver<T, Q>) {
    let pipe = Arc::new(Pipe {
        queue,
        gate: Gate::new(),
        elements: Signal::new(),
        space: Signal::new(),
        senders: AtomicUsize::new(0),
        senders_ever: AtomicUsize::new(0),
        receivers: AtomicUsize::new(0),
        discard_all: |queue| crate::drop_all::drop_all(|| queue.pop()),
    });
    (Sender::new(Arc::clone(&pipe)), Receiver::new(pipe))
}

/// What the two ends share.
struct Pipe<Q> {
    queue: Q,
    gate: Gate,
    /// That there is an element more, or that there will be none any more.
    elements: Signal,
    /// That there is room for an element more, or that there is no use for it.
    space: Signal,
    senders: AtomicUsize,
    senders_ever: AtomicUsize,
    receivers: AtomicUsize,
    /// Takes out and drops what is inside. A pointer, because the ends do not know in their `Drop` what the queue is a queue of.
    discard_all: fn(&Q),
}

impl<Q> Pipe<Q> {
    /// To be called before something is put in: lets a sender in, unless the pipe is closed.
    #[inline(always)]
    fn enter<'a>(&'a self, stripe: &'a AtomicUsize) -> Option<Visit<'a, Q>> {
        match self.gate.enter(stripe) {
            Entry::Inside(inside) => Some(Visit { pipe: self, inside, stored: true }),
            Entry::TooLate(inside) => {
                inside.leave();
                self.left_behind();
                None
            }
            Entry::Refused => None,
        }
    }

    /// To be called by a sender that has left the gate when it was closed.
    #[cold]
    #[inline(never)]
    fn left_behind(&self) {
        let _calls = Calls;
        // Not one of them, as for an element: all of them may be waiting for the last sender to leave.
        self.elements.notify(usize::MAX);
        self.discard_if_abandoned();
    }

    /// To be called after something was taken out: wakes who waits for space.
    #[inline]
    fn made_room(&self, n: usize) {
        // Pairs with the fence in `listen_for_space`: either this sees who listens, or that one sees the room.
        fence(Ordering::SeqCst);
        self.space.wake(n);
    }

    /// To be called before an element is looked for the last time.
    fn listen_for_elements<S: Deref<Target = Signal>>(&self, elements: S) -> Sleeper<S> {
        let sleeper = Sleeper::listen(elements);
        self.gate.pass();
        sleeper
    }

    /// To be called before room is looked for the last time.
    fn listen_for_space(&self) -> Sleeper<&Signal> {
        let sleeper = Sleeper::listen(&self.space);
        // Pairs with the fence in `made_room`, and, as a release, with the closing of the stripe by which room is looked for.
        fence(Ordering::SeqCst);
        sleeper
    }

    fn close(&self) {
        let _calls = Calls;
        // No fence before those who listen are looked for: all of them look once more by way of the gate's stripes, which this
        // has closed. So either this sees who listens, or that one sees a closed stripe.
        self.gate.close();
        self.elements.notify(usize::MAX);
        self.space.notify(usize::MAX);
    }

    /// To be called when the pipe is closed: drops what is inside if there is no receiver any more.
    ///
    /// Not before the last sender has left, who calls this too: none that is still inside must find the room that this makes.
    fn discard_if_abandoned(&self) {
        // Acquire pairs with the Release of the last receiver's drop.
        if self.receivers.load(Ordering::Acquire) == 0 && self.gate.is_over() {
            (self.discard_all)(&self.queue);
        }
    }
}

/// A sender that is inside. When dropped, be it by a push that panics, it leaves, and wakes who waits for what it put in.
#[must_use]
struct Visit<'a, Q> {
    pipe: &'a Pipe<Q>,
    inside: Inside<'a>,
    /// Whether there may be an element more.
    stored: bool,
}

impl<Q> Drop for Visit<'_, Q> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.inside.leave() {
            self.pipe.left_behind();
        } else if self.stored {
            self.pipe.elements.wake(1);
        }
    }
}
