//! HTTP POST: a request for each batch, of JSON lines.

use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};
use tracing::warn;

use super::{Fate, Fates, Output, record};
use crate::config::{Config, Parse};
use crate::message::Message;

pub(super) struct Http {
    client: Client,
    url: Url,
    parse: Parse,
}

impl Http {
    pub(super) fn new(url: &str, config: &Config) -> Result<Self, crate::Error> {
        Ok(Self { client: Client::builder().build()?, url: url.parse()?, parse: config.parse })
    }
}

#[async_trait]
impl Output for Http {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error> {
        let mut lines = Vec::new();
        record::write(batch, self.parse, &mut lines)?;
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/x-ndjson").body(lines);
        let status = request.send().await?.status();
        // These two mean "later".
        let later = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        if status.is_success() {
            fates.set_all(Fate::Delivered);
        } else if status.is_client_error() && !later {
            warn!(%status, "it wants nothing of this batch");
            fates.set_all(Fate::Refused);
        } else {
            return Err(format!("it answers {status}").into());
        }
        Ok(())
    }
}
