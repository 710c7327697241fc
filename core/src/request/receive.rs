//! How a request's result is received, and what becomes of one that is not.

use super::life::timed_out;
use super::{About, Held, OfError, Request, cell, waiter_of};
use crate::arena::{Flag, SlotRef, State, Told, WideRef, value};
use crate::catch::catch;
use crate::ended::Ended;
use crate::free::End;
use crate::node::AnyNode;
use crate::tree::TreeCore;
use crate::waits;
use alloc::rc::Rc;
use core::future::Future;
use core::mem::needs_drop;
use core::pin::Pin;
use core::task::{Context, Poll};

impl<T, E> Request<T, E> {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn poll_result(&mut self, context: &mut Context<'_>) -> Poll<Result<T, E>> {
        let Some(Held::Slot(core)) = &self.held else { return Poll::Ready(Err(self.refusal())) };
        if self.slot.generation.is_taken()
            && let Some(slot) = core.runs_on(self.slot)
        {
            if core.waits_in_vain(slot, context) {
                return Poll::Ready(Err(self.cancelled()));
            }
            return Poll::Pending;
        }
        Poll::Ready(self.receive())
    }

    /// What an ended request has for its receiver; then the slot is given up.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn receive(&mut self) -> Result<T, E> {
        let slot = self.slot;
        if !cfg!(target_family = "wasm")
            && let Some((slot, result)) = cell::take_alone(slot)
        {
            match self.held.take() {
                Some(Held::Slot(core)) => core.give_alone(slot),
                other => self.put_back(other),
            }
            return result;
        }
        let result = match cell::take(slot) {
            Some(result) => result,
            None => Err(self.why_none()),
        };
        match self.held.take() {
            Some(Held::Slot(core)) => core.give_up(slot),
            other => self.held = other,
        }
        result
    }

    #[cold]
    fn put_back(&mut self, held: Option<Held>) {
        self.held = held;
    }

    /// A shutdown has ended its code; its node stays until that frees it.
    #[cold]
    fn cancelled(&mut self) -> E {
        let told = self.slot.wide().ext().take_facts();
        let node = self.node();
        self.slot.clear(Flag::Held);
        self.held = None;
        self.ended(told.unwrap_or_else(|| node.ended_freed()))
    }

    #[cold]
    fn why_none(&self) -> E {
        let told = self.slot.wide().ext().told.take();
        self.ended(match &self.held {
            Some(Held::Slot(core)) => core.ended_of(self.node(), told),
            _ => self.node().ended_freed(),
        })
    }

    #[cold]
    fn refusal(&mut self) -> E {
        match self.held.take() {
            Some(Held::Refused(ended)) => self.ended(*ended),
            _ => panic!("a request gives its result once: it was polled after that"),
        }
    }

    fn ended(&self, ended: Ended) -> E {
        made_of(self.error, ended)
    }
}

impl TreeCore {
    /// A handle has taken a result that was all that was left of its request.
    #[inline(always)]
    fn give_alone(&self, slot: WideRef) {
        self.pages.give_next(slot);
        value::free_chunk(self, *slot);
    }

    /// A handle lets go of an ended request's slot; if there was a result, it has taken that.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn give_up(&self, slot: SlotRef) {
        slot.clear(Flag::Held);
        match slot.state.get() {
            State::Deferred => self.settle_later(slot),
            _ => self.retire_plain(slot),
        }
    }

    /// Its own code is still on the stack, perhaps.
    #[cold]
    fn settle_later(&self, slot: SlotRef) {
        self.settle(slot);
    }

    /// Somebody waits for a request. True when that is in vain: a shutdown has ended its code, which is noted.
    fn waits_in_vain(&self, slot: WideRef, context: &Context<'_>) -> bool {
        // In a page small code counts for more: what follows does the same.
        if !cfg!(target_family = "wasm")
            && let Some((waiter, serial)) = self.poller(context, waits::REQUEST)
            && slot.ext().note_own_waiter(waiter, serial)
        {
            return false;
        }
        self.waits_otherwise(slot, context)
    }

    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn waits_otherwise(&self, slot: WideRef, context: &Context<'_>) -> bool {
        if slot.has(Flag::Background) && slot.ext().has_facts() {
            return true;
        }
        let waiter = waiter_of(context, self, waits::REQUEST);
        self.keep_limit(slot);
        drop(slot.ext().told.replace(waiter.into()));
        false
    }
}

/// Receives without asking `E` for a conversion: the request carries it.
pub(super) struct Receive<T, E>(pub(super) Request<T, E>);

impl<T, E> Future for Receive<T, E> {
    type Output = Result<T, E>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_result(context)
    }
}

impl<T, E: From<Ended>> Future for Request<T, E> {
    type Output = Result<T, E>;
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_result(context)
    }
}

impl<T, E> Drop for Request<T, E> {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn drop(&mut self) {
        // Mostly it was received, and there is nothing.
        if self.held.is_some()
            && let Some(held) = self.held.take()
        {
            let_go::<T, E>(self.slot, held, self.error);
        }
    }
}

/// A handle is dropped that was not received from: of one that has ended a failure goes to law 17.
#[inline(never)]
fn let_go<T, E>(slot: SlotRef, held: Held, error: OfError<E>) {
    let Some(core) = abandon(slot, held) else { return };
    let lost = match cell::take::<T, E>(slot) {
        Some(Ok(value)) => {
            if needs_drop::<T>() {
                core.protect(slot, false, || drop(value));
            }
            return core.give_up(slot);
        }
        Some(Err(lost)) => Some(lost),
        None => own_failure(slot).and_then(|ended| core.made_unreceived(slot, error, ended)),
    };
    if let Some(lost) = lost {
        error(About::Lost(&core, slot, lost));
    }
    core.give_up(slot);
}

/// Frees one that has not ended. Gives the tree of one that has.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
fn abandon(slot: SlotRef, held: Held) -> Option<Rc<TreeCore>> {
    let Held::Slot(core) = held else { return None };
    if !slot.generation.is_taken() {
        return Some(core);
    }
    slot.clear(Flag::Held);
    // If it is ending right now, whoever ends it gives the slot back.
    if slot.state.get() == State::Live {
        core.free(slot, &End::dropped(&core));
    }
    None
}

/// Why a request ended that ended neither with a result nor because somebody asked.
fn own_failure(slot: SlotRef) -> Option<Ended> {
    match slot.wide().ext().told.take() {
        Told::Facts(Ended::Cancelled { .. } | Ended::TimedOut { .. }) => None, // Somebody asked, or it was somebody else's limit.
        Told::Facts(ended) => Some(ended),
        Told::Ended(place, cause) if cause.is_its_own() => {
            cause.limit().map(|nanos| timed_out(AnyNode::of_tenant(slot), None, place, nanos))
        }
        _ => None,
    }
}

impl TreeCore {
    /// An error that nobody receives. Whoever drops the handle may be unwinding already: a panic goes to law 17 in its place.
    fn made_unreceived<E>(&self, slot: SlotRef, error: OfError<E>, ended: Ended) -> Option<E> {
        match catch(|| error(About::From(ended))) {
            Ok(made) => made,
            Err(panic) => {
                self.panicked(AnyNode::of_tenant(slot), panic);
                None
            }
        }
    }
}

/// An error of what a request was told.
#[cold]
fn made_of<E>(error: OfError<E>, ended: Ended) -> E {
    error(About::From(ended)).expect("an error can be made of it")
}
