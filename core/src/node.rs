//! Handles to nodes: what a node is, where it is, and how one is made.

use crate::access::{Owned, Vacant};
use crate::arena::value::Room;
use crate::arena::{Class, Place, Serial, SlotRef, State, value_kind};
use crate::arena::{Kind, KindOf, OnceCell};
use crate::host::Host;
use crate::id::NodeId;
use crate::label::add_label;
use crate::loans::Record;
use crate::time::{Instant, WallClock};
use crate::tree::TreeCore;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::{Any, TypeId};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::ops::Deref;
use core::panic::Location;

/// The untyped handle of a node: `Copy`, `'static`, bound to its tree's thread. It never owns and never dangles: once the node is
/// freed the handle is *stale*, for ever, and every use of it says so.
///
/// Functions take `impl Into<AnyNode>`, so a [`Node<T>`] does as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnyNode {
    pub(crate) slot: SlotRef,
    pub(crate) serial: Serial,
}

/// The typed handle of a node with a value of type `T`. Derefs to [`AnyNode`].
///
/// It is invariant in `T` and cannot be sent to another thread:
///
/// ```compile_fail
/// # use hamadryad::{Node, sim::Sim};
/// let node: Node<i32> = Sim::seeded(1).root().insert(1);
/// std::thread::spawn(move || node.is_alive()); // `Node` is not `Send`: use `node.remote()`
/// ```
pub struct Node<T>(AnyNode, PhantomData<*mut T>);

/// Why nothing was inserted. The value comes back.
pub struct InsertError<T> {
    /// What was to be inserted.
    pub value: T,
    /// Why not.
    pub reason: InsertRefused,
}

/// Why nothing can be made under a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertRefused {
    /// The owner is gone.
    Stale,
    /// The owner is ending: nothing grows under it any more.
    Ending,
    /// The system has no memory.
    OutOfMemory,
}

impl fmt::Display for InsertRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InsertRefused::Stale => "the owner is stale",
            InsertRefused::Ending => "the owner is ending",
            InsertRefused::OutOfMemory => "out of memory",
        })
    }
}

impl core::error::Error for InsertRefused {}

impl<T> fmt::Debug for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not inserted: {}", self.reason)
    }
}

impl<T> core::error::Error for InsertError<T> {}

/// Why a node was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReparentError {
    /// The new owner is the node itself, or below it.
    WouldCycle,
    /// The new owner belongs to another tree.
    OtherTree,
    /// One of the two is gone.
    Stale,
    /// One of the two is ending.
    Ending,
}

impl fmt::Display for ReparentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReparentError::WouldCycle => "the new owner is below the node",
            ReparentError::OtherTree => "the new owner belongs to another tree",
            ReparentError::Stale => "one of the two is stale",
            ReparentError::Ending => "one of the two is ending",
        })
    }
}

impl core::error::Error for ReparentError {}

impl SlotRef {
    /// Adds name and label of the node to a text.
    pub(crate) fn add_title(self, text: &mut String) {
        text.push_str(self.short_name());
        if let Some(extras) = self.extras()
            && let Some(label) = &*extras.label.borrow()
        {
            text.push(' ');
            add_label(label, text);
        }
    }
}

impl AnyNode {
    pub(crate) fn of(slot: SlotRef) -> AnyNode {
        AnyNode { slot, serial: slot.generation.now() }
    }

    /// A handle that was never alive.
    pub(crate) fn stale(self) -> AnyNode {
        AnyNode { slot: self.slot, serial: 0 }
    }

    /// The slot, while this handle's tenant is there (it may be ending).
    #[inline(always)]
    pub(crate) fn readable(self) -> Option<SlotRef> {
        (self.slot.generation.now() == self.serial).then_some(self.slot)
    }

    /// The slot, while something can be made there.
    #[inline]
    pub(crate) fn growing(self) -> Option<SlotRef> {
        self.readable().filter(|slot| matches!(slot.state.get(), State::Live | State::Asking))
    }

