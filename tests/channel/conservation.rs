//! Every element that was made is received, evicted, given back or discarded once, or dropped with
//! the channel or the future that had it; through all that a channel can do, all at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use ringway::channel::{SendError, TryRecvError};
use ringway::{
    AtomicRing, ChannelQueue, MutexRing, MutexVec, Pushed, Queue, Receiver, Sender, channel,
};

use crate::by_hand::ByHand;
use crate::support::counted::{Counted, Counting, Ledger};
use crate::watched::{linger, rounds, watched};

const SENDERS: usize = 3;
const RECEIVERS: usize = 3;
const EACH: usize = 60;

/// Where the elements have gone.
#[derive(Default)]
struct Tally {
    received: Mutex<Vec<usize>>,
    given_back: Mutex<Vec<usize>>,
    /// How many were thrown away unseen.
    discarded: AtomicUsize,
    /// How many went with a future that was dropped before it had sent them.
    cancelled: AtomicUsize,
    /// How many the channel has taken.
    sent: AtomicUsize,
}

impl Tally {
    fn received<T: Counting>(&self, element: T) {
        self.received.lock().unwrap().push(element.id());
    }

    fn given_back<T: Counting>(&self, element: T) {
        self.given_back.lock().unwrap().push(element.id());
    }

    fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends in the `way`-th manner.
    fn send<T: Counting, Q: Queue<T>>(&self, tx: &Sender<T, Q>, way: usize, element: T) {
        let result = match way % 6 {
            0 | 1 => match tx.push(element) {
                Pushed::Stored => Ok(()),
                // It came out of the channel, as if it had been received.
                Pushed::Evicted(old) => {
                    self.received(old);
                    Ok(())
                }
                Pushed::Rejected(element) | Pushed::Closed(element) => Err(element),
            },
            2 => tx.try_send(element).map_err(|error| error.into_inner()),
            3 => tx
                .send_timeout(element, Duration::from_micros(20))
                .map_err(|error| error.into_inner()),
            4 => smol::block_on(tx.send_async(element)).map_err(SendError::into_inner),
            _ => {
                let mut future = ByHand::new(tx.send_async(element));
                match future.poll() {
                    Poll::Ready(result) => result.map_err(SendError::into_inner),
                    Poll::Pending => {
                        self.cancelled.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                }
            }
        };
        match result {
            Ok(()) => self.sent(),
            Err(element) => self.given_back(element),
        }
    }

    /// Receives something in the `way`-th manner; returns whether there may be more.
    fn receive<T: Counting, Q: Queue<T>>(&self, rx: &Receiver<T, Q>, way: usize) -> bool {
        let mut out = Vec::new();
        let ended = match way % 8 {
            0 => rx.recv().map(|element| out.push(element)).is_err(),
            1 => rx.try_recv().map(|element| out.push(element)) == Err(TryRecvError::Closed),
            2 => {
                out.extend(rx.recv_timeout(Duration::from_micros(20)).ok());
                false
            }
            3 => rx.recv_batch(&mut out, 3, Duration::from_micros(20)).is_err(),
            4 => {
                smol::block_on(rx.recv_batch_async(&mut out, 2, Duration::from_micros(20))).is_err()
            }
            5 => {
                let mut future = ByHand::new(rx.recv_async());
                match future.poll() {
                    Poll::Ready(received) => received.map(|element| out.push(element)).is_err(),
                    Poll::Pending => false,
                }
            }
            6 => {
                self.discarded.fetch_add(rx.discard_oldest(2), Ordering::Relaxed);
                false
            }
            _ => {
                out.extend(rx.drain());
                false
            }
        };
        out.into_iter().for_each(|element| self.received(element));
        !ended
    }
}

/// How a round comes to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    SendersGo,
    Closed,
    /// With elements inside, and while senders still send.
    ReceiversGo,
}

fn conserved<T: Counting, Q: Queue<T> + 'static>(make: fn(usize) -> Q) {
    watched(move || {
        for round in 0..rounds() / 400 {
            let end = [End::SendersGo, End::Closed, End::ReceiversGo][round % 3];
            let ledger = Ledger::new(SENDERS * EACH);
            let tally = &Tally::default();
            let given_up = &AtomicBool::new(false);
            let (tx, rx) = channel(make(1 + round / 3 % 4));
            let last_sender = matches!(end, End::ReceiversGo).then(|| tx.clone());
            thread::scope(|scope| {
                for n in 0..SENDERS {
                    let (tx, ledger) = (tx.clone(), &ledger);
                    scope.spawn(move || {
                        for i in 0..EACH {
                            tally.send(&tx, round + n + i, T::new(ledger, n * EACH + i));
                        }
                    });
                }
                for n in 0..RECEIVERS {
                    let rx = rx.clone();
                    scope.spawn(move || {
                        let mut way = round + n;
                        while !given_up.load(Ordering::Relaxed) && tally.receive(&rx, way) {
                            way += 1;
                        }
                    });
                }
                drop(rx);
                linger(round);
                match end {
                    End::SendersGo => {}
                    End::Closed => _ = tx.close(),
                    End::ReceiversGo => {
                        given_up.store(true, Ordering::Relaxed);
                        // For those that sleep in the middle of giving up: a close that is late is
                        // another round's.
                        tx.close();
                    }
                }
                drop(tx);
            });
            // Nothing is left in a channel whose receivers are gone, while there is a sender.
            assert!(last_sender.as_ref().is_none_or(Sender::is_empty));
            ledger.assert_each_dropped_once();
            let count = |n: &AtomicUsize| n.load(Ordering::Relaxed);
            let mut ids = tally.received.lock().unwrap().clone();
            let received = ids.len();
            ids.extend(tally.given_back.lock().unwrap().iter());
            let seen = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), seen, "seen twice");
            assert_eq!(
                count(&tally.sent) + seen - received + count(&tally.cancelled),
                SENDERS * EACH
            );
            let out = received + count(&tally.discarded);
            if let End::ReceiversGo = end {
                assert!(out <= count(&tally.sent));
            } else {
                assert_eq!(out, count(&tally.sent), "{end:?}");
            }
            drop(last_sender);
        }
    });
}

#[test]
fn by_an_atomic_ring() {
    conserved::<Counted, _>(AtomicRing::new);
}

#[test]
fn by_an_atomic_ring_inline() {
    conserved::<Box<Counted>, _>(AtomicRing::new);
}

#[test]
fn by_a_mutex_ring() {
    conserved::<Counted, _>(MutexRing::new);
}

#[test]
fn by_a_channel() {
    conserved::<Counted, _>(ChannelQueue::new);
}

#[test]
fn by_a_mutex_vec() {
    conserved::<Counted, _>(|_| MutexVec::new());
}

#[test]
fn by_a_boxed_queue() {
    conserved::<Box<Counted>, _>(|capacity| {
        Box::new(AtomicRing::new(capacity)) as Box<dyn Queue<Box<Counted>>>
    });
}
