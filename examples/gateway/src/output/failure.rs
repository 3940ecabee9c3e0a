//! Why an attempt at delivery failed, and what that says about the next.

use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: crate::Error,
    /// How long the output wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// That no other attempt can have another end.
    pub(crate) is_fatal: bool,
}

impl Failure {
    pub(crate) fn because(error: impl Into<crate::Error>) -> Self {
        Self { error: error.into(), retry_after: None, is_fatal: false }
    }

    pub(crate) fn fatal(error: impl Into<crate::Error>) -> Self {
        Self { is_fatal: true, ..Self::because(error) }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::because(error)
    }
}
