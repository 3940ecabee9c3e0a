//! Inputs: each turns what comes over one protocol into messages.

mod connections;
mod grpc;
mod http;
mod tcp;
mod udp;
mod websocket;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::intake::Intake;
use crate::message::Source;
pub(crate) use connections::Limits;

/// Something that messages come from, bound to its address.
#[async_trait]
pub(crate) trait Input: Send {
    fn address(&self) -> io::Result<SocketAddr>;

    /// Takes messages until it is told to stop. Its connections may take longer, as tasks of `life`.
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

/// What is to be bound: `scheme://address:port`, or `scheme://port` on the loopback address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    source: Source,
    tls: bool,
    address: SocketAddr,
}

/// gRPC stands there by one of its two sources: both are served at once.
const SCHEMES: [(&str, Source, bool); 11] = [
    ("http", Source::Http, false),
    ("https", Source::Http, true),
    ("grpc", Source::GrpcUnary, false),
    ("grpcs", Source::GrpcUnary, true),
    ("ws", Source::WebSocket, false),
    ("wss", Source::WebSocket, true),
    ("tcp+lines", Source::TcpLines, false),
    ("tls+lines", Source::TcpLines, true),
    ("tcp+frames", Source::TcpFrames, false),
    ("tls+frames", Source::TcpFrames, true),
    ("udp", Source::Udp, false),
];

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it must be SCHEME://ADDRESS:PORT or SCHEME://PORT")?;
        let known = SCHEMES.iter().find(|(name, ..)| *name == scheme);
        let &(_, source, tls) = known.ok_or_else(|| {
            let names: Vec<_> = SCHEMES.iter().map(|(name, ..)| *name).collect();
            format!("`{scheme}` is none of {}", names.join(", "))
        })?;
        let address = match rest.parse::<u16>() {
            Ok(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            Err(_) => rest.parse().map_err(|_| format!("`{rest}` is neither a port nor an IP address and a port"))?,
        };
        Ok(Self { source, tls, address })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = SCHEMES.iter().find(|&&(_, source, tls)| (source, tls) == (self.source, self.tls));
        write!(f, "{}://{}", known.expect("it was made of one").0, self.address)
    }
}

impl Endpoint {
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    pub(crate) fn bind(&self, limits: &Limits) -> Result<Box<dyn Input>, crate::Error> {
        // What is spoken inside TLS is agreed on in it.
        let protocols: &[&[u8]] = match self.source {
            Source::Http => &[b"h2", b"http/1.1"],
            Source::GrpcUnary | Source::GrpcStream => &[b"h2"],
            Source::WebSocket => &[b"http/1.1"],
            Source::TcpLines | Source::TcpFrames | Source::Udp => &[],
        };
        if self.source == Source::Udp {
            return Ok(Box::new(udp::Udp::bind(self.address)?));
        }
        let connections = connections::Connections::bind(self.address, self.tls.then_some(protocols), limits)?;
        Ok(match self.source {
            Source::Http => Box::new(http::Http(connections)),
            Source::GrpcUnary | Source::GrpcStream => Box::new(grpc::Grpc(connections)),
            Source::WebSocket => Box::new(websocket::WebSocket(connections)),
            Source::TcpLines => Box::new(tcp::Tcp::lines(connections)),
            Source::TcpFrames => Box::new(tcp::Tcp::frames(connections)),
            Source::Udp => unreachable!("it has no connections"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_on_the_loopback_address_unless_they_say_more() {
        let shown = |text: &str| text.parse::<Endpoint>().unwrap().to_string();
        assert_eq!(shown("udp://7"), "udp://127.0.0.1:7");
        assert_eq!(shown("tls+lines://0.0.0.0:7"), "tls+lines://0.0.0.0:7");
        assert_eq!(shown("https://[::1]:0"), "https://[::1]:0");
        for (wrong, why) in
            [("7", "SCHEME://"), ("ftp://7", "is none of http, https"), ("http://here:7", "neither a port")]
        {
            let error = wrong.parse::<Endpoint>().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
