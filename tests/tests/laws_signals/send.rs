//! Sending signals to this process.
#![expect(unsafe_code, reason = "the C library's calls")]

use std::io;

/// Sends `signal` to this process, as kill(2) does.
pub(crate) fn kill(signal: i32) {
    // SAFETY: kill(2) takes numbers only; getpid(2) cannot fail.
    let sent = unsafe { libc::kill(libc::getpid(), signal) };
    assert_eq!(sent, 0, "kill: {}", io::Error::last_os_error());
}

/// Queues `signal` with a value, as sigqueue(3) does. False: the kernel's limit (`RLIMIT_SIGPENDING`) is reached.
pub(crate) fn queue(signal: i32, value: i32) -> bool {
    let value = libc::sigval { sival_ptr: std::ptr::without_provenance_mut(value as usize) };
    // SAFETY: sigqueue(3) takes numbers only: the value is carried, never followed.
    let sent = unsafe { libc::sigqueue(libc::getpid(), signal, value) };
    let error = io::Error::last_os_error();
    assert!(sent == 0 || error.raw_os_error() == Some(libc::EAGAIN), "sigqueue: {error}");
    sent == 0
}
