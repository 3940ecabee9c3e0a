//! A measurement in which all contenders take turns, so that whatever the machine does meanwhile happens to all.
//!
//! In every round each of them runs once, for some milliseconds, and each round starts with another one. What counts is
//! the median over the rounds; the quartiles show how far to trust it.

use crate::table::{self, row};

pub(crate) struct Race {
    pub(crate) title: String,
    /// What a turn measures.
    metrics: &'static [Metric],
    entrants: Vec<Entrant>,
}

pub(crate) struct Metric {
    pub(crate) heading: &'static str,
    /// Whether to show how many times the reference it is.
    pub(crate) with_ratio: bool,
}

struct Entrant {
    name: String,
    /// Returns one value for each metric.
    turn: Box<dyn FnMut() -> Vec<f64>>,
    turns: Vec<Vec<f64>>,
}

impl Race {
    pub(crate) fn new(title: String, metrics: &'static [Metric]) -> Self {
        Self { title, metrics, entrants: Vec::new() }
    }

    pub(crate) fn enter(&mut self, name: impl Into<String>, turn: impl FnMut() -> Vec<f64> + 'static) {
        self.entrants.push(Entrant { name: name.into(), turn: Box::new(turn), turns: Vec::new() });
    }

    pub(crate) fn run(&mut self, round: usize) {
        let count = self.entrants.len();
        for i in 0..count {
            let entrant = &mut self.entrants[(round + i) % count];
            let values = (entrant.turn)();
            entrant.turns.push(values);
        }
    }

    /// The median of the entrant in the metric with that index.
    pub(crate) fn median(&self, name: &str, metric: usize) -> f64 {
        let entrant = self.entrants.iter().find(|entrant| entrant.name == name);
        entrant.expect("it has entered").quartiles(metric)[1]
    }

    pub(crate) fn medians(&self, metric: usize) -> impl Iterator<Item = f64> {
        self.entrants.iter().map(move |entrant| entrant.quartiles(metric)[1])
    }

    /// `reference`: the name of the one that has ratio 1.
    pub(crate) fn print(&self, reference: &str) {
        let mut headings = row![""];
        for metric in self.metrics {
            headings.extend(row![metric.heading, "quartiles"]);
            headings.extend(metric.with_ratio.then(|| "ratio".into()));
        }
        let mut rows = vec![headings];
        for entrant in &self.entrants {
            let mut row = row![entrant.name];
            for (i, metric) in self.metrics.iter().enumerate() {
                let [low, median, high] = entrant.quartiles(i);
                row.extend(row![format!("{median:.2}"), format!("{low:.2} to {high:.2}")]);
                row.extend(metric.with_ratio.then(|| format!("{:.2}", median / self.median(reference, i))));
            }
            rows.push(row);
        }
        table::print(&format!("{} (ratio to {reference})", self.title), &rows);
    }
}

impl Entrant {
    fn quartiles(&self, metric: usize) -> [f64; 3] {
        let mut values: Vec<f64> = self.turns.iter().map(|values| values[metric]).collect();
        values.sort_by(f64::total_cmp);
        [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
    }
}
