//! When simulated time may pass, and to where.

use crate::arena::TimerRef;
use crate::time::Instant;
use crate::tree::TreeCore;

impl TreeCore {
    /// Whether nothing is left to do at this time but timers with a period of 0, which are called once a turn for ever.
    pub(crate) fn time_may_pass(&self) -> bool {
        let now = self.time.get();
        let is_each_turn = |item: TimerRef| {
            let node = self.timer_node(item.head().slot.get());
            node.is_some_and(|slot| slot.kind.get().periodic && TimerRef::period(slot) == 0)
        };
        !self.shared.has_come()
            && !self.is_queued()
            && self.timers.all().into_iter().filter(|due| due.0 <= now).all(|due| is_each_turn(due.1))
    }

    /// The next timer, sleep or deadline that is not due yet.
    pub(crate) fn next_deadline_after_now(&self) -> Option<Instant> {
        let now = self.time.get();
        let timers = self.timers.all().into_iter().map(|timer| timer.0).filter(|at| *at > now).min();
        let earliest = self.earliest_with(timers.unwrap_or(Instant::MAX));
        (earliest != Instant::MAX).then_some(earliest)
    }
}
