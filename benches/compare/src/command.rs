//! `cargo compare`: what the command line asks for.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use clap::Parser;
use clap::error::ErrorKind;

use crate::machine::{results_folder, version};
use crate::results::{Machine, Method, Results};
use crate::rounds::Rounds;
use crate::{peers, summary};
use bench_support::entrant::Entrant;
use bench_support::scene::{Effort, Scene};
use bench_support::{cores, scenes};

/// Compares bounded queues.
#[derive(Parser)]
#[command(name = "cargo compare", bin_name = "cargo compare")]
struct Arguments {
    /// Every scene
    #[arg(long)]
    full: bool,

    /// Where to write the results, for `benches/plot.py` [default: target/compare/latest.json]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// With the queues of seven more crates: `cargo compare-peers`
    #[arg(long)]
    peers: bool,

    /// Only list the scenes, and the contenders of each
    #[arg(long)]
    list: bool,

    /// Of the order in which contenders take turns [default: a new one for every run]
    #[arg(long)]
    seed: Option<u64>,

    /// How often each contender has its turn in each scene
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// Only this contender; may be given more than once
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Only see that everything runs, once and quickly
    #[arg(long, conflicts_with = "rounds")]
    test: bool,

    /// Only the scenes whose names contain all of these
    filters: Vec<String>,
}

const SHORT_ROUNDS: u32 = 9;
const FULL_ROUNDS: u32 = 7;

/// Compares the contenders, as the command line says.
pub(crate) fn run() {
    let arguments = Arguments::parse();
    // The first one to ask for the cores must not be pinned yet.
    cores::count();
    let mut entrants = bench_support::entrants();
    if arguments.peers {
        entrants.extend(peers::entrants());
    }
    let entrants = chosen(&arguments.only, entrants);
    let scenes = staged(&arguments, &entrants);
    if arguments.list {
        list(&scenes, &entrants);
        return;
    }

    let clock = Instant::now();
    eprintln!("checking {} contenders", entrants.len());
    for entrant in &entrants {
        (entrant.check)();
    }

    let pinned = thread::spawn(|| cores::pin(0)).join().unwrap_or(false);
    if !pinned {
        eprintln!("threads cannot be kept on one core here, which makes the results vary more");
    }
    let (effort, rounds) = match (arguments.test, arguments.full) {
        (true, _) => (Effort::TEST, 1),
        (_, true) => (Effort::FULL, FULL_ROUNDS),
        _ => (Effort::SHORT, SHORT_ROUNDS),
    };
    let rounds = arguments.rounds.unwrap_or(rounds) as usize;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u32(..).into());

    let mut run = Rounds::new(&entrants, &scenes, seed);
    let mut progress = Progress { done: 0, of: rounds * run.turns(), clock, told: clock };
    for _ in 0..rounds {
        run.run(&effort, |scene, entrant| progress.step(scene, entrant));
    }
    let measurements = run.finish();
    if arguments.test {
        println!("{} measurements, {:.1?}; they say nothing", measurements.len(), clock.elapsed());
    }

    let is_whole =
        arguments.filters.is_empty() && arguments.only.is_empty() && arguments.rounds.is_none();
    let form = match (is_whole && !arguments.test, arguments.full) {
        (false, _) => "custom",
        (true, true) => "full",
        (true, false) => "short",
    };
    let results = Results {
        machine: Machine::this(pinned),
        method: Method {
            form: form.into(),
            rounds,
            window_ms: effort.window.as_secs_f64() * 1e3,
            seed,
            seconds: clock.elapsed().as_secs_f64(),
            version: version(),
        },
        measurements,
    };
    if !arguments.test {
        summary::print(&results);
    }
    match write(&results, arguments.output, arguments.test) {
        Ok(Some(file)) => {
            println!("\nResults: {}; plots of them: benches/plot.py", file.display());
        }
        Ok(None) => {}
        Err((file, error)) => {
            fail(ErrorKind::Io, &format!("cannot write {}: {error}", file.display()))
        }
    }
}

/// The contenders by name, all of them if none is named.
fn chosen(only: &[String], entrants: Vec<Entrant>) -> Vec<Entrant> {
    if let Some(unknown) =
        only.iter().find(|name| entrants.iter().all(|entrant| entrant.name != name.as_str()))
    {
        let mut names: Vec<_> = entrants.iter().map(|entrant| entrant.name).collect();
        names.sort_unstable();
        names.dedup();
        fail(
            ErrorKind::InvalidValue,
            &format!("no contender is called '{unknown}'; there are: {}", names.join(", ")),
        );
    }
    let is_chosen =
        |entrant: &Entrant| only.is_empty() || only.iter().any(|name| name == entrant.name);
    entrants.into_iter().filter(is_chosen).collect()
}

/// The scenes by name, all of them if no part of one is named, less those without a contender.
fn staged(arguments: &Arguments, entrants: &[Entrant]) -> Vec<Scene> {
    let matching = |all: Vec<Scene>| {
        let is_wanted =
            |scene: &Scene| arguments.filters.iter().all(|filter| scene.name.contains(filter));
        let has_contenders = |scene: &Scene| entrants.iter().any(|entrant| (entrant.takes)(scene));
        all.into_iter()
            .filter(|scene| is_wanted(scene) && has_contenders(scene))
            .collect::<Vec<_>>()
    };
    let full = arguments.full || arguments.test;
    let scenes = matching(if full { scenes::full() } else { scenes::short() });
    if scenes.is_empty() {
        let with_full = if full { 0 } else { matching(scenes::full()).len() };
        let hint =
            if with_full > 0 { format!("; with --full {with_full} would") } else { String::new() };
        let filters = arguments.filters.join("' and '");
        fail(
            ErrorKind::InvalidValue,
            &format!("no scene matches '{filters}'{hint}; --list lists them"),
        );
    }
    scenes
}

fn list(scenes: &[Scene], entrants: &[Entrant]) {
    for scene in scenes {
        let names: Vec<_> = entrants
            .iter()
            .filter(|entrant| (entrant.takes)(scene))
            .map(|entrant| entrant.name)
            .collect();
        let pinned = if scene.pinned { "" } else { ", not pinned" };
        println!("{}{pinned}: {}", scene.name, names.join(", "));
    }
}

fn fail(kind: ErrorKind, what: &str) -> ! {
    use clap::CommandFactory;
    Arguments::command().error(kind, what).exit()
}

/// Returns where. What says nothing is only written where it was asked for.
fn write(
    results: &Results,
    output: Option<PathBuf>,
    is_test: bool,
) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    let json = serde_json::to_string(results).expect("results can be written as JSON");
    let put = |file: PathBuf| match fs::write(&file, &json) {
        Ok(()) => Ok(file),
        Err(error) => Err((file, error)),
    };
    if let Some(file) = output {
        return put(file).map(Some);
    }
    if is_test {
        return Ok(None);
    }
    let folder = results_folder();
    fs::create_dir_all(&folder).map_err(|error| (folder.clone(), error))?;
    put(folder.join("latest.json")).map(Some)
}

/// Tells on standard error how far a run is, between turns: nothing runs beside what is measured.
struct Progress {
    done: usize,
    of: usize,
    clock: Instant,
    told: Instant,
}

impl Progress {
    fn step(&mut self, scene: &Scene, entrant: &Entrant) {
        self.done += 1;
        if self.told.elapsed() > Duration::from_secs(10) {
            self.told = Instant::now();
            let (percent, elapsed) = (100 * self.done / self.of, self.clock.elapsed());
            eprintln!("{elapsed:.0?}: {percent} %, {}, {}", scene.name, entrant.name);
        }
    }
}
