//! What is wrong with settings that are each well-formed by themselves.

use super::{Config, Pipeline};

impl Config {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err("--tls-cert and --tls-key are only of use together".into());
        }
        for endpoint in &self.inputs {
            let has_topic = |name: &str| self.topics.iter().any(|(topic, _)| topic == name);
            if endpoint.topic().is_some_and(|name| !has_topic(name)) {
                return Err(format!("{endpoint}: there is no such topic in the file"));
            }
            if endpoint.is_secure() && self.tls_cert.is_none() {
                return Err(format!("{endpoint}: TLS needs --tls-cert and --tls-key"));
            }
        }
        self.pipeline.check(self.max_message)?;
        for (name, pipeline) in &self.topics {
            pipeline.check(self.max_message).map_err(|error| format!("topic.{name}: {error}"))?;
        }
        Ok(())
    }
}

impl Pipeline {
    fn check(&self, max_message: usize) -> Result<(), String> {
        let Self { queue_bytes, retry_first, retry_longest, .. } = self;
        if *queue_bytes < max_message {
            return Err(format!(
                "a message may have {max_message} bytes, but --queue-bytes is {queue_bytes}"
            ));
        }
        if retry_longest < retry_first {
            return Err(format!(
                "--retry-first {retry_first:?} is more than --retry-longest {retry_longest:?}"
            ));
        }
        if self.enrich_by.is_some() != self.enrich_from.is_some() {
            return Err("--enrich-by and --enrich-from are only of use together".into());
        }
        // Queues know best what they can be.
        self.queue
            .build::<()>(self.capacity)
            .map(drop)
            .map_err(|error| format!("--capacity {}: {error}", self.capacity))
    }
}
