//! Who is woken, call by call: random scripts on one thread, in which futures are made, polled and
//! dropped at every point, beside everything else that can be done to a channel.
//!
//! Each time: of the futures that wait, at least as many have been woken as could go on. And what
//! comes out is what a plain list says: a future that is dropped takes nothing with it.

use std::collections::VecDeque;
use std::task::Poll;

use futures_util::StreamExt;
use proptest::collection::vec;
use proptest::prelude::*;
use ringway::channel::{SendError, TryRecvError, TrySendError};
use ringway::{AtomicRing, ChannelQueue, MutexRing, Pushed, Queue, channel};

use crate::by_hand::ByHand;

#[derive(Clone, Copy, Debug)]
enum Op {
    NewRecv,
    NewStream,
    NewSend,
    /// The number is taken modulo as many as there are.
    Poll(usize),
    PollWoken(usize),
    Drop(usize),
    Push,
    TrySend,
    TryRecv,
    RecvBatch(usize),
    Discard(usize),
    Close,
}

fn script() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => Just(Op::NewRecv),
        2 => Just(Op::NewStream),
        6 => Just(Op::NewSend),
        16 => (0..100_usize).prop_map(Op::Poll),
        6 => (0..100_usize).prop_map(Op::PollWoken),
        6 => (0..100_usize).prop_map(Op::Drop),
        4 => Just(Op::Push),
        2 => Just(Op::TrySend),
        4 => Just(Op::TryRecv),
        2 => (1..4_usize).prop_map(Op::RecvBatch),
        1 => (0..4_usize).prop_map(Op::Discard),
    ];
    // Closed in the end, to see that all are woken.
    vec(op, 0..120).prop_map(|mut ops| {
        ops.push(Op::Close);
        ops
    })
}

/// What a future came to.
#[derive(Debug, PartialEq)]
enum Done {
    Received(Option<u32>),
    Sent(Result<(), SendError<u32>>),
}

struct Waiter<'a> {
    future: ByHand<'a, Done>,
    /// The value of one that sends.
    sends: Option<u32>,
    waits: bool,
}

fn run(queue: impl Queue<u32>, script: &[Op]) -> Result<(), TestCaseError> {
    let capacity = queue.capacity().unwrap();
    let (tx, rx) = channel(queue);
    let (tx, rx) = (&tx, &rx);
    let mut inside = VecDeque::new();
    let mut closed = false;
    let mut waiters: Vec<Waiter<'_>> = Vec::new();

    for (&op, number) in script.iter().zip(0..) {
        let add = |waiters: &mut Vec<_>, sends, future| {
            waiters.push(Waiter { future, sends, waits: false })
        };
        match op {
            Op::NewRecv => {
                add(
                    &mut waiters,
                    None,
                    ByHand::new(async { Done::Received(rx.recv_async().await.ok()) }),
                );
            }
            Op::NewStream => {
                let mut stream = rx.clone();
                add(
                    &mut waiters,
                    None,
                    ByHand::new(async move { Done::Received(stream.next().await) }),
                );
            }
            Op::NewSend => {
                add(
                    &mut waiters,
                    Some(number),
                    ByHand::new(async move { Done::Sent(tx.send_async(number).await) }),
                );
            }
            Op::Poll(_) | Op::PollWoken(_) => {
                let polled: Vec<_> = (0..waiters.len())
                    .filter(|&i| {
                        matches!(op, Op::Poll(_))
                            || waiters[i].waits && waiters[i].future.is_woken()
                    })
                    .collect();
                let (Op::Poll(n) | Op::PollWoken(n)) = op else { unreachable!() };
                let Some(&i) = polled.get(n % polled.len().max(1)) else { continue };
                let expected = match waiters[i].sends {
                    Some(value) if closed => Poll::Ready(Done::Sent(Err(SendError(value)))),
                    Some(_) if inside.len() == capacity => Poll::Pending,
                    Some(value) => {
                        inside.push_back(value);
                        Poll::Ready(Done::Sent(Ok(())))
                    }
                    None if inside.is_empty() && !closed => Poll::Pending,
                    None => Poll::Ready(Done::Received(inside.pop_front())),
                };
                prop_assert_eq!(&waiters[i].future.poll(), &expected, "{:?}", op);
                if expected.is_ready() {
                    waiters.remove(i);
                } else {
                    waiters[i].waits = true;
                }
            }
            Op::Drop(n) => {
                if !waiters.is_empty() {
                    waiters.remove(n % waiters.len());
                }
            }
            Op::Push => match tx.push(number) {
                Pushed::Stored => inside.push_back(number),
                Pushed::Evicted(old) => {
                    inside.push_back(number);
                    prop_assert_eq!(Some(old), inside.pop_front());
                }
                Pushed::Rejected(_) | Pushed::Closed(_) => {}
            },
            Op::TrySend => match tx.try_send(number) {
                Ok(()) => inside.push_back(number),
                Err(error) => prop_assert_eq!(error, TrySendError::Full(number)),
            },
            Op::TryRecv => {
                prop_assert_eq!(rx.try_recv(), inside.pop_front().ok_or(TryRecvError::Empty))
            }
            Op::RecvBatch(max) => {
                let expected: Vec<_> = inside.drain(..max.min(inside.len())).collect();
                if !expected.is_empty() {
                    let mut out = Vec::new();
                    // As many as there are: no time passes.
                    prop_assert_eq!(
                        rx.recv_batch(&mut out, expected.len(), Default::default()),
                        Ok(expected.len())
                    );
                    prop_assert_eq!(out, expected);
                }
            }
            Op::Discard(n) => {
                let n_inside = n.min(inside.len());
                inside.drain(..n_inside);
                prop_assert_eq!(rx.discard_oldest(n), n_inside);
            }
            Op::Close => {
                tx.close();
                closed = true;
            }
        }
        prop_assert_eq!(rx.len(), inside.len(), "{:?}", op);
        for (sends, can_go_on) in [(false, inside.len()), (true, capacity - inside.len())] {
            let waiting =
                waiters.iter().filter(|waiter| waiter.waits && waiter.sends.is_some() == sends);
            let (waiting, woken) = waiting.fold((0, 0), |(n, woken), waiter| {
                (n + 1, woken + usize::from(waiter.future.is_woken()))
            });
            let can_go_on = if closed { waiting } else { can_go_on.min(waiting) };
            prop_assert!(
                woken >= can_go_on,
                "after {:?}: of {} that wait (senders: {}) {} could go on, and {} have been woken",
                op,
                waiting,
                sends,
                can_go_on,
                woken
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        if cfg!(debug_assertions) { 1_000 } else { 5_000 }
    ))]

    #[test]
    fn as_many_are_woken_as_can_go_on(capacity in 1..4_usize, script in script()) {
        run(AtomicRing::new(capacity), &script)?;
        run(ChannelQueue::new(capacity), &script)?;
        run(Box::new(MutexRing::new(capacity)) as Box<dyn Queue<u32>>, &script)?;
    }
}
