//! What a wide slot has beyond a slot: how a request or scope is woken and queued, what limits it, and who is told of its end.
#![expect(unsafe_code, reason = "looks into a cell without taking out what lies there")]

use super::Place;
use super::generation::Serial;
use super::slot::WideRef;
use crate::ended::Ended;
use crate::free::Cause;
#[cfg(target_family = "wasm")]
use crate::heap::Link;
use crate::waker::WakeWord;
use core::cell::Cell;
use core::task::Waker;
use core::time::Duration;

/// In [`Ext::deadline`]: a limit that the queue of deadlines does not know. Most are done before it matters.
const NOTED: u32 = 1 << 31;

/// A limit that can be noted: whole microseconds, less than a thousand seconds.
#[derive(Clone, Copy)]
pub(crate) struct Limit(u32);

impl Limit {
    #[inline(always)]
    pub(crate) fn of(limit: Duration) -> Option<Limit> {
        let (seconds, nanos) = (limit.as_secs(), limit.subsec_nanos());
        (seconds < 1_000 && nanos.is_multiple_of(1_000)).then(|| Limit(seconds as u32 * 1_000_000 + nanos / 1_000))
    }
}

/// The 64 bytes more of a wide slot.
pub(crate) struct Ext {
    /// Touched by any thread that has a waker.
    pub(crate) word: WakeWord,
    /// Its own deadline: 0 if it has none, else its place in the [`DeadlineQueue`](crate::deadline_queue::DeadlineQueue), or [`NOTED`] and
    /// microseconds from its birth.
    pub(crate) deadline: Cell<u32>,
    /// Where it is among the deadlines: of a page these lie in a heap that links what is in it.
    #[cfg(target_family = "wasm")]
    pub(super) link: Link,
    pub(crate) runs: Cell<u32>,
    /// The turn in which it ran last.
    pub(crate) ran: Cell<u32>,
    /// Its neighbours in a list; itself, when it is in none.
    pub(super) next: Cell<WideRef>,
    pub(super) previous: Cell<WideRef>,
    pub(crate) told: Cell<Told>,
    #[cfg(any(not(target_family = "wasm"), target_feature = "atomics"))]
    pub(crate) inject: crate::sync::AtomicPtr<super::Slot>,
}

/// Who is told of an end; after the end, what happened.
///
/// Which it is lies in a byte of its own, which is faster to ask than what only follows from the rest: it is asked several times in the
/// life of each request.
#[derive(Default)]
#[repr(u8)]
pub(crate) enum Told {
    #[default]
    Nobody,
    /// A [`Waiter::Ours`].
    Ours(WideRef, Serial),
    /// A [`Waiter::Foreign`].
    Foreign(Waker),
    /// It ended by a free or its own deadline, which stored this without allocating.
    Ended(Place, Cause),
    /// It ended otherwise.
    Facts(Ended),
}

/// Who is to be woken.
pub(crate) enum Waiter {
    /// A request or scope of this tree: no atomics, no virtual calls.
    Ours(WideRef, Serial),
    Foreign(Waker),
}

impl From<Waiter> for Told {
    #[inline(always)]
    fn from(waiter: Waiter) -> Told {
        match waiter {
            Waiter::Ours(slot, serial) => Told::Ours(slot, serial),
            Waiter::Foreign(waker) => Told::Foreign(waker),
        }
    }
}

impl Told {
    /// Who waits, if somebody does.
    pub(crate) fn into_waiter(self) -> Option<Waiter> {
        match self {
            Told::Ours(slot, serial) => Some(Waiter::Ours(slot, serial)),
            Told::Foreign(waker) => Some(Waiter::Foreign(waker)),
            _ => None,
        }
    }
}

impl Ext {
    /// That of a new slot, which is in no list.
    pub(super) fn of(slot: WideRef) -> Ext {
        Ext {
            word: WakeWord::new(),
            deadline: Cell::new(0),
            #[cfg(target_family = "wasm")]
            link: Link::new(),
            runs: Cell::new(0),
            ran: Cell::new(0),
            next: Cell::new(slot),
            previous: Cell::new(slot),
            told: Cell::new(Told::Nobody),
            #[cfg(any(not(target_family = "wasm"), target_feature = "atomics"))]
            inject: crate::sync::AtomicPtr::new(core::ptr::null_mut()),
        }
    }

    /// Whether it is noted that it ended, and how, in a way that may allocate.
    pub(crate) fn has_facts(&self) -> bool {
        // SAFETY: as in `is_quiet`.
        matches!(unsafe { &*self.told.as_ptr() }, Told::Facts(_))
    }

