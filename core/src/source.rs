//! Sources: what a host watches and marks ready, and whoever waits for that.

use crate::access::Vacant;
use crate::arena::{Class, Flag, Kind, LentCell, Place, SlotRef, SourceCell, State, Waiter, WatcherCell, value};
use crate::ended::Ended;
use crate::loans::Record;
use crate::node::{AnyNode, Node};
use crate::pending::Queued;
use crate::ready::Ready;
use crate::request::own_waiter_of;
use crate::tree::{Tree, TreeCore};
use crate::waits;
use crate::watcher::Task;
use alloc::rc::Rc;
use core::fmt;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

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

    /// For a host's own table of sources: small numbers, each used again by a later source.
    pub const fn index(self) -> u32 {
        self.0 as u32
    }

    pub(crate) fn new(index: u32, serial: u32) -> Token {
        Token(u64::from(serial) << 32 | u64::from(index))
    }

    pub(crate) fn serial(self) -> u32 {
        (self.0 >> 32) as u32
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

impl SourceClass {
    #[inline]
    fn queued(self) -> Queued {
        match self {
            SourceClass::Signal => Queued::Signals,
            SourceClass::Io => Queued::Io,
        }
    }
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

impl Tree {
    /// A host says that a source became ready; legal at any time on the tree's thread. Gives back what of `ready` no watcher wants:
    /// the host disarms that, or it would be told again at once.
    #[inline]
    pub fn mark_ready(&self, token: Token, ready: Ready) -> Ready {
        self.core().mark(token, ready)
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
        self.watch(interest, WatcherCell::new(handler), WatcherCell::watcher_of, Location::caller())
    }

    fn watch<C>(self, interest: Ready, cell: C, kind_of: fn(&C) -> &'static Kind, place: Place) -> AnyNode {
        let Some((core, index)) = self.source_of() else { return self.stale() };
        let Ok(slot) = core.make(self, kind_of(&cell), place) else { return self.stale() };
        let node = value::fill(slot, cell);
        core.sources.borrow_mut().add_callback(index, interest, node);
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
        let Some((core, index)) = self.source_of() else { return Ready::NONE };
        let token = core.sources.borrow().token(index);
        core.mark(token, ready)
    }

    fn source_of(self) -> Option<(Rc<TreeCore>, u32)> {
        self.source_at().map(|(slot, index)| (slot.core(), index))
    }

    /// The slot of a source, and its index in the table.
    #[inline(always)]
    pub(crate) fn source_at(self) -> Option<(SlotRef, u32)> {
        let slot = self.readable()?;
        let kind = slot.kind.get();
        (kind.class == Class::Source && !slot.has(Flag::NoValue)).then(|| (slot, value::source_index(slot, kind)))
    }
}

impl<T: 'static> Node<T> {
    /// As [`on_ready`](AnyNode::on_ready), for a watcher that looks at the source's value, which is lent to each call; while it cannot be
    /// lent, nothing is called.
    #[track_caller]
    pub fn on_ready_with<R>(self, interest: Ready, handler: impl FnMut(&T, Ready) -> R + 'static) -> AnyNode {
        self.any().watch(interest, LentCell::new(handler), LentCell::<T, _>::watcher_of, Location::caller())
    }
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
    let record = Record::new();
    let vacant = Vacant::new(&record, core, slot);
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

struct Readiness {
    source: AnyNode,
    interest: Ready,
    waits: u8,
    key: Option<u64>,
}

impl Readiness {
    /// Gives the waiter back, to be dropped.
    #[inline(always)]
    fn leave(&mut self) -> Option<Waiter> {
        let key = self.key.take()?;
        let (source, index) = self.source.source_at()?;
        source.peek_core().sources.borrow_mut().drop_waiter(index, key)
    }

    /// Waits with that waiter; gives what is to be dropped.
    fn wait(&mut self, source: SlotRef, index: u32, waiter: Waiter) -> Option<Waiter> {
        let mut sources = source.peek_core().sources.borrow_mut();
        match self.key {
            Some(key) => sources.replace_waiter(index, key, waiter),
            None => {
                self.key = Some(sources.add_waiter(index, self.interest, waiter));
                None
            }
        }
    }

    /// What it was woken for, if it was.
    fn take_woken(&mut self, source: SlotRef, index: u32) -> Option<Ready> {
        let ready = source.peek_core().sources.borrow_mut().take_woken(index, self.key?)?;
        self.key = None;
        Some(ready)
    }

    /// As its poll, for somebody else's waker: to clone that is its own code, which may free the source, or mark it.
    #[cold]
    fn poll_for(&mut self, waker: &Waker) -> Poll<Result<Ready, Ended>> {
        let waiter = Waiter::Foreign(waker.clone());
        let Some((source, index)) = self.source.source_at() else { return self.freed() };
        if let Some(ready) = self.take_woken(source, index) {
            return Poll::Ready(Ok(ready));
        }
        drop(self.wait(source, index, waiter));
        Poll::Pending
    }

    #[cold]
    fn freed(&mut self) -> Poll<Result<Ready, Ended>> {
        self.key = None;
        Poll::Ready(Err(self.source.ended_freed()))
    }
}

impl Future for Readiness {
    type Output = Result<Ready, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((source, index)) = self.source.source_at() else { return self.freed() };
        if let Some(ready) = self.take_woken(source, index) {
            return Poll::Ready(Ok(ready));
        }
        let Some(waiter) = own_waiter_of(context, source.peek_core(), self.waits) else { return self.poll_for(context.waker()) };
        drop(self.wait(source, index, waiter));
        Poll::Pending
    }
}

impl Drop for Readiness {
    #[inline]
    fn drop(&mut self) {
        drop(self.leave());
    }
}

impl TreeCore {
    #[inline]
    fn mark(&self, token: Token, ready: Ready) -> Ready {
        let Some((accepted, class)) = self.sources.borrow_mut().mark(token, ready) else { return Ready::NONE };
        if !accepted.is_empty() {
            self.pending.add(class.queued());
            self.poke();
        }
        ready.without(accepted)
    }

    /// A source's node ends: whoever waits for it is woken.
    pub(crate) fn leave_sources(&self, slot: SlotRef) {
        let mut sources = self.sources.borrow_mut();
        let index = match slot.has(Flag::NoValue) {
            true => sources.index_of(AnyNode::of(slot)),
            false => Some(value::source_index(slot, slot.kind.get())),
        };
        let Some(index) = index else { return };
        let waiters = sources.leave(index);
        drop(sources);
        for waiter in waiters {
            self.wake(waiter, false);
        }
    }

    /// A watcher's node ends.
    pub(crate) fn leave_watched(&self, slot: SlotRef) {
        self.sources.borrow_mut().drop_callback(AnyNode::of(slot));
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

    /// Serves what is marked of one class: of that what was marked when the class began.
    #[inline(always)]
    pub(crate) fn serve_sources(&self, class: SourceClass) {
        if self.pending.has(class.queued())
            && let Some(serve) = self.parts.serve_sources.get()
        {
            serve(self, class);
        }
    }

    #[inline(never)]
    fn serve_marked(&self, class: SourceClass) {
        self.pending.remove(class.queued());
        self.sources.borrow_mut().begin(class);
        loop {
            let task = self.sources.borrow_mut().next_task();
            match task {
                Some(Task::Call(node, ready, source)) => self.call_watcher(node, ready, source),
                Some(Task::Wake(waiter)) => self.wake(waiter, false),
                Some(Task::Nothing) => {}
                None => return,
            }
        }
    }

    /// Calls the closure that a node's value is, unless it is on the stack or gone.
    fn call_watcher(&self, node: AnyNode, ready: Ready, source: SlotRef) {
        let Some(slot) = node.readable().filter(|slot| slot.state.get() == State::Live && slot.lent.get() == 0) else { return };
        self.call_lent(slot, || value::call(slot, ready, source));
        self.settle(slot);
        self.count_piece();
    }
}
