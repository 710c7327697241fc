//! What logs, maps and messages carry instead of a handle.

use crate::arena::{Serial, widened};
use crate::decimal::add_digits;
use alloc::string::String;
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

impl NodeId {
    /// Adds what its `Display` writes to a text, without what formats.
    pub fn add_to(&self, text: &mut String) {
        add_digits(self.page.into(), 16, text);
        text.push('-');
        add_digits(self.index.into(), 16, text);
        text.push('-');
        add_digits(widened(self.serial), 16, text);
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.add_to(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::NodeId;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn its_numbers_are_hexadecimal() {
        for serial in [0, 1, 15, 16, 255, 256, 0xfff, 0x1_0000, u64::MAX / 16, u64::MAX] {
            let id = NodeId { page: 10, index: 168, serial };
            assert_eq!(id.to_string(), format!("a-a8-{serial:x}"));
        }
    }
}
