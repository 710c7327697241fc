//! [`Watcher`]: one who watches a source.

use crate::arena::{SlotRef, Waiter};
use crate::node::AnyNode;
use crate::ready::Ready;

/// Who it is, and what is done to tell him.
pub(crate) enum Who {
    /// A node whose closure is called.
    Callback(AnyNode),
    Waiter(Waiter),
    /// A future that was woken and has not looked yet.
    Woken(Ready),
}

/// One who watches, and what for.
pub(crate) struct Watcher {
    /// Later ones have higher keys, and are later in the list.
    pub(crate) key: u64,
    /// Its place in the line: lowest is next.
    pub(crate) number: u64,
    pub(crate) interest: Ready,
    pub(crate) who: Who,
}

/// What a class does next.
pub(crate) enum Task {
    /// Calls the closure of a node, for that source.
    Call(AnyNode, Ready, SlotRef),
    Wake(Waiter),
    /// A future that was woken already hears of more.
    Nothing,
}

impl Watcher {
    /// It wants to be told: not a future that was woken and has not looked yet.
    pub(crate) fn is_waiting(&self) -> bool {
        !matches!(self.who, Who::Woken(_))
    }

    /// What it wants to be told of.
    pub(crate) fn wants(&self) -> Ready {
        if self.is_waiting() { self.interest } else { Ready::NONE }
    }

    pub(crate) fn tell(&mut self, ready: Ready, source: SlotRef) -> Task {
        match core::mem::replace(&mut self.who, Who::Woken(ready)) {
            Who::Callback(node) => {
                self.who = Who::Callback(node);
                Task::Call(node, ready, source)
            }
            Who::Waiter(waiter) => Task::Wake(waiter),
            Who::Woken(_) => Task::Nothing,
        }
    }
}
