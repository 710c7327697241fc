//! A counter to wake a loop by: `eventfd(2)`.
#![expect(unsafe_code, reason = "eventfd(2), and write(2) from a signal handler")]

use std::io;
use std::os::fd::{OwnedFd, RawFd};

/// A new eventfd.
pub(crate) fn create() -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the result is a new descriptor or -1.
    super::owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// Adds one: whoever watches the eventfd is told. Async-signal-safe, but for `errno`.
///
/// The one error that can come is `EAGAIN`, when 2^64 - 2 were added and none taken: then the eventfd is readable anyway.
pub(crate) fn add_one(fd: RawFd) {
    let one = 1_u64;
    // SAFETY: eight readable bytes, as eventfd(2) demands. The callers see to it that `fd` is an open eventfd: one owns it, the other
    // is a signal handler, which the owner waits for before it closes (`signals::listeners`).
    unsafe { libc::write(fd, (&raw const one).cast(), 8) };
}
