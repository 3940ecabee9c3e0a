//! A thread for what may block without limit: writes to a disk that is full of work, to a pipe that
//! nobody reads.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::sync::{Semaphore, oneshot};

/// A value on a thread of its own. When this is dropped, the thread ends after what it is at.
pub(super) struct Apart<T> {
    jobs: Sender<Job<T>>,
    /// Of one: no more than one job is there at once.
    turn: Arc<Semaphore>,
}

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

impl<T: Send + 'static> Apart<T> {
    pub(super) fn new(name: &str, mut value: T) -> io::Result<Self> {
        let (sender, jobs) = channel::<Job<T>>();
        let work = move || jobs.into_iter().for_each(|job| job(&mut value));
        thread::Builder::new().name(name.into()).spawn(work)?;
        Ok(Self { jobs: sender, turn: Arc::new(Semaphore::new(1)) })
    }

    /// Waits until an earlier job has ended, and does this one. When it is cancelled, a job that
    /// was not begun never is; one that was goes on.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> io::Result<R> + Send + 'static,
    ) -> io::Result<R> {
        let ended = |_| io::Error::other("the thread of the output has ended");
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(io::Error::other)?;
        let (answer, answered) = oneshot::channel();
        let job = move |value: &mut T| {
            if !answer.is_closed() {
                let _ = answer.send(job(value));
            }
            drop(turn);
        };
        self.jobs.send(Box::new(job)).map_err(|_| io::Error::other("it has ended"))?;
        answered.await.map_err(ended)?
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_cancelled_before_it_begins_never_does() {
        let apart = Arc::new(Apart::new("test", Vec::new()).unwrap());
        let ((go_on, wait), (begun, begins)) = (channel::<()>(), oneshot::channel());
        let first = tokio::spawn({
            let apart = Arc::clone(&apart);
            async move {
                let job = move |done: &mut Vec<_>| {
                    let _ = begun.send(());
                    let _ = wait.recv();
                    done.push(1);
                    Ok(())
                };
                apart.call(job).await
            }
        });
        begins.await.unwrap();
        first.abort();
        let second = apart.call(|done| {
            done.push(2);
            Ok(())
        });
        assert!(second.now_or_never().is_none());
        drop(go_on);
        assert_eq!(apart.call(|done| Ok(done.clone())).await.unwrap(), [1]);
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let apart = Apart::new("test", ()).unwrap();
        assert!(
            apart.call(|()| -> io::Result<()> { panic!("as the test wants it") }).await.is_err()
        );
        assert!(apart.call(|()| Ok(())).await.is_err());
    }
}
