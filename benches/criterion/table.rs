//! What was measured, from criterion's own estimates, to read in a terminal.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, iter};

use bench_support::table::{self, millions, nanoseconds, percent};
use serde_json::Value;

use crate::Shares;
use crate::groups::{CLAIMS, Group, MESSAGES, SIZES, short};

/// Prints what the claims rest on, and then the messages by size.
pub(crate) fn print(
    started: SystemTime,
    groups: &[Group],
    names: &[&'static str],
    shares: &Shares,
) {
    let estimates = Estimates { folder: results(), started };
    let claims = &groups[..CLAIMS];
    let cell = |group: &Group, name: &'static str| {
        let Some(ns) = estimates.get(&format!("{}/{}", group.name, short(name))) else {
            return String::new();
        };
        let Some(shares) = shares.get(&(group.name.clone(), name)) else {
            return if group.scene.is_single() { nanoseconds(ns) } else { millions(1e9 / ns) };
        };
        let mut shares = shares.clone();
        shares.sort_by(f64::total_cmp);
        format!("{}, {:>6}", millions(1e9 / ns), percent(shares[shares.len() / 2]))
    };
    let headings = claims.iter().map(|Group { name, scene }| match scene.is_single() {
        true => name.clone(),
        false => format!("{name}, share"),
    });
    rows(
        "a push on a full queue, a push and a pop; delivered, M/s, and of what was pushed",
        headings,
        names.iter().map(|&name| (name, claims.iter().map(|group| cell(group, name)).collect())),
    );
    for (group, _) in MESSAGES {
        let time = |who: &str, size| estimates.get(&format!("{group}/{}/{size}", short(who)));
        let cell = |who: &str, size| {
            let Some(ns) = time(who, size) else { return String::new() };
            let ratio = time("no queue", size).map(|none| format!(" {:>5.2}", ns / none));
            nanoseconds(ns) + &ratio.unwrap_or_default()
        };
        rows(
            &format!("a message {group} at half full, and times as long as with no queue"),
            SIZES.iter().map(|size| format!("{size} B")),
            names.iter().map(|&name| (name, SIZES.map(|size| cell(name, size)).into())),
        );
    }
}

/// Criterion draws the first and the sixth line of a plot in the same red.
pub(crate) fn tell_lines_apart<const N: usize>(groups: [&str; N]) {
    for group in groups {
        let file = results().join(group).join("report/lines.svg");
        if let Ok(plot) = fs::read_to_string(&file) {
            // A plot in the old colours is no failure.
            let _ = fs::write(file, plot.replace("#DC143C", "#FF8C00"));
        }
    }
}

/// Those that are not empty.
fn rows<'a>(
    title: &str,
    headings: impl Iterator<Item = String>,
    rows: impl Iterator<Item = (&'a str, Vec<String>)>,
) {
    let rows = rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    let rows = rows.map(|(name, cells)| [vec![name.to_string()], cells].concat());
    let rows: Vec<_> =
        iter::once(iter::once(String::new()).chain(headings).collect()).chain(rows).collect();
    if rows.len() > 1 {
        table::print(title, &rows);
    }
}

/// Criterion's estimates of this run.
struct Estimates {
    folder: PathBuf,
    started: SystemTime,
}

impl Estimates {
    /// Nanoseconds an operation, if it was measured in this run.
    fn get(&self, id: &str) -> Option<f64> {
        let file = self.folder.join(id).join("new/estimates.json");
        fs::metadata(&file).ok()?.modified().ok().filter(|modified| *modified >= self.started)?;
        let estimates: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        // What criterion prints as "time" where it has a slope. Of windows the median, which one in
        // which the machine was away leaves alone.
        let point = |name: &str| estimates[name]["point_estimate"].as_f64();
        point("slope").or_else(|| point("median"))
    }
}

/// Where criterion puts its results.
fn results() -> PathBuf {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return home.into();
    }
    let program = env::current_exe().unwrap_or_default();
    // Cargo marks its target folder by this file.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(Path::new("target")).join("criterion")
}
