//! Which scenes there are.

use crate::cores;
use crate::scene::Inside::{AllButOne, Half, None};
use crate::scene::Place::{Apart, Beside};
use crate::scene::Scene;
use crate::scene::Size::{self, Words1, Words3, Words32};
use crate::scene::Sleeper;
use crate::scene::What::{Overwrite, Pair, PopOnEmpty};

const CAPACITY: usize = 1024;
const OTHER_CAPACITIES: [usize; 2] = [64, 65_535];

const SIZES: [Size; 3] = [Words1, Words3, Words32];

/// Nanoseconds for an element.
const WORK: [u64; 3] = [0, 100, 1000];

/// The work of a consumer for each element, and pushes a second for each two cores: well below what
/// it can take, and twice what one that has a core for itself can.
const UNDERLOAD: (u64, u64) = (0, 200_000);
const OVERLOAD: (u64, u64) = (1000, 2_000_000);

/// What the main tables need.
pub(crate) fn short() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for size in [Words1, Words3] {
        scenes.extend([Overwrite, Pair(Half)].map(|what| Scene::single(what, size, CAPACITY)));
    }
    for threads in [(1, 1), (many(), 1), (many(), many())] {
        scenes.extend([Words1, Words3].map(|size| Scene::threads(threads, size, CAPACITY, (0, 0))));
    }
    scenes.push(Scene::threads((1, 1), Words1, CAPACITY, (0, 1000)));
    scenes.push(Scene::threads((many(), many()), Words1, CAPACITY, (100, 100)));
    scenes.extend(latency_crews().map(|threads| latency(threads, Words1, OVERLOAD)));
    scenes.extend(waiting(&[Sleeper::Thread, Sleeper::Task]));
    scenes
}

/// Everything: a base, and variations of it one at a time, not every combination.
pub(crate) fn full() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for size in SIZES {
        scenes.push(Scene::single(PopOnEmpty, size, CAPACITY));
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
    for threads in [(1, 1), (many(), many())] {
        for capacity in OTHER_CAPACITIES {
            scenes.extend(
                [Words1, Words3].map(|size| Scene::threads(threads, size, capacity, (0, 0))),
            );
        }
        let work = WORK.into_iter().flat_map(|produce| WORK.map(|consume| (produce, consume)));
        scenes.extend(work.skip(1).map(|work| Scene::threads(threads, Words1, CAPACITY, work)));
    }
    for load in [UNDERLOAD, OVERLOAD] {
        for size in [Words1, Words3] {
            scenes.extend(latency_crews().map(|threads| latency(threads, size, load)));
        }
    }
    scenes.extend(waiting(&[Sleeper::Thread, Sleeper::Task, Sleeper::TaskOfThread]));
    scenes
}

/// Of channels only.
fn waiting(sleepers: &[Sleeper]) -> Vec<Scene> {
    let mut scenes =
        vec![Scene::lossless((1, 1)), Scene::lossless((many(), 1)), Scene::ping_pong()];
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
fn many() -> usize {
    2 * cores::count()
}

fn half_the_cores() -> usize {
    (cores::count() / 2).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{full, short};

    #[test]
    fn names_are_unique_and_the_short_form_is_a_part_of_the_full_one() {
        let names: HashSet<_> = full().into_iter().map(|scene| scene.name).collect();
        assert_eq!(names.len(), full().len());
        for scene in short() {
            assert!(names.contains(&scene.name), "{}", scene.name);
        }
    }
}
