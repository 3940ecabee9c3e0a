//! A stateless ingest gateway: inputs, a queue that keeps the newest, processing, outputs. Its README says what for, and how.
//!
//! Read in this order: `message` (what flows), `intake` (how it gets into the queue), `account` (where each message ends), `worker`
//! (what happens behind the queue), then any of the inputs and outputs, and `run`, which puts it together. `bench` is the load generator.

mod account;
mod bench;
mod config;
mod input;
mod intake;
mod logs;
mod message;
mod operations;
mod output;
mod run;
mod stage;
mod tls;
mod worker;

use std::process::ExitCode;

use config::Command;

/// Made from `proto/gateway.proto` by the build script.
#[allow(unreachable_pub, clippy::all)]
mod proto {
    tonic::include_proto!("ringway.gateway.v1");
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let command = match config::load(std::env::args_os()) {
        Ok(command) => command,
        Err(error) => error.exit(),
    };
    // One provider for all that speaks TLS, since there is no default one to fall back to.
    tls::install_provider();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let ended = match command {
        Command::Run(config) => runtime.block_on(run::run(*config)),
        Command::Bench(bench) => runtime.block_on(bench::bench(bench)),
    };
    // A write to a standard output that nobody reads must not keep the process alive.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("gateway: {error}");
    ExitCode::FAILURE
}
