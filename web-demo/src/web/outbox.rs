//! [`Outbox`]: what is still to be sent to one WebSocket.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::collections::VecDeque;

use async_tungstenite::tungstenite::Message;
use hamadryad::{AnyNode, Node};

use super::close::Close;

/// A handle to the node that holds it.
#[derive(Clone, Copy)]
pub(super) struct Outbox(Node<Unsent>);

/// Something that goes out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Tree,
    Upstreams,
}

#[derive(Default)]
struct Unsent {
    messages: VecDeque<(Option<Topic>, Message)>,
    bytes: usize,
    bytes_max: usize,
    /// Answers that are not there yet.
    owed: usize,
    close: Option<Close>,
    /// Of whoever sends.
    waker: Option<Waker>,
}

impl Outbox {
    /// An empty one, for at most `bytes_max`.
    pub(super) fn new(owner: AnyNode, bytes_max: usize) -> Outbox {
        Outbox(owner.insert(Unsent { bytes_max, ..Unsent::default() }).named("outbox"))
    }

    pub(super) fn is_alive(self) -> bool {
        self.0.is_alive()
    }

    /// Adds a message. With more than is allowed unsent, the connection is closed: its reader is too slow.
    pub(super) fn push(self, message: Message) -> Result<(), Close> {
        self.change(|unsent| unsent.add(None, message));
        self.is_open()
    }

    /// Adds a message in place of an older one about the same, if that still waits.
    pub(super) fn replace(self, topic: Topic, message: Message) {
        self.change(|unsent| {
            if let Some(at) = unsent.messages.iter().position(|(older, _)| *older == Some(topic)) {
                let (_, older) = unsent.messages.remove(at).expect("it was just found");
                unsent.bytes -= older.len();
            }
            unsent.add(Some(topic), message);
        });
    }

    /// Forgets what waits, and says goodbye.
    pub(super) fn close(self, close: Close) {
        self.change(|unsent| unsent.end(close));
    }

    /// Says goodbye when all that is owed is sent.
    pub(super) fn close_after_all(self, close: Close) {
        self.change(|unsent| unsent.close = unsent.close.take().or(Some(close)));
    }

    /// An answer that will come; dropped, it has come, or never will.
    pub(super) fn owe(self) -> Result<Owed, Close> {
        self.is_open()?;
        self.change(|unsent| unsent.owed += 1);
        Ok(Owed(self))
    }

    /// Once goodbye is said, nothing more is taken in.
    fn is_open(self) -> Result<(), Close> {
        self.0.try_with(|unsent| unsent.close.clone().map_or(Ok(()), Err)).unwrap_or(Ok(()))
    }

    /// How many answers are not there yet.
    pub(super) fn owed(self) -> usize {
        self.0.try_with(|unsent| unsent.owed).unwrap_or(0)
    }

    /// The next message to be sent; the goodbye is the last. For one sender.
    pub(super) async fn next(self) -> Result<Message, Close> {
        poll_fn(|context| {
            let taken = self.0.try_with_mut(|unsent| {
                let next = unsent.take();
                if next.is_none() {
                    unsent.waker = Some(context.waker().clone());
                }
                next
            });
            match taken {
                Ok(Some(next)) => Poll::Ready(next),
                _ => Poll::Pending,
            }
        })
        .await
    }

    fn change(self, change: impl FnOnce(&mut Unsent)) {
        let waker = self.0.try_with_mut(|unsent| {
            change(unsent);
            unsent.waker.take()
        });
        if let Ok(Some(waker)) = waker {
            waker.wake();
        }
    }
}

impl Unsent {
    fn add(&mut self, topic: Option<Topic>, message: Message) {
        if self.close.as_ref().is_some_and(|_| self.owed == 0) {
            return;
        }
        self.bytes += message.len();
        self.messages.push_back((topic, message));
        if self.bytes > self.bytes_max {
            self.end(Close::new(Close::POLICY, format!("more than {} bytes wait for you: read faster", self.bytes_max)));
        }
    }

    fn end(&mut self, close: Close) {
        self.messages.clear();
        (self.bytes, self.owed, self.close) = (0, 0, Some(close));
    }

    fn take(&mut self) -> Option<Result<Message, Close>> {
        if let Some((_, message)) = self.messages.pop_front() {
            self.bytes -= message.len();
            return Some(Ok(message));
        }
        if self.owed > 0 { None } else { self.close.clone().map(Err) }
    }
}

/// See [`Outbox::owe`].
pub(super) struct Owed(Outbox);

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.change(|unsent| unsent.owed = unsent.owed.saturating_sub(1));
    }
}
