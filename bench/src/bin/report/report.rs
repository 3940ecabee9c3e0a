//! The report: what was measured, how, and what came of it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ringway_bench::results::{Group, Results};

use crate::contest::Contest;
use crate::losses::{self, losses};
use crate::plot::Result;
use crate::table::Table;
use crate::{metric, plots, tables};

const GROUPS: [(Group, &str, &str); 5] = [
    (Group::Single, "One thread", "What an operation costs when nobody else is near."),
    (
        Group::Threads,
        "Threads flat out",
        "Producers push and consumers pop as fast as they can for a fixed time, with work between the elements where it says \
         so. What is pushed is in the queue, at least for a while: a rejected element does not count. The share is of that.",
    ),
    (Group::Messages, "Messages", "Boxes through a queue that is half full, on one thread."),
    (
        Group::Latency,
        "Latency and freshness",
        "Producers push by a timetable. A push takes from the time it was due to its return, so that a stall counts for all \
         that had to wait behind it. The age of an element is the time from there to its delivery. The curves are of all rounds together, so one \
         bad round shows at their right ends; the tables have the medians over the rounds.",
    ),
    (
        Group::Pipes,
        "Pipes",
        "Channels at whose ends one waits, with one receiver. `wake`: from before an element is sent until after it is received by one that sleeps, \
         on another core or on that of the sender. `ping-pong`: an element goes to another thread and comes back. `evicting` and `lossless`: \
         producers send as fast as they may; what does not fit pushes out the oldest, or waits.",
    ),
];

/// Writes `report.md` and its plots to a folder, and returns where it is.
pub(crate) fn write(results: &Results, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let contests = Contest::all(results);
    let plots = plots::draw(&contests, folder)?;
    let path = folder.join("report.md");
    fs::write(&path, markdown(results, &contests, &plots)).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn markdown(results: &Results, contests: &[Contest<'_>], plots: &[(Group, String, String)]) -> String {
    let mut markdown = format!("# Bounded queues compared\n\n{}", conditions(results));

    let mut section = |text: &str| {
        markdown.push_str(text);
        markdown.push('\n');
    };
    for (group, title, what) in GROUPS {
        if !contests.iter().any(|contest| contest.scene.group == group) {
            continue;
        }
        section(&format!("\n## {title}\n\n{what}"));
        for (_, file, title) in plots.iter().filter(|plot| plot.0 == group) {
            section(&format!("\n![{title}]({file})"));
        }
        section("\n<details><summary>All figures: medians and quartiles, the best in bold</summary>");
        for (title, table) in tables::of(contests, group) {
            section(&format!("\n**{title}**\n\n{}", table.to_string().trim_end()));
        }
        section("</details>");
    }
    for ring in losses::RINGS {
        section(&lost(contests, ring));
    }
    section(&wanted(results));
    markdown
}

fn conditions(results: &Results) -> String {
    let (machine, method) = (&results.machine, &results.method);
    let mut table = Table::new(["", ""]);
    let pinned = if machine.pinned { "each thread pinned" } else { "threads not pinned" };
    table.row(["processor", &format!("{}, {} cores, {pinned}", machine.processor, machine.cores)]);
    table.row(["system", &machine.system]);
    table.row(["compiler", &machine.rustc]);
    table.row(["version", &method.version]);
    table.row(["run", &format!("{}, {:.0} s, the {} form", method.started, method.seconds, method.form)]);
    table.row([
        "method",
        &format!(
            "rounds: {}, in each of which the contenders take turns in an order shuffled anew (seed {}); windows of {} ms",
            method.rounds, method.seed, method.window_ms
        ),
    ]);
    format!(
        "{table}\nMedians over the rounds; the bars and brackets are the quartiles. Only ratios carry over to other machines. \
         A floor is no queue: it is what the scene costs without one.\n"
    )
}

fn lost(contests: &[Contest<'_>], ring: &str) -> String {
    let losses = losses(contests, ring);
    let mut text = format!(
        "\n## Where {ring} loses\n\nEvery figure in which another queue is better than `{ring}` by more than the spread: \
         the quartiles do not overlap. Only the best of the others is named.\n"
    );
    for (to_evicting, sort) in [
        (true, "To queues that evict the oldest element too"),
        (false, "To queues that reject the newest or grow, whose delivered share is all by definition"),
    ] {
        let _ = write!(text, "\n### {sort}\n");
        let losses: Vec<_> = losses.iter().filter(|loss| loss.to_evicting == to_evicting).collect();
        if losses.is_empty() {
            text.push_str("\nNowhere.\n");
        }
        for (group, title, _) in GROUPS {
            let table = losses::table(ring, losses.iter().copied().filter(|loss| loss.group == group));
            if !table.is_empty() {
                let _ = write!(text, "\n**{title}**\n\n{table}");
            }
        }
    }
    text
}

fn wanted(results: &Results) -> String {
    let mut table = Table::new(["", "wanted", "measured", "met"]);
    for figure in ringway_bench::figures(results) {
        let met = if figure.met { "yes" } else { "no" };
        table.row([&figure.what, &figure.wanted, &metric::value("", figure.measured), met]);
    }
    format!(
        "\n## Figures to reach\n\n{}",
        if table.is_empty() { "Not measured in this run.\n".to_owned() } else { table.to_string() }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    fn written(results: &Results, name: &str) -> (String, Vec<String>) {
        let folder = std::env::temp_dir().join(format!("ringway-report-{}-{name}", std::process::id()));
        let markdown = fs::read_to_string(write(results, &folder).unwrap()).unwrap();
        let plots = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut plots: Vec<_> = plots.filter(|name| name.ends_with(".svg")).collect();
        plots.sort();
        fs::remove_dir_all(folder).unwrap();
        (markdown, plots)
    }

    #[test]
    fn everything_is_in_it() {
        let (markdown, plots) = written(&made_up::all_groups(), "all");
        let expected = [
            "latency-1p1c-8B-consume0-rate200000.svg",
            "messages-moved.svg",
            "overwrite.svg",
            "pair.svg",
            "share.svg",
            "threads-8B.svg",
        ];
        assert_eq!(plots, expected);
        for plot in plots {
            assert!(markdown.contains(&format!("]({plot})")), "{plot} is not shown");
        }
        for (_, title, _) in GROUPS {
            assert!(markdown.contains(&format!("\n## {title}\n")), "{title}");
        }
        let row = |start: &str| markdown.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        assert!(row("| ArrayQueue").contains("**1.00 (0.90 – 1.10) ns**"), "the best in bold");
        assert!(row("| *floor: bare exchange*").contains("| 0.50 (0.45 – 0.55) ns"), "but no floor");
        let mut floors = markdown.lines().filter(|line| line.contains("*floor: "));
        assert!(floors.all(|line| !line.contains("**")), "nor one that is as good");
        let loss = row("| single/overwrite/8B/cap1024 |");
        assert!(loss.contains("| 2.00 ns") && loss.contains("| ArrayQueue |") && loss.contains("| 2.00 "), "{loss}");
        assert!(row("| overwrite, 8B: AtomicRing / bare exchange").contains("| no"), "a figure that is not reached");
    }

    #[test]
    fn of_nothing_there_is_little() {
        let (markdown, plots) = written(&made_up::results(Vec::new()), "nothing");
        assert!(plots.is_empty());
        assert!(markdown.contains("Nowhere.") && markdown.contains("Not measured in this run."));
    }
}
