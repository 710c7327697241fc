//! Timers that call: once, or again and again.

use crate::arena::{Class, Flag, Kind, Place, State, TimerCell, TimerRef, value};
use crate::node::{AnyNode, Node};
use crate::time::{Instant, nanos_of};
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
        self.timer(delay, TimerCell::new((), handler), kind_once, Location::caller())
    }

    /// Calls `handler` every `period`, until the node is freed. It keeps its phase: periods missed give one call, and the next comes
    /// at the first multiple after that. A period of 0 is once a turn.
    ///
    /// On a stale or ending node the handler is dropped uncalled and the handle is stale.
    #[track_caller]
    pub fn every<R>(self, period: Duration, handler: impl FnMut() -> R + 'static) -> Node<Timer> {
        self.timer(period, TimerCell::new(nanos_of(period), handler), kind_every, Location::caller())
    }

    fn timer<P, F>(
        self,
        delay: Duration,
        mut cell: TimerCell<P, F>,
        kind: impl FnOnce(&TimerCell<P, F>) -> &'static Kind,
        place: Place,
    ) -> Node<Timer> {
        let Some(owner) = self.readable() else { return Node::new(self.stale()) };
        let core = owner.peek_core(); // No code of the user's runs here, but for the drop of a refused closure at the very end.
        let Ok(slot) = core.make(self, kind(&cell), place) else { return Node::new(self.stale()) };
        cell.belongs_to(slot.index());
        let node = value::fill(slot, cell);
        let at = core.now() + delay;
        core.timers.insert(at, TimerRef::of(slot));
        core.plan(at);
        Node::new(node)
    }

    /// The effective deadline: the earliest among this node's own and those of its ancestors.
    pub fn deadline(self) -> Option<Instant> {
        let core = self.core()?;
        let of = |node: AnyNode| node.readable().filter(|slot| slot.ext().is_some()).and_then(|slot| core.deadlines.at(slot));
        of(self).into_iter().chain(self.ancestors().filter_map(of)).min()
    }
}

fn kind_once<R, F: FnOnce() -> R + 'static>(_: &TimerCell<(), F>) -> &'static Kind {
    TimerCell::<(), F>::ONCE
}

fn kind_every<R, F: FnMut() -> R + 'static>(_: &TimerCell<u64, F>) -> &'static Kind {
    TimerCell::<u64, F>::EVERY
}

impl Node<Timer> {
    /// Re-arms the timer: it fires `delay` after now, then (an [`every`](AnyNode::every)) each period after that. Legal anywhere.
    ///
    /// False, and nothing happens: it is stale, ending, or has fired already (a one-shot timer in its own handler is ending).
    pub fn reset(self, delay: Duration) -> bool {
        let Some(slot) = self.any().readable() else { return false };
        let fired = slot.has(Flag::NoValue) || (!slot.kind.get().periodic && TimerRef::of(slot).head().place.get() == 0);
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
