//! What a simulation that can make no progress says: who waits for what.

use crate::arena::Class;
use crate::node::AnyNode;
use crate::report::WaitsOn;
use crate::tree::TreeCore;
use crate::waits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl TreeCore {
    /// Who waits, for what, and where each was made: for the report of a deadlock.
    pub(crate) fn stuck(&self) -> Vec<String> {
        let waits = WaitsOn::now(self);
        let root = self.living_root().map(AnyNode::of);
        let is_request = |node: &AnyNode| node.slot.kind.get().class == Class::Request;
        // Whoever called `block_on` waits for one of them, and is not in the tree's way.
        let only_blocks = |node: &AnyNode| node.name() == BLOCK_ON && waits.get(*node).as_ref().is_some_and(is_request);
        let requests = root.into_iter().flat_map(AnyNode::descendants).filter(|node| is_request(node) && !only_blocks(node));
        let describe = |node: AnyNode| {
            let on = match waits.get(node) {
                Some(on) => format!("{} {}", waits::name_of(node.slot.waits.get()), root_path(on)),
                None => match waits::name_of(node.slot.waits.get()) {
                    "" if is_completed_by_hand(node) => String::from("its completer"),
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

/// The name of the request that `block_on` makes.
pub(super) const BLOCK_ON: &str = "block_on";

fn is_completed_by_hand(node: AnyNode) -> bool {
    (node.slot.kind.get().type_name)() == "completer"
}

fn root_path(node: AnyNode) -> String {
    format!("root › {}", node.path())
}
