//! The owner of everything, bound to one thread.

use crate::arena::value::Room;
use crate::arena::{Chunks, FirstPage, Kind, KindOf, Lists, Pages, Place, SlotRef, State, TimerRef};
use crate::arena::{Flag, SlotIndex};
use crate::catch::catch;
use crate::deadline_queue::DeadlineQueue;
use crate::failure::Failure;
use crate::free::End;
use crate::heap::Heap;
use crate::host::Host;
use crate::id::NodeId;
use crate::inbox::Inbox;
use crate::loans::Loans;
use crate::node::{AnyNode, InsertRefused};
use crate::parts::Parts;
use crate::pending::{Pending, Queued};
use crate::sources::Sources;
use crate::time::{Instant, secs};
use crate::turn::Phase;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::mem::ManuallyDrop;
use core::panic::Location;
use core::task::Waker;
use core::time::Duration;

const NO_MEMORY: &str = "the system has no memory for a tree's first pages";

/// The owner of everything: a root node and all that hangs below it, on one thread (others say runtime or context).
///
/// Dropping it frees the root: everything below ends, handles are stale, wakers and [`Remote`](crate::Remote)s are harmless.
///
/// A host makes it; programs get the root from `sim::Sim`, `hamadryad_native::run` or the page's `start`.
pub struct Tree {
    core: Rc<TreeCore>,
}

/// The tree's inside. It lives as long as the [`Tree`], code of it on the stack, or a handle that needs it (a request's, a sleep's).
pub(crate) struct TreeCore {
    pub(crate) pages: Pages,
    pub(crate) chunks: Chunks,
    pub(crate) lists: Lists,
    pub(crate) shared: Inbox,
    pub(crate) parts: Parts,
    host: Box<dyn Host>,
    /// Where the tree was made.
    pub(crate) place: Place,
    pub(crate) root: Cell<Option<AnyNode>>,
    pub(crate) root_freed_at: Cell<Option<Place>>,
    /// The `Tree` was dropped.
    pub(crate) closed: Cell<bool>,
    /// The time of this turn, or of the last one.
    pub(crate) time: Cell<Instant>,
    /// Which turn this is: odd, so that none is 0 when it begins anew.
    pub(crate) turn: Cell<u32>,
    pub(crate) phase: Cell<Phase>,
    /// How many pieces of code this turn ran.
    pub(crate) ran: Cell<usize>,
    /// Whose code runs now.
    pub(crate) running: Cell<Option<AnyNode>>,
    /// How many pieces of the tree's code are on the stack.
    pub(crate) entered: Cell<u32>,
    /// Which values are lent, and where.
    pub(crate) loans: Loans,
    pub(crate) timers: Heap<TimerRef>,
    pub(crate) deadlines: DeadlineQueue,
    /// Which classes of a turn have something to do.
    pub(crate) pending: Pending,
    /// Dropped by its [part](Parts::drop_sources).
    pub(crate) sources: RefCell<ManuallyDrop<Sources>>,
    /// Wakers of others, to be woken by the loop.
    pub(crate) foreign: RefCell<Vec<Waker>>,
    pub(crate) undelivered: RefCell<Vec<Failure>>,
    pub(crate) uncontained: Cell<Option<Failure>>,
    pub(crate) grace: Cell<Duration>,
    /// The nodes that are shut down.
    pub(crate) shutdowns: RefCell<Vec<AnyNode>>,
    /// What the host was told last.
    pub(crate) scheduled: Cell<Option<Instant>>,
}

impl Tree {
    /// A tree on that host.
    ///
    /// # Panics
    /// When the system has no memory for its first pages.
    #[track_caller]
    pub fn new(host: impl Host) -> Tree {
        Tree::made_at(host, Location::caller())
    }

    /// [`new`](Tree::new) for hosts that cannot call it where their user's call is known: `place` is that.
    #[doc(hidden)]
    pub fn made_at(host: impl Host, place: &'static Location<'static>) -> Tree {
        let shared = Inbox::new(&host);
        let time = host.now();
        let first = FirstPage::take().expect(NO_MEMORY);
        let core = Rc::new(TreeCore {
            pages: Pages::default(),
            chunks: Chunks::default(),
            lists: Lists::new(|index| first.slot(index)),
            shared,
            parts: Parts::default(),
            host: Box::new(host),
            place,
            root: Cell::new(None),
            root_freed_at: Cell::new(None),
            closed: Cell::new(false),
            time: Cell::new(time),
            turn: Cell::new(1),
            phase: Cell::new(Phase::Outside),
            ran: Cell::new(0),
            running: Cell::new(None),
            entered: Cell::new(0),
            loans: Loans::default(),
            timers: Heap::default(),
            deadlines: DeadlineQueue::default(),
            pending: Pending::default(),
            sources: RefCell::default(),
            foreign: RefCell::default(),
            undelivered: RefCell::default(),
            uncontained: Cell::default(),
            grace: Cell::new(secs(5)),
            shutdowns: RefCell::default(),
            scheduled: Cell::new(None),
        });
        core.pages.belong_to(&core, first);
        let slot = core.make_under(None, Kind::ROOT, place).expect(NO_MEMORY);
        slot.clear(Flag::NoValue);
        slot.set_name("root");
        core.root.set(Some(AnyNode::of(slot)));
        Tree { core }
    }

