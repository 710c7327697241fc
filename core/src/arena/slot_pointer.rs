//! [`SlotIndex`] of a page: the slot itself, found without any code.

use super::{Pages, SlotRef};

/// Which slot of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotIndex {
    None,
    Called,
    Of(SlotRef),
}

impl SlotIndex {
    /// No slot.
    pub(crate) const NONE: SlotIndex = SlotIndex::None;
    /// No slot either: of a timer whose closure was called, and so is there no more.
    pub(super) const CALLED: SlotIndex = SlotIndex::Called;

    pub(crate) fn of(slot: SlotRef) -> SlotIndex {
        SlotIndex::Of(slot)
    }

    /// The slot, if it is one.
    pub(crate) fn slot(self, _: &Pages) -> Option<SlotRef> {
        match self {
            SlotIndex::Of(slot) => Some(slot),
            _ => None,
        }
    }
}
