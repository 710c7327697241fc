//! [`WebSocket`].

use super::line::sendable;
use super::socket::{ReadyFor, Socket, Verb};
use super::{Message, WebSocketOptions};
use crate::{AnyNode, Channel, ChannelError, Node, Request};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

/// Bytes in the largest message that is sent: as of the simulated network.
const SEND_MAX: usize = 16 << 20;
/// Bytes in the longest reason (RFC 6455, section 5.5: a control frame has at most 125, and the code takes 2).
const REASON_LEN_MAX: usize = 123;

/// A WebSocket, in a page or a worker: a handle to the node that holds it. The portable [`Channel`] of the browser, and text besides.
///
/// ```no_run
/// use hamadryad_wasm::net::WebSocket;
/// use hamadryad_wasm::{Channel, ChannelError, prelude::*};
///
/// async fn echo(me: AnyNode) -> Result<Vec<u8>, ChannelError> {
///     let socket = WebSocket::connect(me, "/echo").timeout(secs(5)).await?;
///     socket.send(b"hello").await?;
///     let mut answer = Vec::new();
///     socket.receive(&mut answer).await?;
///     Ok(answer) // the request ends here, and the connection with it
/// }
/// ```
///
/// # Its end
///
/// Freed, by whomever and in whatever state, it stops listening before anything else, drops what was not received, and closes the
/// connection, behind what was sent; the browser does that in the background, and nothing of it comes back here.
/// [`close`](WebSocket::close) does the same with a code and a reason.
///
/// When the peer has closed it, or the connection is lost, what has arrived can still be received, and then every verb gives
/// [`ChannelError::Closed`] with the peer's code and reason: 1006 when the connection was lost without a word, 1005 when the peer gave no
/// code (RFC 6455, section 7.4.1). A browser closes the sockets of a tab that it freezes (1006): [`lifecycle`](crate::NodeExt::lifecycle)
/// tells that apart from a peer that died.
///
/// # Limits
///
/// - **Receiving**: a page cannot tell a peer to wait, so what nobody receives is kept, at most 1,024 messages and 16 MiB
///   ([`WebSocketOptions::receive_limit`]). One more closes the socket: what is kept can be received, and then verbs give
///   [`ChannelError::Closed`] with code 1008.
/// - **Sending**: while the browser holds more than 256 KiB that have not left yet (`bufferedAmount`), `send` waits. There is no event for
///   that: while somebody waits, and only then, a timer below the socket looks every 4 ms (a hidden tab's timers come once a second).
/// - A page may send the codes 1000 and 3000 to 4999 only (WebSockets Standard, `close()`). The protocol's own codes, 1001 to 1999, are sent
///   with 3000 added: a peer that sends too fast is told 4008.
///
/// # Relative URLs
///
/// The browser resolves `/path`, `//host/path` and `http:` against the page's (or the worker's) own address: Chromium since 125, Firefox
/// since 124, Safari since 17.3.
#[derive(Clone, Copy)]
pub struct WebSocket(Node<Socket>);

impl WebSocket {
    /// Begins to connect to `url`. The socket is a node under `owner` as soon as the request is done; until then it belongs to the request,
    /// and abandoning that closes it.
    ///
    /// # Errors
    ///
    /// - [`ChannelError::Refused`]: no connection was made. Why not, a browser tells nobody but its console: nobody listens, a server that
    ///   does not upgrade, no network.
    /// - [`ChannelError::Unreachable`]: this is no URL of a WebSocket, the page's security policy forbids it, or `owner` is in no browser's
    ///   tree.
    /// - [`ChannelError::Ended`]: the owner, or the request, ended. There is no time limit of its own: give it a
    ///   [`timeout`](Request::timeout).
    #[track_caller]
    pub fn connect(owner: impl Into<AnyNode>, url: &str) -> Request<WebSocket, ChannelError> {
        const DEFAULT: &WebSocketOptions = &WebSocketOptions::new();
        Socket::connect(owner.into(), url, DEFAULT)
    }

    /// Sends `text` as a text message; otherwise as [`Channel::send`].
    ///
    /// # Errors
    ///
    /// As [`Channel::send`].
    pub async fn send_text(self, text: &str) -> Result<(), ChannelError> {
        self.fits(text.len())?;
        ReadyFor::new(self.0, Verb::Send).await?.send(|js| js.send_text(text))
    }

    /// Waits for a message of either kind. Cancel-safe: it is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Closed`] after the last message, [`ChannelError::Ended`] when the node is freed.
    pub async fn receive_message(self) -> Result<Message, ChannelError> {
        Ok((*ReadyFor::new(self.0, Verb::Receive).await?.take()?).into())
    }

    /// The sub-protocol that the server chose; empty when it chose none, or the node is stale.
    pub fn protocol(self) -> String {
        Socket::line(self.0).map(|line| line.js.protocol()).unwrap_or_default()
    }

    /// The absolute URL; empty when the node is stale.
    pub fn url(self) -> String {
        Socket::line(self.0).map(|line| line.js.url()).unwrap_or_default()
    }

    /// Frees the node; behind what was sent, the peer is told this code (see [Limits](WebSocket#limits); one that does not exist is sent as
    /// 1000) and reason, of which 123 bytes are sent. Nothing on a stale node.
    #[track_caller]
    pub fn close(self, code: u16, reason: &str) {
        if let Some(line) = Socket::line(self.0) {
            line.js.close(Some(sendable(code)), Some(&reason[..reason.floor_char_boundary(REASON_LEN_MAX)]));
        }
        self.0.free();
    }

    fn fits(self, len: usize) -> Result<(), ChannelError> {
        if len > SEND_MAX { Err(ChannelError::TooLarge { limit: SEND_MAX }) } else { Ok(()) }
    }

    pub(super) fn new(node: Node<Socket>) -> WebSocket {
        WebSocket(node)
    }
}

impl Channel for WebSocket {
    const RELIABLE: bool = true;

    /// 16 MiB. The protocol has no limit, and peers have one of their own, mostly a smaller one (code 1009).
    fn limit(self) -> usize {
        SEND_MAX
    }

    /// Sends a binary message, as soon as the browser has [room](WebSocket#limits). Cancel-safe: it is sent whole, or not at all. Done means
    /// that the browser has it, not that the peer has.
    ///
    /// # Errors
    ///
    /// [`ChannelError::TooLarge`]; [`ChannelError::Closed`] when the peer's end has come here; [`ChannelError::Ended`] when the node is freed.
    async fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        self.fits(message.len())?;
        ReadyFor::new(self.0, Verb::Send).await?.send(|js| js.send(message))
    }

    /// Waits for a message, which replaces what was in `message`: of a text message, its UTF-8 bytes.
    /// [`receive_message`](WebSocket::receive_message) tells them apart. Cancel-safe: it is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// As [`receive_message`](WebSocket::receive_message).
    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        ReadyFor::new(self.0, Verb::Receive).await?.take()?.copy_to(message);
        Ok(())
    }
}

impl Deref for WebSocket {
    type Target = AnyNode;

    fn deref(&self) -> &AnyNode {
        &self.0
    }
}

impl From<WebSocket> for AnyNode {
    fn from(socket: WebSocket) -> AnyNode {
        *socket
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocket").field(&**self).finish()
    }
}
