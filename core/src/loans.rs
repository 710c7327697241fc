//! [`Loans`]: which values are lent, and where.
//!
//! A chain of records, innermost first. Each lies in the frame of whoever lends, so that a loan allocates nothing; loans end in the order of
//! the stack, so that to enter and to leave is a few stores.
#![expect(unsafe_code, reason = "a chain through the frames of those who lend")]

use crate::arena::{Place, SlotRef};
use core::cell::Cell;
use core::ptr;

/// What is noted of one loan, while it lasts.
pub(crate) struct Record {
    loan: Cell<Option<(SlotRef, Place)>>,
    outer: Cell<*const Record>,
}

impl Record {
    pub(crate) fn new() -> Record {
        Record { loan: Cell::new(None), outer: Cell::new(ptr::null()) }
    }
}

/// The loans of a tree's values.
pub(crate) struct Loans(Cell<*const Record>);

impl Default for Loans {
    fn default() -> Loans {
        Loans(Cell::new(ptr::null()))
    }
}

impl Loans {
    /// The innermost loan begins.
    ///
    /// # Safety
    /// The record stays where it is until it was given to [`leave`](Loans::leave).
    #[inline(always)]
    pub(crate) unsafe fn enter(&self, record: &Record, slot: SlotRef, place: Place) {
        record.loan.set(Some((slot, place)));
        record.outer.set(self.0.replace(record));
    }

    /// The innermost loan ends.
    #[inline(always)]
    pub(crate) fn leave(&self, record: &Record) {
        debug_assert!(ptr::eq(self.0.get(), record), "loans end in the order of the stack");
        self.0.set(record.outer.get());
    }

    /// What is lent innermost, and where.
    pub(crate) fn innermost(&self) -> Option<(SlotRef, Place)> {
        self.records().next()
    }

    /// Where a slot's value was lent last.
    pub(crate) fn place_of(&self, slot: SlotRef) -> Option<Place> {
        self.records().find(|loan| loan.0 == slot).map(|loan| loan.1)
    }

    fn records(&self) -> impl Iterator<Item = (SlotRef, Place)> {
        let mut next = self.0.get();
        core::iter::from_fn(move || {
            // SAFETY: what is in the chain was entered and has not left, so it is where it was; nothing ends while this looks.
            let record = unsafe { next.as_ref() }?;
            next = record.outer.get();
            record.loan.get()
        })
    }
}
