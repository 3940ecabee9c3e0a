//! Where something listens: `HOST:PORT`, or `PORT` on the loopback address.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name or an address; one of IPv6 is in brackets.
    host: String,
    port: u16,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a port nor a host and a port");
        let (host, port) = text.rsplit_once(':').unwrap_or(("127.0.0.1", text));
        let port = port.parse().map_err(|_| wrong())?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_string(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Address {
    /// A host may have several, of which one can be bound.
    pub(crate) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        Ok(self.to_string().to_socket_addrs()?.collect())
    }

    /// Whether only one of the two can be bound.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let is_any = |host: &str| {
            let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
            address.is_ok_and(|address| address.is_unspecified())
        };
        let same_host = self.host == other.host || is_any(&self.host) || is_any(&other.host);
        self.port != 0 && self.port == other.port && same_host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn a_port_is_on_the_loopback_address() {
        assert_eq!(address("7").to_string(), "127.0.0.1:7");
        assert_eq!(address("[::1]:7").to_string(), "[::1]:7");
        for wrong in ["", ":7", "here", "70000", "a b:7", "7:"] {
            let error = wrong.parse::<Address>().unwrap_err();
            assert!(error.contains("neither a port"), "{error}");
        }
    }

    #[test]
    fn a_port_can_be_bound_once() {
        assert!(address("7").excludes(&address("127.0.0.1:7")));
        assert!(address("0.0.0.0:7").excludes(&address("host:7")));
        assert!(address("7").excludes(&address("[::]:7")));
        assert!(!address("7").excludes(&address("10.0.0.1:7")));
        assert!(!address("7").excludes(&address("8")));
        assert!(!address("0").excludes(&address("0")));
    }
}
