//! What operators ask for, over HTTP: `/metrics`, `/healthz`, `/readyz`, and `PUT /log` with a
//! level or directives.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::budget::Budget;
use crate::input::{self, Life};
use crate::logs::{Filter, Lines};
use crate::topics::Topics;

#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) account: Arc<Account>,
    pub(crate) topics: Topics,
    pub(crate) budget: Budget,
    pub(crate) filter: Filter,
    pub(crate) lines: Lines,
    /// That the gateway is to end.
    pub(crate) ending: CancellationToken,
}

const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many connections there may be at once: for one more, the oldest is closed. An answer takes
/// no time, so those that are old do not read theirs, or have not asked.
const AT_ONCE: usize = 16;
/// How long a connection may be silent, and how long the head of a request may take.
const IDLE: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(3);

/// Answers until the process ends.
pub(crate) async fn serve(listener: TcpListener, operations: Operations) {
    let (routes, mut connections) = (routes(operations), VecDeque::<AbortHandle>::new());
    loop {
        let Ok((socket, peer)) = listener.accept().await else {
            // Most likely there are no file descriptors left, and none comes back at once.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (routes, stream) = (routes.clone(), input::plain(socket, IDLE));
        connections.retain(|connection| !connection.is_finished());
        if connections.len() >= AT_ONCE {
            connections.pop_front().inspect(AbortHandle::abort);
        }
        let serving =
            async move { input::serve(stream, routes, peer, Life::default(), HEAD).await };
        connections.push_back(tokio::spawn(serving).abort_handle());
    }
}

fn routes(operations: Operations) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get("alive\n"))
        .route("/readyz", get(ready))
        .route("/log", put(log))
        .with_state(operations)
}

async fn metrics(State(operations): State<Operations>) -> Response {
    operations.topics.all_lanes().for_each(crate::lane::Lane::show);
    operations.account.show(operations.budget.held(), operations.lines.lost());
    match operations.account.scrape() {
        Ok(text) => ([(header::CONTENT_TYPE, PLAIN_TEXT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn ready(State(operations): State<Operations>) -> (StatusCode, String) {
    if operations.ending.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n".into())
    } else if let Some(output) = operations.account.failing() {
        (StatusCode::SERVICE_UNAVAILABLE, format!("the output {output} fails\n"))
    } else {
        (StatusCode::OK, "ready\n".into())
    }
}

async fn log(State(operations): State<Operations>, directives: String) -> Response {
    match operations.filter.set(&directives) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}
