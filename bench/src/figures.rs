//! What the crate wants to reach, beside what was measured.

use crate::results::{Group, Kind, Measurement, Results, Scene};

/// A ratio of medians.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub what: String,
    pub wanted: String,
    pub measured: f64,
    pub met: bool,
}

const RING: &str = "AtomicRing";
/// For one producer and one consumer.
const SPSC: &str = "spsc";
const RINGS: [&str; 2] = [RING, SPSC];
const METERED: &str = "metered AtomicRing";
const OWN: [&str; 4] = [RING, SPSC, "MutexRing", METERED];
/// As a queue of that name begins, and as a channel.
const PIPE: &str = "pipe";
const PIPE_OF_RING: &str = "pipe of AtomicRing";
const SEND_WAIT: &str = "pipe, send_wait";
const ARRAY: &str = "ArrayQueue";
const FLOOR: &str = "bare exchange";

/// Those for which everything was measured.
pub fn figures(results: &Results) -> Vec<Figure> {
    let mut scenes: Vec<&Scene> = Vec::new();
    for measurement in &results.measurements {
        if scenes.iter().all(|scene| scene.name != measurement.scene.name) {
            scenes.push(&measurement.scene);
        }
    }
    scenes.into_iter().filter(|scene| scene.capacity == 1024).flat_map(|scene| of(results, scene)).collect()
}

fn of(results: &Results, scene: &Scene) -> Vec<Figure> {
    let element = &scene.element;
    let median = |contender: &str, metric: &str| results.median(&scene.name, contender, metric);
    let ratio = |of: &str, to: &str, metric: &str| Some(median(of, metric)? / median(to, metric)?);
    let best_peer = |kinds: &[Kind], metric: &str, better: fn(f64, f64) -> f64| {
        let is_peer = |m: &&Measurement| {
            let contender = m.contender.as_str();
            kinds.contains(&m.kind) && !OWN.contains(&contender) && !contender.starts_with(PIPE)
        };
        let here = results.measurements.iter().filter(|m| m.scene.name == scene.name);
        here.filter(is_peer).filter_map(|m| Some(m.metrics.get(metric)?.median)).reduce(better)
    };
    let to_best_peer =
        |own: &str, metric: &str| Some(median(own, metric)? / best_peer(&[Kind::Evicts], metric, f64::max)?);
    let at_most = |limit: f64, what: String, measured: Option<f64>| {
        measured.map(|measured| Figure { what, wanted: format!("≤ {limit}"), measured, met: measured <= limit })
    };
    let at_least = |limit: f64, what: String, measured: Option<f64>| {
        measured.map(|measured| Figure { what, wanted: format!("≥ {limit}"), measured, met: measured >= limit })
    };

    let (threads, work) = ((scene.producers, scene.consumers), (scene.produce_ns, scene.consume_ns));
    let is_crowd = threads.0 == threads.1 && threads.0 + threads.1 == 4 * results.machine.cores;
    let figures = match scene.group {
        Group::Single if scene.name.starts_with("single/overwrite/") => RINGS
            .iter()
            .flat_map(|ring| {
                [
                    at_most(1.2, format!("overwrite, {element}: {ring} / {FLOOR}"), ratio(ring, FLOOR, "ns_per_op")),
                    at_least(3.0, format!("overwrite, {element}: {ARRAY} / {ring}"), ratio(ARRAY, ring, "ns_per_op")),
                ]
            })
            .chain([at_most(
                1.5,
                format!("send on a full ring, {element}: {PIPE_OF_RING} / {RING}"),
                ratio(PIPE_OF_RING, RING, "ns_per_op"),
            )])
            .collect(),
        Group::Single if scene.name.starts_with("single/pair-half/") => {
            let figure = |ring: &&str| {
                at_most(1.0, format!("pair, {element}: {ring} / {ARRAY}"), ratio(ring, ARRAY, "ns_per_op"))
            };
            let counted = ratio(METERED, RING, "ns_per_op");
            RINGS
                .iter()
                .map(figure)
                .chain([at_most(1.15, format!("pair, {element}: {METERED} / {RING}"), counted)])
                .collect()
        }
        Group::Threads if threads == (1, 1) && work == (0, 0) => {
            let what = format!("1 and 1 delivered, {element}: {SPSC} / {ARRAY}");
            vec![at_least(2.0, what, ratio(SPSC, ARRAY, "delivered_per_s"))]
        }
        Group::Threads if is_crowd && work == (0, 0) => [("delivered", 4.0), ("pushed", 3.0)]
            .map(|(what, limit)| {
                let n = threads.0;
                let metric = format!("{what}_per_s");
                at_least(
                    limit,
                    format!("{n} and {n} {what}, {element}: {RING} / best peer"),
                    to_best_peer(RING, &metric),
                )
            })
            .into_iter()
            .chain([at_most(
                1.15,
                format!("{} delivered, {element}: {RING} / {METERED}", crew(threads)),
                ratio(RING, METERED, "delivered_per_s"),
            )])
            .collect(),
        Group::Threads if threads == (1, 1) && work == (0, 1000) => {
            let figure = |ring: &&str| {
                let what = format!("1 and 1 in overload delivered, {element}: {ring} / best peer");
                at_least(1.0, what, to_best_peer(ring, "delivered_per_s"))
            };
            RINGS.iter().map(figure).collect()
        }
        Group::Latency if is_crowd && scene.consume_ns > 0 => {
            let metric = "push_ns_p99_99";
            let what = format!("push p99.99 in overload, {}, {element}: {RING} / {ARRAY}", crew(threads));
            vec![at_most(0.2, what, ratio(RING, ARRAY, metric))]
        }
        Group::Pipes if scene.name.starts_with("pipes/wake/") => ["p50", "p99"]
            .map(|quantile| {
                let metric = format!("wake_ns_{quantile}");
                let best = best_peer(&[Kind::Waits, Kind::Evicts], &metric, f64::min);
                let measured = median(PIPE, &metric).zip(best).map(|(own, best)| own / best);
                // No slower, but for what the rounds differ by.
                at_most(1.1, format!("{quantile} of {}: {PIPE} / best peer", scene.name), measured)
            })
            .into(),
        Group::Pipes if scene.name.starts_with("pipes/evicting/") => {
            let what = format!("delivered, {}: {PIPE} / best peer", scene.name);
            vec![at_least(1.0, what, to_best_peer(PIPE, "delivered_per_s"))]
        }
        Group::Pipes if scene.name.starts_with("pipes/lossless/") => {
            let metric = "delivered_per_s";
            let best = best_peer(&[Kind::Waits], metric, f64::max);
            let measured = best.zip(median(SEND_WAIT, metric)).map(|(best, own)| best / own);
            vec![at_most(1.2, format!("delivered, {}: best peer / {SEND_WAIT}", scene.name), measured)]
        }
        _ => Vec::new(),
    };
    figures.into_iter().flatten().collect()
}

fn crew((producers, consumers): (usize, usize)) -> String {
    format!("{producers} and {consumers}")
}
