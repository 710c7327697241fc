//! Freeing: hooks, children, value, memory; iterative and without an allocation (laws 2 to 5).
//!
//! Any piece of user code on the way may free, move, keep or insert. So every state is set before a call, and everything is looked at
//! again after it. A free inside a free takes over all that the outer one had left, except the nodes whose own code is on the stack:
//! those are unlinked and stale at once, and their code's return ends them. The outer free then finds its node stale and is done.

use crate::arena::{Class, Flag, KindEnd, Place, SlotRef, State, TimerRef, Told, WideRef, value};
use crate::extras::Extras;
use crate::node::AnyNode;
use crate::pending::Queued;
use crate::request::timed_out;
use crate::time::Instant;
use crate::tree::TreeCore;
use core::panic::Location;

/// What a free did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freed {
    /// The node is gone.
    Gone {
        /// How many descendants a hook kept; what hangs below them is not counted.
        survivors: usize,
    },
    /// One of its own hooks kept it.
    Kept,
    /// A free of it, or of something above it, is under way.
    AlreadyEnding,
    /// It was gone before.
    Stale,
}

/// What an [`on_free`](AnyNode::on_free) hook answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFree {
    /// The free goes on.
    Proceed,
    /// The node stays. Not for requests, the root, and anything in a tree that is dropped or whose root is freed.
    Keep,
}

/// By whom, where and why something ends.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) place: Place,
    pub(crate) by: Option<AnyNode>,
    pub(crate) cause: Cause,
}

/// Why something ends from outside: one word, for it is stored in a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause(u64);

impl Cause {
    pub(crate) const FREED: Cause = Cause(0);
    const OWN: u64 = 1 << 63;

    /// A limit of that many nanoseconds has passed.
    pub(crate) fn timed_out(nanos: u64) -> Cause {
        Cause(nanos.min(Self::OWN - 2) + 1)
    }

    /// The same limit, told to the one that it was set for; to what hangs below, it is somebody else's.
    fn of_its_own(self) -> Cause {
        Cause(self.0 | Self::OWN)
    }

    pub(crate) fn is_its_own(self) -> bool {
        self.0 & Self::OWN != 0
    }

    /// The limit in nanoseconds, if it was one.
    pub(crate) fn limit(self) -> Option<u64> {
        (self.0 & !Self::OWN).checked_sub(1)
    }
}

impl End {
    pub(crate) fn freed(place: Place, by: Option<AnyNode>) -> End {
        End { place, by, cause: Cause::FREED }
    }

    /// An end by a dropped handle names whose code ran.
    pub(crate) fn dropped(core: &TreeCore) -> End {
        let by = core.running();
        let place = by.and_then(AnyNode::readable).and_then(|slot| slot.place.get()).unwrap_or(core.place);
        End::freed(place, by)
    }
}

/// What the hooks of a node said.
pub(crate) enum Answer {
    Proceed,
    Keep,
    /// A nested free took the node over.
    Taken,
}

impl AnyNode {
    /// Frees the node and all below it, now: its hooks (which may keep it), its children, newest first, then its value, then the
    /// memory. When this returns no code of the subtree will be called again, and its handles are stale; what is on the stack already
    /// (a callback that frees its own node) runs on, and its value is dropped when it returns.
    ///
    /// On a stale or ending node nothing happens, and the answer says so. Panics of hooks and drops are caught and go to
    /// [`on_failure`](AnyNode::on_failure).
    #[track_caller]
    #[inline]
    pub fn free(self) -> Freed {
        match self.readable() {
            Some(slot) if slot.is_leaf() && slot.kind.get().end == KindEnd::Chunk => {
                slot.peek_core().free_plain_leaf(slot, Location::caller());
                Freed::Gone { survivors: 0 }
            }
            Some(slot) => Self::free_any(slot, Location::caller()),
            None => Freed::Stale,
        }
    }

    #[inline(never)]
    fn free_any(slot: SlotRef, place: Place) -> Freed {
        if slot.peek_core().free_quiet_leaf(slot, place) {
            return Freed::Gone { survivors: 0 };
        }
        if slot.state.get() != State::Live {
            return Freed::AlreadyEnding;
        }
        let core = slot.core();
        core.free(slot, &End::freed(place, core.running()))
    }

