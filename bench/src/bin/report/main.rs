//! Results as a report, or two of them compared: `cargo bench-report`.

mod compare;
mod contest;
mod losses;
#[cfg(test)]
mod made_up;
mod metric;
mod plot;
mod plots;
mod read;
mod report;
mod table;
mod tables;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use compare::Comparison;

/// Makes a report in Markdown, with plots as SVG, from the results of `cargo bench`.
#[derive(Parser)]
#[command(bin_name = "cargo bench-report", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The results; those of the last run if not given.
    file: Option<PathBuf>,
    /// The folder to write to; `report` beside the last run's results if not given.
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what became worse or better: fails if anything became worse.
    Compare {
        old: PathBuf,
        new: PathBuf,
        /// The change of a median that is noticed, if the quartiles do not overlap.
        #[arg(long, default_value_t = 0.1)]
        threshold: f64,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            // As of clap for wrong arguments: 1 is for regressions.
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> plot::Result<ExitCode> {
    if let Some(Command::Compare { old, new, threshold }) = arguments.command {
        let comparison = Comparison::new(&read::results(&old)?, &read::results(&new)?, threshold);
        print!("{comparison}");
        return Ok(if comparison.regressions.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let home = ringway_bench::results_folder();
    let results = read::results(&arguments.file.unwrap_or_else(|| home.join("latest.json")))?;
    let output = arguments.output.unwrap_or_else(|| home.join("report"));
    let report = report::write(&results, &output)?;
    println!("{}", report.display());
    Ok(ExitCode::SUCCESS)
}
