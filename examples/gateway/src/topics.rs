//! Topics: each has lanes of its own, one for each of its outputs. What has no topic goes by the
//! first, `default`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::account::Account;
use crate::config::{Config, Pipeline, Target};
use crate::json;
use crate::lane::Lane;

/// Each connection has a clone.
#[derive(Clone)]
pub(crate) struct Topics {
    names: Arc<HashMap<String, Topic>>,
    field: Option<Arc<str>>,
    lanes: Vec<Vec<Lane>>,
}

/// One of the topics there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Topic(usize);

/// What a worker needs to know about its lane.
pub(crate) struct Route {
    pub(crate) lane: Lane,
    pub(crate) target: Target,
    pub(crate) pipeline: Pipeline,
}

impl Topics {
    pub(crate) fn new(
        config: &Config,
        account: &Account,
    ) -> Result<(Self, Vec<Route>), crate::Error> {
        let general = ("default".to_string(), config.pipeline.clone());
        let (mut names, mut lanes, mut routes) = (HashMap::new(), Vec::new(), Vec::new());
        // A file may have a topic of that name: then it is what is taken for what has none.
        let has_default = config.topics.iter().any(|(name, _)| *name == general.0);
        let mut topics: Vec<_> =
            (!has_default).then_some(&general).into_iter().chain(&config.topics).collect();
        topics.sort_by_key(|(name, _)| *name != general.0);
        for (name, pipeline) in topics {
            names.insert(name.clone(), Topic(lanes.len()));
            let mut shown = HashMap::<String, usize>::new();
            let mut of_topic = Vec::new();
            for target in pipeline.targets() {
                let mut output = target.to_string();
                let before = shown.entry(output.clone()).or_default();
                *before += 1;
                if *before > 1 {
                    output = format!("{output} {before}");
                }
                let ledger = account.ledger(name, &output);
                let lane =
                    Lane::new(pipeline.queue, pipeline.capacity, pipeline.queue_bytes, ledger)?;
                of_topic.push(lane.clone());
                routes.push(Route { lane, target: target.clone(), pipeline: pipeline.clone() });
            }
            lanes.push(of_topic);
        }
        let field = config.topic_field.as_deref().map(Arc::from);
        Ok((Self { names: Arc::new(names), field, lanes }, routes))
    }

    /// The topic of that name, if there is one: of a path or a subject.
    pub(crate) fn named(&self, name: &str) -> Option<Topic> {
        self.names.get(name.trim_matches('/')).copied()
    }

    /// Whether each message has to be asked.
    pub(crate) fn are_in_messages(&self) -> bool {
        self.field.is_some()
    }

    /// What the message itself says.
    pub(crate) fn in_message(&self, body: &[u8]) -> Option<Topic> {
        self.named(&json::member(body, self.field.as_deref()?)?)
    }

    pub(crate) fn lanes(&self, topic: Topic) -> &[Lane] {
        &self.lanes[topic.0]
    }

    pub(crate) fn all_lanes(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().flatten()
    }
}
