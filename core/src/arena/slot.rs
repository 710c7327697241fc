//! A slot: the memory of one node beside its value, and the reference to it that everything in the core passes around.
#![expect(unsafe_code, reason = "slots are raw memory that is never unmapped; this file is the way to them")]

use super::ext::Ext;
use super::generation::{Serial, narrowed, widened};
use super::page::Page;
use super::place::PlaceCell;
use super::{Generation, Kind};
use crate::extras::Extras;
use crate::heap::{HeapPlace, Placed};
use crate::inbox::is_of;
use crate::time::Instant;
use crate::tree::TreeCore;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::ops::Deref;
use core::ptr::NonNull;

/// Where a node is in its life.
///
/// ```text
///            insert            free: ask             all proceed            no child left, nothing on the stack
///   Vacant ─────────► Live ─────────────► Asking ─────────────────► Ending ────────────────────────────────► Vacant
///                       ▲                   │                          │
///                       └──── hook keeps ───┘                          └─► Deferred ── that code returns ──► Vacant
///                                                        own code on the stack (unlinked and stale at once)
///
/// A request that has nothing but its result is Vacant when that is written, in the last moment of its code's run.
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Vacant,
    Live,
    /// Its hooks are being asked; it may still be kept or moved.
    Asking,
    /// It will end: nothing grows under it, nothing moves there.
    Ending,
    /// Stale, but its own code is on the stack: value and slot wait for that to return.
    Deferred,
}

/// One bit of what is true of a node beside its state.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Flag {
    /// One of its hooks is on the stack.
    InHook = 1,
    /// Its value's `Drop` is on the stack.
    InDrop = 2,
    /// Its value was dropped, moved out, or not built yet.
    NoValue = 4,
    /// Chosen by `free_children`.
    Doomed = 8,
    /// A request that a shutdown ends where it awaits.
    Background = 16,
    /// A `Request` or `Scope` handle knows this slot: it is not reused. (Off where a [result](crate::waits::RESULT_ALONE) alone keeps it.)
    Held = 32,
    /// Its code has run once.
    Started = 64,
    /// The slot has an [`Ext`].
    Wide = 128,
}

/// A node's memory beside its value: 96 bytes on 64 bits.
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) generation: Generation,
    pub(crate) state: Cell<State>,
    flags: Cell<u8>,
    /// How often the value is lent: [`Slot::EXCLUSIVE`], or a count of shared loans.
    pub(crate) lent: Cell<u16>,
    name_len: Cell<u16>,
    /// What a request waits for: a code of [`crate::waits`].
    pub(crate) waits: Cell<u8>,
    spare: Cell<u8>,
    /// Its owner; in a stale slot, with `birth`, that of the last tenant.
    pub(crate) parent: Cell<Option<SlotRef>>,
    /// The newest child.
    pub(crate) child: Cell<Option<SlotRef>>,
    /// The next older sibling; in a vacant slot the next free one.
    pub(crate) older: Cell<Option<SlotRef>>,
    /// The next newer sibling.
    pub(crate) newer: Cell<Option<SlotRef>>,
    pub(crate) kind: Cell<&'static Kind>,
    pub(crate) data: Cell<*mut u8>,
    name: Cell<*const u8>,
    /// Where the node was made; in a vacant slot, where the last one was freed.
    pub(crate) place: PlaceCell,
    pub(crate) birth: Cell<Instant>,
    pub(crate) extras: Cell<Option<NonNull<Extras>>>,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Slot>() == 96 || cfg!(loom));
    assert!(size_of::<WideSlot>() == 160 || cfg!(loom));
};

#[repr(C)]
pub(crate) struct WideSlot {
    slot: Slot,
    ext: Ext,
}

impl Slot {
    pub(crate) const EXCLUSIVE: u16 = u16::MAX;
    pub(crate) const SHARED_MAX: u16 = u16::MAX - 1;

