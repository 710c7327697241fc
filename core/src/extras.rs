//! What only some nodes have: hooks, a failure handler, a label, whoever waits for its end.

use crate::arena::Waiter;
use crate::failure::{Failure, OnFailure};
use crate::free::OnFree;
use crate::node::AnyNode;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

pub(crate) type Hook = Box<dyn FnMut(AnyNode) -> OnFree>;
pub(crate) type FailureHandler = Box<dyn FnMut(&Failure) -> OnFailure>;

/// The rare parts of a node, made when first needed. No borrow of a cell lives across user code.
#[derive(Default)]
pub(crate) struct Extras {
    /// Hooks that this free has not asked, newest last, each with its number.
    pub(crate) hooks: RefCell<Vec<(u32, Hook)>>,
    /// Hooks that this free has asked.
    pub(crate) asked: RefCell<Vec<(u32, Hook)>>,
    /// How many hooks there have been.
    pub(crate) hooks_ever: Cell<u32>,
    pub(crate) on_failure: RefCell<Option<FailureHandler>>,
    /// There is a failure handler, even while it runs and so is not in its cell.
    pub(crate) handles_failures: Cell<bool>,
    pub(crate) label: RefCell<Option<String>>,
    /// Whoever is to be woken when the node ends or closes.
    pub(crate) dependents: RefCell<Dependents>,
    /// A shutdown of this node has begun.
    pub(crate) shutting_down: Cell<bool>,
}

/// Waiters with a key, so that each can leave.
#[derive(Default)]
pub(crate) struct Dependents {
    next: u64,
    waiters: Vec<(u64, Waiter)>,
}

impl Dependents {
    /// Enters a waiter, or replaces the one of that key.
    pub(crate) fn enter(&mut self, key: Option<u64>, waiter: Waiter) -> (u64, Option<Waiter>) {
        if let Some(key) = key
            && let Some(entry) = self.waiters.iter_mut().find(|entry| entry.0 == key)
        {
            return (key, Some(core::mem::replace(&mut entry.1, waiter)));
        }
        self.next += 1;
        self.waiters.push((self.next, waiter));
        (self.next, None)
    }

    pub(crate) fn leave(&mut self, key: u64) -> Option<Waiter> {
        let at = self.waiters.iter().position(|entry| entry.0 == key)?;
        Some(self.waiters.swap_remove(at).1)
    }

    pub(crate) fn take(&mut self) -> Vec<(u64, Waiter)> {
        core::mem::take(&mut self.waiters)
    }
}
