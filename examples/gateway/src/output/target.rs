//! Which output is wanted.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Null(Duration),
    Stdout,
    File(PathBuf),
    Http(Url),
    Nats(Url),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        let url = || match Url::parse(text) {
            Ok(url) if url.has_host() => Ok(url),
            Ok(_) => Err("the host is missing".to_string()),
            // The text itself is not repeated: it may have a password.
            Err(error) => Err(format!("it is no URL: {error}")),
        };
        match (scheme, rest) {
            ("null", "") => Ok(Self::Null(Duration::ZERO)),
            ("null", delay) => {
                humantime::parse_duration(delay).map(Self::Null).map_err(|error| error.to_string())
            }
            ("stdout", "") => Ok(Self::Stdout),
            ("file", path) if !path.is_empty() => Ok(Self::File(path.into())),
            ("http" | "https", _) => url().map(Self::Http),
            ("nats" | "tls", _) => url().map(Self::Nats),
            _ => {
                Err("it must be null, null:DELAY, stdout, file:PATH, http(s)://… or nats://…"
                    .into())
            }
        }
    }
}

/// Without what may be secret: a user, a password, a query.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(_) => f.write_str("null"),
            Self::Stdout => f.write_str("stdout"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Http(url) | Self::Nats(url) => {
                let port = url.port().map_or(String::new(), |port| format!(":{port}"));
                write!(
                    f,
                    "{}://{}{port}{}",
                    url.scheme(),
                    url.host_str().unwrap_or_default(),
                    url.path()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let shown = |text: &str| text.parse::<Target>().unwrap().to_string();
        assert_eq!(shown("nats://user:secret@host:4222"), "nats://host:4222");
        assert_eq!(shown("https://user:secret@host/path?key=secret"), "https://host/path");
        for wrong in ["nats://", "http://", "nats://user:secret@", "http:host:secret"] {
            let error = wrong.parse::<Target>().unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
