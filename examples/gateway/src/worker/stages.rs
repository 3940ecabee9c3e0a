//! The stages of a pipeline, in order: parse, enrich, leave out duplicates, reduce.

use std::sync::Arc;

use crate::account::{Ledger, Rejection};
use crate::config::{Parse, Pipeline};
use crate::message::Message;
use crate::stage::{Dedupe, Enrich, Reduce, parse_json};

pub(super) struct Stages {
    parse: Parse,
    enrich: Option<Enrich>,
    reduce: Option<Reduce>,
    dedupe: Option<Dedupe>,
    ledger: Arc<Ledger>,
}

impl Stages {
    pub(super) fn new(pipeline: &Pipeline, ledger: &Arc<Ledger>) -> Result<Self, crate::Error> {
        let enrich = match (&pipeline.enrich_by, &pipeline.enrich_from) {
            (Some(by), Some(file)) => Some(Enrich::load(by.clone(), file.clone())?),
            _ => None,
        };
        Ok(Self {
            parse: pipeline.parse,
            enrich,
            reduce: pipeline.reduce_by.clone().map(|by| Reduce::new(by, pipeline.reduce_every)),
            dedupe: pipeline.dedupe.map(Dedupe::new),
            ledger: Arc::clone(ledger),
        })
    }

    /// Leaves what is to be delivered, and accounts for the rest; returns what is malformed.
    pub(super) fn examine(&mut self, batch: &mut Vec<Message>) -> Vec<Message> {
        let mut malformed = Vec::new();
        if self.parse == Parse::Json {
            let wrong = batch.extract_if(.., |message| match parse_json(&message.body) {
                Some(body) => {
                    message.body = body;
                    false
                }
                None => true,
            });
            malformed = wrong.collect();
            self.ledger.rejected(Rejection::Malformed, malformed.len() as u64);
        }
        if let Some(enrich) = &self.enrich {
            for message in &mut *batch {
                if let Some(body) = enrich.enriched(&message.body) {
                    message.body = body;
                }
            }
        }
        // After all that changes a message: one that is not delivered is forgotten by what it is
        // then.
        if let Some(dedupe) = &mut self.dedupe {
            self.ledger.duplicates(remove(batch, |message| dedupe.is_duplicate(message)));
        }
        if let Some(reduce) = &mut self.reduce {
            self.ledger.reduced(remove(batch, |message| reduce.is_one_too_many(message)));
        }
        malformed
    }

    /// That these were not delivered: when their senders try again, they are no duplicates.
    pub(super) fn forget<'a>(&mut self, messages: impl Iterator<Item = &'a Message>) {
        if self.dedupe.is_none() && self.reduce.is_none() {
            return;
        }
        for message in messages {
            self.dedupe.iter_mut().for_each(|dedupe| dedupe.forget(message));
            self.reduce.iter_mut().for_each(|reduce| reduce.forget(message));
        }
    }

    pub(super) fn reload(&mut self) -> Result<(), crate::Error> {
        self.enrich.as_mut().map_or(Ok(()), Enrich::reload)
    }
}

/// Removes what `is_out`; returns how many.
fn remove(batch: &mut Vec<Message>, mut is_out: impl FnMut(&mut Message) -> bool) -> u64 {
    let before = batch.len();
    batch.retain_mut(|message| !is_out(message));
    (before - batch.len()) as u64
}
