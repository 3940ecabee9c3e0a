//! Two result files: what became worse, what became better.

use std::collections::BTreeMap;
use std::fmt;

use ringway_bench::results::{Results, Spread};

use crate::metric::{self, Better};
use crate::table::Table;

/// What changed by more than a threshold, and by more than the rounds differ among themselves.
pub(crate) struct Comparison {
    pub(crate) regressions: Vec<Change>,
    pub(crate) improvements: Vec<Change>,
    same: usize,
    only_old: Vec<String>,
    only_new: Vec<String>,
    /// What the two runs do not have in common besides.
    caveats: Vec<String>,
}

pub(crate) struct Change {
    scene: String,
    contender: String,
    metric: String,
    old: Spread,
    new: Spread,
}

impl Change {
    /// New to old, whichever is better.
    fn ratio(&self) -> f64 {
        if self.old.median == self.new.median { 1.0 } else { self.new.median / self.old.median }
    }

    fn is_worse(&self) -> bool {
        match metric::better(&self.metric) {
            Better::Lower => self.ratio() > 1.0,
            Better::Higher => self.ratio() < 1.0,
        }
    }

    /// How far from what it was, up or down.
    fn size(&self) -> f64 {
        self.ratio().ln().abs()
    }
}

/// Scene, contender, metric.
type Key<'a> = (&'a str, &'a str, &'a str);

impl Comparison {
    pub(crate) fn new(old: &Results, new: &Results, threshold: f64) -> Self {
        let (old_figures, new_figures) = (figures(old), figures(new));
        let mut this = Self {
            regressions: Vec::new(),
            improvements: Vec::new(),
            same: 0,
            only_old: only_in(&old_figures, &new_figures),
            only_new: only_in(&new_figures, &old_figures),
            caveats: caveats(old, new),
        };
        for (&(scene, contender, metric), &old) in &old_figures {
            let Some(&new) = new_figures.get(&(scene, contender, metric)) else { continue };
            let change = Change { scene: scene.into(), contender: contender.into(), metric: metric.into(), old, new };
            if (change.ratio() - 1.0).abs() <= threshold || metric::overlap(metric, old, new) {
                this.same += 1;
            } else if change.is_worse() {
                this.regressions.push(change);
            } else {
                this.improvements.push(change);
            }
        }
        for changes in [&mut this.regressions, &mut this.improvements] {
            changes.sort_by(|a, b| b.size().total_cmp(&a.size()));
        }
        this
    }
}

fn figures(results: &Results) -> BTreeMap<Key<'_>, Spread> {
    let mut figures = BTreeMap::new();
    for measurement in &results.measurements {
        for (metric, &spread) in &measurement.metrics {
            figures.insert((measurement.scene.name.as_str(), measurement.contender.as_str(), metric.as_str()), spread);
        }
    }
    figures
}

/// The whole scene, if the others have nothing of it, or else the contender in it, or else the metric.
fn only_in(these: &BTreeMap<Key<'_>, Spread>, others: &BTreeMap<Key<'_>, Spread>) -> Vec<String> {
    let mut only: Vec<String> = these
        .keys()
        .filter(|key| !others.contains_key(*key))
        .map(|&(scene, contender, metric)| {
            if !others.keys().any(|other| other.0 == scene) {
                scene.into()
            } else if !others.keys().any(|other| (other.0, other.1) == (scene, contender)) {
                format!("{scene}: {contender}")
            } else {
                format!("{scene}: {contender}: {metric}")
            }
        })
        .collect();
    only.dedup();
    only
}

fn caveats(old: &Results, new: &Results) -> Vec<String> {
    let machine = |results: &Results| {
        let machine = &results.machine;
        format!("{}, {} cores, {}, {}", machine.processor, machine.cores, machine.system, machine.rustc)
    };
    let method = |results: &Results| {
        format!(
            "{} form, {} rounds, windows of {} ms",
            results.method.form, results.method.rounds, results.method.window_ms
        )
    };
    let differ = [(machine(old), machine(new)), (method(old), method(new))].into_iter().filter(|(old, new)| old != new);
    let mut caveats: Vec<_> = differ.map(|(old, new)| format!("not measured alike: {old} / {new}")).collect();
    if let (Some(old), Some(new)) = (hand_overs(old), hand_overs(new))
        && (old / new).max(new / old) > 1.5
    {
        let [old, new] = [old, new].map(|rate| rate / 1e6);
        caveats.push(format!(
            "the cores were not as near: {old:.1} / {new:.1} M/s handed over between two; threads do not compare"
        ));
    }
    caveats
}

