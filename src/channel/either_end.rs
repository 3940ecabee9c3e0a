//! What both ends of a channel offer alike.

macro_rules! either_end {
    ($End:ident) => {
        impl<T, Q> $End<T, Q> {
            /// The queue of the channel. What is pushed or popped past the channel wakes no one.
            #[must_use]
            pub fn queue(&self) -> &Q {
                &self.shared.queue
            }

            /// Closes the channel: from now on nothing goes in. What is inside still comes out.
            ///
            /// Every waiter, at either end, is woken. Returns whether this call closed the channel.
            ///
            /// *Linearization point, progress*: those of [`Queue::close`](crate::Queue::close);
            /// waking takes a lock for a moment.
            ///
            /// ```
            /// use ringway::{AtomicRing, Pushed, channel::RecvError};
            ///
            /// let (tx, rx) = ringway::channel(AtomicRing::new(2));
            /// assert_eq!(tx.push('a'), Pushed::Stored);
            /// assert!(tx.close());
            /// assert!(!rx.close());
            /// assert_eq!(tx.push('b'), Pushed::Closed('b'));
            /// assert_eq!(rx.recv(), Ok('a'));
            /// assert_eq!(rx.recv(), Err(RecvError));
            /// ```
            pub fn close(&self) -> bool {
                self.shared.close()
            }

            /// How many senders there are: exact when none is cloned or dropped meanwhile.
            #[must_use]
            pub fn sender_count(&self) -> usize {
                self.shared.senders.count()
            }

            /// How many receivers there are: exact when none is cloned or dropped meanwhile.
            #[must_use]
            pub fn receiver_count(&self) -> usize {
                self.shared.receivers.count()
            }

            /// Returns how many weak ends there are, of either side: exact when none is made or
            /// dropped meanwhile.
            ///
            /// ```
            /// let (tx, rx) = ringway::channel(ringway::AtomicRing::<u8>::new(1));
            /// let weak = (tx.downgrade(), rx.downgrade());
            /// assert_eq!(tx.weak_count(), 2);
            /// # drop(weak);
            /// ```
            #[must_use]
            pub fn weak_count(&self) -> usize {
                std::sync::Arc::weak_count(&self.shared)
            }

            /// Whether both are ends of one channel.
            #[must_use]
            pub fn same_channel(&self, other: &Self) -> bool {
                std::sync::Arc::ptr_eq(&self.shared, &other.shared)
            }
        }

        impl<T, Q: $crate::queue::Queue<T>> $End<T, Q> {
            /// Whether the channel is closed: by either end, or because all ends of one side are
            /// gone. Something may still be inside.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.shared.queue.is_closed()
            }

            /// How many elements are inside; see [`Queue::len`](crate::Queue::len).
            #[must_use]
            pub fn len(&self) -> usize {
                self.shared.queue.len()
            }

            /// Whether nothing is inside.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.shared.queue.is_empty()
            }

            /// Whether one more element would be one too many; never true of an unbounded queue.
            #[must_use]
            pub fn is_full(&self) -> bool {
                self.shared.queue.is_full()
            }

            /// How many elements fit; `None`: as many as there is memory for.
            #[must_use]
            pub fn capacity(&self) -> Option<usize> {
                self.shared.queue.capacity()
            }
        }

        impl<T, Q> std::fmt::Debug for $End<T, Q> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($End))
                    .field("senders", &self.sender_count())
                    .field("receivers", &self.receiver_count())
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(super) use either_end;
