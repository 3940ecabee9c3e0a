//! What is to be bound: `scheme://host:port`, or `scheme://port` on the loopback address; with
//! `?topic=…` and `?full=wait`.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use crate::message::Source;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    source: Source,
    is_secure: bool,
    /// A host, by name or address, and a port.
    address: String,
    topic: Option<String>,
    waits: bool,
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
        let (scheme, rest) =
            text.split_once("://").ok_or("it must be SCHEME://HOST:PORT or SCHEME://PORT")?;
        let known = SCHEMES.iter().find(|(name, ..)| *name == scheme);
        let &(_, source, is_secure) = known.ok_or_else(|| {
            let names: Vec<_> = SCHEMES.iter().map(|(name, ..)| *name).collect();
            format!("`{scheme}` is none of {}", names.join(", "))
        })?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = match place.rsplit_once(':') {
            None if place.parse::<u16>().is_ok() => format!("127.0.0.1:{place}"),
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                place.to_string()
            }
            _ => return Err(format!("`{place}` is neither a port nor a host and a port")),
        };
        let (mut topic, mut waits) = (None, false);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("topic", name)) if !name.is_empty() => topic = Some(name.to_string()),
                Some(("full", "wait")) => waits = true,
                Some(("full", "evict")) => waits = false,
                _ => {
                    return Err(format!("`{option}` is none of topic=NAME, full=wait, full=evict"));
                }
            }
        }
        Ok(Self { source, is_secure, address, topic, waits })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = SCHEMES
            .iter()
            .find(|&&(_, source, tls)| (source, tls) == (self.source, self.is_secure));
        write!(f, "{}://{}", known.expect("it was made of one").0, self.address)
    }
}

impl Endpoint {
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The topic of all its messages.
    pub(crate) fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Whether senders wait for room.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// A host may have several, of which one can be bound.
    pub(crate) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        Ok(self.address.to_socket_addrs()?.collect())
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
        assert_eq!(shown("http://localhost:7"), "http://localhost:7");
        for (wrong, why) in [
            ("7", "SCHEME://"),
            ("ftp://7", "is none of http, https"),
            ("http://here", "neither a port"),
            ("http://:7", "neither a port"),
            ("http://70000", "neither a port"),
            ("http://7?full=later", "is none of topic=NAME"),
        ] {
            let error = wrong.parse::<Endpoint>().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn options_are_of_one_port() {
        let endpoint: Endpoint = "http://7?topic=alarms&full=wait".parse().unwrap();
        assert_eq!((endpoint.topic(), endpoint.waits()), (Some("alarms"), true));
        let endpoint: Endpoint = "http://7".parse().unwrap();
        assert_eq!((endpoint.topic(), endpoint.waits()), (None, false));
    }
}
