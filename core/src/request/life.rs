//! The untyped side of a request: how it runs, and the ways it ends.
//!
//! ```text
//!                 spawn                await, or the woken requests            poll ready
//!   (owner) ───────────────► Created ────────────────────────────► Running ───────────────► Done, Failed
//!                               │                                     │  ▲ │
//!                               │                               woken └──┘ ├── deadline ──► TimedOut
//!                               │                                          ├── panic ─────► Panicked
//!                               └── free, drop, deadline ──────────────────┴── free, drop ► Abandoned
//! ```
//!
//! On every way: the outcome is fixed, what the request owns is freed, its future is dropped, its owner learns of it.

use crate::arena::{Flag, Limit, Place, Serial, SlotRef, State, Told, Waiter, WideRef};
use crate::catch::{Panic, catch};
use crate::channel::ChannelError;
use crate::ended::{Ended, Facts};
use crate::failure::Failure;
use crate::free::{Cause, End};
use crate::node::AnyNode;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::waits;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::any::Any;
use core::fmt::Display;
use core::task::Context;
use core::time::Duration;

/// Who polls: a request or scope of this tree, or somebody else's waker. Notes what it waits for.
pub(crate) fn waiter_of(context: &Context<'_>, core: &TreeCore, waits: u8) -> Waiter {
    own_waiter_of(context, core, waits).unwrap_or_else(|| Waiter::Foreign(context.waker().clone()))
}

/// Who polls, if it is a request or scope of this tree.
#[inline(always)]
pub(crate) fn own_waiter_of(context: &Context<'_>, core: &TreeCore, waits: u8) -> Option<Waiter> {
    core.poller(context, waits).map(|(slot, serial)| Waiter::Ours(slot, serial))
}

impl TreeCore {
    /// Which request or scope of this tree polls, if one does: it waits for that from now on. One that has ended, by a free in its own poll
    /// or with clones of its waker left, is stale, and in its slot nothing is noted.
    #[inline(always)]
    pub(super) fn poller(&self, context: &Context<'_>, waits: u8) -> Option<(WideRef, Serial)> {
        let slot = crate::waker::slot_of(context.waker())?;
        // Mostly it is the one whose code runs, which is told sooner. (In a page small code counts for more.)
        let is_running = !cfg!(target_family = "wasm") && self.running().is_some_and(|running| running.slot == *slot);
        if !is_running && !slot.is_of(self) {
            return None;
        }
        if !slot.generation.is_taken() {
            return Some((slot, slot.generation.of_tenant()));
        }
        slot.waits.set(waits);
        Some((slot, slot.generation.now()))
    }

    /// The owner of a request that is ending and of which nothing is left but its node. Its deadline is gone then. (In a page small code
    /// counts for more.)
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn owner_of_alone(&self, slot: WideRef) -> Option<SlotRef> {
        if cfg!(target_family = "wasm") || !slot.is_ending_alone() || slot.is_listed() {
            return None;
        }
        let owner = slot.parent.get()?;
        (!slot.ext().is_queued() || self.deadlines.leave_row(slot)).then_some(owner)
    }

    /// As [`conclude`](TreeCore::conclude), with a result, where nothing else is left. No code of its own is on the stack any more.
    #[inline(never)]
    pub(super) fn conclude_alone(&self, slot: WideRef, owner: SlotRef) {
        self.unlink_from(*slot, owner);
        slot.generation.advance();
        slot.end_alone(self.pages.may_be_next(slot));
        slot.note_owner_of_ended(owner);
        match slot.ext().take_own_waiter() {
            Some((waiter, serial)) => self.wake_own(waiter, serial, true),
            None if slot.ext().is_quiet() => {}
            None => self.tell_other(slot),
        }
    }

    /// As [`unlink`](TreeCore::unlink), from that owner.
    #[inline(always)]
    fn unlink_from(&self, slot: SlotRef, owner: SlotRef) {
        let (older, newer) = (slot.older.get(), slot.newer.get());
        match newer {
            Some(newer) => {
                newer.older.set(older);
                slot.newer.set(None);
            }
            None => owner.child.set(older),
        }
        if let Some(older) = older {
            older.newer.set(newer);
        }
    }

    /// A request's outcome is fixed and its future gone: it is no node any more, and its owner learns of it. Its own code may still
    /// be on the stack; `settle` retires the slot then.
    pub(super) fn conclude(&self, slot: WideRef, result: bool) {
        slot.waits.set(if result { waits::RESULT } else { waits::NOTHING });
        let ext = slot.ext();
        if slot.state.get() == State::Deferred {
            // Freed on the way to its end, after its outcome was fixed: the outcome counts.
            return drop(ext.told.take());
        }
        self.leave_request(slot);
        self.unlink(*slot);
        slot.generation.advance();
        slot.leave_list(); // Nobody can wake it from now on; until now its own end could.
        slot.state.set(State::Deferred);
        slot.note_owner();
        if ext.is_quiet() {
            return;
        }
        match ext.take_own_waiter() {
            Some((waiter, serial)) => self.wake_own(waiter, serial, true),
            None => self.tell_other(slot),
        }
    }

