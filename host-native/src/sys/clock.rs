//! The clocks: `clock_gettime(2)`, which the vDSO answers without entering the kernel.
#![expect(unsafe_code, reason = "clock_gettime(2)")]

use hamadryad::{Instant, WallClock};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// `CLOCK_MONOTONIC`: runs on while the process is stopped, stands still while the machine is suspended.
pub(crate) fn monotonic() -> Instant {
    Instant::from_nanos(nanos(libc::CLOCK_MONOTONIC))
}

/// `CLOCK_REALTIME`; a clock set to before 1970 reads as 1970.
pub(crate) fn realtime() -> WallClock {
    WallClock::from_nanos(nanos(libc::CLOCK_REALTIME))
}

fn nanos(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for a `timespec` for the time of the call. It cannot fail: both clocks exist in every kernel
    // (clock_gettime(2)); if it did, `time` would stay as it is.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let below = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(SECOND).saturating_add(below)
}
