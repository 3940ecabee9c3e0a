//! What counting adds to a queue.

use ringway::{AtomicRing, Metered, Pushed, Queue};

use crate::contender::{Direct, Family, Kind, Shared};
use crate::element::{Element, METERED, Only};
use crate::entrant::Entrant;
use crate::task::{Task, What};

pub(crate) fn metered() -> Entrant {
    let takes = |task: &Task| match task.what {
        What::Pair(_) => true,
        What::Threads => task.scene.producers == task.scene.consumers,
        _ => false,
    };
    Entrant { takes, ..Entrant::of::<MeteredRing>() }
}

struct MeteredRing;

impl Family for MeteredRing {
    const NAME: &'static str = "metered AtomicRing";
    const KIND: Kind = Kind::Evicts;

    type Queue<T: Element> = Direct<Ring<T>>;
}

/// Of elements of its own, so that the bare queue has its timed loop for itself.
type Ring<T> = Metered<AtomicRing<Only<T, METERED>>>;

impl<T: Element> Shared<T> for Ring<T> {
    fn with_capacity(capacity: usize) -> Self {
        Metered::new(AtomicRing::new(capacity))
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        Only::pushed(Queue::push(self, Only(value)))
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        Queue::pop(self).map(|Only(value)| value)
    }
}
