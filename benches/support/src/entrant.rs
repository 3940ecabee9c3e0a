//! A contender without its type, so that all are in one list.

use std::thread;

use crate::channel::{AsyncChannel, By, Channel};
use crate::contender::{Family, Kind};
use crate::element::{Only, timed};
use crate::scene::{Effort, Sample, Scene, Size, Sleeper, What};
use crate::{check, latency, messages, ping_pong, single, threads, wake};

/// `$f::<$family, T>($scene, $effort)`, where `T` is what the scene is about, for the loop alone:
/// of 8 or of 24 bytes, and of 256 where it says so.
macro_rules! with_element {
    ($family:ty, $scene:ident, $effort:ident, $timed:ident, $f:path $(, $large:ident)?) => {{
        use $f as f;
        match $scene.size {
            Size::Words1 => f::<$family, Only<[u64; 1], { timed::$timed }>>($scene, $effort),
            Size::Words3 => f::<$family, Only<[u64; 3], { timed::$timed }>>($scene, $effort),
            $(Size::$large => f::<$family, Only<[u64; 32], { timed::$timed }>>($scene, $effort),)?
            #[allow(unreachable_patterns)]
            _ => unreachable!("no scene has it"),
        }
    }};
}

#[derive(Clone, Copy)]
pub struct Entrant {
    pub name: &'static str,
    pub kind: Kind,
    pub takes: fn(&Scene) -> bool,
    pub(crate) turn: fn(&Scene, &Effort) -> Sample,
    /// Panics if it is no queue.
    pub check: fn(),
}

impl Entrant {
    /// Does it once.
    pub fn turn(&self, scene: &Scene, effort: &Effort) -> Sample {
        // In a thread of its own: those of the caller's that are to run anywhere must not be
        // started from a thread that is pinned.
        let turn = || {
            scene.pin(0);
            (self.turn)(scene, effort)
        };
        let end = thread::scope(|scope| scope.spawn(turn).join());
        end.unwrap_or_else(|_| panic!("{} failed in {}", self.name, scene.name))
    }

    pub fn queue<F: Family>() -> Self {
        Self {
            name: F::NAME,
            kind: F::KIND,
            takes: takes::<F>,
            turn: turn::<F>,
            check: check::run::<F>,
        }
    }

    /// A queue, but only where one thread pushes and pops.
    pub(crate) fn of_one_thread<F: Family>() -> Self {
        Self {
            name: F::NAME,
            kind: F::KIND,
            takes: |scene| {
                matches!(scene.what, What::Overwrite | What::Pair(_)) && scene.size != Size::Words32
            },
            turn: |scene, effort| match scene.what {
                What::Overwrite => with_element!(F, scene, effort, OVERWRITE, single::overwrite),
                _ => with_element!(F, scene, effort, PAIR, single::pair),
            },
            check: check::beside_a_model::<F, [u64; 1]>,
        }
    }

    /// As a queue by `push`, and where threads wait.
    pub fn channel<C: Channel>() -> Self {
        let takes = |scene: &Scene| match scene.what {
            What::Wake(sleeper, _) => sleeper == Sleeper::Thread,
            What::PingPong => true,
            What::Lossless => C::WAITS && scene.consumers <= C::MAX_CONSUMERS,
            _ => takes::<By<C, false>>(scene),
        };
        let turn = |scene: &Scene, effort: &Effort| match scene.what {
            What::Wake(_, place) => {
                wake::thread::<C, Only<[u64; 1], { timed::WAKE }>>(place, scene, effort)
            }
            What::PingPong => {
                ping_pong::turn::<C, Only<[u64; 1], { timed::PING_PONG }>>(scene, effort)
            }
            What::Lossless => {
                threads::turn::<By<C, true>, Only<[u64; 1], { timed::THREADS }>>(scene, effort)
            }
            _ => turn::<By<C, false>>(scene, effort),
        };
        Self { takes, turn, ..Self::queue::<By<C, false>>() }
    }

    /// Where a task waits.
    pub fn tasks<C: AsyncChannel>() -> Self {
        Self {
            takes: |scene| {
                matches!(scene.what, What::Wake(Sleeper::Task | Sleeper::TaskOfThread, _))
            },
            turn: |scene, effort| {
                let What::Wake(sleeper, place) = scene.what else {
                    unreachable!("it does not take it")
                };
                wake::task::<C, Only<[u64; 1], { timed::WAKE }>>(sleeper, place, scene, effort)
            },
            // As a channel.
            check: || (),
            ..Self::queue::<By<C, false>>()
        }
    }
}

fn takes<F: Family>(scene: &Scene) -> bool {
    scene.producers <= F::MAX_PRODUCERS
        && scene.consumers <= F::MAX_CONSUMERS
        && match scene.what {
            What::Overwrite => F::KIND == Kind::Evicts,
            What::Pair(_) | What::PopOnEmpty | What::Threads | What::Latency => true,
            What::Len | What::Drain { .. } | What::Batches | What::Messages { .. } => F::IS_QUEUE,
            What::Polled => F::IS_QUEUE && F::KIND == Kind::Evicts,
            What::Lossless | What::Wake(..) | What::PingPong => false,
        }
}

fn turn<F: Family>(scene: &Scene, effort: &Effort) -> Sample {
    macro_rules! with {
        ($timed:ident, $f:path $(, $large:ident)?) => {
            with_element!(F, scene, effort, $timed, $f $(, $large)?)
        };
    }
    match scene.what {
        What::Overwrite => with!(OVERWRITE, single::overwrite, Words32),
        What::Pair(_) => with!(PAIR, single::pair, Words32),
        What::PopOnEmpty => with!(POP_ON_EMPTY, single::pop_on_empty),
        What::Len => with!(LEN, single::length),
        What::Drain { in_batches: false } => with!(POPS, single::pops),
        What::Drain { in_batches: true } => with!(POP_INTO, single::pop_into),
        What::Messages { copied: false } => {
            messages::turn::<F, { timed::MOVED }, false>(scene, effort)
        }
        What::Messages { copied: true } => {
            messages::turn::<F, { timed::COPIED }, true>(scene, effort)
        }
        What::Threads => with!(THREADS, threads::turn, Words32),
        What::Batches => with!(BATCHES, threads::batches),
        What::Polled => with!(POLLED, threads::polled),
        What::Latency => with!(LATENCY, latency::turn),
        What::Lossless | What::Wake(..) | What::PingPong => {
            unreachable!("a queue takes no part where one waits")
        }
    }
}
