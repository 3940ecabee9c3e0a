//! HTTP POST: a request for each batch, of JSON lines.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_compression::tokio::write::GzipEncoder;
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, StatusCode, redirect};
use tokio::io::AsyncWriteExt;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};
use url::Url;

use super::{Failure, Fate, Fates, Output, record};
use crate::config::{Encoding, Header, HttpOptions, Parse};
use crate::message::Message;

pub(super) struct Http {
    client: Client,
    url: Url,
    options: HttpOptions,
    ca: Option<PathBuf>,
    parse: Parse,
    /// Whether there is a connection that was used, and may be again.
    is_connected: bool,
    /// Where the last answer came from.
    peer: Option<IpAddr>,
    /// From where it came when the name had another address. If it comes from there again, a proxy
    /// is between.
    left: Option<IpAddr>,
    looked_up: Instant,
}

/// How often the name of the receiver is looked up while there is a connection. The resolver of the
/// system knows for how long an answer holds.
const LOOK_UP_EVERY: Duration = Duration::from_secs(5);
/// How long that may take.
const LOOK_UP: Duration = Duration::from_secs(1);
/// In how many parts a batch is sent at most because a part has something in it that is refused.
const SPLITS: usize = 64;

impl Http {
    pub(super) fn new(
        url: &Url,
        options: &HttpOptions,
        ca: Option<PathBuf>,
        parse: Parse,
    ) -> Result<Self, crate::Error> {
        Ok(Self {
            client: client(options, ca.as_deref())?,
            url: url.clone(),
            options: options.clone(),
            ca,
            parse,
            is_connected: false,
            peer: None,
            left: None,
            looked_up: Instant::now(),
        })
    }

    /// A connection that was used before may be closed by the receiver just when a request goes
    /// out. That says nothing about the receiver, so there is another try at once.
    async fn post(&mut self, batch: &[Message]) -> Result<Response, Failure> {
        let mut lines = Vec::new();
        record::write(batch, self.parse, &mut lines)?;
        let encoding = match self.options.http_encoding {
            None => None,
            Some(Encoding::Gzip) => {
                lines = gzip(&lines).await?;
                Some((CONTENT_ENCODING, HeaderValue::from_static("gzip")))
            }
        };
        let lines = Bytes::from(lines);
        loop {
            let request = self
                .client
                .post(self.url.clone())
                .header(CONTENT_TYPE, "application/x-ndjson")
                .headers(encoding.clone().into_iter().collect())
                .body(lines.clone());
            let was_connected = std::mem::take(&mut self.is_connected);
            match request.send().await {
                Ok(response) => {
                    self.is_connected = true;
                    self.peer = response.remote_addr().map(|address| address.ip());
                    return Ok(response);
                }
                Err(error)
                    if was_connected
                        && error.is_request()
                        && !error.is_connect()
                        && !error.is_timeout() =>
                {
                    let error = error.without_url();
                    debug!(%error, "the connection was closed: once more");
                }
                // The URL may have a password.
                Err(error) => return Err(error.without_url().into()),
            }
        }
    }

    /// Leaves the connection when the receiver's name has another address by now.
    async fn look_up(&mut self) -> Result<(), crate::Error> {
        let (Some(name), Some(peer)) = (self.url.domain(), self.peer) else { return Ok(()) };
        if !self.is_connected || self.looked_up.elapsed() < LOOK_UP_EVERY {
            return Ok(());
        }
        self.looked_up = Instant::now();
        let port = self.url.port_or_known_default().unwrap_or_default();
        let Ok(Ok(addresses)) = timeout(LOOK_UP, lookup_host((name, port))).await else {
            return Ok(());
        };
        let addresses: Vec<_> = addresses.map(|address| address.ip()).collect();
        if !addresses.is_empty() && !addresses.contains(&peer) && self.left != Some(peer) {
            self.left = Some(peer);
            info!(name, %peer, "the receiver has another address");
            (self.client, self.is_connected) = (client(&self.options, self.ca.as_deref())?, false);
        }
        Ok(())
    }
}

