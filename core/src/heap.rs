//! A 4-ary heap of instants, first in, first out on ties; what is in it knows its place, so that it can be taken out.
//!
//! Its work is done for cells that places are noted in, whatever they lie in: one code serves timers and deadlines. (A page has another one:
//! `pairing_heap.rs`.)
#![expect(unsafe_code, reason = "what a heap holds is known by the cell in it alone, and is given back as what was put in")]

use crate::time::Instant;
use crate::turn::Overdue;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::marker::PhantomData;
use core::ptr::NonNull;

/// What is in a heap: it has a cell for one more than its place there, and 0 when it is in none.
pub(crate) trait Placed: Copy {
    /// The cell. It stays where it is while this is in a heap.
    fn cell(self) -> HeapPlace;

    /// # Safety
    /// `cell` is that of an item of this type which is in a heap.
    unsafe fn of_cell(cell: HeapPlace) -> Self;
}

/// What lies in a timer that can be in a heap: one more than its place there, or 0.
#[repr(transparent)]
pub(crate) struct Link(Cell<u32>);

impl Link {
    /// In no heap.
    pub(crate) const fn new() -> Link {
        Link(Cell::new(0))
    }

    pub(crate) fn is_in_heap(&self) -> bool {
        self.0.get() != 0
    }
}

/// The cell of a [`Placed`], with the provenance of what it lies in.
#[derive(Clone, Copy)]
pub(crate) struct HeapPlace(NonNull<Cell<u32>>);

impl HeapPlace {
    /// # Safety
    /// The cell is there as long as this is used.
    pub(crate) unsafe fn new(cell: NonNull<Cell<u32>>) -> HeapPlace {
        HeapPlace(cell)
    }

    pub(crate) fn pointer(self) -> NonNull<Cell<u32>> {
        self.0
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn get(self) -> u32 {
        // SAFETY: the contract of `new`.
        unsafe { self.0.as_ref() }.get()
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn set(self, place: u32) {
        // SAFETY: as above.
        unsafe { self.0.as_ref() }.set(place);
    }
}

#[derive(Clone, Copy)]
struct Entry {
    at: Instant,
    serial: u64,
    /// Nothing: it was taken out, and its entry waits to be cleared away.
    item: Option<HeapPlace>,
}

/// What is due first.
#[derive(Clone, Copy)]
pub(crate) struct Due<T> {
    pub(crate) at: Instant,
    pub(crate) serial: u64,
    pub(crate) item: T,
}

impl Entry {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn is_before(&self, other: &Entry) -> bool {
        self.at < other.at || (self.at == other.at && self.serial < other.serial)
    }
}

/// Most of what is in a heap is taken out before it is due. So that costs nothing but a mark; when more than half is marked, the rest
/// is put in order anew: a constant share of work for each.
///
/// Whether anything is due is asked several times a turn, and mostly it is not: that is one comparison.
pub(crate) struct Heap<T> {
    entries: RefCell<Entries>,
    /// When the first entry is due; [`Instant::MAX`], which never comes, when there is none; [`UNKNOWN`] when the first is marked.
    earliest: Cell<Instant>,
    items: PhantomData<fn(T) -> T>,
}

/// Before everything, so that whoever compares looks.
const UNKNOWN: Instant = Instant(0);

struct Entries {
    list: Vec<Entry>,
    /// How many entries are marked.
    marked: usize,
    /// The serial number of the next entry.
    next: u64,
}

impl<T> Default for Heap<T> {
    fn default() -> Heap<T> {
        let entries = Entries { list: Vec::new(), marked: 0, next: 0 };
        Heap { entries: RefCell::new(entries), earliest: Cell::new(Instant::MAX), items: PhantomData }
    }
}

const WIDTH: usize = 4;
/// So many marked entries are never worth a clearing.
const MARKED_MIN: usize = 32;

impl<T: Placed> Heap<T> {
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
        let at = self.entries.borrow_mut().first().map_or(Instant::MAX, |first| first.at);
        self.earliest.set(at);
        at
    }

    /// Whether something is due at `now`, or may be.
    #[inline]
    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        self.earliest.get() <= now
    }

    /// What is due first, if it is due at `now`.
    pub(crate) fn due(&self, now: Instant) -> Option<Due<T>> {
        if self.look() > now {
            return None;
        }
        let first = *self.entries.borrow().list.first()?;
        // SAFETY: in this heap are items of this type alone.
        Some(Due { at: first.at, serial: first.serial, item: unsafe { T::of_cell(first.item?) } })
    }

    /// The serial number that the next entry will have: whatever is pending now has a lower one.
    pub(crate) fn next_serial(&self) -> u64 {
        self.entries.borrow().next
    }

    pub(crate) fn at(&self, item: T) -> Option<Instant> {
        let place = item.cell().get();
        (place != 0).then(|| self.entries.borrow().list[place as usize - 1].at)
    }

    /// When an item is due, if it is one of these.
    pub(crate) fn at_if(&self, item: T, overdue: Overdue) -> Option<Instant> {
        let entries = self.entries.borrow();
        let entry = &entries.list[(item.cell().get() as usize).checked_sub(1)?];
        (entry.at <= overdue.now && entry.serial < overdue.later).then_some(entry.at)
    }

    /// All that is in, in no order: each with its time.
    #[cfg(feature = "sim")]
    pub(crate) fn all(&self) -> Vec<(Instant, T)> {
        // SAFETY: in this heap are items of this type alone.
        self.entries.borrow().list.iter().filter_map(|entry| Some((entry.at, unsafe { T::of_cell(entry.item?) }))).collect()
    }

    /// Puts an item in that is in no heap.
    #[inline]
    pub(crate) fn insert(&self, at: Instant, item: T) {
        self.entries.borrow_mut().insert(at, item.cell());
        if at < self.earliest.get() {
            self.earliest.set(at);
        }
    }

    /// Takes an item out; nothing if it is not in.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn remove(&self, item: T) {
        let cell = item.cell();
        let place = cell.get() as usize;
        if place != 0 {
            cell.set(0);
            self.take_out(place);
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
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

impl Entries {
    /// The first entry that is not marked; those before it are cleared away.
    fn first(&mut self) -> Option<&Entry> {
        loop {
            if self.list.first()?.item.is_some() {
                return self.list.first();
            }
            self.marked -= 1;
            self.drop_first();
        }
    }

    #[inline]
    fn insert(&mut self, at: Instant, item: HeapPlace) {
        debug_assert!(item.get() == 0);
        let entry = Entry { at, serial: self.next, item: Some(item) };
        self.next += 1;
        let place = self.list.len();
        self.list.push(entry);
        item.set(place as u32 + 1);
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
            item.set(index as u32 + 1);
        }
        // Those that have entries below them; most are in order already.
        for place in (0..self.list.len().div_ceil(WIDTH)).rev() {
            self.sink(place, self.list[place]);
        }
    }

    fn put(&mut self, place: usize, entry: Entry) {
        if let Some(item) = entry.item {
            item.set(place as u32 + 1);
        }
        self.list[place] = entry;
    }

    #[inline(never)]
    fn rise(&mut self, mut hole: usize, entry: Entry) {
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

    fn sink(&mut self, mut hole: usize, entry: Entry) {
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
