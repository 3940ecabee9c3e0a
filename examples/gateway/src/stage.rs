//! The stages between a queue and its output. Each is there only if it is configured.

mod breaker;
mod buckets;
mod dedupe;
mod enrich;
mod parse;
mod reduce;

pub(crate) use breaker::Breaker;
pub(crate) use dedupe::Dedupe;
pub(crate) use enrich::Enrich;
pub(crate) use parse::parse_json;
pub(crate) use reduce::Reduce;
