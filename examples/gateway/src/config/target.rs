//! Which outputs are wanted.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::header::refuse_variables;

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Null(Duration),
    Stdout,
    #[cfg(feature = "file")]
    File(PathBuf),
    #[cfg(feature = "http")]
    Http(Url),
    /// Its path is the topic.
    #[cfg(feature = "mqtt")]
    Mqtt(Url),
    /// The servers of one cluster, of which one is connected to.
    #[cfg(feature = "nats")]
    Nats(Vec<Url>),
}

/// Several, separated by commas. NATS servers that follow each other are of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Targets(pub(crate) Vec<Target>);

impl FromStr for Targets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        refuse_variables(text)?;
        let mut targets: Vec<Target> = Vec::new();
        for each in text.split(',') {
            match (targets.last_mut(), each.trim().parse()?) {
                #[cfg(feature = "nats")]
                (Some(Target::Nats(servers)), Target::Nats(more)) => servers.extend(more),
                (_, target) => targets.push(target),
            }
        }
        Ok(Self(targets))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match (scheme, rest) {
            ("null", "") => Ok(Self::Null(Duration::ZERO)),
            ("null", delay) => {
                humantime::parse_duration(delay).map(Self::Null).map_err(|error| error.to_string())
            }
            ("stdout", "") => Ok(Self::Stdout),
            #[cfg(feature = "file")]
            ("file", path) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            #[cfg(feature = "http")]
            ("http" | "https", _) => url(text).map(Self::Http),
            #[cfg(feature = "mqtt")]
            ("mqtt", _) => match url(text)? {
                url if !is_publishable(url.path()) => {
                    Err("a topic to publish to is needed after the port: without `+` and `#`"
                        .into())
                }
                url if url.query().is_none() => Ok(Self::Mqtt(url)),
                _ => Err("nothing may follow the topic".into()),
            },
            #[cfg(feature = "nats")]
            ("nats" | "tls", _) => match url(text)? {
                url if matches!(url.path(), "" | "/") && url.query().is_none() => {
                    Ok(Self::Nats(vec![url]))
                }
                _ => Err("nothing may follow the port".into()),
            },
            _ => Err(format!("it must be one of {}", KINDS.join(", "))),
        }
    }
}

const KINDS: &[&str] = &[
    "null",
    "null:DELAY",
    "stdout",
    #[cfg(feature = "file")]
    "file:PATH",
    #[cfg(feature = "http")]
    "http(s)://…",
    #[cfg(feature = "mqtt")]
    "mqtt://HOST:PORT/TOPIC",
    #[cfg(feature = "nats")]
    "nats://…",
];

#[cfg(feature = "mqtt")]
fn is_publishable(path: &str) -> bool {
    path.len() > 1 && !path.contains(['+', '#'])
}

/// The text itself is in no error: it may have a password.
fn url(text: &str) -> Result<Url, String> {
    const HINT: &str = "in a password `#` is written %23, `/` %2F, `?` %3F, and `@` %40; \
                        `#` and `@` are written so after the host, too";
    let url = Url::parse(text).map_err(|error| match text.contains('@') {
        true => format!("it is no URL: {error}; {HINT}"),
        false => format!("it is no URL: {error}"),
    })?;
    if !url.has_host() {
        return Err("the host is missing".into());
    }
    // A password with one of these would otherwise be shown as what follows the host.
    let after_host = [url.path(), url.query().unwrap_or_default()];
    if url.fragment().is_some() || after_host.iter().any(|part| part.contains('@')) {
        return Err(HINT.into());
    }
    Ok(url)
}

/// Without what may be secret: a user, a password, a query.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(_) => f.write_str("null"),
            Self::Stdout => f.write_str("stdout"),
            #[cfg(feature = "file")]
            Self::File(path) => write!(f, "file:{}", path.display()),
            #[cfg(feature = "http")]
            Self::Http(url) => f.write_str(&shown(url)),
            #[cfg(feature = "mqtt")]
            Self::Mqtt(url) => f.write_str(&shown(url)),
            #[cfg(feature = "nats")]
            Self::Nats(servers) => {
                f.write_str(&servers.iter().map(shown).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// As it is displayed, since whoever debugs writes it down.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn shown(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let shown = |text: &str| {
            let target = text.parse::<Target>().unwrap();
            assert_eq!(format!("{target:?}"), target.to_string());
            target.to_string()
        };
        assert_eq!(shown("nats://user:secret@host:4222"), "nats://host:4222");
        assert_eq!(shown("https://user:secret@host/path?key=secret"), "https://host/path");
        for wrong in [
            "nats://",
            "http://",
            "nats://user:secret@",
            "http:host:secret",
            "nats://user:p#secret@host",
            "nats://user:1#secret@host",
            "nats://user:1/secret@host",
            "nats://user:1?secret@host",
            "https://user:1/secret@host/",
            "https://user:1?secret@host/",
            "nats://user:${secret}@host",
        ] {
            let error = wrong.parse::<Targets>().unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn servers_that_follow_each_other_are_of_one_cluster() {
        let targets: Targets = "null,nats://a:1,nats://u:p@b:2,stdout".parse().unwrap();
        let shown: Vec<_> = targets.0.iter().map(Target::to_string).collect();
        assert_eq!(shown, ["null", "nats://a:1,nats://b:2", "stdout"]);
    }
}