    /// Somebody else's waker may wait.
    fn tell_other(&self, slot: WideRef) {
        if let Some(waiter) = slot.ext().told.take().into_waiter() {
            self.wake(waiter, true);
        }
    }

    /// A request's own code panicked.
    pub(super) fn end_panicked(&self, slot: WideRef, panic: Panic) {
        if slot.state.get() == State::Deferred {
            self.panicked(AnyNode::of_tenant(*slot), panic);
            self.settle(*slot);
            return;
        }
        let ended =
            Ended::Panicked { facts: Facts::new(slot.name(), AnyNode::of(*slot), None, slot.place.get(), None, panic.text().into()) };
        self.end_with(slot, ended);
    }

    /// Ends a request that is alive, without a result, for a reason that may allocate.
    pub(super) fn end_with(&self, slot: WideRef, ended: Ended) {
        let node = AnyNode::of(*slot);
        self.clear_for_end(*slot);
        // What it owned may have freed it meanwhile, whole: its outcome was fixed before.
        if node.is_alive() {
            self.drop_value(*slot);
            self.conclude(slot, false);
        }
        let is_there = node.has_no_successor();
        if is_there && slot.has(Flag::Held) {
            slot.ext().told.set(Told::Facts(ended));
        } else {
            self.failed_unreceived(node, ended);
        }
        if is_there {
            self.settle(*slot);
        }
    }

