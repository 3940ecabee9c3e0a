//! Where another queue is better than one of the crate's lock-free rings.

use ringway_bench::results::{Group, Kind, Measurement, Spread};

use crate::contest::Contest;
use crate::metric;
use crate::table::Table;

/// The rings that this is about. Neither is held against the other: one is for many threads, one for two.
pub(crate) const RINGS: [&str; 2] = ["AtomicRing", "spsc"];

/// A figure of a scene in which others are better than the ring, beyond the spread.
pub(crate) struct Loss<'a> {
    pub(crate) group: Group,
    /// To those that keep the newest elements too, or to those that do not.
    pub(crate) to_evicting: bool,
    scene: &'a str,
    metric: &'a str,
    ring: Spread,
    winner: &'a str,
    best: Spread,
    factor: f64,
}

/// For each figure, the worst first.
pub(crate) fn losses<'a>(contests: &[Contest<'a>], ring: &str) -> Vec<Loss<'a>> {
    let mut losses = Vec::new();
    for contest in contests {
        for metric in contest.metrics() {
            losses.extend([true, false].into_iter().filter_map(|evicting| loss(contest, ring, metric, evicting)));
        }
    }
    let figure = |loss: &Loss<'_>| (metric::rank(loss.metric), loss.metric.to_owned());
    losses.sort_by(|a, b| figure(a).cmp(&figure(b)).then(b.factor.total_cmp(&a.factor)));
    losses
}

fn loss<'a>(contest: &Contest<'a>, ring: &str, metric: &'a str, to_evicting: bool) -> Option<Loss<'a>> {
    // What is accepted and never evicted is delivered, if there is time: that share is all by definition.
    if !to_evicting && metric == "delivered_share" {
        return None;
    }
    let spread = |entry: &&'a Measurement| entry.metrics.get(metric).copied();
    let ring = contest.entries.iter().find(|entry| entry.contender == ring).and_then(spread)?;
    let better = |a: Spread, b: Spread| metric::factor(metric, a, b) > 1.0;
    let (winner, best) = contest
        .entries
        .iter()
        .filter(|entry| entry.kind != Kind::Floor && !RINGS.contains(&entry.contender.as_str()))
        .filter(|entry| (entry.kind == Kind::Evicts) == to_evicting)
        .filter_map(|entry| Some((*entry, spread(entry)?)))
        .filter(|&(_, other)| better(other, ring) && !metric::overlap(metric, other, ring))
        .reduce(|best, other| if better(other.1, best.1) { other } else { best })?;
    Some(Loss {
        group: contest.scene.group,
        to_evicting,
        scene: &contest.scene.name,
        metric,
        ring,
        winner: &winner.contender,
        best,
        factor: metric::factor(metric, best, ring),
    })
}

/// A row for each loss.
pub(crate) fn table<'a>(ring: &str, losses: impl Iterator<Item = &'a Loss<'a>>) -> Table {
    let mut table = Table::new(["scene", "figure", ring, "best", "", "factor"]);
    for Loss { scene, metric, ring, winner, best, factor, .. } in losses {
        let [ring, best] = [ring, best].map(|spread| metric::value(metric, spread.median));
        table.row([*scene, &metric::title(metric), &ring, &best, winner, &format!("{factor:.2}")]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{measurement, results, spread};

    fn cost(contender: &str, kind: Kind, ns: f64) -> Measurement {
        let mut measurement = measurement("s", contender, [("ns_per_op", spread((ns - 0.5, ns, ns + 0.5)))]);
        measurement.kind = kind;
        measurement
    }

    fn winners(measurements: Vec<Measurement>) -> Vec<String> {
        let results = results(measurements);
        losses(&Contest::all(&results), "AtomicRing")
            .iter()
            .map(|loss| format!("{} {}", loss.winner, loss.factor))
            .collect()
    }

    #[test]
    fn the_best_of_each_sort_wins() {
        let all = vec![
            cost("AtomicRing", Kind::Evicts, 12.0),
            cost("good", Kind::Evicts, 6.0),
            cost("better", Kind::Evicts, 4.0),
            cost("strict", Kind::Rejects, 3.0),
            cost("bare", Kind::Floor, 1.0),
        ];
        assert_eq!(winners(all), ["strict 4", "better 3"]);
    }

    #[test]
    fn not_when_it_is_worse_or_within_the_spread_or_a_floor() {
        let all = vec![
            cost("AtomicRing", Kind::Evicts, 12.0),
            cost("near", Kind::Evicts, 11.5),
            cost("far", Kind::Grows, 20.0),
            cost("bare", Kind::Floor, 1.0),
        ];
        assert!(winners(all).is_empty());
    }

    #[test]
    fn the_other_ring_is_no_rival() {
        let all = vec![
            cost("AtomicRing", Kind::Evicts, 12.0),
            cost("spsc", Kind::Evicts, 3.0),
            cost("good", Kind::Evicts, 6.0),
        ];
        assert_eq!(winners(all), ["good 2"]);
    }

    #[test]
    fn not_where_all_is_delivered_by_definition() {
        let share = |contender, kind, share| {
            let mut measurement = measurement("s", contender, [("delivered_share", spread((share, share, share)))]);
            measurement.kind = kind;
            measurement
        };
        let all = vec![
            share("AtomicRing", Kind::Evicts, 0.5),
            share("strict", Kind::Rejects, 1.0),
            share("good", Kind::Evicts, 0.75),
        ];
        assert_eq!(winners(all), ["good 1.5"]);
    }
}
