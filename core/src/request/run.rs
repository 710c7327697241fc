//! Running requests: one that is first awaited in place, the woken ones in their class of the turn.

use crate::arena::value::Code;
use crate::arena::{Class, Queue, State, WideRef};
use crate::catch::catch;
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
        self.phase.set(Phase::Woken);
        if self.pending.has(Queued::Woken) {
            self.pending.remove(Queued::Woken);
            self.lists.begin(Queue::Ready, Queue::Running);
            self.run_queue(Queue::Running);
        } else if self.pending.has(Queued::Late) {
            self.run_late();
        }
    }

    pub(crate) fn run_late(&self) {
        self.run_queue(Queue::Late);
    }

    /// Runs what is in a list, and then those that are late.
    #[inline(never)]
    fn run_queue(&self, queue: Queue) {
        let mut queue = queue;
        loop {
            while let Some(slot) = self.lists.pop(queue) {
                if let Some(code) = Code::of(slot) {
                    self.run_code(slot, code);
                }
                self.count_piece();
            }
            if !self.pending.has(Queued::Late) {
                return;
            }
            self.pending.remove(Queued::Late);
            queue = Queue::Late;
        }
    }

    #[inline(never)]
    fn take_injected(&self) {
        for slot in self.shared.take_injected(false) {
            self.wake_injected(slot);
        }
    }

    /// A cloned waker was woken, by whatever thread.
    fn wake_injected(&self, slot: WideRef) {
        if slot.state.get() == State::Vacant || matches!(slot.state.get(), State::Deferred) {
            return;
        }
        if matches!(slot.kind.get().class, Class::Request | Class::Scope) {
            self.wake_own(slot, slot.generation.now(), false);
        }
    }

    /// The first run in place, where it is first awaited, if it may. True when that was the request's end.
    pub(super) fn ends_in_place(&self, request: AnyNode) -> bool {
        let slot = request.slot;
        if !slot.waits_for_first_run() || !self.in_turn() || self.entered.get() > DEPTH_MAX {
            return false;
        }
        let slot = slot.wide();
        let Some(code) = Code::of(slot) else { return false };
        slot.leave_list();
        self.run_code(slot, code);
        request.readable().is_none()
    }

    /// Runs a request, which ends the loan of its value to `code`.
    #[inline(always)]
    fn run_code(&self, slot: WideRef, code: Code) {
        slot.ext().count_run(self.turn.get());
        slot.waits.set(waits::NOTHING);
        let waker = crate::waker::lend(slot);
        let before = self.enter(AnyNode::of(*slot));
        let result = catch(|| code.run(&mut Context::from_waker(&waker)));
        self.exit(before);
        slot.lent.set(0);
        if let Err(panic) = result {
            slot.ext().word.look();
            return self.end_panicked(slot, panic);
        }
        if slot.ext().word.is_touched() {
            self.queue_if_woken(slot);
        }
        if slot.state.get() == State::Live { self.keep_limit(slot) } else { self.settle(*slot) }
    }

    /// It was woken while it ran: that is looked for here, and nobody has queued it.
    #[inline(never)]
    fn queue_if_woken(&self, slot: WideRef) {
        if slot.ext().word.look() && slot.state.get() == State::Live && !slot.is_listed() {
            self.enqueue(Queue::Ready, slot);
        }
    }
}
