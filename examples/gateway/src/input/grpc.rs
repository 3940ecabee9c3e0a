//! gRPC, unary and streaming: the service of `proto/gateway.proto`.

mod counted;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::StreamExt;
use prost::encoding::encoded_len_varint;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_health::ServingStatus;

use super::connections::Connections;
use super::{Input, Life, http, together};
use crate::account::Refusal;
use crate::intake::{Intake, Taken};
use crate::message::{Source, detach};
use crate::origin::Origin;
use crate::proto::ingest_server::{Ingest, IngestServer};
use crate::proto::{Accepted, Message};
use crate::topics::Topic;
use counted::{Held, OVERLOAD, counted};

pub(super) struct Grpc(pub(super) Connections);

/// What a message may have besides its body.
const SUBJECT: usize = 256;

#[async_trait]
impl Input for Grpc {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_serving::<IngestServer<Service>>().await;
        let ending = life.ending.clone();
        life.spawn(async move {
            ending.cancelled().await;
            reporter.set_not_serving::<IngestServer<Service>>().await;
            reporter.set_service_status("", ServingStatus::NotServing).await;
        });
        let handle = move |stream, intake: Intake, life: Life| {
            // A message is its body, and before that the field's tag and its length; and so is its
            // subject.
            let max = intake.limits().message;
            let limit = 1 + encoded_len_varint(max as u64) + max + SUBJECT;
            let service = Service {
                unary: intake.of(Source::GrpcUnary),
                stream: intake.of(Source::GrpcStream),
                stop: life.stop.clone(),
            };
            let (refused, peer) = ((Arc::new(service.unary.clone()), life.clone()), intake.peer());
            let service = IngestServer::new(service)
                .max_decoding_message_size(limit)
                .accept_compressed(CompressionEncoding::Gzip);
            let routes = Routes::new(service)
                .add_service(health.clone())
                .into_axum_router()
                .layer(middleware::from_fn_with_state(refused, count_refused))
                .layer(middleware::from_fn_with_state(peer, http::identify));
            http::serve_input(stream, routes, intake.of(Source::GrpcUnary), life)
        };
        self.0.serve(intake, life, handle).await;
    }
}

/// What never gets to the service: what is no gRPC, a call of something else, and a unary message
/// that cannot be decoded.
async fn count_refused(
    State((intake, life)): State<(Arc<Intake>, Life)>,
    mut request: axum::extract::Request,
    next: Next,
) -> axum::response::Response {
    let origin = request.extensions().get::<Arc<Origin>>().cloned();
    let refuse = |why| intake.refuse(why, origin.as_deref());
    let content_type =
        request.headers().get(header::CONTENT_TYPE).map_or(&[][..], |value| value.as_bytes());
    if !content_type.starts_with(b"application/grpc") {
        refuse(Refusal::Malformed);
        http::body::read_gently(request.into_body(), &life);
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "this port speaks gRPC, of the type application/grpc\n",
        )
            .into_response();
    }
    // Whoever asks how it is sends nothing.
    if let Some(method) = request.uri().path().strip_prefix("/grpc.health.v1.Health/") {
        let goes_on = method == "Watch";
        let response = next.run(request).await;
        // It has no end by itself.
        let until_stop = |body: Body| {
            let stop = life.stop.clone().cancelled_owned();
            Body::from_stream(body.into_data_stream().take_until(Box::pin(stop)))
        };
        return if goes_on { response.map(until_stop) } else { response };
    }
    if !intake.admits(request.headers(), origin.as_deref()) {
        http::body::read_gently(request.into_body(), &life);
        return Status::unauthenticated("a token is needed").into_http();
    }
    let reached = Reached::default();
    request.extensions_mut().insert(reached.clone());
    let is_unary = request.uri().path().ends_with("/Send");
    // Until the call is over.
    let held = Held::by(intake.budget().hold());
    request.extensions_mut().insert(held.clone());
    let answer = next.run(request.map(|body| counted(body, held.clone())));
    let response = match is_unary {
        false => answer.await,
        true => match timeout(intake.limits().time, answer).await {
            Ok(response) => response,
            Err(_) => {
                refuse(Refusal::TooSlow);
                return Status::deadline_exceeded("the message takes too long").into_http();
            }
        },
    };
    if !reached.0.load(Ordering::Relaxed) {
        let status = Status::from_header_map(response.headers());
        refuse(status.as_ref().map_or(Refusal::Malformed, refusal));
    }
    response
}