    /// The slot, while the node is alive and none of its hooks is asked: something can be made there.
    #[inline(always)]
    pub(crate) fn living(self) -> Option<SlotRef> {
        self.readable().filter(|slot| slot.state.get() == State::Live)
    }

    /// As [`growing`](AnyNode::growing), where that it is [`living`](AnyNode::living) is told without a call. (In a page small code counts
    /// for more.)
    #[inline(always)]
    pub(crate) fn living_or_growing(self) -> Option<SlotRef> {
        if cfg!(target_family = "wasm") { self.growing() } else { self.living().or_else(|| self.growing_out_of_line()) }
    }

    #[cold]
    #[inline(never)]
    fn growing_out_of_line(self) -> Option<SlotRef> {
        self.growing()
    }

    pub(crate) fn core(self) -> Option<alloc::rc::Rc<TreeCore>> {
        self.readable().map(SlotRef::core)
    }

    // ------------------------------------------------------------------------------------------------ what it is

    /// What logs, maps and messages carry. Works on a stale handle.
    pub fn id(self) -> NodeId {
        let (page, index) = self.slot.address();
        NodeId { page, index, serial: self.serial }
    }

    /// Whether the node is there; an ending one is.
    pub fn is_alive(self) -> bool {
        self.readable().is_some()
    }

