//! The stages between queue and output. Each is there only if it is configured.

mod breaker;
mod dedupe;
mod parse;

pub(crate) use breaker::Breaker;
pub(crate) use dedupe::Dedupe;
pub(crate) use parse::parse_json;
