use alloc::string::String;
use alloc::vec::Vec;

use super::Address;
use super::handle::handle;
use super::stream::Stream;
use crate::{Channel, ChannelError, Node};

/// One end of a channel that loses nothing and keeps the order, made by [`Reliable`](super::Reliable) as [`Connect`](crate::Connect) or by
/// [`Listener::accept`](super::Listener::accept): a handle to a node, as a WebSocket is in a page.
///
/// Freed, by whomever, it takes along what was not received here; what was sent still arrives, and then
/// [`ChannelError::Closed`] with code 1001.
#[derive(Clone, Copy)]
pub struct ReliableChannel(Node<Stream>);
handle!(ReliableChannel, Stream);

impl ReliableChannel {
    /// Its own address; `None` when it is stale.
    pub fn address(self) -> Option<Address> {
        self.0.try_with(Stream::address).ok()
    }

    /// The address of the other side; `None` when it is stale.
    pub fn peer(self) -> Option<Address> {
        self.0.try_with(Stream::peer).ok()
    }

    /// Frees the node; the other side receives what was sent before, and then [`ChannelError::Closed`] with this code (RFC 6455, section
    /// 7.4, has the ones in use) and reason. Nothing on a stale node.
    #[track_caller]
    pub fn close(self, code: u16, reason: impl Into<String>) {
        Stream::close(self.0, code, reason.into());
    }
}

impl Channel for ReliableChannel {
    const RELIABLE: bool = true;

    /// 16 MiB, or the link's limit; 0 when the channel is stale.
    fn limit(self) -> usize {
        self.0.try_with(Stream::limit).unwrap_or(0)
    }

    /// Waits while 64 messages are not yet received by the other side. Cancel-safe: a message is sent whole, or not at all.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Closed`] after the other side's end has come here, whether its last messages were received or not.
    async fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        Stream::send(self.0, message).await
    }

    /// Waits for a message, which replaces what was in `message`. Cancel-safe: it is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Closed`] after the last message.
    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        *message = Stream::receive(self.0).await?;
        Ok(())
    }
}