    /// Frees all children there are, newest first, and says how many their own hooks kept; the node itself stays. What a `Drop` adds
    /// meanwhile stays, too. On a stale or ending node nothing happens, and the answer says so.
    #[track_caller]
    pub fn free_children(self) -> Freed {
        let Some(slot) = self.readable() else { return Freed::Stale };
        if slot.state.get() == State::Ending {
            return Freed::AlreadyEnding;
        }
        let core = slot.core();
        let end = End::freed(Location::caller(), core.running());
        Walk::new(&core, &end).children_of_living(slot)
    }

    /// Calls `hook` when the node is about to be freed, before its children end. Several hooks are asked newest first; the first
    /// [`Keep`](OnFree::Keep) ends the asking, and all stay. On a stale or ending node the hook is dropped uncalled.
    ///
    /// A kept descendant of what is freed is adopted by the nearest ancestor that is not ending.
    pub fn on_free(self, hook: impl FnMut(AnyNode) -> OnFree + 'static) {
        let Some(slot) = self.growing() else { return };
        slot.extras_or_new().add_hook(alloc::boxed::Box::new(hook), |walk, slot| walk.ask_hooks(slot));
    }
}

impl TreeCore {
    /// Frees a node that has nothing but a value without `Drop`.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn free_plain_leaf(&self, slot: SlotRef, place: Place) {
        self.unlink(slot);
        slot.note_owner();
        self.vacate_leaf(slot, place);
    }

    /// The slot of a leaf that was unlinked, and its chunk, go back.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn vacate_leaf(&self, slot: SlotRef, place: Place) {
        slot.generation.advance();
        slot.state.set(State::Vacant);
        slot.place.set(Some(place));
        self.pages.give_narrow(slot);
        value::free_chunk(self, slot);
    }

    /// Frees a node if its end runs no code.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn free_quiet_leaf(&self, slot: SlotRef, place: Place) -> bool {
        let is_quiet = self.ends_quietly(slot);
        if is_quiet {
            self.free_plain_leaf(slot, place);
        }
        is_quiet
    }

    /// As [`free_quiet_leaf`](TreeCore::free_quiet_leaf), of the newest child of that owner: the links that it has are known.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn free_newest_quiet_leaf(&self, owner: SlotRef, slot: SlotRef, place: Place) -> bool {
        if cfg!(target_family = "wasm") {
            return self.free_quiet_leaf(slot, place); // In a page small code counts for more.
        }
        debug_assert!(slot.parent.get() == Some(owner) && slot.newer.get().is_none());
        let is_quiet = self.ends_quietly(slot);
        if is_quiet {
            let older = slot.older.get();
            owner.child.set(older);
            if let Some(older) = older {
                older.newer.set(None);
            }
            slot.note_owner_of_ended(owner);
            self.vacate_leaf(slot, place);
        }
        is_quiet
    }

    /// Whether the end of a node runs no code; a timer has left its heap then.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn ends_quietly(&self, slot: SlotRef) -> bool {
        let kind = slot.kind.get();
        let is_quiet = slot.is_leaf() && kind.end != KindEnd::Code;
        if is_quiet && kind.class == Class::Timer {
            self.disarm(slot);
        }
        is_quiet
    }

    /// A timer leaves the heap.
    #[inline(never)]
    fn disarm(&self, slot: SlotRef) {
        self.timers.remove(TimerRef::of(slot));
    }

    /// Frees a node that is alive and not ending.
    pub(crate) fn free(&self, top: SlotRef, end: &End) -> Freed {
        let mut walk = Walk::new(self, end);
        if walk.one(top) { Freed::Kept } else { Freed::Gone { survivors: walk.survivors } }
    }

    /// Frees a node, but for its value, which `take` moves out. It is not called when a hook keeps the node, or a nested free was
    /// faster.
    pub(crate) fn take_out(&self, slot: SlotRef, end: &End, take: impl FnOnce()) {
        let mut walk = Walk::new(self, end);
        if !matches!(walk.ask(slot), Answer::Proceed) {
            return;
        }
        slot.state.set(State::Ending);
        let node = AnyNode::of(slot);
        walk.below(slot);
        if node.readable().is_none() {
            return;
        }
        if !slot.on_stack() {
            self.leave(slot);
            take();
            if slot.kind.get().class != Class::Timer {
                slot.set(Flag::NoValue);
            }
        }
        walk.finish(slot);
    }

    /// A request ends by itself: its hooks are told, what it still owns is freed.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn clear_for_end(&self, slot: SlotRef) {
        if slot.child.get().is_none() && slot.extras.get().is_none() && slot.state.get() == State::Live {
            slot.state.set(State::Ending);
        } else {
            self.clear_all(slot);
        }
    }

    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn clear_all(&self, slot: SlotRef) {
        if slot.child.get().is_none() && slot.extras.get().is_none() {
            return;
        }
        let end = End::dropped(self);
        let mut walk = Walk::new(self, &end);
        if slot.state.get() == State::Live {
            walk.ask(slot);
        }
        if matches!(slot.state.get(), State::Live | State::Asking) {
            slot.state.set(State::Ending);
        }
        walk.below(slot);
    }

    /// The node's own code has returned: if it was freed meanwhile, it ends now.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn settle(&self, slot: SlotRef) {
        if !slot.has_returned() {
            return;
        }
        if slot.holds_result() && slot.extras.get().is_none() {
            // The handle gives the rest back when it has received that.
            slot.state.set(State::Vacant);
            return;
        }
        self.settle_rest(slot);
    }

    #[inline(never)]
    fn settle_rest(&self, slot: SlotRef) {
        if slot.holds_result() {
            self.drop_extras(slot);
            // Whoever holds it may have let go meanwhile.
            if slot.has(Flag::Held) {
                return slot.state.set(State::Vacant);
            }
        }
        self.drop_value(slot);
        self.retire(slot);
    }

    /// Drops the value, if it is there; a panic goes to law 17.
    pub(crate) fn drop_value(&self, slot: SlotRef) {
        if slot.has(Flag::NoValue) {
            return;
        }
        slot.set(Flag::NoValue);
        let kind = slot.kind.get();
        if let Some(drop) = if slot.has(Flag::Started) { kind.drop_started } else { kind.drop } {
            slot.set(Flag::InDrop);
            let alive = slot.state.get() != State::Deferred;
            slot.lent.set(crate::arena::Slot::EXCLUSIVE);
            self.protect(slot, alive, || value::drop_in_place(slot, drop));
            slot.lent.set(0);
            slot.clear(Flag::InDrop);
        }
    }

    /// Takes a node out of everything that could wake or call it.
    pub(crate) fn leave(&self, slot: SlotRef) {
        match slot.kind.get().class {
            Class::Timer if !slot.has(Flag::NoValue) => self.disarm(slot),
            Class::Source | Class::Watcher => {
                if let Some(leave) = slot.kind.get().leave {
                    leave(self, slot);
                }
            }
            Class::Request | Class::Scope => return self.leave_request(slot.wide()),
            Class::Soon => slot.wide().leave_list(),
            _ => {}
        }
        if slot.extras.get().is_some() {
            self.wake_dependents(slot, true);
        }
    }

    /// [`leave`](TreeCore::leave), of a request or scope.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn leave_request(&self, slot: WideRef) {
        self.forget_deadline(slot);
        if self.pending.has(Queued::Shutdowns) {
            self.poke(); // It may be the last that a shutdown waits for.
        }
        if slot.extras.get().is_some() {
            self.wake_dependents(*slot, true);
        }
    }

    /// Wakes who waits for that node's end, for its shutdown, or for news of it.
    #[cold]
    pub(crate) fn wake_dependents(&self, slot: SlotRef, by_end: bool) {
        let Some(extras) = slot.extras() else { return };
        for waiter in extras.dependents.borrow_mut().drain() {
            self.wake(waiter, by_end);
        }
    }

    /// [`retire`](TreeCore::retire), of a slot that nobody holds, and where most often nothing else is left.
    #[inline]
    pub(crate) fn retire_plain(&self, slot: SlotRef) {
        match slot.as_wide() {
            Some(wide) if slot.extras.get().is_none() && wide.ext().is_quiet() && self.pages.may_be_next(wide) => {
                slot.state.set(State::Vacant);
                self.pages.give_next(wide);
                value::free_chunk(self, slot);
            }
            _ => self.retire(slot),
        }
    }

    /// The node's slot, value and links are done with: what is left of its memory goes back.
    #[inline(never)]
    pub(crate) fn retire(&self, slot: SlotRef) {
        if slot.extras.get().is_some() {
            self.drop_extras(slot);
        }
        slot.state.set(State::Vacant);
        value::free_chunk(self, slot);
        if !slot.has(Flag::Held) {
            if let Some(wide) = slot.as_wide()
                && !wide.ext().is_quiet()
            {
                drop(wide.ext().told.take());
            }
            self.pages.give(slot);
        }
    }

    #[cold]
    fn drop_extras(&self, slot: SlotRef) {
        let Some(mut extras) = slot.take_extras() else { return };
        // Of what is held the label stays: a failure that is dropped unreceived is told with it.
        let label = if slot.has(Flag::Held) { extras.label.take() } else { None };
        // What a hook owns may let go of the request's handle while it is dropped: the slot is given back after that, by who called this.
        slot.state.set(State::Deferred);
        slot.set(Flag::InDrop);
        self.protect(slot, false, || *extras = Extras::none());
        slot.clear(Flag::InDrop);
        if label.is_some() && slot.has(Flag::Held) {
            extras.label.replace(label);
            slot.put_extras(extras);
        }
    }

    /// Unlinks a node and makes its handles stale.
    pub(crate) fn make_stale(&self, slot: SlotRef, end: &End) {
        self.unlink(slot);
        slot.note_owner();
        slot.generation.advance();
        match slot.kind.get().class {
            Class::Request | Class::Scope => self.tell(slot, end),
            Class::Root => {
                self.root_freed_at.set(Some(end.place));
                slot.place.set(Some(end.place));
                self.poke(); // A host learns of it by a turn.
            }
            _ => slot.place.set(Some(end.place)),
        }
    }

    /// Whoever waits for a request learns that it ended without a result.
    fn tell(&self, slot: SlotRef, end: &End) {
        let wide = slot.wide();
        wide.leave_list(); // Nobody can wake it from now on; until now its own end could.
        slot.place.set(Some(end.place));
        let mut told = Told::Nobody;
        if slot.has(Flag::Held) {
            if slot.has(Flag::Background) && wide.ext().has_facts() {
                return; // A shutdown ended its code before, and that is what is told.
            }
            slot.note_ender(wide.ext(), end.by.map(|node| (node.slot, node.serial)));
            let request = AnyNode::of_tenant(slot);
            told = match end.cause.limit() {
                None => Told::Ended(end.place, end.cause),
                Some(_) if end.by == Some(request) => Told::Ended(end.place, end.cause.of_its_own()),
                // Whose limit it was, people are told by its name, which will not be known when that slot has its next tenant.
                Some(limit) => Told::Facts(timed_out(request, end.by, end.place, limit)),
            };
        }
        if let Some(waiter) = wide.ext().told.replace(told).into_waiter() {
            self.wake(waiter, true);
        }
    }
}

