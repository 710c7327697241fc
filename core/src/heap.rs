//! A 4-ary heap of instants, first in, first out on ties; what is in it knows its place, so that it can be taken out.

use crate::arena::{TimerRef, WideRef};
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
pub(crate) struct Heap<T> {
    entries: Vec<Entry<T>>,
    /// How many entries are marked.
    marked: usize,
    /// The serial number of the next entry.
    next: u64,
}

impl<T> Default for Heap<T> {
    fn default() -> Heap<T> {
        Heap { entries: Vec::new(), marked: 0, next: 0 }
    }
}

const WIDTH: usize = 4;
/// So many marked entries are never worth a clearing.
const MARKED_MIN: usize = 32;

impl<T: Placed> Heap<T> {
    pub(crate) fn first(&mut self) -> Option<Due<T>> {
        loop {
            let first = self.entries.first()?;
            if let Some(item) = first.item {
                return Some(Due { at: first.at, serial: first.serial, item });
            }
            self.marked -= 1;
            self.drop_first();
        }
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
    #[inline]
    pub(crate) fn insert(&mut self, at: Instant, item: T) {
        debug_assert!(item.place().get() == 0);
        let entry = Entry { at, serial: self.next, item: Some(item) };
        self.next += 1;
        let place = self.entries.len();
        self.entries.push(entry);
        item.place().set(place as u32 + 1);
        // Most are due after all others.
        if place > 0 && entry.is_before(&self.entries[(place - 1) / WIDTH]) {
            self.rise(place, entry);
        }
    }

    /// Takes an item out; nothing if it is not in.
    #[inline]
    pub(crate) fn remove(&mut self, item: T) {
        let place = item.place().replace(0);
        if place == 0 {
            return;
        }
        if place as usize == self.entries.len() {
            self.entries.pop(); // The last one leaves no hole.
            return;
        }
        self.entries[place as usize - 1].item = None;
        self.marked += 1;
        if self.marked > MARKED_MIN && self.marked > self.entries.len() / 2 {
            self.clear_away();
        }
    }

    /// Takes out what is due first, which somebody has just looked at.
    fn drop_first(&mut self) {
        let Some(last) = self.entries.pop() else { return };
        if !self.entries.is_empty() {
            self.sink(0, last);
        }
    }

    /// Removes the marked entries and puts the others in order.
    #[cold]
    fn clear_away(&mut self) {
        self.entries.retain(|entry| entry.item.is_some());
        self.marked = 0;
        for place in (0..self.entries.len()).rev() {
            self.sink(place, self.entries[place]);
        }
    }

    fn put(&mut self, place: usize, entry: Entry<T>) {
        if let Some(item) = entry.item {
            item.place().set(place as u32 + 1);
        }
        self.entries[place] = entry;
    }

    #[inline(never)]
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
