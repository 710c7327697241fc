//! The registry: which signals this process catches, and for which handlers of which trees.

use super::catcher;
use super::inbox::Inbox;
use super::listeners::Listener;
use super::{SigInfo, SignalError};
use crate::sys::signal::{self, Disposition};
use hamadryad::Token;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { caught: BTreeMap::new() });

/// A thread that floods itself could refill the backlog each time it is emptied; after this many rounds (each 256 siginfos, so 16 million)
/// what still waits is left to the action that the signal had before.
const FLUSHES_MAX: usize = 65_536;

struct Registry {
    caught: BTreeMap<i32, Caught>,
}

/// A signal that at least one handler asked for.
struct Caught {
    /// What it did before the first asked.
    before: Disposition,
    inboxes: Vec<Arc<Inbox>>,
}

fn registry() -> MutexGuard<'static, Registry> {
    // No user code runs under the lock, and each step leaves the registry whole.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the signals of this process come to the node `token` of the tree of this thread; `listener` is the tree's, if it has one already.
/// What came before is not for it.
pub(crate) fn register(signal: i32, token: Token, wake_fd: RawFd, listener: Option<&'static Listener>) -> Result<Arc<Inbox>, SignalError> {
    let backlog = catcher::backlog(signal).ok_or_else(|| SignalError::Os(io::Error::from_raw_os_error(libc::EINVAL)))?;
    let mut registry = registry();
    let fresh = listener.is_none();
    let listener = match listener {
        Some(listener) => listener,
        None => Listener::claim(wake_fd).ok_or_else(|| SignalError::Os(io::Error::from_raw_os_error(libc::ENOSPC)))?,
    };
    let inbox = Arc::new(Inbox::new(signal, listener, token));
    if let Some(caught) = registry.caught.get_mut(&signal) {
        caught.distribute(signal);
        listener.want(signal);
        caught.inboxes.push(inbox.clone());
        return Ok(inbox);
    }
    backlog.take_all(signal, &mut Vec::new());
    listener.want(signal); // before the first can come
    match signal::install(signal) {
        Ok(before) => {
            registry.caught.insert(signal, Caught { before, inboxes: vec![inbox.clone()] });
            Ok(inbox)
        }
        Err(error) => {
            listener.want_no_more(signal);
            if fresh {
                listener.release();
            }
            Err(SignalError::Os(error))
        }
    }
}

/// The end of a handler, on its tree's thread. Whether it was the last of its tree, whose listener is free now.
pub(crate) fn unregister(inbox: &Arc<Inbox>) -> bool {
    let (signal, listener) = (inbox.signal, inbox.listener);
    let mut registry = registry();
    let Some(caught) = registry.caught.get_mut(&signal) else { return false };
    caught.inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
    if caught.inboxes.iter().any(|other| other.listener.is(listener)) {
        return false;
    }
    // What was sent while it was asked for does not go to the action before (which may be to kill the process): what the kernel still holds
    // for this thread comes now, and goes to the others who asked, or nowhere.
    for _ in 0..FLUSHES_MAX {
        caught.distribute(signal);
        if !listener.unblock(signal::bit(signal)) {
            break;
        }
    }
    if caught.inboxes.is_empty() {
        signal::restore(signal, &caught.before);
        registry.caught.remove(&signal);
    }
    listener.want_no_more(signal);
    listener.unblock(signal::bit(signal));
    let is_last = listener.wants_nothing();
    if is_last {
        listener.release();
    }
    is_last
}

/// Takes in what has come, and puts into `nodes` the handlers of this tree that have something to do.
pub(crate) fn collect(listener: &'static Listener, nodes: &mut Vec<Token>) {
    let mut registry = registry();
    for (signal, caught) in registry.caught.iter_mut().filter(|(signal, _)| listener.wants(**signal)) {
        caught.distribute(*signal);
        let own = caught.inboxes.iter().filter(|inbox| inbox.listener.is(listener) && inbox.len() > 0);
        nodes.extend(own.map(|inbox| inbox.token));
    }
    drop(registry);
    listener.unblock(u64::MAX);
}

impl Caught {
    /// Moves the backlog into every inbox.
    fn distribute(&self, signal: i32) {
        let mut infos: Vec<SigInfo> = Vec::new();
        if let Some(backlog) = catcher::backlog(signal) {
            backlog.take_all(signal, &mut infos);
        }
        for inbox in self.inboxes.iter().filter(|_| !infos.is_empty()) {
            inbox.push_all(&infos);
        }
    }
}
