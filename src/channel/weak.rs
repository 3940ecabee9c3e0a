//! Handles that do not keep a channel open.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};

use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::{DefaultQueue, Shared};

/// A handle that becomes a [`Sender`] while another one exists; does not keep the channel open.
pub struct WeakSender<T, Q = DefaultQueue<T>> {
    shared: Weak<Shared<Q>>,
    element: PhantomData<fn(T)>,
}

/// A handle that becomes a [`Receiver`] while another one exists; does not keep the channel open.
pub struct WeakReceiver<T, Q = DefaultQueue<T>> {
    shared: Weak<Shared<Q>>,
    element: PhantomData<fn() -> T>,
}

macro_rules! weak {
    ($Weak:ident, $Strong:ident, $side:ident) => {
        impl<T, Q> $Weak<T, Q> {
            pub(super) fn new(shared: &Arc<Shared<Q>>) -> Self {
                Self { shared: Arc::downgrade(shared), element: PhantomData }
            }

            #[doc = concat!("A [`", stringify!($Strong), "`], if there is another one still.")]
            ///
            /// Once there is none, there is none for ever, and the channel is closed.
            #[must_use]
            pub fn upgrade(&self) -> Option<$Strong<T, Q>> {
                let shared = self.shared.upgrade()?;
                shared.$side.join_others().then(|| $Strong::counted(shared))
            }
        }

        impl<T, Q> Clone for $Weak<T, Q> {
            fn clone(&self) -> Self {
                Self { shared: Weak::clone(&self.shared), element: PhantomData }
            }
        }

        impl<T, Q> fmt::Debug for $Weak<T, Q> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Weak)).finish_non_exhaustive()
            }
        }
    };
}
weak!(WeakSender, Sender, senders);
weak!(WeakReceiver, Receiver, receivers);
