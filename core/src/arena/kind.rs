//! What is known of a node's value without its type: a table of functions, one for each type.
#![expect(unsafe_code, reason = "functions that take a pointer for a value of the type they were made for")]

use super::chunk::class_of;
use super::{SlotIndex, SlotRef, WideRef};
use crate::heap::{HeapPlace, Link, Placed};
use crate::ready::Ready;
use crate::report::short;
use crate::time::Instant;
use crate::timer::Timer;
use crate::tree::TreeCore;
use alloc::alloc::Layout;
use core::any::TypeId;
use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Context;

/// What sort of node it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Vacant,
    Root,
    Value,
    /// A value that its host marks ready.
    Source,
    /// A closure that a source calls.
    Watcher,
    Timer,
    Soon,
    Request,
    Scope,
}

/// Where the memory of a value comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// It needs none.
    None,
    Chunk,
    System,
}

impl Memory {
    const fn of<T>() -> Memory {
        match class_of(Layout::new::<T>()) {
            _ if size_of::<T>() == 0 => Memory::None,
            Some(_) => Memory::Chunk,
            None => Memory::System,
        }
    }
}

/// What has to be done at the end of a node that has nothing but its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindEnd {
    /// Nothing but giving back a chunk.
    Chunk,
    /// No code of the user's runs.
    Quiet,
    /// Anything.
    Code,
}

impl KindEnd {
    const fn of(class: Class, needs_drop: bool, memory: Memory) -> KindEnd {
        match (class, memory) {
            (Class::Value, Memory::Chunk) if !needs_drop => KindEnd::Chunk,
            (Class::Value | Class::Timer, _) if !needs_drop => KindEnd::Quiet,
            _ => KindEnd::Code,
        }
    }
}

/// The untyped side of a node's value.
pub(crate) struct Kind {
    pub(crate) class: Class,
    pub(crate) type_id: TypeId,
    /// What the report says in its type column.
    pub(crate) type_name: fn() -> &'static str,
    /// The same without path and parameters: here, so that only who makes nodes of types links what shortens.
    pub(crate) short_name: fn() -> &'static str,
    pub(crate) layout: Layout,
    pub(crate) memory: Memory,
    pub(crate) end: KindEnd,
    /// Drops the value in place. Of a request: its body.
    pub(crate) drop: Option<unsafe fn(*mut u8)>,
    /// Drops a request's future in place, which lies where its body was.
    pub(crate) drop_started: Option<unsafe fn(*mut u8)>,
    /// Calls the closure that the value is.
    pub(crate) call: Call,
    /// Runs a request once.
    pub(crate) run: Run,
    /// Takes a source, or its watcher, out of the table of sources: here, so that only who makes one links it.
    pub(crate) leave: Option<fn(&TreeCore, SlotRef)>,
    /// Where in the chunk the source's index lies.
    pub(crate) source_at: usize,
    /// A source whose value is a closure that it calls.
    pub(crate) active: bool,
    /// A timer that comes again.
    pub(crate) periodic: bool,
    /// What is done when a timer is due: here, so that only who makes one of its sort links it.
    pub(crate) fire: Fire,
}

/// A kind whose values are, or begin with, a `V`.
pub(crate) struct KindOf<V> {
    kind: &'static Kind,
    value: PhantomData<fn(V)>,
}

impl<V> Clone for KindOf<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for KindOf<V> {}

impl<V> KindOf<V> {
    /// # Safety
    /// What the kind's functions are given, before any other, is a pointer to a `V`, and that is enough for them.
    pub(crate) const unsafe fn new(kind: &'static Kind) -> KindOf<V> {
        KindOf { kind, value: PhantomData }
    }

    #[inline(always)]
    pub(crate) const fn kind(&self) -> &'static Kind {
        self.kind
    }
}

/// The value of nodes that have none: no handle is of this type.
struct Untyped;

/// Calls a closure: where it lies, and for one that a source calls, what that is ready for, and its slot.
pub(crate) type Call = unsafe fn(*mut u8, Ready, SlotRef);

