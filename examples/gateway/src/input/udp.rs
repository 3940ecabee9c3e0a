//! UDP: a datagram is a message. Nothing is answered, and whoever sends one over the limit is not told.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tracing::warn;

use super::{Input, Life};
use crate::account::Refusal;
use crate::intake::Intake;

pub(super) struct Udp(UdpSocket);

/// What the system is asked to keep until it is read; it may allow less.
const RECEIVE_BUFFER: usize = 8 << 20;
/// The largest datagram.
const DATAGRAM: usize = 64 * 1024;
/// How many datagrams are taken before another task may run.
const AT_ONCE: usize = 256;

impl Udp {
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        Ok(Self(UdpSocket::from_std(socket.into())?))
    }
}

#[async_trait]
impl Input for Udp {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let mut buffer = vec![0; DATAGRAM];
        let mut bodies = Vec::with_capacity(AT_ONCE);
        while let Some(ready) = life.stop.run_until_cancelled(self.0.readable()).await {
            if let Err(error) = ready {
                warn!(%error, "cannot read datagrams");
                return;
            }
            while bodies.len() < AT_ONCE {
                match self.0.try_recv(&mut buffer) {
                    Ok(size) if size > intake.max_message() => intake.refuse(Refusal::TooLarge),
                    // A buffer of its own, of its own size, for each.
                    Ok(size) => bodies.push(Bytes::copy_from_slice(&buffer[..size])),
                    // Nothing there; or an error of an earlier datagram, which the system reports once.
                    Err(_) => break,
                }
            }
            intake.take(bodies.drain(..));
        }
    }
}