    fn vacant(flags: u8) -> Slot {
        Slot {
            generation: Generation::vacant(),
            state: Cell::new(State::Vacant),
            flags: Cell::new(flags),
            waits: Cell::new(0),
            lent: Cell::new(0),
            name_len: Cell::new(0),
            spare: Cell::new(0),
            parent: Cell::new(None),
            child: Cell::new(None),
            older: Cell::new(None),
            newer: Cell::new(None),
            kind: Cell::new(Kind::VACANT),
            data: Cell::new(core::ptr::null_mut()),
            name: Cell::new(core::ptr::null()),
            place: PlaceCell::empty(),
            birth: Cell::new(Instant(0)),
            extras: Cell::new(None),
        }
    }

    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags.get() & flag as u8 != 0
    }

    pub(crate) fn set(&self, flag: Flag) {
        self.flags.set(self.flags.get() | flag as u8);
    }

    pub(crate) fn clear(&self, flag: Flag) {
        self.flags.set(self.flags.get() & !(flag as u8));
    }

    /// A new tenant is alive, with no flags but the slot's own and these; nothing of it is lent, it has no name and waits for nothing.
    #[inline(always)]
    pub(crate) fn begin(&self, wide: bool, flags: u8) {
        debug_assert!(self.has(Flag::Wide) == wide && self.child.get().is_none());
        let flags = if wide { Flag::Wide as u8 } else { 0 } | flags;
        // SAFETY: the cells are this thread's, no reference into them exists, and these are valid values of all.
        unsafe { self.marks().write([u32::from_ne_bytes([State::Live as u8, flags, 0, 0]), 0]) };
    }

    /// State, flags and loans as one word, for one look at all three; and a word with the rest that a new tenant begins with.
    #[inline(always)]
    fn marks(&self) -> *mut [u32; 2] {
        const STATE: usize = core::mem::offset_of!(Slot, state);
        const {
            assert!(STATE.is_multiple_of(4));
            assert!(core::mem::offset_of!(Slot, flags) == STATE + 1 && core::mem::offset_of!(Slot, lent) == STATE + 2);
            assert!(core::mem::offset_of!(Slot, name_len) == STATE + 4 && core::mem::offset_of!(Slot, spare) == STATE + 7);
        }
        core::ptr::from_ref(self).cast_mut().wrapping_byte_add(STATE).cast()
    }

    /// Whether its value can be lent to its code: it is alive, its value is there and not lent.
    #[inline(always)]
    pub(crate) fn can_run(&self) -> bool {
        self.is_all(State::Live, Flag::NoValue as u8)
    }

    /// The code of a request is done. If that runs for the last time, its handle waits for the result, and it has nothing but its value (no
    /// child, nobody who asked to be told, no other flag), it is ending from now on, its value counts as gone, and this is true.
    #[inline(always)]
    pub(crate) fn begin_to_end_alone(&self) -> bool {
        let is_alone = self.has_marks(State::Live, 0) && self.has_nothing_else();
        if is_alone {
            // SAFETY: as in `begin`.
            unsafe { self.marks().cast::<u32>().write(Slot::marks_alone(State::Ending, Flag::NoValue as u8)) };
        }
        is_alone
    }

    /// Whether it is still as [`begin_to_end_alone`](Slot::begin_to_end_alone) left it.
    #[inline(always)]
    pub(crate) fn is_ending_alone(&self) -> bool {
        self.has_marks(State::Ending, Flag::NoValue as u8) && self.has_nothing_else()
    }

    /// The marks of a request whose code runs and whose handle waits, with these flags and no others.
    #[inline(always)]
    const fn marks_alone(state: State, flags: u8) -> u32 {
        let flags = Flag::Wide as u8 | Flag::Held as u8 | Flag::Started as u8 | flags;
        u32::from_ne_bytes([state as u8, flags, u8::MAX, u8::MAX])
    }

    #[inline(always)]
    fn has_marks(&self, state: State, flags: u8) -> bool {
        // SAFETY: as in `is_all`.
        unsafe { self.marks().cast::<u32>().read() == Slot::marks_alone(state, flags) }
    }

    /// Whether it has neither children nor extras.
    #[inline(always)]
    fn has_nothing_else(&self) -> bool {
        self.child.get().is_none() && self.extras.get().is_none()
    }

    /// Whether it waits for nothing but the end of its code, and that is not on the stack.
    #[inline(always)]
    pub(crate) fn has_returned(&self) -> bool {
        self.is_all(State::Deferred, Flag::InHook as u8 | Flag::InDrop as u8)
    }

    /// Whether it is in that state, has none of these flags, and nothing of it is lent.
    #[inline(always)]
    fn is_all(&self, state: State, without: u8) -> bool {
        let mask = u32::from_ne_bytes([u8::MAX, without, u8::MAX, u8::MAX]);
        // SAFETY: the three cells are this thread's and initialised, and nobody writes to them meanwhile.
        let [marks, _] = unsafe { self.marks().read() };
        marks & mask == u32::from_ne_bytes([state as u8, 0, 0, 0])
    }

    /// Whether a piece of the node's own code is on the stack.
    pub(crate) fn on_stack(&self) -> bool {
        self.lent.get() != 0 || self.flags.get() & (Flag::InHook as u8 | Flag::InDrop as u8) != 0
    }

    pub(crate) fn set_name(&self, name: &'static str) {
        self.name.set(name.as_ptr());
        self.name_len.set(u16::try_from(name.len()).unwrap_or_else(|_| len_of_cut(name)));
    }

    /// The name it was given, or nothing.
    pub(crate) fn given_name(&self) -> &'static str {
        if self.name_len.get() == 0 {
            return "";
        }
        // SAFETY: `set_name` writes both cells, and `begin` only the length, with 0: the pointer is that of a `&'static str` of at least `name_len` bytes,
        // and `name_len` is one of its character boundaries.
        unsafe {
            let bytes = core::slice::from_raw_parts(self.name.get(), self.name_len.get() as usize);
            core::str::from_utf8_unchecked(bytes)
        }
    }

    /// The name it was given, or else the name of its type.
    pub(crate) fn name(&self) -> &'static str {
        let given = self.given_name();
        if given.is_empty() { (self.kind.get().type_name)() } else { given }
    }

    /// The name it was given, or else the last part of its type's.
    pub(crate) fn short_name(&self) -> &'static str {
        let given = self.given_name();
        if given.is_empty() { (self.kind.get().short_name)() } else { given }
    }

    /// Notes the owner, to which the link still points, for as long as the slot has no next tenant.
    #[inline(always)]
    pub(crate) fn note_owner(&self) {
        match self.parent.get() {
            Some(owner) => self.note_owner_of_ended(owner),
            None => self.birth.set(Instant(0)),
        }
    }

    /// As [`note_owner`](Slot::note_owner), where that is known.
    #[inline(always)]
    pub(crate) fn note_owner_of_ended(&self, owner: SlotRef) {
        self.birth.set(Instant(widened(owner.generation.now())));
    }

    /// Who owned the last tenant.
    pub(crate) fn noted_owner(&self) -> Option<(SlotRef, Serial)> {
        self.parent.get().map(|slot| (slot, narrowed(self.birth.get().0)))
    }

    /// Notes who ended a request, in a link that a stale slot does not need while somebody holds it; its runs are not told any more.
    pub(crate) fn note_ender(&self, ext: &Ext, ender: Option<(SlotRef, Serial)>) {
        let serial = ender.map_or(0, |ender| widened(ender.1));
        self.older.set(ender.map(|ender| ender.0));
        ext.runs.set(serial as u32);
        ext.ran.set((serial >> 32) as u32);
    }

    /// What [`note_ender`](Slot::note_ender) noted.
    pub(crate) fn noted_ender(&self, ext: &Ext) -> Option<(SlotRef, Serial)> {
        let serial = u64::from(ext.ran.get()) << 32 | u64::from(ext.runs.get());
        self.older.get().map(|slot| (slot, narrowed(serial)))
    }

    /// Whether it is that of a request that ended, whose result lies in its chunk.
    pub(crate) fn holds_result(&self) -> bool {
        self.waits.get() >= crate::waits::RESULT_ALONE
    }

    /// The extras, if the node has any.
    pub(crate) fn extras(&self) -> Option<&Extras> {
        // SAFETY: the pointer came from `Box::leak` in `put_extras` and is taken out by `take_extras` only, which the core calls
        // once the slot's tenant is stale; borrows of it never live across user code.
        self.extras.get().map(|extras| unsafe { extras.as_ref() })
    }

    /// The extras, made when first needed.
    pub(crate) fn extras_or_new(&self) -> &Extras {
        if self.extras.get().is_none() {
            self.put_extras(Box::new(Extras::none()));
        }
        self.extras().expect("was made above")
    }

    pub(crate) fn put_extras(&self, extras: Box<Extras>) {
        self.extras.set(Some(NonNull::from(Box::leak(extras))));
    }

    pub(crate) fn take_extras(&self) -> Option<Box<Extras>> {
        // SAFETY: the pointer came from `Box::leak` in `put_extras`, and taking it out of the cell makes this the only owner.
        self.extras.take().map(|extras| unsafe { Box::from_raw(extras.as_ptr()) })
    }
}

