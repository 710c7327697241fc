//! [`WakeFd`]: wakes a loop from any thread.

use crate::sys::event_fd;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

/// An eventfd that a loop watches, edge-triggered: writing to it is telling, it is never read.
///
/// Wakers share it, so it is open until the last of them is dropped: one that outlives its tree writes to a descriptor that nobody watches.
#[derive(Debug)]
pub(crate) struct WakeFd {
    fd: OwnedFd,
    /// Somebody has told the loop, and it has not looked yet: others need not tell it again.
    told: AtomicBool,
}

impl WakeFd {
    pub(crate) fn new() -> io::Result<Arc<WakeFd>> {
        Ok(Arc::new(WakeFd { fd: event_fd::create()?, told: AtomicBool::new(false) }))
    }

    /// The loop looks now at what it was told of: from here on it has to be told again.
    ///
    /// What was queued before a `wake` that found `told` set is seen by the loop after this: both are read-modify-writes of one word.
    pub(crate) fn look(&self) {
        self.told.swap(false, Ordering::AcqRel);
    }
}

impl AsRawFd for WakeFd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl Wake for WakeFd {
    fn wake(self: Arc<WakeFd>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<WakeFd>) {
        if !self.told.swap(true, Ordering::AcqRel) {
            event_fd::add_one(self.fd.as_raw_fd());
        }
    }
}
