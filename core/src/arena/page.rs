//! Pages of slots, and the slots of one tree.
#![expect(unsafe_code, reason = "pages are raw memory, and a slot finds its page by its address")]

use super::pool;
use super::slot::{Slot, WideSlot};
use super::{Generation, SlotRef, WideRef};
use crate::inbox::{Inbox, SharedOfPage};
use crate::tree::TreeCore;
use alloc::alloc::Layout;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

/// Bytes of a page; it is aligned to as many, so that a slot finds its header by its address.
pub(super) const PAGE: usize = 16 * 1024;
/// A little less is asked of the system: with its own header an allocation then takes one page, not two.
pub(super) const PAGE_LAYOUT: Layout = match Layout::from_size_align(PAGE - 32, PAGE) {
    Ok(layout) => layout,
    Err(_) => panic!("16 KiB is a power of two"),
};
const SLOTS_AT: usize = 64;
/// How many slots in limbo are looked at when there is no free one.
const LIMBO_LOOKED_AT: usize = 16;

/// A page's header. A page lives as long as the process and belongs to one tree at a time.
pub(crate) struct Page {
    core: Cell<*const TreeCore>,
    pub(super) shared: SharedOfPage,
    serial: u32,
    wide: bool,
    /// Where in its tree's list of pages it is.
    #[cfg(not(target_family = "wasm"))]
    position: Cell<u32>,
    /// How many slots are initialised.
    initialised: Cell<u32>,
    /// The next page in a list of the pool.
    pub(super) next: Cell<Option<NonNull<Page>>>,
}

const _: () = assert!(size_of::<Page>() <= SLOTS_AT || cfg!(loom));

impl Page {
    /// A new page from the system.
    pub(super) fn allocate(serial: u32, wide: bool) -> Option<NonNull<Page>> {
        // SAFETY: the layout's size is not zero.
        let page = NonNull::new(unsafe { alloc::alloc::alloc(PAGE_LAYOUT) })?.cast::<Page>();
        let header = Page {
            core: Cell::new(core::ptr::null()),
            shared: SharedOfPage::none(),
            serial,
            wide,
            #[cfg(not(target_family = "wasm"))]
            position: Cell::new(0),
            initialised: Cell::new(0),
            next: Cell::new(None),
        };
        // SAFETY: the memory is ours, aligned to `PAGE`, and larger than a header.
        unsafe { page.write(header) };
        Some(page)
    }

    pub(super) fn of(slot: NonNull<Slot>) -> &'static Page {
        let page = slot.as_ptr().map_addr(|address| address & !(PAGE - 1)).cast::<Page>();
        // SAFETY: the slot's pointer has the provenance of its page, which begins at the multiple of `PAGE` below it with an
        // initialised header and is never unmapped.
        unsafe { &*page }
    }

    pub(super) fn core(&self) -> Option<Rc<TreeCore>> {
        let core = self.core.get();
        if core.is_null() {
            return None;
        }
        // SAFETY: `Pages::adopt` stored the pointer of a live `Rc`, and `Pages::hand_on` clears it before the last `Rc` is gone.
        // The cell is the owner thread's, and so is the `Rc`'s count.
        unsafe {
            Rc::increment_strong_count(core);
            Some(Rc::from_raw(core))
        }
    }

    /// The core, for as long as no code of the user's runs.
    #[inline(always)]
    pub(super) fn peek_core(&self) -> Option<&TreeCore> {
        // SAFETY: as in `core`; the core goes away only when a `Tree` or a handle is dropped, which only code of the user's does.
        unsafe { self.core.get().as_ref() }
    }

    pub(super) fn serial(&self) -> u32 {
        self.serial
    }

    #[cfg(not(target_family = "wasm"))]
    pub(super) fn position(&self) -> u32 {
        self.position.get()
    }

    fn stride(&self) -> usize {
        if self.wide { size_of::<WideSlot>() } else { size_of::<Slot>() }
    }

    pub(super) fn index_of(&self, slot: SlotRef) -> u32 {
        let offset = slot.as_ptr().addr() - core::ptr::from_ref(self).addr() - SLOTS_AT;
        if self.wide { (offset / size_of::<WideSlot>()) as u32 } else { (offset / size_of::<Slot>()) as u32 }
    }

    fn capacity(&self) -> u32 {
        ((PAGE_LAYOUT.size() - SLOTS_AT) / self.stride()) as u32
    }

    /// The slot of that index, if it is initialised.
    fn slot(page: NonNull<Page>, index: u32) -> Option<SlotRef> {
        // SAFETY: pages are never unmapped and their headers are initialised.
        let header = unsafe { page.as_ref() };
        if index >= header.initialised.get() {
            return None;
        }
        let at = SLOTS_AT + index as usize * header.stride();
        // SAFETY: the offset is that of an initialised slot inside of the page, and `page` has the provenance of all of it.
        Some(unsafe { SlotRef::from_ptr(page.cast::<u8>().add(at).cast::<Slot>().as_ptr()) })
    }

    /// One more slot is initialised, if there is room.
    fn grow(page: NonNull<Page>) -> Option<SlotRef> {
        // SAFETY: pages are never unmapped and their headers are initialised.
        let header = unsafe { page.as_ref() };
        let index = header.initialised.get();
        if index >= header.capacity() {
            return None;
        }
        let at = SLOTS_AT + index as usize * header.stride();
        // SAFETY: inside of the page by `capacity`, beyond every slot in use, aligned because header and strides are multiples of 8.
        let slot = unsafe { SlotRef::init(page.cast::<u8>().add(at), header.wide) };
        header.initialised.set(index + 1);
        Some(slot)
    }

    /// The slot of that index, which is no higher than the count of those that are initialised, if there is room.
    fn nth(page: NonNull<Page>, index: u32) -> Option<SlotRef> {
        Page::slot(page, index).or_else(|| Page::grow(page))
    }

    pub(super) fn is_wide(page: NonNull<Page>) -> bool {
        // SAFETY: pages are never unmapped and their headers are initialised.
        unsafe { page.as_ref() }.wide
    }

    /// Whether a waker pins one of its slots. Once no one does, and no tree is here, nobody can begin to.
    pub(super) fn is_pinned(page: NonNull<Page>) -> bool {
        // SAFETY: pages are never unmapped and their headers are initialised.
        let header = unsafe { page.as_ref() };
        header.wide
            && (0..header.initialised.get()).any(|index| {
                let slot = Page::slot(page, index).expect("below the count of initialised slots");
                slot.wide().ext().word.pins()
            })
    }
}

