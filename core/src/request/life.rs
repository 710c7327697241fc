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

use crate::arena::value::Code;
use crate::arena::{Flag, Place, SlotRef, State, Told, Waiter, WideRef};
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

/// How many requests may begin inside each other (law 10), with whatever else of the tree's code is on the stack: each takes some of it.
pub(super) const DEPTH_MAX: u32 = 32;

/// Who polls: a request or scope of this tree, or somebody else's waker. Notes what it waits for.
pub(crate) fn waiter_of(context: &Context<'_>, core: &TreeCore, waits: u8) -> Waiter {
    own_waiter_of(context, core, waits).unwrap_or_else(|| Waiter::Foreign(context.waker().clone()))
}

/// Who polls, if it is a request or scope of this tree.
#[inline(always)]
pub(crate) fn own_waiter_of(context: &Context<'_>, core: &TreeCore, waits: u8) -> Option<Waiter> {
    let slot = crate::waker::slot_of(context.waker()).filter(|slot| slot.is_of(core))?;
    slot.waits.set(waits);
    Some(Waiter::Ours(slot, slot.generation.now()))
}

impl TreeCore {
    /// Runs a woken request once.
    pub(crate) fn run_request(&self, slot: WideRef) {
        if let Some(code) = Code::of(slot) {
            self.run_code(slot, code);
        }
    }

    /// Runs a request, which ends the loan of its value to `code`.
    #[inline(always)]
    fn run_code(&self, slot: WideRef, code: Code) {
        let ext = slot.ext();
        ext.ran.set(self.turn.get());
        ext.runs.set(ext.runs.get().saturating_add(1));
        slot.waits.set(waits::NOTHING);
        let waker = crate::waker::lend(slot);
        let before = self.enter(AnyNode::of(*slot));
        let result = catch(|| code.run(&mut Context::from_waker(&waker)));
        self.exit(before);
        slot.lent.set(0);
        match result {
            Ok(()) if slot.state.get() == State::Live => self.keep_limit(slot),
            Ok(()) => self.settle(*slot),
            Err(panic) => self.end_panicked(slot, panic),
        }
    }

    /// The first run in place, where it is first awaited, if it may. True when that was the request's end.
    pub(super) fn ends_in_place(&self, request: AnyNode) -> bool {
        let slot = request.slot;
        if !self.in_turn() || self.entered.get() > DEPTH_MAX || slot.has(Flag::Started) {
            return false;
        }
        let slot = slot.wide();
        let Some(code) = Code::of(slot) else { return false };
        slot.leave_list();
        self.run_code(slot, code);
        request.readable().is_none()
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
        slot.state.set(State::Deferred);
        slot.note_parent();
        if ext.is_quiet() {
            return;
        }
        match ext.take_own_waiter() {
            Some((waiter, serial)) => self.wake_own(waiter, serial, true),
            None => self.tell_other(slot),
        }
    }

    /// Somebody else may wait, or there is a deadline that matters no more.
    fn tell_other(&self, slot: WideRef) {
        if let Told::Waiter(waiter) = slot.ext().told.take() {
            self.wake(waiter, true);
        }
    }

    /// A request's own code panicked.
    fn end_panicked(&self, slot: WideRef, panic: Panic) {
        if slot.state.get() == State::Deferred {
            self.panicked(*slot, false, panic);
            self.settle(*slot);
            return;
        }
        let ended =
            Ended::Panicked { facts: Facts::new(slot.name(), AnyNode::of(*slot), None, slot.place.get(), None, panic.text().into()) };
        self.end_with(slot, ended);
    }

    /// Ends a request that is alive, without a result, for a reason that may allocate.
    pub(super) fn end_with(&self, slot: WideRef, ended: Ended) {
        self.clear_for_end(*slot);
        if slot.state.get() == State::Deferred {
            self.settle(*slot);
            return;
        }
        if !slot.has(Flag::Held) {
            self.failed_with(AnyNode::of(*slot), ended.clone());
        }
        self.drop_value(*slot);
        self.conclude(slot, false);
        if slot.has(Flag::Held) {
            slot.ext().told.set(Told::Facts(ended));
        }
        self.settle(*slot);
    }

