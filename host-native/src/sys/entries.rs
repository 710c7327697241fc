//! Memory for what signal handlers write down: pages straight from the kernel, never given back, so that a handler may look at them at any
//! time.
#![expect(unsafe_code, reason = "mmap(2), in a signal handler, which must not touch the heap")]

use std::mem::size_of;
use std::slice;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, AtomicU32, Ordering};

/// One siginfo that waits to be taken in. All atomics: handlers on several threads may look at one entry, however briefly.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Entry {
    /// The next older entry of the list that this one is in, or the next free one.
    pub(crate) next: AtomicU32,
    pub(crate) code: AtomicI32,
    pub(crate) pid: AtomicU32,
    pub(crate) uid: AtomicU32,
    pub(crate) value: AtomicI32,
    pub(crate) fd: AtomicI32,
    pub(crate) band: AtomicI64,
}

/// Chunk `k` holds `FIRST << k` entries: one page or two, then twice as many each time.
const FIRST: usize = 256;
const CHUNKS: usize = 20;

/// The greatest number of entries: more than the kernel lets wait (`RLIMIT_SIGPENDING`) by far.
pub(crate) const ENTRIES_MAX: u32 = (FIRST * ((1 << CHUNKS) - 1)) as u32;

/// Entries by number; the memory for them appears when they are first asked for.
#[derive(Debug)]
pub(crate) struct Entries([AtomicPtr<Entry>; CHUNKS]);

impl Entries {
    pub(crate) const fn new() -> Entries {
        Entries([const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS])
    }

    /// Entry `number`; `None` where the kernel has no memory, or beyond [`ENTRIES_MAX`]. Async-signal-safe.
    pub(crate) fn get(&self, number: u32) -> Option<&'static Entry> {
        let from_first = number as usize + FIRST;
        let chunk = from_first.ilog2() - FIRST.ilog2();
        let offset = from_first - (FIRST << chunk);
        let place = self.0.get(chunk as usize)?;
        let entries = FIRST << chunk;
        let mut start = place.load(Ordering::Acquire);
        if start.is_null() {
            start = Entries::map(place, entries)?;
        }
        // SAFETY: a pointer in `place` comes from `map`: a mapping of `entries` entries, zeroed, aligned to a page, never unmapped, and
        // only ever seen as shared atomics, for which zeros are valid.
        unsafe { slice::from_raw_parts(start, entries) }.get(offset)
    }

    /// Maps memory for a chunk, unless another handler was quicker.
    fn map(place: &AtomicPtr<Entry>, entries: usize) -> Option<*mut Entry> {
        let len = entries * size_of::<Entry>();
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new anonymous mapping, at a place that the kernel chooses: it touches no memory that is in use.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), len, access, kind, -1, 0) };
        if mapped == libc::MAP_FAILED {
            return None;
        }
        match place.compare_exchange(std::ptr::null_mut(), mapped.cast(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Some(mapped.cast()),
            Err(quicker) => {
                // SAFETY: mapped just above, `len` bytes, and nobody was told.
                unsafe { libc::munmap(mapped, len) };
                Some(quicker)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_places_of_their_own() {
        let entries = Entries::new();
        for number in [0, 1, 255, 256, 257, 767, 768, 100_000] {
            entries.get(number).expect("memory").value.store(number as i32 + 1, Ordering::Relaxed);
        }
        for number in [0, 1, 255, 256, 257, 767, 768, 100_000] {
            assert_eq!(entries.get(number).expect("memory").value.load(Ordering::Relaxed), number as i32 + 1);
        }
        assert!(entries.get(ENTRIES_MAX).is_none());
    }
}
