//! [`Attended`]: a host takes in input and runs turns by itself.

use crate::arena::{Slot, SlotRef, State, value};
use crate::catch::{Panic, catch};
use crate::host::Turn;
use crate::node::AnyNode;
use crate::ready::Ready;
use crate::source::Token;
use crate::time::Instant;
use crate::tree::{Tree, TreeCore};
use crate::turn::Phase;
use core::fmt;

/// A host attends to its tree: see [`Tree::attend`].
#[must_use = "dropping it ends the attention"]
pub struct Attended<'t>(&'t TreeCore);

impl Tree {
    /// For hosts that take in input and run turns by themselves: until what this gives is dropped, [`Host::schedule`](crate::Host) is not
    /// called. The host asks [`next_deadline`](Tree::next_deadline) after that, and knows from its last [`Turn`] what is pending.
    ///
    /// What is marked or queued meanwhile is for a turn that follows, as always.
    #[inline]
    pub fn attend(&self) -> Attended<'_> {
        self.core().phase.set(Phase::Attended);
        Attended(self.core())
    }
}

impl Attended<'_> {
    /// The turn of a host that has news of one source and of nothing else: it does what
    /// [`mark_ready`](Tree::mark_ready) and then [`turn`](Tree::turn) would do, in a short way. Deadlines count.
    ///
    /// `None`: nothing has happened, since there is more to do than to call the one watcher of that source. The host then marks it and
    /// runs a turn.
    #[inline(always)]
    pub fn turn_for(&self, token: Token, ready: Ready, now: Instant) -> Option<Turn> {
        let core = self.0;
        let now = now.max(core.time.get());
        // With nothing queued, nothing due and nothing come from other threads, the class of the source is the first with anything to do.
        if core.entered.get() != 0 || !core.pending.is_quiet() || core.is_due(now) || core.shared.has_come() {
            return None;
        }
        let (watcher, source) = core.sources.borrow().only(token, ready)?;
        core.begin_turn(now);
        core.call_only(watcher, ready, source);
        core.ran.set(1);
        let has_more = !core.pending.is_quiet() || core.is_due(now);
        if has_more {
            core.end_turn_after_source();
        }
        core.phase.set(Phase::Attended);
        let pending = core.shared.arm() || (has_more && core.is_pending());
        Some(Turn { ran: core.ran.get(), pending })
    }
}

impl TreeCore {
    /// Whether a timer or a deadline is due at `now`, or may be.
    #[inline(always)]
    fn is_due(&self, now: Instant) -> bool {
        self.timers.may_be_due(now) || self.deadlines.may_be_due(now)
    }

    /// Calls the closure that watches a source, with no code of the tree on the stack.
    #[inline(always)]
    fn call_only(&self, watcher: SlotRef, ready: Ready, source: SlotRef) {
        if watcher.state.get() != State::Live || watcher.lent.get() != 0 {
            return;
        }
        watcher.lent.set(Slot::EXCLUSIVE);
        let before = self.enter(AnyNode::of(watcher));
        let result = catch(|| value::call(watcher, ready, source));
        self.exit(before);
        watcher.lent.set(0);
        if result.is_err() || watcher.state.get() == State::Deferred {
            self.look_after(watcher, result);
        }
    }

    /// The code of a watcher has panicked, or its node was freed.
    #[cold]
    fn look_after(&self, watcher: SlotRef, result: Result<(), Panic>) {
        let alive = watcher.state.get() != State::Deferred;
        if let Err(panic) = result {
            self.panicked(watcher, alive, panic);
        }
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
        self.0.phase.set(Phase::Outside);
        // The host looks now; whatever comes after that, it has to be told.
        self.0.scheduled.set(None);
    }
}
