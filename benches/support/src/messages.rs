//! Messages of many sizes, each in an allocation of its own, through a queue at half full.
//!
//! Moved, a message goes round and round by ownership: what the queue costs. Copied, each is made
//! by a copy, moved and dropped: what a gateway pays. The half that is inside goes through the
//! caches with them, with a queue or without.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Family};
use crate::element::Element;
use crate::scene::{Effort, Sample, Scene};
use crate::single::{Hand, timed};

/// Each loop has a type of its own; see [`Only`](crate::element::Only).
#[derive(Clone)]
pub(crate) struct Message<const LOOP: u8>(Box<[u8]>);

impl<const LOOP: u8> Message<LOOP> {
    fn of(bytes: usize) -> Self {
        Self((0..bytes).map(|i| i as u8).collect())
    }
}

impl<const LOOP: u8> Element for Message<LOOP> {
    fn new(number: u64) -> Self {
        Self(number.to_ne_bytes().into())
    }

    fn number(&self) -> u64 {
        self.0[..8].try_into().map_or(0, u64::from_ne_bytes)
    }

    fn sum(self) -> u64 {
        self.number()
    }
}

pub(crate) fn turn<F: Family, const LOOP: u8, const COPIED: bool>(
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    let queue = Box::new(F::Queue::<Message<LOOP>>::with_capacity(scene.capacity));
    by_hand::<LOOP, COPIED, _>((queue.producer(), queue.consumer()), scene, effort)
}

pub(crate) fn by_hand<const LOOP: u8, const COPIED: bool, H: Hand<Message<LOOP>>>(
    hand: H,
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    timed((hand, Message::of(scene.bytes)), pass::<LOOP, COPIED, H>, scene, effort)
}

#[inline(never)]
fn pass<const LOOP: u8, const COPIED: bool, H: Hand<Message<LOOP>>>(
    (mut hand, template): (H, Message<LOOP>),
    before: usize,
    operations: u64,
) -> ((H, Message<LOOP>), Duration) {
    let mut start = Instant::now();
    // One loop for both, so that there is one push.
    for (operations, pops) in [(before as u64, false), (operations, true)] {
        start = Instant::now();
        for _ in 0..operations {
            let popped = if pops { hand.pop() } else { None };
            let message = match popped {
                Some(message) if !COPIED => message,
                // A copied one that was popped is dropped here, before the next is made.
                _ => black_box(&template).clone(),
            };
            assert!(hand.push(message).is_stored(), "there is room for it");
        }
    }
    ((hand, template), start.elapsed())
}
