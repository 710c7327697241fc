//! [`Clock`]: `performance.now()` as the tree's monotonic nanoseconds.

use crate::{Instant, WallClock, sys};
use core::cell::Cell;

/// The host's clocks.
pub(crate) struct Clock {
    /// The latest time told: browsers coarsen and jitter their clock, and have let it step back across a suspended machine.
    latest: Cell<u64>,
}

impl Clock {
    pub(crate) const fn new() -> Clock {
        Clock { latest: Cell::new(0) }
    }

    /// Asks the browser. Never earlier than any time told before.
    pub(crate) fn now(&self) -> Instant {
        let nanos = nanos_of_millis(sys::performance_now()).max(self.latest.get());
        self.latest.set(nanos);
        Instant::from_nanos(nanos)
    }

    /// The latest time told, without asking the browser.
    pub(crate) fn latest(&self) -> Instant {
        Instant::from_nanos(self.latest.get())
    }

    /// `Date.now()`: whole milliseconds.
    pub(crate) fn wall_clock(&self) -> WallClock {
        WallClock::from_nanos(nanos_of_millis(sys::date_now()))
    }
}

/// A time that the browser gave by the same clock.
pub(crate) fn instant_of_millis(millis: f64) -> Instant {
    Instant::from_nanos(nanos_of_millis(millis))
}

/// Milliseconds as JavaScript counts them, to nanoseconds; what is negative or not a number gives 0, what is too large the maximum.
fn nanos_of_millis(millis: f64) -> u64 {
    let whole = millis as u64; // saturating; apart from the fraction, so that times of today keep their precision
    let fraction = (millis - whole as f64) * 1e6;
    if whole > u64::MAX / 1_000_000 {
        return u64::MAX;
    }
    (whole * 1_000_000).saturating_add(fraction as u64)
}

#[cfg(test)]
mod tests {
    use super::nanos_of_millis;

    #[test]
    fn milliseconds_become_nanoseconds_and_saturate() {
        assert_eq!(nanos_of_millis(0.0), 0);
        assert_eq!(nanos_of_millis(1.5), 1_500_000);
        assert_eq!(nanos_of_millis(0.005), 5_000);
        assert_eq!(nanos_of_millis(1_700_000_000_123.0), 1_700_000_000_123_000_000);
        assert_eq!(nanos_of_millis(-3.0), 0);
        assert_eq!(nanos_of_millis(f64::NAN), 0);
        assert_eq!(nanos_of_millis(f64::INFINITY), u64::MAX);
    }
}
