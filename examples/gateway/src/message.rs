//! What flows through the gateway.

use std::sync::Arc;

use bytes::Bytes;

use crate::moment::Moment;
use crate::origin::Origin;

/// A message, from the input that received it to the output that delivers it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) body: Bytes,
    /// One clock reading for all messages of one read.
    pub(crate) received: Moment,
    /// Given behind the queue: how a broker recognises what it is sent again.
    pub(crate) id: u64,
    pub(crate) source: Source,
    /// Of a message that came by a request; those of streams would pay for it with a count that
    /// threads share.
    pub(crate) origin: Option<Arc<Origin>>,
}

/// The kinds of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Http,
    GrpcUnary,
    GrpcStream,
    Udp,
    TcpLines,
    TcpFrames,
    WebSocket,
}

impl Source {
    pub(crate) const ALL: [Self; 7] = [
        Self::Http,
        Self::GrpcUnary,
        Self::GrpcStream,
        Self::Udp,
        Self::TcpLines,
        Self::TcpFrames,
        Self::WebSocket,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::GrpcUnary => "grpc-unary",
            Self::GrpcStream => "grpc-stream",
            Self::Udp => "udp",
            Self::TcpLines => "tcp+lines",
            Self::TcpFrames => "tcp+frames",
            Self::WebSocket => "ws",
        }
    }
}

/// Up to this size a copy costs less than what a slice would keep alive: a whole read buffer for
/// one small message.
const SMALL: usize = 16 * 1024;

/// The body of a message that was read into a larger buffer.
pub(crate) fn detach(slice: Bytes) -> Bytes {
    if slice.len() <= SMALL { Bytes::copy_from_slice(&slice) } else { slice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_fits_into_a_cache_line() {
        assert!(size_of::<Message>() <= 64, "{}", size_of::<Message>());
    }

    #[test]
    fn small_bodies_leave_their_buffer_and_large_ones_stay() {
        let buffer = Bytes::from(vec![7; 4 * SMALL]);
        let (small, large) = (buffer.slice(..SMALL), buffer.slice(..=SMALL));
        assert_ne!(detach(small.clone()).as_ptr(), small.as_ptr());
        assert_eq!(detach(small.clone()), small);
        assert_eq!(detach(large.clone()).as_ptr(), large.as_ptr());
    }
}
