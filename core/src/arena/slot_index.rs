//! [`SlotIndex`]: which slot of a tree, in four bytes.

use super::{Pages, SlotRef};

/// Which slot of a tree: its page's position in the tree and its index there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotIndex(u32);

impl SlotIndex {
    /// No slot.
    pub(crate) const NONE: SlotIndex = SlotIndex(u32::MAX);
    /// No slot either: of a timer whose closure was called, and so is there no more.
    pub(super) const CALLED: SlotIndex = SlotIndex(u32::MAX - 1);

    pub(crate) fn of(slot: SlotRef) -> SlotIndex {
        let page = slot.page();
        SlotIndex(page.position() << 9 | page.index_of(slot))
    }

    /// The slot, if it is one of these.
    pub(crate) fn slot(self, pages: &Pages) -> Option<SlotRef> {
        pages.slot(self.0 >> 9, self.0 & 0x1ff)
    }
}
