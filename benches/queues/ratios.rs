//! The figures that the crate wants to reach: ratios to its peers and to the floor, each from one [`Race`].

use std::time::{Duration, Instant};

use crate::contender::{BareExchange, Contender, each_overwriting, each_own, each_queue, filled};
use crate::element::Element;
use crate::race::{Metric, Race};
use crate::sizes::{Message, SIZES};
use crate::table::{self, row};
use crate::{CAPACITY, overwrite, pair, sizes, threads};

/// Operations in a turn of one thread: long against the clock, short against the machine's moods.
const OPERATIONS: u64 = 200_000;

const COST: &[Metric] = &[Metric { heading: "ns", with_ratio: true }];
const RATES: &[Metric] = &[
    Metric { heading: "pushed M/s", with_ratio: true },
    Metric { heading: "delivered M/s", with_ratio: true },
    Metric { heading: "delivered %", with_ratio: false },
];
const PUSHED: usize = 0;
const DELIVERED: usize = 1;

const RING: &str = "AtomicRing";
const PEERS: [&str; 2] = ["ArrayQueue", "ConcurrentQueue"];

pub(crate) fn measure_and_print(quick: bool) {
    let (rounds, thread_rounds, window) = if quick { (11, 5, threads::WINDOW / 2) } else { (51, 15, threads::WINDOW) };
    let start = Instant::now();
    let mut elements = [Races::of::<u64>(window), Races::of::<[u64; 3]>(window)];
    let mut moved = Vec::new();
    each_own!(add_moved::<Message>(&mut moved));

    for round in 0..rounds {
        for races in &mut elements {
            races.overwrite.run(round);
            races.pair.run(round);
        }
        moved.iter_mut().for_each(|race| race.run(round));
    }
    for round in 0..thread_rounds {
        elements.iter_mut().flat_map(|races| &mut races.threads).for_each(|race| race.run(round));
    }

    for races in &elements {
        races.overwrite.print(RING);
        races.pair.print(RING);
        races.threads.iter().for_each(|race| race.print(RING));
    }
    moved.iter().for_each(|race| race.print(&name_of(SIZES[0])));
    print_figures(&elements, &moved);
    println!("\n{rounds} rounds of one thread and {thread_rounds} of many, {:.0} s", start.elapsed().as_secs_f64());
}

/// All that is measured with elements of one size.
struct Races {
    bytes: usize,
    overwrite: Race,
    pair: Race,
    /// In the order of [`threads::SCENES`].
    threads: [Race; 4],
}

impl Races {
    fn of<T: Element>(window: Duration) -> Self {
        let bytes = size_of::<T>();
        let mut overwrite = Race::new(format!("overwrite, {bytes} B"), COST);
        each_overwriting!(add_overwrite::<T>(&mut overwrite));
        add_overwrite::<T, BareExchange>(&mut overwrite);

        let mut pair = Race::new(format!("pair, {bytes} B"), COST);
        each_queue!(add_pair::<T>(&mut pair));
        add_pair::<T, BareExchange>(&mut pair);

        let threads = threads::SCENES.map(|scene @ (producers, consumers)| {
            let mut race = Race::new(format!("threads, {producers} and {consumers}, {bytes} B"), RATES);
            each_queue!(add_threads::<T>(&mut race, scene, window));
            add_threads::<T, BareExchange>(&mut race, scene, window);
            race
        });
        Self { bytes, overwrite, pair, threads }
    }
}

fn add_overwrite<T: Element, Q: Contender<T> + 'static>(race: &mut Race) {
    let queue: Q = filled(CAPACITY);
    race.enter(Q::NAME, move || cost(overwrite::time(&queue, OPERATIONS)));
}

fn add_pair<T: Element, Q: Contender<T> + 'static>(race: &mut Race) {
    let queue: Q = filled(CAPACITY / 2);
    race.enter(Q::NAME, move || cost(pair::time(&queue, OPERATIONS)));
}