    /// A detached request has failed with that error.
    pub(super) fn failed_with<E: Display + 'static>(&self, node: AnyNode, error: E) {
        self.failed_unreceived(node.slot, node.parent(), error);
    }

    /// A request that nobody will receive from has ended with a failure: told to the handlers above its owner.
    pub(super) fn failed_unreceived<E: Display + 'static>(&self, slot: SlotRef, owner: Option<AnyNode>, error: E) {
        // A `Display` of the user's may panic.
        let what = catch(|| text_of(&error)).unwrap_or_else(|panic| String::from("an error whose text panicked: ") + panic.text());
        self.failed_below(slot, owner, what, Box::new(error));
    }

    fn failed_below(&self, slot: SlotRef, owner: Option<AnyNode>, what: String, error: Box<dyn Any>) {
        let mut path = owner.filter(|owner| owner.parent().is_some()).map(AnyNode::path).unwrap_or_default();
        if !path.is_empty() {
            path.push_str(" › ");
        }
        slot.add_title(&mut path);
        self.failed(owner, Failure::new(path, slot.place.get().unwrap_or(self.place), &what, Some(error)));
    }

    /// A deadline has passed.
    pub(crate) fn time_out(&self, slot: WideRef, at: Instant) {
        let node = AnyNode::of(*slot);
        let set = slot.extras().and_then(|extras| extras.deadline_set.get()).unwrap_or(slot.birth.get());
        let limit = at.0.saturating_sub(set.0);
        let end = End { place: slot.place.get().unwrap_or(self.place), by: Some(node), cause: Cause::timed_out(limit) };
        self.deadlines.remove(slot);
        if !slot.has(Flag::Held) {
            let ended = self.timed_out(*slot, node, Some(node), end.place, limit);
            self.failed_with(node, ended);
        }
        self.free(*slot, &end);
    }

    pub(super) fn timed_out(&self, slot: SlotRef, node: AnyNode, by: Option<AnyNode>, place: Place, nanos: u64) -> Ended {
        Ended::TimedOut { facts: Facts::new(slot.name(), node, by, Some(place), Some(nanos), String::new()) }
    }

    /// A shutdown has ended the code of a background request, whose node stays: whoever waits, or will, is told.
    pub(crate) fn tell_cancelled(&self, node: AnyNode) {
        let Some(slot) = node.growing().filter(|slot| slot.has(Flag::Held)) else { return };
        if let Told::Waiter(waiter) = slot.wide().ext().told.replace(Told::Facts(self.ended_cancelled(node))) {
            self.wake(waiter, true);
        }
    }

    /// What a held slot stored at its end, as people are told it.
    pub(super) fn ended_of(&self, node: AnyNode, told: Told) -> Ended {
        let slot = node.slot;
        let (place, cause) = match told {
            Told::Facts(ended) => return ended,
            Told::Ended(place, cause) => (Some(place), cause),
            Told::Nobody | Told::Limit(_) | Told::Waiter(_) => (slot.place.get(), Cause::FREED),
        };
        let noted = slot.noted().map(|(slot, serial)| AnyNode { slot, serial });
        if let Some(nanos) = cause.limit() {
            let by = noted.filter(|_| !cause.is_its_own());
            return self.timed_out(slot, node, by, place.unwrap_or(self.place), nanos);
        }
        let detail = match slot.waits.get() {
            waits::NOTHING | waits::TURN => String::new(),
            code => article(waits::name_of(code)),
        };
        Ended::Freed { facts: Facts::new(slot.name(), node, noted, place, None, detail) }
    }

    /// Sets a request's or scope's own deadline, `now`; of two the earlier counts.
    pub(crate) fn set_deadline(&self, slot: WideRef, now: Instant, at: Instant) {
        if slot.ext().deadline.get() != 0 {
            if self.deadlines.at(slot).is_some_and(|before| before <= at) {
                return;
            }
            self.deadlines.remove(slot);
        }
        self.deadlines.insert(at, slot);
        // Most limits are set where a request is made. What others count from is for their text alone, so it has no place in the slot.
        if now != slot.birth.get() || slot.extras().is_some() {
            self.note_when_set(slot, now);
        }
        self.plan(at);
    }

    /// Sets a request's deadline from outside, if it is not ending.
    #[inline(never)]
    pub(super) fn limit(&self, request: AnyNode, now: Instant, at: Instant) {
        let Some(slot) = request.readable().map(SlotRef::wide) else { return };
        // If it waits for its first run, that comes before any deadline counts.
        let comes_first = slot.is_listed() && !slot.has(Flag::Started) && slot.birth.get() == now;
        if !(comes_first && slot.ext().note_limit(at)) {
            self.set_deadline_of_living(slot, now, at);
        }
    }

    #[inline(never)]
    fn set_deadline_of_living(&self, slot: WideRef, now: Instant, at: Instant) {
        if AnyNode::of(*slot).growing().is_some() {
            self.keep_limit(slot);
            self.set_deadline(slot, now, at);
        }
    }

    #[cold]
    fn note_when_set(&self, slot: WideRef, now: Instant) {
        slot.extras_or_new().deadline_set.set(Some(now));
    }

    /// The heap has to know a request's deadline now.
    #[inline]
    pub(super) fn keep_limit(&self, slot: WideRef) {
        if let Some(at) = slot.ext().take_limit() {
            self.set_deadline(slot, slot.birth.get(), at);
        }
    }

    /// A request's or scope's own deadline.
    pub(crate) fn own_deadline(&self, slot: SlotRef) -> Option<Instant> {
        let slot = slot.as_wide()?;
        let limit = slot.ext().peek(|told| if let Told::Limit(at) = told { Some(*at) } else { None });
        limit.or_else(|| self.deadlines.at(slot))
    }
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

/// What is waited for, in a sentence.
fn article(what: &str) -> String {
    let (before, what) = match what {
        "message" | "request" | "client" => ("a ", what),
        "answer" | "event" => ("an ", what),
        "sleep" => ("its ", what),
        "closing" => ("a ", "shutdown"),
        "readable" | "writable" => ("being ", what),
        other => ("", other),
    };
    String::from(before) + what
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
