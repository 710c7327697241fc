//! Sources: what a host watches and marks ready, and whoever waits for that.

use crate::arena::{Flag, SlotRef, SourceCell, State, Waiter, WatcherCell, value};
use crate::ended::Ended;
use crate::node::{AnyNode, Node, Vacant};
use crate::request::waiter_of;
use crate::tree::{Tree, TreeCore};
use crate::waits;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

/// What a source is ready for: a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const NONE: Ready = Ready(0);
    /// Something can be read.
    pub const READABLE: Ready = Ready(1);
    /// Something can be written.
    pub const WRITABLE: Ready = Ready(2);
    /// An error is pending. Errors and hang-ups reach every watcher, whatever it wants (law 23).
    pub const ERROR: Ready = Ready(4);
    /// The other side has hung up.
    pub const HANGUP: Ready = Ready(8);

    const ALWAYS: Ready = Ready(4 | 8);

    /// Whether all of `other` is in it.
    pub const fn contains(self, other: Ready) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether something of `other` is in it.
    pub const fn intersects(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// It, but for `other`.
    pub const fn without(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl core::ops::BitOr for Ready {
    type Output = Ready;
    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl core::ops::BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl core::ops::BitAnd for Ready {
    type Output = Ready;
    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

/// Names a source to its host; fits into `epoll_data`. A token of a freed source is recognised and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(u64);

impl Token {
    /// For what carries 64 bits.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// From [`to_bits`](Token::to_bits). Any bits are safe: those of no source name none.
    pub const fn from_bits(bits: u64) -> Token {
        Token(bits)
    }

    fn new(index: u32, serial: u32) -> Token {
        Token(u64::from(serial) << 32 | u64::from(index))
    }
}

/// In which class of a turn a source is served (law 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceClass {
    /// Before everything else.
    Signal,
    /// After due timers, before woken requests.
    Io,
}

/// Why no source was made.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceError<E> {
    /// The owner is stale or ending, or ended while the source was made.
    Freed,
    /// What `make` said.
    Make(E),
}

impl<E: fmt::Display> fmt::Display for SourceError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::Freed => f.write_str("the owner is stale or ending"),
            SourceError::Make(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for SourceError<E> {}

enum Who {
    /// A node whose closure is called.
    Callback(AnyNode),
    Waiter(Waiter),
    /// A future that was woken and has not looked yet.
    Woken(Ready),
}

struct Watcher {
    key: u64,
    interest: Ready,
    who: Who,
}

struct Entry {
    node: Option<AnyNode>,
    serial: u32,
    class: SourceClass,
    kind: &'static str,
    ready: Ready,
    marked: bool,
    watchers: VecDeque<Watcher>,
}

/// All sources of a tree. No borrow lives across user code.
#[derive(Default)]
pub(crate) struct Sources {
    entries: Vec<Entry>,
    free: Vec<u32>,
    marked: [VecDeque<u32>; 2],
    next_key: u64,
}

impl Sources {
    fn enter(&mut self, class: SourceClass, kind: &'static str, node: AnyNode) -> (u32, Token) {
        let index = self.free.pop().unwrap_or_else(|| {
            let watchers = VecDeque::new();
            self.entries.push(Entry { node: None, serial: 0, class, kind, ready: Ready::NONE, marked: false, watchers });
            self.entries.len() as u32 - 1
        });
        let entry = &mut self.entries[index as usize];
        entry.node = Some(node);
        entry.class = class;
        entry.kind = kind;
        entry.serial = entry.serial.wrapping_add(1);
        (index, Token::new(index, entry.serial))
    }

    /// The source leaves; whoever waits is given back to be woken.
    fn leave(&mut self, index: u32) -> VecDeque<Watcher> {
        let entry = &mut self.entries[index as usize];
        entry.node = None;
        entry.ready = Ready::NONE;
        self.free.push(index);
        core::mem::take(&mut entry.watchers)
    }

    fn index_of(&self, node: AnyNode) -> Option<u32> {
        self.entries.iter().position(|entry| entry.node == Some(node)).map(|index| index as u32)
    }

    /// What the host calls a source.
    pub(crate) fn kind_of(&self, node: AnyNode) -> Option<&'static str> {
        self.index_of_source(node).map(|index| self.entries[index as usize].kind)
    }

    fn wanted(&self, index: u32) -> Ready {
        let wanting = self.entries[index as usize].watchers.iter().filter(|watcher| !matches!(watcher.who, Who::Woken(_)));
        wanting.fold(Ready::NONE, |all, watcher| all | watcher.interest)
    }

    fn mark(&mut self, index: u32, ready: Ready, active: bool) -> Ready {
        let unwanted = match (active, self.entries[index as usize].watchers.is_empty()) {
            (true, _) => Ready::NONE,
            (false, true) => ready,
            (false, false) => ready.without(self.wanted(index) | Ready::ALWAYS),
        };
        let entry = &mut self.entries[index as usize];
        entry.ready |= ready.without(unwanted);
        if !entry.ready.is_empty() && !entry.marked {
            entry.marked = true;
            self.marked[entry.class as usize].push_back(index);
        }
        unwanted
    }

    pub(crate) fn any_marked(&self) -> bool {
        !self.marked[0].is_empty() || !self.marked[1].is_empty()
    }

    /// A watcher's node ends.
    fn drop_watcher(&mut self, node: AnyNode) {
        let Some(index) = node.parent().and_then(|source| self.index_of_source(source)) else { return };
        self.entries[index as usize].watchers.retain(|watcher| !matches!(watcher.who, Who::Callback(other) if other == node));
    }

    fn index_of_source(&self, source: AnyNode) -> Option<u32> {
        let slot = source.readable()?;
        let kind = slot.kind.get();
        (kind.class == crate::arena::Class::Source && !slot.has(Flag::NoValue)).then(|| value::source_index(slot, kind))
    }

    /// Whose turn it is for one of `ready`: it goes to the end of the line.
    fn next_watcher(&mut self, index: u32, ready: Ready) -> Option<(u64, Ready)> {
        let watchers = &mut self.entries[index as usize].watchers;
        let at = watchers.iter().position(|watcher| !matches!(watcher.who, Who::Woken(_)) && watcher.interest.intersects(ready))?;
        let watcher = watchers.remove(at)?;
        let found = (watcher.key, watcher.interest & ready);
        watchers.push_back(watcher);
        Some(found)
    }

    fn find(&mut self, index: u32, key: u64) -> Option<&mut Watcher> {
        self.entries[index as usize].watchers.iter_mut().find(|watcher| watcher.key == key)
    }

    /// Who waits for what, for the report.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (AnyNode, AnyNode)> {
        self.entries.iter().filter_map(|entry| entry.node.map(|node| (node, entry))).flat_map(|(node, entry)| {
            entry.watchers.iter().filter_map(move |watcher| match &watcher.who {
                Who::Waiter(Waiter::Ours(slot, serial)) => Some((AnyNode { slot: **slot, serial: *serial }, node)),
                _ => None,
            })
        })
    }
}

impl Tree {
    /// A host says that a source became ready; legal at any time on the tree's thread. Gives back what of `ready` no watcher wants:
    /// the host disarms that, or it would be told again at once.
    pub fn mark_ready(&self, token: Token, ready: Ready) -> Ready {
        let (index, serial) = (token.0 as u32, (token.0 >> 32) as u32);
        let node = {
            let sources = self.core().sources.borrow();
            sources.entries.get(index as usize).filter(|entry| entry.serial == serial).and_then(|entry| entry.node)
        };
        node.map_or(Ready::NONE, |node| self.core().mark(node, index, ready))
    }
}

impl AnyNode {
    /// A node that its host marks ready; its value's `Drop` takes it out of the operating system or the page. `kind` is the report's
    /// name for it.
    ///
    /// # Errors
    /// When this node is stale or ending, and what `make` says.
    #[track_caller]
    pub fn source<T: 'static, E>(
        self,
        class: SourceClass,
        kind: &'static str,
        make: impl FnOnce(Token) -> Result<T, E>,
    ) -> Result<Node<T>, SourceError<E>> {
        let core = self.core().ok_or(SourceError::Freed)?;
        let slot = core.make(self, SourceCell::<T>::PASSIVE, Location::caller()).map_err(|_| SourceError::Freed)?;
        fill(core, slot, class, kind, make).map(Node::new)
    }

    /// A source that is its own watcher: the closure that `make` gives is the node's value, and is called with what was marked.
    ///
    /// # Errors
    /// When this node is stale or ending, and what `make` says.
    #[track_caller]
    pub fn source_fn<F: FnMut(Ready) + 'static, E>(
        self,
        class: SourceClass,
        kind: &'static str,
        make: impl FnOnce(Token) -> Result<F, E>,
    ) -> Result<AnyNode, SourceError<E>> {
        let core = self.core().ok_or(SourceError::Freed)?;
        let slot = core.make(self, SourceCell::<F>::ACTIVE, Location::caller()).map_err(|_| SourceError::Freed)?;
        fill(core, slot, class, kind, make)
    }

    /// Watches a source node: `handler` is called when it is ready for any of `interest` (errors and hang-ups always), until the
    /// returned node, a child of the source, is freed. Watchers of the same readiness take turns.
    ///
    /// On a stale or ending node, or one that is no source, the handler is dropped uncalled and the handle is stale.
    #[track_caller]
    pub fn on_ready<R>(self, interest: Ready, handler: impl FnMut(Ready) -> R + 'static) -> AnyNode {
        let place = Location::caller();
        let Some((core, index)) = self.source_of() else { return self.stale() };
        let cell = WatcherCell::new(handler);
        let Ok(slot) = core.make(self, kind_of(&cell), place) else { return self.stale() };
        let node = value::fill(slot, cell);
        core.sources.borrow_mut().add(index, interest, Who::Callback(node));
        node
    }

    /// Waits until a source node is ready for any of `interest` (errors and hang-ups always). `waits` is what the report says:
    /// "readable", "message". Cancel-safe: dropped, it watches no more.
    ///
    /// # Errors
    /// [`Ended::Freed`] when the source is, or gets, freed, or is none.
    pub fn ready(self, interest: Ready, waits: &'static str) -> impl Future<Output = Result<Ready, Ended>> + 'static {
        Readiness { source: self, interest, waits: waits::code_of(waits), key: None }
    }

    /// What the watchers of this source want together: what a host has to arm. Nothing on a stale node.
    pub fn wanted(self) -> Ready {
        self.source_of().map_or(Ready::NONE, |(core, index)| core.sources.borrow().wanted(index))
    }

    /// [`Tree::mark_ready`] by handle; nothing on a stale node.
    pub fn mark_ready(self, ready: Ready) -> Ready {
        self.source_of().map_or(Ready::NONE, |(core, index)| core.mark(self, index, ready))
    }

    fn source_of(self) -> Option<(Rc<TreeCore>, u32)> {
        let core = self.core()?;
        let index = core.sources.borrow().index_of_source(self)?;
        Some((core, index))
    }
}

