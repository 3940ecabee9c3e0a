//! What is written to a file after a run, and what plots are made from.

use std::collections::BTreeMap;

use serde::Serialize;

use bench_support::contender::Kind;

#[derive(Serialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) method: Method,
    pub(crate) measurements: Vec<Measurement>,
}

#[derive(Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    /// Whether every measuring thread was kept on one core.
    pub(crate) pinned: bool,
    pub(crate) system: String,
    pub(crate) rustc: String,
}

#[derive(Serialize)]
pub(crate) struct Method {
    /// `short`, `full` or `custom`.
    pub(crate) form: String,
    pub(crate) rounds: usize,
    /// Of the scenes with threads.
    pub(crate) window_ms: f64,
    /// Of the order in which contenders take turns.
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    /// Of the measured sources.
    pub(crate) version: String,
}

/// One contender in one scene.
#[derive(Serialize)]
pub(crate) struct Measurement {
    pub(crate) scene: String,
    pub(crate) contender: String,
    pub(crate) kind: Kind,
    pub(crate) metrics: BTreeMap<String, Spread>,
    /// `push_ns` and `age_ns` by quantile, from 0 to 1, of all rounds together.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) curves: BTreeMap<String, Vec<(f64, f64)>>,
}

/// The quartiles over the rounds.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
    pub(crate) rounds: usize,
}

impl Spread {
    /// # Panics
    ///
    /// When there are no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let [low, median, high] =
            [1, 2, 3].map(|quarter| quantile(&values, f64::from(quarter) / 4.0));
        Self { low, median, high, rounds: values.len() }
    }
}

/// Between two values, in proportion.
fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let position = (sorted.len() - 1) as f64 * quantile;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
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
