//! How long an element takes to one that sleeps: from just before it is sent until just after it is
//! received.
//!
//! Before each, the sender has slept for longer than any receiver looks on before it sleeps, and
//! knows that the one before was received. So what is measured is mostly the operating system, and
//! what a channel adds to that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::runtime::Builder;

use crate::channel::{AsyncChannel, Channel};
use crate::contender::OnlyEnd;
use crate::cores;
use crate::crew::{self, Shift};
use crate::element::Element;
use crate::latency::{histogram, since};
use crate::scene::{Effort, Place, Sample, Scene, Sleeper};

const PAUSE: Duration = Duration::from_micros(80);

pub(crate) fn thread<C: Channel, T: Element>(
    place: Place,
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    turn::<C, T>(scene, effort, |mut receiver, shift, mut log| {
        cores::pin(core(place));
        log.start = shift.begin();
        while let Some(element) = C::recv(&mut receiver) {
            log.note(element);
        }
        log.latency
    })
}

pub(crate) fn task<C: AsyncChannel, T: Element>(
    sleeper: Sleeper,
    place: Place,
    scene: &Scene,
    effort: &Effort,
) -> Sample {
    turn::<C, T>(scene, effort, |mut receiver, shift, mut log| {
        cores::pin(core(place));
        let mut builder = match sleeper {
            Sleeper::Task => Builder::new_multi_thread(),
            _ => Builder::new_current_thread(),
        };
        let pin = move || {
            cores::pin(core(place));
        };
        let runtime = builder
            .worker_threads(1)
            .on_thread_start(pin)
            .build()
            .expect("the system has a thread for it");
        log.start = shift.begin();
        let receiving = async move {
            while let Some(element) = C::recv_async(&mut receiver).await {
                log.note(element);
            }
            log.latency
        };
        match sleeper {
            Sleeper::Task => runtime.block_on(runtime.spawn(receiving)).expect("the task panicked"),
            _ => runtime.block_on(receiving),
        }
    })
}

/// The sender is on the first.
fn core(place: Place) -> usize {
    match place {
        Place::Apart => 1,
        Place::Beside => 0,
    }
}

/// What a receiver writes down.
struct Log {
    start: Instant,
    latency: Histogram<u64>,
    received: Arc<AtomicU64>,
}

impl Log {
    #[inline(always)]
    fn note<T: Element>(&mut self, element: T) {
        self.latency.saturating_record(since(self.start).saturating_sub(element.number()).max(1));
        self.received.fetch_add(1, Ordering::Relaxed);
    }
}

fn turn<C: Channel, T: Element>(
    scene: &Scene,
    effort: &Effort,
    receive: impl Fn(C::Receiver<T>, &Shift, Log) -> Histogram<u64> + Sync,
) -> Sample {
    let (sender, receiver) = C::bounded::<T>(scene.capacity);
    let (sender, receiver) = (OnlyEnd::new(sender), OnlyEnd::new(receiver));
    let received = Arc::new(AtomicU64::new(0));
    let (_, _, latency) = crew::run(
        scene,
        &|_, shift| {
            // Dropped at the end of the shift, which ends the receiver's.
            let sender = sender.take();
            let (start, mut sent) = (shift.begin(), 0);
            while !shift.is_over() {
                thread::sleep(PAUSE);
                if received.load(Ordering::Relaxed) == sent {
                    C::send(&sender, T::new(since(start)));
                    sent += 1;
                }
            }
        },
        &|_, shift| {
            let log = Log {
                start: Instant::now(),
                latency: histogram(),
                received: Arc::clone(&received),
            };
            receive(receiver.take(), shift, log)
        },
        effort.window,
        &|| (),
    );
    let [latency] = <[_; 1]>::try_from(latency).expect("there is one receiver");
    let quantiles = [("wake_ns_p50", 0.5), ("wake_ns_p99", 0.99)];
    let mut sample = Sample::of(
        quantiles.map(|(metric, quantile)| (metric, latency.value_at_quantile(quantile) as f64)),
    );
    sample.histograms.push(("wake_ns", latency));
    sample
}