/// One free on its way down and up.
pub(crate) struct Walk<'c> {
    core: &'c TreeCore,
    end: &'c End,
    survivors: usize,
}

impl<'c> Walk<'c> {
    fn new(core: &'c TreeCore, end: &'c End) -> Walk<'c> {
        Walk { core, end, survivors: 0 }
    }

    /// Frees one node and all below it. True when its own hooks kept it.
    fn one(&mut self, top: SlotRef) -> bool {
        if matches!(top.state.get(), State::Live | State::Asking) {
            match self.ask(top) {
                Answer::Keep => return true,
                Answer::Taken => return false,
                Answer::Proceed => {}
            }
        }
        top.state.set(State::Ending);
        if top.child.get().is_some() {
            let node = AnyNode::of(top);
            self.below(top);
            if node.readable().is_none() {
                return false;
            }
        }
        self.finish(top);
        false
    }

    /// Frees what is below a node that is ending. Goes down and up by the links alone.
    fn below(&mut self, base: SlotRef) {
        let mut current = base;
        loop {
            let here = AnyNode::of(current);
            match current.child.get() {
                Some(child) if self.core.free_newest_quiet_leaf(current, child, self.end.place) => {}
                Some(child) if matches!(child.state.get(), State::Live | State::Asking) => match self.ask(child) {
                    Answer::Proceed => {
                        child.state.set(State::Ending);
                        if !self.bring_back(child, here) {
                            return;
                        }
                        current = child;
                    }
                    Answer::Keep => self.adopt(child),
                    Answer::Taken if here.readable().is_none() => return,
                    Answer::Taken => {}
                },
                Some(child) => current = child,
                None if current == base => return,
                None => {
                    let parent = current.parent.get().expect("what is below another has a parent");
                    let up = AnyNode::of(parent);
                    self.finish(current);
                    if up.readable().is_none() {
                        return; // A nested free took over everything above as well.
                    }
                    current = parent;
                }
            }
        }
    }

    /// A hook may have moved its node, and said `Proceed`: it ends all the same, as part of this walk. False when the walk's own
    /// place is gone; the node was then ended by itself.
    fn bring_back(&mut self, child: SlotRef, here: AnyNode) -> bool {
        if child.parent.get() == here.readable() {
            return true;
        }
        if let Some(parent) = here.readable() {
            self.core.unlink(child);
            self.core.link(child, Some(parent));
            return true;
        }
        self.one(child);
        false
    }

    /// Asks a node's hooks.
    fn ask(&mut self, slot: SlotRef) -> Answer {
        match slot.extras().filter(|extras| extras.unasked.get() > 0).and_then(|extras| extras.asks.get()) {
            Some(asks) => asks(self, slot),
            None => Answer::Proceed,
        }
    }

    /// Newest first. If it is being asked further out on the stack already, those that are left are asked, so that none is lost; but
    /// nothing is kept then.
    fn ask_hooks(&mut self, slot: SlotRef) -> Answer {
        let asked_further_out = slot.state.replace(State::Asking) == State::Asking;
        let node = AnyNode::of(slot);
        while let Some((number, mut hook)) = slot.extras().and_then(|extras| extras.next_hook()) {
            slot.set(Flag::InHook);
            let answer = self.core.protect(slot, true, || hook(node));
            if !asked_further_out {
                slot.clear(Flag::InHook);
            }
            if node.readable().is_none() || slot.state.get() != State::Asking {
                self.core.protect(slot, false, move || drop(hook));
                self.core.settle(slot);
                return Answer::Taken;
            }
            slot.extras_or_new().put_back(number, hook);
            if answer == Some(OnFree::Keep) && !asked_further_out && self.may_stay(slot) {
                slot.extras_or_new().restore_hooks();
                slot.state.set(State::Live);
                return Answer::Keep;
            }
        }
        Answer::Proceed
    }

    fn may_stay(&self, slot: SlotRef) -> bool {
        let root_lives = self.core.living_root().is_some_and(|root| root.state.get() != State::Ending);
        // A node whose constructor has panicked has no value, and will have none.
        let has_value = !slot.has(Flag::NoValue) || slot.lent.get() != 0;
        root_lives && has_value && !self.core.closed.get() && !matches!(slot.kind.get().class, Class::Request | Class::Scope | Class::Root)
    }

    /// A kept node becomes the newest child of the nearest ancestor that is not ending.
    fn adopt(&mut self, kept: SlotRef) {
        self.survivors += 1;
        kept.clear(Flag::Doomed); // Whoever adopts it may be freeing its children: it was asked.
        let mut above = kept.parent.get();
        while let Some(slot) = above {
            if matches!(slot.state.get(), State::Live | State::Asking) {
                break;
            }
            above = slot.parent.get();
        }
        if above != kept.parent.get() && above.is_some() {
            self.core.unlink(kept);
            self.core.link(kept, above);
        }
    }

    /// Ends a node that has no children any more.
    fn finish(&mut self, slot: SlotRef) {
        let core = self.core;
        core.leave(slot);
        if slot.on_stack() {
            core.make_stale(slot, self.end);
            slot.state.set(State::Deferred);
            return;
        }
        core.drop_value(slot);
        if slot.state.get() != State::Deferred {
            core.make_stale(slot, self.end);
        }
        core.retire(slot);
    }

    fn children_of_living(&mut self, owner: SlotRef) -> Freed {
        let node = AnyNode::of(owner);
        let mut next = owner.child.get();
        while let Some(child) = next {
            child.set(Flag::Doomed);
            next = child.older.get();
        }
        while node.readable().is_some() {
            let mut next = owner.child.get();
            while let Some(child) = next.filter(|child| !child.has(Flag::Doomed)) {
                next = child.older.get();
            }
            let Some(child) = next else { break };
            child.clear(Flag::Doomed);
            if self.one(child) {
                self.survivors += 1;
            }
        }
        Freed::Gone { survivors: self.survivors }
    }
}

/// How long ago something was made.
pub(crate) fn age(now: Instant, slot: SlotRef) -> core::time::Duration {
    now - slot.birth.get()
}