/// Runs a request once: of that tree, its slot, and what lies in its chunk.
pub(crate) type Run = unsafe fn(&TreeCore, WideRef, *mut u8, &mut Context<'_>);

unsafe fn nothing_to_call(_: *mut u8, _: Ready, _: SlotRef) {}

/// Fires a timer: its slot, when it was due, and the time of the turn.
pub(crate) type Fire = fn(&TreeCore, SlotRef, Instant, Instant);

fn nothing_to_fire(_: &TreeCore, _: SlotRef, _: Instant, _: Instant) {}

unsafe fn nothing_to_run(_: &TreeCore, _: WideRef, _: *mut u8, _: &mut Context<'_>) {}

fn nothing() -> &'static str {
    ""
}

impl Kind {
    /// Whether its nodes live in wide slots.
    #[inline(always)]
    pub(crate) const fn is_wide(&self) -> bool {
        matches!(self.class, Class::Request | Class::Scope | Class::Soon)
    }

    pub(crate) const VACANT: &'static Kind = &Kind::new::<Untyped>(Class::Vacant, nothing);
    pub(crate) const ROOT: &'static Kind = &Kind::new::<Untyped>(Class::Root, || "root");
    // SAFETY: scopes have no value of their own: nothing is ever read from or dropped in their chunk.
    pub(crate) const SCOPE: KindOf<()> = unsafe { KindOf::new(&Kind::new::<Untyped>(Class::Scope, || "scope")) };

    pub(crate) const fn new<T: 'static>(class: Class, type_name: fn() -> &'static str) -> Kind {
        Kind {
            class,
            type_id: TypeId::of::<T>(),
            type_name,
            short_name: type_name,
            layout: Layout::new::<T>(),
            memory: Memory::of::<T>(),
            end: KindEnd::of(class, core::mem::needs_drop::<T>(), Memory::of::<T>()),
            drop: if core::mem::needs_drop::<T>() { Some(drop_value::<T>) } else { None },
            drop_started: None,
            call: nothing_to_call,
            run: nothing_to_run,
            leave: None,
            source_at: 0,
            active: false,
            periodic: false,
            fire: nothing_to_fire,
        }
    }
}

/// # Safety
/// `data` points to a `T` that is not used again.
unsafe fn drop_value<T>(data: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe { data.cast::<T>().drop_in_place() }
}

pub(super) fn short_name<T>() -> &'static str {
    short(core::any::type_name::<T>())
}

struct Of<T>(PhantomData<T>);

impl<T: 'static> Of<T> {
    const VALUE: &'static Kind = &Kind { short_name: short_name::<T>, ..Kind::new::<T>(Class::Value, core::any::type_name::<T>) };
}

/// The kind of a plain value.
#[inline(always)]
pub(crate) fn value_kind<T: 'static>() -> KindOf<T> {
    // SAFETY: made of this type.
    unsafe { KindOf::new(Of::<T>::VALUE) }
}

/// A closure called once, as a value.
pub(crate) struct OnceCell<F>(Option<F>);

impl<R, F: FnOnce() -> R + 'static> OnceCell<F> {
    const KIND: &'static Kind = &Kind { call: Self::call, ..Kind::new::<Self>(Class::Soon, || "immediate") };

    // SAFETY: made of this type.
    pub(crate) const SOON: KindOf<Self> = unsafe { KindOf::new(Self::KIND) };

    pub(crate) fn new(closure: F) -> OnceCell<F> {
        OnceCell(Some(closure))
    }

    unsafe fn call(data: *mut u8, _: Ready, _: SlotRef) {
        // SAFETY: of this kind, so `data` points to a `Self`, lent to this call alone.
        let closure = unsafe { &mut *data.cast::<Self>() }.0.take();
        if let Some(closure) = closure {
            closure();
        }
    }
}

/// What the heap of timers knows of one: where it is in the heap, and whose it is.
#[repr(C)]
pub(crate) struct TimerHead {
    /// In the heap while it is armed.
    pub(crate) link: Link,
    /// The timer's node; none for a pending sleep.
    pub(crate) slot: Cell<SlotIndex>,
}

/// A timer's closure, as a value. Its head comes first: the heap knows only that. One that fires once has no period, and no more than
/// its closure: that it was called is noted in the head.
#[repr(C)]
pub(crate) struct TimerCell<P, F> {
    head: TimerHead,
    /// Nanoseconds, or nothing.
    period: P,
    closure: ManuallyDrop<F>,
}

impl<P, F> TimerCell<P, F> {
    pub(crate) fn new(period: P, closure: F) -> TimerCell<P, F> {
        let head = TimerHead { link: Link::new(), slot: Cell::new(SlotIndex::NONE) };
        TimerCell { head, period, closure: ManuallyDrop::new(closure) }
    }
}

