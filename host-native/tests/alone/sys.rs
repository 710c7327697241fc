//! The system calls that the tests make themselves.
#![expect(unsafe_code, reason = "kill, sigqueue, sigaction, setrlimit and others that std does not have")]

use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;

/// fcntl(2); missing in this binding of the C library.
const F_SETSIG: libc::c_int = 10;
/// A detail between the C library and the kernel (sigreturn(2)).
const SA_RESTORER: libc::c_int = 0x0400_0000;

/// Ends this process by `SIGALRM` if it takes too long.
pub(crate) fn die_after(seconds: u32) {
    // SAFETY: no pointers.
    unsafe { libc::alarm(seconds) };
}

/// kill(2), to this process.
pub(crate) fn kill_self(signal: i32) {
    // SAFETY: no pointers.
    let result = unsafe { libc::kill(libc::getpid(), signal) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

/// sigqueue(3), to this process.
pub(crate) fn queue_to_self(signal: i32, value: i32) -> io::Result<()> {
    // The number is the first member of the union.
    // SAFETY: a union of plain data, for which zeros are valid.
    let mut payload: libc::sigval = unsafe { zeroed() };
    // SAFETY: the union is at least as large as its number, and aligned for it.
    unsafe { (&raw mut payload).cast::<libc::c_int>().write(value) };
    // SAFETY: no pointers that anybody follows.
    let result = unsafe { libc::sigqueue(libc::getpid(), signal, payload) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What the process does with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) handler: usize,
    pub(crate) flags: i32,
}

pub(crate) fn action(signal: i32) -> Action {
    // SAFETY: zeros are valid: the default action.
    let mut action: libc::sigaction = unsafe { zeroed() };
    // SAFETY: a place for the action; a null new one is allowed.
    let result = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
    assert_eq!(result, 0);
    Action { handler: action.sa_sigaction, flags: action.sa_flags & !SA_RESTORER }
}

pub(crate) fn ignore(signal: i32) {
    // SAFETY: SIG_IGN is no function that could be unsound.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Whether this thread blocks a signal.
pub(crate) fn is_blocked(signal: i32) -> bool {
    // SAFETY: zeros are valid: the empty set.
    let mut mask: libc::sigset_t = unsafe { zeroed() };
    // SAFETY: a null new mask is allowed; `mask` is a place for the old one, which is a valid set then.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut mask);
        libc::sigismember(&raw const mask, signal) == 1
    }
}

pub(crate) fn own_pid() -> u32 {
    std::process::id()
}

pub(crate) fn own_uid() -> u32 {
    // SAFETY: no arguments.
    unsafe { libc::getuid() }
}

/// Has `signal` sent to this process when `fd` becomes ready (`F_SETSIG`, `F_SETOWN`, `O_ASYNC`).
pub(crate) fn signal_when_ready(fd: BorrowedFd<'_>, signal: i32) {
    let fd = fd.as_raw_fd();
    // SAFETY: these commands of fcntl(2) take numbers; the descriptor is open.
    unsafe {
        assert_eq!(libc::fcntl(fd, F_SETSIG, signal), 0);
        assert_eq!(libc::fcntl(fd, libc::F_SETOWN, libc::getpid()), 0);
        let flags = libc::fcntl(fd, libc::F_GETFL);
        assert_eq!(libc::fcntl(fd, libc::F_SETFL, flags | libc::O_ASYNC), 0);
    }
}

/// Sets the soft limit of open descriptors.
pub(crate) fn limit_descriptors(count: u64) {
    // SAFETY: zeros are valid.
    let mut limit: libc::rlimit = unsafe { zeroed() };
    // SAFETY: `limit` lives through both calls.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        limit.rlim_cur = count;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
    }
}

/// The child that ended, waited for.
pub(crate) fn fork_and_exit(code: i32) -> u32 {
    // SAFETY: the child does nothing but exit; this process has one thread.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        // SAFETY: _exit is async-signal-safe.
        unsafe { libc::_exit(code) };
    }
    // SAFETY: a null status is allowed.
    unsafe { libc::waitpid(pid, null_mut(), 0) };
    pid.cast_unsigned()
}
