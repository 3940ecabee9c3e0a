//! Where lines of the log go: to a thread that writes them to standard error, so that whoever does
//! not read it holds up nothing else.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Takes lines without ever waiting. One that finds no place is lost, and counted.
#[derive(Clone)]
pub(crate) struct Lines {
    sender: SyncSender<Line>,
    lost: Arc<AtomicU64>,
}

enum Line {
    Next(Vec<u8>),
    /// Says when it is written.
    Last(Vec<u8>, SyncSender<()>),
}

/// How many lines wait to be written.
const WAITING: usize = 1024;
/// How often the last line looks for a place.
const LOOK: Duration = Duration::from_millis(5);

impl Lines {
    pub(crate) fn to(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, lines) = sync_channel(WAITING);
        let write = move || {
            for line in lines {
                // There is no other place to say that a write fails.
                match line {
                    Line::Next(line) => drop(out.write_all(&line)),
                    Line::Last(line, written) => {
                        let _ = out.write_all(&line);
                        let _ = written.try_send(());
                    }
                }
            }
        };
        thread::Builder::new().name("log".into()).spawn(write)?;
        Ok(Self { sender, lost: Arc::default() })
    }

    pub(crate) fn lost(&self) -> u64 {
        // Nothing else is published with it.
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn say(&self, line: &[u8]) {
        if self.sender.try_send(Line::Next(line.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all lines are written and this one, but no longer than `limit`.
    pub(crate) fn say_last(&self, line: &[u8], limit: Duration) {
        let (end, (written, is_written)) = (Instant::now() + limit, sync_channel(1));
        let mut line = Line::Last(line.to_vec(), written);
        while let Err(TrySendError::Full(again)) = self.sender.try_send(line) {
            if Instant::now() >= end {
                return;
            }
            line = again;
            thread::sleep(LOOK);
        }
        let _ = is_written.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.say(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Hands over what is written, each time when it is allowed to.
    struct Slow(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            let _ = self.1.send(line.to_vec());
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_does_not_read_holds_up_nobody() {
        let ((allow, allowed), (write, written)) = (channel(), channel());
        let lines = Lines::to(Slow(allowed, write)).unwrap();
        for _ in 0..2 * WAITING {
            lines.say(b"line");
        }
        // One is in the writer's hand, or not yet.
        let lost = usize::try_from(lines.lost()).unwrap();
        assert!((WAITING - 1..=WAITING).contains(&lost), "{lost}");
        lines.say_last(b"never", Duration::from_millis(20));
        drop(allow);
        assert_eq!(written.iter().take(2 * WAITING - lost).count(), 2 * WAITING - lost);
        lines.say_last(b"last", Duration::from_secs(60));
        assert_eq!(written.try_iter().last().as_deref(), Some(&b"last"[..]));
    }
}
