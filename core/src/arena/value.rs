//! Values in their chunks: written once, lent by reference, taken out or dropped.
#![expect(unsafe_code, reason = "a node's value is reached by the type its handle was made with")]

use super::kind::{Memory, Run};
use super::{Flag, Kind, KindOf, Slot, SlotRef, WideRef};
use crate::node::AnyNode;
use crate::ready::Ready;
use crate::tree::TreeCore;
use alloc::alloc::Layout;
use core::ptr::NonNull;
use core::task::Context;

/// Room for a new node: a vacant slot, and a chunk for its value.
pub(crate) struct Room {
    slot: SlotRef,
    chunk: NonNull<u8>,
    size: usize,
}

impl Room {
    /// Room that is there without a look for it. (In a page small code counts for more.)
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn at_hand(core: &TreeCore, kind: &Kind) -> Option<Room> {
        if cfg!(target_family = "wasm") {
            return None;
        }
        let slot = core.pages.free(kind.is_wide())?;
        let chunk = core.chunks.at_hand(kind.layout)?;
        core.pages.take_free(slot, kind.is_wide());
        Some(Room { slot, chunk, size: kind.layout.size() })
    }

    /// Room, or nothing when the system has no memory.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn find(core: &TreeCore, kind: &Kind) -> Option<Room> {
        let (slot, chunk) = Room::look_for(core, kind)?;
        Some(Room { slot, chunk, size: kind.layout.size() })
    }

    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn look_for(core: &TreeCore, kind: &Kind) -> Option<(SlotRef, NonNull<u8>)> {
        let chunk = core.chunks.allocate(kind.layout)?;
        match core.pages.take(&core.shared, kind.is_wide()) {
            Some(slot) => Some((slot, chunk)),
            None => {
                // SAFETY: it came from these chunks with this layout just now, and nobody else knows it.
                unsafe { core.chunks.free(chunk, kind.layout) };
                None
            }
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn slot(&self) -> SlotRef {
        self.slot
    }

    /// The slot, from now on that of a node of this kind.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn take(&self, kind: &'static Kind) -> SlotRef {
        self.slot.kind.set(kind);
        self.slot.data.set(self.chunk.as_ptr());
        self.slot
    }

    /// Writes the value of a new node of the kind that this room was found for.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn write<V>(&self, _: KindOf<V>, value: V) {
        assert!(size_of::<V>() <= self.size, "a value of its own kind");
        // SAFETY: the chunk is new, of the kind's layout, and so has room for what the kind's value begins with; nothing lies there.
        unsafe { self.chunk.cast::<V>().write(value) };
    }
}

/// Writes a new node's value, which is of the type that the node's kind was made for.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn fill<T>(slot: SlotRef, value: T) -> AnyNode {
    assert!(slot.kind.get().layout == Layout::new::<T>() && slot.has(Flag::NoValue), "a value of its own kind, once");
    // SAFETY: the slot's chunk was allocated for this layout and holds no value.
    unsafe { slot.data.get().cast::<T>().write(value) }
    slot.clear(Flag::NoValue);
    AnyNode::of(slot)
}

/// The value itself.
///
/// # Safety
/// The slot's value is a `T` (or begins with one), is there, and is not lent exclusively for as long as the reference is used.
pub(crate) unsafe fn shared<'a, T>(slot: SlotRef) -> &'a T {
    // SAFETY: the caller's contract.
    unsafe { &*slot.data.get().cast::<T>() }
}

/// The value itself, exclusively.
///
/// # Safety
/// The slot's value is a `T` (or begins with one), is there, and is lent to the caller alone for as long as the reference is used.
pub(crate) unsafe fn exclusive<'a, T>(slot: SlotRef) -> &'a mut T {
    // SAFETY: the caller's contract.
    unsafe { &mut *slot.data.get().cast::<T>() }
}

/// Moves the value out.
///
/// # Safety
/// The slot's value is a `T`, is there, not lent, and is never used again.
pub(crate) unsafe fn take<T>(slot: SlotRef) -> T {
    // SAFETY: the caller's contract.
    unsafe { slot.data.get().cast::<T>().read() }
}

/// Drops the value in place. The caller has set `NoValue` before: it is never used again.
pub(crate) fn drop_in_place(slot: SlotRef, drop: unsafe fn(*mut u8)) {
    // SAFETY: `drop` is the slot's own kind's, so of the value's type; the walk calls this once (the flag) and with nothing lent.
    unsafe { drop(slot.data.get()) }
}

/// Calls the closure that the value is, if it is one; `source` is what has it called, at which others do not look. The caller has lent
/// the value exclusively.
#[inline(always)]
pub(crate) fn call(slot: SlotRef, ready: Ready, source: SlotRef) {
    // SAFETY: of the slot's own kind, and lent to this call. A watcher is called for its own source only, which is in the table.
    unsafe { (slot.kind.get().call)(slot.data.get(), ready, source) }
}

/// A request's code, to which its value is lent.
pub(crate) struct Code {
    slot: WideRef,
    run: Run,
}

impl Code {
    /// Lends a request's value, if its code can run now: alive, not lent, not done. Whoever runs it ends the loan afterwards.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn of(slot: WideRef) -> Option<Code> {
        if !slot.can_run() {
            return None;
        }
        Some(Code::lend(slot))
    }

    /// As [`of`](Code::of), of a request whose code has not run; for its handle.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn before_first_run(slot: SlotRef) -> Option<Code> {
        slot.before_first_run().map(Code::lend)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn lend(slot: WideRef) -> Code {
        slot.lent.set(Slot::EXCLUSIVE);
        Code { slot, run: slot.kind.get().run }
    }

    #[inline(always)]
    pub(crate) fn slot(&self) -> WideRef {
        self.slot
    }

    /// Runs it once; the slot is one of `core`'s.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn run(self, core: &TreeCore, context: &mut Context<'_>) {
        // SAFETY: of the slot's own kind; the value was there when it was lent to this alone, and what is lent is not dropped.
        unsafe { (self.run)(core, self.slot, self.slot.data.get(), context) }
    }
}

/// Gives the chunk of a slot back. Its value was dropped or moved out.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn free_chunk(core: &TreeCore, slot: SlotRef) {
    let Some(chunk) = NonNull::new(slot.data.replace(core::ptr::null_mut())) else { return };
    let kind = slot.kind.get();
    if kind.memory == Memory::Chunk {
        // SAFETY: it came from this tree's chunks with the kind's layout, which has a class; taking it out of the cell makes this the last
        // use.
        unsafe { core.chunks.free_small(chunk) }
    } else {
        // SAFETY: as above, whatever the layout is.
        unsafe { core.chunks.free_other(chunk, kind.layout) }
    }
}

/// The source's index in the table of sources.
pub(crate) fn source_index(slot: SlotRef, kind: &Kind) -> u32 {
    // SAFETY: called for nodes of class `Source` with their own kind, whose value is a `SourceCell`: the offset is that of its index,
    // which no reference to the value covers.
    unsafe { *slot.data.get().add(kind.source_at).cast::<u32>() }
}
