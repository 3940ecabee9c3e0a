//! Puts the gateway together, and takes it apart in order.

#[cfg(feature = "file")]
use std::collections::{HashMap, hash_map::Entry};
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
use crate::budget::Budget;
use crate::config::{Config, LogFormat};
use crate::input::{Common, Life};
use crate::intake::Intake;
use crate::operations::{self, Operations};
#[cfg(feature = "file")]
use crate::output::Rejects;
use crate::tls::Identity;
use crate::tokens::Tokens;
use crate::topics::Topics;
use crate::worker::{self, Signals, Worker};
use crate::{files, input, logs, output, service};

/// Runs the gateway until a signal ends it, or something without which it is of no use.
pub(crate) async fn run(config: Config) -> Result<(), crate::Error> {
    let (filter, lines) = logs::start(&config.log, config.log_format, config.log_rate)?;
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
    let tokens = tokens(&config)?;
    let budget = Budget::of(config.unfinished_bytes);
    let common = Common {
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
        let input =
            input::bind(endpoint, &common).map_err(|error| format!("{endpoint}: {error}"))?;
        Ok((endpoint, input))
    });
    let inputs: Vec<_> = inputs.collect::<Result<_, crate::Error>>()?;
    let listener = TcpListener::bind(config.operations.to_string())
        .await
        .map_err(|e| format!("{}: {e}", config.operations))?;

    let (topics, routes) = Topics::new(&config, &account)?;
    let (life, hurry) = (Life::default(), CancellationToken::new());
    let ending = life.ending.clone();
    let (reload, reloads) = watch::channel(0);
    let (end_at, end) = watch::channel(None);
    let mut workers = JoinSet::new();
    #[cfg(feature = "file")]
    let mut rejects = HashMap::<_, Rejects>::new();
    for route in routes {
        let output = output::open(&route.target, &route.pipeline)?;
        let signals = Signals { hurry: hurry.clone(), end: end.clone(), reload: reloads.clone() };
        let worker = Worker::new(&route.pipeline, route.lane, output, signals)?;
        #[cfg(feature = "file")]
        let worker = worker.keeps_rejects(match &route.pipeline.rejects {
            None => None,
            Some(path) => Some(match rejects.entry(path.clone()) {
                Entry::Occupied(open) => open.get().clone(),
                Entry::Vacant(none) => {
                    none.insert(Rejects::open(path, &route.pipeline.file)?).clone()
                }
            }),
        });
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
        budget: budget.clone(),
        filter,
        lines: lines.clone(),
        ending: ending.clone(),
    };
    tokio::spawn(operations::serve(listener, state));
    for (endpoint, input) in inputs {
        info!(input = %endpoint, address = %input.address()?, "listening");
        let intake = Intake::new(endpoint, &topics, &account, &budget, &config);
        let intake = intake.asks_for(tokens.clone());
        life.spawn(input.run(intake, life.clone()));
    }
    info!(queue = %config.pipeline.queue, capacity = config.pipeline.capacity, "ready");
    service::is_ready();

    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            info!("reloading: output files are opened, other files are read again");
            reload.send_modify(|times| *times += 1);
            let reloaded =
                [identity.as_ref().map(Identity::reload), tokens.as_ref().map(Tokens::reload)];
            for error in reloaded.into_iter().flatten().filter_map(Result::err) {
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
    service::is_stopping();
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
    // A worker that is to pause for longer need not.
    let _ = end_at.send(Some(begin + config.drain));
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
    lines.say_last(last_line(&account.totals(), config.log_format).as_bytes(), logs::LAST);
    ended
}

/// What can be found out about a configuration without anything being bound or sent.
pub(crate) fn check(config: &Config) -> Result<(), crate::Error> {
    identity(config)?;
    tokens(config)?;
    for endpoint in &config.inputs {
        endpoint.address().resolve().map_err(|error| format!("{endpoint}: {error}"))?;
    }
    config.operations.resolve().map_err(|error| format!("{}: {error}", config.operations))?;
    let (_, routes) = Topics::new(config, &Account::new())?;
    for route in routes {
        worker::check(&route.pipeline, &route.lane)?;
        output::check(&route.target, &route.pipeline)?;
    }
    Ok(())
}

fn identity(config: &Config) -> Result<Option<Identity>, crate::Error> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(chain), Some(key)) => {
            Identity::load(chain.clone(), key.clone(), config.tls_client_ca.as_ref()).map(Some)
        }
        _ => Ok(None),
    }
}

fn tokens(config: &Config) -> Result<Option<Tokens>, crate::Error> {
    config.token_file.clone().map(Tokens::load).transpose()
}

/// Why a worker has ended.
fn why(
    ended: Result<Result<(), crate::Error>, tokio::task::JoinError>,
) -> Result<(), crate::Error> {
    ended.unwrap_or_else(|error| Err(format!("a worker has panicked: {error}").into()))
}

/// The last line, whatever the level of the log.
fn last_line(account: &Totals, format: LogFormat) -> String {
    match format {
        LogFormat::Text => format!("account: {account}\n"),
        LogFormat::Json => {
            format!("{}\n", serde_json::json!({ "message": "account", "account": account }))
        }
    }
}
