//! Requests: computations that will finish later, each a node that owns what it needs.

mod cell;
mod completer;
mod drive;
mod life;
mod outcome;
mod receive;
mod run;
mod scope;

pub use completer::Completer;
pub use drive::DriveError;
pub(crate) use life::{own_waiter_of, timed_out, waiter_of};
pub use outcome::Outcome;
pub use scope::Scope;

use crate::arena::value::Room;
use crate::arena::{Flag, Kind, KindOf, Place, Queue, SlotRef, State, WideRef};
use crate::ended::Ended;
use crate::node::AnyNode;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::waits;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use cell::Stage;
use core::fmt;
use core::fmt::Display;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::panic::Location;
use core::time::Duration;
use receive::Receive;

/// The owning handle of a running computation, made by [`AnyNode::spawn`]: awaiting it gives its result, dropping it abandons it,
/// [`detach`](Request::detach) leaves it to the tree. (smol's `Task`, tevent's request.)
///
/// Not in the prelude: many protocols have a request of their own.
///
/// Awaiting is cancel-safe as a value: the result waits in the `Request` until it is received; but dropping the `Request` abandons.
/// Polled again after it gave its result, it panics.
#[must_use = "dropping a request abandons it: await it or `detach` it"]
pub struct Request<T, E = Ended> {
    /// Its own; of one that was refused, the owner's.
    slot: SlotRef,
    /// Until the result was received, or it was detached.
    held: Option<Held>,
    error: OfError<E>,
    result: PhantomData<fn(T) -> T>,
}

/// What is known of a request's error.
type OfError<E> = fn(About<'_, E>) -> Option<E>;

/// What a handle has.
enum Held {
    /// Its slot, in this tree: while it has that, no other tenant comes there.
    Slot(Rc<TreeCore>),
    /// Why nothing was begun.
    Refused(Box<Ended>),
}

/// Whether a computation may begin where a shutdown is under way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    Refuses,
    Allows,
}

/// What only the maker of a request knew of its error's type.
enum About<'a, E> {
    /// It can be made of this.
    From(Ended),
    /// Unreceived, it is handed to law 17: of that slot, which has ended.
    Lost(&'a TreeCore, SlotRef, E),
}

fn about<E: From<Ended> + Display + 'static>(about: About<'_, E>) -> Option<E> {
    match about {
        About::From(ended) => Some(ended.into()),
        About::Lost(core, slot, error) => {
            core.failed_unreceived(AnyNode::of_tenant(slot), error);
            None
        }
    }
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
        self.spawn_in(Closing::Refuses, name, body, Location::caller())
    }

    #[inline(always)]
    fn spawn_in<F, Fut>(
        self,
        closing: Closing,
        name: &'static str,
        body: F,
        place: Place,
    ) -> Request<<Fut::Output as Outcome>::T, <Fut::Output as Outcome>::E>
    where
        F: FnOnce(AnyNode) -> Fut + 'static,
        Fut: Future + 'static,
        Fut::Output: Outcome,
    {
        let kind = Stage::<F, Fut, Result<_, _>>::KIND;
        // In a page what is the same for all types is there once; elsewhere all is in line but what is rare.
        if cfg!(target_family = "wasm") {
            return match self.begin(closing, name, kind, place, body) {
                Ok((core, slot)) => Request::queued(core, slot),
                Err(ended) => Request::refused(self, ended),
            };
        }
        let refused = match self.may_begin(closing) {
            Ok((core, owner)) => match Room::at_hand(&core, kind.kind()).or_else(|| Room::find(&core, kind.kind())) {
                Some(room) => return Request::begun_in(core, owner, &room, name, kind, place, body),
                None => self.ended_freed(),
            },
            Err(ended) => ended,
        };
        drop(body); // Its drop may panic: nothing is made before.
        Request::refused(self, refused)
    }

    /// The slot of a computation that begins here, held by its handle, with what its value begins with.
    #[inline(always)]
    pub(crate) fn begin<V>(
        self,
        closing: Closing,
        name: &'static str,
        kind: KindOf<V>,
        place: Place,
        value: V,
    ) -> Result<(Rc<TreeCore>, WideRef), Ended> {
        if cfg!(target_family = "wasm") {
            let (core, room) = self.begin_empty(closing, name, kind.kind(), place)?;
            room.write(kind, value);
            return Ok((core, room.slot().wide()));
        }
        let (core, owner) = self.may_begin(closing)?;
        let Ok(slot) = core.make_with(owner, kind, place, Flag::Held as u8, value) else { return Err(self.ended_freed()) };
        slot.set_name(name);
        Ok((core, slot.wide()))
    }

    #[inline(always)]
    fn may_begin(self, closing: Closing) -> Result<(Rc<TreeCore>, SlotRef), Ended> {
        let Some(owner) = self.living_or_growing() else { return Err(self.ended_freed()) };
        let core = owner.core();
        if closing == Closing::Refuses
            && let Some(ended) = core.refuses(self)
        {
            return Err(ended);
        }
        Ok((core, owner))
    }

    /// As [`begin`](AnyNode::begin), but for the value. In a page it is there once for all types.
    #[inline(never)]
    fn begin_empty(self, closing: Closing, name: &'static str, kind: &'static Kind, place: Place) -> Result<(Rc<TreeCore>, Room), Ended> {
        let (core, owner) = self.may_begin(closing)?;
        let Some(room) = core.find_and_move_in(Some(owner), kind, place, Flag::Held as u8) else { return Err(self.ended_freed()) };
        room.slot().set_name(name);
        Ok((core, room))
    }
}