fn kind_of<R, F: FnMut(Ready) -> R + 'static>(_: &WatcherCell<F>) -> &'static crate::arena::Kind {
    WatcherCell::<F>::WATCHER
}

/// Makes the value of a new source node, knowing its token.
fn fill<T: 'static, E>(
    core: Rc<TreeCore>,
    slot: SlotRef,
    class: SourceClass,
    kind: &'static str,
    make: impl FnOnce(Token) -> Result<T, E>,
) -> Result<AnyNode, SourceError<E>> {
    slot.set_name(kind);
    let node = AnyNode::of(slot);
    core.parts.serve_sources.set(Some(TreeCore::serve_marked));
    core.parts.drop_sources.set(Some(TreeCore::drop_table));
    let (index, token) = core.sources.borrow_mut().enter(class, kind, node);
    let vacant = Vacant::new(core, slot);
    match make(token) {
        Ok(value) => {
            vacant.fill(SourceCell::new(value, index));
            if node.is_alive() { Ok(node) } else { Err(SourceError::Freed) }
        }
        Err(error) => {
            drop(vacant);
            Err(SourceError::Make(error))
        }
    }
}

impl Sources {
    fn add(&mut self, index: u32, interest: Ready, who: Who) -> u64 {
        self.next_key += 1;
        let watcher = Watcher { key: self.next_key, interest, who };
        self.entries[index as usize].watchers.push_back(watcher);
        self.next_key
    }
}

