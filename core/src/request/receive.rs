//! How a request's result is received, and what becomes of one that is not.

use super::{About, Held, Request, cell, waiter_of};
use crate::arena::{Flag, SlotRef, State, Told};
use crate::ended::Ended;
use crate::free::End;
use crate::node::AnyNode;
use crate::tree::TreeCore;
use crate::waits;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

impl<T, E> Request<T, E> {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn poll_result(&mut self, context: &mut Context<'_>) -> Poll<Result<T, E>> {
        let Some(Held::Slot(core)) = &self.held else { return Poll::Ready(Err(self.refusal())) };
        if self.node.readable().is_some() && !core.ends_in_place(self.node) {
            if let Some(ended) = core.enter_waiter(self.node, context) {
                self.held = None;
                return Poll::Ready(Err(self.ended(ended)));
            }
            return Poll::Pending;
        }
        Poll::Ready(self.receive())
    }

    /// What an ended request has for its receiver; then the slot is given up.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn receive(&mut self) -> Result<T, E> {
        let slot = self.node.slot;
        let result = match cell::take(slot) {
            Some(result) => result,
            None => Err(self.why_none()),
        };
        if let Some(Held::Slot(core)) = self.held.take() {
            core.give_up(slot);
        }
        result
    }

    #[cold]
    fn why_none(&self) -> E {
        let told = self.node.slot.wide().ext().told.take();
        self.ended(match &self.held {
            Some(Held::Slot(core)) => core.ended_of(self.node, told),
            _ => self.node.ended_freed(),
        })
    }

    #[cold]
    fn refusal(&mut self) -> E {
        match self.held.take() {
            Some(Held::Refused(ended)) => self.ended(*ended),
            _ => panic!("a request gives its result once: it was polled after that"),
        }
    }

    #[cold]
    fn ended(&self, ended: Ended) -> E {
        (self.error)(About::From(ended)).expect("an error can be made of it")
    }
}

impl TreeCore {
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

    /// Somebody waits for a request. Or why in vain: a shutdown has ended its code, and its node stays until that frees it.
    fn enter_waiter(&self, request: AnyNode, context: &Context<'_>) -> Option<Ended> {
        let slot = request.slot.wide();
        if slot.has(Flag::Background)
            && let Some(ended) = slot.ext().take_facts()
        {
            slot.clear(Flag::Held);
            return Some(ended);
        }
        let waiter = waiter_of(context, self, waits::REQUEST);
        self.keep_limit(slot);
        drop(slot.ext().told.replace(Told::Waiter(waiter)));
        None
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
    #[inline]
    fn drop(&mut self) {
        if let Some(Held::Slot(_)) = self.held {
            self.abandon();
        }
    }
}

impl<T, E> Request<T, E> {
    #[inline(never)]
    fn abandon(&mut self) {
        let Some(Held::Slot(core)) = self.held.take() else { return };
        let slot = self.node.slot;
        if !self.node.is_alive() {
            return self.discard(&core);
        }
        slot.clear(Flag::Held);
        // If it is ending right now, whoever ends it gives the slot back.
        if slot.state.get() == State::Live {
            core.free(slot, &End::dropped(&core));
        }
    }

    /// An ended request is dropped unreceived: a failure goes to law 17.
    fn discard(&mut self, core: &TreeCore) {
        let slot = self.node.slot;
        let owner = slot.noted().map(|(slot, serial)| AnyNode { slot, serial });
        let result = match cell::take::<T, E>(slot) {
            Some(result) => Some(result),
            None => self.own_failure(core).map(|ended| Err(self.ended(ended))),
        };
        let value = match result {
            Some(Err(error)) => {
                (self.error)(About::Lost(core, slot, owner, error));
                None
            }
            done => done,
        };
        core.give_up(slot);
        drop(value);
    }

    /// Why a request ended that ended neither with a result nor because somebody asked.
    fn own_failure(&self, core: &TreeCore) -> Option<Ended> {
        let slot = self.node.slot;
        match slot.wide().ext().told.take() {
            Told::Facts(Ended::Cancelled { .. }) => None, // Somebody asked.
            Told::Facts(ended) => Some(ended),
            Told::Ended(place, cause) if cause.is_its_own() => {
                cause.limit().map(|nanos| core.timed_out(slot, self.node, None, place, nanos))
            }
            _ => None,
        }
    }
}
