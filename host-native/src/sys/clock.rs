//! The clocks: `clock_gettime(2)`, which the vDSO answers without entering the kernel.
#![expect(unsafe_code, reason = "clock_gettime(2)")]

use hamadryad::{Instant, WallClock};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// `CLOCK_MONOTONIC`: runs on while the process is stopped, stands still while the machine is suspended.
pub(crate) fn monotonic() -> Instant {
    let time = read(libc::CLOCK_MONOTONIC);
    // Neither is negative: it counts from the machine's start.
    Instant::from_nanos((time.tv_sec as u64).wrapping_mul(SECOND).wrapping_add(time.tv_nsec as u64))
}

/// `CLOCK_REALTIME`; a clock set to before 1970 reads as 1970.
pub(crate) fn realtime() -> WallClock {
    let time = read(libc::CLOCK_REALTIME);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let below = u64::try_from(time.tv_nsec).unwrap_or(0);
    WallClock::from_nanos(seconds.saturating_mul(SECOND).saturating_add(below))
}

fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for a `timespec` for the time of the call. It cannot fail: both clocks exist in every kernel
    // (clock_gettime(2)); if it did, `time` would stay as it is.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time
}
