//! Running requests: one that is first awaited in place, the woken ones in their class of the turn.

use crate::arena::value::Code;
use crate::arena::{Class, Queue, SlotRef, State, WideRef};
use crate::catch::{Panic, catch};
use crate::node::AnyNode;
use crate::pending::Queued;
use crate::tree::TreeCore;
use crate::turn::Phase;
use crate::waits;
use core::task::Context;

/// How many requests may begin inside each other (law 10), with whatever else of the tree's code is on the stack: each takes some of it.
const DEPTH_MAX: u32 = 32;

impl TreeCore {
    /// The woken requests' class of a turn.
    #[inline(always)]
    pub(crate) fn run_woken(&self) {
        if self.shared.has_injected() {
            self.take_injected();
        }
        if self.pending.has(Queued::Woken) {
            self.run_ready();
            return;
        }
        self.phase.set(Phase::Woken);
        if self.pending.has(Queued::Late) {
            self.run_late();
        }
    }

    /// Runs the requests that are woken now, and then those that are late.
    #[inline(always)]
    pub(crate) fn run_ready(&self) {
        self.phase.set(Phase::Woken);
        self.pending.remove(Queued::Woken);
        self.lists.begin(Queue::Ready, Queue::Running);
        self.run_queue(Queue::Running);
    }

    pub(crate) fn run_late(&self) {
        self.run_queue(Queue::Late);
    }

    /// Runs what is in a list, and then those that are late.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn run_queue(&self, queue: Queue) {
        let mut queue = queue;
        debug_assert!(self.running.get().is_none());
        self.entered.set(self.entered.get() + 1);
        loop {
            self.run_list(queue);
            if !self.pending.has(Queued::Late) {
                break;
            }
            self.pending.remove(Queued::Late);
            queue = Queue::Late;
        }
        self.entered.set(self.entered.get() - 1);
    }

    /// Runs what is in a list, until nothing is. Has entered, with nobody's code.
    #[inline(always)]
    fn run_list(&self, queue: Queue) {
        while let Some(slot) = self.lists.pop(queue) {
            match Code::of(slot) {
                // In a page small code counts for more.
                Some(code) if cfg!(target_family = "wasm") => self.run_alone(slot, code),
                Some(code) => {
                    self.running.set(Some(AnyNode::of(*slot)));
                    let result = self.call(slot, code);
                    self.running.set(None);
                    self.after(slot, result);
                }
                None => continue,
            }
            self.count_piece();
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn run_alone(&self, slot: WideRef, code: Code) {
        let before = self.enter(Some(AnyNode::of(*slot)));
        let result = self.call(slot, code);
        self.exit(before);
        self.after(slot, result);
    }

    #[inline(never)]
    fn take_injected(&self) {
        for slot in self.shared.take_injected(false) {
            self.wake_injected(slot);
        }
    }

    /// A cloned waker was woken, by whatever thread.
    pub(crate) fn wake_injected(&self, slot: WideRef) {
        if slot.state.get() == State::Vacant || matches!(slot.state.get(), State::Deferred) {
            return;
        }
        if matches!(slot.kind.get().class, Class::Request | Class::Scope) {
            self.wake_own(slot, slot.generation.now(), false);
        }
    }

    /// The first run in place, where it is first awaited, if it may. Nothing, when that was the request's end.
    ///
    /// For its handle, which holds the slot.
    pub(super) fn runs_on(&self, slot: SlotRef) -> Option<WideRef> {
        if !self.in_turn() || self.entered.get() > DEPTH_MAX {
            return Some(slot.wide());
        }
        let Some(code) = Code::before_first_run(slot) else { return Some(slot.wide()) };
        let slot = code.slot();
        slot.leave_list();
        self.run_alone(slot, code);
        slot.generation.is_taken().then_some(slot)
    }

    /// Calls a request's code. Whoever calls this has entered.
    #[inline(always)]
    fn call(&self, slot: WideRef, code: Code) -> Result<(), Panic> {
        slot.ext().count_run(self.turn.get());
        slot.waits.set(waits::NOTHING);
        let waker = crate::waker::lend(slot);
        catch(|| code.run(self, &mut Context::from_waker(&waker)))
    }

    /// A request's code has returned: that ends the loan of its value.
    #[inline(always)]
    fn after(&self, slot: WideRef, result: Result<(), Panic>) {
        slot.lent.set(0);
        if let Err(panic) = result {
            slot.ext().word.look();
            return self.end_panicked(slot, panic);
        }
        match slot.ext().word.is_untouched() {
            true => self.after_run(slot),
            false if cfg!(target_family = "wasm") => self.after_look(slot), // In a page small code counts for more.
            false => self.after_wake(slot),
        }
    }

    #[inline(always)]
    fn after_run(&self, slot: WideRef) {
        match slot.state.get() {
            State::Live => self.keep_limit(slot),
            State::Vacant => {} // It has ended, and its result is all that is left.
            _ => self.settle(*slot),
        }
    }

    /// As [`after_run`](TreeCore::after_run), where it was woken while it ran, or there are clones of its waker.
    #[inline(never)]
    fn after_wake(&self, slot: WideRef) {
        if slot.state.get() != State::Live || slot.is_listed() || !slot.ext().word.take_only_wake() {
            return self.after_look(slot);
        }
        self.enqueue(Queue::Ready, slot);
        if !self.runs_before_its_limit(slot) {
            self.keep_limit(slot);
        }
    }

    /// The same, whatever the waker did.
    #[inline(never)]
    fn after_look(&self, slot: WideRef) {
        let woken = slot.ext().word.look();
        // Nobody else has queued it for that.
        if woken && slot.state.get() == State::Live && !slot.is_listed() {
            self.enqueue(Queue::Ready, slot);
        }
        self.after_run(slot);
    }

    /// Whether it has run once, and runs again before its limit could matter: until then nobody has to know that.
    #[inline(always)]
    fn runs_before_its_limit(&self, slot: WideRef) -> bool {
        let ext = slot.ext();
        let age = self.time.get().0.wrapping_sub(slot.birth.get().0);
        ext.runs.get() == 1 && ext.noted_limit().is_some_and(|limit| age < limit)
    }
}
