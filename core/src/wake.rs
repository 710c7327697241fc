//! Who is queued to run, and how the host learns that it should come (laws 10 and 22).

use crate::arena::{Class, Queue, Serial, Waiter, WideRef};
use crate::pending::Queued;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::turn::Phase;
use core::task::Waker;

impl TreeCore {
    pub(crate) fn in_turn(&self) -> bool {
        self.phase.get() > Phase::Attended
    }

    /// Wakes whoever waits. Nobody is called from here: requests are queued, foreign wakers wait for the loop (law 10).
    #[inline]
    pub(crate) fn wake(&self, waiter: Waiter, by_end: bool) {
        match waiter {
            Waiter::Ours(slot, serial) => self.wake_own(slot, serial, by_end),
            Waiter::Foreign(waker) => self.wake_later(waker),
        }
    }

    /// Wakes a request of this tree or, of a scope, whoever polls that.
    #[inline]
    pub(crate) fn wake_own(&self, slot: WideRef, serial: Serial, by_end: bool) {
        if slot.generation.now() != serial {
            return;
        }
        match slot.kind.get().class {
            Class::Scope => self.wake_poller(slot, by_end),
            _ => self.ready(slot, by_end),
        }
    }

    /// A scope's code lies in the frame of whoever polls it.
    pub(crate) fn wake_poller(&self, scope: WideRef, by_end: bool) {
        let mut scope = scope;
        loop {
            match scope.ext().take_waiter() {
                Some(Waiter::Ours(outer, serial)) if outer.generation.now() == serial && outer.kind.get().class == Class::Scope => {
                    scope = outer;
                }
                Some(waiter) => return self.wake(waiter, by_end),
                None => return,
            }
        }
    }

    #[cold]
    fn wake_later(&self, waker: Waker) {
        self.foreign.borrow_mut().push(waker);
        self.pending.add(Queued::ForeignWakers);
        self.poke();
    }

    /// Queues a request to be run. One that is ending may be queued, too: it leaves the list when its handles become stale.
    pub(crate) fn ready(&self, slot: WideRef, by_end: bool) {
        if slot.is_listed() {
            return;
        }
        if by_end && self.phase.get() >= Phase::Woken && slot.ext().ran.get() != self.turn.get() {
            return self.enqueue(Queue::Late, slot);
        }
        self.enqueue(Queue::Ready, slot);
        self.poke();
    }

    /// Puts a slot that is in no list into one.
    #[inline(always)]
    pub(crate) fn enqueue(&self, queue: Queue, slot: WideRef) {
        self.lists.push(queue, slot);
        self.pending.add(Queued::of(queue));
    }

    /// Something is pending: outside of a turn the host has to know at once (law 22).
    #[inline]
    pub(crate) fn poke(&self) {
        self.plan(self.time.get());
    }

    /// Outside of a turn the host hears of what comes earlier than it knows.
    #[inline]
    pub(crate) fn plan(&self, at: Instant) {
        if self.phase.get() == Phase::Outside && self.scheduled.get().is_none_or(|planned| at < planned) {
            self.schedule(Some(at));
        }
    }

    /// Tells the host when to come, if that changed.
    pub(crate) fn schedule(&self, at: Option<Instant>) {
        if self.scheduled.replace(at) != at {
            self.host().schedule(at);
        }
    }
}
