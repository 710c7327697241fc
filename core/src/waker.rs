//! Wakers: `Send + Sync` as the standard demands, without an allocation, harmless after node, tree and thread are gone.
//!
//! A waker is a slot's address. A clone counts in the slot's wake word and pins the slot, never the node: the slot has no new tenant
//! and its page no new tree until the last clone is dropped, which is one atomic decrement. Waking sets a bit in the same word and,
//! if it was not set, pushes the slot to the tree's inject queue.
#![expect(unsafe_code, reason = "a `RawWaker` and its table")]

use crate::arena::{Slot, WideRef, shared_of};
use crate::sync::{AtomicU32, Ordering};
use core::mem::ManuallyDrop;
use core::task::{RawWaker, RawWakerVTable, Waker};

const INJECTED: u32 = 1;
const CLONE: u32 = 2;
/// More clones than can be: the slot stays pinned for ever then, which is safe.
const CLONES_MAX: u32 = 1 << 30;

/// One table for borrowed and cloned wakers: with two, `will_wake` would always be false. The atomic beside it makes the static
/// writable memory, so that no linker folds it with an equal one: its address tells our wakers from others.
struct Table {
    functions: RawWakerVTable,
    _writable: core::sync::atomic::AtomicBool,
}

static TABLE: Table =
    Table { functions: RawWakerVTable::new(clone, wake, wake_by_ref, drop_clone), _writable: core::sync::atomic::AtomicBool::new(false) };

/// A waker lent for one poll; it pins nothing by itself, the poll does.
pub(crate) fn lend(slot: WideRef) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(slot.as_ptr().cast_const().cast(), &TABLE.functions);
    // SAFETY: the table's functions keep the contract of `RawWaker`: thread-safe, and the data is a slot, which is never unmapped.
    // Lent, it is not dropped, so it does not count.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// The slot of a waker of ours, of whatever tree.
#[inline(always)]
pub(crate) fn slot_of(waker: &Waker) -> Option<WideRef> {
    if !core::ptr::eq(waker.vtable(), &TABLE.functions) {
        return None;
    }
    // SAFETY: a waker with our table has a wide slot's address as its data.
    Some(unsafe { WideRef::of_waker(waker.data().cast_mut().cast::<Slot>()) })
}

/// The owner took the slot out of the inject queue.
pub(crate) fn taken(slot: WideRef) {
    slot.ext().word.fetch_and(!INJECTED, Ordering::AcqRel);
}

/// One more clone.
fn pin(word: &AtomicU32) {
    let before = word.fetch_add(CLONE, Ordering::Relaxed);
    assert!(before < CLONES_MAX, "more than 500 million clones of one waker");
}

/// One clone less: one atomic decrement, no lock; it may happen in a signal handler.
fn unpin(word: &AtomicU32) {
    word.fetch_sub(CLONE, Ordering::Release);
}

/// Claims the slot for the inject queue; false when it is there already.
fn claim(word: &AtomicU32) -> bool {
    word.fetch_or(INJECTED, Ordering::AcqRel) & INJECTED == 0
}

unsafe fn clone(data: *const ()) -> RawWaker {
    pin(&slot(data).ext().word);
    RawWaker::new(data, &TABLE.functions)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: as this function.
    unsafe { wake_by_ref(data) };
    // SAFETY: as this function; the waker is used up.
    unsafe { drop_clone(data) };
}

unsafe fn wake_by_ref(data: *const ()) {
    let slot = slot(data);
    if claim(&slot.ext().word) && !shared_of(*slot).inject(slot) {
        taken(slot); // The tree is gone.
    }
}

unsafe fn drop_clone(data: *const ()) {
    unpin(&slot(data).ext().word);
}

fn slot(data: *const ()) -> WideRef {
    // SAFETY: the functions of our table are called with the data of our wakers only: a wide slot's address.
    unsafe { WideRef::of_waker(data.cast_mut().cast::<Slot>()) }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn loom_of_two_wakes_one_claims_the_slot() {
        loom::model(|| {
            let word = Arc::new(AtomicU32::new(0));
            let other = Arc::clone(&word);
            let claimed = thread::spawn(move || claim(&other));
            let here = claim(&word);
            assert!(here != claimed.join().expect("it does not panic"));
        });
    }

    /// What a thread did with its clone has happened before the slot is found without a pin, and handed on.
    #[test]
    fn loom_what_a_clone_did_comes_before_the_slot_is_handed_on() {
        loom::model(|| {
            let shared = Arc::new((AtomicU32::new(0), UnsafeCell::new(0)));
            pin(&shared.0);
            let other = Arc::clone(&shared);
            let user = thread::spawn(move || {
                // SAFETY: the pin keeps the slot's next tenant away.
                other.1.with_mut(|value| unsafe { *value = 1 });
                unpin(&other.0);
            });
            if shared.0.load(Ordering::Acquire) == 0 {
                // SAFETY: nobody pins the slot any more; loom finds a race if that does not come after the other's write.
                shared.1.with_mut(|value| unsafe { *value = 2 });
            }
            user.join().expect("it does not panic");
        });
    }
}
