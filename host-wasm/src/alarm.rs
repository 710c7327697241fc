//! [`Alarm`]: the host's one `setTimeout`.

use crate::sys::Event;
use crate::{Instant, sys};
use core::cell::Cell;
use wasm_bindgen::prelude::*;

/// The one `setTimeout` of a host. It owns its JavaScript closure and clears the timeout before the closure drops.
pub(crate) struct Alarm {
    /// When it rings; [`Instant::MAX`]: it is not armed.
    at: Cell<Instant>,
    /// The timeout, while it is armed.
    timeout: Cell<f64>,
    ring: Closure<dyn Fn(Event)>,
}

impl Alarm {
    /// An alarm that calls `ring`. It is not armed.
    pub(crate) fn new(ring: impl Fn() + 'static) -> Alarm {
        Alarm { at: Cell::new(Instant::MAX), timeout: Cell::new(0.0), ring: Closure::new(move |_| ring()) }
    }

    /// When it rings; [`Instant::MAX`]: never.
    pub(crate) fn armed_at(&self) -> Instant {
        self.at.get()
    }

    /// Rings at `at`, or with [`Instant::MAX`] not at all. Touches the browser only if that is not what is armed already.
    pub(crate) fn arm(&self, at: Instant, now: Instant) {
        if self.at.get() == at {
            return;
        }
        self.disarm();
        if at != Instant::MAX {
            self.at.set(at);
            self.timeout.set(sys::set_timeout(&self.ring, delay_ms(now, at)));
        }
    }

    /// The timeout fired: nothing is armed any more.
    pub(crate) fn rang(&self) {
        self.at.set(Instant::MAX);
    }

    pub(crate) fn disarm(&self) {
        if self.at.replace(Instant::MAX) != Instant::MAX {
            sys::clear_timeout(self.timeout.get());
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// The time until `at` as `setTimeout` takes it: rounded up, so that it never fires early, and at most `i32::MAX` ms (24.8 days), since
/// more overflows and fires at once. A clamped timeout finds its deadline still ahead and is armed anew.
fn delay_ms(now: Instant, at: Instant) -> i32 {
    // In nanoseconds: a `Duration` is divided with 128 bits, which is 1 KB of a page.
    let ms = at.as_nanos().saturating_sub(now.as_nanos()).div_ceil(1_000_000);
    i32::try_from(ms).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::delay_ms;
    use crate::Instant;
    use core::time::Duration;

    fn delay_of(delay: Duration) -> i32 {
        let now = Instant::from_nanos(5_000_000_007);
        delay_ms(now, now + delay)
    }

    #[test]
    fn a_delay_rounds_up_and_clamps() {
        assert_eq!(delay_of(Duration::ZERO), 0);
        assert_eq!(delay_of(Duration::from_nanos(1)), 1);
        assert_eq!(delay_of(Duration::from_millis(7)), 7);
        assert_eq!(delay_of(Duration::from_nanos(7_000_001)), 8);
        assert_eq!(delay_of(Duration::from_millis(i32::MAX as u64 - 1)), i32::MAX - 1);
        assert_eq!(delay_of(Duration::from_millis(i32::MAX as u64 + 1)), i32::MAX);
        assert_eq!(delay_of(Duration::MAX), i32::MAX);
    }

    #[test]
    fn what_is_overdue_has_no_delay() {
        assert_eq!(delay_ms(Instant::from_nanos(9), Instant::from_nanos(8)), 0);
    }
}