/// A tree's first page, taken before there is a tree. Its first slots are the heads of the tree's lists.
pub(crate) struct FirstPage(NonNull<Page>);

impl FirstPage {
    /// How many heads there are.
    const SLOTS: u32 = 5;

    /// `None` when the system has no memory.
    pub(crate) fn take() -> Option<FirstPage> {
        pool::take(true).map(FirstPage)
    }

    /// One of its slots: the first, then the second, and so on.
    pub(crate) fn slot(&self, index: usize) -> WideRef {
        Page::nth(self.0, index as u32).and_then(SlotRef::as_wide).expect("a page has more slots than there are lists")
    }
}

/// All slots of one width of one tree.
#[derive(Default)]
struct Width {
    free: Cell<Option<SlotRef>>,
    /// Slots that were freed while a waker or a queue of another thread pins them: the first, from one to the next older.
    limbo: Cell<Option<SlotRef>>,
    /// The page whose slots are handed out one after the other, and the next index there.
    page: Cell<Option<NonNull<Page>>>,
    next: Cell<u32>,
    /// After which of these the next sweep goes on; without it, at the first.
    swept: Cell<Option<SlotRef>>,
}

/// The pages and free slots of one tree.
pub(crate) struct Pages {
    /// Their core, with the provenance of its `Rc`, counts included: what a page's header stores. Null until there is one.
    core: Cell<*const TreeCore>,
    widths: [Width; 2],
    pages: RefCell<Vec<NonNull<Page>>>,
    /// The same, sorted by serial, for looking up ids; what came after the last look-up is not in it yet.
    by_serial: RefCell<Vec<NonNull<Page>>>,
}

impl Default for Pages {
    fn default() -> Pages {
        Pages { core: Cell::new(core::ptr::null()), widths: Default::default(), pages: RefCell::default(), by_serial: RefCell::default() }
    }
}

impl Pages {
    /// A vacant slot, or `None` when the system has no memory.
    pub(crate) fn take(&self, inbox: &Inbox, wide: bool) -> Option<SlotRef> {
        match self.free(wide) {
            Some(slot) => {
                self.take_free(slot, wide);
                Some(slot)
            }
            None => self.take_slow(inbox, wide),
        }
    }

    /// The slot that was freed last.
    #[inline(always)]
    pub(crate) fn free(&self, wide: bool) -> Option<SlotRef> {
        self.widths[usize::from(wide)].free.get()
    }

    /// Takes what [`free`](Pages::free) gave.
    #[inline(always)]
    pub(crate) fn take_free(&self, slot: SlotRef, wide: bool) {
        self.widths[usize::from(wide)].free.set(slot.older.get());
    }

