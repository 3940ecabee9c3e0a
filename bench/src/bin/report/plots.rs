//! What is plotted.

use std::path::Path;

use ringway_bench::results::{Group, Kind, Measurement, Spread};

use crate::contest::{Contest, contenders, element, threads};
use crate::losses::RINGS;
use crate::metric;
use crate::plot::{Axis, Dot, DotPanel, Dots, Line, LinePanel, Lines, Result};

/// Draws all for which there are results, into files of a folder; returns the names and titles, by group.
pub(crate) fn draw(contests: &[Contest<'_>], folder: &Path) -> Result<Vec<(Group, String, String)>> {
    let mut drawn = Vec::new();
    let mut dots = |group, file: &str, plot: Option<Dots<'_>>| -> Result<()> {
        if let Some(plot) = plot {
            plot.draw(&folder.join(file))?;
            drawn.push((group, file.to_owned(), plot.title));
        }
        Ok(())
    };
    dots(Group::Single, "overwrite.svg", single(contests, "overwrite", "Push on a full ring, one thread"))?;
    dots(Group::Single, "pair.svg", single(contests, "pair-", "Push and pop in turns, one thread"))?;
    for size in ["8B", "24B", "256B"] {
        dots(Group::Threads, &format!("threads-{size}.svg"), flat_out(contests, size))?;
    }
    for (doing, title) in [
        ("moved", "A message moved through the queue, one thread"),
        ("copied", "A message made by a copy, moved and dropped, one thread"),
    ] {
        dots(Group::Messages, &format!("messages-{doing}.svg"), messages(contests, doing, title))?;
    }

    let mut lines = |group, file: String, plot: Lines<'_>| -> Result<()> {
        if !plot.rows.is_empty() {
            plot.draw(&folder.join(&file))?;
            drawn.push((group, file, plot.title));
        }
        Ok(())
    };
    lines(Group::Threads, "share.svg".into(), shares(contests))?;
    for contest in contests.iter().filter(|contest| contest.scene.group == Group::Latency) {
        lines(Group::Latency, format!("{}.svg", contest.scene.name.replace('/', "-")), curves(contest))?;
    }
    Ok(drawn)
}

/// A panel for each contest, with the figure of every contender that has one; on one scale or each on its own.
fn costs<'a>(
    contests: &[&Contest<'a>],
    one_scale: bool,
    title: &str,
    heading: impl Fn(&Contest<'a>) -> String,
) -> Option<Dots<'a>> {
    const METRIC: &str = "ns_per_op";
    let rows = contenders(contests);
    let axis = |contests: &[&Contest<'a>]| {
        let spreads = contests.iter().flat_map(|contest| rows.iter().filter_map(|row| contest.spread(row, METRIC)));
        let values = spreads.flat_map(|spread| [spread.low, spread.high]);
        Axis::log("time per operation", values, 1.8, |ns| metric::tick(METRIC, ns))
    };
    let panel = |&contest: &&Contest<'a>| {
        let dot = |(row, contender): (usize, &&str)| {
            let spread = contest.spread(contender, METRIC)?;
            Some(Dot { row, spread, label: Some(metric::value(METRIC, spread.median)) })
        };
        let axis = if one_scale { axis(contests) } else { axis(&[contest]) };
        DotPanel { heading: heading(contest), axis, dots: rows.iter().enumerate().filter_map(dot).collect() }
    };
    let panels = contests.iter().map(panel).collect();
    (!contests.is_empty()).then(|| Dots { title: title.into(), rows: rows.clone(), panels })
}

/// The scenes of one thread with the usual capacity in which something is done.
fn single<'a>(contests: &[Contest<'a>], doing: &str, title: &str) -> Option<Dots<'a>> {
    let chosen: Vec<_> = contests
        .iter()
        .filter(|contest| contest.scene.group == Group::Single && contest.doing().starts_with(doing))
        .filter(|contest| contest.scene.capacity == 1024)
        .collect();
    let title = format!("{title}, capacity 1024: median and quartiles");
    costs(&chosen, true, &title, |contest| match contest.doing().strip_prefix("pair-") {
        Some("half") => format!("{}, half full", element(contest.scene)),
        Some("full") => format!("{}, full but for one", element(contest.scene)),
        Some(inside) => format!("{}, {inside}", element(contest.scene)),
        None => element(contest.scene),
    })
}

fn messages<'a>(contests: &[Contest<'a>], doing: &str, title: &str) -> Option<Dots<'a>> {
    let chosen: Vec<_> =
        contests.iter().filter(|contest| contest.scene.group == Group::Messages && contest.doing() == doing).collect();
    // Moved, they all cost the same, which a common scale shows; copies are of very different costs.
    costs(&chosen, doing == "moved", &format!("{title}: median and quartiles"), |contest| element(contest.scene))
}

/// Pushed and delivered, by numbers of threads.
fn flat_out<'a>(contests: &[Contest<'a>], size: &str) -> Option<Dots<'a>> {
    const PUSHED: &str = "pushed_per_s";
    const DELIVERED: &str = "delivered_per_s";
    let chosen: Vec<_> =
        contests.iter().filter(|contest| contest.is_flat_out() && contest.scene.element == size).collect();
    let rows = contenders(&chosen);
    let rates = |contest: &Contest<'_>, contender: &str| -> Option<[Spread; 2]> {
        Some([contest.spread(contender, PUSHED)?, contest.spread(contender, DELIVERED)?])
    };
    let values = chosen.iter().flat_map(|contest| rows.iter().filter_map(|row| rates(contest, row))).flatten();
    let values = values.flat_map(|spread| [spread.low, spread.high]);
    let title = "elements a second: hollow pushed, filled delivered";
    let axis = Axis::log(title, values, 3.0, |rate| metric::tick(PUSHED, rate));
    let panel = |contest: &&Contest<'a>| {
        let dots = rows.iter().enumerate().filter_map(|(row, contender)| {
            let [pushed, delivered] = rates(contest, contender)?;
            let label = Some(metric::value(DELIVERED, delivered.median));
            Some([Dot { row, spread: pushed, label: None }, Dot { row, spread: delivered, label }])
        });
        let heading = format!("producers and consumers: {}", threads(contest.scene));
        DotPanel { heading, axis: axis.clone(), dots: dots.flatten().collect() }
    };
    let panels = chosen.iter().map(panel).collect();
    let title = format!(
        "Threads flat out, elements of {}, capacity 1024: median and quartiles",
        element(chosen.first()?.scene)
    );
    Some(Dots { title, rows: rows.clone(), panels })
}