/// A request that began runs with the woken ones.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
fn queue_first(core: &TreeCore, slot: WideRef) {
    slot.waits.set(waits::TURN);
    core.enqueue(Queue::Ready, slot);
    core.poke();
}

impl<T, E: From<Ended> + Display + 'static> Request<T, E> {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn begun_in<V>(
        core: Rc<TreeCore>,
        owner: SlotRef,
        room: &Room,
        name: &'static str,
        kind: KindOf<V>,
        place: Place,
        body: V,
    ) -> Request<T, E> {
        let slot = core.make_in(room, owner, kind, place, Flag::Held as u8, body).wide();
        slot.set_name(name);
        Request::queued(core, slot)
    }

    /// One that runs with the woken ones.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn queued(core: Rc<TreeCore>, slot: WideRef) -> Request<T, E> {
        queue_first(&core, slot);
        Request::begun(core, *slot)
    }

    fn begun(core: Rc<TreeCore>, slot: SlotRef) -> Request<T, E> {
        Request { slot, held: Some(Held::Slot(core)), error: about, result: PhantomData }
    }

    fn refused(owner: AnyNode, ended: Ended) -> Request<T, E> {
        Request { slot: owner.slot, held: Some(Held::Refused(Box::new(ended))), error: about, result: PhantomData }
    }
}

impl<T, E> Request<T, E> {
    /// The request's node; stale once it ended.
    pub fn node(&self) -> AnyNode {
        let serial = if self.has_slot() { self.slot.generation.of_tenant() } else { 0 };
        AnyNode { slot: self.slot, serial }
    }

    fn has_slot(&self) -> bool {
        matches!(self.held, Some(Held::Slot(_)))
    }

    /// Ends it as [`Ended::TimedOut`] if it is not done `limit` after this call. Of several limits the earliest counts. On a finished
    /// request nothing.
    #[inline(always)]
    pub fn timeout(self, limit: Duration) -> Self {
        // Not dropped here, nothing has to be kept for that in memory.
        let this = ManuallyDrop::new(self);
        if let Some(Held::Slot(core)) = &this.held {
            core.limit_to(this.slot, limit);
        }
        ManuallyDrop::into_inner(this)
    }

    /// As [`timeout`](Request::timeout), with the instant itself.
    pub fn deadline(self, at: Instant) -> Self {
        if let Some(Held::Slot(core)) = &self.held {
            let now = core.now();
            if !core.notes_limit(self.slot, at - now) {
                core.limit(self.slot, now, at);
            }
        }
        self
    }

    /// Marks it as one that [`shutdown`](AnyNode::shutdown) ends where it awaits, at once, while its node stays and owns what it
    /// owns: an accept loop stops, its connections are served.
    pub fn background(self) -> Self {
        if let Some(slot) = self.node().readable() {
            slot.set(Flag::Background);
            slot.peek_core().parts.end_background.set(Some(TreeCore::end_background));
        }
        self
    }

    /// Labels its node: [`AnyNode::label`].
    pub fn label(self, label: impl Into<String>) -> Self {
        self.node().label(label);
        self
    }

    /// Leaves it to the tree: it runs on under its owner, and a failure goes to law 17. Gives its node, stale if it ended already.
    pub fn detach(mut self) -> AnyNode {
        let node = self.node();
        if let Some(slot) = node.readable()
            && slot.state.get() == State::Live
        {
            slot.clear(Flag::Held);
            self.held = None;
        }
        node
    }

    /// Calls `handler` with the result, in a turn after the request ended; for code that is not `async`.
    ///
    /// The returned node, under the request's owner, holds handler and request: when the request is freed the handler gets
    /// [`Ended::Freed`]; freeing the returned node, or its owner, drops the handler uncalled and abandons the request. It may be called
    /// while the owner shuts down: what was begun, or refused, has somebody who waits for it.
    #[track_caller]
    pub fn on_result<R>(self, handler: impl FnOnce(Result<T, E>) -> R + 'static) -> AnyNode
    where
        T: 'static,
        E: 'static,
    {
        let owner = self.owner();
        let body = move |_: AnyNode| async move {
            handler(Receive(self).await);
        };
        owner.spawn_in(Closing::Allows, "on_result", body, Location::caller()).detach()
    }

    /// Whose child it is, was, or should have become.
    fn owner(&self) -> AnyNode {
        let node = self.node();
        if self.has_slot() {
            return node.known_owner().unwrap_or(node);
        }
        // A refused one has the owner's slot, and what it is told has the owner's id.
        AnyNode { slot: self.slot, serial: self.refusal_told().map_or(0, |ended| ended.node().serial) }
    }

    /// Why nothing was begun.
    fn refusal_told(&self) -> Option<&Ended> {
        match &self.held {
            Some(Held::Refused(ended)) => Some(ended),
            _ => None,
        }
    }
}

impl<T, E> fmt::Debug for Request<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.node()).finish()
    }
}
