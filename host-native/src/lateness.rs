//! [`Lateness`]: when a loop is so late that no deadline may count (law 16).

use hamadryad::{Deadlines, Instant, millis};
use std::cell::Cell;
use std::time::Duration;

/// Later than this and the loop was not running: the process was stopped, or a callback took long.
const LATE: Duration = millis(50);
/// The longest hold, whatever comes in.
const HOLD_MAX: Duration = millis(200);

/// Whether deadlines count.
///
/// ```text
///              judge: earliest deadline overdue by more than LATE
///   Punctual ─────────────────────────────────────────────────────► Holding
///            ◄─────────────────────────────────────────────────────
///              judge: a wait of zero brought nothing, or HOLD_MAX over
/// ```
#[derive(Debug)]
pub(crate) struct Lateness(Cell<State>);

#[derive(Clone, Copy, Debug)]
enum State {
    Punctual,
    Holding { until: Instant },
}

impl Lateness {
    pub(crate) const fn new() -> Lateness {
        Lateness(Cell::new(State::Punctual))
    }

    /// Whether deadlines count in the turn that begins `now`; `next` is the tree's earliest deadline, `all_is_in` whether nothing waits
    /// that could be taken in or run before.
    pub(crate) fn judge(&self, now: Instant, next: Option<Instant>, all_is_in: bool) -> Deadlines {
        match self.0.get() {
            State::Punctual => match next {
                Some(next) if now - next > LATE => self.become_late(now),
                _ => Deadlines::Count,
            },
            State::Holding { until } if all_is_in || now >= until => {
                // In this turn everything overdue ends, so the same lateness cannot hold again.
                self.0.set(State::Punctual);
                Deadlines::Count
            }
            State::Holding { .. } => Deadlines::Hold,
        }
    }

    fn become_late(&self, now: Instant) -> Deadlines {
        self.0.set(State::Holding { until: now + HOLD_MAX });
        Deadlines::Hold
    }

    /// While it holds, the loop does not wait.
    pub(crate) fn is_holding(&self) -> bool {
        matches!(self.0.get(), State::Holding { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(0) + millis(ms)
    }

    #[test]
    fn a_loop_in_time_counts() {
        let lateness = Lateness::new();
        assert_eq!(lateness.judge(at(60), Some(at(10)), false), Deadlines::Count);
        assert_eq!(lateness.judge(at(60), None, false), Deadlines::Count);
    }

    #[test]
    fn a_late_one_holds_until_all_is_in_then_counts_at_least_once() {
        let lateness = Lateness::new();
        assert_eq!(lateness.judge(at(61), Some(at(10)), true), Deadlines::Hold);
        assert!(lateness.is_holding());
        assert_eq!(lateness.judge(at(62), Some(at(10)), false), Deadlines::Hold);
        assert_eq!(lateness.judge(at(63), Some(at(10)), true), Deadlines::Count);
        assert!(!lateness.is_holding());
    }

    #[test]
    fn holds_no_longer_than_200_ms() {
        let lateness = Lateness::new();
        assert_eq!(lateness.judge(at(1_000), Some(at(10)), false), Deadlines::Hold);
        assert_eq!(lateness.judge(at(1_199), Some(at(10)), false), Deadlines::Hold);
        assert_eq!(lateness.judge(at(1_200), Some(at(10)), false), Deadlines::Count);
    }
}
