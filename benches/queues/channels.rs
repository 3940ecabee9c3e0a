//! `channels`: what waiting at both ends adds to a queue, beside `crossbeam-channel`.
//!
//! In `push` and `pair` nobody waits. In the hand-overs the receiver sleeps, and the figure is the
//! time from just before an element is sent until just after it is received: in each sample the
//! median, because now and then the operating system has something else to do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use ringway::{AtomicRing, ChannelQueue, MutexRing, Receiver, Sender, channel};

use crate::element::{Element, Number, supply};
use crate::{CAPACITY, Group, one_thread};

// The loops, each of which has element types of its own.
const PUSH: u8 = 8;
const PAIR: u8 = 9;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("channels");
    group.throughput(Throughput::Elements(1));
    push::<Element<u64, 1, PUSH>>(&mut group);
    push::<Element<u64, 3, PUSH>>(&mut group);
    pair::<Element<u64, 1, PAIR>>(&mut group);
    pair::<Element<u64, 3, PAIR>>(&mut group);
    // A hand-over takes as long for the first as for the last.
    group.sampling_mode(SamplingMode::Flat);
    hand_over_to_thread(&mut group);
    hand_over_to_task(&mut group);
    group.finish();
}

fn id<T: Number>(queue: &str, doing: &str) -> BenchmarkId {
    BenchmarkId::new(queue, format!("{doing}-{}", T::NAME))
}

/// A push that does not wait, on a full channel. `crossbeam-channel`, which cannot make room, gives
/// the element back.
fn push<T: Number>(group: &mut Group<'_>) {
    macro_rules! of {
        ($queue:ident) => {
            one_thread::bench(group, id::<T>(stringify!($queue), "push"), CAPACITY, || {
                let (sender, receiver) = channel($queue::new(CAPACITY));
                let mut next = supply::<T>();
                move |_| {
                    let _open = &receiver;
                    sender.push(next()).displaced().map(T::sum)
                }
            });
        };
    }
    of!(AtomicRing);
    of!(MutexRing);
    of!(ChannelQueue);
    one_thread::bench(group, id::<T>("crossbeam-channel", "push"), CAPACITY, || {
        let (sender, receiver) = crossbeam_channel::bounded(CAPACITY);
        let mut next = supply::<T>();
        move |_| {
            let _open = &receiver;
            sender.try_send(next()).err().map(|full| full.into_inner().sum())
        }
    });
}

/// A `send` and a `recv` at half full: neither has to wait.
fn pair<T: Number>(group: &mut Group<'_>) {
    macro_rules! of {
        ($name:expr, $new:expr) => {
            one_thread::bench(group, id::<T>($name, "pair"), CAPACITY / 2, || {
                let (sender, receiver) = $new;
                let mut next = supply::<T>();
                move |receives| {
                    assert!(sender.send(next()).is_ok());
                    if receives { receiver.recv().ok().map(T::sum) } else { None }
                }
            });
        };
    }
    of!("AtomicRing", channel(AtomicRing::new(CAPACITY)));
    of!("MutexRing", channel(MutexRing::new(CAPACITY)));
    of!("ChannelQueue", channel(ChannelQueue::new(CAPACITY)));
    of!("crossbeam-channel", crossbeam_channel::bounded(CAPACITY));
}

/// When it was sent, since the receiver started.
type Sent = u64;

fn hand_over_to_thread(group: &mut Group<'_>) {
    group.bench_function(BenchmarkId::new("AtomicRing", "hand-over-thread"), |bencher| {
        bencher.iter_custom(|iterations| {
            let (sender, receiver) = channel(AtomicRing::<Sent>::new(CAPACITY));
            hand_over(
                iterations,
                move |sent| assert!(sender.send(sent).is_ok()),
                move |note| receiver.iter().for_each(note),
            )
        });
    });
    group.bench_function(BenchmarkId::new("crossbeam-channel", "hand-over-thread"), |bencher| {
        bencher.iter_custom(|iterations| {
            let (sender, receiver) = crossbeam_channel::bounded::<Sent>(CAPACITY);
            hand_over(
                iterations,
                move |sent| assert!(sender.send(sent).is_ok()),
                move |note| receiver.iter().for_each(note),
            )
        });
    });
}

/// On a runtime with one thread. `crossbeam-channel` has nothing for tasks.
fn hand_over_to_task(group: &mut Group<'_>) {
    group.bench_function(BenchmarkId::new("AtomicRing", "hand-over-task"), |bencher| {
        bencher.iter_custom(|iterations| {
            let (sender, receiver): (Sender<Sent>, Receiver<Sent>) =
                channel(AtomicRing::new(CAPACITY));
            let receive = move |note: &mut dyn FnMut(Sent)| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .expect("it needs no thread");
                runtime.block_on(async {
                    while let Ok(sent) = receiver.recv_async().await {
                        note(sent);
                    }
                });
            };
            hand_over(iterations, move |sent| assert!(sender.send(sent).is_ok()), receive)
        });
    });
}

/// Longer than any receiver spins before it sleeps.
const PAUSE: Duration = Duration::from_micros(80);

/// Sends so many elements, each when the one before has been received and the receiver has had time
/// to fall asleep. Returns the median of the times that they were on their way, times their number.
fn hand_over(
    elements: u64,
    send: impl Fn(Sent),
    receive: impl FnOnce(&mut dyn FnMut(Sent)) + Send,
) -> Duration {
    let (start, received) = (Instant::now(), AtomicU64::new(0));
    let now = || start.elapsed().as_nanos() as u64;
    thread::scope(|scope| {
        let receiving = scope.spawn(|| {
            let mut times = Vec::new();
            receive(&mut |sent| {
                times.push(now().saturating_sub(sent));
                received.fetch_add(1, Ordering::Relaxed);
            });
            times
        });
        for sent in 0..elements {
            while received.load(Ordering::Relaxed) < sent {
                thread::yield_now();
            }
            thread::sleep(PAUSE);
            send(now());
        }
        // The last sender: the receiver ends when it has received all.
        drop(send);
        let mut times = receiving.join().expect("no receiver panics");
        times.sort_unstable();
        Duration::from_nanos(times[times.len() / 2] * elements)
    })
}
