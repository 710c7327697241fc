//! [`Message`].

use alloc::string::String;
use alloc::vec::Vec;

/// A whole message, as a [`WebSocket`](super::WebSocket) tells them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Bytes.
    Binary(Vec<u8>),
    /// Text: the peer sent it as such.
    Text(String),
}
