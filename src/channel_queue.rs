use std::fmt;
use std::hint::black_box;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::drain::drop_all;
use crate::into_iter::into_iter;
use crate::{CapacityError, Full, Overflow, Pushed, Queue};

/// A bounded multi-producer multi-consumer channel: when full, the new element is rejected.
///
/// Both ends of a [`crossbeam_channel`] in one value. It keeps the *oldest* elements and so shows what a channel
/// does to freshness; choose it where every accepted element must arrive.
///
/// *Linearization point and progress*: those of the channel, which is fast and takes no lock unless somebody
/// waits, but is not lock-free: a suspended sender or receiver can make others wait.
///
/// ```
/// use ringway::{ChannelQueue, Pushed, Queue};
///
/// let queue = ChannelQueue::new(2);
/// assert_eq!(queue.push(1), Pushed::Stored);
/// assert_eq!(queue.push(2), Pushed::Stored);
/// assert_eq!(queue.push(3), Pushed::Rejected(3));
/// assert_eq!(queue.pop(), Some(1));
/// ```
pub struct ChannelQueue<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
}

impl<T> ChannelQueue<T> {
    /// Makes an empty queue for `capacity` elements and allocates all its memory.
    ///
    /// # Panics
    ///
    /// Where [`try_new`](Self::try_new) returns an error.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        CapacityError::unwrap(Self::try_new(capacity), capacity)
    }

    /// Makes an empty queue for `capacity` elements and allocates all its memory.
    ///
    /// # Errors
    ///
    /// When `capacity` is zero or too large to address, or its memory is not to be had.
    pub fn try_new(capacity: usize) -> Result<Self, CapacityError> {
        /// What the channel allocates for an element: the element and a stamp.
        #[allow(dead_code, reason = "only its size counts")]
        struct Slot<T>(T, usize);

        CapacityError::check::<Slot<T>>(capacity)?;
        // The channel has no fallible constructor: see first whether the allocator would give as much.
        let mut probe = Vec::<Slot<T>>::new();
        probe.try_reserve_exact(capacity).map_err(|_| CapacityError::OutOfMemory)?;
        drop(black_box(probe));
        let (sender, receiver) = bounded(capacity);
        Ok(Self { sender, receiver })
    }
}

impl<T: Send> Queue<T> for ChannelQueue<T> {
    #[inline]
    fn push(&self, value: T) -> Pushed<T> {
        match self.try_push(value) {
            Ok(()) => Pushed::Stored,
            Err(Full(value)) => Pushed::Rejected(value),
        }
    }

    #[inline]
    fn try_push(&self, value: T) -> Result<(), Full<T>> {
        self.sender.try_send(value).map_err(|error| match error {
            // Both ends live as long as `self`: it is never disconnected.
            TrySendError::Full(value) | TrySendError::Disconnected(value) => Full(value),
        })
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        self.receiver.try_recv().ok()
    }

    fn len(&self) -> usize {
        self.receiver.len()
    }

    fn capacity(&self) -> Option<usize> {
        self.receiver.capacity()
    }

    fn overflow(&self) -> Overflow {
        Overflow::RejectNewest
    }
}

into_iter!(ChannelQueue);

/// The channel would leak the rest when the `Drop` of an element panics.
impl<T> Drop for ChannelQueue<T> {
    fn drop(&mut self) {
        drop_all(|| self.receiver.try_recv().ok());
    }
}

impl<T> fmt::Debug for ChannelQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelQueue")
            .field("capacity", &self.receiver.capacity())
            .field("len", &self.receiver.len())
            .finish()
    }
}
