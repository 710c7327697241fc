//! Wakers: `Send + Sync` as the standard demands, without an allocation, harmless after node, tree and thread are gone.
//!
//! A waker is a slot's address. A clone counts in the slot's wake word and pins the slot, never the node: the slot has no new tenant
//! and its page no new tree until the last clone is dropped, which is one atomic decrement. Waking sets a bit in the same word; what
//! comes of it depends on where the slot is:
//!
//! ```text
//!   WATCHED ── woken in its poll ──► WATCHED, WOKEN ── looked at, the poll is over ──► WATCHED: queued by who polled
//!      │ ▲
//!      │ └── looked at, no clone is left ──┐
//!      └── looked at, there are clones ──► 0 ── woken ──► WOKEN: pushed to the inject stack ── taken ──► 0: queued by who took it
//! ```
//!
//! So what wakes itself while it is polled, which is how one lets others go first, goes through no stack; and while nobody has a clone,
//! whoever polls looks at the word and changes nothing.
#![expect(unsafe_code, reason = "a `RawWaker` and its table")]

use crate::arena::{Slot, WideRef};
use crate::inbox::inject;
use crate::sync::{AtomicU32, Ordering};
use core::mem::ManuallyDrop;
use core::task::{RawWaker, RawWakerVTable, Waker};

/// It was woken, and nobody has seen that yet.
const WOKEN: u32 = 1;
/// Whoever polls it looks at the word afterwards: who wakes it pushes nothing. Outside of a poll it is on only where there is no clone.
const WATCHED: u32 = 2;
const WOKEN_IN_POLL: u32 = WATCHED | WOKEN;
const CLONE: u32 = 4;
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

/// A slot's wake word: see the states above.
pub(crate) struct WakeWord(AtomicU32);

impl WakeWord {
    pub(crate) fn new() -> WakeWord {
        WakeWord(AtomicU32::new(WATCHED))
    }

    /// A new tenant of a slot that nothing pins: it is as if there had been none before.
    #[inline(always)]
    pub(crate) fn begin(&self) {
        debug_assert!(!self.pins());
        self.0.store(WATCHED, Ordering::Relaxed);
    }

    /// Whether a waker of the slot exists, or it lies in an inject stack: it has no other tenant then.
    #[inline(always)]
    pub(crate) fn pins(&self) -> bool {
        self.0.load(Ordering::Acquire) & !WATCHED != 0
    }

    /// Whether a poll that is over has changed nothing: it was not woken meanwhile, and nobody has a clone.
    #[inline(always)]
    pub(crate) fn is_untouched(&self) -> bool {
        // What the last user of a clone did comes before the next poll.
        self.0.load(Ordering::Acquire) == WATCHED
    }

    /// Whether it was woken while it was polled, and nobody has a clone; that is seen then.
    #[inline(always)]
    pub(crate) fn take_only_wake(&self) -> bool {
        let is_only = self.0.load(Ordering::Acquire) == WOKEN_IN_POLL;
        if is_only {
            // Without a clone and with none lent, there is nobody who could change the word meanwhile.
            self.0.store(WATCHED, Ordering::Relaxed);
        }
        is_only
    }

    /// A poll is over, and the waker that was lent for it is back. Whether it was woken meanwhile, so that the caller has to queue it.
    pub(crate) fn look(&self) -> bool {
        // What the last user of a clone did comes before the next poll.
        let now = self.0.load(Ordering::Acquire);
        if now >= CLONE {
            // From now on whoever wakes it pushes it.
            return now & WATCHED != 0 && self.0.fetch_and(!WOKEN_IN_POLL, Ordering::AcqRel) & WOKEN != 0;
        }
        match now {
            WATCHED => false,
            WOKEN_IN_POLL => self.take_only_wake(),
            0 => {
                self.0.store(WATCHED, Ordering::Relaxed); // As in `take_only_wake`.
                false
            }
            _ => false, // It lies in the inject stack: who takes it out sees to it.
        }
    }

    /// The owner took the slot out of the inject stack, or it was refused there.
    fn taken(&self) {
        self.0.fetch_and(!WOKEN, Ordering::AcqRel);
    }

    /// One more clone.
    fn pin(&self) {
        let before = self.0.fetch_add(CLONE, Ordering::Relaxed);
        assert!(before < CLONES_MAX, "more than 250 million clones of one waker");
    }

    /// One clone less: one atomic decrement, no lock; it may happen in a signal handler.
    fn unpin(&self) {
        self.0.fetch_sub(CLONE, Ordering::Release);
    }

