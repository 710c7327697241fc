//! [`Attended`]: a host takes in input and runs turns by itself.
#![expect(unsafe_code, reason = "a look into the table of sources without a count of who looks")]

use crate::arena::{Queue, Slot, SlotRef, State, value};
use crate::catch::{Panic, catch};
use crate::host::{Deadlines, Turn};
use crate::node::AnyNode;
use crate::pending::Queued;
use crate::ready::Ready;
use crate::source::Token;
use crate::sources::Front;
use crate::time::Instant;
use crate::tree::{Tree, TreeCore};
use crate::turn::Phase;
use core::fmt;

/// A host attends to its tree: see [`Tree::attend`].
#[must_use = "dropping it ends the attention"]
pub struct Attended<'t> {
    core: &'t TreeCore,
    /// Nobody attended before, and no turn runs.
    is_outermost: bool,
}

impl Tree {
    /// For hosts that take in input and run turns by themselves: until what this gives is dropped, [`Host::schedule`](crate::Host) is not
    /// called. The host asks [`next_deadline`](Tree::next_deadline) after that, and knows from its last [`Turn`] what is pending.
    ///
    /// What is marked or queued meanwhile is for a turn that follows, as always. Within a turn, or within another attention, this changes
    /// nothing.
    #[inline]
    pub fn attend(&self) -> Attended<'_> {
        let core = self.core();
        let is_outermost = core.phase.get() == Phase::Outside;
        if is_outermost {
            core.phase.set(Phase::Attended);
        }
        Attended { core, is_outermost }
    }
}

impl Attended<'_> {
    /// The turn of a host that has news of one source and of nothing else: it does what
    /// [`mark_ready`](Tree::mark_ready) and then [`turn`](Tree::turn) would do, in a short way. Deadlines count.
    ///
    /// `None`: nothing has happened, since there is more to do than to call or wake the one watcher of that source, or a turn runs already.
    /// The host then marks it and runs a turn.
    #[inline(always)]
    pub fn turn_for(&self, token: Token, ready: Ready, now: Instant) -> Option<Turn> {
        let (core, shared) = (self.core, self.core.shared.of_threads());
        // With nothing queued, nothing due and nothing come from other threads, the class of the source is the first with anything to do;
        // sources of an earlier class than I/O have no front, and nobody is told of them here.
        let is_outside = core.phase.get() == Phase::Attended && core.entered.get() == 0;
        let is_simple = is_outside && core.pending.is_quiet() && now >= core.time.get() && !core.is_due(now) && !shared.was_brought();
        if !is_simple {
            return None;
        }
        // SAFETY: the reference ends here, before anything could borrow the table exclusively.
        let Some(front) = (unsafe { core.sources.try_borrow_unguarded() }.ok()?.front(token, ready)).copied() else {
            return core.turn_for_waiter(token, ready, now);
        };
        core.shared.disarm();
        core.begin_turn(now);
        core.call_only(front, ready);
        // What a cloned waker has woken meanwhile runs in this turn.
        if core.pending.is_quiet() && !core.is_due(now) && !shared.arm() {
            core.phase.set(Phase::Attended);
            Some(Turn { ran: 1, pending: false })
        } else {
            Some(core.end_attended_turn(1))
        }
    }

    /// The turn of a host that has no news: it does what [`turn`](Tree::turn) would do, in a short way. Deadlines count.
    ///
    /// `None`: nothing has happened, since woken requests are not all there is to do, or a turn runs already. The host then runs a turn.
    #[inline(always)]
    pub fn turn_for_woken(&self, now: Instant) -> Option<Turn> {
        let core = self.core;
        let is_outside = core.phase.get() == Phase::Attended && core.entered.get() == 0;
        let is_simple =
            is_outside && core.pending.is_only(Queued::Woken) && now >= core.time.get() && !core.is_due(now) && !core.shared.was_brought();
        if !is_simple {
            return None;
        }
        // (Not disarmed: the turn before, which left something to do, did not arm.)
        core.begin_turn(now);
        core.ran.set(0);
        core.run_ready();
        // A timer that is due by now is one for the next turn.
        let is_done = core.pending.is_only(Queued::Woken) && !core.deadlines.may_be_due(now);
        if is_done && !core.lists.is_empty(Queue::Ready) {
            core.phase.set(Phase::Attended);
            return Some(Turn { ran: core.ran.get(), pending: true });
        }
        Some(core.end_turn_for_woken())
    }
}

impl TreeCore {
    /// A turn begins, at a time that is not before the last one's.
    #[inline(always)]
    pub(crate) fn begin_turn(&self, now: Instant) {
        self.time.set(now);
        self.turn.set(self.turn.get().wrapping_add(2));
        self.phase.set(Phase::Early);
    }

    /// The same, where a future waits for the source.
    #[inline(never)]
    fn turn_for_waiter(&self, token: Token, ready: Ready, now: Instant) -> Option<Turn> {
        let waiter = self.sources.borrow_mut().tell_only(token, ready)?;
        self.begin_turn(now);
        self.wake(waiter, false);
        Some(self.end_attended_turn(0))
    }

    /// The rest of an attended turn that began with the news of one source, after that many pieces of code.
    #[inline(never)]
    fn end_attended_turn(&self, ran: usize) -> Turn {
        self.shared.disarm(); // It looks again at its end.
        self.ran.set(ran);
        if self.pending.has(Queued::Failures) {
            self.deliver_failures();
        }
        self.run_woken();
        self.end_turn_for_woken()
    }

    /// The rest of an attended turn, after the woken requests.
    #[inline(never)]
    fn end_turn_for_woken(&self) -> Turn {
        self.after_woken(Deadlines::Count);
        self.phase.set(Phase::Attended);
        let pending = self.is_pending() || self.shared.arm();
        Turn { ran: self.ran.get(), pending }
    }

    /// Calls the closure that watches a source, with no code of the tree on the stack.
    #[inline(always)]
    fn call_only(&self, front: Front, ready: Ready) {
        let watcher = front.watcher;
        // Whoever lends or ends a watcher's value has code of the tree on the stack meanwhile.
        debug_assert!(watcher.state.get() == State::Live && watcher.lent.get() == 0);
        watcher.lent.set(Slot::EXCLUSIVE);
        self.entered.set(1);
        self.running.set(Some(AnyNode::of(watcher)));
        let result = catch(|| value::call(watcher, ready, front.source));
        self.running.set(None);
        self.entered.set(0);
        watcher.lent.set(0);
        match result {
            Ok(()) if watcher.state.get() == State::Deferred => self.settle_watcher(watcher),
            Ok(()) => {}
            Err(panic) => self.watcher_panicked(watcher, panic),
        }
    }

    /// A watcher was freed while it was called.
    #[cold]
    fn settle_watcher(&self, watcher: SlotRef) {
        self.settle(watcher);
    }

    #[cold]
    fn watcher_panicked(&self, watcher: SlotRef, panic: Panic) {
        self.panicked(AnyNode::of_tenant(watcher), panic);
        self.settle(watcher);
    }
}

impl fmt::Debug for Attended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attended").finish_non_exhaustive()
    }
}

impl Drop for Attended<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_outermost {
            self.core.phase.set(Phase::Outside);
            // The host looks now; whatever comes after that, it has to be told.
            self.core.scheduled.set(None);
        }
    }
}
