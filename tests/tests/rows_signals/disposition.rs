//! What becomes of a signal in this process.
#![expect(unsafe_code, reason = "the C library's calls")]

use std::{io, mem, ptr};

/// What becomes of a signal, as sigaction(2) tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    Default,
    Ignored,
    Caught { restarts: bool, with_information: bool },
}

pub(crate) fn disposition(signal: i32) -> Disposition {
    // SAFETY: all zeroes is a `sigaction` (default, no flags, an empty mask); the call fills it in and changes nothing.
    let action = unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        assert_eq!(libc::sigaction(signal, ptr::null(), &mut action), 0, "{}", io::Error::last_os_error());
        action
    };
    match action.sa_sigaction {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignored,
        _ => Disposition::Caught {
            restarts: action.sa_flags & libc::SA_RESTART != 0,
            with_information: action.sa_flags & libc::SA_SIGINFO != 0,
        },
    }
}

/// Has `signal` ignored, as a program may before it has a loop; `Default` again when this is dropped.
pub(crate) struct Ignored(i32);

impl Ignored {
    pub(crate) fn new(signal: i32) -> Ignored {
        set(signal, libc::SIG_IGN);
        Ignored(signal)
    }
}

impl Drop for Ignored {
    fn drop(&mut self) {
        set(self.0, libc::SIG_DFL);
    }
}

fn set(signal: i32, disposition: libc::sighandler_t) {
    // SAFETY: neither `SIG_IGN` nor `SIG_DFL` is code; signal(2) takes numbers only.
    let before = unsafe { libc::signal(signal, disposition) };
    assert_ne!(before, libc::SIG_ERR, "{}", io::Error::last_os_error());
}

/// This process, as siginfo names the sender.
pub(crate) fn own_ids() -> (u32, u32) {
    // SAFETY: getuid(2) takes nothing and cannot fail.
    (std::process::id(), unsafe { libc::getuid() })
}