    /// Notes a wake. True when the caller has to push the slot: nobody has, and nobody will look.
    fn wake(&self) -> bool {
        // Mostly it is polled, and nobody has a clone. (In a page small code counts for more.)
        if !cfg!(target_family = "wasm") && self.0.compare_exchange(WATCHED, WOKEN_IN_POLL, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return false;
        }
        self.0.fetch_or(WOKEN, Ordering::AcqRel) & (WOKEN | WATCHED) == 0
    }
}

/// The owner took the slot out of the inject stack.
pub(crate) fn taken(slot: WideRef) {
    slot.ext().word.taken();
}

unsafe fn clone(data: *const ()) -> RawWaker {
    slot(data).ext().word.pin();
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
    if slot.ext().word.wake() && !inject(slot) {
        taken(slot); // It lies in no stack.
    }
}

unsafe fn drop_clone(data: *const ()) {
    slot(data).ext().word.unpin();
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

    /// A word whose slot has one clone, and is not being polled.
    fn at_rest_with_a_clone() -> WakeWord {
        let word = WakeWord::new();
        word.pin();
        assert!(!word.look());
        word
    }

    #[test]
    fn loom_of_two_wakes_one_pushes_the_slot() {
        loom::model(|| {
            let word = Arc::new(at_rest_with_a_clone());
            let other = Arc::clone(&word);
            let pushes = thread::spawn(move || other.wake());
            let here = word.wake();
            assert!(here != pushes.join().expect("it does not panic"));
        });
    }

    /// Woken at the end of a poll, by a clone that was made in it: who polled sees it, or who woke pushes. Never both, or it would be
    /// pushed a second time while it lies in the stack.
    #[test]
    fn loom_a_wake_at_the_end_of_a_poll_is_seen_or_pushed() {
        loom::model(|| {
            let word = Arc::new(WakeWord::new());
            word.pin();
            let other = Arc::clone(&word);
            let pushes = thread::spawn(move || other.wake());
            let seen = word.look();
            assert!(seen != pushes.join().expect("it does not panic"));
            assert_eq!(word.0.load(Ordering::Relaxed), if seen { CLONE } else { CLONE | WOKEN });
        });
    }

    /// As above, and the waker is used up: the word is as before the poll, or the slot lies in the stack and stays pinned by that.
    #[test]
    fn loom_a_wake_by_value_at_the_end_of_a_poll_pins_nothing_but_in_the_stack() {
        loom::model(|| {
            let word = Arc::new(WakeWord::new());
            word.pin();
            let other = Arc::clone(&word);
            let waker = thread::spawn(move || {
                let pushes = other.wake();
                other.unpin();
                pushes
            });
            let seen = word.look();
            let pushed = waker.join().expect("it does not panic");
            assert!(seen != pushed);
            assert_eq!(word.pins(), pushed);
            assert!(!word.look(), "seen once, or by who takes it out of the stack");
            assert_eq!(word.pins(), pushed);
        });
    }

    /// What was written before a wake is there for whoever polls because of it.
    #[test]
    fn loom_what_comes_before_a_wake_is_seen_by_who_polls_next() {
        loom::model(|| {
            let shared = Arc::new((WakeWord::new(), UnsafeCell::new(0)));
            shared.0.pin();
            let other = Arc::clone(&shared);
            let waker = thread::spawn(move || {
                // SAFETY: only read by who has seen the wake; loom finds a race if that does not come after this.
                other.1.with_mut(|value| unsafe { *value = 1 });
                other.0.wake();
                other.0.unpin();
            });
            if shared.0.look() {
                // SAFETY: as above.
                assert_eq!(shared.1.with(|value| unsafe { *value }), 1);
            }
            waker.join().expect("it does not panic");
        });
    }

    /// What a thread did with its clone has happened before the slot is found without a pin, and handed on.
    #[test]
    fn loom_what_a_clone_did_comes_before_the_slot_is_handed_on() {
        loom::model(|| {
            let shared = Arc::new((WakeWord::new(), UnsafeCell::new(0)));
            shared.0.pin();
            let other = Arc::clone(&shared);
            let user = thread::spawn(move || {
                // SAFETY: the pin keeps the slot's next tenant away.
                other.1.with_mut(|value| unsafe { *value = 1 });
                other.0.unpin();
            });
            if !shared.0.pins() {
                // SAFETY: nobody pins the slot any more; loom finds a race if that does not come after the other's write.
                shared.1.with_mut(|value| unsafe { *value = 2 });
            }
            user.join().expect("it does not panic");
        });
    }
}