/// How much of a name that is too long is kept.
#[cold]
fn len_of_cut(name: &str) -> u16 {
    let mut len = u16::MAX;
    while !name.is_char_boundary(len.into()) {
        len -= 1;
    }
    len
}

/// A reference to a slot, with the provenance of its whole page. Dereferences safely at any time: slots are never unmapped.
///
/// It is neither `Send` nor `Sync`, so that only the thread that has a handle looks at the cells; and the core looks at them only
/// after the handle's generation was found alive, or while it holds the slot (on its stack, in a list of its own, or `Held`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SlotRef(NonNull<Slot>);

impl Deref for SlotRef {
    type Target = Slot;
    fn deref(&self) -> &Slot {
        // SAFETY: a `SlotRef` is made by `SlotRef::init` (which initialises the slot) or from a pointer that came from one; the
        // memory is never given back, and every field is a `Cell` or an atomic, so a shared reference asserts nothing about them.
        unsafe { self.0.as_ref() }
    }
}

impl SlotRef {
    /// Initialises the memory of a slot of a page.
    ///
    /// # Safety
    /// `memory` is inside of a page that is never unmapped, aligned, large enough for a slot of this width, has the provenance of the
    /// whole page, and nobody refers to it yet.
    pub(super) unsafe fn init(memory: NonNull<u8>, wide: bool) -> SlotRef {
        let flags = if wide { Flag::Wide as u8 } else { 0 };
        // SAFETY: the caller's contract; a wide slot begins with a slot.
        unsafe { memory.cast::<Slot>().write(Slot::vacant(flags)) };
        let slot = SlotRef(memory.cast());
        if wide {
            let ext = Ext::of(WideRef(slot));
            // SAFETY: the caller's contract.
            unsafe { (&raw mut (*memory.cast::<WideSlot>().as_ptr()).ext).write(ext) };
        }
        slot
    }

