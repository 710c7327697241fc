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
pub(crate) struct Lateness {
    /// When the hold began; [`Instant::MAX`]: punctual.
    since: Cell<Instant>,
    /// When code of the tree ran last, in a hold.
    last_ran: Cell<Instant>,
}

impl Lateness {
    pub(crate) const fn new() -> Lateness {
        Lateness { since: Cell::new(Instant::MAX), last_ran: Cell::new(Instant::MAX) }
    }

    /// Whether deadlines count in the turn that begins `now`; `next` is the tree's earliest deadline, [`Instant::MAX`] where there is none.
    pub(crate) fn judge(&self, now: Instant, next: Instant) -> Deadlines {
        if self.is_holding() {
            if now >= self.last_ran.get() + QUIET || now >= self.since.get() + HOLD_MAX {
                // This turn counts: everything overdue ends in it, so the same lateness cannot hold again.
                self.since.set(Instant::MAX);
            }
        } else if now > next + LATE {
            self.since.set(now);
            self.last_ran.set(now);
        }
        if self.is_holding() { Deadlines::Hold } else { Deadlines::Count }
    }

    /// The turn at `now` ran some code: something had come in.
    pub(crate) fn ran(&self, now: Instant) {
        self.last_ran.set(now);
    }

    pub(crate) fn is_holding(&self) -> bool {
        self.since.get() != Instant::MAX
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
        matches!(lateness.judge(at(now), next.map_or(Instant::MAX, at)), Deadlines::Count)
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
