//! Memory for values: chunks of a few sizes out of pages, large ones from the system.
//!
//! A page of chunks serves one size at a time. When its last chunk comes back it becomes one of the tree's spare pages; with more than
//! 64 of them the oldest goes back to the system: a tree keeps at most 1 MiB that it does not use, and one that is built and freed again and
//! again does not ask the system each time.
//!
//! Under Miri and `--cfg hamadryad_isolate` every chunk is an allocation of its own, so that the checkers see each of them. So it is in a
//! page: the program's allocator gives small blocks as fast there, and a second one would be 0.5 KB of every page, packed.
#![expect(unsafe_code, reason = "an allocator")]

use super::page::{PAGE, PAGE_LAYOUT};
use alloc::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

const FIRST_CHUNK_AT: usize = 64;
/// Up to here sizes go by words, above by [`STEP`]s.
const SMALL_MAX: usize = 512;
const MEDIUM_MAX: usize = 2048;
const WORD: usize = 8;
const STEP: usize = 128;
const CLASSES: usize = if ISOLATE { 1 } else { SMALL_MAX / WORD + (MEDIUM_MAX - SMALL_MAX) / STEP + 1 };
/// How many pages without a chunk in use a tree keeps.
const SPARES: usize = if ISOLATE { 1 } else { 64 };
/// More chunks than a page has.
const NEVER: u32 = u32::MAX;
const ISOLATE: bool = cfg!(any(miri, hamadryad_isolate, target_family = "wasm"));

struct FreeChunk {
    next: Option<NonNull<FreeChunk>>,
}

/// The header of a page of chunks.
struct ChunkPage {
    free: Cell<Option<NonNull<FreeChunk>>>,
    used: Cell<u32>,
    /// With how many chunks in use something has to be done when one comes back: none, or one less than a full page has.
    watch: Cell<u32>,
    /// The offset of the first chunk that was never handed out.
    fresh: Cell<u32>,
    class: Cell<usize>,
    /// It had no chunk to give when it was asked, so it is not in its class's list.
    full: Cell<bool>,
    /// It is in the list of spares, whether or not it is in use again.
    spare: Cell<bool>,
    next: Cell<Option<NonNull<ChunkPage>>>,
    previous: Cell<Option<NonNull<ChunkPage>>>,
}

const _: () = assert!(size_of::<ChunkPage>() <= FIRST_CHUNK_AT && FIRST_CHUNK_AT.is_multiple_of(2 * WORD));
const _: () = assert!(size_of::<FreeChunk>() <= WORD && align_of::<FreeChunk>() <= WORD);

/// The chunks of one tree.
pub(crate) struct Chunks {
    /// For each class the pages that may have a chunk to give.
    open: [Cell<Option<NonNull<ChunkPage>>>; CLASSES],
    /// The pages that were emptied last, if they still are; each is in its class's list too.
    spares: [Cell<Option<NonNull<ChunkPage>>>; SPARES],
    /// Which of the spares is the oldest.
    oldest: Cell<usize>,
}

impl Default for Chunks {
    fn default() -> Chunks {
        Chunks { open: [const { Cell::new(None) }; CLASSES], spares: [const { Cell::new(None) }; SPARES], oldest: Cell::new(0) }
    }
}

/// The class of a layout; `None`: the system's.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) const fn class_of(layout: Layout) -> Option<usize> {
    // A size is a multiple of its alignment: so what is aligned to two words goes into chunks of an even number of them.
    if ISOLATE || layout.align() > 2 * WORD || layout.size() > MEDIUM_MAX {
        None
    } else if layout.size() <= SMALL_MAX {
        Some(layout.size().div_ceil(WORD))
    } else {
        Some(SMALL_MAX / WORD + (layout.size() - SMALL_MAX).div_ceil(STEP))
    }
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
const fn size_of_class(class: usize) -> usize {
    if class <= SMALL_MAX / WORD { class * WORD } else { SMALL_MAX + (class - SMALL_MAX / WORD) * STEP }
}

/// How many bytes a value of this layout takes.
pub(crate) fn bytes_of(layout: Layout) -> usize {
    match class_of(layout) {
        Some(class) => size_of_class(class),
        None => layout.size(),
    }
}

fn header<'a>(page: NonNull<ChunkPage>) -> &'a ChunkPage {
    // SAFETY: pages in the lists of `Chunks`, or with a chunk in use, are allocated and their headers initialised; the borrow ends
    // before the page can be given back (all callers are in this file).
    unsafe { page.as_ref() }
}

