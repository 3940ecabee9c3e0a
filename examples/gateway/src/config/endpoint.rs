//! What is to be bound: `scheme://host:port`, or `scheme://port` on the loopback address; with
//! `?topic=…` and `?full=wait`.

use std::fmt;
use std::str::FromStr;

use super::Address;
use crate::message::Source;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    scheme: Scheme,
    is_secure: bool,
    address: Address,
    topic: Option<String>,
    waits: bool,
}

/// What is spoken at an endpoint, inside TLS or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    #[cfg(feature = "grpc")]
    Grpc,
    #[cfg(feature = "websocket")]
    WebSocket,
    TcpLines,
    TcpFrames,
    Udp,
}

const SCHEMES: &[(&str, Scheme, bool)] = &[
    ("http", Scheme::Http, false),
    ("https", Scheme::Http, true),
    #[cfg(feature = "grpc")]
    ("grpc", Scheme::Grpc, false),
    #[cfg(feature = "grpc")]
    ("grpcs", Scheme::Grpc, true),
    #[cfg(feature = "websocket")]
    ("ws", Scheme::WebSocket, false),
    #[cfg(feature = "websocket")]
    ("wss", Scheme::WebSocket, true),
    ("tcp+lines", Scheme::TcpLines, false),
    ("tls+lines", Scheme::TcpLines, true),
    ("tcp+frames", Scheme::TcpFrames, false),
    ("tls+frames", Scheme::TcpFrames, true),
    ("udp", Scheme::Udp, false),
];

impl Scheme {
    /// As what its connections are counted before it is known what comes over them.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Http => Source::Http,
            #[cfg(feature = "grpc")]
            Self::Grpc => Source::GrpcUnary,
            #[cfg(feature = "websocket")]
            Self::WebSocket => Source::WebSocket,
            Self::TcpLines => Source::TcpLines,
            Self::TcpFrames => Source::TcpFrames,
            Self::Udp => Source::Udp,
        }
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) =
            text.split_once("://").ok_or("it must be SCHEME://HOST:PORT or SCHEME://PORT")?;
        let known = SCHEMES.iter().find(|(known, ..)| *known == name);
        let &(_, scheme, is_secure) = known.ok_or_else(|| {
            let names: Vec<_> = SCHEMES.iter().map(|(name, ..)| *name).collect();
            format!("`{name}` is none of {}", names.join(", "))
        })?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let address = place.parse()?;
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
        Ok(Self { scheme, is_secure, address, topic, waits })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = SCHEMES
            .iter()
            .find(|&&(_, scheme, tls)| (scheme, tls) == (self.scheme, self.is_secure));
        write!(f, "{}://{}", known.expect("it was made of one").0, self.address)
    }
}

impl Endpoint {
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The topic of all its messages.
    pub(crate) fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Whether senders wait for room.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// Whether it is bound as a port of TCP, which may be there beside the same one of UDP.
    pub(super) fn is_tcp(&self) -> bool {
        self.scheme != Scheme::Udp
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
