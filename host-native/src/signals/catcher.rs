//! What happens inside the handler that the kernel calls. Everything here is async-signal-safe: atomics, and calls that say they are.

use super::SigInfo;
use super::backlog::Backlog;
use super::listeners;

/// How many siginfos of one signal may wait before the thread of a loop is spared more.
const WAITING_MAX: u32 = 256;

static BACKLOGS: [Backlog; 65] = [const { Backlog::new() }; 65];

/// Whether the signal is to be blocked in the thread that took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mask {
    Keep,
    Block,
}

/// The backlog of a signal; `None` for a number that is none.
pub(crate) fn backlog(signal: i32) -> Option<&'static Backlog> {
    usize::try_from(signal).ok().filter(|signal| *signal > 0).and_then(|signal| BACKLOGS.get(signal))
}

/// A signal has come, on whatever thread.
pub(crate) fn caught(info: &SigInfo) -> Mask {
    let Some(backlog) = backlog(info.signal) else { return Mask::Keep };
    listeners::while_running(info.signal, || {
        // Without memory for one more, this siginfo is lost, like one beyond the kernel's own limit; the loops are told of the others
        // anyway.
        let is_full = backlog.push(info).map_or(true, |waiting| waiting >= WAITING_MAX);
        listeners::wake(info.signal);
        if is_full && listeners::note_blocked(info.signal) { Mask::Block } else { Mask::Keep }
    })
}
