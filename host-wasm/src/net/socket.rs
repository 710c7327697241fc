//! [`Socket`]: what a [`WebSocket`] is a handle to.

use super::line::Line;
use super::{WebSocket, WebSocketOptions};
use crate::browser_host::{hear, page_of};
use crate::listener::Listener;
use crate::sys::EventTarget;
use crate::{AnyNode, ChannelError, Node, Notified, Request, Waits, millis, sys};
use alloc::rc::Rc;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// How often somebody who waits for room looks. Browsers have no shorter timers than this for who sets one after the other (HTML, "timers").
const LOOK: Duration = millis(4);

/// The browser's socket and the closure that listens to it. On drop the connection is closed, and the closure taken off the socket; no
/// event comes between.
pub(super) struct Socket(Listener<Shared, 3>);

/// The closure needs it, too.
struct Shared(Rc<Line>);

impl AsRef<EventTarget> for Shared {
    fn as_ref(&self) -> &EventTarget {
        self.0.js.as_ref()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.0.target.0.js.close(None, None);
    }
}

impl Socket {
    #[track_caller]
    pub(super) fn connect(owner: AnyNode, url: &str, options: &WebSocketOptions) -> Request<WebSocket, ChannelError> {
        let (request, done) = owner.completer("connect");
        let begun = page_of(request.node()).ok().and_then(|page| Some((page, sys::WebSocket::new(url, &options.protocols).ok()?)));
        let Some((page, js)) = begun else {
            // Where the owner has ended, so has the request, and this is not heard.
            drop(done.complete(Err(ChannelError::Unreachable)));
            return request;
        };
        js.set_binary_type("arraybuffer");
        let line = Rc::new(Line::new(js, done, owner, options));
        let heard = line.clone();
        let listener = Listener::new(Shared(line.clone()), ["open", "message", "close"], move |event| {
            hear(&page, || heard.take_in(&event));
        });
        // An error says that the owner is ending: then the request has ended, too.
        if let Ok(node) = request.node().try_insert(Socket(listener)) {
            // A report is for everybody: what stands behind the question mark is often a secret.
            let shown = url.split_once('?').map_or(url, |(shown, _)| shown);
            line.belongs_to(node.named("websocket").label(shown));
        }
        request
    }

    /// The line of a socket that is not freed.
    #[inline(never)]
    pub(super) fn line(node: Node<Socket>) -> Option<Rc<Line>> {
        node.try_with(|socket| socket.0.target.0.clone()).ok()
    }

    /// No event tells of room: as long as somebody waits for it, a timer looks.
    fn look_later(node: Node<Socket>) {
        node.after(LOOK, move || {
            if let Some(line) = Socket::line(node) {
                // Whoever still waits has it looked at again.
                line.is_looked_at.set(false);
                node.notify();
            }
        });
    }
}

/// What somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Send,
    Receive,
}

impl Verb {
    const fn waits(self) -> Waits {
        match self {
            Verb::Send => const { Waits::named("room") },
            Verb::Receive => const { Waits::named("message") },
        }
    }
}

/// Waits until a verb can go on, and gives the line: what it is ready for is taken in the same poll, so this is cancel-safe.
pub(super) struct ReadyFor {
    node: Node<Socket>,
    verb: Verb,
    news: Option<Notified>,
}

impl ReadyFor {
    pub(super) fn new(node: Node<Socket>, verb: Verb) -> ReadyFor {
        ReadyFor { node, verb, news: None }
    }
}

impl Future for ReadyFor {
    type Output = Result<Rc<Line>, ChannelError>;

    /// Not inlined: each verb's copy would be 0.3 KB of a page.
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (node, verb) = (self.node, self.verb);
        loop {
            match Socket::line(node) {
                Some(line) if line.is_ready(verb) => return Poll::Ready(Ok(line)),
                Some(line) if verb == Verb::Send && !line.is_looked_at.replace(true) => Socket::look_later(node),
                _ => {} // of a stale node the error comes below
            }
            match Pin::new(self.news.get_or_insert_with(|| node.notified(verb.waits()))).poll(context) {
                Poll::Ready(Ok(())) => self.news = None,
                Poll::Ready(Err(ended)) => return Poll::Ready(Err(ended.into())),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
