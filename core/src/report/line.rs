//! [`Line`]: what the report knows of one node.

use crate::arena::Place;
use crate::id::NodeId;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

/// One node in a [`TreeReport`](crate::TreeReport).
#[derive(Clone, Copy)]
pub struct Line<'a>(pub(super) &'a Entry);

/// What is noted of one node.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) depth: usize,
    pub(super) id: NodeId,
    pub(super) name: &'static str,
    pub(super) label: Option<String>,
    pub(super) kind: String,
    pub(super) place: Place,
    pub(super) age: Duration,
    pub(super) bytes: usize,
    pub(super) deadline_left: Option<Duration>,
    pub(super) runs: Option<u32>,
    pub(super) waits: String,
    /// The same without labels.
    pub(super) waits_stable: &'static str,
    /// Whether no younger sibling is listed.
    pub(super) last: bool,
}

impl<'a> Line<'a> {
    /// How far below the node that the report is of, which itself has 0.
    pub fn depth(self) -> usize {
        self.0.depth
    }

    /// Which node it is, while that is there.
    pub fn id(self) -> NodeId {
        self.0.id
    }

    /// The name it was given, or else the last part of its type's.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it was labelled with at run time.
    pub fn label(self) -> Option<&'a str> {
        self.0.label.as_deref()
    }

    /// What it is, in words: the last part of its type's name, or for instance `request, detached`, `scope`, `timer`.
    pub fn kind(self) -> &'a str {
        &self.0.kind
    }

    /// Where in the source it was made; of an ending node, where it was freed.
    pub fn place(self) -> &'static core::panic::Location<'static> {
        self.0.place
    }

    /// How long ago it was made.
    pub fn age(self) -> Duration {
        self.0.age
    }

    /// Bytes of the node and of its value, without what the value owns elsewhere.
    pub fn bytes(self) -> usize {
        self.0.bytes
    }

    /// Of a request, how often its code was run.
    pub fn runs(self) -> Option<u32> {
        self.0.runs
    }

    /// What a request or scope waits for: a word such as `sleep` or `message`, the title of the request that it awaits, or both.
    pub fn waits(self) -> Option<&'a str> {
        Some(self.0.waits.as_str()).filter(|waits| !waits.is_empty())
    }

    /// How long until a deadline of its own; zero when that is over. Those that it inherits stand at the ancestor that has them.
    pub fn deadline_left(self) -> Option<Duration> {
        self.0.deadline_left
    }
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}
