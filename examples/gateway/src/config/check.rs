//! What is wrong with settings that are each well-formed by themselves.

use super::{Config, Pipeline};

impl Config {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return Err("--tls-cert and --tls-key are only of use together".into());
        }
        if self.tls_client_ca.is_some() && self.tls_cert.is_none() {
            return Err("--tls-client-ca needs --tls-cert and --tls-key".into());
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
        self.ports_are_free_of_each_other()?;
        let most = self.max_message.max(self.max_body);
        if self.unfinished_bytes < most {
            return Err(format!(
                "a message or a body may have {most} bytes, but --unfinished-bytes is {}",
                self.unfinished_bytes
            ));
        }
        self.pipeline.check(self.max_message)?;
        for (name, pipeline) in &self.topics {
            pipeline.check(self.max_message).map_err(|error| format!("topic.{name}: {error}"))?;
        }
        Ok(())
    }

    fn ports_are_free_of_each_other(&self) -> Result<(), String> {
        let inputs = self.inputs.iter();
        let mut places: Vec<_> =
            inputs.map(|input| (input.to_string(), input.is_tcp(), input.address())).collect();
        places.push(("--operations".into(), true, &self.operations));
        for (i, (name, is_tcp, address)) in places.iter().enumerate() {
            let mut before = places[..i].iter();
            let other = before.find(|other| other.1 == *is_tcp && other.2.excludes(address));
            if let Some((other, ..)) = other {
                return Err(format!("{other} and {name} are on one port"));
            }
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
