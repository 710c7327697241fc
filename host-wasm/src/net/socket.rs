//! [`Socket`]: what a [`WebSocket`] is a handle to.

use super::line::{Line, Received};
use super::{WebSocket, WebSocketOptions};
use crate::browser_host::{hear, page_of};
use crate::listener::Listener;
use crate::waiting::{Waited, until};
use crate::{AnyNode, ChannelError, Node, OwnerError, Ready, Request, SourceClass, millis, sys};
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;
use core::convert::Infallible;
use core::time::Duration;

/// Bytes in the largest message that is sent: as of the simulated network.
pub(super) const SEND_MAX: usize = 16 << 20;
/// With more than this in the browser's own buffer, whoever sends waits: 64 MB a second at one look every 4 ms.
const BUFFERED_MAX: f64 = 262_144.0;
/// How often somebody who waits for room looks. Browsers have no shorter timers than this for who sets one after the other (HTML, "timers").
const LOOK: Duration = millis(4);

/// The browser's socket and the closure that listens to it. On drop the connection is closed, and the closure taken off the socket; no
/// event comes between.
pub(super) struct Socket {
    listener: Listener<sys::WebSocket, 3>,
    line: Rc<Line>,
    /// A timer looks for those who wait for room.
    looking: Cell<bool>,
}

impl Socket {
    #[track_caller]
    pub(super) fn connect(owner: AnyNode, url: &str, options: &WebSocketOptions) -> Request<WebSocket, ChannelError> {
        let (request, done) = owner.completer("connect");
        let page = match page_of(request.node()) {
            Ok(page) => page,
            Err(OwnerError::Freed) => return request,
            Err(_) => {
                drop(done.complete(Err(ChannelError::Unreachable)));
                return request;
            }
        };
        let Ok(js) = sys::WebSocket::new(url, &options.protocols) else {
            drop(done.complete(Err(ChannelError::Unreachable)));
            return request;
        };
        js.set_binary_type("arraybuffer");
        let line = Rc::new(Line::new(done, owner, options));
        let heard = line.clone();
        let listener = Listener::new(js, ["open", "message", "close"], move |event| {
            hear(&page, |_| heard.take_in(&event));
        });
        let socket = Socket { listener, line: line.clone(), looking: Cell::new(false) };
        // An error says that the owner is ending: then the request has ended, too.
        if let Ok(node) = request.node().source(SourceClass::Io, "WebSocket", |_| Ok::<_, Infallible>(socket)) {
            // A report is for everybody: what stands behind the question mark is often a secret.
            let shown = url.split_once('?').map_or(url, |(shown, _)| shown);
            line.belongs_to(node.named("websocket").label(shown));
        }
        request
    }

    /// Waits for room, then lets `send` do it.
    pub(super) async fn send_with(node: Node<Socket>, len: usize, send: impl Fn(&Socket)) -> Result<(), ChannelError> {
        if len > SEND_MAX {
            return Err(ChannelError::TooLarge { limit: SEND_MAX });
        }
        let attempt = |socket: &Socket| match socket.line.end() {
            Some(end) => Some(Err(end)),
            None if socket.has_room() => {
                send(socket);
                Some(Ok(()))
            }
            None => None,
        };
        until(node, Ready::WRITABLE, "room", attempt).await?
    }

    pub(super) async fn receive(node: Node<Socket>) -> Result<Received, ChannelError> {
        until(node, Ready::READABLE, "message", |socket| socket.line.take()).await?
    }

    pub(super) fn send(&self, message: &[u8]) {
        self.listener.target.send(message);
    }

    pub(super) fn send_text(&self, message: &str) {
        self.listener.target.send_text(message);
    }

    pub(super) fn protocol(&self) -> String {
        self.listener.target.protocol()
    }

    pub(super) fn url(&self) -> String {
        self.listener.target.url()
    }

    /// Begins to close the connection, with what a page may say.
    pub(super) fn hang_up(&self, code: u16, reason: &str) {
        self.listener.target.close_with(sendable(code), &reason[..reason.floor_char_boundary(REASON_LEN_MAX)]);
    }

    fn has_room(&self) -> bool {
        self.listener.target.buffered_amount() <= BUFFERED_MAX
    }

    /// No event tells of room: as long as somebody waits for it, a timer looks.
    fn look_later(node: Node<Socket>) {
        node.after(LOOK, move || {
            let wanted = node.wanted().contains(Ready::WRITABLE);
            let looked = node.try_with(|socket| {
                socket.looking.set(wanted);
                socket.is_ready(Ready::WRITABLE)
            });
            if wanted {
                Socket::look_later(node);
            }
            if looked.unwrap_or(false) {
                node.mark_ready(Ready::WRITABLE);
            }
        });
    }
}

impl Waited for Socket {
    fn is_ready(&self, interest: Ready) -> bool {
        match interest.contains(Ready::READABLE) {
            true => self.line.is_readable(),
            false => self.has_room() || self.line.has_ended(),
        }
    }

    fn begin_to_wait(node: Node<Socket>, interest: Ready) {
        if interest == Ready::WRITABLE && node.try_with(|socket| !socket.looking.replace(true)).unwrap_or(false) {
            Socket::look_later(node);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.listener.target.close();
    }
}

/// Bytes in the longest reason (RFC 6455, section 5.5: a control frame has at most 125, and the code takes 2).
const REASON_LEN_MAX: usize = 123;

/// A code as a page may send it.
fn sendable(code: u16) -> u16 {
    match code {
        1000 | 3000..=4999 => code,
        1001..=1999 => code + 3000,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::sendable;

    #[test]
    fn a_page_sends_the_codes_it_may() {
        let sent = [0, 999, 1000, 1001, 1008, 1999, 2000, 2999, 3000, 4999, 5000].map(sendable);
        assert_eq!(sent, [1000, 1000, 1000, 4001, 4008, 4999, 1000, 1000, 3000, 4999, 1000]);
    }
}
