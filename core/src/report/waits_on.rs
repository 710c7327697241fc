//! [`WaitsOn`]: who waits on which node, found from the other side: nothing is kept for it.

use crate::arena::WideRef;
use crate::node::AnyNode;
use crate::tree::TreeCore;
use alloc::vec;
use alloc::vec::Vec;

/// A table by the address of who waits, twice as long as there are entries at least: the library's maps would be kilobytes of a page.
pub(crate) struct WaitsOn(Vec<Option<(AnyNode, AnyNode)>>);

impl WaitsOn {
    pub(crate) fn now(core: &TreeCore) -> WaitsOn {
        // In loops: adapters of iterators and what collects them would be 0.4 KB of a page, packed.
        let mut pairs = Vec::new();
        core.sources.borrow().add_waiting(&mut pairs);
        let mut next = core.living_root().map(AnyNode::of);
        while let (Some(node), Some(root)) = (next, core.living_root()) {
            if let Some(ext) = node.slot.as_wide().as_ref().map(WideRef::ext)
                && let Some((slot, serial)) = ext.own_waiter()
            {
                pairs.push((AnyNode { slot: *slot, serial }, node));
            }
            next = node.next_below(AnyNode::of(root));
        }
        let mut table = WaitsOn(vec![None; (2 * pairs.len()).next_power_of_two()]);
        for (who, on) in pairs {
            let at = table.place_of(who);
            table.0[at] = Some((who, on));
        }
        table
    }

    /// The node that `who` waits on.
    pub(crate) fn get(&self, who: AnyNode) -> Option<AnyNode> {
        self.0[self.place_of(who)].map(|(_, on)| on)
    }

    /// Where its entry is, or else where it belongs.
    fn place_of(&self, who: AnyNode) -> usize {
        let mask = self.0.len() - 1;
        // Slots lie at even distances, whose lowest bits are zero: the multiplication spreads what tells them apart.
        let mut at = ((who.slot.as_ptr().addr() >> 5).wrapping_mul(0x9E37_79B1) >> 8) & mask;
        while self.0[at].is_some_and(|(other, _)| other != who) {
            at = (at + 1) & mask;
        }
        at
    }
}