/// The share that is delivered, from scenes in which the consumers have time to those in which they have none.
fn shares<'a>(contests: &'a [Contest<'a>]) -> Lines<'a> {
    const METRIC: &str = "delivered_share";
    let worked: Vec<_> = contests
        .iter()
        .filter(|contest| contest.scene.group == Group::Threads && contest.scene.capacity == 1024)
        .filter(|contest| contest.scene.element == "8B")
        .collect();
    let mut works: Vec<_> = worked.iter().map(|contest| (contest.scene.produce_ns, contest.scene.consume_ns)).collect();
    works.sort_by_key(|&(produce, consume)| (consume as i64 - produce as i64, produce));
    works.dedup();
    let mut teams: Vec<String> = Vec::new();
    for team in worked.iter().map(|contest| threads(contest.scene)) {
        if !teams.contains(&team) {
            teams.push(team);
        }
    }

    let panel = |team: &String| {
        let of_team: Vec<_> = worked.iter().copied().filter(|contest| threads(contest.scene) == *team).collect();
        // Those that reject or grow deliver all that they took, sooner or later.
        let of_kind = |contender: &&str| {
            of_team.iter().any(|contest| {
                contest.entries.iter().any(|entry| entry.contender == *contender && entry.kind == Kind::Evicts)
            })
        };
        let lines = contenders(&of_team).into_iter().filter(of_kind).map(|contender| {
            let mut points: Vec<_> = of_team
                .iter()
                .filter_map(|contest| {
                    let work = (contest.scene.produce_ns, contest.scene.consume_ns);
                    let place = works.iter().position(|&other| other == work)?;
                    Some((place as f64, contest.spread(contender, METRIC)?.median))
                })
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            Line { contender, points }
        });
        let lines: Vec<_> = lines.collect();
        LinePanel { heading: format!("producers and consumers: {team}"), y: Axis::share("delivered share"), lines }
    };
    // A point alone is no line: what has one is in the tables.
    let panels: Vec<_> =
        teams.iter().map(panel).filter(|panel| panel.lines.iter().any(|line| line.points.len() > 1)).collect();
    let x = Axis::names(
        "work for an element in µs: of the producer / of the consumer",
        works.iter().map(|&(produce, consume)| format!("{}/{}", produce as f64 / 1e3, consume as f64 / 1e3)),
    );
    let title = "What arrives of what was pushed, by load: queues that evict, elements of 8 B, capacity 1024";
    Lines { title: title.into(), x, rows: rows(panels) }
}

/// Push latency and age at delivery, by quantile; above by queues that evict, below by the others beside `AtomicRing`.
fn curves<'a>(contest: &Contest<'a>) -> Lines<'a> {
    let scene = contest.scene;
    let x = Axis::quantiles("quantile");
    let panel = |curve: &str, title: &str, evicting: bool| {
        let belongs = |entry: &&&Measurement| match entry.kind {
            Kind::Evicts => evicting || RINGS.contains(&entry.contender.as_str()),
            Kind::Rejects | Kind::Waits | Kind::Grows => !evicting,
            Kind::Floor => true,
        };
        let lines: Vec<_> = contest
            .entries
            .iter()
            .filter(belongs)
            .filter_map(|entry| {
                Some(Line { contender: entry.contender.as_str(), points: entry.curves.get(curve)?.clone() })
            })
            .collect();
        let values = contest.entries.iter().filter_map(|entry| entry.curves.get(curve)).flatten();
        let values = values.filter(|point| x.shows(point.0)).map(|point| point.1);
        let y = Axis::log(title, values, 1.0, |ns| metric::tick("ns_per_op", ns));
        let sort = if evicting { "evicting" } else { "rejecting, growing" };
        LinePanel { heading: format!("{title}: {sort}"), y, lines }
    };
    let row = |evicting| {
        let panels = [("push_ns", "push latency"), ("age_ns", "age at delivery")];
        rows(panels.map(|(curve, title)| panel(curve, title, evicting)).into())
    };
    let rows = [true, false].into_iter().flat_map(row).collect();
    let rate = metric::tick("pushed_per_s", scene.rate.unwrap_or_default());
    let work = match scene.consume_ns {
        0 => String::new(),
        ns => format!(", consumers work {} on each", metric::tick("ns_per_op", ns as f64)),
    };
    let title = format!("Producers and consumers: {}; {rate} pushed, {}{work}", threads(scene), element(scene));
    Lines { title, x, rows }
}

/// One row of panels, if there is anything in them.
fn rows(panels: Vec<LinePanel<'_>>) -> Vec<(Vec<&str>, Vec<LinePanel<'_>>)> {
    let mut contenders: Vec<_> = Vec::new();
    for line in panels.iter().flat_map(|panel| &panel.lines) {
        if !contenders.contains(&line.contender) {
            contenders.push(line.contender);
        }
    }
    if contenders.is_empty() { Vec::new() } else { vec![(contenders, panels)] }
}