fn add_threads<T: Element, Q: Contender<T>>(race: &mut Race, scene: (usize, usize), window: Duration) {
    race.enter(Q::NAME, move || {
        let counts = threads::window::<T, Q>(scene, window);
        let rate = |count: u64| count as f64 / counts.elapsed.as_secs_f64() / 1e6;
        let share = 100.0 * counts.delivered as f64 / counts.pushed as f64;
        vec![rate(counts.pushed), rate(counts.delivered), share]
    });
}

/// One race for each queue, between the sizes.
fn add_moved<M: From<Vec<u8>> + 'static, Q: Contender<M> + 'static>(races: &mut Vec<Race>) {
    let mut race = Race::new(format!("moved message, {}", Q::NAME), COST);
    for size in SIZES {
        let queue: Q = sizes::half_full(size);
        race.enter(name_of(size), move || cost(sizes::time_moved(&queue, OPERATIONS)));
    }
    races.push(race);
}

fn name_of(size: usize) -> String {
    format!("{size} B")
}

fn cost(elapsed: Duration) -> Vec<f64> {
    vec![elapsed.as_secs_f64() * 1e9 / OPERATIONS as f64]
}

enum Wanted {
    AtMost(f64),
    AtLeast(f64),
    Below(f64),
}

fn print_figures(elements: &[Races], moved: &[Race]) {
    let mut rows = vec![row!["", "wanted", "measured", "met"]];
    let mut figure = |what: String, wanted: Wanted, measured: f64| {
        let (wanted, met) = match wanted {
            Wanted::AtMost(limit) => (format!("at most {limit:.2}"), measured <= limit),
            Wanted::AtLeast(limit) => (format!("at least {limit:.2}"), measured >= limit),
            Wanted::Below(limit) => (format!("below {limit:.2}"), measured < limit),
        };
        rows.push(row![what, wanted, format!("{measured:.2}"), if met { "yes" } else { "no" }]);
    };

    for Races { bytes, overwrite, pair, threads } in elements {
        let ring = overwrite.median(RING, 0);
        let [floor, array, mutex] = ["bare exchange", "ArrayQueue", "MutexRing"].map(|name| overwrite.median(name, 0));
        figure(format!("{bytes} B: overwrite, AtomicRing / bare exchange"), Wanted::AtMost(1.4), ring / floor);
        figure(format!("{bytes} B: overwrite, ArrayQueue / AtomicRing"), Wanted::AtLeast(2.5), array / ring);
        figure(format!("{bytes} B: overwrite, AtomicRing / MutexRing"), Wanted::Below(1.0), ring / mutex);

        let to_array = pair.median(RING, 0) / pair.median("ArrayQueue", 0);
        figure(format!("{bytes} B: pair, AtomicRing / ArrayQueue"), Wanted::AtMost(1.15), to_array);

        let to_best_peer = |race: &Race, metric| {
            race.median(RING, metric) / PEERS.map(|name| race.median(name, metric)).into_iter().fold(0.0, f64::max)
        };
        let [one_and_one, .., four_and_four] = threads;
        for (what, metric) in [("pushed", PUSHED), ("delivered", DELIVERED)] {
            let what = format!("{bytes} B: 4 and 4 {what}, AtomicRing / best peer");
            figure(what, Wanted::AtLeast(2.0), to_best_peer(four_and_four, metric));
        }
        let what = format!("{bytes} B: 1 and 1 delivered, AtomicRing / best peer");
        figure(what, Wanted::AtLeast(1.2), to_best_peer(one_and_one, DELIVERED));
    }
    for race in moved {
        let (least, most) = race.medians(0).fold((f64::MAX, 0.0), |(least, most), ns| (ns.min(least), ns.max(most)));
        figure(format!("{}, dearest / cheapest size", race.title), Wanted::AtMost(1.1), most / least);
    }
    table::print("figures, ratios of medians (best peer: ArrayQueue or ConcurrentQueue)", &rows);
}
