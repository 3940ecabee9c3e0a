//! A stateless ingest gateway: inputs, a queue that keeps the newest, processing, outputs. Its
//! README says what for, and how.
//!
//! Read in this order: `message` (what flows), `intake` and `lane` (how it gets into a queue),
//! `account` (where each message ends), `worker` (what happens behind the queue), then any of the
//! inputs and outputs, and `run`, which puts it together. `bench` is the load generator.

mod account;
mod bench;
mod config;
mod files;
mod input;
mod intake;
mod json;
mod lane;
mod logs;
mod message;
mod moment;
mod operations;
mod origin;
mod output;
mod run;
mod stage;
mod tls;
mod topics;
mod worker;

use std::process::ExitCode;

use config::{Command, LogFormat};

/// Made from `proto/gateway.proto` by the build script.
#[allow(unreachable_pub, clippy::all)]
mod proto {
    tonic::include_proto!("ringway.gateway.v1");
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = match config::load(&arguments) {
        Ok(command) => command,
        Err(error) if error.use_stderr() && config::wants_json(&arguments) => {
            let text = error.to_string();
            fail(text.trim_start_matches("error: ").trim_end(), true);
            return ExitCode::from(2);
        }
        Err(error) => error.exit(),
    };
    let as_json = matches!(&command, Command::Run(config) if config.log_format == LogFormat::Json);
    // One provider for all that speaks TLS, since there is no default one to fall back to.
    tls::install_provider();
    match execute(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            fail(&error.to_string(), as_json);
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<(), Error> {
    if let Command::Run(config) = &command
        && config.check_config
    {
        run::check(config)?;
        println!("the configuration is valid");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = match command {
        Command::Run(config) => runtime.block_on(run::run(*config)),
        Command::Bench(bench) => runtime.block_on(bench::bench(bench)),
    };
    // A write to a standard output that nobody reads must not keep the process alive.
    runtime.shutdown_background();
    ended
}

/// What does not go through the log, in the form of its lines.
fn fail(why: &str, as_json: bool) {
    if as_json {
        eprintln!("{}", serde_json::json!({ "level": "ERROR", "message": "failed", "error": why }));
    } else {
        eprintln!("gateway: {why}");
    }
}
