//! [`Listener`]: a tree, as a signal handler sees it.

use crate::sys::{event_fd, signal};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// How many trees of a process can have signal handlers at once.
pub(crate) const LISTENERS_MAX: usize = 256;

static LISTENERS: [Listener; LISTENERS_MAX] = [const { Listener::new() }; LISTENERS_MAX];

/// No listener at this place or above was ever used.
static USED: AtomicUsize = AtomicUsize::new(0);

/// How many handlers of each signal are running just now, on whatever threads; by number.
static RUNNING: [AtomicU32; 65] = [const { AtomicU32::new(0) }; 65];

/// No descriptor: the place is free.
const NOBODY: RawFd = -1;

/// A tree that asked for signals: a place in a fixed table, so that a handler can look at it without a lock at any time.
#[derive(Debug)]
pub(crate) struct Listener {
    /// The eventfd of the tree's loop. Open as long as a bit of `wanted` is set, and until the last handler that saw one has returned.
    wake_fd: AtomicI32,
    /// The thread of the tree.
    thread: AtomicI32,
    /// The signals that it asked for, a bit for each.
    wanted: AtomicU64,
    /// The signals that a handler blocked on its thread.
    blocked: AtomicU64,
    /// Something came for it since it last looked.
    notified: AtomicBool,
}

impl Listener {
    const fn new() -> Listener {
        Listener {
            wake_fd: AtomicI32::new(NOBODY),
            thread: AtomicI32::new(0),
            wanted: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            notified: AtomicBool::new(false),
        }
    }

    /// A place for the tree of this thread whose loop `wake_fd` wakes; `None` when all are taken. Under the registry's lock.
    pub(crate) fn claim(wake_fd: RawFd) -> Option<&'static Listener> {
        let free = LISTENERS.iter().position(|listener| listener.wake_fd.load(Ordering::Relaxed) == NOBODY)?;
        let listener = &LISTENERS[free];
        listener.thread.store(signal::thread_id(), Ordering::Relaxed);
        listener.wake_fd.store(wake_fd, Ordering::Relaxed);
        USED.fetch_max(free + 1, Ordering::SeqCst);
        Some(listener)
    }

    /// Gives the place back. Nothing may be wanted any more.
    pub(crate) fn release(&self) {
        self.notified.store(false, Ordering::Relaxed);
        self.wake_fd.store(NOBODY, Ordering::Relaxed);
    }

    pub(crate) fn is(&self, other: &Listener) -> bool {
        std::ptr::eq(self, other)
    }

    pub(crate) fn wants(&self, signal: i32) -> bool {
        self.wanted.load(Ordering::Relaxed) & signal::bit(signal) != 0
    }

    pub(crate) fn wants_nothing(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn want(&self, signal: i32) {
        self.wanted.fetch_or(signal::bit(signal), Ordering::SeqCst);
    }

    /// When this returns, no handler of `signal` will look at this listener again.
    ///
    /// A handler counts itself in `RUNNING` before it reads `wanted`, both in the one order of all `SeqCst` operations: so either it sees
    /// the bit cleared, or it is counted here and waited for. A handler runs for microseconds and waits for nothing; this thread cannot be
    /// inside one.
    pub(crate) fn want_no_more(&self, signal: i32) {
        self.wanted.fetch_and(!signal::bit(signal), Ordering::SeqCst);
        while running(signal).load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
    }

    /// Whether something came since the last call.
    pub(crate) fn take_notice(&self) -> bool {
        self.notified.swap(false, Ordering::Acquire)
    }

    /// Unblocks what handlers blocked on this thread, of the signals `among`; whether there was any.
    pub(crate) fn unblock(&self, among: u64) -> bool {
        let blocked = self.blocked.fetch_and(!among, Ordering::Relaxed) & among;
        if blocked != 0 {
            signal::unblock(blocked);
        }
        blocked != 0
    }
}

/// Calls `f`, and lets [`Listener::want_no_more`] wait for it. Async-signal-safe, if `f` is.
pub(crate) fn while_running<R>(signal: i32, f: impl FnOnce() -> R) -> R {
    running(signal).fetch_add(1, Ordering::SeqCst);
    let result = f();
    running(signal).fetch_sub(1, Ordering::SeqCst);
    result
}

/// Wakes all who asked for `signal`. Async-signal-safe; within [`while_running`].
pub(crate) fn wake(signal: i32) {
    for listener in interested(signal) {
        listener.notified.store(true, Ordering::Release);
        event_fd::add_one(listener.wake_fd.load(Ordering::Relaxed));
    }
}

/// Notes that `signal` is about to be blocked on this thread, if a tree of this thread asked for it (which then unblocks it); whether one
/// did. Async-signal-safe; within [`while_running`].
pub(crate) fn note_blocked(signal: i32) -> bool {
    let thread = signal::thread_id();
    let mut noted = false;
    for listener in interested(signal).filter(|listener| listener.thread.load(Ordering::Relaxed) == thread) {
        listener.blocked.fetch_or(signal::bit(signal), Ordering::Relaxed);
        noted = true;
    }
    noted
}

fn interested(signal: i32) -> impl Iterator<Item = &'static Listener> {
    let used = USED.load(Ordering::SeqCst);
    LISTENERS.iter().take(used).filter(move |listener| listener.wanted.load(Ordering::SeqCst) & signal::bit(signal) != 0)
}

/// By a valid signal number: [`catcher`](super::catcher) and the registry see to it.
fn running(signal: i32) -> &'static AtomicU32 {
    &RUNNING[signal as usize]
}
