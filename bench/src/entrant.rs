//! A contender without its type, so that all are in one list.

use crate::channel::{AsyncChannel, By, Channel};
use crate::check;
use crate::contender::{Family, Kind};
use crate::element::{LATENCY, OVERWRITE, Only, PAIR, PING_PONG, POP_ON_EMPTY, THREADS, WAKE};
use crate::scene::{Effort, Sample, Scene, Size, Sleeper, What};
use crate::{latency, ping_pong, single, threads, wake};

#[derive(Clone, Copy)]
pub struct Entrant {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) takes: fn(&Scene) -> bool,
    pub(crate) turn: fn(&Scene, &Effort) -> Sample,
    /// Panics if it is no queue.
    pub(crate) check: fn(),
}

impl Entrant {
    pub fn queue<F: Family>() -> Self {
        Self {
            name: F::NAME,
            kind: F::KIND,
            takes: takes::<F>,
            turn: turn::<F>,
            check: check::run::<F>,
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
            What::Wake(_, place) => wake::thread::<C, Only<[u64; 1], WAKE>>(place, scene, effort),
            What::PingPong => ping_pong::turn::<C, Only<[u64; 1], PING_PONG>>(scene, effort),
            What::Lossless => threads::turn::<By<C, true>, Only<[u64; 1], THREADS>>(scene, effort),
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
                wake::task::<C, Only<[u64; 1], WAKE>>(sleeper, place, scene, effort)
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
            What::Lossless | What::Wake(..) | What::PingPong => false,
        }
}

/// `$f::<F, T>($arguments)`, where `T` is what the scene is about, for the given loop alone.
macro_rules! with_element {
    ($scene:ident, $loop:ident, $f:path, $($argument:expr),*) => {{
        use $f as f;
        match $scene.size {
            Size::Words1 => f::<F, Only<[u64; 1], $loop>>($($argument),*),
            Size::Words3 => f::<F, Only<[u64; 3], $loop>>($($argument),*),
            Size::Words32 => f::<F, Only<[u64; 32], $loop>>($($argument),*),
        }
    }};
}

fn turn<F: Family>(scene: &Scene, effort: &Effort) -> Sample {
    match scene.what {
        What::Overwrite => with_element!(scene, OVERWRITE, single::overwrite, scene, effort),
        What::Pair(inside) => with_element!(scene, PAIR, single::pair, inside, scene, effort),
        What::PopOnEmpty => with_element!(scene, POP_ON_EMPTY, single::pop_on_empty, scene, effort),
        What::Threads => with_element!(scene, THREADS, threads::turn, scene, effort),
        What::Latency => with_element!(scene, LATENCY, latency::turn, scene, effort),
        What::Lossless | What::Wake(..) | What::PingPong => {
            unreachable!("a queue takes no part where one waits")
        }
    }
}
