//! A 4-ary heap of instants, first in, first out on ties; what is in it knows its place, so that it can be taken out.

use crate::arena::{SlotRef, TimerRef};
use crate::time::Instant;
use alloc::vec::Vec;
use core::cell::Cell;

/// What is in a heap: it stores one more than its place there, and 0 when it is in none.
pub(crate) trait Placed: Copy {
    fn place(&self) -> &Cell<u32>;
}

impl Placed for TimerRef {
    fn place(&self) -> &Cell<u32> {
        &self.head().place
    }
}

impl Placed for SlotRef {
    fn place(&self) -> &Cell<u32> {
        &self.wide().deadline
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Entry<T> {
    pub(crate) at: Instant,
    pub(crate) serial: u64,
    pub(crate) item: T,
}

impl<T> Entry<T> {
    fn is_before(&self, other: &Entry<T>) -> bool {
        (self.at, self.serial) < (other.at, other.serial)
    }
}

pub(crate) struct Heap<T> {
    entries: Vec<Entry<T>>,
    /// The serial number of the next entry.
    next: u64,
}

impl<T> Default for Heap<T> {
    fn default() -> Heap<T> {
        Heap { entries: Vec::new(), next: 0 }
    }
}

const WIDTH: usize = 4;

impl<T: Placed> Heap<T> {
    pub(crate) fn first(&self) -> Option<&Entry<T>> {
        self.entries.first()
    }

    /// The serial number that the next entry will have: whatever is pending now has a lower one.
    pub(crate) fn next_serial(&self) -> u64 {
        self.next
    }

    pub(crate) fn at(&self, item: T) -> Option<Instant> {
        let place = item.place().get();
        (place != 0).then(|| self.entries[place as usize - 1].at)
    }

    /// Puts an item in that is in no heap.
    pub(crate) fn insert(&mut self, at: Instant, item: T) {
        debug_assert!(item.place().get() == 0);
        let entry = Entry { at, serial: self.next, item };
        self.next += 1;
        self.entries.push(entry);
        self.rise(self.entries.len() - 1, entry);
    }

    /// Takes an item out; nothing if it is not in.
    pub(crate) fn remove(&mut self, item: T) {
        let place = item.place().replace(0);
        if place == 0 {
            return;
        }
        let hole = place as usize - 1;
        let last = self.entries.pop().expect("what has a place is in the heap");
        if hole == self.entries.len() {
            return;
        }
        if hole > 0 && last.is_before(&self.entries[(hole - 1) / WIDTH]) {
            self.rise(hole, last);
        } else {
            self.sink(hole, last);
        }
    }

    fn put(&mut self, place: usize, entry: Entry<T>) {
        entry.item.place().set(place as u32 + 1);
        self.entries[place] = entry;
    }

    fn rise(&mut self, mut hole: usize, entry: Entry<T>) {
        while hole > 0 {
            let parent = (hole - 1) / WIDTH;
            if !entry.is_before(&self.entries[parent]) {
                break;
            }
            self.put(hole, self.entries[parent]);
            hole = parent;
        }
        self.put(hole, entry);
    }

    fn sink(&mut self, mut hole: usize, entry: Entry<T>) {
        loop {
            let first = hole * WIDTH + 1;
            let Some(children) = self.entries.get(first..(first + WIDTH).min(self.entries.len())) else { break };
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
