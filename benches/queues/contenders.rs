//! The queues, with one interface.

use std::sync::Arc;

use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::ArrayQueue;
use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Overflow, spsc};

/// What elements go in and come out of, in the hands of one thread.
pub(crate) trait Contender<T>: Sized {
    const NAME: &'static str;

    fn with_capacity(capacity: usize) -> Self;

    /// Returns the element that had no room, whichever it was.
    fn push(&mut self, value: T) -> Option<T>;

    fn pop(&mut self) -> Option<T>;
}

/// What is a queue, too.
///
/// A queue that threads share is one as an `Arc`, so that each thread can have a handle.
pub(crate) trait Queue<T>: Contender<T> {
    /// Whether a push on a full queue makes room.
    const EVICTS: bool;
    /// Whether it is ever full.
    const IS_BOUNDED: bool = true;

    fn try_push(&mut self, value: T) -> Result<(), T>;

    fn len(&self) -> usize;

    fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
        let before = out.len();
        out.extend((0..max).map_while(|_| self.pop()));
        out.len() - before
    }
}

/// `$it` is the queue, `$push` the end that pushes, `$pop` the one that pops.
macro_rules! own_queues {
    ($($queue:ty: $name:literal, $new:expr, $overflow:ident, |$it:ident| $push:expr, $pop:expr;)*) => {$(
        impl<T> Contender<T> for $queue {
            const NAME: &'static str = $name;

            fn with_capacity(capacity: usize) -> Self {
                $new(capacity)
            }

            #[inline(always)]
            fn push(&mut self, value: T) -> Option<T> {
                let $it = self;
                $push.push(value).displaced()
            }

            #[inline(always)]
            fn pop(&mut self) -> Option<T> {
                let $it = self;
                $pop.pop()
            }
        }

        impl<T> Queue<T> for $queue {
            const EVICTS: bool = matches!(Overflow::$overflow, Overflow::EvictOldest);
            const IS_BOUNDED: bool = !matches!(Overflow::$overflow, Overflow::Grow);

            #[inline(always)]
            fn try_push(&mut self, value: T) -> Result<(), T> {
                let $it = self;
                $push.try_push(value).map_err(|error| error.into_inner())
            }

            #[inline(always)]
            fn len(&self) -> usize {
                let $it = self;
                $pop.len()
            }

            #[inline(always)]
            fn pop_into(&mut self, out: &mut Vec<T>, max: usize) -> usize {
                let $it = self;
                $pop.pop_into(out, max)
            }
        }
    )*};
}
own_queues! {
    Arc<AtomicRing<T>>: "AtomicRing", |n| Arc::new(AtomicRing::new(n)), EvictOldest, |it| **it, **it;
    Arc<MutexRing<T>>: "MutexRing", |n| Arc::new(MutexRing::new(n)), EvictOldest, |it| **it, **it;
    Arc<ChannelQueue<T>>: "ChannelQueue", |n| Arc::new(ChannelQueue::new(n)), RejectNewest, |it| **it, **it;
    Arc<MutexVec<T>>: "MutexVec", |_| Arc::new(MutexVec::new()), Grow, |it| **it, **it;
    (spsc::Producer<T>, spsc::Consumer<T>): "spsc", spsc::ring, EvictOldest, |it| it.0, it.1;
}

impl<T> Contender<T> for Arc<ArrayQueue<T>> {
    const NAME: &'static str = "ArrayQueue";

    fn with_capacity(capacity: usize) -> Self {
        Arc::new(ArrayQueue::new(capacity))
    }

    #[inline(always)]
    fn push(&mut self, value: T) -> Option<T> {
        self.force_push(value)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        (**self).pop()
    }
}

impl<T> Queue<T> for Arc<ArrayQueue<T>> {
    const EVICTS: bool = true;

    #[inline(always)]
    fn try_push(&mut self, value: T) -> Result<(), T> {
        (**self).push(value)
    }

    #[inline(always)]
    fn len(&self) -> usize {
        (**self).len()
    }
}

impl<T> Contender<T> for Arc<ConcurrentQueue<T>> {
    const NAME: &'static str = "ConcurrentQueue";

    fn with_capacity(capacity: usize) -> Self {
        Arc::new(ConcurrentQueue::bounded(capacity))
    }

    #[inline(always)]
    fn push(&mut self, value: T) -> Option<T> {
        self.force_push(value).unwrap_or_else(|closed| Some(closed.0))
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        (**self).pop().ok()
    }
}

impl<T> Queue<T> for Arc<ConcurrentQueue<T>> {
    const EVICTS: bool = true;

    #[inline(always)]
    fn try_push(&mut self, value: T) -> Result<(), T> {
        (**self).push(value).map_err(|full| full.into_inner())
    }

    #[inline(always)]
    fn len(&self) -> usize {
        (**self).len()
    }
}

/// `$f::<Q, $t>($arguments)` for the type `Q` of every queue of elements `$t`.
macro_rules! for_each_queue {
    ($t:ty, $f:ident, $($argument:expr),*) => {{
        crate::contenders::for_each_shared_queue!($t, $f, $($argument),*);
        $f::<(ringway::spsc::Producer<$t>, ringway::spsc::Consumer<$t>), $t>($($argument),*);
    }};
}
pub(crate) use for_each_queue;

/// As `for_each_queue`, without `spsc`.
macro_rules! for_each_shared_queue {
    ($t:ty, $f:ident, $($argument:expr),*) => {{
        use std::sync::Arc;

        $f::<Arc<ringway::AtomicRing<$t>>, $t>($($argument),*);
        $f::<Arc<ringway::MutexRing<$t>>, $t>($($argument),*);
        $f::<Arc<ringway::MutexVec<$t>>, $t>($($argument),*);
        $f::<Arc<ringway::ChannelQueue<$t>>, $t>($($argument),*);
        $f::<Arc<crossbeam_queue::ArrayQueue<$t>>, $t>($($argument),*);
        $f::<Arc<concurrent_queue::ConcurrentQueue<$t>>, $t>($($argument),*);
    }};
}
pub(crate) use for_each_shared_queue;
