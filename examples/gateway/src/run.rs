//! Puts the gateway together, and takes it apart in order.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::account::{Account, Totals};
use crate::config::{Config, LogFormat};
use crate::input::{Life, Limits};
use crate::intake::Intake;
use crate::operations::{self, Operations};
use crate::tls::Identity;
use crate::topics::Topics;
use crate::worker::{self, Signals, Worker};
use crate::{files, logs, output};

/// Runs the gateway until a signal ends it, or something without which it is of no use.
pub(crate) async fn run(config: Config) -> Result<(), crate::Error> {
    let filter = logs::start(&config.log, config.log_format, config.log_rate)?;
    if SystemTime::now() < SystemTime::UNIX_EPOCH {
        // The libraries for HTTP and TLS panic then, connection by connection.
        return Err("the system's clock shows a time before 1970".into());
    }
    // Before anything listens: a signal that comes at once must find them.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;

    let account = Arc::new(Account::new());
    let identity = identity(&config)?;
    let limits = Limits {
        idle: config.idle,
        handshake: config.message_timeout.min(config.idle),
        udp_buffer: config.udp_buffer,
        connections: Arc::new(Semaphore::new(
            files::connections(config.max_connections).min(Semaphore::MAX_PERMITS),
        )),
        identity: identity.clone(),
        account: Arc::clone(&account),
    };
    let inputs = config.inputs.iter().map(|endpoint| {
        let input = endpoint.bind(&limits).map_err(|error| format!("{endpoint}: {error}"))?;
        Ok((endpoint, input))
    });
    let inputs: Vec<_> = inputs.collect::<Result<_, crate::Error>>()?;
    let listener = TcpListener::bind(&config.operations)
        .await
        .map_err(|e| format!("{}: {e}", config.operations))?;

    let (topics, routes) = Topics::new(&config, &account)?;
    let (life, ending, hurry) =
        (Life::default(), CancellationToken::new(), CancellationToken::new());
    let (reload, reloads) = watch::channel(0);
    let mut workers = JoinSet::new();
    for route in routes {
        let output = output::open(&route.target, &route.pipeline)?;
        let signals = Signals { hurry: hurry.clone(), reload: reloads.clone() };
        let worker = Worker::new(&route.pipeline, route.lane, output, signals)?;
        // On a thread of its own, which the system treats as fairly as those of the inputs. As a
        // task it would have one turn for many of theirs, and deliver a tenth of what it could.
        let runtime = Handle::current();
        workers.spawn_blocking(move || runtime.block_on(worker.run()));
    }

    info!(address = %listener.local_addr()?, "operations");
    let quiet = filter.clone();
    let state = Operations {
        account: Arc::clone(&account),
        topics: topics.clone(),
        filter,
        ending: ending.clone(),
    };
    tokio::spawn(operations::serve(listener, state));
    for (endpoint, input) in inputs {
        info!(input = %endpoint, address = %input.address()?, "listening");
        let intake = Intake::new(endpoint, &topics, &account, &config);
        life.spawn(input.run(intake, life.clone()));
    }
    info!(queue = %config.pipeline.queue, capacity = config.pipeline.capacity, "ready");

    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            info!("reloading: output files are opened, other files are read again");
            reload.send_modify(|times| *times += 1);
            if let Some(Err(error)) = identity.as_ref().map(Identity::reload) {
                warn!(%error, "cannot reload: all stays as it was");
            }
        }
    });
    let mut signalled = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let mut ended = tokio::select! {
        () = signalled() => Ok(()),
        // Before it is told to: it is broken.
        Some(ended) = workers.join_next() => {
            why(ended).and(Err("a worker has ended by itself".into()))
        }
    };
    if let Err(error) = &ended {
        error!(error = &**error as &dyn std::error::Error, "the gateway cannot go on");
    }
    info!("shutting down; another signal shortens it");
    let impatient = CancellationToken::new();
    tokio::spawn({
        let impatient = impatient.clone();
        async move {
            signalled().await;
            impatient.cancel();
        }
    });
    ending.cancel();
    impatient.run_until_cancelled(sleep(config.shutdown_delay)).await;
    let begin = Instant::now();
    let over_at = |end: Instant| impatient.run_until_cancelled(sleep_until(end));
    life.end(over_at(begin + config.drain / 2)).await;
    topics.all_lanes().for_each(crate::lane::Lane::close);
    let mut over = std::pin::pin!(over_at(begin + config.drain));
    loop {
        tokio::select! {
            worker = workers.join_next() => match worker {
                Some(worker) => ended = ended.and(why(worker)),
                None => break,
            },
            _ = &mut over, if !hurry.is_cancelled() => hurry.cancel(),
        }
    }
    // What a worker has left that died.
    topics.all_lanes().for_each(|lane| lane.reject_rest(crate::account::Rejection::Shutdown));
    // Nothing comes after the last line, whatever libraries still have to say.
    let _ = quiet.set("off");
    say(&account.totals(), config.log_format);
    ended
}

/// What can be found out about a configuration without anything being bound or sent.
pub(crate) fn check(config: &Config) -> Result<(), crate::Error> {
    identity(config)?;
    for endpoint in &config.inputs {
        endpoint.addresses().map_err(|error| format!("{endpoint}: {error}"))?;
    }
    let (_, routes) = Topics::new(config, &Account::new())?;
    for route in routes {
        worker::check(&route.pipeline, &route.lane)?;
        output::check(&route.target, &route.pipeline)?;
    }
    Ok(())
}

fn identity(config: &Config) -> Result<Option<Identity>, crate::Error> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(chain), Some(key)) => Identity::load(chain.clone(), key.clone()).map(Some),
        _ => Ok(None),
    }
}

/// Why a worker has ended.
fn why(
    ended: Result<Result<(), crate::Error>, tokio::task::JoinError>,
) -> Result<(), crate::Error> {
    ended.unwrap_or_else(|error| Err(format!("a worker has panicked: {error}").into()))
}

/// The last line, whatever the level of the log.
fn say(account: &Totals, format: LogFormat) {
    use std::io::Write;
    let line = match format {
        LogFormat::Text => format!("account: {account}\n"),
        LogFormat::Json => {
            format!("{}\n", serde_json::json!({ "message": "account", "account": account }))
        }
    };
    // There is no other place to say it.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
