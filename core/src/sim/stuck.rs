//! What a simulation that can make no progress says: who waits for what.

use crate::arena::Class;
use crate::node::AnyNode;
use crate::report::{key, who_waits};
use crate::tree::TreeCore;
use crate::waits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl TreeCore {
    /// Who waits, for what, and where each was made: for the report of a deadlock.
    pub(crate) fn stuck(&self) -> Vec<String> {
        let waits = who_waits(self);
        let root = self.living_root().map(AnyNode::of);
        let requests = root.into_iter().flat_map(AnyNode::descendants).filter(|node| node.slot.kind.get().class == Class::Request);
        let describe = |node: AnyNode| {
            let on = match waits.get(&key(node)) {
                Some(on) => format!("{} {}", waits::name_of(node.slot.waits.get()), root_path(*on)),
                None => match waits::name_of(node.slot.waits.get()) {
                    "" => String::from("something outside of the tree"),
                    word => word.to_string(),
                },
            };
            let place = node.slot.place.get().map(|place| format!("   ({}:{})", place.file(), place.line())).unwrap_or_default();
            format!("{}   waits for {on}{place}", root_path(node))
        };
        let mut lines: Vec<String> = requests.map(describe).collect();
        lines.reverse();
        lines
    }
}

fn root_path(node: AnyNode) -> String {
    format!("root › {}", node.path())
}
