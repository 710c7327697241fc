//! Why a computation ended without a result of its own.

use crate::arena::Place;
use crate::decimal::add_decimal;
use crate::id::NodeId;
use crate::node::AnyNode;
use crate::time::Readable;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

/// Why a computation ended without a result of its own: by whom and where, as text and [`NodeId`]. `Send + Sync + 'static`, so that
/// it fits into every error type; one pointer wide, cheap to clone.
///
/// ```
/// use hamadryad::{Ended, millis, secs, sim::Sim};
/// let sim = Sim::seeded(1);
/// let slow = sim.root().spawn("ask", async move |me| { me.sleep(secs(60)).await?; Ok::<_, Ended>(()) }).timeout(millis(400));
/// let ended = sim.block_on(slow).unwrap_err();
/// assert!(matches!(ended, Ended::TimedOut { .. }));
/// assert!(ended.to_string().starts_with("timed out after 400 ms (limit of \"ask\", "));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ended {
    /// Its deadline, or one above it, passed.
    #[non_exhaustive]
    TimedOut {
        /// By whom and where.
        facts: Facts,
    },
    /// It was asked to end, or may not begin: what it belongs to shuts down.
    #[non_exhaustive]
    Cancelled {
        /// By whom and where.
        facts: Facts,
    },
    /// Its node, or the node that it waited on, was freed.
    #[non_exhaustive]
    Freed {
        /// By whom and where.
        facts: Facts,
    },
    /// Its code panicked.
    #[non_exhaustive]
    Panicked {
        /// What it said, and where it was made.
        facts: Facts,
    },
    /// Its [`Completer`](crate::Completer) was dropped.
    #[non_exhaustive]
    CompleterDropped {
        /// Where it was made.
        facts: Facts,
    },
}

/// By whom and where something ended.
#[derive(Clone)]
pub struct Facts(Arc<Inner>);

struct Inner {
    /// What ended.
    name: &'static str,
    node: NodeId,
    /// Whose code, or whose limit, ended it.
    by: Option<(NodeId, &'static str)>,
    place: Option<Place>,
    /// In nanoseconds.
    after: Option<u64>,
    /// What it waited for, or what a panic said.
    detail: String,
}

impl Facts {
    /// What is known of a node's end; `after` is in nanoseconds. (Out of line: each copy would be 0.1 KB of a page.)
    #[inline(never)]
    pub(crate) fn new(
        name: &'static str,
        node: AnyNode,
        by: Option<AnyNode>,
        place: Option<Place>,
        after: Option<u64>,
        detail: String,
    ) -> Facts {
        let by = by.map(|by| (by.id(), by.last_name()));
        Facts(Arc::new(Inner { name, node: node.id(), by, place, after, detail }))
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let mut debug = f.debug_struct("Facts");
        debug.field("name", &inner.name).field("node", &inner.node).field("by", &inner.by);
        debug.field("place", &inner.place.map(|place| alloc::format!("{place}")));
        debug.field("after", &inner.after.map(Duration::from_nanos)).field("detail", &inner.detail).finish()
    }
}

impl Ended {
    fn facts(&self) -> &Inner {
        match self {
            Ended::TimedOut { facts }
            | Ended::Cancelled { facts }
            | Ended::Freed { facts }
            | Ended::Panicked { facts }
            | Ended::CompleterDropped { facts } => &facts.0,
        }
    }

    /// The name of what ended.
    pub fn name(&self) -> &str {
        self.facts().name
    }

    /// What ended.
    pub fn node(&self) -> NodeId {
        self.facts().node
    }

    /// Whose code ended it or, of a time-out, whose limit passed. `None` when no code of the tree was running, and where what was freed is
    /// no request, but a node that was waited on (of a socket, of a sleep): of that only the place is kept.
    pub fn by(&self) -> Option<NodeId> {
        self.facts().by.map(|by| by.0)
    }

    /// Where it was ended: of a time-out, where the limit's node was made.
    pub fn place(&self) -> Option<&'static core::panic::Location<'static>> {
        self.facts().place
    }
}

impl Ended {
    /// What its `Display` writes. By itself, since what formats is 1 KB of a page, and every page can tell of a failure.
    pub(crate) fn text(&self) -> String {
        let facts = self.facts();
        let mut text = String::new();
        let mut after = ")";
        match self {
            Ended::TimedOut { .. } => {
                text.push_str("timed out after ");
                Readable(facts.after.unwrap_or_default()).add_to(&mut text);
                match facts.by.map_or(facts.name, |by| by.1) {
                    "" => text.push_str(" (limit above it, "),
                    limit => add_all(&[" (limit of \"", limit, "\", "], &mut text),
                }
            }
            Ended::Cancelled { .. } => text.push_str("cancelled: what it belongs to shuts down ("),
            Ended::Freed { .. } => {
                text.push_str("freed by ");
                if let Some((_, by)) = facts.by.filter(|by| !by.1.is_empty()) {
                    add_all(&["\"", by, "\", "], &mut text);
                }
                after = if facts.detail.is_empty() { "" } else { " while waiting for " };
            }
            Ended::Panicked { .. } => {
                add_all(&["panicked: ", &facts.detail], &mut text);
                return text;
            }
            Ended::CompleterDropped { .. } => text.push_str("its completer was dropped ("),
        }
        add_place(facts.place, &mut text);
        add_all(&[after, &facts.detail], &mut text);
        text
    }
}

pub(crate) fn add_all(parts: &[&str], text: &mut String) {
    for part in parts {
        text.push_str(part);
    }
}

/// Adds a place, or that there is none.
fn add_place(place: Option<Place>, text: &mut String) {
    match place {
        Some(place) => {
            add_all(&[place.file(), ":"], text);
            add_decimal(place.line().into(), text);
        }
        None => text.push_str("an unknown place"),
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl core::error::Error for Ended {}

/// `TimedOut` becomes [`TimedOut`](std::io::ErrorKind::TimedOut), `Cancelled` and `Freed` become
/// [`ConnectionAborted`](std::io::ErrorKind::ConnectionAborted), the rest `Other`; the error itself is inside.
#[cfg(feature = "std")]
impl From<Ended> for std::io::Error {
    fn from(ended: Ended) -> Self {
        use std::io::ErrorKind;
        let kind = match ended {
            Ended::TimedOut { .. } => ErrorKind::TimedOut,
            Ended::Cancelled { .. } | Ended::Freed { .. } => ErrorKind::ConnectionAborted,
            Ended::Panicked { .. } | Ended::CompleterDropped { .. } => ErrorKind::Other,
        };
        std::io::Error::new(kind, ended)
    }
}
