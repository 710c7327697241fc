//! Sleeping: 72 bytes beside the request that sleeps, no node, no allocation from the system in steady state.
#![expect(unsafe_code, reason = "a pending sleep lies in a chunk that its future and the heap of timers point to")]

use crate::arena::{Class, Serial, SlotIndex, SlotRef, TimerHead, TimerRef, Waiter, WideRef};
use crate::ended::Ended;
use crate::heap::Link;
use crate::node::AnyNode;
use crate::request::waiter_of;
use crate::time::Instant;
use crate::tree::TreeCore;
use crate::waits;
use alloc::alloc::Layout;
use alloc::rc::Rc;
use core::cell::Cell;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};
use core::time::Duration;

/// What a pending sleep has in its chunk. The head comes first: the heap knows only that.
#[repr(C)]
struct Pending {
    head: TimerHead,
    waiter: Cell<Option<Waiter>>,
}

impl AnyNode {
    /// Waits until `duration` after this call. Cancel-safe: dropped, nothing is left.
    ///
    /// # Errors
    /// [`Ended::Freed`] when this node is, or gets, freed.
    #[track_caller]
    pub fn sleep(self, duration: Duration) -> impl Future<Output = Result<(), Ended>> + 'static {
        let at = self.core().map_or(Instant::MAX, |core| core.now() + duration);
        Sleep { node: self, at, pending: None, dependent: None }
    }

    /// Waits until `at`; not at all when that was before this turn. Cancel-safe.
    ///
    /// # Errors
    /// As [`sleep`](AnyNode::sleep).
    #[track_caller]
    pub fn sleep_until(self, at: Instant) -> impl Future<Output = Result<(), Ended>> + 'static {
        Sleep { node: self, at, pending: None, dependent: None }
    }
}

struct Sleep {
    node: AnyNode,
    at: Instant,
    /// Armed, with the core that its memory belongs to.
    pending: Option<(NonNull<Pending>, Rc<TreeCore>)>,
    /// It waits on a node that is not its own: the key among that node's dependents.
    dependent: Option<u64>,
}

impl Sleep {
    fn pending(&self) -> Option<&Pending> {
        // SAFETY: the chunk is initialised by `arm` and given back by `disarm` only, which clears the field.
        self.pending.as_ref().map(|(pending, _)| unsafe { pending.as_ref() })
    }

    fn arm(&mut self, core: Rc<TreeCore>) -> bool {
        let Some(chunk) = core.chunks.allocate(Layout::new::<Pending>()) else { return false };
        let pending = chunk.cast::<Pending>();
        let head = TimerHead { link: Link::new(), slot: Cell::new(SlotIndex::NONE) };
        // SAFETY: the chunk is new and of this layout.
        unsafe { pending.write(Pending { head, waiter: Cell::new(None) }) };
        // SAFETY: initialised above; it stays until `disarm`, which takes it out of the heap first.
        let item = unsafe { TimerRef::new(pending.cast()) };
        let at = self.at.max(core.time.get());
        core.timers.insert(at, item);
        core.plan(at);
        self.pending = Some((pending, core));
        true
    }

    fn disarm(&mut self) {
        let Some((pending, core)) = self.pending.take() else { return };
        // SAFETY: initialised by `arm`; taken out of the heap here, nobody else knows it.
        core.timers.remove(unsafe { TimerRef::new(pending.cast()) });
        // SAFETY: as above; the waiter (a foreign waker's drop is user code) is dropped after the chunk is given back.
        let waiter = unsafe { pending.as_ref() }.waiter.take();
        // SAFETY: `arm` got it from these chunks with this layout; `Pending` has nothing left to drop.
        unsafe { core.chunks.free(pending.cast(), Layout::new::<Pending>()) };
        let dependent = self.dependent.take().and_then(|key| self.node.leave_dependents(key));
        drop((waiter, dependent));
    }
}

impl Future for Sleep {
    type Output = Result<(), Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.pending().is_some_and(|pending| !pending.head.link.is_in_heap()) {
            self.disarm();
            self.at = Instant(0);
            return Poll::Ready(Ok(()));
        }
        let Some(core) = self.node.growing().map(SlotRef::core) else {
            self.disarm();
            return Poll::Ready(Err(self.node.ended_freed()));
        };
        if self.pending.is_none() && self.at < core.time.get() {
            return Poll::Ready(Ok(())); // It was over before it was first polled.
        }
        if self.pending.is_none() && !self.arm(Rc::clone(&core)) {
            return Poll::Ready(Err(self.node.ended_freed()));
        }
        let waiter = waiter_of(context, &core, waits::SLEEP);
        if !ends_with(&waiter, self.node) {
            let again = waiter_of(context, &core, waits::SLEEP);
            self.dependent = self.node.enter_dependents(self.dependent, again);
        }
        let before = self.pending().and_then(|pending| pending.waiter.replace(Some(waiter)));
        drop(before);
        Poll::Pending
    }
}

/// Whether this sleep is dropped with the node anyway: it lies in the future of the node's own request, or in a scope that this polls.
/// What is only below the node may be moved away from it, or be kept when it goes.
fn ends_with(waiter: &Waiter, node: AnyNode) -> bool {
    matches!(waiter, Waiter::Ours(slot, serial) if is_within(*slot, *serial, node))
}

fn is_within(slot: WideRef, serial: Serial, node: AnyNode) -> bool {
    let mut polled = Some((slot, serial));
    while let Some((slot, serial)) = polled {
        if (*slot, serial) == (node.slot, node.serial) {
            return true;
        }
        polled = if slot.kind.get().class == Class::Scope { slot.ext().own_waiter() } else { None };
    }
    false
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl TreeCore {
    /// A sleep is over: it is out of the heap, and whoever waits is woken.
    pub(crate) fn end_sleep(&self, item: TimerRef) {
        // SAFETY: an item of the heap without a node is a `Pending`, which stays until its future takes it out.
        let waiter = unsafe { item.pointer().cast::<Pending>().as_ref() }.waiter.take();
        if let Some(waiter) = waiter {
            self.wake(waiter, false);
        }
    }
}
