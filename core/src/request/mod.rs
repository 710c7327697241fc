//! Requests: computations that will finish later, each a node that owns what it needs.

mod cell;
mod completer;
mod drive;
mod life;
mod outcome;
mod scope;

pub use completer::Completer;
pub use drive::DriveError;
pub(crate) use life::{place_of_end, waiter_of};
pub use outcome::Outcome;
pub use scope::Scope;

use crate::arena::{Flag, QueueId, SlotRef, State, Told, value};
use crate::ended::Ended;
use crate::free::End;
use crate::node::AnyNode;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::waits;
use alloc::rc::Rc;
use alloc::string::String;
use cell::Stage;
use core::fmt;
use core::fmt::Display;
use core::future::Future;
use core::marker::PhantomData;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

/// The owning handle of a running computation, made by [`AnyNode::spawn`]: awaiting it gives its result, dropping it abandons it,
/// [`detach`](Request::detach) leaves it to the tree. (smol's `Task`, tevent's request.)
///
/// Not in the prelude: many protocols have a request of their own.
///
/// Awaiting is cancel-safe as a value: the result waits in the `Request` until it is received; but dropping the `Request` abandons.
#[must_use = "dropping a request abandons it: await it or `detach` it"]
pub struct Request<T, E = Ended> {
    /// Nothing once the result was received, or where there never was a node.
    core: Option<Rc<TreeCore>>,
    node: AnyNode,
    /// Why nothing was begun.
    refused: Option<Ended>,
    convert: fn(Ended) -> E,
    /// Hands an unreceived failure to law 17.
    unreceived: fn(&TreeCore, SlotRef, Option<AnyNode>, E),
    result: PhantomData<fn(T) -> T>,
}

impl AnyNode {
    /// Begins a computation under this node: `body` is called with the request's own node, and what it makes there ends with it.
    ///
    /// None of its code runs now: it first runs where it is first awaited, or else with the woken requests. If this node is stale or
    /// ending, `body` is dropped uncalled and the request ends as [`Ended::Freed`]; under a node that shuts down, as
    /// [`Ended::Cancelled`].
    ///
    /// ```
    /// use hamadryad::{Ended, secs, sim::Sim};
    /// let sim = Sim::seeded(1);
    /// let answer = sim.root().spawn("answer", async move |me| { me.sleep(secs(1)).await?; Ok::<_, Ended>(42) });
    /// assert_eq!(sim.block_on(answer).unwrap(), 42);
    /// ```
    #[track_caller]
    pub fn spawn<F, Fut>(self, name: &'static str, body: F) -> Request<<Fut::Output as Outcome>::T, <Fut::Output as Outcome>::E>
    where
        F: FnOnce(AnyNode) -> Fut + 'static,
        Fut: Future + 'static,
        Fut::Output: Outcome,
    {
        let stage: Stage<F, Fut, <Fut::Output as Outcome>::T, <Fut::Output as Outcome>::E> = Stage::Body(body);
        let place = Location::caller();
        match self.begin() {
            Err(ended) => Request::refused(self, ended),
            Ok(core) => match core.make(self, Stage::kind_of(&stage), place) {
                Err(_) => Request::refused(self, self.ended_freed()),
                Ok(slot) => {
                    let node = value::fill(slot, stage);
                    slot.set_name(name);
                    slot.set(Flag::Held);
                    slot.waits.set(waits::TURN);
                    core.lists.push(QueueId::Ready, slot);
                    core.poke();
                    Request::begun(core, node)
                }
            },
        }
    }

    /// Whether a computation may begin here.
    pub(crate) fn begin(self) -> Result<Rc<TreeCore>, Ended> {
        let core = self.growing().map(SlotRef::core).ok_or_else(|| self.ended_freed())?;
        if core.may_begin(self) { Ok(core) } else { Err(self.ended_cancelled()) }
    }
}

impl<T, E: From<Ended> + Display + 'static> Request<T, E> {
    fn begun(core: Rc<TreeCore>, node: AnyNode) -> Request<T, E> {
        Request { core: Some(core), node, refused: None, convert: E::from, unreceived: TreeCore::failed_unreceived, result: PhantomData }
    }

    fn refused(owner: AnyNode, ended: Ended) -> Request<T, E> {
        Request {
            core: None,
            node: owner.stale(),
            refused: Some(ended),
            convert: E::from,
            unreceived: TreeCore::failed_unreceived,
            result: PhantomData,
        }
    }
}

impl<T, E> Request<T, E> {
    /// The request's node; stale once it ended.
    pub fn node(&self) -> AnyNode {
        self.node
    }

    /// Ends it as [`Ended::TimedOut`] if it is not done `limit` after this call. Of several limits the earliest counts. On a finished
    /// request nothing.
    pub fn timeout(self, limit: Duration) -> Self {
        if let Some(core) = &self.core {
            let at = core.now() + limit;
            self.set_deadline(at);
        }
        self
    }

    /// As [`timeout`](Request::timeout), with the instant itself.
    pub fn deadline(self, at: Instant) -> Self {
        self.set_deadline(at);
        self
    }

    fn set_deadline(&self, at: Instant) {
        if let (Some(core), Some(slot)) = (&self.core, self.node.growing()) {
            core.set_deadline(slot, at);
        }
    }

