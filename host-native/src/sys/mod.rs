//! The system calls: the only place of this crate with unsafe code, one file for each thing of the kernel.
//!
//! What the files have in common: every file descriptor that is made here closes itself ([`OwnedFd`]), is closed on `exec` and never
//! blocks; a refused call is an [`io::Error`](std::io::Error), nothing aborts.
#![expect(unsafe_code, reason = "the kernel hands out file descriptors as numbers")]

pub(crate) mod clock;
pub(crate) mod entries;
pub(crate) mod epoll;
pub(crate) mod event_fd;
pub(crate) mod random;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod timer_fd;

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// The result of a system call that answers -1 for "see `errno`".
fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Takes ownership of a file descriptor that a system call has just made.
fn owned(result: libc::c_int) -> io::Result<OwnedFd> {
    let fd = checked(result)?;
    // SAFETY: every caller passes the result of a call that makes a new descriptor: open, and owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