impl<P, F> Drop for TimerCell<P, F> {
    fn drop(&mut self) {
        if self.head.slot.get() != SlotIndex::CALLED {
            // SAFETY: the closure is there until it is called, which is noted first; a cell is dropped once.
            unsafe { ManuallyDrop::drop(&mut self.closure) };
        }
    }
}

impl<P: 'static, F: 'static> TimerCell<P, F> {
    const fn kind() -> Kind {
        let needs_drop = core::mem::needs_drop::<F>();
        let kind = Kind::new::<Self>(Class::Timer, || "timer");
        let end = KindEnd::of(Class::Timer, needs_drop, kind.memory);
        Kind { type_id: TypeId::of::<Timer>(), end, drop: if needs_drop { kind.drop } else { None }, ..kind }
    }
}

impl<R, F: FnOnce() -> R + 'static> TimerCell<(), F> {
    const ONCE_UNTYPED: &'static Kind = &Kind { call: Self::call, fire: |core, slot, _, _| core.call_once(slot), ..Self::kind() };

    // SAFETY: made of this type.
    pub(crate) const ONCE: KindOf<Self> = unsafe { KindOf::new(Self::ONCE_UNTYPED) };

    unsafe fn call(data: *mut u8, _: Ready, _: SlotRef) {
        // SAFETY: of this kind, so `data` points to a `Self`, lent to this call alone.
        let cell = unsafe { &mut *data.cast::<Self>() };
        if cell.head.slot.replace(SlotIndex::CALLED) != SlotIndex::CALLED {
            // SAFETY: it was not called before, and is not dropped after this: noted in the head.
            let closure = unsafe { ManuallyDrop::take(&mut cell.closure) };
            closure();
        }
    }
}

impl<R, F: FnMut() -> R + 'static> TimerCell<u64, F> {
    const EVERY_UNTYPED: &'static Kind = &Kind { call: Self::call_again, periodic: true, fire: TreeCore::fire_periodic, ..Self::kind() };

    // SAFETY: made of this type.
    pub(crate) const EVERY: KindOf<Self> = unsafe { KindOf::new(Self::EVERY_UNTYPED) };

    unsafe fn call_again(data: *mut u8, _: Ready, _: SlotRef) {
        // SAFETY: of this kind, so `data` points to a `Self`; only `closure` is borrowed exclusively, and it is lent to this call
        // alone: the heap may look at the head meanwhile.
        let closure = unsafe { &mut (*data.cast::<Self>()).closure };
        closure();
    }
}

/// Points to the head of a timer or of a pending sleep, for the heap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimerRef(NonNull<TimerHead>);

impl TimerRef {
    /// # Safety
    /// `head` is initialised and stays where it is until it is in no heap for good.
    pub(crate) unsafe fn new(head: NonNull<TimerHead>) -> TimerRef {
        TimerRef(head)
    }

    /// The head of a timer's node, whose class was looked at.
    pub(crate) fn of(slot: SlotRef) -> TimerRef {
        assert!(slot.kind.get().class == Class::Timer, "only timers have a place in the heap of timers");
        // SAFETY: the value of that class is a `TimerCell`, whose first field is its head; it is in the heap only while the value
        // is there (`TreeCore::leave` takes it out before the value is dropped).
        TimerRef(unsafe { NonNull::new_unchecked(slot.data.get()).cast() })
    }

    pub(crate) fn head(&self) -> &TimerHead {
        // SAFETY: by the contract of `new` and `of`, the head is there as long as somebody holds this.
        unsafe { self.0.as_ref() }
    }

    /// The period of a timer's node that comes again, in nanoseconds.
    pub(crate) fn period(slot: SlotRef) -> u64 {
        assert!(slot.kind.get().periodic, "only timers that come again have a period");
        // SAFETY: as in `of`; the period comes after the head whatever the closure's type is (`repr(C)`), and is never written again.
        unsafe { (&raw const (*slot.data.get().cast::<TimerCell<u64, ()>>()).period).read() }
    }

    pub(crate) fn pointer(self) -> NonNull<TimerHead> {
        self.0
    }
}

impl Placed for TimerRef {
    #[inline(always)]
    fn cell(self) -> HeapPlace {
        const { assert!(core::mem::offset_of!(TimerHead, link) == 0) };
        // SAFETY: the head begins with the cell, and is there by the contract of `new` and `of`.
        unsafe { HeapPlace::new(self.0.cast()) }
    }

    #[inline(always)]
    unsafe fn of_cell(cell: HeapPlace) -> TimerRef {
        TimerRef(cell.pointer().cast())
    }
}