/// How often a cache line went from one core to another: on a virtual machine that depends on where its cores are.
fn hand_overs(results: &Results) -> Option<f64> {
    let mut floor = results.measurements.iter().filter(|measurement| measurement.contender == "hand-over");
    Some(floor.find_map(|measurement| measurement.metrics.get("delivered_per_s"))?.median)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for caveat in &self.caveats {
            writeln!(f, "{caveat}")?;
        }
        for (title, changes) in [("regressions", &self.regressions), ("improvements", &self.improvements)] {
            writeln!(f, "\n{}: {title}\n", changes.len())?;
            let mut table = Table::new(["scene", "contender", "metric", "old", "new", "new / old"]);
            for change in changes {
                let Change { scene, contender, metric, old, new } = change;
                let [old, new] = [old, new].map(|&spread| metric::spread(metric, spread));
                table.row([scene, contender, &metric::title(metric), &old, &new, &format!("{:.2}", change.ratio())]);
            }
            if !table.is_empty() {
                write!(f, "{table}")?;
            }
        }
        writeln!(f, "\n{}: no change beyond the threshold and the spread", self.same)?;
        for (which, only) in [("old", &self.only_old), ("new", &self.only_new)] {
            for what in only {
                writeln!(f, "only in the {which} file: {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{measurement, results, spread};

    const SCENE: &str = "single/overwrite/8B/cap1024";

    fn of(metric: &str, values: (f64, f64, f64)) -> Results {
        results(vec![measurement(SCENE, "AtomicRing", [(metric, spread(values))])])
    }

    fn compare(metric: &str, old: (f64, f64, f64), new: (f64, f64, f64)) -> (usize, usize, usize) {
        let comparison = Comparison::new(&of(metric, old), &of(metric, new), 0.1);
        (comparison.regressions.len(), comparison.improvements.len(), comparison.same)
    }

    const REGRESSION: (usize, usize, usize) = (1, 0, 0);
    const IMPROVEMENT: (usize, usize, usize) = (0, 1, 0);
    const SAME: (usize, usize, usize) = (0, 0, 1);

    #[test]
    fn shows_a_regression() {
        assert_eq!(compare("ns_per_op", (4.9, 5.0, 5.1), (5.9, 6.0, 6.1)), REGRESSION);
        let comparison =
            Comparison::new(&of("ns_per_op", (4.9, 5.0, 5.1)), &of("ns_per_op", (5.9, 6.0, 6.1)), 0.1).to_string();
        let row = comparison.lines().find(|line| line.contains(SCENE)).expect("a row for it");
        assert!(row.contains("AtomicRing") && row.contains("6.00 (5.90 – 6.10) ns") && row.contains("1.20"));
    }

    #[test]
    fn knows_the_better_direction_of_each_metric() {
        let (less, more) = ((89.0, 90.0, 91.0), (119.0, 120.0, 121.0));
        for (metric, rise) in [
            ("ns_per_op", REGRESSION),
            ("age_ns_p99_9", REGRESSION),
            ("bytes_per_slot", REGRESSION),
            ("delivered_per_s", IMPROVEMENT),
            ("delivered_share", IMPROVEMENT),
        ] {
            let fall = if rise == REGRESSION { IMPROVEMENT } else { REGRESSION };
            assert_eq!(compare(metric, less, more), rise, "{metric}");
            assert_eq!(compare(metric, more, less), fall, "{metric}");
        }
    }

    #[test]
    fn a_change_within_the_spread_is_noise() {
        assert_eq!(compare("ns_per_op", (4.0, 5.0, 7.0), (5.0, 8.0, 9.0)), SAME);
    }

    #[test]
    fn a_change_within_the_threshold_is_none() {
        assert_eq!(compare("ns_per_op", (9.9, 10.0, 10.1), (10.7, 10.8, 10.9)), SAME);
    }

    #[test]
    fn something_where_nothing_was_is_a_change() {
        assert_eq!(compare("allocations_per_op", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), REGRESSION);
        assert_eq!(compare("allocations_per_op", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), SAME);
        assert_eq!(compare("allocations_per_op", (0.0, 0.0, 0.0), (1e-5, 1e-5, 1e-5)), SAME);
    }

    #[test]
    fn says_what_only_one_file_has() {
        let cost = || [("ns_per_op", spread((4.9, 5.0, 5.1)))];
        let old = results(vec![
            measurement("gone", "AtomicRing", cost()),
            measurement("gone", "left", cost()),
            measurement("both", "AtomicRing", cost()),
            measurement("both", "left", cost()),
        ]);
        let mut new = results(vec![
            measurement("both", "AtomicRing", cost()),
            measurement("both", "joined", cost()),
            measurement("fresh", "AtomicRing", cost()),
        ]);
        new.measurements[0].metrics.insert("bytes_per_slot".into(), spread((8.0, 8.0, 8.0)));

        let comparison = Comparison::new(&old, &new, 0.1);
        assert_eq!(comparison.only_old, ["both: left", "gone"]);
        assert_eq!(comparison.only_new, ["both: AtomicRing: bytes_per_slot", "both: joined", "fresh"]);
        assert_eq!((comparison.regressions.len(), comparison.improvements.len(), comparison.same), (0, 0, 1));
        assert!(comparison.to_string().contains("only in the old file: gone\n"));
    }

    #[test]
    fn the_largest_change_comes_first() {
        let all = |factors: [f64; 3]| {
            let names = ["a", "b", "c"];
            let cost = |factor| [("ns_per_op", spread((factor, factor, factor)))];
            results(names.into_iter().zip(factors).map(|(name, factor)| measurement(name, "x", cost(factor))).collect())
        };
        let comparison = Comparison::new(&all([1.0, 1.0, 1.0]), &all([2.0, 4.0, 3.0]), 0.1);
        let order: Vec<_> = comparison.regressions.iter().map(|change| change.scene.as_str()).collect();
        assert_eq!(order, ["b", "c", "a"]);
    }

    #[test]
    fn says_when_the_machines_or_the_methods_differ() {
        let (old, mut new) = (results(Vec::new()), results(Vec::new()));
        assert!(Comparison::new(&old, &new, 0.1).caveats.is_empty());
        new.machine.cores += 1;
        new.method.rounds += 1;
        assert_eq!(Comparison::new(&old, &new, 0.1).caveats.len(), 2);
    }

    #[test]
    fn says_when_the_cores_were_nearer() {
        let run =
            |rate: f64| results(vec![measurement("s", "hand-over", [("delivered_per_s", spread((rate, rate, rate)))])]);
        assert!(Comparison::new(&run(2e6), &run(2.9e6), 0.1).caveats.is_empty());
        assert_eq!(Comparison::new(&run(2e6), &run(3.1e6), 0.1).caveats.len(), 1);
        assert_eq!(Comparison::new(&run(3.1e6), &run(2e6), 0.1).caveats.len(), 1);
    }
}
