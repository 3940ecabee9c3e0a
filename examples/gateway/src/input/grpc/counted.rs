//! The body of a call, while it is counted how much of it is no whole message yet.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::Stream;
use tonic::Status;

use crate::budget::Hold;

/// What one call holds; the call's service may hold more in its place.
#[derive(Clone)]
pub(super) struct Held(Arc<Mutex<Hold>>);

impl Held {
    pub(super) fn by(hold: Hold) -> Self {
        Self(Arc::new(Mutex::new(hold)))
    }

    pub(super) fn try_reach(&self, bytes: usize) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).try_reach(bytes)
    }
}

pub(super) const OVERLOAD: &str = "too much is unfinished";

/// Ends with an error when there is no room for more.
struct Counted {
    body: BodyDataStream,
    held: Held,
    message: Unfinished,
}

pub(super) fn counted(body: Body, held: Held) -> Body {
    let body = body.into_data_stream();
    Body::from_stream(Counted { body, held, message: Unfinished::default() })
}

impl Stream for Counted {
    type Item = Result<Bytes, axum::BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        Pin::new(&mut this.body).poll_next(context).map(|next| match next? {
            Ok(data) => {
                this.message.goes_on(&data);
                match this.held.try_reach(this.message.inside) {
                    true => Some(Ok(data)),
                    false => Some(Err(Status::resource_exhausted(OVERLOAD).into())),
                }
            }
            Err(error) => Some(Err(error.into())),
        })
    }
}

/// A message that is not whole: a byte about compression, its length in four, and as many bytes.
#[derive(Default)]
struct Unfinished {
    /// How much of it is there.
    inside: usize,
    prefix: [u8; PREFIX],
}

const PREFIX: usize = 5;

impl Unfinished {
    fn goes_on(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.inside < PREFIX {
                let more = data.len().min(PREFIX - self.inside);
                self.prefix[self.inside..][..more].copy_from_slice(&data[..more]);
                self.inside += more;
                data = &data[more..];
            }
            if self.inside >= PREFIX {
                let [_, length @ ..] = self.prefix;
                let whole = PREFIX.saturating_add(u32::from_be_bytes(length) as usize);
                let more = data.len().min(whole - self.inside);
                self.inside += more;
                data = &data[more..];
                if self.inside == whole {
                    self.inside = 0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_whole_is_counted() {
        let stream = [&b"\0\0\0\0\x03abc\0\0\0\0\0\0\0\0\x01\0"[..], &[7; 200]].concat();
        let at = |end: usize, piece| {
            let mut message = Unfinished::default();
            stream[..end].chunks(piece).for_each(|data| message.goes_on(data));
            message.inside
        };
        for piece in [1, 2, 7, 1000] {
            assert_eq!(
                [1, 5, 7, 8, 10, 13, 16, 18, 218].map(|end| at(end, piece)),
                [1, 5, 7, 0, 2, 0, 3, 5, 205]
            );
        }
    }
}
