//! What a channel must offer to be compared as one at whose ends threads and tasks wait.

use crate::contender::Kind;
use crate::element::Element;

/// A kind of channel, with one receiver, for elements of any type. Its functions are always inlined, as those of a
/// [`Contender`](crate::Contender).
pub trait Waiting: 'static {
    const NAME: &'static str;
    /// [`Kind::Evicts`] or [`Kind::Waits`].
    const KIND: Kind;

    type Sender<T: Element>: Clone + Send + 'static;
    type Receiver<T: Element>: Send + 'static;

    fn bounded<T: Element>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>);

    /// Where there is no receiver any more, it does nothing.
    fn send<T: Element>(sender: &Self::Sender<T>, value: T);

    /// Waits for an element; `None` once all senders are gone, and what they sent.
    fn recv<T: Element>(receiver: &mut Self::Receiver<T>) -> Option<T>;
}

/// One from which a task can receive too.
pub trait Awaited: Waiting {
    fn recv_async<T: Element>(receiver: &mut Self::Receiver<T>) -> impl Future<Output = Option<T>> + Send;
}
