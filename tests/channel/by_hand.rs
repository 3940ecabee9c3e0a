//! Futures that are polled by hand, and know whether they have been woken.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(crate) struct ByHand<'a, R> {
    future: Pin<Box<dyn Future<Output = R> + 'a>>,
    woken: Arc<Flag>,
}

impl<'a, R> ByHand<'a, R> {
    pub(crate) fn new(future: impl Future<Output = R> + 'a) -> Self {
        Self { future: Box::pin(future), woken: Arc::default() }
    }

    /// One that has been polled, and waits.
    #[track_caller]
    pub(crate) fn waiting(future: impl Future<Output = R> + 'a) -> Self {
        let mut by_hand = Self::new(future);
        assert!(by_hand.poll().is_pending());
        by_hand
    }

    /// Each time with a new waker: it is the last one that counts.
    pub(crate) fn poll(&mut self) -> Poll<R> {
        self.woken = Arc::default();
        let waker = Waker::from(Arc::clone(&self.woken));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Whether it is woken by its own drop.
    pub(crate) fn drop_and_look(self) -> bool {
        drop(self.future);
        self.woken.0.load(Ordering::SeqCst)
    }

    /// Whether it has been woken since the last poll.
    pub(crate) fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }
}

pub(crate) fn woken<R>(waiting: &[ByHand<'_, R>]) -> usize {
    waiting.iter().filter(|waiting| waiting.is_woken()).count()
}
