//! Structured logs, whose level can be changed while the gateway runs, and whose rate is limited.

mod lines;
mod rate;

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::{LogFormat, directives};
pub(crate) use lines::Lines;
use rate::Rate;

/// How long the last line may take to be written.
pub(crate) const LAST: Duration = Duration::from_secs(1);

/// Changes what is logged.
#[derive(Clone)]
pub(crate) struct Filter(reload::Handle<EnvFilter, Registry>);

impl Filter {
    pub(crate) fn set(&self, text: &str) -> Result<(), crate::Error> {
        Ok(self.0.reload(EnvFilter::try_new(directives(text)?)?)?)
    }
}

/// Lines go to standard error, and so does what a panic has to say.
pub(crate) fn start(
    filter: &str,
    format: LogFormat,
    rate: usize,
) -> Result<(Filter, Lines), crate::Error> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(filter)?);
    let written = Lines::to(stderr())?;
    let lines = fmt::layer().with_ansi(stderr().is_terminal()).with_writer(written.clone());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(Rate::of(rate)).with(lines).try_init()?;
    let panics = written.clone();
    std::panic::set_hook(Box::new(move |panic| panics.say(format!("{panic}\n").as_bytes())));
    Ok((Filter(handle), written))
}
