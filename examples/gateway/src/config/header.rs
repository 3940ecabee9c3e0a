//! A header as it is written: `Name: value`.

use std::str::FromStr;

use axum::http::{HeaderName, HeaderValue};

/// Its value is secret: neither errors nor `Debug` show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header(pub(crate) HeaderName, pub(crate) HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        refuse_variables(text)?;
        let (name, value) = text.split_once(':').ok_or("a header is `Name: value`")?;
        let name =
            name.trim().parse().map_err(|_| "a header's name is letters, digits and dashes")?;
        let mut value: HeaderValue =
            value.trim().parse().map_err(|_| "a header's value is visible ASCII")?;
        value.set_sensitive(true);
        Ok(Self(name, value))
    }
}

/// What was meant to be expanded must not be sent as it is.
pub(super) fn refuse_variables(text: &str) -> Result<(), String> {
    match text.contains("${") {
        true => Err("variables are expanded in the file of settings only".into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_shown() {
        let header: Header = "Authorization: Bearer secret".parse().unwrap();
        assert!(!format!("{header:?}").contains("secret"));
        for wrong in
            ["Authorization Bearer secret", "a b: secret", "a: secret\u{7}", "a: ${secret}"]
        {
            let error = wrong.parse::<Header>().unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
