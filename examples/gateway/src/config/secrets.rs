//! Errors without values that may be secret.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Flags whose values may have a password or a token in them.
const SECRET: [&str; 2] = ["--output", "--http-header"];

/// The same error without the value, if that may be secret. What is no flag at all may belong to
/// one that is.
pub(super) fn hide(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let flag = shown.split([' ', '=']).next().unwrap_or_default();
    let hidden = || ContextValue::String("…".into());
    if !flag.starts_with('-') {
        error.insert(ContextKind::InvalidArg, hidden());
        error.insert(ContextKind::InvalidValue, hidden());
        error.remove(ContextKind::Suggested);
    } else if error.kind() == ErrorKind::UnknownArgument {
        let flag = ContextValue::String(flag.to_string());
        error.insert(ContextKind::InvalidArg, flag);
    } else if SECRET.contains(&flag) {
        error.insert(ContextKind::InvalidValue, hidden());
    }
    error
}
