//! Timers that call: once, or again and again.

use crate::arena::{Class, Flag, KindOf, Place, SlotIndex, SlotRef, State, TimerCell, TimerRef};
use crate::node::{AnyNode, Node};
use crate::time::{Instant, nanos_of};
use crate::tree::TreeCore;
use core::panic::Location;
use core::time::Duration;

/// The value of a timer's node; [`Node<Timer>`](Node) can be re-armed with `reset`.
///
/// ```
/// use hamadryad::{millis, sim::Sim};
/// let sim = Sim::seeded(1);
/// let timer = sim.root().after(millis(10), || unreachable!("it is re-armed in time"));
/// sim.advance(millis(9));
/// assert!(timer.reset(millis(10)));
/// sim.advance(millis(9));
/// timer.free();
/// assert!(!timer.reset(millis(1)));
/// ```
#[derive(Debug)]
pub struct Timer(());

impl AnyNode {
    /// Calls `handler` once, `delay` after now and never early; then the node is gone. While the handler runs the node is ending.
    ///
    /// On a stale or ending node the handler is dropped uncalled and the handle is stale.
    #[track_caller]
    pub fn after<R>(self, delay: Duration, handler: impl FnOnce() -> R + 'static) -> Node<Timer> {
        self.timer(delay, TimerCell::new((), handler), TimerCell::ONCE, Location::caller())
    }

    /// Calls `handler` every `period`, until the node is freed. It keeps its phase: periods missed give one call, and the next comes
    /// at the first multiple after that. A period of 0 is once a turn.
    ///
    /// On a stale or ending node the handler is dropped uncalled and the handle is stale.
    #[track_caller]
    pub fn every<R>(self, period: Duration, handler: impl FnMut() -> R + 'static) -> Node<Timer> {
        self.timer(period, TimerCell::new(nanos_of(period), handler), TimerCell::EVERY, Location::caller())
    }

    fn timer<P, F>(self, delay: Duration, cell: TimerCell<P, F>, kind: KindOf<TimerCell<P, F>>, place: Place) -> Node<Timer> {
        let Some(owner) = self.living_or_growing() else { return Node::new(self.stale()) };
        let core = owner.peek_core(); // No code of the user's runs here, but for the drop of a refused closure at the very end.
        let Ok(slot) = core.make_with(owner, kind, place, 0, cell) else { return Node::new(self.stale()) };
        core.arm_new(slot, delay);
        Node::new(AnyNode::of(slot))
    }

    /// The effective deadline: the earliest among this node's own and those of its ancestors.
    pub fn deadline(self) -> Option<Instant> {
        let core = self.core()?;
        let of = |node: AnyNode| node.readable().and_then(|slot| core.own_deadline(slot));
        of(self).into_iter().chain(self.ancestors().filter_map(of)).min()
    }
}

impl TreeCore {
    /// A new timer's node enters the heap.
    fn arm_new(&self, slot: SlotRef, delay: Duration) {
        let timer = TimerRef::of(slot);
        timer.head().slot.set(SlotIndex::of(slot));
        let at = self.now() + delay;
        self.timers.insert(at, timer);
        self.plan(at);
    }
}

impl Node<Timer> {
    /// Re-arms the timer: it fires `delay` after now, then (an [`every`](AnyNode::every)) each period after that. Legal anywhere.
    ///
    /// False, and nothing happens: it is stale, ending, or has fired already (a one-shot timer in its own handler is ending).
    pub fn reset(self, delay: Duration) -> bool {
        let Some(slot) = self.any().readable() else { return false };
        let fired = slot.has(Flag::NoValue) || (!slot.kind.get().periodic && !TimerRef::of(slot).head().link.is_in_heap());
        if slot.kind.get().class != Class::Timer || !matches!(slot.state.get(), State::Live | State::Asking) || fired {
            return false;
        }
        let core = slot.core();
        let at = core.now() + delay;
        core.timers.remove(TimerRef::of(slot));
        core.timers.insert(at, TimerRef::of(slot));
        core.plan(at);
        true
    }
}