struct Readiness {
    source: AnyNode,
    interest: Ready,
    waits: u8,
    key: Option<u64>,
}

impl Readiness {
    fn leave(&mut self) -> Option<Watcher> {
        let key = self.key.take()?;
        let (core, index) = self.source.source_of()?;
        let mut sources = core.sources.borrow_mut();
        let watchers = &mut sources.entries[index as usize].watchers;
        let at = watchers.iter().position(|watcher| watcher.key == key)?;
        watchers.remove(at)
    }
}

impl Future for Readiness {
    type Output = Result<Ready, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((core, index)) = self.source.source_of() else {
            self.key = None;
            return Poll::Ready(Err(self.source.ended_freed()));
        };
        let waiter = waiter_of(context, &core, self.waits);
        let mut sources = core.sources.borrow_mut();
        let Some(key) = self.key else {
            self.key = Some(sources.add(index, self.interest, Who::Waiter(waiter)));
            return Poll::Pending;
        };
        let Some(watcher) = sources.find(index, key) else { return Poll::Pending };
        if let Who::Woken(ready) = watcher.who {
            drop(sources);
            drop(self.leave());
            return Poll::Ready(Ok(ready));
        }
        let before = core::mem::replace(&mut watcher.who, Who::Waiter(waiter));
        drop(sources);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        drop(self.leave());
    }
}

