//! Inputs: each turns what comes over one protocol into messages.

mod connections;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
mod tcp;
mod together;
mod udp;
#[cfg(feature = "websocket")]
mod websocket;

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Endpoint, Scheme};
use crate::intake::Intake;
pub(crate) use connections::{Common, plain};
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
    /// The gateway is to end, and whoever asks is told. Messages are taken as before.
    pub(crate) ending: CancellationToken,
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

pub(crate) fn bind(endpoint: &Endpoint, common: &Common) -> Result<Box<dyn Input>, crate::Error> {
    let addresses = endpoint.address().resolve()?;
    // What is spoken inside TLS is agreed on in it.
    let connections = |protocols: &[&[u8]]| {
        let tls = endpoint.is_secure().then_some(protocols);
        connections::Connections::bind(&addresses, tls, common)
    };
    Ok(match endpoint.scheme() {
        Scheme::Http => Box::new(http::Http(connections(&[b"h2", b"http/1.1"])?)),
        #[cfg(feature = "grpc")]
        Scheme::Grpc => Box::new(grpc::Grpc(connections(&[b"h2"])?)),
        #[cfg(feature = "websocket")]
        Scheme::WebSocket => Box::new(websocket::WebSocket(connections(&[b"http/1.1"])?)),
        Scheme::TcpLines => Box::new(tcp::Tcp::lines(connections(&[])?)),
        Scheme::TcpFrames => Box::new(tcp::Tcp::frames(connections(&[])?)),
        Scheme::Udp => Box::new(udp::Udp::bind(&addresses, common)?),
    })
}
