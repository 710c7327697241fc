//! Access to values: lent by reference for the length of a closure, never aliased, taken out, owned from outside, posted to.
#![expect(unsafe_code, reason = "a typed handle reads the value it was made with")]

use crate::arena::{Class, Flag, Place, Slot, SlotRef, State, value};
use crate::free::End;
use crate::inbox::Shared;
use crate::loans::Record;
use crate::node::{AnyNode, Node};
use crate::tree::TreeCore;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::panic::Location;

/// Why a value was not lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    /// The node is gone.
    Stale {
        /// Where it was freed, while its slot has no next tenant.
        freed_at: Option<&'static Location<'static>>,
    },
    /// The value is lent in a way that would alias, or is being built or dropped.
    Busy {
        /// Who holds it.
        held_at: &'static Location<'static>,
    },
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccessError::Stale { freed_at: Some(place) } => write!(f, "the node is stale: it was freed at {place}"),
            AccessError::Stale { freed_at: None } => f.write_str("the node is stale"),
            AccessError::Busy { held_at } => write!(f, "the value is busy: lent at {held_at}"),
        }
    }
}

impl core::error::Error for AccessError {}

/// A value is lent; dropped, it is not any more, and a node that was freed meanwhile ends.
struct Loan<'r> {
    core: Rc<TreeCore>,
    slot: SlotRef,
    /// Of the loans further out.
    lent_before: u16,
    record: &'r Record,
}

impl<'r> Loan<'r> {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn begin(record: &'r Record, node: AnyNode, place: Place, exclusive: bool) -> Result<Loan<'r>, AccessError> {
        let Some(slot) = node.readable() else { return Err(stale(node)) };
        let lent_before = slot.lent.get();
        let is_free = if exclusive { lent_before == 0 } else { lent_before < Slot::SHARED_MAX };
        if !is_free || slot.has(Flag::NoValue) {
            return Err(busy(slot));
        }
        let core = slot.core();
        slot.lent.set(if exclusive { Slot::EXCLUSIVE } else { lent_before + 1 });
        // SAFETY: the record is borrowed for as long as the loan, which leaves when it is dropped, and is never forgotten.
        unsafe { core.loans.enter(record, slot, place) };
        core.entered.set(core.entered.get() + 1);
        Ok(Loan { core, slot, lent_before, record })
    }
}

impl Drop for Loan<'_> {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn drop(&mut self) {
        self.core.end_loan(self.record);
        self.slot.lent.set(self.lent_before);
        self.core.settle(self.slot);
    }
}

#[cfg_attr(not(target_family = "wasm"), cold)]
#[cfg_attr(target_family = "wasm", inline(always))]
fn stale(node: AnyNode) -> AccessError {
    AccessError::Stale { freed_at: node.freed_at() }
}

#[cfg_attr(not(target_family = "wasm"), cold)]
#[cfg_attr(target_family = "wasm", inline(always))]
fn busy(slot: SlotRef) -> AccessError {
    AccessError::Busy { held_at: slot.peek_core().held_at(slot) }
}

/// A node whose value is being built; dropped without one, it is freed.
pub(crate) struct Vacant<'r> {
    core: Rc<TreeCore>,
    slot: SlotRef,
    record: &'r Record,
}

impl<'r> Vacant<'r> {
    pub(crate) fn new(record: &'r Record, core: Rc<TreeCore>, slot: SlotRef) -> Vacant<'r> {
        slot.lent.set(Slot::EXCLUSIVE);
        // SAFETY: the record is borrowed for as long as this, which leaves when it is dropped, and is never forgotten.
        unsafe { core.loans.enter(record, slot, slot.place.get().unwrap_or(core.place)) };
        core.entered.set(core.entered.get() + 1);
        Vacant { core, slot, record }
    }

    /// The value is there; if the node was freed meanwhile it is dropped again.
    pub(crate) fn fill<T: 'static>(self, value: T) {
        value::fill(self.slot, value);
    }
}

