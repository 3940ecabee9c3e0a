//! Tokens, one of which a request must have to come in.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderMap, header};
use subtle::{Choice, ConstantTimeEq};

/// Those of a file, which can be read again while the gateway runs.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<File>);

struct File {
    path: PathBuf,
    tokens: RwLock<Vec<String>>,
}

impl Tokens {
    pub(crate) fn load(path: PathBuf) -> Result<Self, crate::Error> {
        let tokens = RwLock::new(load(&path)?);
        Ok(Self(Arc::new(File { path, tokens })))
    }

    /// If the file is wrong, all stays as it was.
    pub(crate) fn reload(&self) -> Result<(), crate::Error> {
        let loaded = load(&self.0.path)?;
        *self.0.tokens.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(())
    }

    /// Whether one of them is in the headers. How long it takes does not tell how much of a token is
    /// right.
    pub(crate) fn have_that_of(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).map_or(&[][..], |value| value.as_bytes());
        let Some((scheme, token)) = value.split_at_checked(7) else { return false };
        let tokens = self.0.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let each = tokens.iter().map(|known| known.as_bytes().ct_eq(token.trim_ascii()));
        let is_known = each.fold(Choice::from(0), |any, each| any | each);
        scheme.eq_ignore_ascii_case(b"Bearer ") && is_known.into()
    }
}

fn load(path: &PathBuf) -> Result<Vec<String>, crate::Error> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let tokens: Vec<_> = lines.map(str::to_string).collect();
    match tokens.is_empty() {
        true => Err(format!("{}: there is no token in it", path.display()).into()),
        false => Ok(tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_needs_one_of_the_tokens() {
        let file =
            File { path: PathBuf::new(), tokens: RwLock::new(vec!["one".into(), "two".into()]) };
        let tokens = Tokens(Arc::new(file));
        let have = |value: &str| {
            let value = value.parse().unwrap();
            tokens.have_that_of(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        assert!(have("Bearer one") && have("bearer two") && have("Bearer  two"));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer on",
            "Bearer onee",
            "one",
            "Basic two",
            "Bearer one two",
        ] {
            assert!(!have(wrong), "{wrong}");
        }
        assert!(!tokens.have_that_of(&HeaderMap::new()));
    }
}
