//! [`Inbox`]: what one handler has not seen yet.

use super::SigInfo;
use super::listeners::Listener;
use hamadryad::Token;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The siginfos that wait for the handler of one node. Filled by whichever tree's loop comes first, emptied by the node's own.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) signal: i32,
    /// The tree of the node.
    pub(crate) listener: &'static Listener,
    /// The node.
    pub(crate) token: Token,
    infos: Mutex<VecDeque<SigInfo>>,
}

impl Inbox {
    pub(crate) fn new(signal: i32, listener: &'static Listener, token: Token) -> Inbox {
        Inbox { signal, listener, token, infos: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn push_all(&self, infos: &[SigInfo]) {
        self.infos().extend(infos);
    }

    pub(crate) fn pop(&self) -> Option<SigInfo> {
        self.infos().pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.infos().len()
    }

    /// A queue is whole at any time, whatever thread panicked meanwhile.
    fn infos(&self) -> MutexGuard<'_, VecDeque<SigInfo>> {
        self.infos.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
