//! What operators ask for, over HTTP: `/metrics`, `/healthz`, `/readyz`, and `PUT /log` with a level or directives.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use tokio_util::sync::CancellationToken;

use crate::account::Account;
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

pub(crate) fn routes(operations: Operations) -> Router {
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
