//! What is marked of a class of sources, and what of that was told.

use crate::ready::Ready;
use crate::source::Token;
use alloc::vec::Vec;

/// A source that is ready.
pub(crate) struct Mark {
    pub(crate) token: Token,
    pub(crate) ready: Ready,
    /// What of that nobody was told yet.
    pub(crate) untold: Ready,
    /// Of an error, which all are told: the key of who was told last, and of the last one to tell.
    pub(crate) told: u64,
    pub(crate) last: u64,
}

/// The sources of one class that are marked for the next time that it is served.
pub(crate) struct Marks {
    pub(crate) list: Vec<Mark>,
    /// Which time that will be.
    pub(crate) round: u64,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks { list: Vec::new(), round: 1 }
    }
}

impl Mark {
    /// Whether certainly nobody is left to tell.
    pub(crate) fn is_told(&self) -> bool {
        self.untold.is_empty() && !self.ready.intersects(Ready::ALWAYS)
    }
}