    /// The root: the node that everything else hangs below. A stale handle once it is freed.
    pub fn root(&self) -> AnyNode {
        self.core.root.get().expect("set when the tree was made")
    }

    /// The node of that id, if it is alive and in this tree.
    pub fn find(&self, id: NodeId) -> Option<AnyNode> {
        self.core.find(id)
    }

    /// Whose code runs now.
    pub fn running(&self) -> Option<AnyNode> {
        self.core.running()
    }

    /// Frees the root, if it is not freed, as the drop of the tree does: for hosts.
    #[doc(hidden)]
    pub fn free_root(&self) {
        self.core.free_root();
    }

    /// The host this tree was made with; `None` when it is of another type.
    pub fn host<H: Host>(&self) -> Option<&H> {
        (&*self.core.host as &dyn Any).downcast_ref()
    }

    /// True during a turn, and while code of this tree (callback, poll, hook, drop, `with`) is on the stack: a host refuses to be entered
    /// then.
    pub fn is_entered(&self) -> bool {
        self.core.entered.get() != 0 || self.core.in_turn()
    }

    /// The failure nobody contained: it has shut the root down (law 17). Given once.
    pub fn take_failure(&self) -> Option<Failure> {
        self.core.uncontained.take()
    }

    /// The grace of the shutdown that an uncontained failure begins; 5 s where none was set.
    pub fn set_grace(&self, grace: Duration) {
        self.core.grace.set(grace);
    }

    /// Where the root was freed, once it is.
    pub fn root_freed_at(&self) -> Option<&'static Location<'static>> {
        self.core.root_freed_at.get()
    }

    pub(crate) fn core(&self) -> &Rc<TreeCore> {
        &self.core
    }
}

impl core::fmt::Debug for Tree {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tree").field("root", &self.root()).field("made_at", &format_args!("{}", self.core.place)).finish()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.core.close();
    }
}

impl TreeCore {
    pub(crate) fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// The time that what is begun now counts from: this turn's, or outside of a turn the host's.
    pub(crate) fn now(&self) -> Instant {
        if self.in_turn() { self.time.get() } else { self.host.now() }
    }

    /// The root's slot, until it is freed.
    pub(crate) fn living_root(&self) -> Option<SlotRef> {
        self.root.get().and_then(AnyNode::readable)
    }

    pub(crate) fn find(&self, id: NodeId) -> Option<AnyNode> {
        let slot = self.pages.find(id.page, id.index)?;
        let node = AnyNode { slot, serial: id.serial };
        node.is_alive().then_some(node)
    }