/// A chunk that was given back.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn pop(page: NonNull<ChunkPage>) -> Option<NonNull<u8>> {
    let head = header(page);
    let chunk = head.free.get()?;
    // SAFETY: a chunk in the list of free ones holds a `FreeChunk`.
    head.free.set(unsafe { chunk.as_ref() }.next);
    head.used.set(head.used.get() + 1);
    Some(chunk.cast())
}

/// A chunk that was never handed out.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn first_use(page: NonNull<ChunkPage>, class: usize) -> Option<NonNull<u8>> {
    let head = header(page);
    let at = head.fresh.get() as usize;
    let next = at + size_of_class(class);
    if next > PAGE_LAYOUT.size() {
        return None;
    }
    head.fresh.set(next as u32);
    head.used.set(head.used.get() + 1);
    // SAFETY: the chunk lies inside of the page.
    Some(unsafe { page.cast::<u8>().add(at) })
}

impl Chunks {
    /// Memory for a value, or `None` when the system has none. A layout without size needs no memory.
    pub(crate) fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        if let Some(chunk) = self.at_hand(layout) {
            return Some(chunk);
        }
        match class_of(layout) {
            Some(class) => self.allocate_slow(class),
            // SAFETY: the size is not zero: those are at hand.
            None => NonNull::new(unsafe { alloc::alloc::alloc(layout) }),
        }
    }

    /// Memory for a value that is there without a look for it.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn at_hand(&self, layout: Layout) -> Option<NonNull<u8>> {
        if layout.size() == 0 {
            // SAFETY: an alignment is never zero.
            return Some(unsafe { NonNull::new_unchecked(core::ptr::without_provenance_mut(layout.align())) });
        }
        let class = class_of(layout)?;
        let page = self.open[class].get()?;
        pop(page).or_else(|| first_use(page, class))
    }

    /// A chunk of a page that has some left, or of a new one.
    #[inline(never)]
    fn allocate_slow(&self, class: usize) -> Option<NonNull<u8>> {
        loop {
            let page = match self.open[class].get() {
                Some(page) => page,
                None => self.open_page(class)?,
            };
            if let Some(chunk) = pop(page).or_else(|| first_use(page, class)) {
                return Some(chunk);
            }
            header(page).full.set(true);
            header(page).watch.set(header(page).used.get() - 1);
            self.unlink(page);
        }
    }

    /// Gives the memory of a value back.
    ///
    /// # Safety
    /// `chunk` came from `allocate` of this `Chunks` with this layout, and nobody uses it any more.
    #[inline]
    pub(crate) unsafe fn free(&self, chunk: NonNull<u8>, layout: Layout) {
        match class_of(layout) {
            _ if layout.size() == 0 => {}
            // SAFETY: the caller's contract.
            Some(_) => unsafe { self.free_small(chunk) },
            // SAFETY: it came from the system with this layout.
            None => unsafe { alloc::alloc::dealloc(chunk.as_ptr(), layout) },
        }
    }

    /// Gives the memory of a value back that most likely is none of the chunks.
    ///
    /// # Safety
    /// As `free`.
    #[cold]
    pub(super) unsafe fn free_other(&self, chunk: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { self.free(chunk, layout) }
    }

    /// Gives the memory of a value that has a class back.
    ///
    /// # Safety
    /// As `free`; the layout was of a class and not empty.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) unsafe fn free_small(&self, chunk: NonNull<u8>) {
        if ISOLATE {
            return; // Then no layout has a class: nothing below is linked.
        }
        // SAFETY: chunks of a class lie in a page that begins at the multiple of `PAGE` below them, and keep its provenance.
        let page = unsafe { NonNull::new_unchecked(chunk.as_ptr().map_addr(|address| address & !(PAGE - 1)).cast::<ChunkPage>()) };
        let head = header(page);
        // SAFETY: the chunk is ours again, at least a word, aligned to one.
        unsafe { chunk.cast::<FreeChunk>().write(FreeChunk { next: head.free.get() }) };
        head.free.set(Some(chunk.cast()));
        let used = head.used.get() - 1;
        head.used.set(used);
        if used == head.watch.get() {
            self.changed(page);
        }
    }

    /// A page has a chunk to give again, or none in use.
    #[inline(never)]
    fn changed(&self, page: NonNull<ChunkPage>) {
        if header(page).full.replace(false) {
            self.link(page);
        }
        header(page).watch.set(if header(page).spare.get() { NEVER } else { 0 });
        if header(page).used.get() == 0 {
            self.emptied(page);
        }
    }

    /// A page without a chunk in use becomes a spare; the oldest one goes back to the system.
    fn emptied(&self, page: NonNull<ChunkPage>) {
        if !header(page).spare.get() {
            header(page).spare.set(true);
            header(page).watch.set(NEVER);
            let at = self.oldest.get();
            self.oldest.set(if at + 1 == SPARES { 0 } else { at + 1 });
            if let Some(before) = self.spares[at].replace(Some(page)) {
                self.retire(before);
            }
        }
    }

    /// A page is no spare any more: still empty, it goes back to the system.
    fn retire(&self, page: NonNull<ChunkPage>) {
        header(page).spare.set(false);
        if header(page).used.get() == 0 {
            self.release(page);
        } else if !header(page).full.get() {
            header(page).watch.set(0);
        }
    }

    /// A page without a chunk in use, out of the spares.
    fn take_spare(&self) -> Option<NonNull<ChunkPage>> {
        let is_empty = |spare: &&Cell<Option<NonNull<ChunkPage>>>| spare.get().is_some_and(|page| header(page).used.get() == 0);
        let page = self.spares.iter().find(is_empty)?.take()?;
        self.unlink(page);
        Some(page)
    }

    #[cold]
    fn open_page(&self, class: usize) -> Option<NonNull<ChunkPage>> {
        let page = match self.take_spare() {
            Some(spare) => spare,
            // SAFETY: the layout's size is not zero.
            None => NonNull::new(unsafe { alloc::alloc::alloc(PAGE_LAYOUT) })?.cast(),
        };
        let head = ChunkPage {
            free: Cell::new(None),
            used: Cell::new(0),
            watch: Cell::new(0),
            fresh: Cell::new(FIRST_CHUNK_AT as u32),
            class: Cell::new(class),
            full: Cell::new(false),
            spare: Cell::new(false),
            next: Cell::new(None),
            previous: Cell::new(None),
        };
        // SAFETY: the page is ours, aligned, larger than a header, and nothing in it is in use.
        unsafe { page.write(head) };
        self.link(page);
        Some(page)
    }

    fn link(&self, page: NonNull<ChunkPage>) {
        let first = self.open[header(page).class.get()].replace(Some(page));
        header(page).next.set(first);
        header(page).previous.set(None);
        if let Some(first) = first {
            header(first).previous.set(Some(page));
        }
    }

    fn unlink(&self, page: NonNull<ChunkPage>) {
        let head = header(page);
        let (next, previous) = (head.next.take(), head.previous.take());
        match previous {
            Some(previous) => header(previous).next.set(next),
            None => self.open[head.class.get()].set(next),
        }
        if let Some(next) = next {
            header(next).previous.set(previous);
        }
    }

    fn release(&self, page: NonNull<ChunkPage>) {
        self.unlink(page);
        // SAFETY: no chunk of the page is in use, no list has it, and it came from the system with this layout.
        unsafe { alloc::alloc::dealloc(page.cast().as_ptr(), PAGE_LAYOUT) };
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        // Whoever holds a chunk keeps the tree's core, and so this: only spares can be left.
        for spare in self.spares.iter().filter(|_| !ISOLATE) {
            if let Some(page) = spare.take() {
                self.retire(page);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_aligned_to_two_words_lies_in_chunks_that_are() {
        for size in (16..=MEDIUM_MAX).step_by(16) {
            let layout = Layout::from_size_align(size, 16).expect("small");
            assert!(class_of(layout).is_none_or(|class| size_of_class(class).is_multiple_of(16)), "{size}");
        }
        assert_eq!(class_of(Layout::from_size_align(32, 32).expect("small")), None, "what wants more is the system's");
    }

    #[test]
    fn a_size_fits_its_class_and_no_smaller_one() {
        for size in 1..=MEDIUM_MAX {
            let layout = Layout::from_size_align(size, 8).expect("small");
            if let Some(class) = class_of(layout) {
                assert!(size_of_class(class) >= size && class < CLASSES, "{size}");
                assert!(class == 1 || size_of_class(class - 1) < size, "{size}");
            }
        }
    }
}
