//! What systemd is told, if it has started the gateway.

use sd_notify::NotifyState;
use tokio::time::interval;
use tracing::warn;

/// Messages are taken from now on; and again and again, if that is asked for, that tasks run.
pub(crate) fn is_ready() {
    tell(NotifyState::Ready);
    if let Some(limit) = sd_notify::watchdog_enabled() {
        let mut often = interval(limit / 3);
        tokio::spawn(async move {
            loop {
                often.tick().await;
                tell(NotifyState::Watchdog);
            }
        });
    }
}

pub(crate) fn is_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "cannot tell the service manager");
    }
}
