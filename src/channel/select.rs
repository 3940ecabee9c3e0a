//! Waiting for several receivers at once, for threads.

use std::fmt;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::receiver::Receiver;
use super::wait::wait_list::{WaitList, Waiter};
use super::wait::{Limit, look_on, parker};
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
    /// The receiver that a wake-up was for, whose element is likely to be taken by the caller.
    woken: Option<usize>,
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
    /// Creates an empty selection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a receiver, and returns its index.
    pub fn recv<T, Q: Queue<T>>(&mut self, receiver: &'a Receiver<T, Q>) -> usize {
        self.receivers.push(Some(receiver));
        self.receivers.len() - 1
    }

    /// Removes a receiver. The others keep their indices.
    ///
    /// # Panics
    ///
    /// If there never was such an index.
    pub fn remove(&mut self, index: usize) {
        self.pass_on();
        self.receivers[index] = None;
    }

    /// Returns the index of a receiver that is ready, or `None` if none is.
    pub fn try_ready(&mut self) -> Option<usize> {
        self.pass_on();
        self.find_ready().inspect(|index| self.next = index + 1)
    }

    /// Waits until a receiver is ready, and returns its index.
    ///
    /// # Panics
    ///
    /// If no receiver is left, as it would wait for ever.
    pub fn ready(&mut self) -> usize {
        assert!(self.receivers.iter().any(Option::is_some), "no receiver is left to wait for");
        self.wait(Limit::Never).unwrap_or_else(|| unreachable!("it waits for ever"))
    }

    /// As [`ready`](Self::ready), but waits no longer than `timeout`, and returns `None` then. It
    /// looks at least once.
    pub fn ready_timeout(&mut self, timeout: Duration) -> Option<usize> {
        self.wait(Limit::Timeout(timeout))
    }

    /// As [`ready_timeout`](Self::ready_timeout), but waits no longer than until `deadline`, which
    /// may have passed.
    pub fn ready_deadline(&mut self, deadline: Instant) -> Option<usize> {
        self.wait(Limit::Deadline(deadline))
    }

    fn find_ready(&self) -> Option<usize> {
        let count = self.receivers.len();
        (0..count).map(|i| (self.next + i) % count).find(|&i| self.is_ready(i))
    }

    fn is_ready(&self, index: usize) -> bool {
        self.receivers[index].is_some_and(|receiver| receiver.is_ready())
    }

    /// The wake-up of the last call is another's if the element was not taken.
    fn pass_on(&mut self) {
        if let Some(index) = self.woken.take().filter(|&index| self.is_ready(index)) {
            self.receivers[index].into_iter().for_each(|receiver| receiver.list().wake(1));
        }
    }

    fn wait(&mut self, limit: Limit) -> Option<usize> {
        let mut ready = self.try_ready();
        if ready.is_none() && !limit.is_zero() {
            let deadline = limit.deadline();
            let look = || self.find_ready().map_or(Poll::Pending, Poll::Ready);
            ready = match look_on(look) {
                Poll::Ready(index) => Some(index),
                Poll::Pending => self.sleep(deadline),
            };
            self.next = ready.map_or(self.next, |index| index + 1);
        }
        ready
    }

    fn sleep(&mut self, deadline: Option<Instant>) -> Option<usize> {
        parker::with_current(|parker| {
            loop {
                let waiters: Vec<_> = self
                    .receivers
                    .iter()
                    .map(|receiver| Some(Waiter::listen(receiver.as_ref()?.list(), parker.waker())))
                    .collect();
                let is_woken = || waiters.iter().flatten().any(Waiter::is_woken);
                let mut ready = self.find_ready();
                let was_woken = ready.is_some() || parker.sleep(deadline, is_woken);
                ready = ready.or_else(|| self.find_ready());
                for (index, waiter) in waiters.into_iter().enumerate() {
                    match waiter {
                        Some(waiter) if waiter.is_woken() && ready == Some(index) => {
                            waiter.has_looked();
                            self.woken = ready;
                        }
                        // There was nothing: another would find nothing either.
                        Some(waiter) if waiter.is_woken() && !self.is_ready(index) => {
                            waiter.has_looked();
                        }
                        // What wakes it from now on, or has woken it for an element that this
                        // thread leaves, is passed on.
                        left => drop(left),
                    }
                }
                // The clock decides even if this thread is woken again and again, and others are
                // faster.
                let time_is_up = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
                if ready.is_some() || !was_woken || time_is_up() {
                    return ready;
                }
            }
        })
    }
}

/// Passes on a wake-up whose element was not taken.
impl Drop for Select<'_> {
    fn drop(&mut self) {
        self.pass_on();
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receivers = self.receivers.iter().flatten().count();
        f.debug_struct("Select").field("receivers", &receivers).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(ringway_loom)))]
mod tests {
    use std::task::Waker;
    use std::thread;

    use super::*;
    use crate::queues::mutex_ring::MutexRing;

    /// Otherwise all that wait would wake each other, once around for each element.
    #[test]
    fn a_select_that_finds_nothing_wakes_no_other() {
        let (tx, rx) = crate::channel(MutexRing::<u32>::new(1));
        let list = &rx.shared.elements;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut select = Select::new();
                select.recv(&rx);
                select.ready()
            });
            let until_asleep = |count, or: &dyn Fn() -> bool| {
                while list.asleep() != count && !or() {
                    thread::yield_now();
                }
            };
            for _ in 0..3 {
                until_asleep(1, &|| false);
                let other = Waiter::listen(list, Waker::noop());
                // As if somebody had been faster.
                list.wake(1);
                until_asleep(2, &|| other.is_woken());
                assert!(!other.is_woken());
            }
            let _ = tx.push(1);
        });
    }
}
