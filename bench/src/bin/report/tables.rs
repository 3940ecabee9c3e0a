//! Every measurement, as numbers.

use ringway_bench::results::{Group, Scene};

use crate::contest::{Contest, contenders, element};
use crate::metric;
use crate::table::Table;

/// One figure of one scene.
struct Column<'a> {
    heading: String,
    contest: &'a Contest<'a>,
    metric: &'a str,
}

/// Tables of the scenes of a group, each with its title.
pub(crate) fn of<'a>(contests: &'a [Contest<'a>], group: Group) -> Vec<(String, Table)> {
    let contests: Vec<_> = contests.iter().filter(|contest| contest.scene.group == group).collect();
    match group {
        Group::Single => by_doing(&contests, |scene| format!("{}, {}", element(scene), scene.capacity)),
        Group::Messages => by_doing(&contests, element),
        Group::Pipes => by_doing(&contests, |scene| scene.name.split('/').skip(2).collect::<Vec<_>>().join(" ")),
        Group::Threads | Group::Latency => contests.into_iter().flat_map(by_scene).collect(),
    }
}

/// Scenes in which the same is done, and one figure of them, in a table.
fn by_doing<'a>(contests: &[&'a Contest<'a>], heading: impl Fn(&Scene) -> String) -> Vec<(String, Table)> {
    let mut doings: Vec<&str> = contests.iter().map(|contest| contest.doing()).collect();
    doings.dedup();
    let mut tables = Vec::new();
    for doing in doings {
        let alike: Vec<_> = contests.iter().copied().filter(|contest| contest.doing() == doing).collect();
        let mut metrics: Vec<_> = alike.iter().flat_map(|contest| contest.metrics()).collect();
        metrics.sort_by_key(|metric| metric::rank(metric));
        metrics.dedup();
        for metric in metrics {
            let columns = alike
                .iter()
                .filter(|contest| contest.metrics().contains(&metric))
                .map(|&contest| Column { heading: heading(contest.scene), contest, metric })
                .collect::<Vec<_>>();
            tables.push((format!("{doing}: {}", metric::title(metric)), table(&columns)));
        }
    }
    tables
}

/// All figures of a scene, but ages in a table of their own.
fn by_scene<'a>(contest: &'a Contest<'a>) -> Vec<(String, Table)> {
    let (ages, others): (Vec<_>, Vec<_>) = contest.metrics().into_iter().partition(|metric| metric.starts_with("age_"));
    let table = |metrics: Vec<&'a str>, more: &str| {
        let columns: Vec<_> =
            metrics.into_iter().map(|metric| Column { heading: metric::title(metric), contest, metric }).collect();
        (!columns.is_empty()).then(|| (format!("{}{more}", contest.scene.name), table(&columns)))
    };
    [table(others, ""), table(ages, ", age at delivery")].into_iter().flatten().collect()
}

/// A row for each contender, the best of each column in bold.
fn table(columns: &[Column<'_>]) -> Table {
    let mut table = Table::new(["".to_owned()].into_iter().chain(columns.iter().map(|column| column.heading.clone())));
    let contests: Vec<_> = columns.iter().map(|column| column.contest).collect();
    for contender in contenders(&contests) {
        let is_floor = contests.iter().any(|contest| contest.is_floor(contender));
        let mut row = vec![if is_floor { format!("*floor: {contender}*") } else { contender.to_owned() }];
        row.extend(columns.iter().map(|Column { contest, metric, .. }| match contest.spread(contender, metric) {
            Some(spread) if !is_floor && contest.best(metric) == Some(spread.median) => {
                format!("**{}**", metric::spread(metric, spread))
            }
            Some(spread) => metric::spread(metric, spread),
            None => String::new(),
        }));
        table.row(row);
    }
    table
}
