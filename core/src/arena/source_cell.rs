//! Sources and their watchers as values.
#![expect(unsafe_code, reason = "functions that take a pointer for a value of the type they were made for")]

use super::SlotRef;
use super::kind::{Class, Kind, short_name};
use crate::access::lend_in_turn;
use crate::ready::Ready;
use crate::tree::TreeCore;
use core::any::TypeId;
use core::cell::Cell;
use core::marker::PhantomData;

/// A closure that watches a source, as a value.
pub(crate) struct WatcherCell<F>(F);

impl<R, F: FnMut(Ready) -> R + 'static> WatcherCell<F> {
    const WATCHER: &'static Kind =
        &Kind { call: Self::call, leave: Some(TreeCore::leave_watched), ..Kind::new::<Self>(Class::Watcher, || "watcher") };

    pub(crate) fn new(closure: F) -> WatcherCell<F> {
        WatcherCell(closure)
    }

    /// Its kind; the type of a closure has no name.
    pub(crate) fn watcher_of(&self) -> &'static Kind {
        Self::WATCHER
    }

    unsafe fn call(data: *mut u8, ready: Ready, _: SlotRef) {
        // SAFETY: of this kind, so `data` points to a `Self`, lent to this call alone.
        (unsafe { &mut *data.cast::<Self>() }.0)(ready);
    }
}

/// A closure that watches a source whose value is a `T`, and is lent that, as a value.
pub(crate) struct LentCell<T, F>(F, PhantomData<fn(&T)>);

impl<T: 'static, R, F: FnMut(&T, Ready) -> R + 'static> LentCell<T, F> {
    const WATCHER: &'static Kind =
        &Kind { call: Self::call, leave: Some(TreeCore::leave_watched), ..Kind::new::<Self>(Class::Watcher, || "watcher") };

    /// For a source whose value is a `T`, and for no other.
    pub(crate) fn new(closure: F) -> LentCell<T, F> {
        LentCell(closure, PhantomData)
    }

    /// Its kind; the type of a closure has no name.
    pub(crate) fn watcher_of(&self) -> &'static Kind {
        Self::WATCHER
    }

    unsafe fn call(data: *mut u8, ready: Ready, source: SlotRef) {
        // SAFETY: of this kind, so `data` points to a `Self`, lent to this call alone.
        let closure = unsafe { &mut (*data.cast::<Self>()).0 };
        // SAFETY: `source` is the one that this watches, by whose `Node<T>` it was made. Its value is there: a source leaves the table,
        // by which it was found just now, before its value is dropped or moved out.
        unsafe { lend_in_turn::<T, _>(source, |value| closure(value, ready)) };
    }
}

/// A source's value and its index in the table of sources. The value comes first: handles know only that.
#[repr(C)]
pub(crate) struct SourceCell<T> {
    value: T,
    index: Cell<u32>,
}

impl<T: 'static> SourceCell<T> {
    pub(crate) const PASSIVE: &'static Kind = &Kind {
        type_id: TypeId::of::<T>(),
        short_name: short_name::<T>,
        leave: Some(TreeCore::leave_sources),
        source_at: core::mem::offset_of!(SourceCell<T>, index),
        ..Kind::new::<SourceCell<T>>(Class::Source, core::any::type_name::<T>)
    };

    pub(crate) fn new(value: T, index: u32) -> SourceCell<T> {
        SourceCell { value, index: Cell::new(index) }
    }
}

impl<F: FnMut(Ready) + 'static> SourceCell<F> {
    pub(crate) const ACTIVE: &'static Kind = &Kind { call: Self::call, active: true, ..*Self::PASSIVE };

    unsafe fn call(data: *mut u8, ready: Ready, _: SlotRef) {
        // SAFETY: of this kind, so `data` points to a `Self`, lent to this call alone.
        (unsafe { &mut *data.cast::<Self>() }.value)(ready);
    }
}
