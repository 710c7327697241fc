//! Who is queued to run, and how the host learns that it should come (laws 10 and 22).

use crate::arena::{Class, Flag, Queue, Waiter, WideRef};
use crate::pending::Queued;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::turn::Phase;

impl TreeCore {
    pub(crate) fn in_turn(&self) -> bool {
        self.phase.get() > Phase::Attended
    }

    /// Wakes whoever waits. Nobody is called from here: requests are queued, foreign wakers wait for the loop (law 10).
    pub(crate) fn wake(&self, waiter: Waiter, by_end: bool) {
        let mut waiter = waiter;
        loop {
            match waiter {
                Waiter::Foreign(waker) => {
                    self.foreign.borrow_mut().push(waker);
                    self.pending.add(Queued::ForeignWakers);
                    break self.poke();
                }
                Waiter::Ours(slot, serial) => {
                    if slot.generation.now() != serial {
                        // A scope that ended forwards once more: whoever polls it has to learn of it.
                        break;
                    }
                    match slot.kind.get().class {
                        Class::Scope => match slot.ext().take_waiter() {
                            Some(next) => waiter = next,
                            None => break,
                        },
                        _ => break self.ready(slot, by_end),
                    }
                }
            }
        }
    }

    /// Queues a request to be run.
    fn ready(&self, slot: WideRef, by_end: bool) {
        if slot.is_listed() || slot.has(Flag::NoValue) {
            return;
        }
        let late = by_end && self.phase.get() >= Phase::Woken && slot.ext().ran.get() != self.turn.get();
        self.enqueue(if late { Queue::Late } else { Queue::Ready }, slot);
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