#[async_trait]
impl Output for Http {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        // The next to be sent is the last here. What is too large together may not be too large
        // each by itself.
        let mut parts: Vec<_> = std::iter::once(0..batch.len()).collect();
        let mut splits = 0;
        self.look_up().await.map_err(Failure::because)?;
        while let Some(part) = parts.pop() {
            let response = self.post(&batch[part.clone()]).await?;
            let status = response.status();
            if status.is_success() {
                fates.set(part, Fate::Delivered);
            } else if part.len() > 1
                && (is_too_large(status) || is_wrong(status) && splits < SPLITS)
            {
                splits += 1;
                let middle = part.start + part.len() / 2;
                parts.extend([middle..part.end, part.start..middle]);
            } else if is_final(status) {
                let (messages, answer) = (part.len(), beginning(response).await);
                warn!(%status, answer, messages, "the output refuses messages");
                fates.set(part, Fate::Refused);
            } else {
                let retry_after = retry_after(response.headers());
                let answer = beginning(response).await;
                let failure = Failure::because(format!("it answers {status}: {answer:?}"));
                return Err(Failure { retry_after, ..failure });
            }
        }
        Ok(())
    }

    /// What is read from files: headers and certificates.
    async fn reload(&mut self) -> Result<(), crate::Error> {
        (self.client, self.is_connected) = (client(&self.options, self.ca.as_deref())?, false);
        Ok(())
    }
}

async fn gzip(lines: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(lines).await?;
    encoder.shutdown().await?;
    Ok(encoder.into_inner())
}

/// Whether another try is of no use. Timeout and too many requests mean "later".
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn is_too_large(status: StatusCode) -> bool {
    status == StatusCode::PAYLOAD_TOO_LARGE
}

/// Whether something is wrong with what was sent, of which one message may be the cause.
fn is_wrong(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
}

fn client(options: &HttpOptions, ca: Option<&Path>) -> Result<Client, crate::Error> {
    let mut headers = HeaderMap::new();
    headers.extend(options.http_headers.iter().cloned().map(|Header(name, value)| (name, value)));
    if let Some(path) = &options.http_header_file {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Header(name, value) = line.parse().map_err(|error| wrong(&error))?;
            headers.append(name, value);
        }
    }
    // Followed, a redirection could turn a POST into a GET without the messages.
    let mut client = Client::builder()
        .redirect(redirect::Policy::none())
        .default_headers(headers)
        .pool_idle_timeout(options.http_idle);
    if let Some(path) = ca {
        let certificates = std::fs::read(path).map_err(crate::Error::from);
        let certificates = certificates.and_then(|pem| Ok(Certificate::from_pem_bundle(&pem)?));
        let certificates = certificates.map_err(|error| format!("{}: {error}", path.display()))?;
        if certificates.is_empty() {
            return Err(format!("{}: there is no certificate in it", path.display()).into());
        }
        client = client.tls_certs_merge(certificates);
    }
    Ok(client.build()?)
}

/// How much of an answer is shown.
const SHOWN: usize = 200;

/// The beginning of what a server has to say.
async fn beginning(mut response: Response) -> String {
    let mut body = Vec::new();
    while body.len() < SHOWN {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        body.extend_from_slice(&chunk[..chunk.len().min(SHOWN - body.len())]);
    }
    String::from_utf8_lossy(&body).trim().to_string()
}

/// The longest time for which a server can have itself left alone.
const LONGEST: Duration = Duration::from_secs(3600);

/// A number of seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let time = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(SystemTime::now())
            .unwrap_or_default(),
    };
    Some(time.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_can_say_how_long_it_wants_to_be_left_alone() {
        let after =
            |text: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("99999999"), Some(LONGEST));
        assert_eq!(after("soon"), None);
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!(after(&soon).is_some_and(|time| (90..=100).contains(&time.as_secs())));
        assert_eq!(after("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn only_what_says_never_is_final() {
        let finals =
            [400, 401, 404, 413, 422].map(|status| is_final(StatusCode::from_u16(status).unwrap()));
        assert_eq!(finals, [true; 5]);
        let later = [302, 307, 408, 429, 500, 503]
            .map(|status| is_final(StatusCode::from_u16(status).unwrap()));
        assert_eq!(later, [false; 6]);
    }
}
