//! [`Line`]: what a socket and its JavaScript closure share.

use super::socket::Socket;
use super::{Message, WebSocket, WebSocketOptions};
use crate::sys::{self, Payload};
use crate::{AnyNode, ChannelError, Completer, Node, Ready};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// The receiver was too slow (RFC 6455, section 7.4.1: a message violates the policy).
pub(super) const POLICY: u16 = 1008;
pub(super) const TOO_SLOW: &str = "the receive buffer is full";

/// What came through a connection, and how it ended.
pub(super) struct Line {
    /// Known as soon as the node is made, which is before the first event.
    node: Cell<Option<Node<Socket>>>,
    phase: RefCell<Phase>,
    waiting: RefCell<VecDeque<Received>>,
    bytes: Cell<usize>,
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
    pub(super) fn new(done: Completer<WebSocket, ChannelError>, owner: AnyNode, options: &WebSocketOptions) -> Line {
        Line {
            node: Cell::new(None),
            phase: RefCell::new(Phase::Connecting { done, owner }),
            waiting: RefCell::new(VecDeque::new()),
            bytes: Cell::new(0),
            messages_max: options.messages_max,
            bytes_max: options.bytes_max,
        }
    }

    /// This is the node whose value has the other end.
    pub(super) fn belongs_to(&self, node: Node<Socket>) {
        self.node.set(Some(node));
    }

    /// Takes in an event, and marks the node for those who wait. Which event it is, its fields tell: only a message has data, only a close
    /// has a code.
    pub(super) fn take_in(&self, event: &sys::Event) {
        let Some(node) = self.node.get() else { return };
        let payload = event.data();
        let ready = if !payload.is_undefined() {
            self.arrived(node, payload)
        } else if let Some(code) = event.code() {
            self.closed(code, event.reason())
        } else {
            self.opened(node);
            Ready::NONE
        };
        // Whoever waits for room looks as well: no event tells of it.
        node.mark_ready(ready);
    }

    fn opened(&self, node: Node<Socket>) {
        if let Phase::Connecting { done, owner } = self.phase.replace(Phase::Open) {
            match node.reparent(owner) {
                // Whom nobody waits for is gone already: then nothing of this runs.
                Ok(()) => drop(done.complete(Ok(WebSocket::new(node)))),
                // The owner is gone, and the request was moved away from it: the socket ends with the request.
                Err(_) => drop(done),
            }
        }
    }

    fn closed(&self, code: u16, reason: String) -> Ready {
        match self.phase.replace(Phase::Ended { code, reason }) {
            Phase::Connecting { done, .. } => {
                drop(done.complete(Err(ChannelError::Refused)));
                Ready::NONE
            }
            Phase::Open => Ready::READABLE | Ready::WRITABLE | Ready::HANGUP,
            ended => {
                self.phase.replace(ended); // by this side: that is what verbs tell
                Ready::NONE
            }
        }
    }

    fn arrived(&self, node: Node<Socket>, payload: Payload) -> Ready {
        if !matches!(*self.phase.borrow(), Phase::Open) {
            return Ready::NONE;
        }
        let received = Received::new(payload);
        let bytes = self.bytes.get() + received.len;
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < self.messages_max && bytes <= self.bytes_max {
            self.bytes.set(bytes);
            waiting.push_back(received);
            return Ready::READABLE | Ready::WRITABLE;
        }
        drop(waiting);
        let _lent = node.try_with(|socket| socket.hang_up(POLICY, TOO_SLOW)).is_err();
        self.closed(POLICY, TOO_SLOW.to_string())
    }

    /// The next message; the end only after all messages.
    pub(super) fn take(&self) -> Option<Result<Received, ChannelError>> {
        match self.waiting.borrow_mut().pop_front() {
            Some(received) => {
                self.bytes.set(self.bytes.get() - received.len);
                Some(Ok(received))
            }
            None => self.end().map(Err),
        }
    }

    pub(super) fn is_readable(&self) -> bool {
        !self.waiting.borrow().is_empty() || self.has_ended()
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Ended { .. })
    }

    /// How it ended, if it did.
    pub(super) fn end(&self) -> Option<ChannelError> {
        match &*self.phase.borrow() {
            Phase::Ended { code, reason } => Some(ChannelError::Closed { code: *code, reason: reason.clone() }),
            _ => None,
        }
    }
}

/// A message, as JavaScript has it.
pub(super) struct Received {
    payload: Payload,
    is_text: bool,
    len: usize,
}

impl Received {
    fn new(payload: Payload) -> Received {
        match payload.byte_length() {
            Some(len) => Received { payload, is_text: false, len: len as usize },
            None => Received { len: payload.text_length() as usize, is_text: true, payload },
        }
    }

    fn text(&self) -> String {
        self.payload.as_string().unwrap_or_default()
    }

    /// The message's bytes, in place of what was there.
    pub(super) fn copy_to(&self, message: &mut Vec<u8>) {
        if self.is_text {
            *message = self.text().into_bytes();
            return;
        }
        message.clear();
        message.resize(self.len, 0);
        sys::copy_bytes(message, &sys::Uint8Array::new(&self.payload));
    }
}

impl From<Received> for Message {
    fn from(received: Received) -> Message {
        if received.is_text {
            return Message::Text(received.text());
        }
        let mut bytes = Vec::new();
        received.copy_to(&mut bytes);
        Message::Binary(bytes)
    }
}