    /// From the pointer of [`as_ptr`](SlotRef::as_ptr).
    ///
    /// # Safety
    /// `pointer` came from [`as_ptr`](SlotRef::as_ptr), or is the address of a slot that `init` made, with its page's provenance.
    pub(crate) unsafe fn from_ptr(pointer: *mut Slot) -> SlotRef {
        // SAFETY: the caller's contract; a slot's address is never null.
        SlotRef(unsafe { NonNull::new_unchecked(pointer) })
    }

    pub(crate) fn as_ptr(self) -> *mut Slot {
        self.0.as_ptr()
    }

    /// The same slot, if it is a wide one.
    #[inline(always)]
    pub(crate) fn as_wide(self) -> Option<WideRef> {
        self.has(Flag::Wide).then_some(WideRef(self))
    }

    /// A slot that is known to be that of a request, a scope or an immediate.
    #[inline(always)]
    pub(crate) fn wide(self) -> WideRef {
        self.as_wide().expect("requests, scopes and immediates live in wide slots")
    }

    /// The same slot, if it is that of a request that is alive, and whose code has not run; for its handle.
    #[inline(always)]
    pub(crate) fn before_first_run(self) -> Option<WideRef> {
        // One that was chosen by `free_children`, and moved away meanwhile, is like any other.
        const MASK: u32 = u32::from_ne_bytes([u8::MAX, !(Flag::Background as u8 | Flag::Doomed as u8), u8::MAX, u8::MAX]);
        // SAFETY: the three cells are this thread's and initialised, and nobody writes to them meanwhile.
        let [marks, _] = unsafe { self.marks().read() };
        (marks & MASK == u32::from_ne_bytes([State::Live as u8, Flag::Wide as u8 | Flag::Held as u8, 0, 0])).then_some(WideRef(self))
    }

    /// The same slot, if a result is all that is left of its request.
    #[inline(always)]
    pub(crate) fn result_alone(self) -> Option<WideRef> {
        // Noted by `WideRef::end_alone` alone.
        (self.waits.get() == crate::waits::RESULT_ALONE).then_some(WideRef(self))
    }

