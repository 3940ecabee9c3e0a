//! Puts the gateway together, and takes it apart in order.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::account::{Account, Totals};
use crate::config::{Config, LogFormat};
use crate::input::{Life, Limits};
use crate::intake::Intake;
use crate::message::Message;
use crate::operations::{self, Operations};
use crate::tls::Identity;
use crate::worker::Worker;
use crate::{logs, output};

/// Runs the gateway until a signal ends it.
pub(crate) async fn run(config: Config) -> Result<(), crate::Error> {
    let filter = logs::start(&config.log, config.log_format)?;
    // Before anything listens: a signal that comes at once must find them.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let account = Arc::new(Account::new());
    let identity = match (&config.tls_cert, &config.tls_key) {
        (Some(chain), Some(key)) => Some(Identity::load(chain, key)?),
        _ => None,
    };
    let limits = Limits {
        idle: config.idle,
        connections: Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS))),
        identity,
        account: Arc::clone(&account),
    };
    let inputs = config.inputs.iter().map(|endpoint| {
        let input = endpoint.bind(&limits).map_err(|error| format!("{endpoint}: {error}"))?;
        Ok((endpoint, input))
    });
    let inputs: Vec<_> = inputs.collect::<Result<_, crate::Error>>()?;
    let listener = TcpListener::bind(config.operations).await.map_err(|e| format!("{}: {e}", config.operations))?;

    let (life, hurry) = (Life::default(), CancellationToken::new());
    let (sender, receiver) = ringway::pipe(config.queue.build::<Message>(config.capacity)?);
    let output = output::open(&config).await?;
    let worker = Worker::new(&config, receiver.clone(), output, Arc::clone(&account), hurry.clone());
    // On a thread of its own, which the system treats as fairly as those of the inputs. As a task it would have one turn for many of
    // theirs, and deliver a tenth of what it could.
    let runtime = Handle::current();
    let mut worker = tokio::task::spawn_blocking(move || runtime.block_on(worker.run()));

    info!(address = %listener.local_addr()?, "operations");
    let quiet = filter.clone();
    let state = Operations { account: Arc::clone(&account), receiver, filter, stop: life.stop.clone() };
    tokio::spawn(axum::serve(listener, operations::routes(state)).into_future());
    for (endpoint, input) in inputs {
        info!(input = %endpoint, address = %input.address()?, "listening");
        let intake = Intake::new(endpoint.source(), sender.clone(), Arc::clone(&account), config.max_message);
        life.spawn(input.run(intake, life.clone()));
    }
    info!(queue = %config.queue, capacity = config.capacity, "ready");

    let mut signalled = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::select! {
        () = signalled() => {}
        died = &mut worker => {
            died?;
            return Err("the worker has ended by itself".into());
        }
    }
    info!("shutting down; another signal shortens it");
    let begin = Instant::now();
    let impatient = CancellationToken::new();
    tokio::spawn({
        let impatient = impatient.clone();
        async move {
            signalled().await;
            impatient.cancel();
        }
    });
    let over_at = |end: Instant| impatient.run_until_cancelled(sleep_until(end));
    life.end(over_at(begin + config.drain / 2)).await;
    sender.close();
    let worked = tokio::select! {
        worked = &mut worker => worked,
        _ = over_at(begin + config.drain) => {
            hurry.cancel();
            (&mut worker).await
        }
    };
    // Nothing comes after the last line, whatever libraries still have to say.
    let _ = quiet.set("off");
    say(&account.totals(), config.log_format);
    Ok(worked?)
}

/// The last line, whatever the level of the log.
fn say(account: &Totals, format: LogFormat) {
    match format {
        LogFormat::Text => eprintln!("account: {account}"),
        LogFormat::Json => eprintln!("{}", serde_json::json!({ "message": "account", "account": account })),
    }
}
