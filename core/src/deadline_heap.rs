//! [`DeadlineQueue`] for a page, where small code counts for more than a fast row: all deadlines lie in a heap, a pairing heap as the timers.

use crate::arena::WideRef;
use crate::heap::Heap;
use crate::time::Instant;
use crate::turn::Overdue;

/// All deadlines of a tree. Who has one knows its place: `Ext::deadline`.
#[derive(Default)]
pub(crate) struct DeadlineQueue(Heap<WideRef>);

/// What the other one has, too.
impl DeadlineQueue {
    pub(crate) fn earliest(&self) -> Instant {
        self.0.earliest()
    }

    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        self.0.may_be_due(now)
    }

    pub(crate) fn overdue(&self, now: Instant) -> Overdue {
        Overdue { now, later: self.0.next_serial() }
    }

    pub(crate) fn first(&self, overdue: Overdue) -> Option<(Instant, WideRef)> {
        self.0.due(overdue.now).filter(|due| due.serial < overdue.later).map(|due| (due.at, due.item))
    }

    pub(crate) fn at_if(&self, slot: WideRef, overdue: Overdue) -> Option<Instant> {
        self.0.at_if(slot, overdue)
    }

    pub(crate) fn at(&self, slot: WideRef) -> Option<Instant> {
        self.0.at(slot)
    }

    pub(crate) fn insert(&self, at: Instant, slot: WideRef) {
        self.0.insert(at, slot);
    }

    /// There is no row.
    pub(crate) fn append(&self, _: Instant, _: WideRef) -> bool {
        false
    }

    /// Nothing lies in a row.
    pub(crate) fn leave_row(&self, _: WideRef) -> bool {
        false
    }

    pub(crate) fn remove(&self, slot: WideRef) {
        self.0.remove(slot);
    }
}
