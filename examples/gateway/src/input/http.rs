//! Unary HTTP, 1.1 and 2: the body of a POST to any path is a message. 202 when the queue has it, 503 when it rejects it, 413 over the limit.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tracing::debug;

use super::connections::{Connections, Stream};
use super::{Input, Life};
use crate::account::Refusal;
use crate::intake::{Intake, Taken};
use crate::message::detach;

pub(super) struct Http(pub(super) Connections);

#[async_trait]
impl Input for Http {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let handle = |stream, intake: Intake, life| {
            let limit = DefaultBodyLimit::max(intake.max_message());
            let routes = Router::new().fallback_service(post(take).layer(limit).with_state(intake));
            serve(stream, routes, life)
        };
        self.0.serve(intake, life, handle).await;
    }
}

async fn take(State(intake): State<Intake>, body: Result<Bytes, BytesRejection>) -> Response {
    match body {
        Ok(body) => match intake.take([detach(body)].into_iter()) {
            Taken { rejected: 0, .. } => StatusCode::ACCEPTED.into_response(),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "the queue has rejected the message\n").into_response(),
        },
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            intake.refuse(Refusal::TooLarge);
            (error.status(), intake.over_the_limit() + "\n").into_response()
        }
        Err(error) => {
            intake.refuse(Refusal::Malformed);
            error.into_response()
        }
    }
}

/// How many bytes may be under way in a request and in a connection. The library takes many small frames for an attack, when there are
/// more than half the latter allows for at 256 bytes each: a stream's window full of the smallest messages must be less.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// Serves one connection, in the version of HTTP in which the client begins.
pub(super) async fn serve(stream: Stream, routes: Router, life: Life) {
    let mut builder = Builder::new(Tasks(life.clone()));
    // Many small requests that came together are answered together.
    // And a client that has said all it has to say may close its side, and still gets its answers.
    builder.http1().timer(TokioTimer::new()).pipeline_flush(true).half_close(true);
    builder.http2().timer(TokioTimer::new());
    builder.http2().initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = life.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "connection ended");
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
