//! [`WebSockets`].

use super::WebSocket;
use crate::{AnyNode, ChannelError, Connect, Request};
use alloc::string::String;

/// [`Connect`] by WebSocket: a peer is a URL, relative ones included.
///
/// ```no_run
/// use hamadryad_wasm::net::WebSockets;
/// use hamadryad_wasm::{Channel, ChannelError, Connect, prelude::*};
///
/// /// Written once, for every transport.
/// async fn greet<C: Connect>(me: AnyNode, transport: C, peer: C::Peer) -> Result<(), ChannelError> {
///     transport.connect(me, &peer).await?.send(b"hello").await
/// }
///
/// async fn greet_the_server(me: AnyNode) -> Result<(), ChannelError> {
///     greet(me, WebSockets, "/greetings".into()).await
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebSockets;

impl Connect for WebSockets {
    type Peer = String;
    type Channel = WebSocket;

    #[track_caller]
    fn connect(&self, owner: AnyNode, url: &String) -> Request<WebSocket, ChannelError> {
        WebSocket::connect(owner, url)
    }
}
