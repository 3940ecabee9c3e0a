//! A stateless ingest gateway: inputs, a queue that keeps the newest, processing, outputs. Its
//! README says what for, and how.
//!
//! Read in this order: `message` (what flows), `intake` and `lane` (how it gets into a queue),
//! `account` (where each message ends), `worker` (what happens behind the queue), then any of the
//! inputs and outputs, and `run`, which puts it together.

// Without all features, something of what they share is left over.
#![cfg_attr(
    not(all(
        feature = "file",
        feature = "grpc",
        feature = "http",
        feature = "mqtt",
        feature = "nats",
        feature = "websocket"
    )),
    allow(dead_code, unused_imports, unused_variables)
)]

mod account;
mod budget;
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
mod service;
mod stage;
mod tls;
mod tokens;
mod topics;
mod worker;

use std::process::ExitCode;

use config::{Command, Config, LogFormat};

/// Made from `proto/gateway.proto` by the build script.
#[cfg(feature = "grpc")]
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
    let Command::Run(config) = command;
    let as_json = config.log_format == LogFormat::Json;
    // One provider for all that speaks TLS, since there is no default one to fall back to.
    tls::install_provider();
    match execute(*config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            fail(&error.to_string(), as_json);
            ExitCode::FAILURE
        }
    }
}

fn execute(config: Config) -> Result<(), Error> {
    if config.check_config {
        run::check(&config)?;
        println!("the configuration is valid");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(run::run(config));
    // A write to a standard output that nobody reads must not keep the process alive.
    runtime.shutdown_background();
    ended
}

/// What does not go through the log, in the form of its lines. Nobody may read it.
fn fail(why: &str, as_json: bool) {
    let line = match as_json {
        true => {
            serde_json::json!({ "level": "ERROR", "message": "failed", "error": why }).to_string()
        }
        false => format!("gateway: {why}"),
    };
    if let Ok(lines) = logs::Lines::to(std::io::stderr()) {
        lines.say_last(format!("{line}\n").as_bytes(), logs::LAST);
    }
}
