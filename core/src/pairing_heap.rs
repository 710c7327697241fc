//! The heap of a page, where small code counts for more than speed: a pairing heap. What is in it carries the links, so it owns no memory,
//! and what is taken out leaves at once.
//!
//! First in, first out on ties, as the other one (`heap.rs`). Putting in takes constant time, taking out a logarithm of it, amortised;
//! both go over the links alone, without recursion.
#![expect(unsafe_code, reason = "what a heap holds is known by the link in it alone, and is given back as what was put in")]

use crate::time::Instant;
use crate::turn::Overdue;
#[cfg(feature = "sim")]
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;

/// What is in a heap: it has a link for that.
pub(crate) trait Placed: Copy {
    /// The link. It stays where it is while this is in a heap.
    fn cell(self) -> HeapPlace;

    /// # Safety
    /// `cell` is that of an item of this type which is in a heap.
    unsafe fn of_cell(cell: HeapPlace) -> Self;
}

/// What lies in whatever can be in a heap: when it is due, and its neighbours there.
pub(crate) struct Link {
    at: Cell<Instant>,
    /// Of two that are due at the same time the lower comes first; 0: it is in no heap.
    serial: Cell<u64>,
    /// The first of those that come after this one.
    child: Cell<Option<HeapPlace>>,
    /// Its next sibling.
    next: Cell<Option<HeapPlace>>,
    /// Its previous sibling; of a first child its parent, of the first of all nothing.
    previous: Cell<Option<HeapPlace>>,
}

impl Link {
    /// In no heap.
    pub(crate) const fn new() -> Link {
        Link { at: Cell::new(Instant(0)), serial: Cell::new(0), child: Cell::new(None), next: Cell::new(None), previous: Cell::new(None) }
    }

    pub(crate) fn is_in_heap(&self) -> bool {
        self.serial.get() != 0
    }

    fn is_before(&self, other: &Link) -> bool {
        (self.at.get(), self.serial.get()) < (other.at.get(), other.serial.get())
    }
}

/// The link of a [`Placed`], with the provenance of what it lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeapPlace(NonNull<Link>);

impl HeapPlace {
    /// # Safety
    /// The link is there as long as this is used.
    pub(crate) unsafe fn new(link: NonNull<Link>) -> HeapPlace {
        HeapPlace(link)
    }

    pub(crate) fn pointer(self) -> NonNull<Link> {
        self.0
    }

    /// From now on `child` is its first child.
    fn adopt(self, child: Option<HeapPlace>) {
        self.child.set(child);
        if let Some(child) = child {
            child.previous.set(Some(self));
        }
    }

    /// From now on `next` is its next sibling.
    fn link(self, next: Option<HeapPlace>) {
        self.next.set(next);
        if let Some(next) = next {
            next.previous.set(Some(self));
        }
    }
}

impl Deref for HeapPlace {
    type Target = Link;
    fn deref(&self) -> &Link {
        // SAFETY: the contract of `new`; only shared references to a link are ever made.
        unsafe { self.0.as_ref() }
    }
}

/// What is due first.
#[derive(Clone, Copy)]
pub(crate) struct Due<T> {
    pub(crate) at: Instant,
    pub(crate) serial: u64,
    pub(crate) item: T,
}

/// What is due when, the first in front. Its work is done for links, whatever they lie in: one code serves timers and deadlines.
pub(crate) struct Heap<T> {
    tree: Pairing,
    items: PhantomData<fn(T) -> T>,
}

/// Each comes before all that hang below it.
#[derive(Default)]
struct Pairing {
    first: Cell<Option<HeapPlace>>,
    /// The serial number of the last that was put in.
    last: Cell<u64>,
}

impl<T> Default for Heap<T> {
    fn default() -> Heap<T> {
        Heap { tree: Pairing::default(), items: PhantomData }
    }
}

impl<T: Placed> Heap<T> {
    /// When the first is due; [`Instant::MAX`] when nothing ever is.
    pub(crate) fn earliest(&self) -> Instant {
        self.tree.first.get().map_or(Instant::MAX, |first| first.at.get())
    }

