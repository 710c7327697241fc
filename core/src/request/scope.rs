//! The borrowing form of a request: a node of its own, its future in the caller's frame.
#![expect(unsafe_code, reason = "pin projection")]

use super::{Outcome, waiter_of};
use crate::arena::{Flag, Kind, Place, Slot, State, WideRef};
use crate::ended::Ended;
use crate::free::End;
use crate::node::AnyNode;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::waits;
use alloc::rc::Rc;
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// The borrowing form of a request, made by [`AnyNode::scope`]: its future stays in the caller's frame, so that references just work.
///
/// Its node is made at the first poll; the tree never points into the caller's frame. Dropping it abandons it.
#[must_use = "a scope does nothing unless awaited"]
pub struct Scope<F, Fut> {
    side: Side,
    body: Option<F>,
    future: Option<Fut>,
}

/// What a scope is to the tree, whatever its code: there once for all types.
struct Side {
    owner: AnyNode,
    name: &'static str,
    place: Place,
    limit: Option<Duration>,
    deadline: Option<Instant>,
    node: Option<(Rc<TreeCore>, AnyNode)>,
    /// Its future is ready.
    is_done: bool,
}

impl AnyNode {
    /// A computation with a node of its own (deadline, children, a line in the report) whose future may borrow.
    ///
    /// Nothing happens before its first poll. If this node is stale or ending by then, `body` is dropped uncalled and the scope ends as
    /// [`Ended::Freed`], below one that shuts down as [`Ended::Cancelled`]. Dropped, it ends with all that it owns. A panic in it is one
    /// of the request that awaits it; polled again after it gave its result, it panics.
    ///
    /// ```
    /// use hamadryad::{Ended, millis, sim::Sim};
    /// let sim = Sim::seeded(1);
    /// let asked = sim.root().spawn("lookup", async move |me| {
    ///     let names = [String::from("a"), String::from("b")];
    ///     for name in &names {
    ///         me.scope("ask", async |me| { me.sleep(millis(name.len() as u64)).await }).timeout(millis(5)).await?;
    ///     }
    ///     Ok::<_, Ended>(names.len())
    /// });
    /// assert_eq!(sim.block_on(asked).unwrap(), 2);
    /// ```
    #[track_caller]
    pub fn scope<F, Fut>(self, name: &'static str, body: F) -> Scope<F, Fut>
    where
        F: FnOnce(AnyNode) -> Fut,
        Fut: Future,
    {
        let side = Side { owner: self, name, place: Location::caller(), limit: None, deadline: None, node: None, is_done: false };
        Scope { side, body: Some(body), future: None }
    }
}

impl<F, Fut> Scope<F, Fut> {
    /// Ends it as [`Ended::TimedOut`] if it is not done `limit` after its first poll.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.side.limit = Some(self.side.limit.map_or(limit, |before| before.min(limit)));
        self
    }

    /// Ends it as [`Ended::TimedOut`] if it is not done at `at`.
    pub fn deadline(mut self, at: Instant) -> Self {
        self.side.deadline = Some(self.side.deadline.map_or(at, |before| before.min(at)));
        self
    }
}

impl<F, Fut> fmt::Debug for Scope<F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("name", &self.side.name).field("node", &self.side.node.as_ref().map(|node| node.1)).finish()
    }
}

/// A scope's code is on the stack; however it leaves.
struct Polling<'c> {
    core: &'c Rc<TreeCore>,
    slot: WideRef,
    before: Option<AnyNode>,
}

