//! Structured logs, whose level can be changed while the gateway runs, and whose rate is limited.

mod rate;

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::LogFormat;
use rate::Rate;

/// Changes what is logged.
#[derive(Clone)]
pub(crate) struct Filter(reload::Handle<EnvFilter, Registry>);

impl Filter {
    pub(crate) fn set(&self, directives: &str) -> Result<(), crate::Error> {
        Ok(self.0.reload(EnvFilter::try_new(check(directives)?)?)?)
    }
}

pub(crate) fn start(
    directives: &str,
    format: LogFormat,
    rate: usize,
) -> Result<Filter, crate::Error> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(directives)?);
    let lines = fmt::layer().with_ansi(stderr().is_terminal()).with_writer(stderr);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(Rate::of(rate)).with(lines).try_init()?;
    Ok(Filter(handle))
}

/// A level, or directives. A word that is no level would be taken for a module, of which there is
/// none: nothing would be logged.
pub(crate) fn check(directives: &str) -> Result<String, String> {
    let directives = directives.trim();
    EnvFilter::try_new(directives).map_err(|error| error.to_string())?;
    for directive in directives.split(',').map(str::trim) {
        let is_level = directive.parse::<LevelFilter>().is_ok();
        if directive.is_empty() || !is_level && !directive.contains(['=', '[']) {
            return Err(format!(
                "`{directive}` is no level (off, error, warn, info, debug, trace), nor MODULE=LEVEL"
            ));
        }
    }
    Ok(directives.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_meant_is_a_filter() {
        for right in ["info", " debug\n", "off", "info,gateway=debug", "warn,[connection]=debug"] {
            assert!(check(right).is_ok(), "{right}");
        }
        for wrong in ["wran", "", "info,", "gateway=loud", "gateway"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