    /// The name given by [`named`](AnyNode::named), or else its type's; empty on a stale handle.
    pub fn name(self) -> &'static str {
        self.readable().map_or("", |slot| slot.name())
    }

    /// A slot's tenant or, where there is none, the last one.
    #[inline]
    pub(crate) fn of_tenant(slot: SlotRef) -> AnyNode {
        AnyNode { slot, serial: slot.generation.of_tenant() }
    }

    /// Whether it is there, or its slot has no next tenant yet: then something of it is still known.
    pub(crate) fn has_no_successor(self) -> bool {
        let now = self.slot.generation.now();
        self.serial != 0 && (now == self.serial || now == self.serial + 1)
    }

    /// Its name; of a stale one the name that it had, while its slot has no next tenant.
    pub(crate) fn last_name(self) -> &'static str {
        if self.has_no_successor() { self.slot.name() } else { "" }
    }

    /// Who owns it; of a stale one of this thread's tree, while its slot has no next tenant, who owned it, who may be gone, too.
    pub(crate) fn known_owner(self) -> Option<AnyNode> {
        if !self.has_no_successor() {
            return None;
        }
        let (slot, serial) = self.slot.noted_owner()?;
        Some(if self.is_alive() { AnyNode::of(slot) } else { AnyNode { slot, serial } })
    }

    /// Names the node. Nothing on a stale one. Names longer than 65,535 bytes are cut.
    pub fn named(self, name: &'static str) -> Self {
        if let Some(slot) = self.readable() {
            slot.set_name(name);
        }
        self
    }

    /// What is only known at run time (a query's name, an address): shown after the name, never in
    /// [`stable`](crate::TreeReport::stable). In texts its control characters are shown as �, so that it keeps to its line. Nothing on a
    /// stale or ending node.
    pub fn label(self, label: impl Into<String>) -> Self {
        if let Some(slot) = self.growing() {
            slot.extras_or_new().label.replace(Some(label.into()));
        }
        self
    }

    /// For hosts: the report names `place` as where it was made, if not the call that made it is what its user wrote (a connection is made
    /// when a future ends). Nothing on a stale or ending node.
    pub fn made_at(self, place: &'static Location<'static>) -> Self {
        if let Some(slot) = self.growing() {
            slot.place.set(Some(place));
        }
        self
    }

    /// The typed handle, if the node's value is a `T`. Never reaches the future or result of a request.
    pub fn downcast<T: 'static>(self) -> Option<Node<T>> {
        (self.readable()?.kind.get().type_id == TypeId::of::<T>()).then_some(Node(self, PhantomData))
    }

    /// Names and labels from below the root down to this node, `serve › query www.example.test`; the root's own is `root`, a stale
    /// one's is empty.
    pub fn path(self) -> String {
        if self.is_alive() { self.known_path() } else { String::new() }
    }

    /// The same of a stale one, too, while its slot has no next tenant; of those above that are gone, what is still known.
    pub(crate) fn known_path(self) -> String {
        let mut slots = Vec::new();
        let mut above = Some(self);
        while let Some(node) = above
            && node.has_no_successor()
        {
            if slots.is_empty() || node.slot.kind.get().class != Class::Root {
                slots.push(node.slot);
            }
            above = node.known_owner();
        }
        let mut path = String::new();
        while let Some(slot) = slots.pop() {
            if !path.is_empty() {
                path.push_str(" › ");
            }
            slot.add_title(&mut path);
        }
        path
    }

    /// Name and label; a stale one's is empty.
    pub fn title(self) -> String {
        let mut title = String::new();
        if let Some(slot) = self.readable() {
            slot.add_title(&mut title);
        }
        title
    }

    // ------------------------------------------------------------------------------------------------ where it is

    /// Its owner; `None` for the root and a stale handle.
    pub fn parent(self) -> Option<AnyNode> {
        self.readable()?.parent.get().map(AnyNode::of)
    }

    /// The nearest ancestor whose value is a `T`.
    pub fn ancestor_of_type<T: 'static>(self) -> Option<Node<T>> {
        self.ancestors().find_map(AnyNode::downcast)
    }

    /// Its owner, its owner's owner, and so on up to the root.
    pub fn ancestors(self) -> impl Iterator<Item = AnyNode> {
        core::iter::successors(self.parent(), |node| node.parent())
    }

    /// What it owns directly, newest first. What is freed meanwhile ends the iteration early.
    pub fn children(self) -> impl Iterator<Item = AnyNode> {
        let newest = self.readable().and_then(|slot| slot.child.get()).map(AnyNode::of);
        core::iter::successors(newest, |node| node.readable()?.older.get().map(AnyNode::of))
    }

    /// All below it, each before what it owns, newest first. What is freed meanwhile ends the iteration early.
    pub fn descendants(self) -> impl Iterator<Item = AnyNode> {
        core::iter::successors(self.children().next(), move |node| node.next_below(self))
    }

    pub(crate) fn next_below(self, base: AnyNode) -> Option<AnyNode> {
        let mut slot = self.readable()?;
        if let Some(child) = slot.child.get() {
            return Some(AnyNode::of(child));
        }
        loop {
            if let Some(older) = slot.older.get() {
                return Some(AnyNode::of(older));
            }
            slot = slot.parent.get().filter(|parent| AnyNode::of(*parent) != base)?;
        }
    }

    /// Whether it is below `other`; a node is not below itself.
    pub fn is_descendant_of(self, other: impl Into<AnyNode>) -> bool {
        let other = other.into();
        self.ancestors().any(|node| node == other)
    }

    /// Moves the node with all below it to another owner, as its newest child. Constant time, but for the look upwards for a cycle.
    ///
    /// # Errors
    /// When it would make a cycle, the new owner is of another tree, or one of the two is stale or ending.
    pub fn reparent(self, owner: impl Into<AnyNode>) -> Result<(), ReparentError> {
        let owner = owner.into();
        let (slot, to) = self.readable().zip(owner.readable()).ok_or(ReparentError::Stale)?;
        let core = slot.core();
        if !to.is_of(&core) {
            return Err(ReparentError::OtherTree);
        }
        if self == owner || owner.is_descendant_of(self) {
            return Err(ReparentError::WouldCycle);
        }
        if self.growing().is_none() || owner.growing().is_none() {
            return Err(ReparentError::Ending);
        }
        core.unlink(slot);
        core.link(slot, Some(to));
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------ owning

    /// A new node under this one that owns `value`.
    ///
    /// # Panics
    /// When this node is stale or ending, or memory is refused; [`try_insert`](AnyNode::try_insert) gives the value back instead.
    #[track_caller]
    #[inline]
    pub fn insert<T: 'static>(self, value: T) -> Node<T> {
        let kind = value_kind::<T>();
        if let Some(owner) = self.living()
            && let Some(room) = Room::at_hand(owner.peek_core(), kind.kind())
        {
            let slot = owner.peek_core().make_in(&room, owner, kind, Location::caller(), 0, value);
            return Node(AnyNode::of(slot), PhantomData);
        }
        self.insert_slow(value)
    }

    #[inline(never)]
    #[track_caller]
    fn insert_slow<T: 'static>(self, value: T) -> Node<T> {
        let room = self.room_for(value_kind::<T>().kind(), Location::caller());
        room.write(value_kind::<T>(), value);
        Node(AnyNode::of(room.slot()), PhantomData)
    }

    /// A new node, but for its value: there once for all types.
    #[inline(never)]
    #[track_caller]
    fn room_for(self, kind: &'static Kind, place: Place) -> Room {
        let Some(owner) = self.growing() else { self.refuse(if self.is_alive() { InsertRefused::Ending } else { InsertRefused::Stale }) };
        let room = owner.peek_core().find_and_move_in(Some(owner), kind, place, 0);
        room.unwrap_or_else(|| self.refuse(InsertRefused::OutOfMemory))
    }

    /// A new node whose value is made knowing its handle. Until the value is there, access to it is `Busy`.
    ///
    /// # Panics
    /// As [`insert`](AnyNode::insert), and when `value` panics; the node is gone then.
    #[track_caller]
    pub fn insert_with<T: 'static>(self, value: impl FnOnce(Node<T>) -> T) -> Node<T> {
        let place = Location::caller();
        match self.core().ok_or(InsertRefused::Stale).and_then(|core| {
            let slot = core.make(self, value_kind::<T>().kind(), place)?;
            Ok((core, slot))
        }) {
            Ok((core, slot)) => {
                let record = Record::new();
                let vacant = Vacant::new(&record, core, slot);
                let node = Node(AnyNode::of(slot), PhantomData);
                vacant.fill(value(node));
                node
            }
            Err(reason) => self.refuse(reason),
        }
    }

    /// A new node under this one that owns `value`.
    ///
    /// # Errors
    /// When this node is stale or ending, or memory is refused: the value comes back.
    #[track_caller]
    #[inline]
    pub fn try_insert<T: 'static>(self, value: T) -> Result<Node<T>, InsertError<T>> {
        let Some(owner) = self.growing() else {
            let reason = if self.is_alive() { InsertRefused::Ending } else { InsertRefused::Stale };
            return Err(InsertError { value, reason });
        };
        match owner.peek_core().make_with(owner, value_kind::<T>(), Location::caller(), 0, value) {
            Ok(slot) => Ok(Node(AnyNode::of(slot), PhantomData)),
            Err(value) => Err(InsertError { value, reason: InsertRefused::OutOfMemory }),
        }
    }

    #[cold]
    #[track_caller]
    fn refuse(self, reason: InsertRefused) -> ! {
        match (reason, self.freed_at()) {
            (InsertRefused::Stale, Some(place)) => panic!("nothing can be made under a stale node: it was freed at {place}"),
            (reason, _) => panic!("nothing can be made under this node: {reason}"),
        }
    }

    /// Where a stale handle's node was freed, while its slot has no next tenant.
    pub(crate) fn freed_at(self) -> Option<Place> {
        let is_last = || self.serial != 0 && self.slot.generation.now() == self.serial + 1;
        // Looked at between two looks at the generation: by now the slot may belong to another thread's tree.
        if is_last() { self.slot.place.look().filter(|_| is_last()) } else { None }
    }

    /// An immediate: `handler` is called with the next immediates that a turn begins. Freeing the node before that drops it uncalled.
    ///
    /// While it runs its node is ending. On a stale or ending node the handler is dropped uncalled and the handle is stale.
    #[track_caller]
    pub fn soon<R>(self, handler: impl FnOnce() -> R + 'static) -> AnyNode {
        let cell = OnceCell::new(handler);
        let Some(owner) = self.growing() else { return self.stale() };
        let core = owner.peek_core(); // No code of the user's runs here, but for the drop of a refused closure at the very end.
        match core.make_with(owner, kind_of_soon(&cell), Location::caller(), 0, cell) {
            Ok(slot) => {
                core.parts.call_immediates.set(Some(TreeCore::call_immediates));
                core.enqueue(crate::arena::Queue::Soon, slot.wide());
                core.poke();
                AnyNode::of(slot)
            }
            Err(_) => self.stale(),
        }
    }

    // ------------------------------------------------------------------------------------------------ the world

    /// The time of this turn or, outside of one, the host's.
    ///
    /// # Panics
    /// On a stale handle, naming the place of the free where it is known.
    #[track_caller]
    pub fn now(self) -> Instant {
        self.core_or_panic().now()
    }

    /// The host's wall clock.
    ///
    /// # Panics
    /// On a stale handle.
    #[track_caller]
    pub fn wall_clock(self) -> WallClock {
        self.core_or_panic().host().wall_clock()
    }

    /// Fills `buffer` with the host's randomness.
    ///
    /// # Panics
    /// On a stale handle.
    #[track_caller]
    pub fn fill_random(self, buffer: &mut [u8]) {
        self.core_or_panic().host().fill_random(buffer)
    }

    #[track_caller]
    fn core_or_panic(self) -> alloc::rc::Rc<TreeCore> {
        match (self.core(), self.freed_at()) {
            (Some(core), _) => core,
            (None, Some(place)) => panic!("the node is stale: it was freed at {place}"),
            (None, None) => panic!("the node is stale"),
        }
    }

    /// Gives `f` the host of this node's tree; `None` on a stale handle, or when the host is of another type.
    pub fn with_host<H: Host, R>(self, f: impl FnOnce(&H) -> R) -> Option<R> {
        let core = self.core()?;
        let host: &dyn Any = core.host();
        Some(f(host.downcast_ref()?))
    }

    /// The node of that id, if it is alive and in this node's tree; `None` on a stale handle.
    pub fn find(self, id: NodeId) -> Option<AnyNode> {
        self.core()?.find(id)
    }

    /// Whose code runs now in this node's tree.
    pub fn running(self) -> Option<AnyNode> {
        self.core()?.running()
    }
}

