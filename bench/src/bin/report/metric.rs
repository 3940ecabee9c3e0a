//! What a figure means: which way is better, and how it is written.

use ringway_bench::results::Spread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

pub(crate) fn better(metric: &str) -> Better {
    if metric.ends_with("_per_s") || metric.ends_with("_share") { Better::Higher } else { Better::Lower }
}

/// How many times better `a` is than `b`, by the medians: above 1 where it is better.
pub(crate) fn factor(metric: &str, a: Spread, b: Spread) -> f64 {
    let (good, bad) = match better(metric) {
        Better::Lower => (a.median, b.median),
        Better::Higher => (b.median, a.median),
    };
    // Without allocations, nothing is "nothing", and as good as nothing.
    if good == bad { 1.0 } else { bad / good }
}

/// Whether the quartile ranges have a value in common, or nearly: then a difference of the medians says nothing.
pub(crate) fn overlap(metric: &str, a: Spread, b: Spread) -> bool {
    // Some allocate now and then, when they grow; how often in a run is chance.
    let nearly = if metric == "allocations_per_op" { 0.01 } else { 0.0 };
    a.low <= b.high + nearly && b.low <= a.high + nearly
}

/// In which order figures are read: first what they are about, then the rest.
pub(crate) fn rank(metric: &str) -> usize {
    const ORDER: [&str; 19] = [
        "ns_per_op",
        "wake_ns_p50",
        "wake_ns_p99",
        "round_trips_per_s",
        "delivered_per_s",
        "pushed_per_s",
        "delivered_share",
        "push_ns_p50",
        "push_ns_p99",
        "push_ns_p99_9",
        "push_ns_p99_99",
        "push_ns_max",
        "age_ns_p50",
        "age_ns_p99",
        "age_ns_p99_9",
        "age_ns_p99_99",
        "age_ns_max",
        "allocations_per_op",
        "bytes_per_slot",
    ];
    ORDER.iter().position(|&known| known == metric).unwrap_or(ORDER.len())
}

/// For headings; the figures carry their units.
pub(crate) fn title(metric: &str) -> String {
    let latency = |what: &str, rest: &str| match rest {
        "max" => format!("{what}, maximum"),
        percentile => format!("{what}, {}", percentile.replace('_', ".")),
    };
    match metric {
        "ns_per_op" => "time per operation".into(),
        "pushed_per_s" => "pushed per second".into(),
        "delivered_per_s" => "delivered per second".into(),
        "delivered_share" => "delivered share".into(),
        "allocations_per_op" => "allocations per operation".into(),
        "bytes_per_slot" => "bytes per slot".into(),
        "round_trips_per_s" => "round trips per second".into(),
        other => [("push_ns_", "push latency"), ("age_ns_", "age"), ("wake_ns_", "latency to a sleeper")]
            .iter()
            .find_map(|(prefix, what)| Some(latency(what, other.strip_prefix(prefix)?)))
            .unwrap_or_else(|| other.replace('_', " ")),
    }
}

/// Three digits and the unit.
pub(crate) fn value(metric: &str, value: f64) -> String {
    let (size, unit) = unit(metric, value);
    format!("{}{unit}", digits(value / size))
}

/// A round figure with as many digits as it has, and the unit.
pub(crate) fn tick(metric: &str, value: f64) -> String {
    let (size, unit) = unit(metric, value);
    // Rounded, since powers of ten are not always exact.
    format!("{}{unit}", (value / size * 1e3).round() / 1e3)
}

/// The median, then the quartiles, in its unit.
pub(crate) fn spread(metric: &str, spread: Spread) -> String {
    let (size, unit) = unit(metric, spread.median);
    let [low, median, high] = [spread.low, spread.median, spread.high].map(|quartile| digits(quartile / size));
    if low == median && median == high {
        format!("{median}{unit}")
    } else {
        format!("{median} ({low} – {high}){unit}")
    }
}

/// The one that suits a value.
fn unit(metric: &str, value: f64) -> (f64, &'static str) {
    let units: &[_] = if metric.ends_with("_share") {
        &[(0.01, " %")]
    } else if metric.ends_with("_per_s") {
        &[(1e9, " G/s"), (1e6, " M/s"), (1e3, " k/s"), (1.0, " /s")]
    } else if metric.starts_with("ns_") || metric.contains("_ns_") {
        &[(1e9, " s"), (1e6, " ms"), (1e3, " µs"), (1.0, " ns")]
    } else {
        &[(1.0, "")]
    };
    // What would be rounded up to the next unit is written in that.
    *units.iter().find(|(size, _)| value >= size * 0.9995).unwrap_or(&units[units.len() - 1])
}

fn digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        ..0.001 => format!("{value:.0e}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_direction() {
        assert_eq!(better("ns_per_op"), Better::Lower);
        assert_eq!(better("push_ns_p99_99"), Better::Lower);
        assert_eq!(better("allocations_per_op"), Better::Lower);
        assert_eq!(better("pushed_per_s"), Better::Higher);
        assert_eq!(better("delivered_share"), Better::Higher);
    }

    #[test]
    fn is_written_with_three_digits_and_a_unit() {
        assert_eq!(value("ns_per_op", 5.234), "5.23 ns");
        assert_eq!(value("ns_per_op", 999.6), "1.00 µs");
        assert_eq!(value("push_ns_p50", 12_345.0), "12.3 µs");
        assert_eq!(value("pushed_per_s", 4.4e7), "44.0 M/s");
        assert_eq!(value("delivered_share", 0.005), "0.50 %");
        assert_eq!(value("delivered_share", 1.0), "100 %");
        assert_eq!(tick("pushed_per_s", 3e7), "30 M/s");
        assert_eq!(value("bytes_per_slot", 16.0), "16.0");
        assert_eq!(value("allocations_per_op", 0.0), "0");
    }
}
