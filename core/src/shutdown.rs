//! Ending with grace (law 15): the tree drives it, so that the call in a signal handler is complete code.

use crate::arena::{Class, Flag, Place, SlotRef, State};
use crate::ended::{Ended, Facts};
use crate::free::{End, Freed};
use crate::host::Deadlines;
use crate::node::AnyNode;
use crate::pending::Queued;
use crate::request::waiter_of;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::waits;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

impl AnyNode {
    /// Ends the node with grace, without waiting for it:
    ///
    /// 1. the code of [`background`](crate::Request::background) requests below ends where it awaits, while their nodes stay and own
    ///    what they own; [`closing`](AnyNode::closing) resolves everywhere below;
    /// 2. the other requests, scopes included, run on, and may spawn below themselves (elsewhere `spawn` ends as
    ///    [`Ended::Cancelled`](crate::Ended)), until none is left or `grace` is over;
    /// 3. all is freed.
    ///
    /// Whoever awaits a background request is told [`Ended::Cancelled`](crate::Ended) when its code ends; what the third step ends is
    /// [`Ended::Freed`](crate::Ended). Both name this call.
    ///
    /// A second call only shortens. Called on a request's own node it counts that request among those that have the grace. Nothing on
    /// a stale or ending node.
    #[track_caller]
    pub fn shutdown(self, grace: Duration) {
        if let Some(slot) = self.growing() {
            let core = slot.core();
            core.shut_down(self, grace, Location::caller());
        }
    }

    /// Resolves when a shutdown of this node or of one above it has begun, or when it is freed. Cancel-safe.
    pub fn closing(self) -> impl Future<Output = ()> + 'static {
        Closing { node: self, dependent: None }
    }

    fn is_closing(self) -> bool {
        core::iter::once(self).chain(self.ancestors()).any(AnyNode::shuts_down)
    }

    fn shuts_down(self) -> bool {
        self.readable().is_some_and(|slot| Shutdown::of(slot).is_some())
    }
}

/// A shutdown under way, in the extras of its node.
#[derive(Clone, Copy)]
pub(crate) struct Shutdown {
    /// When its grace is over.
    end: Instant,
    /// Where it was asked for first.
    place: Place,
    /// Whose code asked.
    by: Option<AnyNode>,
}

impl Shutdown {
    fn of(slot: SlotRef) -> Option<Shutdown> {
        slot.extras()?.shutdown.get()
    }

    /// The nearest that a node belongs to.
    fn above(node: AnyNode) -> Option<Shutdown> {
        let mut next = node.readable();
        while let Some(slot) = next {
            let shutdown = Shutdown::of(slot);
            if shutdown.is_some() {
                return shutdown;
            }
            next = slot.parent.get();
        }
        None
    }
}

/// What whoever waits for, or would begin, something that shuts down is told.
fn ended_by(shutdown: Option<Shutdown>, node: AnyNode) -> Ended {
    let by = shutdown.and_then(|shutdown| shutdown.by).filter(|by| by.is_alive());
    let place = shutdown.map(|shutdown| shutdown.place);
    Ended::Cancelled { facts: Facts::new(node.name(), node, by, place, None, String::new()) }
}

struct Closing {
    node: AnyNode,
    dependent: Option<u64>,
}

impl Future for Closing {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(slot) = self.node.growing() else { return Poll::Ready(()) };
        if self.node.is_closing() {
            return Poll::Ready(());
        }
        let core = slot.core();
        core.parts.tell_closing.set(Some(TreeCore::tell_closing));
        let waiter = waiter_of(context, &core, waits::CLOSING);
        self.dependent = self.node.enter_dependents(self.dependent, waiter);
        Poll::Pending
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(key) = self.dependent {
            drop(self.node.leave_dependents(key));
        }
    }
}

impl TreeCore {
    pub(crate) fn shut_down(&self, node: AnyNode, grace: Duration, place: Place) {
        let Some(slot) = node.readable() else { return };
        let mut end = self.now() + grace;
        let (mut place, mut by) = (place, self.running());
        // A hook that is asked about the end of one may ask for another.
        match Shutdown::of(slot).filter(|_| self.is_listed(node)) {
            Some(before) => (end, place, by) = (end.min(before.end), before.place, before.by),
            None => self.shutdowns.borrow_mut().push(node),
        }
        slot.extras_or_new().shutdown.set(Some(Shutdown { end, place, by }));
        self.pending.add(Queued::Shutdowns);
        if let Some(tell_closing) = self.parts.tell_closing.get() {
            tell_closing(self, node);
        }
        self.end_background_below(node);
        self.poke();
    }

    /// Whether a shutdown of that node is under way, and not at its end.
    fn is_listed(&self, node: AnyNode) -> bool {
        self.shutdowns.borrow().contains(&node)
    }

    fn tell_closing(&self, node: AnyNode) {
        let mut next = node.readable();
        while let Some(slot) = next {
            self.wake_dependents(slot, false);
            next = next_below(slot, node.slot);
        }
    }

