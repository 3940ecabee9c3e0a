//! Producing and consuming threads that start and end together.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, OnceLock};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::cores;
use crate::scene::Scene;

/// What every thread of a crew sees.
pub(crate) struct Shift {
    barrier: Barrier,
    start: OnceLock<Instant>,
    over: AtomicBool,
}

impl Shift {
    /// Waits until all are ready. Twice: then the clock is started, and nobody starts before the
    /// clock.
    pub(crate) fn begin(&self) -> Instant {
        self.barrier.wait();
        self.barrier.wait();
        *self.start.get().expect("it is set between the two")
    }

    #[inline(always)]
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Runs `produce` and `consume`, with their numbers, on as many threads as the scene has, for so
/// long. Then `end` is called. Each thread calls [`Shift::begin`], and returns when the shift is
/// over.
pub(crate) fn run<P: Send, C: Send>(
    scene: &Scene,
    produce: &(dyn Fn(usize, &Shift) -> P + Sync),
    consume: &(dyn Fn(usize, &Shift) -> C + Sync),
    wait: Duration,
    end: &dyn Fn(),
) -> (Duration, Vec<P>, Vec<C>) {
    let shift = Shift {
        barrier: Barrier::new(scene.producers + scene.consumers + 1),
        start: OnceLock::new(),
        over: AtomicBool::new(false),
    };
    let shift = &shift;
    thread::scope(|scope| {
        for _ in 0..if scene.busy { cores::count() } else { 0 } {
            scope.spawn(move || {
                while !shift.is_over() {
                    spin_loop();
                }
            });
        }
        let producing: Vec<_> = (0..scene.producers)
            .map(|number| {
                scope.spawn(move || {
                    scene.pin(number);
                    produce(number, shift)
                })
            })
            .collect();
        let consuming: Vec<_> = (0..scene.consumers)
            .map(|number| {
                scope.spawn(move || {
                    scene.pin(scene.producers + number);
                    consume(number, shift)
                })
            })
            .collect();

        shift.barrier.wait();
        let start = *shift.start.get_or_init(Instant::now);
        shift.barrier.wait();
        thread::sleep(wait);
        shift.over.store(true, Ordering::Relaxed);
        let elapsed = start.elapsed();
        end();
        (elapsed, join(producing), join(consuming))
    })
}

fn join<R>(threads: Vec<ScopedJoinHandle<'_, R>>) -> Vec<R> {
    threads.into_iter().map(|thread| thread.join().expect("a measuring thread panicked")).collect()
}
