//! Points in time and lengths of it: 64-bit nanoseconds, saturating.

use crate::decimal::add_decimal;
use alloc::string::String;
use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// Nanoseconds of the host's monotonic clock, 64 bits: 584 years. All arithmetic saturates.
///
/// ```
/// use hamadryad::{Instant, millis};
/// let start = Instant::from_nanos(1_000);
/// assert_eq!((start + millis(2)) - start, millis(2));
/// assert_eq!(start - (start + millis(2)), millis(0)); // saturating, never a panic
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub(crate) u64);

impl Instant {
    /// The far end of the clock: a deadline that never comes.
    pub const MAX: Instant = Instant(u64::MAX);

    /// The instant `nanos` nanoseconds after the clock's own zero.
    pub const fn from_nanos(nanos: u64) -> Instant {
        Instant(nanos)
    }

    /// Nanoseconds since the clock's own zero.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    #[inline(always)]
    pub(crate) const fn after_nanos(self, nanos: u64) -> Instant {
        Instant(self.0.saturating_add(nanos))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, length: Duration) -> Instant {
        self.after_nanos(nanos_of(length))
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Nanoseconds since 1970-01-01 00:00 UTC, without leap seconds (POSIX time).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallClock(u64);

impl WallClock {
    /// The time `nanos` nanoseconds after 1970-01-01 00:00 UTC.
    pub const fn from_nanos(nanos: u64) -> WallClock {
        WallClock(nanos)
    }

    /// Nanoseconds since 1970-01-01 00:00 UTC.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
}

/// `n` seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// `n` milliseconds.
pub const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// `n` hours; saturating at the longest [`Duration`].
pub const fn hours(n: u64) -> Duration {
    Duration::from_secs(n.saturating_mul(3600))
}

/// A length in nanoseconds, saturating at 584 years. Two words in place of a division of 128 bits.
pub(crate) fn nanos_of(length: Duration) -> u64 {
    // A product that may overflow is checked with 128 bits on 32-bit machines: 0.1 KB of a page.
    const SECONDS_MAX: u64 = u64::MAX / 1_000_000_000;
    if length.as_secs() >= SECONDS_MAX { u64::MAX } else { length.as_secs() * 1_000_000_000 + length.subsec_nanos() as u64 }
}

/// A length in nanoseconds as people read it: `180 ms`, `1.8 s`, `3 h 12 min`.
pub(crate) struct Readable(pub(crate) u64);

impl Readable {
    pub(crate) fn add_to(&self, text: &mut String) {
        let nanos = self.0;
        let seconds = nanos / 1_000_000_000;
        // A number with its unit, and perhaps a second one.
        let (whole, unit, rest) = match nanos {
            0..1_000 => (nanos, if nanos == 0 { " s" } else { " ns" }, None),
            1_000..1_000_000 => (nanos / 1_000, " µs", None),
            1_000_000..1_000_000_000 => (nanos / 1_000_000, " ms", None),
            _ if seconds < 60 => match nanos / 100_000_000 % 10 {
                0 => (seconds, " s", None),
                tenth => (seconds, ".", Some((tenth, " s"))),
            },
            _ if seconds < 3_600 => (seconds / 60, " min ", Some((seconds % 60, " s"))),
            _ if seconds < 172_800 => (seconds / 3_600, " h ", Some((seconds / 60 % 60, " min"))),
            _ => (seconds / 86_400, " d ", Some((seconds / 3_600 % 24, " h"))),
        };
        add_decimal(whole, text);
        text.push_str(unit);
        if let Some((rest, unit)) = rest {
            add_decimal(rest, text);
            text.push_str(unit);
        }
    }
}

impl fmt::Display for Readable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.add_to(&mut text);
        f.write_str(&text)
    }
}
