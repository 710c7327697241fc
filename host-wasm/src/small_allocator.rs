//! [`SmallAllocator`]: an allocator for a page whose every byte is downloaded.
#![expect(unsafe_code, reason = "an allocator")]

use alloc::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr;

/// Blocks of this many bits come from the browser, which gives memory in pages of 64 KiB.
const PAGE_BITS: u32 = 16;
/// Sizes of 2⁰ to 2³¹ bytes: all that 32 bits can address.
const CLASSES: usize = 32;

/// The smallest allocator that uses freed memory again: 0.2 KB of a page, packed, where a general one is 0.7 KB. For the
/// `#[global_allocator]` of a page whose size counts; a tree asks its allocator for pages of 16 KiB and little else.
///
/// Blocks are powers of two, aligned to their size. One that is missing is half of the next larger one, the largest come from the
/// browser. A freed block waits for the next of its size, is never joined with its neighbour and never given back: a program keeps, of
/// each size, as much as it ever used at once. Both take a few instructions, whatever is allocated.
///
/// ```text
/// #[global_allocator]
/// static ALLOCATOR: hamadryad_wasm::SmallAllocator = hamadryad_wasm::SmallAllocator::new();
/// ```
///
/// For wasm without threads, as this crate.
pub struct SmallAllocator {
    /// For each size the blocks that are free.
    free: [Cell<*mut Block>; CLASSES],
}

/// A free block.
struct Block {
    next: *mut Block,
}

impl SmallAllocator {
    /// An allocator that has no memory yet.
    #[expect(clippy::new_without_default, reason = "a static wants a const function, and nothing else makes one")]
    pub const fn new() -> SmallAllocator {
        SmallAllocator { free: [const { Cell::new(ptr::null_mut()) }; CLASSES] }
    }

    /// A block of 2^`bits` bytes, aligned to as many (or to 64 KiB, if it is larger); null when there is no memory.
    fn take(&self, bits: u32) -> *mut Block {
        let Some(free) = self.free.get(bits as usize) else { return ptr::null_mut() };
        let first = free.get();
        if !first.is_null() {
            // SAFETY: what is in a list of free blocks is nobody else's and holds a `Block`.
            free.set(unsafe { (*first).next });
            return first;
        }
        if bits >= PAGE_BITS {
            return system::pages(1 << (bits - PAGE_BITS)).cast();
        }
        let whole = self.take(bits + 1);
        if !whole.is_null() {
            // SAFETY: the block is ours and has 2^(bits + 1) bytes, so that its second half is a block of 2^bits.
            unsafe { self.give(whole.byte_add(1 << bits), bits) };
        }
        whole
    }

    /// A block is free.
    ///
    /// # Safety
    /// It has 2^`bits` bytes, at least the size of a pointer, is aligned to one, and nobody uses it any more.
    unsafe fn give(&self, block: *mut Block, bits: u32) {
        if let Some(free) = self.free.get(bits as usize) {
            // SAFETY: the caller's contract.
            unsafe { block.write(Block { next: free.replace(block) }) };
        }
    }
}

/// The power of two that holds a layout, and a [`Block`] when it is free.
fn bits_of(layout: Layout) -> u32 {
    let bytes = layout.size().max(layout.align()).max(size_of::<Block>());
    usize::BITS - (bytes - 1).leading_zeros()
}

// SAFETY: a block is at least as large as its layout and aligned to its own size, or to 64 KiB: more is refused. It is in one list or
// with one caller, never in two places. Nothing here panics.
unsafe impl GlobalAlloc for SmallAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > 1 << PAGE_BITS { ptr::null_mut() } else { self.take(bits_of(layout)).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `alloc` gave it for this layout, so of this size and alignment, and the caller is done with it.
        unsafe { self.give(block.cast(), bits_of(layout)) }
    }
}

#[cfg(target_family = "wasm")]
mod system {
    use core::{arch::wasm32, ptr};

    // SAFETY: wasm without the target feature `atomics` (refused in `single_thread.rs`) has one thread.
    unsafe impl Sync for super::SmallAllocator {}

    /// Memory of the browser's, in pages of 64 KiB, aligned to as many; null when it has none. Nobody else uses what it gives.
    pub(super) fn pages(count: usize) -> *mut u8 {
        match wasm32::memory_grow::<0>(count) {
            usize::MAX => ptr::null_mut(),
            page => ptr::with_exposed_provenance_mut(page << super::PAGE_BITS),
        }
    }
}

/// For the tests: the system's memory.
#[cfg(not(target_family = "wasm"))]
mod system {
    use alloc::alloc::{Layout, alloc};

    pub(super) fn pages(count: usize) -> *mut u8 {
        let layout = Layout::from_size_align(count << super::PAGE_BITS, 1 << super::PAGE_BITS);
        // SAFETY: the size is not zero.
        layout.map_or(core::ptr::null_mut(), |layout| unsafe { alloc(layout) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a power of two")
    }

    /// Allocates, fills and remembers.
    fn filled(allocator: &SmallAllocator, layout: Layout, fill: u8) -> *mut u8 {
        // SAFETY: no layout of these tests is empty.
        let block = unsafe { allocator.alloc(layout) };
        assert!(!block.is_null() && block.addr().is_multiple_of(layout.align()), "{layout:?}");
        // SAFETY: the block is ours and as large as its layout.
        unsafe { block.write_bytes(fill, layout.size()) };
        block
    }

    #[test]
    fn blocks_are_aligned_and_do_not_overlap() {
        let allocator = SmallAllocator::new();
        let layouts = [(1, 1), (3, 1), (8, 8), (24, 8), (40, 16), (100, 4), (16_352, 16_384), (5_000, 8), (1, 4_096), (70_000, 8)];
        let blocks: Vec<_> = (0..200)
            .map(|number| {
                let layout = layout(layouts[number % layouts.len()].0, layouts[number % layouts.len()].1);
                (filled(&allocator, layout, number as u8), layout, number as u8)
            })
            .collect();
        for (block, layout, fill) in blocks {
            // SAFETY: the block is ours, and was filled.
            let bytes = unsafe { core::slice::from_raw_parts(block, layout.size()) };
            assert!(bytes.iter().all(|byte| *byte == fill), "{layout:?} keeps what was written to it");
        }
    }

    #[test]
    fn what_is_freed_is_used_again() {
        let allocator = SmallAllocator::new();
        let first = filled(&allocator, layout(100, 8), 1);
        // SAFETY: it came from there, with this layout.
        unsafe { allocator.dealloc(first, layout(100, 8)) };
        assert_eq!(filled(&allocator, layout(70, 8), 2), first, "of the same power of two");
        let halves = (filled(&allocator, layout(64, 1), 3), filled(&allocator, layout(64, 1), 4));
        assert_eq!(halves.0.addr() ^ halves.1.addr(), 64, "two halves of one block");
    }

    #[test]
    fn it_refuses_what_it_cannot_align() {
        // SAFETY: the layout is not empty.
        assert!(unsafe { SmallAllocator::new().alloc(layout(1, 1 << 17)) }.is_null());
    }
}