    fn end_background_below(&self, node: AnyNode) {
        if let Some(end_background) = self.parts.end_background.get() {
            end_background(self, node);
        }
    }

    /// Ends the code of background requests where it awaits; of one that is on the stack, when the loop comes round.
    pub(crate) fn end_background(&self, node: AnyNode) {
        let is_background = |node: &AnyNode| node.is_alive() && node.slot.has(Flag::Background) && !node.slot.has(Flag::NoValue);
        let all: Vec<AnyNode> = core::iter::once(node).chain(node.descendants()).filter(is_background).collect();
        for background in all {
            if let Some(slot) = background.growing()
                && !slot.on_stack()
            {
                let request = slot.wide();
                request.leave_list();
                self.forget_deadline(request);
                slot.waits.set(waits::NOTHING);
                self.drop_value(slot);
                self.tell_cancelled(background);
                self.settle(slot);
            }
        }
    }

    pub(crate) fn ended_cancelled(&self, node: AnyNode) -> Ended {
        ended_by(Shutdown::above(node), node)
    }

    /// Why no computation may begin under that node: it shuts down, and is not below a request that still has the grace.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn refuses(&self, owner: AnyNode) -> Option<Ended> {
        if self.pending.has(Queued::Shutdowns) { refusal(owner) } else { None }
    }

    /// The earliest end of a grace.
    #[cold]
    pub(crate) fn next_grace(&self) -> Instant {
        let mut earliest = Instant::MAX;
        for node in &*self.shutdowns.borrow() {
            if let Some(shutdown) = node.readable().and_then(Shutdown::of) {
                earliest = earliest.min(shutdown.end);
            }
        }
        earliest
    }

    /// Frees what has no request left, or no grace.
    #[inline(always)]
    pub(crate) fn drive_shutdowns(&self, deadlines: Deadlines) {
        if self.pending.has(Queued::Shutdowns) {
            self.drive_each(deadlines);
        }
    }

    /// Whether a shutdown has nobody left to wait for: the last one may have ended after they were looked at in this turn.
    #[inline(always)]
    pub(crate) fn shutdown_is_due(&self) -> bool {
        self.pending.has(Queued::Shutdowns) && self.shutdowns.borrow().iter().any(|node| !has_requests(*node))
    }

    #[inline(never)]
    fn drive_each(&self, deadlines: Deadlines) {
        // One that is asked for meanwhile is looked at in the next turn.
        let (mut at, count) = (0, self.shutdowns.borrow().len());
        for _ in 0..count {
            let node = self.shutdowns.borrow()[at];
            self.end_background_below(node);
            let shutdown = node.readable().and_then(Shutdown::of);
            let is_over = |shutdown: Shutdown| shutdown.end <= self.time.get() && deadlines == Deadlines::Count;
            if shutdown.is_none_or(is_over) || !has_requests(node) {
                self.shutdowns.borrow_mut().remove(at);
                if let Some(Shutdown { place, by, .. }) = shutdown
                    && node.slot.state.get() == State::Live
                {
                    if self.free(node.slot, &End::freed(place, by)) == Freed::Kept && !self.is_listed(node) {
                        node.slot.extras_or_new().shutdown.set(None); // A hook of its own wants it to live on.
                    }
                    self.count_piece();
                }
            } else {
                at += 1;
            }
        }
        if self.shutdowns.borrow().is_empty() {
            self.pending.remove(Queued::Shutdowns);
        }
    }
}

/// Whether a shutdown of that node waits for a request.
fn has_requests(node: AnyNode) -> bool {
    let mut next = node.readable();
    while let Some(slot) = next {
        if has_grace(slot) {
            return true;
        }
        next = next_below(slot, node.slot);
    }
    false
}

/// The next of all that hangs below `top`, each before what it owns.
fn next_below(slot: SlotRef, top: SlotRef) -> Option<SlotRef> {
    let mut slot = slot;
    if let Some(child) = slot.child.get() {
        return Some(child);
    }
    while slot != top {
        if let Some(older) = slot.older.get() {
            return Some(older);
        }
        slot = slot.parent.get()?;
    }
    None
}

/// Why nothing may begin under a node of a tree where a shutdown is under way.
#[cfg_attr(not(target_family = "wasm"), cold)]
fn refusal(owner: AnyNode) -> Option<Ended> {
    let mut next = owner.readable();
    while let Some(slot) = next.filter(|slot| !has_grace(*slot)) {
        let shutdown = Shutdown::of(slot);
        if shutdown.is_some() {
            return Some(ended_by(shutdown, owner));
        }
        next = slot.parent.get();
    }
    None
}

/// Whether it is a request that a shutdown waits for. A scope is one as well: whoever awaits it may be elsewhere.
fn has_grace(slot: SlotRef) -> bool {
    matches!(slot.kind.get().class, Class::Request | Class::Scope) && !slot.has(Flag::Background)
}
