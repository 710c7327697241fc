//! An allocator that counts, per thread: what the harness and other tests allocate does not show.
#![expect(unsafe_code, reason = "an allocator is an unsafe trait; this one hands everything on to the system's")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{Mutex, MutexGuard, PoisonError},
};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static COUNTS: Cell<Counts> = const { Cell::new(Counts { allocations: 0, live: 0, peak: 0 }) };
}

/// What a thread asked of the allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Calls of `alloc`, `alloc_zeroed` and `realloc`.
    pub(crate) allocations: u64,
    /// Bytes given and not taken back.
    pub(crate) live: i64,
    /// The most there were since [`Counts::reset_peak`].
    pub(crate) peak: i64,
}

impl Counts {
    /// This thread's.
    pub(crate) fn now() -> Counts {
        COUNTS.get()
    }

    pub(crate) fn reset_peak() {
        let counts = COUNTS.get();
        COUNTS.set(Counts { peak: counts.live, ..counts });
    }

    fn add(bytes: i64, calls: u64) {
        let mut counts = COUNTS.get();
        counts.allocations += calls;
        counts.live += bytes;
        counts.peak = counts.peak.max(counts.live);
        COUNTS.set(counts);
    }
}

fn bytes(size: usize) -> i64 {
    i64::try_from(size).expect("a layout's size is at most `isize::MAX`")
}

// SAFETY: every call goes to `System` with the caller's arguments; counting allocates nothing (the thread-local is constant and has no
// destructor).
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counts::add(bytes(layout.size()), 1);
        // SAFETY: the caller keeps `alloc`'s contract, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counts::add(bytes(layout.size()), 1);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counts::add(bytes(size) - bytes(layout.size()), 1);
        // SAFETY: as in `alloc`; every block is `System`'s.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Counts::add(-bytes(layout.size()), 0);
        // SAFETY: as in `realloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

static ALONE: Mutex<()> = Mutex::new(());

/// Pages of dropped trees are shared by the process: tests that count them run one at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