fn refusal(status: &Status) -> Refusal {
    match status.code() {
        Code::ResourceExhausted if status.message() == OVERLOAD => Refusal::Overload,
        Code::OutOfRange | Code::ResourceExhausted => Refusal::TooLarge,
        _ => Refusal::Malformed,
    }
}

/// Whether a call has got to the service.
#[derive(Clone, Default)]
struct Reached(Arc<AtomicBool>);

impl Reached {
    fn by<T>(request: &Request<T>) {
        if let Some(Self(reached)) = request.extensions().get() {
            reached.store(true, Ordering::Relaxed);
        }
    }
}

struct Service {
    unary: Intake,
    stream: Intake,
    stop: CancellationToken,
}

#[async_trait]
impl Ingest for Service {
    async fn send(&self, request: Request<Message>) -> Result<Response<Accepted>, Status> {
        let origin = request.extensions().get::<Arc<Origin>>().cloned();
        Reached::by(&request);
        let held = request.extensions().get::<Held>().cloned();
        let Message { body, subject } = request.into_inner();
        if body.len() > self.unary.limits().message {
            self.unary.refuse(Refusal::TooLarge, origin.as_deref());
            return Err(Status::out_of_range(self.unary.over_the_limit()));
        }
        // It was compressed, perhaps.
        if held.is_some_and(|held| !held.try_reach(body.len())) {
            self.unary.refuse(Refusal::Overload, origin.as_deref());
            return Err(Status::resource_exhausted(OVERLOAD));
        }
        let topic = self.unary.topic(&subject);
        match self.unary.take(topic, &mut vec![detach(body)], origin.as_ref()).await {
            Taken { rejected: 0, .. } => Ok(Response::new(Accepted { stored: 1, rejected: 0 })),
            _ => Err(Status::resource_exhausted("the queue has rejected the message")),
        }
    }

    async fn stream(
        &self,
        request: Request<Streaming<Message>>,
    ) -> Result<Response<Accepted>, Status> {
        let origin = request.extensions().get::<Arc<Origin>>().cloned();
        Reached::by(&request);
        let mut messages = request.into_inner();
        let bytes = |message: &Result<Message, Status>| {
            message.as_ref().map_or(0, |message| message.body.len())
        };
        let mut accepted = Accepted::default();
        let mut ended = Ok(());
        while ended.is_ok() {
            let ready = together::ready(&mut messages, bytes);
            let Some(chunk) = self.stop.run_until_cancelled(ready).await else {
                let text = format!(
                    "shutting down; of this stream, {} messages are stored",
                    accepted.stored
                );
                return Err(Status::unavailable(text));
            };
            if chunk.is_empty() {
                break;
            }
            let mut together =
                Together { service: self, topic: Topic::default(), bodies: Vec::new() };
            for message in chunk {
                match message {
                    Ok(message) if message.body.len() > self.stream.limits().message => {
                        ended = Err(Status::out_of_range(self.stream.over_the_limit()));
                        break;
                    }
                    Ok(message) => together.add(message, &mut accepted).await,
                    Err(status) => {
                        // What seems to follow is not to be relied on.
                        ended = Err(status);
                        break;
                    }
                }
            }
            together.take(&mut accepted).await;
        }
        ended.inspect_err(|status| {
            self.stream.refuse(refusal(status), origin.as_deref());
        })?;
        Ok(Response::new(accepted))
    }
}

/// Messages that follow each other and have the same topic.
struct Together<'a> {
    service: &'a Service,
    topic: Topic,
    bodies: Vec<Bytes>,
}

impl Together<'_> {
    async fn add(&mut self, message: Message, accepted: &mut Accepted) {
        let topic = self.service.stream.topic(&message.subject);
        if topic != self.topic {
            self.take(accepted).await;
            self.topic = topic;
        }
        self.bodies.push(detach(message.body));
    }

    async fn take(&mut self, accepted: &mut Accepted) {
        let Taken { stored, rejected } =
            self.service.stream.take(self.topic, &mut self.bodies, None).await;
        accepted.stored += stored;
        accepted.rejected += rejected;
    }
}
