//! What has been read of a connection: whether the peer is silent, and how much is there of a
//! message that is not whole yet.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Stream;
use crate::budget::Hold;

pub(super) struct Heard {
    /// Of the whole connection; only its task looks at it.
    bytes: AtomicUsize,
    unfinished: Mutex<(usize, Hold)>,
}

impl Heard {
    pub(super) fn new(hold: Hold) -> Arc<Self> {
        let (bytes, unfinished) = (AtomicUsize::new(0), Mutex::new((0, hold)));
        Arc::new(Self { bytes, unfinished })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// That what has come is in a queue now.
    pub(super) fn are_whole(&self) {
        self.holds(|unfinished| *unfinished = 0);
    }

    fn holds(&self, change: impl FnOnce(&mut usize)) -> bool {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, hold) = &mut *unfinished;
        change(bytes);
        hold.try_reach(*bytes)
    }
}

/// There is no room for more.
fn too_much() -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, "too much is unfinished")
}

pub(super) fn is_too_much(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}

/// A connection that is listened to.
pub(super) struct Listening<'a> {
    stream: &'a mut Stream,
    heard: Arc<Heard>,
}

impl<'a> Listening<'a> {
    pub(super) fn to(stream: &'a mut Stream, heard: Arc<Heard>) -> Self {
        Self { stream, heard }
    }
}

impl AsyncRead for Listening<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut *self.stream).poll_read(context, buffer);
        let more = buffer.filled().len() - before;
        if more > 0 {
            self.heard.bytes.fetch_add(more, Ordering::Relaxed);
            if !self.heard.holds(|unfinished| *unfinished += more) {
                return Poll::Ready(Err(too_much()));
            }
        }
        read
    }
}

impl AsyncWrite for Listening<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(context)
    }
}