    /// A request that nobody will receive from fails, or has ended, with that error: told to the handlers above its owner.
    pub(super) fn failed_unreceived<E: Display + 'static>(&self, request: AnyNode, error: E) {
        // A `Display` of the user's may panic.
        let what = catch(|| text_of(&error)).unwrap_or_else(|panic| String::from("an error whose text panicked: ") + panic.text());
        self.failed_as_told(request, what, Box::new(error));
    }

    fn failed_as_told(&self, request: AnyNode, what: String, error: Box<dyn Any>) {
        let place = request.slot.place.get().filter(|_| request.has_no_successor()).unwrap_or(self.place);
        self.failed(request.known_owner(), Failure::new(request.known_path(), place, &what, Some(error)));
    }

    /// A deadline has passed.
    pub(crate) fn time_out(&self, slot: WideRef, at: Instant) {
        let node = AnyNode::of(*slot);
        let set = slot.extras().and_then(|extras| extras.deadline_set.get()).unwrap_or(slot.birth.get());
        let limit = at.0.saturating_sub(set.0);
        let end = End { place: slot.place.get().unwrap_or(self.place), by: Some(node), cause: Cause::timed_out(limit) };
        self.forget_deadline(slot);
        if !slot.has(Flag::Held) {
            let ended = timed_out(node, Some(node), end.place, limit);
            self.failed_unreceived(node, ended);
        }
        self.free(*slot, &end);
    }

    /// A shutdown has ended the code of a background request, whose node stays: whoever waits, or will, is told.
    pub(crate) fn tell_cancelled(&self, node: AnyNode) {
        let Some(slot) = node.growing().filter(|slot| slot.has(Flag::Held)) else { return };
        if let Some(waiter) = slot.wide().ext().told.replace(Told::Facts(self.ended_cancelled(node))).into_waiter() {
            self.wake(waiter, true);
        }
    }

    /// What a held slot stored at its end, as people are told it.
    pub(super) fn ended_of(&self, node: AnyNode, told: Told) -> Ended {
        let slot = node.slot;
        let (place, cause, ender) = match told {
            Told::Facts(ended) => return ended,
            Told::Ended(place, cause) => (Some(place), cause, slot.noted_ender(slot.wide().ext())),
            Told::Nobody | Told::Ours(..) | Told::Foreign(_) => (slot.place.get(), Cause::FREED, None),
        };
        let ender = ender.map(|(slot, serial)| AnyNode { slot, serial });
        if let Some(nanos) = cause.limit() {
            return timed_out(node, None, place.unwrap_or(self.place), nanos); // Its own.
        }
        let detail = match slot.waits.get() {
            waits::NOTHING | waits::TURN => String::new(),
            code => waits::in_a_sentence(code),
        };
        Ended::Freed { facts: Facts::new(slot.name(), node, ender, place, None, detail) }
    }

    /// Sets a request's or scope's own deadline, `now`; of two the earlier counts.
    pub(crate) fn set_deadline(&self, slot: WideRef, now: Instant, at: Instant) {
        debug_assert!(slot.ext().noted_limit().is_none());
        // What is over already ends after what was overdue before (law 20).
        let at = at.max(now);
        if slot.ext().is_queued() && !self.is_moved(slot, at) {
            return;
        }
        self.deadlines.insert(at, slot);
        // Most limits are set where a request is made. What others count from is for their text alone, so it has no place in the slot.
        if now != slot.birth.get() || slot.extras.get().is_some() {
            self.note_when_set(slot, now);
        }
        self.plan(at);
    }

    /// Makes way for an earlier deadline.
    #[cold]
    fn is_moved(&self, slot: WideRef, at: Instant) -> bool {
        let is_earlier = self.deadlines.at(slot).is_none_or(|before| at < before);
        if is_earlier {
            self.deadlines.remove(slot);
        }
        is_earlier
    }

    /// Sets a request's limit, from now on, for its handle.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn limit_to(&self, slot: SlotRef, limit: Duration) {
        if !self.notes_limit(slot, limit) {
            let now = self.now();
            self.limit(slot, now, now + limit);
        }
    }

    /// Notes a request's limit, for its handle, if nobody else has to know that yet: made in this turn, it runs for the first time before
    /// any deadline counts.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn notes_limit(&self, slot: SlotRef, limit: Duration) -> bool {
        slot.before_first_run().is_some_and(|slot| {
            let is_new = self.in_turn() && slot.birth.get() == self.time.get();
            is_new && Limit::of(limit).is_some_and(|limit| slot.ext().note_limit(limit))
        })
    }

    /// Sets a request's deadline, for its handle, if it has not ended and is not ending.
    #[inline(never)]
    pub(super) fn limit(&self, slot: SlotRef, now: Instant, at: Instant) {
        // Whoever holds the slot calls this: nobody else can have moved in.
        if slot.generation.is_taken() && AnyNode::of(slot).growing().is_some() {
            let slot = slot.wide();
            self.keep_limit(slot);
            self.set_deadline(slot, now, at);
        }
    }

    #[cold]
    fn note_when_set(&self, slot: WideRef, now: Instant) {
        slot.extras_or_new().deadline_set.set(Some(now));
    }

    /// The queue has to know a request's deadline now.
    #[inline(always)]
    pub(super) fn keep_limit(&self, slot: WideRef) {
        if let Some(limit) = slot.ext().take_limit() {
            self.keep(slot, slot.birth.get().after_nanos(limit));
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn keep(&self, slot: WideRef, at: Instant) {
        let is_plain = !cfg!(target_family = "wasm") && slot.extras.get().is_none();
        if !(is_plain && self.in_turn() && self.deadlines.append(at, slot)) {
            self.set_deadline(slot, slot.birth.get(), at);
        }
    }

    /// A request's or scope's own deadline.
    pub(crate) fn own_deadline(&self, slot: SlotRef) -> Option<Instant> {
        let slot = slot.as_wide()?;
        match slot.ext().noted_limit() {
            Some(limit) => Some(slot.birth.get().after_nanos(limit)),
            None => self.deadlines.at(slot),
        }
    }

    /// A request has no deadline of its own any more.
    pub(crate) fn forget_deadline(&self, slot: WideRef) {
        if slot.ext().take_limit().is_none() && slot.ext().is_queued() {
            self.deadlines.remove(slot);
        }
    }
}

/// The end of a request by a limit, its own or that of one above it.
pub(crate) fn timed_out(request: AnyNode, by: Option<AnyNode>, place: Place, nanos: u64) -> Ended {
    Ended::TimedOut { facts: Facts::new(request.slot.name(), request, by, Some(place), Some(nanos), String::new()) }
}

/// An error as text: one of our own without what formats, which is 1 KB of a page.
fn text_of<E: Display + 'static>(error: &E) -> String {
    let any: &dyn Any = error;
    match (any.downcast_ref::<Ended>(), any.downcast_ref::<ChannelError>()) {
        (Some(ended), _) => ended.text(),
        (_, Some(error)) => error.text(),
        _ => error.to_string(),
    }
}

impl AnyNode {
    /// What whoever waits on this stale (or ending) node is told.
    pub(crate) fn ended_freed(self) -> Ended {
        Ended::Freed { facts: Facts::new(self.name(), self, None, self.freed_at(), None, String::new()) }
    }

    /// Enters a waiter that is woken when this node ends or closes.
    pub(crate) fn enter_dependents(self, key: Option<u64>, waiter: Waiter) -> Option<u64> {
        let (key, before) = self.growing()?.extras_or_new().dependents.borrow_mut().enter(key, waiter);
        drop(before);
        Some(key)
    }

    pub(crate) fn leave_dependents(self, key: u64) -> Option<Waiter> {
        self.readable()?.extras()?.dependents.borrow_mut().leave(key)
    }
}
