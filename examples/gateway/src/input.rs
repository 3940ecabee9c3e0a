//! Inputs: each turns what comes over one protocol into messages.

mod connections;
mod endpoint;
mod grpc;
mod http;
mod tcp;
mod udp;
mod websocket;

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::intake::Intake;
use crate::message::Source;
pub(crate) use connections::{Limits, plain};
pub(crate) use endpoint::Endpoint;
pub(crate) use http::serve;

/// Something that messages come from, bound to its address.
#[async_trait]
pub(crate) trait Input: Send {
    fn address(&self) -> io::Result<SocketAddr>;

    /// Takes messages until it is told to stop. Its connections may take longer, as tasks of
    /// `life`.
    async fn run(self: Box<Self>, intake: Intake, life: Life);
}

/// How inputs come to an end, which is in two steps.
#[derive(Clone, Default)]
pub(crate) struct Life {
    /// Begin nothing new, and end what can be ended properly.
    pub(crate) stop: CancellationToken,
    /// Drop everything.
    kill: CancellationToken,
    tasks: TaskTracker,
}

impl Life {
    /// Runs it until it ends or everything must.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let kill = self.kill.clone();
        self.tasks.spawn(async move {
            kill.run_until_cancelled(task).await;
        });
    }

    /// Ends all tasks, by force after `grace`; then none runs any more.
    pub(crate) async fn end(&self, grace: impl Future) {
        self.stop.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            _ = grace => {
                self.kill.cancel();
                self.tasks.wait().await;
            }
        }
    }
}

impl Endpoint {
    pub(crate) fn bind(&self, limits: &Limits) -> Result<Box<dyn Input>, crate::Error> {
        // What is spoken inside TLS is agreed on in it.
        let protocols: &[&[u8]] = match self.source() {
            Source::Http => &[b"h2", b"http/1.1"],
            Source::GrpcUnary | Source::GrpcStream => &[b"h2"],
            Source::WebSocket => &[b"http/1.1"],
            Source::TcpLines | Source::TcpFrames | Source::Udp => &[],
        };
        let addresses = self.addresses()?;
        if self.source() == Source::Udp {
            return Ok(Box::new(udp::Udp::bind(addresses, limits)?));
        }
        let tls = self.is_secure().then_some(protocols);
        let connections = connections::Connections::bind(&addresses, tls, limits)?;
        Ok(match self.source() {
            Source::Http => Box::new(http::Http(connections)),
            Source::GrpcUnary | Source::GrpcStream => Box::new(grpc::Grpc(connections)),
            Source::WebSocket => Box::new(websocket::WebSocket(connections)),
            Source::TcpLines => Box::new(tcp::Tcp::lines(connections)),
            Source::TcpFrames => Box::new(tcp::Tcp::frames(connections)),
            Source::Udp => unreachable!("it has no connections"),
        })
    }
}