impl TreeCore {
    fn mark(&self, node: AnyNode, index: u32, ready: Ready) -> Ready {
        let active = node.slot.kind.get().call.is_some();
        let unwanted = self.sources.borrow_mut().mark(index, ready, active);
        if unwanted != ready {
            self.poke();
        }
        unwanted
    }

    /// A source's node ends: whoever waits for it is woken.
    pub(crate) fn leave_sources(&self, slot: SlotRef) {
        let mut sources = self.sources.borrow_mut();
        let index = match slot.has(Flag::NoValue) {
            true => sources.index_of(AnyNode::of(slot)),
            false => Some(value::source_index(slot, slot.kind.get())),
        };
        let Some(index) = index else { return };
        let watchers = sources.leave(index);
        drop(sources);
        for watcher in watchers {
            if let Who::Waiter(waiter) = watcher.who {
                self.wake(waiter, false);
            }
        }
    }

    /// A watcher's node ends.
    pub(crate) fn leave_watched(&self, slot: SlotRef) {
        self.sources.borrow_mut().drop_watcher(AnyNode::of(slot));
    }

    /// Serves what is marked of one class.
    pub(crate) fn serve_sources(&self, class: SourceClass) {
        if let Some(serve) = self.parts.serve_sources.get() {
            serve(self, class);
        }
    }

    /// The tree is gone, and its table of sources with it.
    pub(crate) fn drop_sources(&self) {
        if let Some(drop_table) = self.parts.drop_sources.get() {
            drop_table(self);
        }
    }

    fn drop_table(&self) {
        drop(ManuallyDrop::into_inner(self.sources.take()));
    }

    /// Of what is marked that which was marked when the class began.
    fn serve_marked(&self, class: SourceClass) {
        let count = self.sources.borrow().marked[class as usize].len();
        for _ in 0..count {
            let mut sources = self.sources.borrow_mut();
            let Some(index) = sources.marked[class as usize].pop_front() else { return };
            let entry = &mut sources.entries[index as usize];
            entry.marked = false;
            let ready = core::mem::take(&mut entry.ready);
            let node = entry.node;
            drop(sources);
            if let Some(node) = node.filter(|_| !ready.is_empty()) {
                self.serve(node, index, ready);
            }
        }
    }

    fn serve(&self, node: AnyNode, index: u32, ready: Ready) {
        if node.slot.kind.get().call.is_some() {
            self.call_watcher(node, ready);
        } else if ready.intersects(Ready::ALWAYS) {
            let sources = self.sources.borrow();
            let keys: Vec<u64> = sources.entries[index as usize].watchers.iter().map(|watcher| watcher.key).collect();
            drop(sources);
            for key in keys {
                self.serve_watcher(node, index, key, ready);
            }
        } else {
            let mut served = None;
            for bit in [Ready::READABLE, Ready::WRITABLE] {
                if !ready.intersects(bit) || !node.is_alive() {
                    continue;
                }
                if served.is_some_and(|interest: Ready| interest.intersects(bit)) {
                    continue; // It was told of both.
                }
                let next = self.sources.borrow_mut().next_watcher(index, bit);
                let Some((key, _)) = next else { continue };
                let interest = self.sources.borrow_mut().find(index, key).map_or(bit, |watcher| watcher.interest & ready);
                served = Some(interest);
                self.serve_watcher(node, index, key, interest);
            }
        }
    }

    fn serve_watcher(&self, source: AnyNode, index: u32, key: u64, ready: Ready) {
        if !source.is_alive() {
            return;
        }
        let mut sources = self.sources.borrow_mut();
        let Some(watcher) = sources.find(index, key) else { return };
        match &watcher.who {
            Who::Callback(node) => {
                let node = *node;
                drop(sources);
                self.call_watcher(node, ready);
            }
            Who::Waiter(_) => {
                let Who::Waiter(waiter) = core::mem::replace(&mut watcher.who, Who::Woken(ready)) else { return };
                drop(sources);
                self.wake(waiter, false);
            }
            Who::Woken(_) => watcher.who = Who::Woken(ready),
        }
    }

    /// Calls the closure that a node's value is, unless it is on the stack or gone.
    fn call_watcher(&self, node: AnyNode, ready: Ready) {
        let Some(slot) = node.readable().filter(|slot| slot.state.get() == State::Live && slot.lent.get() == 0) else { return };
        self.call_lent(slot, || value::call(slot, ready));
        self.settle(slot);
        self.count_piece();
    }
}
