//! What operators ask for, over HTTP: `/metrics`, `/healthz`, `/readyz`, and `PUT /log` with a level or directives.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use ringway::{Queue, Receiver};
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::logs::Filter;
use crate::message::Message;

#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) account: Arc<Account>,
    pub(crate) receiver: Receiver<Message, Box<dyn Queue<Message>>>,
    pub(crate) filter: Filter,
    pub(crate) stop: CancellationToken,
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) fn routes(operations: Operations) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get("alive\n"))
        .route("/readyz", get(ready))
        .route("/log", put(log))
        .with_state(operations)
}

async fn metrics(State(operations): State<Operations>) -> Response {
    match operations.account.scrape(operations.receiver.len()) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn ready(State(operations): State<Operations>) -> (StatusCode, &'static str) {
    if operations.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else if operations.account.is_breaker_open() {
        (StatusCode::SERVICE_UNAVAILABLE, "the output fails\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn log(State(operations): State<Operations>, directives: String) -> Response {
    match operations.filter.set(&directives) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}
