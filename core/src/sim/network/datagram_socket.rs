use super::Address;
use super::handle::handle;
use super::port::Port;
use crate::{ChannelError, Node};

/// A datagram socket without a peer, made by [`Network::bind`](super::Network::bind): a handle to a node, as `UdpSocket` is natively.
///
/// At most 64 datagrams wait in it; with so many waiting, the newest is dropped. A socket that nobody reads is a server that never answers.
#[derive(Clone, Copy)]
pub struct DatagramSocket(Node<Port>);
handle!(DatagramSocket, Port);

impl DatagramSocket {
    /// What it is bound to; `None` when it is stale.
    pub fn address(self) -> Option<Address> {
        self.0.try_with(Port::address).ok()
    }

    /// Waits for a datagram: its length in `buffer` and who sent it. What does not fit into the buffer is cut off, as by recvfrom(2).
    ///
    /// Cancel-safe: a datagram is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Ended`] when the socket is freed.
    pub async fn recv_from(self, buffer: &mut [u8]) -> Result<(usize, Address), ChannelError> {
        let datagram = Port::receive(self.0).await?;
        let len = datagram.bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&datagram.bytes[..len]);
        Ok((len, datagram.from))
    }

    /// Sends a datagram. Does not wait; whether it arrives, nobody knows. Gives its length.
    ///
    /// # Errors
    ///
    /// [`ChannelError::TooLarge`] above 65,507 bytes or the link's limit, [`ChannelError::Ended`] when the socket is freed.
    pub async fn send_to(self, message: &[u8], to: Address) -> Result<usize, ChannelError> {
        Port::send(self.0, message, Some(to)).await?;
        Ok(message.len())
    }
}
