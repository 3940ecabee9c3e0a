//! Names that others have rules for: directives of the log, subjects and streams of NATS.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// A level, or directives. A word that is no level would be taken for a module, of which there is
/// none: nothing would be logged.
pub(crate) fn directives(text: &str) -> Result<String, String> {
    let text = text.trim();
    EnvFilter::try_new(text).map_err(|error| error.to_string())?;
    for directive in text.split(',').map(str::trim) {
        let is_level = directive.parse::<LevelFilter>().is_ok();
        if directive.is_empty() || !is_level && !directive.contains(['=', '[']) {
            return Err(format!(
                "`{directive}` is no level (off, error, warn, info, debug, trace), nor MODULE=LEVEL"
            ));
        }
    }
    Ok(text.to_string())
}

/// A subject that can be published to.
#[cfg(feature = "nats")]
pub(super) fn subject(text: &str) -> Result<String, String> {
    let is_token = |token: &str| {
        !token.is_empty() && !token.contains(|c: char| c.is_whitespace() || "*>".contains(c))
    };
    match text.split('.').all(is_token) {
        true => Ok(text.to_string()),
        false => Err("a subject is words with dots between, without blanks, `*` and `>`".into()),
    }
}

#[cfg(feature = "nats")]
pub(super) fn stream(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains(|c: char| c.is_whitespace() || ".*>/\\".contains(c)) {
        true => Err("a stream's name is without blanks, dots, `*`, `>` and slashes".into()),
        false => Ok(text.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_meant_is_a_filter() {
        for right in ["info", " debug\n", "off", "info,gateway=debug", "warn,[connection]=debug"] {
            assert!(directives(right).is_ok(), "{right}");
        }
        for wrong in ["wran", "", "info,", "gateway=loud", "gateway"] {
            assert!(directives(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(feature = "nats")]
    #[test]
    fn only_what_a_broker_takes_is_a_subject_or_a_stream() {
        assert!(subject("metrics.a-1").is_ok() && stream("METRICS_1").is_ok());
        for wrong in ["", "a b", "a.*", "a.>", ".a", "a.", "a..b"] {
            assert!(subject(wrong).is_err(), "{wrong}");
            assert!(stream(wrong).is_err(), "{wrong}");
        }
    }
}
