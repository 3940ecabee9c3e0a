//! Unary HTTP, 1.1 and 2: the body of a POST is a message, or several with a type such as
//! `application/x-ndjson`: a line each. The path may name a topic. 202 when the queue has them, 503
//! when it rejects some, 413 over the limit.

pub(super) mod body;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tracing::debug;

use super::connections::{Connections, Stream};
use super::{Input, Life};
use crate::account::Refusal;
use crate::intake::{Intake, Taken};
use crate::message::detach;
use crate::origin::{Origin, REQUEST_ID};

pub(super) struct Http(pub(super) Connections);

#[async_trait]
impl Input for Http {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let handle = |stream, intake: Intake, life: Life| {
            let peer = intake.peer();
            // Behind a pointer, since each request has a clone.
            let front = Arc::new(Front { intake: intake.clone(), life: life.clone() });
            let routes = Router::new().fallback_service(any(take).with_state(front));
            let routes = routes.layer(middleware::from_fn_with_state(peer, identify));
            serve_input(stream, routes, intake, life)
        };
        self.0.serve(intake, life, handle).await;
    }
}

/// Finds out by which request messages come, and tells the client.
pub(super) async fn identify(
    State(peer): State<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let origin = Arc::new(Origin::of(request.headers(), peer));
    request.extensions_mut().insert(Arc::clone(&origin));
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::try_from(&origin.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

struct Front {
    intake: Intake,
    life: Life,
}

async fn take(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Front { intake, life } = &*front;
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        body::read_gently(body, life);
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
    }
    let origin = head.extensions.get::<Arc<Origin>>();
    if !intake.admits(&head.headers, origin.map(|origin| &**origin)) {
        body::read_gently(body, life);
        let asked = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, asked, "a token is needed\n").into_response();
    }
    let has_lines = has_lines(&head.headers);
    let limits = intake.limits();
    let limit = if has_lines { limits.body } else { limits.message };
    let mut hold = intake.budget().hold();
    let reading = body::read(&head.headers, body, limit, limits.time, &mut hold, life);
    let mut bodies = match reading.await {
        Ok(body) if has_lines => lines(body),
        Ok(body) => vec![body],
        Err(error) => {
            intake.refuse(error.refusal(), origin.map(|origin| &**origin));
            return error.answer(limit);
        }
    };
    if bodies.iter().any(|body| body.len() > limits.message) {
        intake.refuse(Refusal::TooLarge, origin.map(|origin| &**origin));
        return (StatusCode::PAYLOAD_TOO_LARGE, intake.over_the_limit() + "\n").into_response();
    }
    for body in &mut bodies {
        *body = detach(std::mem::take(body));
    }
    match intake.take(intake.topic(head.uri.path()), &mut bodies, origin).await {
        Taken { rejected: 0, .. } => StatusCode::ACCEPTED.into_response(),
        Taken { stored: 0, .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "the queue has rejected the message\n")
                .into_response()
        }
        Taken { stored, rejected } => {
            let text = format!("the queue has stored {stored} messages and rejected {rejected}\n");
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

/// Whether a body is a message a line.
fn has_lines(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        &*kind,
        "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
    )
}

/// Empty lines are none.
fn lines(body: Bytes) -> Vec<Bytes> {
    let lines =
        body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(|line| body.slice_ref(line)).collect()
}

/// How many bytes may be under way in a request and in a connection. The library takes many small
/// frames for an attack, when there are more than half the latter allows for at 256 bytes each: a
/// stream's window full of the smallest messages must be less.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// How large the head of a request may be, and what a connection keeps of what it has read.
const READ_BUFFER: usize = 16 * 1024;

/// Serves one connection of an input, and counts what is no request.
pub(super) async fn serve_input(stream: Stream, routes: Router, intake: Intake, life: Life) {
    // A connection that is merely not in use is as good as a head that does not come.
    let head = intake.limits().time.max(intake.limits().idle);
    if let Some(why) = serve(stream, routes, intake.peer(), life, head).await {
        intake.refuse(why, None);
    }
}

/// Serves one connection, in the version of HTTP in which the client begins. The head of a request
/// must come within `head`. Returns what is wrong with what is not even one.
pub(crate) async fn serve(
    stream: Stream,
    routes: Router,
    peer: SocketAddr,
    life: Life,
    head: Duration,
) -> Option<Refusal> {
    let mut builder = Builder::new(Tasks(life.clone()));
    // A client that has said all it has to say may close its side, and still gets its answers.
    builder.http1().timer(TokioTimer::new()).half_close(true);
    builder.http1().header_read_timeout(head).max_buf_size(READ_BUFFER);
    builder.http2().timer(TokioTimer::new());
    builder
        .http2()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = life.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    let error = ended.err()?;
    debug!(error = &*error as &(dyn std::error::Error + 'static), %peer, "connection ended");
    // What is broken off then may not be the client's doing.
    if life.stop.is_cancelled() { None } else { refusal(&*error) }
}

/// What a client has done that has ended its connection, if it was not its body, which has been
/// counted.
fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<Refusal> {
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        // Not that it went away.
        return (!error.is_io() && !error.is_remote()).then_some(Refusal::Malformed);
    }
    match error.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_parse_too_large() => Some(Refusal::TooLarge),
        Some(error) if error.is_parse() || error.is_incomplete_message() => {
            Some(Refusal::Malformed)
        }
        _ => refusal(error.source()?),
    }
}

/// Where HTTP/2 runs its requests: so that none runs any more when the account is made.
#[derive(Clone)]
struct Tasks(Life);

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.0.spawn(async {
            task.await;
        });
    }
}
