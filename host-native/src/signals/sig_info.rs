//! [`SigInfo`]: everything that the kernel tells about one signal.

use std::fmt;

/// One signal as it arrived: its siginfo, as sigaction(2) describes it.
///
/// ```no_run
/// use hamadryad_native::prelude::*;
/// fn reload_on_request(root: AnyNode) -> Result<(), hamadryad_native::SignalError> {
///     root.on_signal(SIGHUP, |info| match info.sender() {
///         Some(sender) => eprintln!("process {} of user {} asks to reload", sender.pid, sender.uid),
///         None => eprintln!("the terminal is gone"),
///     })?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy)]
pub struct SigInfo {
    pub(crate) signal: i32,
    pub(crate) code: i32,
    pub(crate) pid: u32,
    pub(crate) uid: u32,
    pub(crate) value: i32,
    pub(crate) fd: i32,
    pub(crate) band: i64,
}

/// Who sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sender {
    /// The process, or for `SIGCHLD` the child.
    pub pid: u32,
    /// Its real user.
    pub uid: u32,
}

/// From `F_SETSIG`, for a signal that has codes of its own (Linux's asm-generic/siginfo.h).
const SI_SIGIO: i32 = -5;

impl SigInfo {
    /// The number of the signal: `SIGTERM`, or `SIGRTMIN() + n`.
    pub fn signal(&self) -> i32 {
        self.signal
    }

    /// `si_code`: why it was sent. `libc::SI_USER` for kill(2), `libc::SI_QUEUE` for sigqueue(3), `libc::CLD_EXITED`…
    pub fn code(&self) -> i32 {
        self.code
    }

    /// Who sent it: for kill(2), tgkill(2), sigqueue(3), mq_notify(3) and `SIGCHLD`; `None` for what comes from the kernel itself.
    pub fn sender(&self) -> Option<Sender> {
        let of_child = self.signal == libc::SIGCHLD && (libc::CLD_EXITED..=libc::CLD_CONTINUED).contains(&self.code);
        let of_process = matches!(self.code, libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL | libc::SI_MESGQ);
        (of_child || of_process).then_some(Sender { pid: self.pid, uid: self.uid })
    }

    /// The number that came with it: from sigqueue(3), timer_create(2) or mq_notify(3).
    pub fn value(&self) -> Option<i32> {
        matches!(self.code, libc::SI_QUEUE | libc::SI_TIMER | libc::SI_MESGQ).then_some(self.value)
    }

    /// The number of the file descriptor that it is about: `SIGIO`, or what `F_SETSIG` (fcntl(2)) chose in its place. A number to compare
    /// with, not a descriptor to use: it may be closed by now.
    pub fn fd(&self) -> Option<i32> {
        self.is_about_a_file().then_some(self.fd)
    }

    /// The event of that file descriptor, in the bits of poll(2).
    pub fn band(&self) -> Option<i64> {
        self.is_about_a_file().then_some(self.band)
    }

    fn is_about_a_file(&self) -> bool {
        // POLL_IN to POLL_HUP are 1 to 6; these signals use the same numbers for something else (sigaction(2)).
        let means_another = matches!(
            self.signal,
            libc::SIGILL | libc::SIGFPE | libc::SIGSEGV | libc::SIGBUS | libc::SIGTRAP | libc::SIGCHLD | libc::SIGSYS
        );
        self.code == SI_SIGIO || (!means_another && (1..=6).contains(&self.code))
    }
}

impl fmt::Debug for SigInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SigInfo");
        debug.field("signal", &super::names::name_of(self.signal)).field("code", &self.code);
        if let Some(sender) = self.sender() {
            debug.field("sender", &sender);
        }
        if let Some(value) = self.value() {
            debug.field("value", &value);
        }
        if let (Some(fd), Some(band)) = (self.fd(), self.band()) {
            debug.field("fd", &fd).field("band", &band);
        }
        debug.finish()
    }
}
