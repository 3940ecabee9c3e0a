//! The bare steps of the protocol, for elements of the sizes that they stand for.

use ringway_floors::{Exchange, OneWord};

use crate::contenders::Contender;
use crate::element::Number;

/// Drops what is pushed.
impl<T: Number> Contender<T> for OneWord {
    const NAME: &'static str = "floor-8-byte-exchange";

    fn with_capacity(capacity: usize) -> Self {
        Self::new(capacity)
    }

    #[inline(always)]
    fn push(&mut self, value: T) -> Option<T> {
        OneWord::push(self).then_some(value)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        OneWord::pop(self).then(|| T::new(0))
    }
}

#[cfg(target_arch = "x86_64")]
impl<T: Number> Contender<T> for ringway_floors::TwoWords {
    const NAME: &'static str = "floor-16-byte-exchange";

    fn with_capacity(capacity: usize) -> Self {
        Self::new(capacity).expect("the processor exchanges 16 bytes")
    }

    #[inline(always)]
    fn push(&mut self, value: T) -> Option<T> {
        ringway_floors::TwoWords::push(self, value.sum()).map(T::new)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        ringway_floors::TwoWords::pop(self).map(T::new)
    }
}

impl<T: Number> Contender<T> for Exchange<T> {
    const NAME: &'static str = "floor-cell-exchange";

    fn with_capacity(capacity: usize) -> Self {
        Self::new(capacity, T::new(0))
    }

    #[inline(always)]
    fn push(&mut self, value: T) -> Option<T> {
        Exchange::push(self, value)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Exchange::pop(self)
    }
}
