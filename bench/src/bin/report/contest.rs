//! The results by scene.

use ringway_bench::results::{Group, Kind, Measurement, Results, Scene, Spread};

use crate::metric::{self, Better};

/// A scene, and all that were in it, floors last.
pub(crate) struct Contest<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) entries: Vec<&'a Measurement>,
}

impl<'a> Contest<'a> {
    /// In the order of the results.
    pub(crate) fn all(results: &'a Results) -> Vec<Self> {
        let mut contests: Vec<Self> = Vec::new();
        for measurement in &results.measurements {
            let scene = &measurement.scene;
            match contests.iter_mut().find(|contest| contest.scene.name == scene.name) {
                Some(contest) => contest.entries.push(measurement),
                None => contests.push(Self { scene, entries: vec![measurement] }),
            }
        }
        for contest in &mut contests {
            contest.entries.sort_by_key(|entry| entry.kind == Kind::Floor);
        }
        contests
    }

    pub(crate) fn spread(&self, contender: &str, metric: &str) -> Option<Spread> {
        self.entries.iter().find(|entry| entry.contender == contender)?.metrics.get(metric).copied()
    }

    pub(crate) fn is_floor(&self, contender: &str) -> bool {
        self.entries.iter().any(|entry| entry.contender == contender && entry.kind == Kind::Floor)
    }

    /// The best median of a queue.
    pub(crate) fn best(&self, metric: &str) -> Option<f64> {
        let medians = self.entries.iter().filter(|entry| entry.kind != Kind::Floor);
        let medians = medians.filter_map(|entry| Some(entry.metrics.get(metric)?.median));
        match metric::better(metric) {
            Better::Lower => medians.min_by(f64::total_cmp),
            Better::Higher => medians.max_by(f64::total_cmp),
        }
    }

    /// In the order in which one reads them.
    pub(crate) fn metrics(&self) -> Vec<&'a str> {
        let mut metrics: Vec<&str> =
            self.entries.iter().flat_map(|entry| entry.metrics.keys().map(String::as_str)).collect();
        metrics.sort_by_key(|&metric| (metric::rank(metric), metric));
        metrics.dedup();
        metrics
    }

    /// What the scene's name says after its group: `overwrite` of `single/overwrite/8B/cap1024`.
    pub(crate) fn doing(&self) -> &'a str {
        self.scene.name.split('/').nth(1).unwrap_or_default()
    }

    /// Neither producers nor consumers work, and the capacity is that of most scenes.
    pub(crate) fn is_flat_out(&self) -> bool {
        let scene = self.scene;
        scene.group == Group::Threads && scene.capacity == 1024 && scene.produce_ns == 0 && scene.consume_ns == 0
    }
}

/// All contenders, floors last.
pub(crate) fn contenders<'a>(contests: &[&Contest<'a>]) -> Vec<&'a str> {
    let mut contenders = Vec::new();
    for floors in [false, true] {
        for entry in contests.iter().flat_map(|contest| &contest.entries) {
            if (entry.kind == Kind::Floor) == floors && !contenders.contains(&entry.contender.as_str()) {
                contenders.push(&entry.contender);
            }
        }
    }
    contenders
}

/// `1 and 4`.
pub(crate) fn threads(scene: &Scene) -> String {
    format!("{} and {}", scene.producers, scene.consumers)
}

/// `8 B`, as in the text.
pub(crate) fn element(scene: &Scene) -> String {
    let digits = scene.element.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = scene.element.split_at(digits);
    format!("{number} {unit}")
}
