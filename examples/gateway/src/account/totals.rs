//! The account at the end.

use std::fmt;

use serde::Serialize;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    pub(crate) received: u64,
    pub(crate) copied: u64,
    pub(crate) delivered: u64,
    pub(crate) duplicate: u64,
    pub(crate) reduced: u64,
    pub(crate) evicted: u64,
    pub(crate) rejected: u64,
    pub(crate) expired: u64,
    /// Not in the sum, as the next: it was never received.
    pub(crate) refused: u64,
    /// By the system, since its buffer was full.
    pub(crate) dropped: u64,
}

impl Totals {
    pub(crate) fn balance(&self) -> bool {
        self.received + self.copied
            == self.delivered
                + self.duplicate
                + self.reduced
                + self.evicted
                + self.rejected
                + self.expired
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            received,
            copied,
            delivered,
            duplicate,
            reduced,
            evicted,
            rejected,
            expired,
            refused,
            dropped,
        } = self;
        let is = if self.balance() { "=" } else { "IS NOT" };
        write!(
            f,
            "received {received} + copied {copied} {is} delivered {delivered} + \
             duplicate {duplicate} + reduced {reduced} + evicted {evicted} + rejected {rejected} + \
             expired {expired}; refused {refused}, \
             dropped by the system {dropped}"
        )
    }
}
