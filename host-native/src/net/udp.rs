//! [`Udp`]: connected UDP as the portable transport of whole messages.

use super::UdpSocket;
use crate::Io;
use crate::handle::handle;
use crate::poller::DATAGRAM_MAX;
use hamadryad::{AnyNode, Channel, ChannelError, Connect, Ended, Request};
use std::io;
use std::net::{self, SocketAddr};
use std::panic::Location;

/// [`Connect`] over UDP: each message is a datagram, which may be lost, doubled, or overtaken.
///
/// ```
/// use hamadryad_native::net::{Udp, UdpSocket};
/// use hamadryad_native::{Channel, ChannelError, Connect, Loop};
///
/// let main_loop = Loop::new()?;
/// let server = UdpSocket::bind(main_loop.root(), "127.0.0.1:0")?;
/// let address = server.local_addr()?;
/// main_loop.block_on(async {
///     let channel = Udp.connect(main_loop.root(), &address).await?;
///     channel.send(b"ping").await
/// })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Udp;

impl Connect for Udp {
    type Peer = SocketAddr;
    type Channel = UdpChannel;

    /// Makes a socket under `owner`; nothing is sent.
    #[track_caller]
    fn connect(&self, owner: AnyNode, peer: &SocketAddr) -> Request<UdpChannel, ChannelError> {
        let (peer, place) = (*peer, Location::caller());
        owner.spawn("connect", async move |_| {
            let socket = UdpSocket::connected(owner, peer).map_err(channel_error)?;
            socket.made_at(place);
            Ok(UdpChannel { io: socket.io() })
        })
    }
}

/// A connected UDP socket as a [`Channel`]: a handle to the node that holds it.
#[derive(Clone, Copy)]
pub struct UdpChannel {
    io: Io<net::UdpSocket>,
}

handle!(UdpChannel);

impl Channel for UdpChannel {
    const RELIABLE: bool = false;

    /// 65,507 bytes: what an IPv4 packet of 65,535 holds besides its headers.
    fn limit(self) -> usize {
        DATAGRAM_MAX
    }

    /// Cancel-safe: nothing, or the whole message.
    async fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        if message.len() > DATAGRAM_MAX {
            return Err(ChannelError::TooLarge { limit: DATAGRAM_MAX });
        }
        self.io.write_with(|socket| socket.send(message)).await.map_err(channel_error)?;
        Ok(())
    }

    /// Cancel-safe: a message is taken in the moment in which the future ends.
    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        self.io.readable_datagram(message).await.map_err(channel_error)
    }
}

impl Io<net::UdpSocket> {
    /// Receives a datagram whose length nobody knows, by way of a place for the largest one that the whole loop shares.
    async fn readable_datagram(self, message: &mut Vec<u8>) -> io::Result<()> {
        loop {
            self.readable().await?;
            let received = self.try_with_poller(|socket, poller| {
                let mut place = poller.datagram().borrow_mut();
                let len = socket.recv(&mut *place)?;
                message.clear();
                message.extend_from_slice(&place[..len]);
                io::Result::Ok(())
            });
            match received {
                Ok(Err(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Ok(result) => return result,
                Err(_) => {} // freed: waiting for it tells by whom
            }
        }
    }
}

fn channel_error(error: io::Error) -> ChannelError {
    if let Some(ended) = error.get_ref().and_then(|inner| inner.downcast_ref::<Ended>()) {
        return ChannelError::Ended(ended.clone());
    }
    match error.raw_os_error() {
        Some(libc::ECONNREFUSED) => ChannelError::Refused,
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EADDRNOTAVAIL) => ChannelError::Unreachable,
        Some(libc::EMSGSIZE) => ChannelError::TooLarge { limit: DATAGRAM_MAX },
        // 1006 is what WebSockets say for "without a reason of the peer's" (RFC 6455, 7.4.1).
        _ => ChannelError::Closed { code: 1006, reason: error.to_string() },
    }
}
