//! A deadline that is readable when it has passed: `timerfd_create(2)`.
#![expect(unsafe_code, reason = "timerfd_create(2), timerfd_settime(2)")]

use hamadryad::Instant;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A timer of `CLOCK_MONOTONIC` with an absolute time.
#[derive(Debug)]
pub(crate) struct TimerFd(OwnedFd);

impl TimerFd {
    pub(crate) fn new() -> io::Result<TimerFd> {
        // SAFETY: no pointers; the result is a new descriptor or -1.
        super::owned(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) }).map(TimerFd)
    }

    /// Readable from `at` on, or (`None`) not at all. Setting it makes it unreadable until then.
    pub(crate) fn set(&self, at: Option<Instant>) -> io::Result<()> {
        // Zero would disarm: a time in the past is 1 ns after the machine's start.
        let nanos = at.map_or(0, |at| at.as_nanos().max(1));
        let seconds = libc::time_t::try_from(nanos / 1_000_000_000).unwrap_or(libc::time_t::MAX);
        // Below 10^9, so it fits whatever the platform's type is.
        let below = (nanos % 1_000_000_000) as libc::c_long;
        let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let setting = libc::itimerspec { it_interval: never, it_value: libc::timespec { tv_sec: seconds, tv_nsec: below } };
        // SAFETY: `setting` is valid for the time of the call; a null old value is allowed (timerfd_settime(2)).
        super::checked(unsafe {
            libc::timerfd_settime(self.0.as_raw_fd(), libc::TFD_TIMER_ABSTIME, &raw const setting, std::ptr::null_mut())
        })?;
        Ok(())
    }
}

impl AsFd for TimerFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
