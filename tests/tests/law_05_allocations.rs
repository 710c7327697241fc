//! Law 5: the walk of a free does not allocate. In a binary of its own, for its allocator.
#![cfg(not(target_family = "wasm"))]
#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use hamadryad::sim::Sim;
use hamadryad::{AnyNode, Freed};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// How often this thread allocated.
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting.
struct Counting;

// SAFETY: every call is handed to the system's allocator as it came, and what that gives is given back. Counting touches a
// thread-local without a destructor and without lazy initialisation, so it neither allocates nor fails while the thread lives.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATED.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps `alloc`'s contract, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above with that layout, so from the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `code` allocates.
fn allocations(code: impl FnOnce()) -> usize {
    let before = ALLOCATED.get();
    code();
    ALLOCATED.get() - before
}

/// A tree of 11,111 nodes below `owner`, four levels of ten.
fn grow(owner: AnyNode, levels: usize) {
    for child in 0..10 {
        let node = owner.insert([child; 7]);
        if levels > 1 {
            grow(*node, levels - 1);
        }
    }
}

#[test]
fn law_05_a_free_does_not_allocate() {
    let sim = Sim::seeded(1);
    let wide: AnyNode = *sim.root().insert(());
    grow(wide, 4);
    let top: AnyNode = *sim.root().insert(0_u64);
    let mut deep = top;
    for depth in 1..10_000_u64 {
        deep = *deep.insert(depth);
    }
    assert!(allocations(|| drop(vec![1])) > 0, "the counter counts");
    assert_eq!(allocations(|| assert_eq!(wide.free(), Freed::Gone { survivors: 0 })), 0);
    assert_eq!(allocations(|| assert_eq!(top.free(), Freed::Gone { survivors: 0 })), 0);
}

#[test]
fn law_05_a_free_with_hooks_does_not_allocate() {
    let sim = Sim::seeded(1);
    let owner: AnyNode = *sim.root().insert(());
    for index in 0..1_000 {
        let node = owner.insert(index);
        node.on_free(|_| hamadryad::OnFree::Proceed);
        node.insert(index);
    }
    assert_eq!(allocations(|| assert_eq!(owner.free(), Freed::Gone { survivors: 0 })), 0);
}