impl<'c> Polling<'c> {
    fn begin(core: &'c Rc<TreeCore>, slot: WideRef) -> Polling<'c> {
        let ext = slot.ext();
        ext.runs.set(ext.runs.get().saturating_add(1));
        slot.waits.set(waits::NOTHING);
        slot.lent.set(Slot::EXCLUSIVE);
        Polling { core, slot, before: core.enter(Some(AnyNode::of(*slot))) }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.core.exit(self.before);
        self.slot.lent.set(0);
        if self.slot.ext().word.look() && self.slot.state.get() == State::Live {
            self.core.wake_poller(self.slot, false);
        }
        self.core.settle(*self.slot);
    }
}

impl<F: FnOnce(AnyNode) -> Fut, Fut: Future> Future for Scope<F, Fut>
where
    Fut::Output: Outcome,
{
    type Output = Result<<Fut::Output as Outcome>::T, <Fut::Output as Outcome>::E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: `future` is the only field that is pinned: it is set while it is `None`, polled in place and set to `None` in place.
        // No other field is structurally pinned, and `Drop` moves nothing out of it.
        let this = unsafe { self.get_unchecked_mut() };
        if let Some(body) = this.body.take() {
            let (core, node) = match this.side.begin() {
                Ok(begun) => begun,
                Err(ended) => return Poll::Ready(Err(ended.into())),
            };
            let polling = Polling::begin(&core, node.slot.wide());
            this.future = Some(body(node));
            drop(polling);
        }
        let (core, slot) = match this.side.resume(context) {
            Ok(running) => running,
            Err(ended) => {
                this.future = None;
                return Poll::Ready(Err(this.side.give_up(ended).into()));
            }
        };
        let waker = crate::waker::lend(slot);
        let polling = Polling::begin(&core, slot);
        let future = this.future.as_mut().expect("set at the first poll");
        // SAFETY: as above: the future stays where it is until it is dropped there.
        let polled = unsafe { Pin::new_unchecked(future) }.poll(&mut Context::from_waker(&waker));
        drop(polling);
        let Poll::Ready(outcome) = polled else { return Poll::Pending };
        let ended = this.side.clear_for_end();
        this.future = None;
        if let Err(ended) = ended {
            return Poll::Ready(Err(this.side.give_up(ended).into()));
        }
        this.side.finish();
        Poll::Ready(outcome.into_result())
    }
}

/// Another has ended the node, or is about to.
struct EndedByAnother;

impl Side {
    /// Makes the node, at the first poll.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    fn begin(&mut self) -> Result<(Rc<TreeCore>, AnyNode), Ended> {
        let (core, slot) = self.owner.begin(super::Closing::Refuses, self.name, Kind::SCOPE, self.place, ())?;
        let node = AnyNode::of(*slot);
        let now = core.now();
        for at in self.limit.map(|limit| now + limit).into_iter().chain(self.deadline) {
            core.set_deadline(slot, now, at);
        }
        self.node = Some((Rc::clone(&core), node));
        Ok((core, node))
    }

    /// Before a poll: notes who waits.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn resume(&self, context: &Context<'_>) -> Result<(Rc<TreeCore>, WideRef), EndedByAnother> {
        let (core, node) = self.node.as_ref().expect("a scope gives its result once: it was polled after that");
        if node.living().is_none() {
            return Err(EndedByAnother);
        }
        let waiter = waiter_of(context, core, waits::REQUEST);
        let slot = node.slot.wide();
        drop(slot.ext().told.replace(waiter.into()));
        Ok((Rc::clone(core), slot))
    }

    /// The future is ready: what the scope owns goes.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn clear_for_end(&mut self) -> Result<(), EndedByAnother> {
        match &self.node {
            Some((core, node)) if node.readable().is_some() => core.clear_for_end(node.slot),
            _ => return Err(EndedByAnother),
        }
        self.is_done = true;
        Ok(())
    }

    /// The node was ended by another: why.
    fn give_up(&mut self, _: EndedByAnother) -> Ended {
        let (core, node) = self.node.take().expect("asked once, by whoever found it ended");
        let told = node.slot.wide().ext().told.take();
        let ended = core.ended_of(node, told);
        match node.readable() {
            Some(slot) => slot.clear(Flag::Held), // Who ends it gives the slot back.
            None => core.give_up(node.slot),
        }
        ended
    }

    /// The node ends with its future.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn finish(&mut self) {
        let Some((core, node)) = self.node.take() else { return };
        let Some(slot) = node.readable() else {
            drop(node.slot.wide().ext().told.take());
            core.give_up(node.slot);
            return;
        };
        slot.clear(Flag::Held);
        drop(slot.wide().ext().take_waiter());
        match slot.state.get() {
            State::Live => drop(core.free(slot, &End::dropped(&core))),
            // Cleared by its own end: what is left is the node itself.
            _ if self.is_done => {
                core.conclude(slot.wide(), false);
                core.settle(slot);
            }
            // It is dropped by the free that ends its node, which goes on with that.
            _ => {}
        }
    }
}

impl<F, Fut> Drop for Scope<F, Fut> {
    fn drop(&mut self) {
        self.side.finish();
    }
}
