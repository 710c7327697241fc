//! The pool of pages that no tree owns, of a program with one thread: a list without a lock. (The others': `pool.rs`.)
//!
//! What a cloned waker pins nobody has to keep, since such a waker reaches a tree by way of its page alone. So a page that has a pinned slot
//! is in the same list as the others, and is passed over.
#![expect(unsafe_code, reason = "a static that is no thread's but the one there is")]

use super::page::Page;
use crate::inbox::Inbox;
use core::cell::Cell;
use core::ptr::NonNull;

struct Pool {
    first: Cell<Option<NonNull<Page>>>,
    /// How many pages there are in the process.
    pages: Cell<u32>,
}

// SAFETY: wasm without the target feature `atomics` has one thread, and only there is this file compiled.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool { first: Cell::new(None), pages: Cell::new(0) };

/// A page that nobody refers to, from the pool or the system.
pub(super) fn take(wide: bool) -> Option<NonNull<Page>> {
    let mut link = &POOL.first;
    while let Some(page) = link.get() {
        // SAFETY: pages are never unmapped and their headers are initialised.
        let next = &unsafe { page.as_ref() }.next;
        if Page::is_wide(page) == wide && !Page::is_pinned(page) {
            link.set(next.take());
            return Some(page);
        }
        link = next;
    }
    let serial = POOL.pages.get() + 1;
    POOL.pages.set(serial);
    Page::allocate(serial, wide)
}

/// A page of a tree that is gone.
pub(super) fn give(page: NonNull<Page>, _: &Inbox) {
    let next = POOL.first.replace(Some(page));
    // SAFETY: as above.
    unsafe { page.as_ref() }.next.set(next);
}
