//! HTTP POST: a request for each batch, of JSON lines.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, StatusCode, Url, redirect};
use tracing::warn;

use super::{Failure, Fate, Fates, Output, record};
use crate::config::Pipeline;
use crate::message::Message;

pub(super) struct Http {
    client: Client,
    url: Url,
    pipeline: Pipeline,
}

impl Http {
    pub(super) fn new(url: &Url, pipeline: &Pipeline) -> Result<Self, crate::Error> {
        Ok(Self { client: client(pipeline)?, url: url.clone(), pipeline: pipeline.clone() })
    }

    async fn post(&self, batch: &[Message]) -> Result<Response, Failure> {
        let mut lines = Vec::new();
        record::write(batch, self.pipeline.parse, &mut lines)?;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .body(lines);
        // The URL may have a password.
        Ok(request.send().await.map_err(reqwest::Error::without_url)?)
    }
}

#[async_trait]
impl Output for Http {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        // The next to be sent is the last here. What is too large together may not be too large
        // each by itself.
        let mut parts: Vec<_> = std::iter::once(0..batch.len()).collect();
        while let Some(part) = parts.pop() {
            let response = self.post(&batch[part.clone()]).await?;
            let status = response.status();
            if status.is_success() {
                fates.set(part, Fate::Delivered);
            } else if status == StatusCode::PAYLOAD_TOO_LARGE && part.len() > 1 {
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
    fn reload(&mut self) -> Result<(), crate::Error> {
        self.client = client(&self.pipeline)?;
        Ok(())
    }
}

/// Whether another try is of no use. Timeout and too many requests mean "later".
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn client(pipeline: &Pipeline) -> Result<Client, crate::Error> {
    let mut headers = HeaderMap::new();
    headers.extend(pipeline.http_headers.iter().cloned().map(|Header(name, value)| (name, value)));
    if let Some(path) = &pipeline.http_header_file {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Header(name, value) = line.parse().map_err(|error| wrong(&error))?;
            headers.append(name, value);
        }
    }
    // Followed, a redirection could turn a POST into a GET without the messages.
    let mut client = Client::builder().redirect(redirect::Policy::none()).default_headers(headers);
    if let Some(path) = &pipeline.output_ca {
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

/// A header as it is written: `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header(HeaderName, HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').ok_or("a header is `Name: value`")?;
        let name =
            name.trim().parse().map_err(|_| "a header's name is letters, digits and dashes")?;
        let mut value: HeaderValue =
            value.trim().parse().map_err(|_| "a header's value is visible ASCII")?;
        value.set_sensitive(true);
        Ok(Self(name, value))
    }
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
