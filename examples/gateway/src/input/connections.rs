//! What all inputs over TCP share: accepting, TLS, the limits on connections and idle time, and the
//! end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::Life;
use crate::account::{Account, Refusal};
use crate::intake::Intake;
use crate::tls::{self, Identity};

/// A connection, with or without TLS, whose reads and writes fail when the other side is silent for
/// too long.
pub(crate) type Stream = Pin<Box<TimeoutStream<Plain>>>;
pub(crate) type Plain =
    tokio_util::either::Either<TcpStream, tokio_rustls::server::TlsStream<TcpStream>>;

/// What all inputs have in common.
#[derive(Clone)]
pub(crate) struct Common {
    /// How long a peer may be silent.
    pub(crate) idle: Duration,
    /// How long a handshake may take.
    pub(crate) handshake: Duration,
    /// What the system is asked to keep of UDP.
    pub(crate) udp_buffer: usize,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) identity: Option<Identity>,
    pub(crate) account: Arc<Account>,
}

pub(super) struct Connections {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    common: Common,
}

impl Connections {
    /// With TLS when it is said what is spoken inside.
    pub(super) fn bind(
        addresses: &[SocketAddr],
        tls: Option<&[&[u8]]>,
        common: &Common,
    ) -> Result<Self, crate::Error> {
        let tls = match (tls, &common.identity) {
            (None, _) => None,
            (Some(_), None) => return Err("TLS needs --tls-cert and --tls-key".into()),
            (Some(protocols), Some(identity)) => Some(identity.acceptor(protocols)),
        };
        let listener = std::net::TcpListener::bind(addresses)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, tls, common: common.clone() })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) fn idle(&self) -> Duration {
        self.common.idle
    }

    /// Accepts until it is told to stop; each connection is a task that `handle` makes.
    pub(super) async fn serve<F>(
        self,
        intake: Intake,
        life: Life,
        handle: impl Fn(Stream, Intake, Life) -> F + Clone + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        let Self { listener, tls, common } = self;
        while let Some(accepted) = life.stop.run_until_cancelled(listener.accept()).await {
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "cannot accept");
                    // Most likely there are no file descriptors left, and none comes back at once.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let intake = intake.with_peer(peer);
            let Ok(permit) = Arc::clone(&common.connections).try_acquire_owned() else {
                intake.refuse(Refusal::Connections, None);
                continue;
            };
            let (common, tls, handle) = (common.clone(), tls.clone(), handle.clone());
            let life_of_it = life.clone();
            life.spawn(async move {
                let _permit = permit;
                let _open = Open::new(&common.account);
                match secure(socket, tls, common.handshake).await {
                    Ok(stream) => handle(limited(stream, common.idle), intake, life_of_it).await,
                    Err(error) => {
                        debug!(%error, %peer, "no connection");
                        intake.refuse(reason(&error), None);
                    }
                }
            });
        }
    }
}

fn limited(stream: Plain, idle: Duration) -> Stream {
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(idle));
    stream.set_write_timeout(Some(idle));
    Box::pin(stream)
}

/// A connection that is none of an input.
pub(crate) fn plain(socket: TcpStream, idle: Duration) -> Stream {
    limited(Plain::Left(socket), idle)
}

async fn secure(socket: TcpStream, tls: Option<TlsAcceptor>, limit: Duration) -> io::Result<Plain> {
    socket.set_nodelay(true)?;
    match tls {
        None => Ok(Plain::Left(socket)),
        Some(acceptor) => Ok(Plain::Right(timeout(limit, acceptor.accept(socket)).await??)),
    }
}

fn reason(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::TimedOut => Refusal::TooSlow,
        _ if tls::is_unauthorized(error) => Refusal::Unauthorized,
        _ => Refusal::Malformed,
    }
}

/// A connection, as it is counted.
struct Open(Arc<Account>);

impl Open {
    fn new(account: &Arc<Account>) -> Self {
        account.connections().inc();
        Self(Arc::clone(account))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections().dec();
    }
}

/// Closes after a last word: what is still coming is read for a moment, or the other side's system
/// would throw the word away and report a reset.
pub(super) async fn close_gently(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let _ = timeout(Duration::from_secs(1), async {
        stream.shutdown().await?;
        tokio::io::copy(stream, &mut tokio::io::sink()).await
    })
    .await;
}
