//! On one thread a channel does what a list with a few numbers does, call by call, whatever the
//! calls.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use ringway::channel::{RecvError, RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};
use ringway::{
    AtomicRing, ChannelQueue, MutexRing, MutexVec, Overflow, Pushed, Queue, Receiver, Sender,
    channel,
};

use crate::support::element::Element;

/// What is sent is numbered by the step; of several ends, the last is used.
#[derive(Clone, Copy, Debug)]
enum Op {
    Push,
    TrySend,
    SendTimeout,
    SendDeadline,
    TryRecv,
    RecvTimeout,
    RecvDeadline,
    RecvBatch(usize),
    Discard(usize),
    Drain(usize),
    TryIter(usize),
    CloneSender,
    CloneReceiver,
    DropSender,
    DropReceiver,
    CloseBySender,
    CloseByReceiver,
}

fn script() -> impl Strategy<Value = Vec<Op>> {
    let some = || prop_oneof![0..6_usize, Just(usize::MAX)];
    let op = prop_oneof![
        24 => Just(Op::Push),
        6 => Just(Op::TrySend),
        3 => Just(Op::SendTimeout),
        3 => Just(Op::SendDeadline),
        12 => Just(Op::TryRecv),
        2 => Just(Op::RecvTimeout),
        2 => Just(Op::RecvDeadline),
        4 => some().prop_map(Op::RecvBatch),
        2 => some().prop_map(Op::Discard),
        2 => some().prop_map(Op::Drain),
        2 => some().prop_map(Op::TryIter),
        4 => Just(Op::CloneSender),
        4 => Just(Op::CloneReceiver),
        4 => Just(Op::DropSender),
        4 => Just(Op::DropReceiver),
        1 => prop_oneof![Just(Op::CloseBySender), Just(Op::CloseByReceiver)],
    ];
    vec(op, 0..100)
}

struct Model {
    inside: VecDeque<u32>,
    capacity: Option<usize>,
    overflow: Overflow,
    closed: bool,
}

impl Model {
    fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.inside.len() == capacity)
    }

    fn push(&mut self, value: u32) -> Pushed<u32> {
        if self.closed {
            return Pushed::Closed(value);
        }
        let full = self.is_full();
        if full && self.overflow == Overflow::RejectNewest {
            return Pushed::Rejected(value);
        }
        self.inside.push_back(value);
        if full { Pushed::Evicted(self.inside.pop_front().unwrap()) } else { Pushed::Stored }
    }

    fn try_send(&mut self, value: u32) -> Result<(), TrySendError<u32>> {
        if self.closed {
            return Err(TrySendError::Closed(value));
        }
        if self.is_full() {
            return Err(TrySendError::Full(value));
        }
        self.inside.push_back(value);
        Ok(())
    }

    fn send_in_time(&mut self, value: u32) -> Result<(), SendTimeoutError<u32>> {
        self.try_send(value).map_err(|error| match error {
            TrySendError::Full(value) => SendTimeoutError::Timeout(value),
            TrySendError::Closed(value) => SendTimeoutError::Closed(value),
        })
    }

    fn try_recv(&mut self) -> Result<u32, TryRecvError> {
        self.inside.pop_front().ok_or(if self.closed {
            TryRecvError::Closed
        } else {
            TryRecvError::Empty
        })
    }

    fn recv_in_time(&mut self) -> Result<u32, RecvTimeoutError> {
        self.try_recv().map_err(|error| match error {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Closed => RecvTimeoutError::Closed,
        })
    }

    fn take(&mut self, max: usize) -> Vec<u32> {
        self.inside.drain(..max.min(self.inside.len())).collect()
    }
}

fn numbers<T: Element>(elements: impl IntoIterator<Item = T>) -> Vec<u32> {
    elements.into_iter().map(T::number).collect()
}

fn pushed<T: Element>(pushed: Pushed<T>) -> Pushed<u32> {
    match pushed {
        Pushed::Stored => Pushed::Stored,
        Pushed::Evicted(old) => Pushed::Evicted(old.number()),
        Pushed::Rejected(new) => Pushed::Rejected(new.number()),
        Pushed::Closed(new) => Pushed::Closed(new.number()),
    }
}

fn in_time<T: Element>(error: SendTimeoutError<T>) -> SendTimeoutError<u32> {
    match error {
        SendTimeoutError::Timeout(value) => SendTimeoutError::Timeout(value.number()),
        SendTimeoutError::Closed(value) => SendTimeoutError::Closed(value.number()),
    }
}