    /// Whether something is due at `now`.
    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        self.earliest() <= now
    }

    /// What is due first, if it is due at `now`.
    pub(crate) fn due(&self, now: Instant) -> Option<Due<T>> {
        let first = self.tree.first.get().filter(|first| first.at.get() <= now)?;
        // SAFETY: in this heap are items of this type alone.
        Some(Due { at: first.at.get(), serial: first.serial.get(), item: unsafe { T::of_cell(first) } })
    }

    /// The serial number that the next entry will have: whatever is pending now has a lower one.
    pub(crate) fn next_serial(&self) -> u64 {
        self.tree.last.get() + 1
    }

    pub(crate) fn at(&self, item: T) -> Option<Instant> {
        let link = item.cell();
        link.is_in_heap().then(|| link.at.get())
    }

    /// When an item is due, if it is one of these.
    pub(crate) fn at_if(&self, item: T, overdue: Overdue) -> Option<Instant> {
        let link = item.cell();
        let is_one = link.is_in_heap() && link.at.get() <= overdue.now && link.serial.get() < overdue.later;
        is_one.then(|| link.at.get())
    }

    /// All that is in, in no order: each with its time.
    #[cfg(feature = "sim")]
    pub(crate) fn all(&self) -> Vec<(Instant, T)> {
        let mut links: Vec<HeapPlace> = self.tree.first.get().into_iter().collect();
        let mut all = Vec::new();
        while let Some(link) = links.pop() {
            // SAFETY: in this heap are items of this type alone.
            all.push((link.at.get(), unsafe { T::of_cell(link) }));
            links.extend(link.child.get());
            links.extend(link.next.get());
        }
        all
    }

    /// Puts an item in that is in no heap.
    pub(crate) fn insert(&self, at: Instant, item: T) {
        self.tree.insert(at, item.cell());
    }

    /// Takes an item out; nothing if it is not in.
    pub(crate) fn remove(&self, item: T) {
        self.tree.remove(item.cell());
    }
}

impl Pairing {
    #[inline(never)]
    fn insert(&self, at: Instant, link: HeapPlace) {
        debug_assert!(!link.is_in_heap());
        let serial = self.last.get() + 1;
        self.last.set(serial);
        link.at.set(at);
        link.serial.set(serial);
        self.add(link);
    }

    #[inline(never)]
    fn remove(&self, link: HeapPlace) {
        if link.serial.replace(0) == 0 {
            return;
        }
        let next = link.next.take();
        match link.previous.take() {
            None => self.first.set(None),
            Some(previous) if previous.child.get() == Some(link) => previous.adopt(next),
            Some(previous) => previous.link(next),
        }
        if let Some(below) = merged(link.child.take()) {
            self.add(below);
        }
    }

    /// Puts in one without siblings, and all that is below it.
    fn add(&self, link: HeapPlace) {
        let first = match self.first.get() {
            Some(first) => pair(first, link),
            None => link,
        };
        self.first.set(Some(first));
    }
}

/// Of two without siblings the one that comes first, with the other below it.
#[inline(never)]
fn pair(one: HeapPlace, other: HeapPlace) -> HeapPlace {
    let (first, second) = if other.is_before(&one) { (other, one) } else { (one, other) };
    second.link(first.child.get());
    first.adopt(Some(second));
    first
}

