//! Portable transport of whole messages.

use crate::decimal::add_decimal;
use crate::ended::{Ended, add_all};
use crate::node::AnyNode;
use crate::request::Request;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Reaches a peer. Connected UDP, WebSocket and the simulated network implement it; code is generic over it, never `dyn`.
pub trait Connect {
    /// What names a peer.
    type Peer;
    /// What messages go through.
    type Channel: Channel;
    /// Begins to reach `peer`; the channel is a node under `owner`.
    fn connect(&self, owner: AnyNode, peer: &Self::Peer) -> Request<Self::Channel, ChannelError>;
}

/// Whole messages between two parties: a `Copy` handle to a node.
#[expect(async_fn_in_trait, reason = "a tree is bound to its thread: nobody asks these futures to be `Send`")]
pub trait Channel: Copy {
    /// Whether messages arrive at all, and in order.
    const RELIABLE: bool;
    /// Bytes in the largest message.
    fn limit(self) -> usize;
    /// Sends one message. Dropped before it is done, the message is sent whole or not at all.
    async fn send(self, message: &[u8]) -> Result<(), ChannelError>;
    /// Receives one message into `message`, which is cleared first. Cancel-safe: dropped, no message is lost.
    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError>;
}

/// Why a channel did not do what it was asked: one type for the three verbs, so that portable code needs one `From`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChannelError {
    /// Nobody listens there.
    Refused,
    /// No way leads there.
    Unreachable,
    /// The message is larger than the channel carries.
    TooLarge {
        /// Bytes in the largest message.
        limit: usize,
    },
    /// The other side has closed the channel.
    Closed {
        /// The code that it gave (of a WebSocket: RFC 6455, section 7.4), 0 where there is none.
        code: u16,
        /// The reason that it gave.
        reason: String,
    },
    /// The channel's node, or the request for it, ended.
    Ended(Ended),
}

impl From<Ended> for ChannelError {
    fn from(ended: Ended) -> Self {
        ChannelError::Ended(ended)
    }
}

impl ChannelError {
    /// What its `Display` writes. By itself, as [`Ended::text`]: what formats is 1 KB of a page.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match self {
            ChannelError::Refused => text.push_str("refused"),
            ChannelError::Unreachable => text.push_str("unreachable"),
            ChannelError::TooLarge { limit } => {
                text.push_str("the message is larger than ");
                add_decimal(*limit as u64, &mut text);
                text.push_str(" bytes");
            }
            ChannelError::Closed { code, reason } => {
                text.push_str("closed by the other side (code ");
                add_decimal(u64::from(*code), &mut text);
                add_all(&[if reason.is_empty() { "" } else { ": " }, reason, ")"], &mut text);
            }
            ChannelError::Ended(ended) => return ended.text(),
        }
        text
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl core::error::Error for ChannelError {}

#[cfg(test)]
mod tests {
    use super::ChannelError;
    use alloc::string::ToString;

    #[test]
    fn it_says_what_happened() {
        assert_eq!(ChannelError::TooLarge { limit: 65_507 }.to_string(), "the message is larger than 65507 bytes");
        let closed = |code, reason: &str| ChannelError::Closed { code, reason: reason.into() }.to_string();
        assert_eq!(closed(1006, ""), "closed by the other side (code 1006)");
        assert_eq!(closed(3001, "bye"), "closed by the other side (code 3001: bye)");
    }
}
