//! Which scenes there are.

use crate::cores;
use crate::scene::Inside::{AllButOne, Half, None};
use crate::scene::Place::{Apart, Beside};
use crate::scene::Size::{self, Words1, Words3, Words32};
use crate::scene::What::{Drain, Len, Overwrite, Pair, PopOnEmpty};
use crate::scene::{Scene, Sleeper};

pub const CAPACITY: usize = 1024;
const OTHER_CAPACITIES: [usize; 2] = [64, 65_535];

const SIZES: [Size; 3] = [Words1, Words3, Words32];

/// The messages that the crate's first gateway had to carry.
pub const MESSAGES: [usize; 4] = [18, 4266, 6786, 79_435];

/// Of lossless channels.
const ROOMS: [usize; 5] = [1, 8, 32, 64, 1024];

/// Nanoseconds for an element, of producers and of consumers.
const WORK: [(u64, u64); 4] = [(100, 100), (0, 1000), (1000, 0), (1000, 1000)];

/// The work of a consumer for each element, and pushes a second for each two cores: well below what
/// it can take, and twice what one that has a core for itself can.
const UNDERLOAD: (u64, u64) = (0, 200_000);
const OVERLOAD: (u64, u64) = (1000, 2_000_000);

/// What the README's claims rest on.
pub fn main() -> Vec<Scene> {
    let single = |what, size| Scene::single(what, size, CAPACITY);
    let threads = |threads, size| Scene::threads(threads, size, CAPACITY, (0, 0));
    let mut scenes = Vec::new();
    for what in [Overwrite, Pair(Half)] {
        scenes.extend([Words1, Words3].map(|size| single(what, size)));
    }
    for crew in [(1, 1), (many(), many())] {
        scenes.extend([Words1, Words3].map(|size| threads(crew, size)));
    }
    scenes
}

/// What the main tables need.
pub fn short() -> Vec<Scene> {
    let mut scenes = main();
    scenes.extend([Words1, Words3].map(|s| Scene::threads((many(), 1), s, CAPACITY, (0, 0))));
    scenes.push(Scene::threads((1, 1), Words1, CAPACITY, (0, 1000)));
    scenes.push(Scene::threads((many(), many()), Words1, CAPACITY, (100, 100)));
    scenes.extend([Scene::batches(Words1), Scene::polled(Words1)]);
    scenes.extend(beside_push_and_pop(Words1));
    scenes.extend(messages());
    scenes.extend(latency_crews().map(|threads| latency(threads, Words1, OVERLOAD)));
    for threads in [(1, 1), (many(), 1)] {
        scenes.push(Scene::lossless(threads, 1024));
        scenes.extend([8, 64, 1024].map(|room| Scene::lossless(threads, room).not_pinned()));
    }
    scenes.extend(sleeping(&[Sleeper::Thread, Sleeper::Task]));
    scenes
}

/// Everything: a base, and variations of it one at a time, not every combination.
pub fn full() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for size in SIZES {
        for what in [Overwrite, Pair(None), Pair(Half), Pair(AllButOne)] {
            scenes.push(Scene::single(what, size, CAPACITY));
        }
        for capacity in OTHER_CAPACITIES {
            scenes.extend([Overwrite, Pair(Half)].map(|what| Scene::single(what, size, capacity)));
        }
        for threads in [(1, 1), (many(), 1), (1, many()), (many(), many())] {
            scenes.push(Scene::threads(threads, size, CAPACITY, (0, 0)));
        }
    }
    for size in [Words1, Words3] {
        scenes.push(Scene::single(PopOnEmpty, size, CAPACITY));
        scenes.extend(beside_push_and_pop(size));
        scenes.extend([Scene::batches(size), Scene::polled(size)]);
    }
    scenes.extend(messages());
    for threads in [(1, 1), (many(), many())] {
        for capacity in OTHER_CAPACITIES {
            scenes.push(Scene::threads(threads, Words1, capacity, (0, 0)));
        }
        scenes.extend(WORK.map(|work| Scene::threads(threads, Words1, CAPACITY, work)));
    }
    for load in [UNDERLOAD, OVERLOAD] {
        for size in [Words1, Words3] {
            scenes.extend(latency_crews().map(|threads| latency(threads, size, load)));
        }
    }
    for threads in [(1, 1), (many(), 1), (1, many())] {
        for room in ROOMS {
            let scene = Scene::lossless(threads, room);
            scenes.extend([scene.clone().not_pinned(), scene]);
        }
        scenes.extend([64, 1024].map(|room| Scene::lossless(threads, room).not_pinned().busy()));
    }
    scenes.extend(sleeping(&[Sleeper::Thread, Sleeper::Task, Sleeper::TaskOfThread]));
    scenes
}

/// What else one thread does.
fn beside_push_and_pop(size: Size) -> [Scene; 3] {
    [Len, Drain { in_batches: false }, Drain { in_batches: true }]
        .map(|what| Scene::single(what, size, CAPACITY))
}

pub fn messages() -> impl Iterator<Item = Scene> {
    [false, true]
        .into_iter()
        .flat_map(|copied| MESSAGES.map(|bytes| Scene::messages(copied, bytes)))
}

/// Of channels only.
fn sleeping(sleepers: &[Sleeper]) -> Vec<Scene> {
    let mut scenes = vec![Scene::ping_pong()];
    for &sleeper in sleepers {
        scenes.extend([Apart, Beside].map(|place| Scene::wake(sleeper, place)));
    }
    scenes
}

fn latency(threads: (usize, usize), size: Size, (consume_ns, rate): (u64, u64)) -> Scene {
    Scene::latency(threads, size, consume_ns, rate * half_the_cores() as u64)
}

/// As many threads as cores, and four times as many.
fn latency_crews() -> [(usize, usize); 2] {
    [(half_the_cores(), half_the_cores()), (many(), many())]
}

/// Twice as many as cores.
pub fn many() -> usize {
    2 * cores::count()
}

fn half_the_cores() -> usize {
    (cores::count() / 2).max(1)
}
