//! The process's pool of pages that no tree owns.
//!
//! Pages are never given back to the system: only so can a handle be checked after its tree is gone. A page is handed on when no slot
//! in it is pinned by a waker; until then it is an orphan that keeps the shared part of its tree alive, for late wakes to find the
//! queues closed. No user code runs under the lock: what an orphan kept is dropped outside of it.
#![expect(unsafe_code, reason = "a lock of our own, since there is none without `std`")]

use super::page::Page;
use crate::inbox::Inbox;
use crate::sync::{AtomicBool, Ordering};
use core::cell::UnsafeCell;
use core::ptr::NonNull;

/// How many orphans are looked at for each page that is asked for.
const ORPHANS_LOOKED_AT: usize = 8;

/// A first-in, first-out list of pages.
#[derive(Default)]
struct PageList {
    first: Option<NonNull<Page>>,
    last: Option<NonNull<Page>>,
}

impl PageList {
    fn push(&mut self, page: NonNull<Page>) {
        // SAFETY: pages are never unmapped; a page in no list belongs to the caller alone.
        unsafe { page.as_ref() }.next.set(None);
        match self.last.replace(page) {
            // SAFETY: as above; the list is ours.
            Some(last) => unsafe { last.as_ref() }.next.set(Some(page)),
            None => self.first = Some(page),
        }
    }

    fn pop(&mut self) -> Option<NonNull<Page>> {
        let page = self.first?;
        // SAFETY: pages are never unmapped; the list is ours.
        self.first = unsafe { page.as_ref() }.next.take();
        if self.first.is_none() {
            self.last = None;
        }
        Some(page)
    }
}

// SAFETY: only the pool moves pages between threads, and only such as no tree and no waker refers to; see above.
unsafe impl Send for PageList {}

#[derive(Default)]
struct Contents {
    free: [PageList; 2],
    orphans: [PageList; 2],
    /// How many pages there are in the process.
    pages: u32,
}

/// A value behind a spinning lock, held for a few instructions.
pub(crate) struct SpinLock<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `with` gives the value to one thread at a time: whoever turned `locked` from false to true.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new(value: T) -> SpinLock<T> {
        SpinLock { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    #[cfg(loom)]
    pub(crate) fn new(value: T) -> SpinLock<T> {
        SpinLock { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    pub(crate) fn with<R>(&self, code: impl FnOnce(&mut T) -> R) -> R {
        while self.locked.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            #[cfg(loom)]
            loom::thread::yield_now();
            core::hint::spin_loop();
        }
        // SAFETY: this thread turned `locked` to true (acquire) and nobody else enters until it is false again (release below).
        // `code` is the pool's own and does not panic.
        let result = code(unsafe { &mut *self.value.get() });
        self.locked.store(false, Ordering::Release);
        result
    }
}

#[cfg(not(loom))]
fn pool<R>(code: impl FnOnce(&mut Contents) -> R) -> R {
    const EMPTY: PageList = PageList { first: None, last: None };
    static POOL: SpinLock<Contents> = SpinLock::new(Contents { free: [EMPTY; 2], orphans: [EMPTY; 2], pages: 0 });
    POOL.with(code)
}

/// loom's atomics cannot be in a `static`: every call finds an empty pool.
#[cfg(loom)]
fn pool<R>(code: impl FnOnce(&mut Contents) -> R) -> R {
    code(&mut Contents::default())
}

/// A page that nobody refers to, from the pool or the system.
pub(super) fn take(wide: bool) -> Option<NonNull<Page>> {
    let width = usize::from(wide);
    let mut released = None;
    let found = pool(|contents| {
        for _ in 0..ORPHANS_LOOKED_AT {
            let Some(orphan) = contents.orphans[width].pop() else { break };
            if Page::is_pinned(orphan) {
                contents.orphans[width].push(orphan);
            } else {
                // SAFETY: pages are never unmapped and their headers are initialised.
                released = unsafe { orphan.as_ref() }.shared.take();
                return Ok(orphan);
            }
        }
        contents.free[width].pop().ok_or_else(|| {
            contents.pages += 1;
            contents.pages
        })
    });
    drop(released); // The host's waker may be in it: dropped outside of the lock.
    match found {
        Ok(page) => Some(page),
        Err(serial) => Page::allocate(serial, wide),
    }
}

/// A page of the tree with that inbox, which is gone; an orphan, if a waker pins one of its slots.
pub(super) fn give(page: NonNull<Page>, inbox: &Inbox) {
    let orphan = Page::is_pinned(page);
    // SAFETY: as above.
    unsafe { page.as_ref() }.shared.leave(inbox, orphan);
    pool(|contents| {
        let lists = if orphan { &mut contents.orphans } else { &mut contents.free };
        lists[usize::from(Page::is_wide(page))].push(page);
    });
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn loom_one_thread_at_a_time_is_inside_of_the_lock() {
        loom::model(|| {
            let lock = Arc::new(SpinLock::new(0));
            let other = Arc::clone(&lock);
            let adder = thread::spawn(move || other.with(|value| *value += 1));
            lock.with(|value| *value += 1);
            adder.join().expect("it does not panic");
            assert_eq!(lock.with(|value| *value), 2);
        });
    }
}