    #[inline(always)]
    pub(super) fn page(self) -> &'static Page {
        Page::of(self.0)
    }

    /// The tree's core.
    ///
    /// Asked only for a slot whose tenant is alive, or that is held by the core or a handle that keeps the core.
    pub(crate) fn core(self) -> Rc<TreeCore> {
        self.page().core().expect("a slot with a tenant belongs to a tree")
    }

    /// The tree's core, for work that runs no code of the user's: no count is kept.
    #[inline(always)]
    pub(crate) fn peek_core(&self) -> &TreeCore {
        self.page().peek_core().expect("a slot with a tenant belongs to a tree")
    }

    /// Whether the node is alive and has nothing but its value: nothing is lent, nobody asked to be told, no child, no flag.
    #[inline(always)]
    pub(crate) fn is_leaf(&self) -> bool {
        // SAFETY: the three cells are this thread's and initialised, and nobody writes to them meanwhile.
        let [marks, _] = unsafe { self.marks().read() };
        marks == u32::from_ne_bytes([State::Live as u8, 0, 0, 0]) && self.child.get().is_none() && self.extras.get().is_none()
    }

    /// Whether this slot's tenant belongs to that tree.
    #[inline(always)]
    pub(crate) fn is_of(self, core: &TreeCore) -> bool {
        is_of(self, core)
    }

    /// The page's serial number and the slot's index in it: never changes.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn address(self) -> (u32, u32) {
        let page = self.page();
        (page.serial(), page.index_of(self))
    }

    /// What its page knows of the part of the tree that threads share.
    #[cfg(any(not(target_family = "wasm"), target_feature = "atomics"))]
    #[inline(always)]
    pub(crate) fn shared(self) -> &'static crate::inbox::SharedOfPage {
        &self.page().shared
    }

    /// The tree that it is a slot of, for the owner's thread and for work that runs no code of the user's.
    #[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
    pub(crate) fn tree(&self) -> Option<&TreeCore> {
        self.page().peek_core()
    }
}

/// A reference to a slot that was found to be a wide one, which never changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct WideRef(SlotRef);

impl Deref for WideRef {
    type Target = SlotRef;
    #[inline(always)]
    fn deref(&self) -> &SlotRef {
        &self.0
    }
}

impl WideRef {
    /// Where in a wide slot its place in the heap of deadlines lies.
    #[cfg(not(target_family = "wasm"))]
    const DEADLINE_AT: usize = core::mem::offset_of!(WideSlot, ext) + core::mem::offset_of!(Ext, deadline);
    #[cfg(target_family = "wasm")]
    const DEADLINE_AT: usize = core::mem::offset_of!(WideSlot, ext) + core::mem::offset_of!(Ext, link);

    /// A request that was [ending alone](Slot::is_ending_alone) has ended. Whether from now on its result is all that keeps its slot from a
    /// next tenant.
    #[inline(always)]
    pub(crate) fn end_alone(self, may_be_next: bool) {
        if may_be_next {
            self.waits.set(crate::waits::RESULT_ALONE);
            // SAFETY: as in `begin`. The loan ends with the run.
            unsafe { self.marks().cast::<u32>().write(u32::from_ne_bytes([State::Vacant as u8, Flag::Wide as u8, u8::MAX, u8::MAX])) };
        } else {
            self.waits.set(crate::waits::RESULT);
            self.state.set(State::Vacant);
        }
    }

    /// What it has beyond a slot.
    #[inline(always)]
    pub(crate) fn ext(&self) -> &Ext {
        // SAFETY: a `WideRef` is made in this file only, for slots that `init` made as a `WideSlot`: they have the flag (`init`, `as_wide`,
        // `before_first_run`), a note that only a `WideRef` gives them (`result_alone`), a cell in one (`of_cell`), or are a waker's
        // (`of_waker`). The pointer has the page's provenance.
        unsafe { &self.0.0.cast::<WideSlot>().as_ref().ext }
    }

    /// The slot of a waker of ours, without a look at anything that only the owner thread may touch.
    ///
    /// # Safety
    /// `pointer` is what `waker::lend` put into a waker: only wide slots are lent.
    pub(crate) unsafe fn of_waker(pointer: *mut Slot) -> WideRef {
        // SAFETY: the caller's contract.
        WideRef(unsafe { SlotRef::from_ptr(pointer) })
    }
}

impl Placed for WideRef {
    #[inline(always)]
    fn cell(self) -> HeapPlace {
        // SAFETY: a wide slot has the cell there; it is never unmapped.
        unsafe { HeapPlace::new(self.0.0.byte_add(WideRef::DEADLINE_AT).cast()) }
    }

    #[inline(always)]
    unsafe fn of_cell(cell: HeapPlace) -> WideRef {
        // SAFETY: by the caller's contract it is the cell of a wide slot, with the provenance of its page.
        WideRef(SlotRef(unsafe { cell.pointer().byte_sub(WideRef::DEADLINE_AT) }.cast()))
    }
}
