//! Structured logs, whose level can be changed while the gateway runs.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::LogFormat;

/// Changes what is logged.
#[derive(Clone)]
pub(crate) struct Filter(reload::Handle<EnvFilter, Registry>);

impl Filter {
    pub(crate) fn set(&self, directives: &str) -> Result<(), crate::Error> {
        Ok(self.0.reload(EnvFilter::try_new(directives.trim())?)?)
    }
}

pub(crate) fn start(directives: &str, format: LogFormat) -> Result<Filter, crate::Error> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(directives)?);
    let lines = fmt::layer().with_ansi(stderr().is_terminal()).with_writer(stderr);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(Filter(handle))
}