impl Drop for Vacant<'_> {
    fn drop(&mut self) {
        self.core.end_loan(self.record);
        self.slot.lent.set(0);
        if self.slot.state.get() == State::Deferred {
            self.core.settle(self.slot);
        } else if self.slot.has(Flag::NoValue) && self.slot.kind.get().class != Class::Vacant {
            AnyNode::of(self.slot).free();
        }
    }
}

/// A value is lent to code that a turn calls. That is the one thing it knows: the tree is there as long as the turn.
struct LoanInTurn(SlotRef);

impl LoanInTurn {
    /// The code has returned. (It is dropped where it panicked.)
    #[inline(always)]
    fn end(self) {
        let slot = self.0;
        core::mem::forget(self);
        slot.lent.set(slot.lent.get() - 1);
        if slot.state.get() == State::Deferred {
            LoanInTurn::settle(slot);
        }
    }

    /// The node was freed meanwhile.
    #[cold]
    fn settle(slot: SlotRef) {
        slot.core().settle(slot);
    }
}

impl Drop for LoanInTurn {
    fn drop(&mut self) {
        LoanInTurn(self.0).end();
    }
}

/// Lends a value to code that a turn calls; nothing where it is lent exclusively. It is not noted who holds it: who asks is told where the
/// node was made.
///
/// # Safety
/// The slot's value is a `T`, or begins with one, and is there.
#[inline(always)]
pub(crate) unsafe fn lend_in_turn<T, R>(slot: SlotRef, f: impl FnOnce(&T) -> R) {
    debug_assert!(!slot.has(Flag::NoValue));
    if slot.lent.get() < Slot::SHARED_MAX {
        slot.lent.set(slot.lent.get() + 1);
        let loan = LoanInTurn(slot);
        // SAFETY: the caller's contract; the value stays while the loan does, and no exclusive one begins before that has ended.
        f(unsafe { value::shared::<T>(slot) });
        loan.end();
    }
}

impl TreeCore {
    /// The innermost loan ends.
    #[inline(always)]
    pub(crate) fn end_loan(&self, record: &Record) {
        self.loans.leave(record);
        self.entered.set(self.entered.get() - 1);
    }

    /// Who holds a slot's value.
    fn held_at(&self, slot: SlotRef) -> Place {
        self.loans.place_of(slot).or(slot.place.get()).unwrap_or(self.place)
    }
}

