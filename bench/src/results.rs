//! What is written to a file after a run, and what reports and comparisons are made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::contender::Kind;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub machine: Machine,
    pub method: Method,
    pub measurements: Vec<Measurement>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    /// Whether every measuring thread was kept on one core.
    pub pinned: bool,
    pub system: String,
    pub rustc: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// `short`, `full` or `custom`.
    pub form: String,
    pub rounds: usize,
    /// Of the scenes with threads.
    pub window_ms: f64,
    /// Of the order in which contenders take turns.
    pub seed: u64,
    /// UTC, RFC 3339.
    pub started: String,
    pub seconds: f64,
    /// Of the measured sources.
    pub version: String,
}

/// One contender in one scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub scene: Scene,
    pub contender: String,
    pub kind: Kind,
    pub metrics: BTreeMap<String, Spread>,
    /// `push_ns` and `age_ns` by quantile, from 0 to 1, of all rounds together.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub curves: BTreeMap<String, Vec<(f64, f64)>>,
}

/// The quartiles over the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
    pub rounds: usize,
}

/// What is done. Its name is unique; what does not apply is 0 or left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    pub group: Group,
    /// Such as `threads/4p4c/24B/cap1024/produce0/consume100`.
    pub name: String,
    /// Such as `24B` or `18B boxed`.
    pub element: String,
    pub capacity: usize,
    pub producers: usize,
    pub consumers: usize,
    /// The work of a producer for each element, and of a consumer.
    pub produce_ns: u64,
    pub consume_ns: u64,
    /// Pushes a second, of all producers together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
    Single,
    Threads,
    Messages,
    Latency,
    Pipes,
}

impl Spread {
    /// # Panics
    ///
    /// When there are no values.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let [low, median, high] = [1, 2, 3].map(|quarter| quantile(&values, f64::from(quarter) / 4.0));
        Self { low, median, high, rounds: values.len() }
    }
}

/// Between two values, in proportion.
fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let position = (sorted.len() - 1) as f64 * quantile;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}

impl Results {
    /// The median, if that was measured.
    pub fn median(&self, scene: &str, contender: &str, metric: &str) -> Option<f64> {
        let is_it = |m: &&Measurement| m.scene.name == scene && m.contender == contender;
        Some(self.measurements.iter().find(is_it)?.metrics.get(metric)?.median)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn quartiles() {
        let of = |values: &[f64]| {
            let Spread { low, median, high, rounds } = Spread::of(values.to_vec());
            assert_eq!(rounds, values.len());
            [low, median, high]
        };
        assert_eq!(of(&[7.0]), [7.0; 3]);
        assert_eq!(of(&[4.0, 2.0, 1.0, 3.0, 0.0]), [1.0, 2.0, 3.0]);
        assert_eq!(of(&[10.0, 20.0]), [12.5, 15.0, 17.5]);
    }
}
