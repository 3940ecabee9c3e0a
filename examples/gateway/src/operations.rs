//! What operators ask for, over HTTP: `/metrics`, `/healthz`, `/readyz`, and `PUT /log` with a
//! level or directives.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::input::{self, Life};
use crate::logs::Filter;
use crate::topics::Topics;

#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) account: Arc<Account>,
    pub(crate) topics: Topics,
    pub(crate) filter: Filter,
    /// That the gateway is to end.
    pub(crate) ending: CancellationToken,
}

const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many operators can ask at once; the next waits for his turn.
const AT_ONCE: usize = 16;
const IDLE: Duration = Duration::from_secs(10);

/// Answers until the process ends.
pub(crate) async fn serve(listener: TcpListener, operations: Operations) {
    let (routes, places) = (routes(operations), Arc::new(Semaphore::new(AT_ONCE)));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((socket, peer)) = listener.accept().await else {
            // Most likely there are no file descriptors left, and none comes back at once.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let routes = routes.clone();
        tokio::spawn(async move {
            input::serve(input::plain(socket, IDLE), routes, peer, Life::default()).await;
            drop(place);
        });
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
