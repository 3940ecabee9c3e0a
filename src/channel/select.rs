//! Waiting for several receivers at once, for threads.

use std::fmt;
use std::task::Context;
use std::time::{Duration, Instant};

use super::blocking::after;
use super::receiver::Receiver;
use super::wait::parker;
use super::wait::wait_list::{WaitList, Waiter};
use crate::queue::Queue;

/// Waits for the first of several receivers to become ready.
///
/// A receiver is ready when [`try_recv`](Receiver::try_recv) would not return `Empty`: an element
/// is inside, or the channel is closed. The caller then takes the element itself. Another receiver
/// of the same channel may be there first, so a caller that has company tries again. The elements
/// of the channels, and their queues, may be of different types.
///
/// Among receivers that are ready at once, the one after the last that was returned comes first, so
/// that none is left out. The vocabulary is that of `crossbeam-channel`'s `Select::ready`.
///
/// For tasks there is no such type: all futures of this module may be dropped, so the `select!` of
/// a runtime or of `futures` does it.
///
/// ```
/// use ringway::channel::{Select, TryRecvError};
/// use ringway::{AtomicRing, MutexRing};
///
/// let (numbers, numbers_out) = ringway::channel(AtomicRing::new(8));
/// let (words, words_out) = ringway::channel(MutexRing::new(8));
/// std::thread::spawn(move || {
///     let _ = numbers.push(1);
///     let _ = words.push("one");
/// });
///
/// let mut select = Select::new();
/// let (number, word) = (select.recv(&numbers_out), select.recv(&words_out));
/// let (mut open, mut received) = (2, 0);
/// while open > 0 {
///     let ready = select.ready();
///     let taken = if ready == number {
///         numbers_out.try_recv().map(drop)
///     } else {
///         assert_eq!(ready, word);
///         words_out.try_recv().map(drop)
///     };
///     match taken {
///         Ok(()) => received += 1,
///         Err(TryRecvError::Empty) => {}
///         Err(TryRecvError::Closed) => {
///             select.remove(ready);
///             open -= 1;
///         }
///     }
/// }
/// assert_eq!(received, 2);
/// ```
#[derive(Default)]
pub struct Select<'a> {
    /// `None` in the place of a receiver that was removed.
    receivers: Vec<Option<&'a (dyn Ready + Sync)>>,
    next: usize,
}

/// A receiver of any channel.
trait Ready {
    fn is_ready(&self) -> bool;
    /// Notified when it may have become ready.
    fn list(&self) -> &WaitList;
}

impl<T, Q: Queue<T>> Ready for Receiver<T, Q> {
    fn is_ready(&self) -> bool {
        !self.is_empty() || self.is_closed()
    }

    fn list(&self) -> &WaitList {
        &self.shared.elements
    }
}

impl<'a> Select<'a> {
    /// Waits for no receiver yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for one receiver more; returns its index.
    pub fn recv<T, Q: Queue<T>>(&mut self, receiver: &'a Receiver<T, Q>) -> usize {
        self.receivers.push(Some(receiver));
        self.receivers.len() - 1
    }

    /// Waits for one receiver less. The others keep their indices.
    ///
    /// # Panics
    ///
    /// When there never was such an index.
    pub fn remove(&mut self, index: usize) {
        self.receivers[index] = None;
    }

    /// The index of a receiver that is ready, if there is one.
    pub fn try_ready(&mut self) -> Option<usize> {
        let count = self.receivers.len();
        let mut indices = (0..count).map(|i| (self.next + i) % count);
        let index =
            indices.find(|&i| self.receivers[i].is_some_and(|receiver| receiver.is_ready()))?;
        self.next = index + 1;
        Some(index)
    }

    /// Waits until a receiver is ready, and returns its index.
    ///
    /// # Panics
    ///
    /// When no receiver is left, as it would wait for ever.
    pub fn ready(&mut self) -> usize {
        assert!(self.receivers.iter().any(Option::is_some), "no receiver is left to wait for");
        self.wait(None).unwrap_or_else(|| unreachable!("without a deadline it waits for ever"))
    }

    /// As [`ready`](Self::ready), but waits no longer than `timeout`; `None` then. It looks at
    /// least once.
    pub fn ready_timeout(&mut self, timeout: Duration) -> Option<usize> {
        self.wait(after(timeout))
    }

    /// As [`ready_timeout`](Self::ready_timeout), but waits no longer than until `deadline`, which
    /// may have passed.
    pub fn ready_deadline(&mut self, deadline: Instant) -> Option<usize> {
        self.wait(Some(deadline))
    }

    fn wait(&mut self, deadline: Option<Instant>) -> Option<usize> {
        let mut ready = self.try_ready();
        while ready.is_none() {
            let receivers = self.receivers.iter().flatten();
            // They pass on what wakes them, as this thread takes no element here.
            let mut waiters: Vec<_> =
                receivers.map(|receiver| Waiter::listen(receiver.list())).collect();
            ready = self.try_ready();
            if ready.is_some() {
                break;
            }
            let was_woken = parker::with_current(|parker| {
                let cx = &mut Context::from_waker(parker.waker());
                while waiters.iter_mut().all(|waiter| waiter.poll(cx).is_pending()) {
                    if !parker.park(deadline) {
                        return false;
                    }
                }
                true
            });
            ready = self.try_ready();
            // The clock decides even if this thread is woken again and again, and others are
            // faster.
            if !was_woken || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
        }
        ready
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receivers = self.receivers.iter().flatten().count();
        f.debug_struct("Select").field("receivers", &receivers).finish_non_exhaustive()
    }
}
