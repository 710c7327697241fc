//! [`Lateness`]: when a page is so late that no deadline may count (law 16).

use crate::{Deadlines, Instant, millis};
use core::cell::Cell;
use core::time::Duration;

/// Later than this and the page was not running: its main thread was blocked, or the tab was frozen.
const LATE: Duration = millis(50);
/// What was waiting is in when no code of the tree has run for this long. Measured: after 1.5 s of a blocked main thread an overdue
/// timeout runs before most of the waiting messages, and all are in after 1 to 2 ms.
const QUIET: Duration = millis(20);
/// The longest hold, whatever comes in.
const HOLD_MAX: Duration = millis(200);

/// Whether deadlines count.
///
/// ```text
///              judge: earliest deadline overdue by more than LATE
///   Punctual ─────────────────────────────────────────────────────► Holding
///            ◄─────────────────────────────────────────────────────
///              judge: nothing ran for QUIET, or HOLD_MAX is over
/// ```
pub(crate) struct Lateness(Cell<State>);

#[derive(Clone, Copy)]
enum State {
    Punctual,
    Holding { since: Instant, last_ran: Instant },
}

impl Lateness {
    pub(crate) const fn new() -> Lateness {
        Lateness(Cell::new(State::Punctual))
    }

    /// Whether deadlines count in the turn that begins `now`; `next` is the tree's earliest deadline.
    pub(crate) fn judge(&self, now: Instant, next: Option<Instant>) -> Deadlines {
        let state = match self.0.get() {
            State::Punctual => punctual(now, next),
            State::Holding { since, last_ran } => holding(now, since, last_ran),
        };
        self.0.set(state);
        match state {
            State::Punctual => Deadlines::Count,
            State::Holding { .. } => Deadlines::Hold,
        }
    }

    /// The turn at `now` ran some code: something had come in.
    pub(crate) fn ran(&self, now: Instant) {
        if let State::Holding { since, .. } = self.0.get() {
            self.0.set(State::Holding { since, last_ran: now });
        }
    }

    pub(crate) fn is_holding(&self) -> bool {
        matches!(self.0.get(), State::Holding { .. })
    }
}

fn punctual(now: Instant, next: Option<Instant>) -> State {
    match next {
        Some(next) if now > next + LATE => State::Holding { since: now, last_ran: now },
        _ => State::Punctual,
    }
}

fn holding(now: Instant, since: Instant, last_ran: Instant) -> State {
    if now >= last_ran + QUIET || now >= since + HOLD_MAX {
        State::Punctual // this turn counts: everything overdue ends in it, so the same lateness cannot hold again
    } else {
        State::Holding { since, last_ran }
    }
}

#[cfg(test)]
mod tests {
    use super::Lateness;
    use crate::{Deadlines, Instant, millis};

    fn at(ms: u64) -> Instant {
        Instant::from_nanos(0) + millis(ms)
    }

    fn counts(lateness: &Lateness, now: u64, next: Option<u64>) -> bool {
        matches!(lateness.judge(at(now), next.map(at)), Deadlines::Count)
    }

    #[test]
    fn a_page_on_time_counts_every_deadline() {
        let lateness = Lateness::new();
        assert!(counts(&lateness, 100, None));
        assert!(counts(&lateness, 100, Some(200)));
        assert!(counts(&lateness, 100, Some(50))); // 50 ms late exactly
        lateness.ran(at(100));
        assert!(!lateness.is_holding());
    }

    #[test]
    fn a_late_page_holds_until_20_ms_are_quiet() {
        let lateness = Lateness::new();
        assert!(!counts(&lateness, 1_500, Some(400)));
        assert!(!counts(&lateness, 1_519, Some(400)));
        lateness.ran(at(1_519)); // the 20 ms begin anew
        assert!(!counts(&lateness, 1_538, Some(400)));
        assert!(counts(&lateness, 1_539, Some(400)));
        assert!(!lateness.is_holding());
    }

    #[test]
    fn a_hold_ends_after_200_ms_whatever_comes_in() {
        let lateness = Lateness::new();
        for now in (1_000..1_200).step_by(10) {
            assert!(!counts(&lateness, now, Some(400)), "at {now}");
            lateness.ran(at(now));
        }
        assert!(counts(&lateness, 1_200, Some(400)));
    }
}
