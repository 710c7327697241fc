//! [`Line`]: what a socket and its JavaScript closure share.

use super::received::{Received, Waiting};
use super::socket::{Socket, Verb};
use super::{WebSocket, WebSocketOptions};
use crate::sys::{self, Payload};
use crate::{AnyNode, ChannelError, Completer, Node};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::cell::{Cell, RefCell};

/// The receiver was too slow (RFC 6455, section 7.4.1: a message violates the policy).
pub(super) const POLICY: u16 = 1008;
pub(super) const TOO_SLOW: &str = "the receive buffer is full";

/// A code as a page may send it.
pub(super) fn sendable(code: u16) -> u16 {
    match code {
        1000 | 3000..=4999 => code,
        1001..=1999 => code + 3000,
        _ => 1000,
    }
}

/// With more than this in the browser's own buffer, whoever sends waits: 64 MB a second at one look every 4 ms.
const BUFFERED_MAX: f64 = 262_144.0;

/// The browser's connection, what came through it, and how it ended.
pub(super) struct Line {
    pub(super) js: sys::WebSocket,
    /// A timer of the socket's looks for those who wait for room.
    pub(super) is_looked_at: Cell<bool>,
    /// Known as soon as the node is made, which is before the first event.
    node: Cell<Option<Node<Socket>>>,
    phase: RefCell<Phase>,
    waiting: Waiting,
    messages_max: usize,
    bytes_max: usize,
}

/// ```text
///               open                 close, or no room
///  Connecting ────────► Open ───────────────────────────► Ended
///      └── close: the request is told, and the socket goes with it
/// ```
enum Phase {
    Connecting { done: Completer<WebSocket, ChannelError>, owner: AnyNode },
    Open,
    Ended { code: u16, reason: String },
}

impl Line {
    pub(super) fn new(js: sys::WebSocket, done: Completer<WebSocket, ChannelError>, owner: AnyNode, options: &WebSocketOptions) -> Line {
        Line {
            js,
            is_looked_at: Cell::new(false),
            node: Cell::new(None),
            phase: RefCell::new(Phase::Connecting { done, owner }),
            waiting: Waiting::default(),
            messages_max: options.messages_max,
            bytes_max: options.bytes_max,
        }
    }

    /// This is the node whose value has the other end.
    pub(super) fn belongs_to(&self, node: Node<Socket>) {
        self.node.set(Some(node));
    }

    /// Takes in an event, and wakes those who wait. Which event it is, its fields tell: only a message has data, only a close has a code.
    pub(super) fn take_in(&self, event: &sys::Event) {
        let Some(node) = self.node.get() else { return };
        if let Some(payload) = event.data() {
            self.arrived(payload);
        } else if let Some(code) = event.code() {
            self.closed(code, event.reason());
        } else {
            self.opened(node);
        }
        // Whoever waits for room looks as well: no event tells of that.
        node.notify();
    }

    fn opened(&self, node: Node<Socket>) {
        if let Phase::Connecting { done, owner } = self.phase.replace(Phase::Open) {
            // An error: the owner is gone, and the request was moved away from it.
            let moved = node.reparent(owner).map_err(|_| ChannelError::Unreachable);
            drop(done.complete(moved.map(|()| WebSocket::new(node))));
        }
    }

    fn closed(&self, code: u16, reason: String) {
        match self.phase.replace(Phase::Ended { code, reason }) {
            Phase::Connecting { done, .. } => drop(done.complete(Err(ChannelError::Refused))),
            Phase::Open => {}
            // By this side: that is what verbs tell.
            ended => drop(self.phase.replace(ended)),
        }
    }

    fn arrived(&self, payload: Payload) {
        if !matches!(*self.phase.borrow(), Phase::Open) {
            return;
        }
        let received = Received::new(payload);
        if self.waiting.count.get() < self.messages_max && self.waiting.bytes.get() + received.len <= self.bytes_max {
            self.waiting.push(received);
        } else {
            self.js.close(Some(sendable(POLICY)), Some(TOO_SLOW));
            self.closed(POLICY, TOO_SLOW.to_string());
        }
    }

    /// Whether a verb can go on: there is something to take (a message, the end), or room.
    pub(super) fn is_ready(&self, verb: Verb) -> bool {
        let now = match verb {
            Verb::Receive => self.waiting.count.get() > 0,
            Verb::Send => self.js.buffered_amount() <= BUFFERED_MAX,
        };
        now || matches!(*self.phase.borrow(), Phase::Ended { .. })
    }

    /// The next message; after all of them, the end.
    pub(super) fn take(&self) -> Result<Box<Received>, ChannelError> {
        self.waiting.pop().ok_or_else(|| self.end())
    }

    /// Gives a message to the browser, unless it has ended.
    pub(super) fn send(&self, send: impl FnOnce(&sys::WebSocket)) -> Result<(), ChannelError> {
        match *self.phase.borrow() {
            Phase::Ended { .. } => Err(self.end()),
            _ => {
                send(&self.js);
                Ok(())
            }
        }
    }

    /// How it ended. (Nobody asks before.)
    fn end(&self) -> ChannelError {
        let phase = self.phase.borrow();
        let (code, reason) = if let Phase::Ended { code, reason } = &*phase { (*code, &reason[..]) } else { (0, "") };
        ChannelError::Closed { code, reason: String::from(reason) }
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
