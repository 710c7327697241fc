//! Why a computation ended without a result of its own.

use crate::arena::Place;
use crate::decimal::Decimal;
use crate::id::NodeId;
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

pub(crate) struct Inner {
    /// What ended.
    pub(crate) name: &'static str,
    pub(crate) node: NodeId,
    /// Whose code, or whose limit, ended it.
    pub(crate) by: Option<(NodeId, &'static str)>,
    pub(crate) place: Option<Place>,
    /// In nanoseconds.
    pub(crate) after: Option<u64>,
    /// What it waited for, or what a panic said.
    pub(crate) detail: String,
}

impl Facts {
    pub(crate) fn new(inner: Inner) -> Facts {
        Facts(Arc::new(inner))
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

    /// Whose code ended it or, of a time-out, whose limit passed; `None` when no code of the tree was running.
    pub fn by(&self) -> Option<NodeId> {
        self.facts().by.map(|by| by.0)
    }

    /// Where it was ended: of a time-out, where the limit's node was made.
    pub fn place(&self) -> Option<&'static core::panic::Location<'static>> {
        self.facts().place
    }
}

/// A place as text, or nothing.
struct At(Option<Place>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(place) => {
                f.write_str(place.file())?;
                f.write_str(":")?;
                Decimal(place.line().into()).fmt(f)
            }
            None => f.write_str("an unknown place"),
        }
    }
}

/// Written piece by piece: `write!` would bring what pads and aligns into every page, 2 KB of it.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = self.facts();
        match self {
            Ended::TimedOut { .. } => {
                f.write_str("timed out after ")?;
                Readable(facts.after.unwrap_or_default()).fmt(f)?;
                match facts.by.map_or(facts.name, |by| by.1) {
                    "" => f.write_str(" (limit above it, ")?,
                    limit => {
                        f.write_str(" (limit of \"")?;
                        f.write_str(limit)?;
                        f.write_str("\", ")?;
                    }
                }
                At(facts.place).fmt(f)?;
                f.write_str(")")
            }
            Ended::Cancelled { .. } => {
                f.write_str("cancelled: what it belongs to shuts down (")?;
                At(facts.place).fmt(f)?;
                f.write_str(")")
            }
            Ended::Freed { .. } => {
                f.write_str("freed by ")?;
                if let Some((_, by)) = facts.by.filter(|by| !by.1.is_empty()) {
                    f.write_str("\"")?;
                    f.write_str(by)?;
                    f.write_str("\", ")?;
                }
                At(facts.place).fmt(f)?;
                f.write_str(if facts.detail.is_empty() { "" } else { " while waiting for " })?;
                f.write_str(&facts.detail)
            }
            Ended::Panicked { .. } => {
                f.write_str("panicked: ")?;
                f.write_str(&facts.detail)
            }
            Ended::CompleterDropped { .. } => {
                f.write_str("its completer was dropped (")?;
                At(facts.place).fmt(f)?;
                f.write_str(")")
            }
        }
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
