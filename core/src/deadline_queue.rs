//! [`DeadlineQueue`]: the limits of requests and scopes.
//!
//! Most programs have few different limits, so a new one is mostly due after all others: those lie in a row, in their order. What is due
//! before the row's end goes into a heap. In the row, putting in and taking out costs the same however many there are. (A page has the
//! heap alone: `deadline_heap.rs`.)

use crate::arena::WideRef;
use crate::heap::Heap;
use crate::time::Instant;
use crate::turn::Overdue;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// A place in the row; without it, one in the heap.
const IN_ROW: u32 = 1 << 30;
/// No later than this is whatever is due at some time.
const LAST: Instant = Instant(u64::MAX - 1);
/// Before everything, so that whoever compares looks.
const UNKNOWN: Instant = Instant(0);

/// All deadlines of a tree. Who has one knows its place: `Ext::deadline`.
pub(crate) struct DeadlineQueue {
    row: RefCell<Row>,
    heap: Heap<WideRef>,
    /// When the first is due; [`Instant::MAX`] when there is none; [`UNKNOWN`] when the first of the row or the heap was taken out.
    earliest: Cell<Instant>,
    /// What is due before this does not go into the row. It never falls while there is something in the heap: so of what is due at the
    /// same time in both, the row's came first.
    latest: Cell<Instant>,
}

#[derive(Default)]
struct Row {
    list: Vec<(Instant, Option<WideRef>)>,
    /// All before this were taken out.
    first: usize,
    /// How many were not taken out.
    count: usize,
}

impl Default for DeadlineQueue {
    fn default() -> DeadlineQueue {
        let (earliest, latest) = (Cell::new(Instant::MAX), Cell::new(Instant(0)));
        DeadlineQueue { row: RefCell::default(), heap: Heap::default(), earliest, latest }
    }
}

impl DeadlineQueue {
    /// When the first is due; [`Instant::MAX`] when nothing ever is.
    #[inline]
    pub(crate) fn earliest(&self) -> Instant {
        match self.earliest.get() {
            UNKNOWN => self.look(),
            at => at,
        }
    }

    #[cold]
    fn look(&self) -> Instant {
        let first = self.row.borrow_mut().first().map_or(Instant::MAX, |first| first.0);
        let earliest = first.min(self.heap.earliest());
        self.earliest.set(earliest);
        earliest
    }