impl<T: 'static> Node<T> {
    /// Lends the value.
    ///
    /// # Panics
    /// On a stale handle (naming the place of the free) and when the value is busy (naming its holder);
    /// [`try_with`](Node::try_with) returns these.
    #[track_caller]
    #[inline]
    pub fn with<R>(self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Lends the value exclusively.
    ///
    /// # Panics
    /// As [`with`](Node::with).
    #[track_caller]
    #[inline]
    pub fn with_mut<R>(self, f: impl FnOnce(&mut T) -> R) -> R {
        match self.try_with_mut(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Lends the value. Any number of shared loans may nest, up to 65,534.
    ///
    /// # Errors
    /// On a stale handle, and when the value is lent exclusively, being built or being dropped.
    #[track_caller]
    #[inline]
    pub fn try_with<R>(self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let record = Record::new();
        let loan = Loan::begin(&record, self.any(), Location::caller(), false)?;
        // SAFETY: a `Node<T>` is made for a node whose value is a `T`, or begins with one; the value is there (`NoValue` was looked at)
        // and stays while the loan does: a free leaves a lent value alone. No exclusive loan begins while the count is not 0.
        Ok(f(unsafe { value::shared::<T>(loan.slot) }))
    }

    /// Lends the value exclusively.
    ///
    /// # Errors
    /// On a stale handle, and when the value is lent at all, being built or being dropped.
    #[track_caller]
    #[inline]
    pub fn try_with_mut<R>(self, f: impl FnOnce(&mut T) -> R) -> Result<R, AccessError> {
        let record = Record::new();
        let loan = Loan::begin(&record, self.any(), Location::caller(), true)?;
        // SAFETY: as in `try_with`; the loan is exclusive: no other begins before it ends.
        Ok(f(unsafe { value::exclusive::<T>(loan.slot) }))
    }

    /// Moves the value out and frees the node, its hooks first. A hook that keeps it makes it `Busy`.
    ///
    /// # Errors
    /// On a stale handle, and when the value is lent, or the node is ending.
    #[track_caller]
    pub fn take(self) -> Result<T, AccessError> {
        let place = Location::caller();
        let record = Record::new();
        let loan = Loan::begin(&record, self.any(), place, true)?;
        let (core, slot) = (Rc::clone(&loan.core), loan.slot);
        drop(loan);
        if slot.state.get() != State::Live {
            return Err(AccessError::Busy { held_at: core.held_at(slot) });
        }
        let mut taken = None;
        core.take_out(slot, &End::freed(place, core.running()), || {
            // SAFETY: called by the free in place of the value's drop, with nothing lent. A `Timer` has no size and no drop; of a
            // source the rest of the chunk is a number. So a copy of the `T` is the value itself.
            taken = Some(unsafe { value::take::<T>(slot) });
        });
        taken.ok_or(AccessError::Busy { held_at: place })
    }

    /// The only handle that crosses threads.
    ///
    /// Of a node that is stale already every post is refused.
    pub fn remote(self) -> Remote<T> {
        let shared = self.any().core().map(|core| {
            core.parts.take_posts.set(Some(TreeCore::take_posts));
            core.shared.share(&core)
        });
        Remote { target: self.any().id(), shared, kind: PhantomData }
    }
}

/// A handle that frees its node when it is dropped: for what lives outside the tree (a JavaScript class, a C struct, a foreign task).
///
/// ```
/// # use hamadryad::sim::Sim;
/// let sim = Sim::seeded(1);
/// let owned = sim.root().insert(7).owned();
/// let node = *owned;
/// drop(owned);
/// assert!(!node.is_alive());
/// ```
#[must_use = "dropping it frees the node"]
pub struct Owned<T>(Node<T>);

impl<T> Owned<T> {
    pub(crate) fn new(node: Node<T>) -> Owned<T> {
        Owned(node)
    }
}

impl<T> Deref for Owned<T> {
    type Target = Node<T>;
    fn deref(&self) -> &Node<T> {
        &self.0
    }
}

impl<T> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owned").field(&self.0).finish()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.any().readable().filter(|slot| slot.state.get() == State::Live) {
            let core = slot.core();
            core.free(slot, &End::dropped(&core));
        }
    }
}

/// The only handle that crosses threads: `Send + Sync` whatever `T` is, because it carries an id, and the closure runs where the tree
/// lives.
pub struct Remote<T> {
    target: crate::NodeId,
    /// Nothing where the node was stale already.
    shared: Option<Arc<Shared>>,
    /// Invariant in `T`, like `Node`, and `Send` all the same.
    kind: PhantomData<fn(T) -> T>,
}

/// The tree is gone: nothing posted to it will run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeGone(());

impl fmt::Display for TreeGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tree is gone")
    }
}

impl core::error::Error for TreeGone {}

impl<T> Remote<T> {
    /// Hands `f` to the tree's thread, where it is called with the node in a coming turn; first in, first out. If the node is gone by
    /// then, `f` is dropped there uncalled.
    ///
    /// # Errors
    /// When the tree is gone; `f` is dropped here then.
    pub fn post<R>(&self, f: impl FnOnce(Node<T>) -> R + Send + 'static) -> Result<(), TreeGone> {
        let run = Box::new(move |node: AnyNode| {
            f(Node::new(node));
        });
        let shared = self.shared.as_ref().ok_or(TreeGone(()))?;
        if shared.post(self.target, run) { Ok(()) } else { Err(TreeGone(())) }
    }
}

impl<T> Clone for Remote<T> {
    fn clone(&self) -> Self {
        Remote { target: self.target, shared: self.shared.clone(), kind: PhantomData }
    }
}

impl<T> fmt::Debug for Remote<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.target).finish()
    }
}
