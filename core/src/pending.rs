//! Which classes of a turn have something to do.

use crate::arena::Queue;
use core::cell::Cell;

/// A bit for each class: so one without anything costs a turn one test.
///
/// Whoever queues turns the bit on; the class turns it off when it takes what is queued.
#[derive(Default)]
pub(crate) struct Pending(Cell<u8>);

#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Queued {
    Signals = 1,
    Io = 2,
    ForeignWakers = 4,
    Failures = 8,
    Woken = 16,
    Late = 32,
    Immediates = 64,
    /// Nothing that is queued: there is a shutdown under way, which is looked at in every turn.
    Shutdowns = 128,
}

impl Queued {
    /// What says that something was put into that list of slots. It may have been taken out again.
    #[inline(always)]
    pub(crate) fn of(queue: Queue) -> Queued {
        match queue {
            Queue::Ready | Queue::Running => Queued::Woken,
            Queue::Late => Queued::Late,
            Queue::Soon | Queue::SoonRunning => Queued::Immediates,
        }
    }
}

impl Pending {
    #[inline]
    pub(crate) fn add(&self, what: Queued) {
        self.0.set(self.0.get() | what as u8);
    }

    #[inline]
    pub(crate) fn has(&self, what: Queued) -> bool {
        self.0.get() & what as u8 != 0
    }

    /// Whether there is something for the classes before the woken requests.
    #[inline(always)]
    pub(crate) fn has_early(&self) -> bool {
        self.0.get() & (Queued::Signals as u8 | Queued::Immediates as u8 | Queued::Io as u8) != 0
    }

    /// Whether there is something for what follows after the deadlines.
    #[inline(always)]
    pub(crate) fn has_last(&self) -> bool {
        self.0.get() & (Queued::Late as u8 | Queued::ForeignWakers as u8 | Queued::Failures as u8) != 0
    }

    #[inline]
    pub(crate) fn remove(&self, what: Queued) {
        self.0.set(self.0.get() & !(what as u8));
    }

    /// Whether something is queued.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.0.get() & !(Queued::Shutdowns as u8) != 0
    }

    /// Whether one class has something to do, and there is nothing else.
    #[inline(always)]
    pub(crate) fn is_only(&self, what: Queued) -> bool {
        self.0.get() == what as u8
    }

    /// Whether no class has anything to do but what comes at some time.
    #[inline(always)]
    pub(crate) fn is_quiet(&self) -> bool {
        self.0.get() == 0
    }
}
