//! What is inside is dropped when nobody can take it any more, though there still are senders; also what is sent just then.

use std::sync::Arc;
use std::thread;

use ringway::{AtomicRing, ChannelQueue, Closed, MutexRing, MutexVec, Queue, Sender, pipe};

use crate::hooked::Hooked;
use crate::support::counted::{Counted, Counting, Ledger};
use crate::watched::{linger, rounds, watched};

fn dropped_with_the_last_receiver<T: Counting, Q: Queue<T>>(queue: Q) {
    let ledger = Ledger::new(6);
    let (tx, rx) = pipe(queue);
    let another = rx.clone();
    for id in 0..5 {
        assert!(tx.send(T::new(&ledger, id)).is_ok_and(|pushed| pushed.is_stored()));
    }
    drop(rx);
    assert_eq!(ledger.drops(0), 0);
    drop(another.try_recv());
    drop(another);
    assert!(tx.is_empty());
    drop(tx.send(T::new(&ledger, 5)));
    ledger.assert_each_dropped_once();
}

#[test]
fn what_is_inside_is_dropped_with_the_last_receiver() {
    dropped_with_the_last_receiver::<Counted, _>(AtomicRing::new(8));
    dropped_with_the_last_receiver::<Box<Counted>, _>(AtomicRing::new(8));
    dropped_with_the_last_receiver::<Counted, _>(MutexRing::new(8));
    dropped_with_the_last_receiver::<Counted, _>(ChannelQueue::new(8));
    dropped_with_the_last_receiver::<Counted, _>(MutexVec::new());
    dropped_with_the_last_receiver::<Counted, _>(Box::new(AtomicRing::new(8)) as Box<dyn Queue<Counted>>);
    dropped_with_the_last_receiver::<Counted, _>(Arc::new(AtomicRing::new(8)));
}

/// Closed and full, and then forgotten.
#[test]
fn also_when_it_was_closed_before() {
    let ledger = Ledger::new(1);
    let (tx, rx) = pipe(AtomicRing::new(1));
    tx.try_send(Counted::new(&ledger, 0)).unwrap();
    tx.close();
    drop(rx);
    ledger.assert_each_dropped_once();
}

/// A sender that is on the way in when the last receiver goes drops what it has put in, even though it is told that it was sent.
#[test]
fn a_sender_on_the_way_in_leaves_nothing_behind() {
    for after in [false, true] {
        let (queue, hooks) = Hooked::new(2);
        let queue = Arc::new(queue);
        let (tx, rx) = pipe(Arc::clone(&queue));
        let leave = move || drop(rx);
        if after {
            hooks.after_push(leave)
        } else {
            hooks.before_push(leave)
        }
        assert!(tx.send(1).unwrap().is_stored());
        assert_eq!(Queue::len(&queue), 0);
        assert_eq!(tx.send(2), Err(Closed(2)));
    }
}

fn sent_at_the_same_time<Q: Queue<Counted> + 'static>(make: fn() -> Q) {
    const SENDERS: usize = 10;
    const EACH: usize = 10;
    watched(move || {
        for round in 0..rounds() / 200 {
            let ledger = Ledger::new(SENDERS * EACH);
            let queue = Arc::new(make());
            let (tx, rx) = pipe(Arc::clone(&queue));
            let senders: Vec<_> = (0..SENDERS).map(|_| tx.clone()).collect();
            thread::scope(|scope| {
                for (n, sender) in senders.iter().enumerate() {
                    let ledger = &ledger;
                    scope.spawn(move || (0..EACH).for_each(|i| drop(sender.send(Counted::new(ledger, n * EACH + i)))));
                }
                let rx = [rx.clone(), rx];
                for rx in rx {
                    scope.spawn(move || {
                        drop(rx.recv());
                        linger(round);
                        // One of them has the last.
                        drop(rx);
                    });
                }
            });
            // All the senders are still there.
            assert!(queue.is_empty());
            ledger.assert_each_dropped_once();
            drop(senders);
        }
    });
}

#[test]
fn what_is_sent_at_the_same_time_is_dropped_too() {
    sent_at_the_same_time(|| AtomicRing::new(3));
    sent_at_the_same_time(|| Box::new(ChannelQueue::new(3)) as Box<dyn Queue<Counted>>);
}

/// A request brings the way back with it. When nobody will answer any more, whoever waits for the answer is told so.
#[test]
fn who_waits_for_an_answer_is_told_that_none_will_come() {
    watched(|| {
        for round in 0..rounds() / 200 {
            let (requests, to_answer) = pipe(MutexRing::<Sender<u32>>::new(4));
            thread::scope(|scope| {
                for _ in 0..3 {
                    let requests = requests.clone();
                    scope.spawn(move || {
                        let (tx, rx) = pipe(AtomicRing::new(1));
                        drop(requests.send(tx));
                        assert_eq!(rx.recv(), Err(Closed(())));
                    });
                }
                linger(round);
                drop(to_answer);
            });
        }
    });
}