    /// A new node under `owner`, as its newest child, without its value yet.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn make(&self, owner: AnyNode, kind: &'static Kind, place: Place) -> Result<SlotRef, InsertRefused> {
        match owner.readable().map(|slot| (slot, slot.state.get())) {
            None => Err(InsertRefused::Stale),
            // Most of what is made, is made under a living node.
            Some((slot, State::Live | State::Asking)) => self.make_under(Some(slot), kind, place).ok_or(InsertRefused::OutOfMemory),
            Some(_) => Err(InsertRefused::Ending),
        }
    }

    /// A new node without its value yet.
    pub(crate) fn make_under(&self, owner: Option<SlotRef>, kind: &'static Kind, place: Place) -> Option<SlotRef> {
        self.find_and_move_in(owner, kind, place, Flag::NoValue as u8).map(|room| room.slot())
    }

    /// Room with a tenant, but for its value. (Not a function for each type: in a page that is 0.3 KB for each.)
    #[inline(never)]
    pub(crate) fn find_and_move_in(&self, owner: Option<SlotRef>, kind: &'static Kind, place: Place, flags: u8) -> Option<Room> {
        let room = Room::find(self, kind)?;
        let slot = room.take(kind);
        self.move_in(slot, owner, kind, place, flags);
        Some(room)
    }

    /// A new node under a living `owner` with its value, which is what the kind's value is, or begins with. It comes back where there is
    /// no memory.
    ///
    /// Inlined is only what most often happens: there is room without a look for it.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn make_with<V>(&self, owner: SlotRef, kind: KindOf<V>, place: Place, flags: u8, value: V) -> Result<SlotRef, V> {
        match Room::at_hand(self, kind.kind()) {
            Some(room) => Ok(self.make_in(&room, owner, kind, place, flags, value)),
            None => self.make_with_slow(owner, kind, place, flags, value),
        }
    }

    /// A new node with its value, in room that was found for it.
    ///
    /// A value is moved as seldom as can be: unoptimised, each move of a large one is a copy of it on the stack.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn make_in<V>(&self, room: &Room, owner: SlotRef, kind: KindOf<V>, place: Place, flags: u8, value: V) -> SlotRef {
        room.write(kind, value);
        let slot = room.take(kind.kind());
        self.move_in(slot, Some(owner), kind.kind(), place, flags);
        slot
    }

    #[inline(never)]
    fn make_with_slow<V>(&self, owner: SlotRef, kind: KindOf<V>, place: Place, flags: u8, value: V) -> Result<SlotRef, V> {
        let Some(room) = self.find_and_move_in(Some(owner), kind.kind(), place, flags) else { return Err(value) };
        room.write(kind, value);
        Ok(room.slot())
    }

    /// A slot has a tenant from now on, with these flags.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn move_in(&self, slot: SlotRef, owner: Option<SlotRef>, kind: &'static Kind, place: Place, flags: u8) {
        self.link(slot, owner);
        slot.generation.advance();
        slot.begin(kind.is_wide(), flags);
        slot.place.set(Some(place));
        slot.birth.set(self.time.get());
        if kind.is_wide() {
            let slot = slot.wide();
            slot.ext().begin();
            slot.note_unlisted();
        }
    }

    /// Makes `slot`, which is in no list, the newest child of `owner`.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn link(&self, slot: SlotRef, owner: Option<SlotRef>) {
        debug_assert!(slot.newer.get().is_none());
        slot.parent.set(owner);
        let before = owner.and_then(|owner| owner.child.replace(Some(slot)));
        slot.older.set(before);
        if let Some(before) = before {
            before.newer.set(Some(slot));
        }
    }

    /// Takes `slot` out of its owner's list of children; the slot itself still points to its owner.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn unlink(&self, slot: SlotRef) {
        let (older, newer) = (slot.older.get(), slot.newer.get());
        match (newer, slot.parent.get()) {
            (Some(newer), _) => {
                newer.older.set(older);
                slot.newer.set(None);
            }
            (None, Some(parent)) => parent.child.set(older),
            (None, None) => {}
        }
        if let Some(older) = older {
            older.newer.set(newer);
        }
    }

    /// Whose code runs now; a stale handle, if that was freed meanwhile.
    pub(crate) fn running(&self) -> Option<AnyNode> {
        self.running.get()
    }

    /// Code of a node goes onto the stack. Gives what [`exit`](TreeCore::exit) puts back.
    #[inline]
    pub(crate) fn enter(&self, who: Option<AnyNode>) -> Option<AnyNode> {
        self.entered.set(self.entered.get() + 1);
        self.running.replace(who)
    }

    #[inline]
    pub(crate) fn exit(&self, before: Option<AnyNode>) {
        self.entered.set(self.entered.get() - 1);
        self.running.set(before);
    }

    /// Runs code of a node that may be stale by now (its `Drop`); a panic goes to law 17.
    #[inline]
    pub(crate) fn protect<R>(&self, slot: SlotRef, alive: bool, code: impl FnOnce() -> R) -> Option<R> {
        let node = AnyNode::of_tenant(slot);
        let before = self.enter(Some(if alive { node } else { node.stale() }));
        let result = catch(code);
        self.exit(before);
        result.map_err(|panic| self.panicked(node, panic)).ok()
    }

    /// Runs a node's own code with its value lent to it alone; afterwards the node may be gone. False when it panicked.
    pub(crate) fn call_lent(&self, slot: SlotRef, code: impl FnOnce()) -> bool {
        slot.lent.set(crate::arena::Slot::EXCLUSIVE);
        let alive = slot.state.get() != State::Deferred;
        let done = self.protect(slot, alive, code).is_some();
        slot.lent.set(0);
        done
    }

    /// The `Tree` is dropped: the root ends, the queues close, and late wakers find nobody.
    fn close(&self) {
        self.closed.set(true);
        self.free_root();
        self.handle_posts();
        self.shared.take_injected(true).for_each(drop);
        while self.pending.has(Queued::ForeignWakers) {
            self.call_foreign();
        }
        let failures = self.undelivered.take();
        let _ = catch(move || drop(failures));
    }

    /// Frees the root, where the tree was made.
    fn free_root(&self) {
        if let Some(root) = self.living_root() {
            self.free(root, &End::freed(self.place, self.running()));
        }
    }

    pub(crate) fn timer_node(&self, index: SlotIndex) -> Option<SlotRef> {
        index.slot(&self.pages)
    }
}

impl Drop for TreeCore {
    fn drop(&mut self) {
        self.pages.hand_on(&self.shared);
        self.drop_sources();
    }
}
