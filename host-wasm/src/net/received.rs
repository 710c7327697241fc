//! [`Received`]: a message, as JavaScript has it, and the queue of those that wait.

use super::Message;
use crate::sys::{self, Payload};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

/// A message, as JavaScript has it.
pub(super) struct Received {
    payload: Payload,
    is_text: bool,
    pub(super) len: usize,
    /// The next in a list.
    next: Option<Box<Received>>,
}

impl Received {
    pub(super) fn new(payload: Payload) -> Received {
        let (len, is_text) = match payload.byte_length() {
            Some(len) => (len, false),
            None => (payload.text_length(), true),
        };
        Received { payload, is_text, len: len as usize, next: None }
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
        *message = alloc::vec![0; self.len];
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

/// Messages that wait, first in, first out. (Two lists that link what is in them are less of a page than the library's queue.)
#[derive(Default)]
pub(super) struct Waiting {
    /// What has come since the others were put in order, the newest first.
    newest: Cell<Option<Box<Received>>>,
    /// What comes before all these, the oldest first.
    oldest: Cell<Option<Box<Received>>>,
    pub(super) count: Cell<usize>,
    pub(super) bytes: Cell<usize>,
}

impl Waiting {
    pub(super) fn push(&self, received: Received) {
        self.count.set(self.count.get() + 1);
        self.bytes.set(self.bytes.get() + received.len);
        self.newest.set(Some(Box::new(Received { next: self.newest.take(), ..received })));
    }

    pub(super) fn pop(&self) -> Option<Box<Received>> {
        let mut oldest = self.oldest.take();
        if oldest.is_none() {
            let mut newest = self.newest.take();
            while let Some(mut received) = newest {
                newest = core::mem::replace(&mut received.next, oldest);
                oldest = Some(received);
            }
        }
        let mut first = oldest?;
        self.oldest.set(first.next.take());
        self.count.set(self.count.get() - 1);
        self.bytes.set(self.bytes.get() - first.len);
        Some(first)
    }
}

impl Drop for Waiting {
    /// One after the other: a list that drops the next of each is as deep as it is long.
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
