//! What is inside is dropped when nobody can take it any more, though there still are senders;
//! unless others own the queue.

use std::sync::Arc;
use std::thread;

use ringway::channel::RecvError;
use ringway::{
    AtomicRing, ChannelQueue, Metered, MutexRing, MutexVec, Pushed, Queue, Sender, channel,
};

use crate::hooked::Hooked;
use crate::support::counted::{Counted, Counting, Ledger};
use crate::watched::{linger, rounds, watched};

/// Puts five in, and drops the last receiver after it has taken one. Returns a sender, to look
/// inside.
fn abandoned<T: Counting, Q: Queue<T>>(ledger: &Arc<Ledger>, queue: Q) -> Sender<T, Q> {
    let (tx, rx) = channel(queue);
    let another = rx.clone();
    for id in 0..5 {
        assert!(tx.push(T::new(ledger, id)).is_stored());
    }
    drop(rx);
    assert_eq!(ledger.drops(0), 0);
    drop(another.try_recv());
    drop(another);
    assert!(tx.is_closed());
    drop(tx.push(T::new(ledger, 5)));
    assert_eq!((ledger.drops(0), ledger.drops(5)), (1, 1));
    tx
}

fn goes_with_the_last_receiver<T: Counting, Q: Queue<T>>(queue: Q) {
    let ledger = Ledger::new(6);
    let tx = abandoned(&ledger, queue);
    assert!(tx.is_empty());
    ledger.assert_each_dropped_once();
}

fn stays<Q: Queue<Counted>>(owner: &impl Queue<Counted>, pointer: Q) {
    let ledger = Ledger::new(6);
    let tx = abandoned(&ledger, pointer);
    assert_eq!(owner.len(), 4);
    drop(tx);
    assert!(owner.is_closed());
    for id in 1..5 {
        assert_eq!(ledger.drops(id), 0);
        assert_eq!(owner.pop().map(|element| element.id()), Some(id));
    }
    ledger.assert_each_dropped_once();
}

#[test]
fn what_is_inside_goes_with_the_last_receiver() {
    goes_with_the_last_receiver::<Counted, _>(AtomicRing::new(8));
    goes_with_the_last_receiver::<Box<Counted>, _>(AtomicRing::new(8));
    goes_with_the_last_receiver::<Counted, _>(MutexRing::new(8));
    goes_with_the_last_receiver::<Counted, _>(ChannelQueue::new(8));
    goes_with_the_last_receiver::<Counted, _>(MutexVec::new());
    goes_with_the_last_receiver::<Counted, _>(Metered::new(AtomicRing::new(8)));
    goes_with_the_last_receiver::<Counted, _>(
        Box::new(AtomicRing::new(8)) as Box<dyn Queue<Counted>>
    );
}

/// Nobody else has the `Arc`: it is as good as a `Box`.
#[test]
fn an_arc_that_nobody_else_has_is_no_shared_queue() {
    goes_with_the_last_receiver::<Counted, _>(Arc::new(AtomicRing::new(8)));
    goes_with_the_last_receiver::<Counted, _>(Metered::new(Arc::new(AtomicRing::new(8))));
    let queue = Arc::new(AtomicRing::new(8));
    let gone = Arc::clone(&queue);
    let gone_too = Arc::downgrade(&queue);
    drop((gone, gone_too));
    goes_with_the_last_receiver::<Counted, _>(queue);
}

#[test]
fn what_is_inside_of_a_shared_queue_stays() {
    let queue = AtomicRing::new(8);
    stays(&queue, &queue);
    let queue = Arc::new(AtomicRing::new(8));
    stays(&queue, Arc::clone(&queue));
    let queue = Arc::new(ChannelQueue::new(8));
    stays(&queue, Metered::new(Arc::clone(&queue)));
    let queue = Arc::new(MutexRing::new(8));
    stays(&queue, Box::new(Arc::clone(&queue)) as Box<dyn Queue<Counted>>);
    let queue: Arc<dyn Queue<Counted>> = Arc::new(MutexVec::new());
    stays(&queue, Arc::clone(&queue));
}

/// A `Weak` can become an owner: what is inside stays until it has.
#[test]
fn what_is_inside_stays_for_a_weak_pointer() {
    let ledger = Ledger::new(6);
    let queue = Arc::new(AtomicRing::new(8));
    let weak = Arc::downgrade(&queue);
    let tx = abandoned::<Counted, _>(&ledger, queue);
    let owner = weak.upgrade().unwrap();
    drop(tx);
    assert_eq!(owner.len(), 4);
    drop(owner);
    ledger.assert_each_dropped_once();
}

/// Closed and full, and then forgotten.
#[test]
fn also_when_it_was_closed_before() {
    let ledger = Ledger::new(1);
    let (tx, rx) = channel(AtomicRing::new(1));
    tx.try_send(Counted::new(&ledger, 0)).unwrap();
    tx.close();
    drop(rx);
    ledger.assert_each_dropped_once();
}

/// A sender that is in the middle of a `push` when the last receiver goes leaves nothing behind: it
/// comes before, and its element is dropped with the others, or it is refused.
#[test]
fn a_sender_on_the_way_in_leaves_nothing_behind() {
    for after in [false, true] {
        let (queue, hooks) = Hooked::new(2);
        let (tx, rx) = channel(queue);
        let leave = move || drop(rx);
        if after {
            hooks.after_push(leave);
        } else {
            hooks.before_push(leave);
        }
        assert_eq!(tx.push(1), if after { Pushed::Stored } else { Pushed::Closed(1) });
        assert!(tx.is_empty());
        assert_eq!(tx.push(2), Pushed::Closed(2));
    }
}

fn sent_at_the_same_time<Q: Queue<Counted> + 'static>(make: fn() -> Q) {
    const SENDERS: usize = 10;
    const EACH: usize = 10;
    watched(move || {
        for round in 0..rounds() / 200 {
            let ledger = Ledger::new(SENDERS * EACH);
            let (tx, rx) = channel(make());
            let senders: Vec<_> = (0..SENDERS).map(|_| tx.clone()).collect();
            thread::scope(|scope| {
                for (n, sender) in senders.iter().enumerate() {
                    let ledger = &ledger;
                    scope.spawn(move || {
                        (0..EACH)
                            .for_each(|i| drop(sender.push(Counted::new(ledger, n * EACH + i))))
                    });
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
            assert!(tx.is_empty());
            ledger.assert_each_dropped_once();
            drop((tx, senders));
        }
    });
}

#[test]
fn what_is_sent_at_the_same_time_is_dropped_too() {
    sent_at_the_same_time(|| AtomicRing::new(3));
    sent_at_the_same_time(|| Box::new(ChannelQueue::new(3)) as Box<dyn Queue<Counted>>);
}

/// A request brings the way back with it. When nobody will answer any more, whoever waits for the
/// answer is told so.
#[test]
fn who_waits_for_an_answer_is_told_that_none_will_come() {
    watched(|| {
        for round in 0..rounds() / 200 {
            let (requests, to_answer) = channel(MutexRing::<Sender<u32>>::new(4));
            thread::scope(|scope| {
                for _ in 0..3 {
                    let requests = requests.clone();
                    scope.spawn(move || {
                        let (tx, rx) = channel(AtomicRing::new(1));
                        drop(requests.push(tx));
                        assert_eq!(rx.recv(), Err(RecvError));
                    });
                }
                linger(round);
                drop(to_answer);
            });
        }
    });
}
