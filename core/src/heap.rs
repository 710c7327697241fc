//! A 4-ary heap of instants, first in, first out on ties; what is in it knows its place, so that it can be taken out.

use crate::arena::{TimerRef, WideRef};
use crate::time::Instant;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// What is in a heap: it stores one more than its place there, and 0 when it is in none.
pub(crate) trait Placed: Copy {
    fn place(&self) -> &Cell<u32>;
}

impl Placed for TimerRef {
    fn place(&self) -> &Cell<u32> {
        &self.head().place
    }
}

impl Placed for WideRef {
    fn place(&self) -> &Cell<u32> {
        &self.ext().deadline
    }
}

#[derive(Clone, Copy)]
struct Entry<T> {
    at: Instant,
    serial: u64,
    /// Nothing: it was taken out, and its entry waits to be cleared away.
    item: Option<T>,
}

/// What is due first.
#[derive(Clone, Copy)]
pub(crate) struct Due<T> {
    pub(crate) at: Instant,
    pub(crate) serial: u64,
    pub(crate) item: T,
}

impl<T> Entry<T> {
    #[inline(always)]
    fn is_before(&self, other: &Entry<T>) -> bool {
        self.at < other.at || (self.at == other.at && self.serial < other.serial)
    }
}

/// Most of what is in a heap is taken out before it is due. So that costs nothing but a mark; when more than half is marked, the rest
/// is put in order anew: a constant share of work for each.
///
/// Whether anything is due is asked several times a turn, and mostly it is not: that is one comparison.
pub(crate) struct Heap<T> {
    entries: RefCell<Entries<T>>,
    /// When the first entry is due; [`Instant::MAX`], which never comes, when there is none; [`UNKNOWN`] when the first is marked.
    earliest: Cell<Instant>,
}

/// Before everything, so that whoever compares looks.
const UNKNOWN: Instant = Instant(0);

struct Entries<T> {
    list: Vec<Entry<T>>,
    /// How many entries are marked.
    marked: usize,
    /// The serial number of the next entry.
    next: u64,
}

impl<T> Default for Heap<T> {
    fn default() -> Heap<T> {
        let entries = Entries { list: Vec::new(), marked: 0, next: 0 };
        Heap { entries: RefCell::new(entries), earliest: Cell::new(Instant::MAX) }
    }
}

const WIDTH: usize = 4;
/// So many marked entries are never worth a clearing.
const MARKED_MIN: usize = 32;

impl<T: Placed> Heap<T> {
    /// Whether certainly nothing is in it.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.earliest.get() == Instant::MAX
    }

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
        self.first().map_or(Instant::MAX, |first| first.at)
    }

    /// Whether something is due at `now`, or may be.
    #[inline]
    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        self.earliest.get() <= now
    }

    /// What is due first, if it is due at `now`.
    pub(crate) fn due(&self, now: Instant) -> Option<Due<T>> {
        self.first().filter(|first| first.at <= now)
    }

    /// Finds the first entry that is not marked.
    fn first(&self) -> Option<Due<T>> {
        let first = self.entries.borrow_mut().first();
        self.earliest.set(first.as_ref().map_or(Instant::MAX, |first| first.at));
        first
    }

    /// The serial number that the next entry will have: whatever is pending now has a lower one.
    pub(crate) fn next_serial(&self) -> u64 {
        self.entries.borrow().next
    }

    pub(crate) fn at(&self, item: T) -> Option<Instant> {
        let place = item.place().get();
        (place != 0).then(|| self.entries.borrow().list[place as usize - 1].at)
    }

    /// All that is in, in no order: each with its time.
    #[cfg(feature = "sim")]
    pub(crate) fn all(&self) -> Vec<(Instant, T)> {
        self.entries.borrow().list.iter().filter_map(|entry| Some((entry.at, entry.item?))).collect()
    }

    /// Puts an item in that is in no heap.
    #[inline]
    pub(crate) fn insert(&self, at: Instant, item: T) {
        self.entries.borrow_mut().insert(at, item);
        if at < self.earliest.get() {
            self.earliest.set(at);
        }
    }

    /// Takes an item out; nothing if it is not in.
    #[inline(always)]
    pub(crate) fn remove(&self, item: T) {
        let place = item.place().replace(0) as usize;
        if place != 0 {
            self.take_out(place);
        }
    }

    #[inline(always)]
    fn take_out(&self, place: usize) {
        let mut entries = self.entries.borrow_mut();
        if place == entries.list.len() {
            entries.list.truncate(place - 1); // The last one leaves no hole.
            if place == 1 {
                self.earliest.set(Instant::MAX);
            }
            return;
        }
        entries.mark(place - 1);
        if place == 1 {
            self.earliest.set(UNKNOWN);
        }
    }
}

impl<T: Placed> Entries<T> {
    fn first(&mut self) -> Option<Due<T>> {
        loop {
            let first = self.list.first()?;
            if let Some(item) = first.item {
                return Some(Due { at: first.at, serial: first.serial, item });
            }
            self.marked -= 1;
            self.drop_first();
        }
    }

    #[inline]
    fn insert(&mut self, at: Instant, item: T) {
        debug_assert!(item.place().get() == 0);
        let entry = Entry { at, serial: self.next, item: Some(item) };
        self.next += 1;
        let place = self.list.len();
        self.list.push(entry);
        item.place().set(place as u32 + 1);
        // Most are due after all others.
        if place > 0 && entry.is_before(&self.list[(place - 1) / WIDTH]) {
            self.rise(place, entry);
        }
    }

    /// Takes out the entry at `index`, whose item knows already.
    #[inline]
    fn mark(&mut self, index: usize) {
        self.list[index].item = None;
        self.marked += 1;
        if self.marked > MARKED_MIN && self.marked > self.list.len() / 2 {
            self.clear_away();
        }
    }

    /// Takes out the first entry.
    fn drop_first(&mut self) {
        let Some(last) = self.list.pop() else { return };
        if !self.list.is_empty() {
            self.sink(0, last);
        }
    }

    /// Removes the marked entries and puts the others in order.
    #[cold]
    fn clear_away(&mut self) {
        self.list.retain(|entry| entry.item.is_some());
        self.marked = 0;
        for (index, item) in self.list.iter().enumerate().filter_map(|(index, entry)| Some((index, entry.item?))) {
            item.place().set(index as u32 + 1);
        }
        // Those that have entries below them; most are in order already.
        for place in (0..self.list.len().div_ceil(WIDTH)).rev() {
            self.sink(place, self.list[place]);
        }
    }

    fn put(&mut self, place: usize, entry: Entry<T>) {
        if let Some(item) = entry.item {
            item.place().set(place as u32 + 1);
        }
        self.list[place] = entry;
    }

    #[inline(never)]
    fn rise(&mut self, mut hole: usize, entry: Entry<T>) {
        while hole > 0 {
            let parent = (hole - 1) / WIDTH;
            if !entry.is_before(&self.list[parent]) {
                break;
            }
            self.put(hole, self.list[parent]);
            hole = parent;
        }
        self.put(hole, entry);
    }

    fn sink(&mut self, mut hole: usize, entry: Entry<T>) {
        loop {
            let first = hole * WIDTH + 1;
            let Some(children) = self.list.get(first..(first + WIDTH).min(self.list.len())) else { break };
            let Some((index, least)) = children.iter().enumerate().reduce(|a, b| if b.1.is_before(a.1) { b } else { a }) else { break };
            if !least.is_before(&entry) {
                break;
            }
            let least = *least;
            self.put(hole, least);
            hole = first + index;
        }
        self.put(hole, entry);
    }
}