    /// Marks it as one that [`shutdown`](AnyNode::shutdown) ends where it awaits, at once, while its node stays and owns what it
    /// owns: an accept loop stops, its connections are served.
    pub fn background(self) -> Self {
        if let Some(slot) = self.node.readable() {
            slot.set(Flag::Background);
        }
        self
    }

    /// Labels its node: [`AnyNode::label`].
    pub fn label(self, label: impl Into<String>) -> Self {
        self.node.label(label);
        self
    }

    /// Leaves it to the tree: it runs on under its owner, and a failure goes to law 17. Gives its node, stale if it ended already.
    pub fn detach(mut self) -> AnyNode {
        if let Some(slot) = self.node.readable()
            && slot.state.get() == State::Live
        {
            slot.clear(Flag::Held);
            self.core = None;
        }
        self.node
    }

    /// Calls `handler` with the result, in a turn after the request ended; for code that is not `async`.
    ///
    /// The returned node, under the request's owner, holds handler and request: when the request is freed the handler gets
    /// [`Ended::Freed`]; freeing the returned node, or its owner, drops the handler uncalled and abandons the request.
    #[track_caller]
    pub fn on_result<R>(self, handler: impl FnOnce(Result<T, E>) -> R + 'static) -> AnyNode
    where
        T: 'static,
        E: 'static,
    {
        let owner = self.owner();
        let request = owner.spawn("on_result", move |_: AnyNode| async move {
            handler(Receive(self).await);
        });
        request.detach()
    }

    /// Whose child it is, or was; a request that was refused has none.
    fn owner(&self) -> AnyNode {
        match self.node.readable() {
            Some(slot) => slot.parent.get().map_or(self.node, AnyNode::of),
            None if self.core.is_some() => {
                let noted = self.node.slot.noted().map(|(slot, serial)| AnyNode { slot, serial });
                noted.unwrap_or(self.node)
            }
            None => self.node,
        }
    }

    fn poll_result(&mut self, context: &mut Context<'_>) -> Poll<Result<T, E>> {
        if let Some(ended) = self.refused.take() {
            return Poll::Ready(Err((self.convert)(ended)));
        }
        let core = self.core.take().expect("a request gives its result once: it was polled after that");
        if let Some(slot) = self.node.readable()
            && !(core.run_in_place(slot) && self.node.readable().is_none())
        {
            let waiter = waiter_of(context, &core, waits::REQUEST);
            drop(slot.wide().told.replace(Told::Waiter(waiter)));
            self.core = Some(core);
            return Poll::Pending;
        }
        Poll::Ready(self.receive(&core))
    }

    /// What an ended request has for its receiver; then the slot is given up.
    fn receive(&mut self, core: &TreeCore) -> Result<T, E> {
        let slot = self.node.slot;
        let result = match slot.wide().told.take() {
            Told::Result => cell::take(slot).unwrap_or_else(|| Err((self.convert)(self.node.ended_freed()))),
            told => Err((self.convert)(core.ended_of(self.node, told))),
        };
        core.give_up(slot);
        result
    }
}

impl TreeCore {
    /// A handle lets go of an ended request's slot.
    fn give_up(&self, slot: SlotRef) {
        slot.clear(Flag::Held);
        slot.waits.set(waits::NOTHING); // A result is received by now.
        match slot.state.get() {
            State::Deferred => self.settle(slot),
            _ => self.retire(slot),
        }
    }
}

/// Receives without asking `E` for a conversion: the request carries it.
struct Receive<T, E>(Request<T, E>);

impl<T, E> Future for Receive<T, E> {
    type Output = Result<T, E>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_result(context)
    }
}

impl<T, E: From<Ended>> Future for Request<T, E> {
    type Output = Result<T, E>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_result(context)
    }
}

impl<T, E> fmt::Debug for Request<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.node).finish()
    }
}

impl<T, E> Drop for Request<T, E> {
    fn drop(&mut self) {
        let Some(core) = self.core.take() else { return };
        let slot = self.node.slot;
        if self.node.is_alive() {
            if slot.state.get() == State::Live {
                slot.clear(Flag::Held);
                core.free(slot, &End::dropped(&core));
                return;
            }
            // It is ending right now: whoever ends it gives the slot back.
            slot.clear(Flag::Held);
            return;
        }
        self.discard(&core);
    }
}

impl<T, E> Request<T, E> {
    /// An ended request is dropped unreceived: a failure goes to law 17.
    fn discard(&mut self, core: &TreeCore) {
        let slot = self.node.slot;
        let noted = slot.noted().map(|(slot, serial)| AnyNode { slot, serial });
        let told = slot.wide().told.take();
        let own_limit = matches!(&told, Told::Ended(place, cause) if cause.limit().is_some() && Some(*place) == slot.place.get());
        let (failed, result) = match told {
            Told::Result => match cell::take::<T, E>(slot) {
                Some(Err(error)) => (Some(error), None),
                done => (None, done),
            },
            told @ Told::Facts(_) => (Some((self.convert)(core.ended_of(self.node, told))), None),
            told @ Told::Ended(..) if own_limit => (Some((self.convert)(core.ended_of(self.node, told))), None),
            _ => (None, None),
        };
        if let Some(error) = failed {
            (self.unreceived)(core, slot, noted, error);
        }
        core.give_up(slot);
        drop(result);
    }
}