/// One without siblings in place of all siblings from `list` on: in pairs first, then one after the other, which is what makes the cost
/// a logarithm.
fn merged(list: Option<HeapPlace>) -> Option<HeapPlace> {
    let (mut list, mut pairs) = (list, None);
    while let Some(one) = list {
        list = one.next.take();
        let mut merged = one;
        if let Some(other) = list {
            list = other.next.take();
            merged = pair(one, other);
        }
        merged.next.set(pairs);
        pairs = Some(merged);
    }
    let mut all = pairs?;
    let mut rest = all.next.take();
    while let Some(one) = rest {
        rest = one.next.take();
        all = pair(all, one);
    }
    all.previous.set(None);
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    struct Item(NonNull<Link>);

    impl Placed for Item {
        fn cell(self) -> HeapPlace {
            // SAFETY: the tests' links stay as long as their heap.
            unsafe { HeapPlace::new(self.0) }
        }

        unsafe fn of_cell(cell: HeapPlace) -> Item {
            Item(cell.pointer())
        }
    }

    fn links(count: usize) -> Vec<Link> {
        (0..count).map(|_| Link::new()).collect()
    }

    fn items(links: &[Link]) -> Vec<Item> {
        links.iter().map(|link| Item(NonNull::from(link))).collect()
    }

    /// Takes out all that is due, first the first.
    fn taken(heap: &Heap<Item>, now: u64) -> Vec<(u64, Item)> {
        let next = || {
            let due = heap.due(Instant(now))?;
            heap.remove(due.item);
            Some((due.at.0, due.item))
        };
        core::iter::from_fn(next).collect()
    }

    #[test]
    fn what_is_due_at_the_same_time_comes_in_its_order() {
        let links = links(9);
        let (heap, items) = (Heap::default(), items(&links));
        for (index, item) in items.iter().enumerate() {
            heap.insert(Instant(5 - index as u64 % 3), *item);
        }
        assert_eq!((heap.earliest(), heap.may_be_due(Instant(2)), heap.next_serial()), (Instant(3), false, 10));
        assert!(heap.due(Instant(2)).is_none());
        let expected = [(3, 2), (3, 5), (3, 8), (4, 1), (4, 4), (4, 7), (5, 0), (5, 3), (5, 6)].map(|(at, index)| (at, items[index]));
        assert_eq!(taken(&heap, 5), expected);
        assert_eq!(heap.earliest(), Instant::MAX);
    }

    /// Against a list in order, with whatever comes next: in, out from wherever it is, or the first of all.
    #[test]
    fn it_gives_what_a_sorted_list_gives() {
        let links = links(40);
        let (heap, items) = (Heap::default(), items(&links));
        let mut list: Vec<(u64, u64, Item)> = Vec::new();
        let mut random = 1_u64;
        for step in 1..if cfg!(miri) { 500 } else { 20_000 } {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let item = items[(random >> 33) as usize % items.len()];
            let known = list.iter().position(|entry| entry.2 == item);
            assert_eq!(heap.at(item), known.map(|known| Instant(list[known].0)));
            assert_eq!(item.cell().is_in_heap(), known.is_some());
            let overdue = Overdue { now: Instant(8), later: heap.next_serial() / 2 };
            let is_one = |entry: &(u64, u64, Item)| entry.0 <= 8 && entry.1 < overdue.later;
            let due = known.map(|known| list[known]).filter(is_one).map(|entry| Instant(entry.0));
            assert_eq!(heap.at_if(item, overdue), due);
            match known {
                Some(known) => drop(list.remove(known)),
                None => {
                    let at = (random >> 40) % 16;
                    heap.insert(Instant(at), item);
                    list.push((at, heap.next_serial() - 1, item));
                    list.sort_by_key(|entry| (entry.0, entry.1));
                }
            }
            if known.is_some() {
                heap.remove(item);
                heap.remove(item); // Nothing: it is not in.
            }
            let first = heap.due(Instant(16)).map(|due| (due.at.0, due.serial, due.item));
            assert_eq!(first, list.first().copied(), "after {step} steps");
            #[cfg(feature = "sim")]
            assert_eq!(heap.all().len(), list.len());
        }
        let rest: Vec<_> = list.into_iter().map(|entry| (entry.0, entry.2)).collect();
        assert_eq!(taken(&heap, 16), rest);
    }

    /// All below one first, each below the one before it, or side by side: nothing here goes as deep.
    #[test]
    fn many_come_out_in_order_whatever_the_order_they_came_in() {
        const COUNT: u64 = if cfg!(miri) { 100 } else { 10_000 };
        for backwards in [false, true] {
            let links = links(COUNT as usize);
            let (heap, items) = (Heap::default(), items(&links));
            for (index, item) in items.iter().enumerate() {
                heap.insert(Instant(if backwards { COUNT - index as u64 } else { index as u64 }), *item);
            }
            let taken = taken(&heap, u64::MAX);
            assert!(taken.is_sorted_by_key(|entry| entry.0) && taken.len() as u64 == COUNT);
        }
    }
}
