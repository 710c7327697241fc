use alloc::vec::Vec;

use super::Address;
use super::handle::handle;
use super::port::Port;
use crate::{Channel, ChannelError, Node};

/// Datagrams to and from one peer, made by [`Network`](super::Network) as [`Connect`](crate::Connect): a handle to a node, as connected UDP
/// is natively.
///
/// What others send to it does not reach it. At most 64 datagrams wait in it; with so many waiting, the newest is dropped.
#[derive(Clone, Copy)]
pub struct DatagramChannel(Node<Port>);
handle!(DatagramChannel, Port);

impl DatagramChannel {
    /// Its own address; `None` when it is stale.
    pub fn address(self) -> Option<Address> {
        self.0.try_with(Port::address).ok()
    }

    /// Whom it is connected to; `None` when it is stale.
    pub fn peer(self) -> Option<Address> {
        self.0.try_with(Port::peer).ok().flatten()
    }
}

impl Channel for DatagramChannel {
    const RELIABLE: bool = false;

    /// 65,507 bytes, or the link's limit; 0 when the channel is stale.
    fn limit(self) -> usize {
        self.0.try_with(|port| port.peer().map_or(0, |peer| port.limit(peer))).unwrap_or(0)
    }

    /// Does not wait.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Refused`] or [`ChannelError::Unreachable`], once, when an earlier datagram met that; the message is then not sent.
    async fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        Port::send(self.0, message, None).await
    }

    /// Waits for a datagram, which replaces what was in `message`. Cancel-safe: it is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// As [`Channel::send`] here, and before what waits to be received.
    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        *message = Port::receive(self.0).await?.bytes;
        Ok(())
    }
}
