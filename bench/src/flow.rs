//! Producers send flat out for a fixed time, and one consumer receives; each waits when it must.

use std::hint::black_box;
use std::thread;

use crate::contender::OnlyEnd;
use crate::crew::{self, Shift};
use crate::element::{Element, SUPPLY, supply};
use crate::task::{Effort, Sample, Task};
use crate::threads::Counts;
use crate::waiting::Waiting;

pub(crate) fn turn<C: Waiting, T: Element>(task: &Task, effort: &Effort) -> Sample {
    let (sender, receiver) = C::bounded::<T>(task.scene.capacity);
    let senders: Vec<_> = (0..task.scene.producers).map(|_| OnlyEnd::new(sender.clone())).collect();
    // The consumer ends when the last sender is gone.
    drop(sender);
    let receiver = OnlyEnd::new(receiver);
    let (elapsed, pushed, delivered) = crew::run(
        &task.scene,
        |number, shift| produce::<C, T>(senders[number].take(), shift),
        |_, shift| consume::<C, T>(receiver.take(), shift),
        || thread::sleep(effort.window),
    );
    Counts { elapsed, pushed: pushed.into_iter().sum(), delivered: delivered.into_iter().sum() }.sample()
}

#[inline(never)]
fn produce<C: Waiting, T: Element>(sender: C::Sender<T>, shift: &Shift) -> u64 {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sent = 0;
    shift.begin();
    while !shift.is_over() {
        for element in supply {
            C::send(&sender, element.clone());
        }
        sent += SUPPLY as u64;
    }
    sent
}

#[inline(never)]
fn consume<C: Waiting, T: Element>(mut receiver: C::Receiver<T>, shift: &Shift) -> u64 {
    let (mut received, mut sum) = (0, 0_u64);
    shift.begin();
    while let Some(element) = C::recv(&mut receiver) {
        // What comes after that lets the producers end.
        received += u64::from(!shift.is_over());
        sum = sum.wrapping_add(element.sum());
    }
    black_box(sum);
    received
}