    /// Whether nobody waits, and nothing is noted that would have to be dropped: most of the time.
    #[inline(always)]
    pub(crate) fn is_quiet(&self) -> bool {
        // SAFETY: the cell is this thread's, and the reference to its content ends here, before anybody can write to it.
        matches!(unsafe { &*self.told.as_ptr() }, Told::Nobody)
    }

    /// A new tenant: nothing has run, nobody waits, nobody has a waker. What the last one noted was dropped.
    #[inline(always)]
    pub(crate) fn begin(&self) {
        debug_assert!(self.is_quiet());
        self.word.begin();
        self.deadline.set(0);
        self.runs.set(0);
        self.ran.set(0);
        // SAFETY: the cell is this thread's; what is overwritten needs no drop.
        unsafe { self.told.as_ptr().write(Told::Nobody) };
    }

    /// It runs in that turn.
    #[inline(always)]
    pub(crate) fn count_run(&self, turn: u32) {
        self.ran.set(turn);
        self.runs.set(self.runs.get().wrapping_add(1));
        if self.runs.get() == 0 {
            self.stop_counting();
        }
    }

    /// So many runs are enough to know.
    #[cold]
    fn stop_counting(&self) {
        self.runs.set(u32::MAX);
    }

    /// Notes a limit that the queue does not know, if there is none. It counts from birth.
    #[inline(always)]
    pub(crate) fn note_limit(&self, limit: Limit) -> bool {
        // (In a page, whether the queue knows one lies beside this cell.)
        let is_first = self.deadline.get() == 0 && !self.is_queued();
        if is_first {
            self.deadline.set(NOTED | limit.0);
        }
        is_first
    }

    /// The limit that the queue does not know, if there is one, in nanoseconds from birth.
    #[inline(always)]
    pub(crate) fn noted_limit(&self) -> Option<u64> {
        let noted = self.deadline.get();
        (noted & NOTED != 0).then(|| u64::from(noted & !NOTED) * 1_000)
    }

    /// Takes it out: from now on somebody else has to know it.
    #[inline(always)]
    pub(crate) fn take_limit(&self) -> Option<u64> {
        let limit = self.noted_limit();
        if limit.is_some() {
            self.deadline.set(0);
        }
        limit
    }

    /// Whether the queue knows a deadline of this one.
    #[inline(always)]
    pub(crate) fn is_queued(&self) -> bool {
        #[cfg(target_family = "wasm")]
        return self.link.is_in_heap();
        #[cfg(not(target_family = "wasm"))]
        return !matches!(self.deadline.get(), 0 | NOTED..);
    }

    /// Notes who waits, a request or scope of this tree, if nothing is noted that others have to see to first.
    #[inline(always)]
    pub(crate) fn note_own_waiter(&self, slot: WideRef, serial: Serial) -> bool {
        // SAFETY: as in `is_quiet`.
        if !matches!(unsafe { &*self.told.as_ptr() }, Told::Nobody | Told::Ours(..)) {
            return false;
        }
        // SAFETY: the cell is this thread's; what is overwritten needs no drop.
        unsafe { self.told.as_ptr().write(Told::Ours(slot, serial)) };
        true
    }

    /// Who waits, if it is a request or scope of this tree.
    #[inline(always)]
    pub(crate) fn own_waiter(&self) -> Option<(WideRef, Serial)> {
        // SAFETY: as in `is_quiet`.
        match unsafe { &*self.told.as_ptr() } {
            Told::Ours(slot, serial) => Some((*slot, *serial)),
            _ => None,
        }
    }

    /// The same; from now on nobody waits.
    #[inline(always)]
    pub(crate) fn take_own_waiter(&self) -> Option<(WideRef, Serial)> {
        let waiter = self.own_waiter()?;
        // SAFETY: the cell is this thread's; what is overwritten needs no drop.
        unsafe { self.told.as_ptr().write(Told::Nobody) };
        Some(waiter)
    }

    /// Why it ended, if that is known; from now on it is not.
    pub(crate) fn take_facts(&self) -> Option<Ended> {
        if !self.has_facts() {
            return None;
        }
        match self.told.take() {
            Told::Facts(ended) => Some(ended),
            _ => None,
        }
    }

    /// Who waits; from now on nobody does.
    pub(crate) fn take_waiter(&self) -> Option<Waiter> {
        // SAFETY: as in `is_quiet`.
        match unsafe { &*self.told.as_ptr() } {
            Told::Ours(..) | Told::Foreign(_) => self.told.take().into_waiter(),
            _ => None,
        }
    }
}
