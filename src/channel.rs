//! Channels: a queue with two ends, at which threads and tasks wait.
//!
//! [`channel`] makes one from any queue. The [chapter on channels](crate::docs::channels) says when
//! to take a channel and when a queue, and what happens in every case.
//!
//! To read the code, begin with `shared`, which is what both ends have; then `wait/wait_list`
//! (where threads and tasks sleep), `wait` (how they do not miss what they wait for), the two ends,
//! and what waiting adds to them, for threads in `blocking` and for tasks in `tasks`.

mod either_end;
mod error;
mod iter;
mod receiver;
mod select;
mod sender;
mod shared;
#[cfg(feature = "sink")]
mod sink;
#[cfg(feature = "async")]
mod tasks;
mod wait;
mod weak;

use std::sync::Arc;

use crate::queue::Queue;
use shared::Shared;

pub use error::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
pub use iter::{Drain, IntoIter, Iter, TryIter};
pub use receiver::Receiver;
pub use select::Select;
pub use sender::Sender;
#[cfg(feature = "sink")]
pub use sink::SenderSink;
#[cfg(feature = "async")]
pub use tasks::{
    ClosedFuture, RecvBatchFuture, RecvFuture, SendAllFuture, SendFromFuture, SendFuture,
    SendTimeoutFuture,
};
pub use weak::{WeakReceiver, WeakSender};

/// Adds waiting to a queue: returns the two ends of a channel.
///
/// Both ends can be cloned and shared. [`Sender::push`] does what the queue does when it is full
/// and never waits; [`Sender::send`] waits for room instead.
///
/// ```
/// use ringway::{AtomicRing, Pushed};
///
/// let (tx, rx) = ringway::channel(AtomicRing::new(2));
/// let consumer = std::thread::spawn(move || rx.iter().sum::<u32>());
/// for i in 1..=3 {
///     if let Pushed::Evicted(old) = tx.push(i) {
///         println!("{old} had to make room for {i}");
///     }
/// }
/// drop(tx); // The channel is closed; what is inside still comes out.
/// assert!(consumer.join().unwrap() <= 6);
/// ```
///
/// # The queue
///
/// Any `Q: Queue<T>` will do, a `Box<dyn Queue<T>>` too. Either end gives access to it by
/// [`queue`](Sender::queue).
///
/// The channel owns its queue, and what is inside goes with the last receiver. A queue that is
/// *shared* is another matter: when the last receiver goes, the elements stay if the queue is an
/// [`Arc`] that somebody else has a pointer to, or a reference
/// ([`Queue::is_shared`]). The channel closes the queue all the same. What other owners push or pop
/// past the channel wakes no one.
#[must_use = "a channel is closed when one of its ends is gone"]
pub fn channel<T, Q: Queue<T>>(queue: Q) -> (Sender<T, Q>, Receiver<T, Q>) {
    let shared = Arc::new(Shared::new(queue));
    (Sender::new(Arc::clone(&shared)), Receiver::new(shared))
}