    /// Whether something is due at `now`, or may be.
    #[inline]
    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        self.earliest.get() <= now
    }

    /// What is due at `now`, and not what is set from now on: no such deadline goes into the row.
    pub(crate) fn overdue(&self, now: Instant) -> Overdue {
        self.latest.set(self.latest.get().max(now.after_nanos(1)));
        Overdue { now, later: self.heap.next_serial() }
    }

    /// What of that is due first.
    pub(crate) fn first(&self, overdue: Overdue) -> Option<(Instant, WideRef)> {
        self.look();
        let row = self.row.borrow_mut().first().filter(|first| first.0 <= overdue.now);
        let heap = self.heap.due(overdue.now).filter(|due| due.serial < overdue.later).map(|due| (due.at, due.item));
        match (row, heap) {
            (Some(row), Some(heap)) if heap.0 < row.0 => Some(heap),
            (row, heap) => row.or(heap),
        }
    }

    /// A slot's own deadline, if it is one of these.
    pub(crate) fn at_if(&self, slot: WideRef, overdue: Overdue) -> Option<Instant> {
        let place = slot.ext().deadline.get();
        match place & IN_ROW {
            0 if slot.ext().is_queued() => self.heap.at_if(slot, overdue),
            0 => None,
            _ => self.at(slot).filter(|at| *at <= overdue.now),
        }
    }

    /// A slot's own deadline.
    pub(crate) fn at(&self, slot: WideRef) -> Option<Instant> {
        let place = slot.ext().deadline.get();
        if place & IN_ROW != 0 { Some(self.row.borrow().list[(place & !IN_ROW) as usize].0) } else { self.heap.at(slot) }
    }

    /// Notes the deadline of a slot that has none.
    pub(crate) fn insert(&self, at: Instant, slot: WideRef) {
        if !self.append(at, slot) {
            self.insert_slowly(at, slot);
        }
    }

    /// As [`insert`](DeadlineQueue::insert), if it is due after all others and there is room for it: without a call.
    #[inline(always)]
    pub(crate) fn append(&self, at: Instant, slot: WideRef) -> bool {
        if at < self.latest.get() || !self.row.borrow_mut().append(at, slot) {
            return false;
        }
        self.latest.set(at);
        self.no_later_than(at);
        true
    }

    #[inline(always)]
    fn no_later_than(&self, at: Instant) {
        if at < self.earliest.get() {
            self.earliest.set(at);
        }
    }

    #[inline(never)]
    fn insert_slowly(&self, at: Instant, slot: WideRef) {
        if at >= self.latest.get() {
            self.row.borrow_mut().make_room();
            self.append(at, slot);
        } else {
            self.heap.insert(at, slot);
            self.no_later_than(at);
        }
    }

    /// Takes a slot's deadline out; nothing if it has none.
    pub(crate) fn remove(&self, slot: WideRef) {
        if !self.leave_row(slot) {
            self.remove_from_heap(slot);
        }
    }

    /// Takes a slot's deadline out if it lies in the row: without a call.
    #[inline(always)]
    pub(crate) fn leave_row(&self, slot: WideRef) -> bool {
        let place = slot.ext().deadline.get();
        if place & IN_ROW == 0 {
            return false;
        }
        slot.ext().deadline.set(0);
        let row = &mut *self.row.borrow_mut();
        let index = (place & !IN_ROW) as usize;
        if let Some(entry) = row.list.get_mut(index) {
            entry.1 = None;
            row.count -= 1;
        }
        if row.count == 0 {
            row.list.clear();
            row.first = 0;
            self.row_is_empty();
        } else if index == row.first {
            self.earliest.set(UNKNOWN);
        }
        true
    }

    #[inline(always)]
    fn row_is_empty(&self) {
        let heap_is_empty = !self.heap.may_be_due(LAST);
        self.earliest.set(if heap_is_empty { Instant::MAX } else { UNKNOWN });
        if heap_is_empty {
            self.latest.set(Instant(0));
        }
    }

    #[inline(never)]
    fn remove_from_heap(&self, slot: WideRef) {
        let was_first = self.heap.may_be_due(self.earliest.get());
        self.heap.remove(slot);
        if self.row.borrow().count == 0 {
            self.row_is_empty();
        } else if was_first {
            self.earliest.set(UNKNOWN);
        }
    }
}

impl Row {
    /// Finds the first that was not taken out.
    fn first(&mut self) -> Option<(Instant, WideRef)> {
        while let Some((at, slot)) = self.list.get(self.first).copied() {
            if let Some(slot) = slot {
                return Some((at, slot));
            }
            self.first += 1;
        }
        None
    }

    /// False when there is no room.
    #[inline(always)]
    fn append(&mut self, at: Instant, slot: WideRef) -> bool {
        let index = self.list.len();
        if index == self.list.capacity() {
            return false;
        }
        self.list.push((at, Some(slot)));
        self.count += 1;
        slot.ext().deadline.set(IN_ROW | index as u32);
        true
    }

    /// Closes the gaps if they are as many as the rest, or takes more memory: a constant share of work for each.
    #[cold]
    fn make_room(&mut self) {
        if self.count >= self.list.len() / 2 {
            self.list.reserve(self.list.len().max(32));
            return;
        }
        self.list.retain(|(_, slot)| slot.is_some());
        self.first = 0;
        for (index, slot) in self.list.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.1?))) {
            slot.ext().deadline.set(IN_ROW | index as u32);
        }
    }
}