    #[cold]
    fn take_slow(&self, inbox: &Inbox, wide: bool) -> Option<SlotRef> {
        let width = &self.widths[usize::from(wide)];
        loop {
            while let Some(page) = width.page.get() {
                let index = width.next.get();
                let Some(slot) = Page::nth(page, index) else { break };
                width.next.set(index + 1);
                if slot.generation.now() < Generation::RETIRED {
                    return Some(slot);
                }
            }
            if let Some(slot) = width.sweep() {
                return Some(slot);
            }
            let page = pool::take(wide)?;
            self.adopt(inbox, page);
            width.page.set(Some(page));
            width.next.set(0);
        }
    }

    /// A page from the pool or the system becomes this tree's.
    fn adopt(&self, inbox: &Inbox, page: NonNull<Page>) {
        // SAFETY: pages are never unmapped; out of the pool this one is ours alone.
        let header = unsafe { page.as_ref() };
        let mut pages = self.pages.borrow_mut();
        #[cfg(not(target_family = "wasm"))]
        header.position.set(pages.len() as u32);
        header.core.set(self.core.get());
        header.shared.set(inbox);
        pages.push(page);
    }

    /// The core that these are the pages of, and the first of them.
    pub(crate) fn belong_to(&self, core: &Rc<TreeCore>, first: FirstPage) {
        self.core.set(Rc::as_ptr(core));
        self.adopt(&core.shared, first.0);
        self.widths[1].page.set(Some(first.0));
        self.widths[1].next.set(FirstPage::SLOTS);
    }

    fn serial(page: NonNull<Page>) -> u32 {
        // SAFETY: pages are never unmapped and their headers are initialised.
        unsafe { page.as_ref() }.serial
    }

    /// A narrow slot comes back.
    #[inline(always)]
    pub(crate) fn give_narrow(&self, slot: SlotRef) {
        if slot.generation.now() < Generation::RETIRED {
            slot.older.set(self.widths[0].free.replace(Some(slot)));
        }
    }

    /// Whether a wide slot may have a next tenant: it has a generation left, and no waker pins it.
    #[inline(always)]
    pub(crate) fn may_be_next(&self, slot: WideRef) -> bool {
        slot.generation.now() < Generation::RETIRED && !slot.ext().word.pins()
    }

    /// A wide slot that may have a next tenant comes back.
    #[inline(always)]
    pub(crate) fn give_next(&self, slot: WideRef) {
        slot.older.set(self.widths[1].free.replace(Some(*slot)));
    }

    /// A wide slot comes back; one that a waker pins waits in limbo.
    fn give_wide(&self, slot: WideRef) {
        if self.may_be_next(slot) {
            self.give_next(slot);
        } else if slot.generation.now() < Generation::RETIRED {
            slot.older.set(self.widths[1].limbo.replace(Some(*slot)));
        }
        // At its last generation it goes nowhere: no handle may ever match again.
    }

    /// A slot without a tenant comes back.
    pub(crate) fn give(&self, slot: SlotRef) {
        match slot.as_wide() {
            Some(wide) => self.give_wide(wide),
            None => self.give_narrow(slot),
        }
    }

    /// The slot of that index, of the page at that position.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn slot(&self, position: u32, index: u32) -> Option<SlotRef> {
        let page = *self.pages.borrow().get(position as usize)?;
        Page::slot(page, index)
    }

    /// The slot of an address that may come from anywhere.
    pub(crate) fn find(&self, serial: u32, index: u32) -> Option<SlotRef> {
        let mut pages = self.by_serial.borrow_mut();
        for page in &self.pages.borrow()[pages.len()..] {
            let at = pages.partition_point(|other| Pages::serial(*other) < Pages::serial(*page));
            pages.insert(at, *page);
        }
        let at = pages.binary_search_by_key(&serial, |page| Pages::serial(*page)).ok()?;
        Page::slot(pages[at], index)
    }

    /// The tree is gone: its pages go to the pool, those that a waker pins as orphans.
    pub(crate) fn hand_on(&self, inbox: &Inbox) {
        for page in self.pages.take() {
            // SAFETY: pages are never unmapped; this one is still ours.
            let header = unsafe { page.as_ref() };
            header.core.set(core::ptr::null());
            pool::give(page, inbox);
        }
    }
}

impl Width {
    /// Looks through some of the slots in limbo for one that nobody pins any more. Bounded, and it goes round.
    fn sweep(&self) -> Option<SlotRef> {
        let mut before = self.swept.take();
        for _ in 0..LIMBO_LOOKED_AT {
            let link = before.as_ref().map_or(&self.limbo, |slot| &slot.older);
            match link.get() {
                Some(slot) if slot.wide().ext().word.pins() => before = Some(slot),
                Some(slot) => {
                    link.set(slot.older.get());
                    self.swept.set(before);
                    return Some(slot);
                }
                None if before.is_some() => before = None,
                None => return None,
            }
        }
        self.swept.set(before);
        None
    }
}
