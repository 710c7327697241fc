//! [`WebSocketOptions`].

use super::WebSocket;
use super::socket::Socket;
use crate::{AnyNode, ChannelError, Connect, Request, sys};
use alloc::string::String;
use wasm_bindgen::prelude::*;

/// How a [`WebSocket`] is made, where the defaults do not fit.
///
/// ```no_run
/// use hamadryad_wasm::net::{WebSocket, WebSocketOptions};
/// use hamadryad_wasm::{ChannelError, prelude::*};
///
/// async fn join(me: AnyNode) -> Result<WebSocket, ChannelError> {
///     let options = WebSocketOptions::new().protocols(["chat.v2", "chat.v1"]).receive_limit(64, 1 << 20);
///     options.connect(me, "/chat").timeout(secs(5)).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct WebSocketOptions {
    /// An array of strings, or undefined.
    pub(super) protocols: JsValue,
    pub(super) messages_max: usize,
    pub(super) bytes_max: usize,
}

impl WebSocketOptions {
    /// No sub-protocol; at most 1,024 messages and 16 MiB wait to be received.
    pub const fn new() -> WebSocketOptions {
        WebSocketOptions { protocols: JsValue::UNDEFINED, messages_max: 1_024, bytes_max: 16 << 20 }
    }

    /// Sub-protocols that the server may choose from, the preferred one first; [`WebSocket::protocol`] says which it chose. A server that
    /// chooses none of them fails the connection.
    pub fn protocols<P: AsRef<str>>(mut self, protocols: impl IntoIterator<Item = P>) -> WebSocketOptions {
        let list = sys::Array::new();
        for protocol in protocols {
            list.push(&JsValue::from_str(protocol.as_ref()));
        }
        self.protocols = list.into();
        self
    }

    /// How many messages, and bytes of them (of a text: UTF-16 code units), may wait to be received. With one more the socket is closed:
    /// see [`WebSocket`]. A message of more bytes than this cannot be received at all.
    pub fn receive_limit(mut self, messages: usize, bytes: usize) -> WebSocketOptions {
        (self.messages_max, self.bytes_max) = (messages, bytes);
        self
    }

    /// Begins to connect, as [`WebSocket::connect`] does.
    #[track_caller]
    pub fn connect(&self, owner: impl Into<AnyNode>, url: &str) -> Request<WebSocket, ChannelError> {
        Socket::connect(owner.into(), url, self)
    }
}

impl Default for WebSocketOptions {
    fn default() -> WebSocketOptions {
        WebSocketOptions::new()
    }
}

/// As [`WebSockets`](super::WebSockets), with these options.
impl Connect for WebSocketOptions {
    type Peer = String;
    type Channel = WebSocket;

    #[track_caller]
    fn connect(&self, owner: AnyNode, url: &String) -> Request<WebSocket, ChannelError> {
        Socket::connect(owner, url, self)
    }
}