fn kind_of_soon<R, F: FnOnce() -> R + 'static>(_: &OnceCell<F>) -> KindOf<OnceCell<F>> {
    OnceCell::<F>::SOON
}

impl fmt::Debug for AnyNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_alive() { write!(f, "{}({})", self.name(), self.id()) } else { write!(f, "stale({})", self.id()) }
    }
}

impl<T> Node<T> {
    pub(crate) fn new(node: AnyNode) -> Node<T> {
        Node(node, PhantomData)
    }

    pub(crate) fn any(self) -> AnyNode {
        self.0
    }

    /// [`AnyNode::named`], keeping the type.
    pub fn named(self, name: &'static str) -> Self {
        self.0.named(name);
        self
    }

    /// [`AnyNode::label`], keeping the type.
    pub fn label(self, label: impl Into<String>) -> Self {
        self.0.label(label);
        self
    }

    /// A handle that frees the node when dropped: for what lives outside the tree.
    pub fn owned(self) -> Owned<T> {
        Owned::new(self)
    }
}

impl<T> Clone for Node<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Node<T> {}

impl<T> PartialEq for Node<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Node<T> {}

impl<T> Hash for Node<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Debug for Node<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Deref for Node<T> {
    type Target = AnyNode;
    fn deref(&self) -> &AnyNode {
        &self.0
    }
}

impl<T> From<Node<T>> for AnyNode {
    fn from(node: Node<T>) -> AnyNode {
        node.0
    }
}
