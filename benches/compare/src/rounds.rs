//! Rounds in which all contenders of all scenes take turns, so that whatever the machine does
//! meanwhile happens to all.
//!
//! Each round goes through all scenes, and through the contenders of each in a new random order:
//! contenders that are compared run within a second of each other, and the rounds of each are
//! spread over the whole run. What counts is the median over the rounds; the quartiles show how far
//! to trust it.

use std::collections::BTreeMap;

use fastrand::Rng;
use hdrhistogram::Histogram;

use crate::results::{Measurement, Spread};
use bench_support::entrant::Entrant;
use bench_support::latency;
use bench_support::scene::{Effort, Sample, Scene};

/// A contender in a scene.
struct Course<'a> {
    scene: &'a Scene,
    entrant: &'a Entrant,
    values: BTreeMap<String, Vec<f64>>,
    histograms: BTreeMap<&'static str, Histogram<u64>>,
}

pub(crate) struct Rounds<'a> {
    /// The contenders of each scene.
    courses: Vec<Vec<Course<'a>>>,
    rng: Rng,
}

impl<'a> Rounds<'a> {
    pub(crate) fn new(entrants: &'a [Entrant], scenes: &'a [Scene], seed: u64) -> Self {
        let course = |scene, entrant| Course {
            scene,
            entrant,
            values: BTreeMap::new(),
            histograms: BTreeMap::new(),
        };
        let courses = scenes.iter().map(|scene| {
            let takes_part = |entrant: &&Entrant| (entrant.takes)(scene);
            entrants.iter().filter(takes_part).map(|entrant| course(scene, entrant)).collect()
        });
        Self { courses: courses.collect(), rng: Rng::with_seed(seed) }
    }

    pub(crate) fn turns(&self) -> usize {
        self.courses.iter().map(Vec::len).sum()
    }

    /// `before` hears of each turn.
    pub(crate) fn run(&mut self, effort: &Effort, mut before: impl FnMut(&Scene, &Entrant)) {
        for courses in &mut self.courses {
            let mut order: Vec<_> = (0..courses.len()).collect();
            self.rng.shuffle(&mut order);
            for i in order {
                let course = &mut courses[i];
                before(course.scene, course.entrant);
                course.add(course.entrant.turn(course.scene, effort));
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<Measurement> {
        self.courses.into_iter().flatten().map(Course::finish).collect()
    }
}

impl Course<'_> {
    fn add(&mut self, sample: Sample) {
        for (metric, value) in sample.metrics {
            self.values.entry(metric).or_default().push(value);
        }
        for (what, histogram) in sample.histograms {
            let all = self.histograms.entry(what).or_insert_with(latency::histogram);
            all.add(histogram).expect("they have the same bounds");
        }
    }

    fn finish(self) -> Measurement {
        Measurement {
            scene: self.scene.name.clone(),
            contender: self.entrant.name.into(),
            kind: self.entrant.kind,
            metrics: self
                .values
                .into_iter()
                .map(|(metric, values)| (metric, Spread::of(values)))
                .collect(),
            curves: self
                .histograms
                .into_iter()
                .map(|(what, histogram)| (what.into(), curve(&histogram)))
                .collect(),
        }
    }
}

/// Eight points for each further nine in the quantile, to five nines, and the maximum.
fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    let quantiles =
        (0..=40).map(|eighths| 1.0 - 10_f64.powf(-f64::from(eighths) / 8.0)).chain([1.0]);
    quantiles.map(|quantile| (quantile, histogram.value_at_quantile(quantile) as f64)).collect()
}
