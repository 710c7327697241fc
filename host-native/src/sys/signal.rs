//! Signals: `sigaction(2)`, and the handler that the kernel calls.
#![expect(unsafe_code, reason = "sigaction(2), pthread_sigmask(3), and a handler that is given raw pointers")]

use crate::signals::{SigInfo, catcher};
use std::io;
use std::mem::MaybeUninit;

/// What a signal did before: given back to [`restore`].
pub(crate) struct Disposition(libc::sigaction);

/// Lets [`catcher::caught`] see every `signal` of this process from now on.
///
/// # Errors
/// `EINVAL`: not a signal, or one that cannot be caught (sigaction(2)), or one the C library keeps to itself (signal(7)).
pub(crate) fn install(signal: i32) -> io::Result<Disposition> {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `all` is a place for a set, which the call fills.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: a `sigaction` is plain data for which zeros are a valid value: the default action, no flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: filled just above.
    action.sa_mask = unsafe { all.assume_init() };
    // SAFETY: zeros are valid, as above.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: both live through the call. `handle` has the signature that SA_SIGINFO asks for, and is async-signal-safe: see there.
    super::checked(unsafe { libc::sigaction(signal, &raw const action, &raw mut before) })?;
    Ok(Disposition(before))
}

/// Puts back what the signal did before.
pub(crate) fn restore(signal: i32, before: &Disposition) {
    // SAFETY: `before` is what the kernel gave for this signal, valid for it. The call cannot fail with the arguments of one that did not;
    // a null old value is allowed (sigaction(2)).
    unsafe { libc::sigaction(signal, &raw const before.0, std::ptr::null_mut()) };
}

/// Takes signals out of this thread's mask: bit 0 is signal 1.
pub(crate) fn unblock(signals: u64) {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `set` is a place for a set, which the call empties.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in (1..=64).filter(|signal| signals & bit(*signal) != 0) {
        // SAFETY: `set` was made a set just above.
        unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    }
    // SAFETY: a valid set; a null old mask is allowed (pthread_sigmask(3)).
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut()) };
}

/// The bit of a signal, 1 to 64, in a word.
pub(crate) const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// The kernel's number of this thread. Async-signal-safe.
pub(crate) fn thread_id() -> i32 {
    // SAFETY: no arguments, cannot fail (gettid(2)). A thread id is a pid_t, which is 32 bits wide.
    unsafe { libc::syscall(libc::SYS_gettid) as i32 }
}

/// What the kernel calls, on whatever thread took the signal, between any two instructions of it.
///
/// Async-signal-safe: it takes no lock and allocates nothing from the heap; it reads and writes atomics, and calls write(2), gettid(2)
/// and mmap(2), whose wrappers do nothing but the system call. It does not panic. `errno` is as before when it returns. Every signal is
/// masked while it runs (`sa_mask`), so on one thread it is never entered twice.
extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the place of this thread's `errno`, valid as long as the thread (errno(3)).
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let errno_before = unsafe { *errno };
    // SAFETY: with SA_SIGINFO the kernel passes a filled siginfo_t that lives until the handler returns (sigaction(2)).
    let info = unsafe { read(signal, info) };
    if catcher::caught(&info) == catcher::Mask::Block {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: with SA_SIGINFO the third argument is the `ucontext_t` of the interrupted code; its mask is what the thread has again
        // when the handler returns (sigreturn(2)). `signal` is a valid number: it arrived.
        unsafe { libc::sigaddset(&raw mut (*context).uc_sigmask, signal) };
    }
    // SAFETY: as above.
    unsafe { *errno = errno_before };
}

/// The form of a siginfo that tells of a file descriptor (sigaction(2): `si_band`, `si_fd`). The alignment of `band` is that of the
/// kernel's union.
#[repr(C)]
struct PollInfo {
    signal: libc::c_int,
    errno: libc::c_int,
    code: libc::c_int,
    band: libc::c_long,
    fd: libc::c_int,
}

/// Copies what the kernel tells; which fields have a meaning, `code` says (`SigInfo`'s methods know).
///
/// # Safety
/// `info` points to a siginfo_t that the kernel filled.
unsafe fn read(signal: i32, info: *const libc::siginfo_t) -> SigInfo {
    // SAFETY: the kernel fills all 128 bytes of a siginfo_t (what has no meaning is zero), so each form of its union may be read: they are
    // plain numbers, and `PollInfo` is shorter and no more aligned. `info` is valid: the caller's promise.
    unsafe {
        let poll = &*info.cast::<PollInfo>();
        let value = (*info).si_value();
        SigInfo {
            signal,
            code: (*info).si_code,
            pid: (*info).si_pid().cast_unsigned(),
            uid: (*info).si_uid(),
            // A union of a pointer and a number, which both begin at its first byte; this binding of it shows the pointer only.
            value: (&raw const value).cast::<libc::c_int>().read(),
            fd: poll.fd,
            #[expect(clippy::useless_conversion, reason = "a c_long is 32 bits wide on some machines")]
            band: i64::from(poll.band),
        }
    }
}
