//! Which classes of a turn have something to do.

use core::cell::Cell;

/// A bit for each class that keeps what is queued where looking takes long: so a class without anything costs a turn one test.
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

    #[inline]
    pub(crate) fn remove(&self, what: Queued) {
        self.0.set(self.0.get() & !(what as u8));
    }

    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.0.get() != 0
    }
}