fn run<T: Element>(queue: impl Queue<T>, script: &[Op]) -> Result<(), TestCaseError> {
    let (capacity, overflow) = (queue.capacity(), queue.overflow());
    let mut model = Model { inside: VecDeque::new(), capacity, overflow, closed: false };
    let (tx, rx) = channel(queue);
    let (mut senders, mut receivers) = (vec![tx], vec![rx]);
    let now = Instant::now();

    for (&op, number) in script.iter().zip(0..) {
        let what = format!("step {number}: {op:?}");
        if let Some(tx) = senders.last() {
            let value = T::of(number);
            match op {
                Op::Push => prop_assert_eq!(pushed(tx.push(value)), model.push(number), "{}", what),
                Op::TrySend => {
                    let sent = tx.try_send(value).map_err(|error| match error {
                        TrySendError::Full(value) => TrySendError::Full(value.number()),
                        TrySendError::Closed(value) => TrySendError::Closed(value.number()),
                    });
                    prop_assert_eq!(sent, model.try_send(number), "{}", what);
                }
                Op::SendTimeout => {
                    let sent = tx.send_timeout(value, Duration::ZERO).map_err(in_time);
                    prop_assert_eq!(sent, model.send_in_time(number), "{}", what);
                }
                Op::SendDeadline => {
                    let sent = tx.send_deadline(value, now).map_err(in_time);
                    prop_assert_eq!(sent, model.send_in_time(number), "{}", what);
                }
                Op::CloseBySender => {
                    prop_assert_eq!(tx.close(), !model.closed, "{}", what);
                    model.closed = true;
                }
                Op::CloneSender => senders.push(tx.clone()),
                Op::DropSender => {
                    senders.pop();
                    model.closed |= senders.is_empty();
                }
                _ => {}
            }
        }
        if let Some(rx) = receivers.last() {
            match op {
                Op::TryRecv => {
                    prop_assert_eq!(rx.try_recv().map(T::number), model.try_recv(), "{}", what)
                }
                Op::RecvTimeout => {
                    let received = rx.recv_timeout(Duration::ZERO).map(T::number);
                    prop_assert_eq!(received, model.recv_in_time(), "{}", what);
                }
                Op::RecvDeadline => {
                    prop_assert_eq!(
                        rx.recv_deadline(now).map(T::number),
                        model.recv_in_time(),
                        "{}",
                        what
                    );
                }
                // Otherwise it would wait for the first.
                Op::RecvBatch(max) if max == 0 || model.closed || !model.inside.is_empty() => {
                    let mut out = Vec::new();
                    let received = rx.recv_batch(&mut out, max, Duration::ZERO);
                    let expected = model.take(max);
                    let ended = max > 0 && expected.is_empty();
                    prop_assert_eq!(
                        received,
                        if ended { Err(RecvError) } else { Ok(expected.len()) },
                        "{}",
                        &what
                    );
                    prop_assert_eq!(numbers(out), expected, "{}", what);
                }
                Op::Discard(n) => {
                    prop_assert_eq!(rx.discard_oldest(n), model.take(n).len(), "{}", what)
                }
                Op::Drain(n) => {
                    prop_assert_eq!(numbers(rx.drain().take(n)), model.take(n), "{}", what)
                }
                Op::TryIter(n) => {
                    prop_assert_eq!(numbers(rx.try_iter().take(n)), model.take(n), "{}", what)
                }
                Op::CloseByReceiver => {
                    prop_assert_eq!(rx.close(), !model.closed, "{}", what);
                    model.closed = true;
                }
                Op::CloneReceiver => receivers.push(rx.clone()),
                Op::DropReceiver => {
                    receivers.pop();
                    if receivers.is_empty() {
                        model.closed = true;
                        model.inside.clear();
                    }
                }
                _ => {}
            }
        }
        look(&senders, &receivers, &model, &what)?;
    }
    Ok(())
}

fn look<T: Element, Q: Queue<T>>(
    senders: &[Sender<T, Q>],
    receivers: &[Receiver<T, Q>],
    model: &Model,
    what: &str,
) -> Result<(), TestCaseError> {
    let expected = (model.inside.len(), model.inside.is_empty(), model.closed, model.capacity);
    for tx in senders {
        prop_assert_eq!(
            (tx.len(), tx.is_empty(), tx.is_closed(), tx.capacity()),
            expected,
            "{}",
            what
        );
    }
    for rx in receivers {
        prop_assert_eq!(
            (rx.len(), rx.is_empty(), rx.is_closed(), rx.capacity()),
            expected,
            "{}",
            what
        );
    }
    Ok(())
}

fn every_queue<T: Element>(capacity: usize, script: &[Op]) -> Result<(), TestCaseError> {
    run(AtomicRing::<T>::new(capacity), script)?;
    run(MutexRing::<T>::new(capacity), script)?;
    run(ChannelQueue::<T>::new(capacity), script)?;
    run(MutexVec::<T>::new(), script)?;
    run(Box::new(AtomicRing::<T>::new(capacity)) as Box<dyn Queue<T>>, script)?;
    run(Arc::new(ChannelQueue::<T>::new(capacity)), script)
}

proptest! {
    #[test]
    fn small_elements(capacity in 1..6_usize, script in script()) {
        every_queue::<u32>(capacity, &script)?;
    }

    #[test]
    fn large_elements_that_own_memory(capacity in 1..6_usize, script in script()) {
        every_queue::<String>(capacity, &script)?;
    }
}
