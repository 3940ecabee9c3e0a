//! gRPC, unary and streaming: the service of `proto/gateway.proto`.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use axum::extract::State;
use axum::middleware::{self, Next};
use futures_util::StreamExt;
use prost::encoding::encoded_len_varint;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

use super::connections::Connections;
use super::{Input, Life, http};
use crate::account::Refusal;
use crate::intake::{Intake, Taken};
use crate::message::{Source, detach};
use crate::proto::ingest_server::{Ingest, IngestServer};
use crate::proto::{Accepted, Message};

pub(super) struct Grpc(pub(super) Connections);

/// How many messages of a stream are taken together, if they are there.
const AT_ONCE: usize = 256;

#[async_trait]
impl Input for Grpc {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let handle = |stream, intake: Intake, life: Life| {
            // A message is its body, and before that the field's tag and its length.
            let max = intake.max_message();
            let limit = 1 + encoded_len_varint(max as u64) + max;
            let service = Service {
                unary: intake.of(Source::GrpcUnary),
                stream: intake.of(Source::GrpcStream),
                stop: life.stop.clone(),
            };
            let refused = middleware::from_fn_with_state(service.unary.clone(), count_refused);
            let service = IngestServer::new(service).max_decoding_message_size(limit);
            http::serve(stream, Routes::new(service).into_axum_router().layer(refused), life)
        };
        self.0.serve(intake, life, handle).await;
    }
}

/// A unary message that cannot be decoded never gets to the service.
async fn count_refused(
    State(intake): State<Intake>,
    request: axum::extract::Request,
    next: Next,
) -> axum::response::Response {
    let is_unary = request.uri().path().ends_with("/Send");
    let response = next.run(request).await;
    match Status::from_header_map(response.headers()).map(|status| status.code()) {
        Some(Code::OutOfRange) if is_unary => intake.refuse(Refusal::TooLarge),
        Some(Code::Internal) if is_unary => intake.refuse(Refusal::Malformed),
        _ => {}
    }
    response
}

struct Service {
    unary: Intake,
    stream: Intake,
    stop: CancellationToken,
}

#[async_trait]
impl Ingest for Service {
    async fn send(&self, request: Request<Message>) -> Result<Response<Accepted>, Status> {
        match self.unary.take([detach(request.into_inner().body)].into_iter()) {
            Taken { rejected: 0, .. } => Ok(Response::new(Accepted { stored: 1, rejected: 0 })),
            _ => Err(Status::resource_exhausted("the queue has rejected the message")),
        }
    }

    async fn stream(&self, request: Request<Streaming<Message>>) -> Result<Response<Accepted>, Status> {
        let mut chunks = request.into_inner().ready_chunks(AT_ONCE);
        let mut accepted = Accepted::default();
        let mut bodies = Vec::new();
        let mut ended = Ok(());
        while ended.is_ok() {
            let Some(chunk) = self.stop.run_until_cancelled(chunks.next()).await else {
                let text = format!("shutting down; of this stream, {} messages are stored", accepted.stored);
                return Err(Status::unavailable(text));
            };
            let Some(chunk) = chunk else { break };
            for message in chunk {
                match message {
                    Ok(message) => bodies.push(detach(message.body)),
                    Err(status) => {
                        // What seems to follow is not to be relied on.
                        ended = Err(status);
                        break;
                    }
                }
            }
            let Taken { stored, rejected } = self.stream.take(bodies.drain(..));
            accepted.stored += stored;
            accepted.rejected += rejected;
        }
        ended.inspect_err(|status| {
            let too_large = matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted);
            self.stream.refuse(if too_large { Refusal::TooLarge } else { Refusal::Malformed });
        })?;
        Ok(Response::new(accepted))
    }
}
