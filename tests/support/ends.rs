//! The two ends of a `spsc` ring, each called directly: what made one queue of them would need a lock, and a lock would
//! order what the ring must order.

use ringway::spsc::{self, Consumer, Producer};
use ringway::{Full, Overflow, Pushed};

use super::element::Element;
use super::model::{Model, Op, Ret};

/// Makes the calls that this end has.
pub trait End: Send {
    fn call(&mut self, op: Op) -> Ret;
}

impl<T: Element> End for Producer<T> {
    fn call(&mut self, op: Op) -> Ret {
        match op {
            Op::Push(number) => match self.push(T::of(number)) {
                Pushed::Stored => Ret::Stored,
                Pushed::Evicted(old) => Ret::Evicted(old.number()),
                Pushed::Rejected(_) => panic!("a ring that evicts has rejected {number}"),
            },
            Op::TryPush(number) => match self.try_push(T::of(number)) {
                Ok(()) => Ret::Stored,
                Err(Full(value)) => Ret::Rejected(value.number()),
            },
            Op::Len => Ret::Len(self.len()),
            Op::IsEmpty => Ret::Bool(self.is_empty()),
            Op::IsFull => Ret::Bool(self.is_full()),
            Op::Pop | Op::PopInto(_) => unreachable!("the consumer's"),
        }
    }
}

impl<T: Element> End for Consumer<T> {
    fn call(&mut self, op: Op) -> Ret {
        match op {
            Op::Pop => Ret::Popped(self.pop().map(T::number)),
            Op::Len => Ret::Len(self.len()),
            Op::IsEmpty => Ret::Bool(self.is_empty()),
            Op::Push(_) | Op::TryPush(_) | Op::IsFull => unreachable!("the producer's"),
            Op::PopInto(_) => unreachable!("not one call, but many"),
        }
    }
}

/// A new ring and its model.
pub fn ring<T: Element>(capacity: usize) -> (Producer<T>, Consumer<T>, Model) {
    let (producer, consumer) = spsc::ring(capacity);
    (producer, consumer, Model::new(Some(capacity), Overflow::EvictOldest))
}

/// Whose call it is: pops are the consumer's, and what both have is here the producer's.
pub fn call_either<T: Element>(producer: &mut Producer<T>, consumer: &mut Consumer<T>, op: Op) -> Ret {
    if op == Op::Pop { consumer.call(op) } else { producer.call(op) }
}
