//! UDP: a datagram is a message. Nothing is answered, and a sender of one over the limit is not
//! told.

mod drops;

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

use async_trait::async_trait;
use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Duration, MissedTickBehavior, interval};
use tracing::warn;

use super::{Common, Input, Life};
use crate::account::{Account, Refusal};
use crate::intake::Intake;
use drops::Drops;

pub(super) struct Udp {
    socket: UdpSocket,
    drops: Drops,
    account: std::sync::Arc<Account>,
}

/// The largest datagram.
const DATAGRAM: usize = 64 * 1024;
/// How many datagrams are taken before another task may run.
const AT_ONCE: usize = 256;
/// How many are taken yet after the input was told to stop, since the system has them already.
const LAST: usize = 64 * 1024;

impl Udp {
    pub(super) fn bind(addresses: &[SocketAddr], common: &Common) -> Result<Self, crate::Error> {
        let address = *addresses.first().ok_or("the host has no address")?;
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        let asked = common.udp_buffer;
        socket.set_recv_buffer_size(asked)?;
        // Linux says twice of what was asked for, for what it keeps of each datagram besides.
        let granted = socket.recv_buffer_size()? / 2;
        if granted < asked {
            warn!(%address, asked, granted, "the system grants a smaller buffer: see net.core.rmem_max");
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self { drops: Drops::of(socket.as_fd()), socket, account: common.account.clone() })
    }

    /// Takes what is there, but no more than `AT_ONCE`; returns how many.
    async fn take(&self, buffer: &mut [u8], bodies: &mut Vec<Bytes>, intake: &Intake) -> usize {
        let mut read = 0;
        while read < AT_ONCE {
            match self.socket.try_recv_from(buffer) {
                Ok((size, peer)) if size > intake.limits().message => {
                    intake.with_peer(peer).refuse(Refusal::TooLarge, None);
                }
                // A buffer of its own, of its own size, for each.
                Ok((size, _)) => bodies.push(Bytes::copy_from_slice(&buffer[..size])),
                // Nothing there; or an error of an earlier datagram, which the system reports once.
                Err(_) => break,
            }
            read += 1;
        }
        intake.take(intake.topic(""), bodies, None).await;
        read
    }

    fn count_drops(&mut self) {
        let dropped = self.drops.more();
        if dropped > 0 {
            self.account.dropped_by_system(dropped);
            warn!(
                dropped,
                "datagrams came faster than they were read, and the system's buffer was full"
            );
        }
    }
}

#[async_trait]
impl Input for Udp {
    fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    async fn run(mut self: Box<Self>, intake: Intake, life: Life) {
        let mut buffer = vec![0; DATAGRAM];
        let mut bodies = Vec::with_capacity(AT_ONCE);
        let mut look = interval(Duration::from_secs(1));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = life.stop.cancelled() => break,
                _ = look.tick() => self.count_drops(),
                ready = self.socket.readable() => {
                    if let Err(error) = ready {
                        warn!(%error, "cannot read datagrams");
                        break;
                    }
                    self.take(&mut buffer, &mut bodies, &intake).await;
                }
            }
        }
        let mut last = 0;
        while last < LAST {
            match self.take(&mut buffer, &mut bodies, &intake).await {
                0 => break,
                read => last += read,
            }
        }
        self.count_drops();
    }
}
