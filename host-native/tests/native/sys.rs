//! poll(2) and alarm(2), which std does not have.
#![expect(unsafe_code, reason = "poll(2), alarm(2)")]

use std::os::fd::{AsFd, AsRawFd};

/// Whether `io` is readable, now or within so many milliseconds: what a loop around ours would see.
pub(crate) fn is_readable(io: &impl AsFd, within_ms: i32) -> bool {
    let mut watched = libc::pollfd { fd: io.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid entry.
    let ready = unsafe { libc::poll(&raw mut watched, 1, within_ms) };
    assert!(ready >= 0, "{}", std::io::Error::last_os_error());
    ready == 1
}

/// Ends this process by `SIGALRM` in so many seconds, counted from the last call.
pub(crate) fn die_after(seconds: u32) {
    // SAFETY: no pointers.
    unsafe { libc::alarm(seconds) };
}
