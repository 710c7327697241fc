//! What logs, maps and messages carry instead of a handle.

use crate::arena::Serial;
use core::fmt;

/// Names a node in logs, maps, JSON (as a string) and messages: `Copy`, `Send`, and never reused.
///
/// Not ordered, and not in [`TreeReport::stable`](crate::TreeReport::stable): ids differ between equal runs.
///
/// ```
/// # use hamadryad::sim::Sim;
/// let sim = Sim::seeded(1);
/// let node = sim.root().insert(7);
/// let id = node.id();
/// assert_eq!(sim.root().find(id), Some(node.into()));
/// node.free();
/// assert_eq!(sim.root().find(id), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId {
    pub(crate) page: u32,
    pub(crate) index: u32,
    pub(crate) serial: Serial,
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-{:x}", self.page, self.index, self.serial)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}
