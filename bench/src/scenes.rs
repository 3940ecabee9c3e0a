//! Which scenes there are.

use crate::contender::Kind::{Evicts, Waits};
use crate::cores;
use crate::task::Inside::{AllButOne, Half, None};
use crate::task::Place::{Apart, Beside};
use crate::task::Size::{self, Words1, Words3, Words32};
use crate::task::Sleeper;
use crate::task::Task;
use crate::task::What::{Overwrite, Pair, PopOnEmpty};

const CAPACITY: usize = 1024;
const OTHER_CAPACITIES: [usize; 2] = [64, 65_536];

const SIZES: [Size; 3] = [Words1, Words3, Words32];

/// The messages that the crate's first gateway had to carry.
const MESSAGES: [usize; 4] = [18, 4266, 6786, 79_435];

/// Nanoseconds for an element.
const WORK: [u64; 3] = [0, 100, 1000];

/// The work of a consumer for each element, and pushes a second for each two cores: well below what it can take, and twice
/// what one that has a core for itself can.
const UNDERLOAD: (u64, u64) = (0, 200_000);
const OVERLOAD: (u64, u64) = (1000, 2_000_000);

/// What the main tables and the figures need.
pub(crate) fn short() -> Vec<Task> {
    let mut tasks = Vec::new();
    for size in [Words1, Words3] {
        tasks.push(Task::single(Overwrite, size, CAPACITY));
        tasks.push(Task::single(Pair(Half), size, CAPACITY));
    }
    for threads in ends() {
        tasks.extend([Words1, Words3].map(|size| Task::threads(threads, size, CAPACITY, (0, 0))));
    }
    tasks.push(Task::threads((1, 1), Words1, CAPACITY, (0, 1000)));
    tasks.extend(MESSAGES.map(Task::moved));
    tasks.extend(MESSAGES.map(Task::copied));
    tasks.extend(latency_crews().map(|threads| latency(threads, Words1, OVERLOAD)));
    tasks.extend(pipes(&[Sleeper::Thread, Sleeper::Task]));
    tasks
}

/// Everything: a base, and variations of it one at a time, not every combination.
pub(crate) fn full() -> Vec<Task> {
    let mut tasks = Vec::new();
    for size in SIZES {
        tasks.push(Task::single(PopOnEmpty, size, CAPACITY));
        for what in [Overwrite, Pair(None), Pair(Half), Pair(AllButOne)] {
            tasks.push(Task::single(what, size, CAPACITY));
        }
        for capacity in OTHER_CAPACITIES {
            tasks.extend([Overwrite, Pair(Half)].map(|what| Task::single(what, size, capacity)));
        }
    }
    tasks.extend(MESSAGES.map(Task::moved));
    tasks.extend(MESSAGES.map(Task::copied));
    for size in SIZES {
        tasks.extend(crews().into_iter().map(|threads| Task::threads(threads, size, CAPACITY, (0, 0))));
    }
    for threads in ends() {
        for capacity in OTHER_CAPACITIES {
            tasks.extend([Words1, Words3].map(|size| Task::threads(threads, size, capacity, (0, 0))));
        }
        let work = WORK.into_iter().flat_map(|produce| WORK.map(|consume| (produce, consume)));
        tasks.extend(work.skip(1).map(|work| Task::threads(threads, Words1, CAPACITY, work)));
    }
    for load in [UNDERLOAD, OVERLOAD] {
        for size in [Words1, Words3] {
            tasks.extend(latency_crews().map(|threads| latency(threads, size, load)));
        }
    }
    tasks.extend(pipes(&[Sleeper::Thread, Sleeper::Task, Sleeper::TaskOfThread]));
    tasks
}

fn pipes(sleepers: &[Sleeper]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for &sleeper in sleepers {
        tasks.extend([Apart, Beside].map(|place| Task::wake(sleeper, place)));
    }
    tasks.push(Task::ping_pong());
    for full in [Evicts, Waits] {
        tasks.extend([1, 4].map(|producers| Task::flow(full, producers)));
    }
    tasks
}

fn latency(threads: (usize, usize), size: Size, (consume_ns, rate): (u64, u64)) -> Task {
    Task::latency(threads, size, consume_ns, rate * half_the_cores() as u64)
}

/// One and one, and four times as many threads as cores.
fn ends() -> [(usize, usize); 2] {
    [(1, 1), many()]
}

fn many() -> (usize, usize) {
    let most = 2 * cores::count();
    (most, most)
}

/// As many threads as cores, and four times as many.
fn latency_crews() -> [(usize, usize); 2] {
    let half = half_the_cores();
    [(half, half), many()]
}

fn half_the_cores() -> usize {
    (cores::count() / 2).max(1)
}

/// One and one, N and one, one and N, N and N; with N and N, below, at and above the number of cores.
fn crews() -> Vec<(usize, usize)> {
    let cores = cores::count();
    let mut numbers = [cores / 4, cores / 2, 2 * cores].map(|n| n.max(1)).to_vec();
    numbers.dedup();
    let mut crews = vec![(1, 1)];
    crews.extend(numbers.into_iter().filter(|n| *n > 1).flat_map(|n| [(n, 1), (1, n), (n, n)]));
    crews
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{full, short};

    #[test]
    fn names_are_unique_and_the_short_form_is_a_part_of_the_full_one() {
        let names: HashSet<_> = full().into_iter().map(|task| task.scene.name).collect();
        assert_eq!(names.len(), full().len());
        for task in short() {
            assert!(names.contains(&task.scene.name), "{}", task.scene.name);
        }
    }
}
