//! What only some nodes have: hooks, a failure handler, a label, whoever waits for its end.

use crate::arena::{SlotRef, Waiter};
use crate::failure::{Failure, OnFailure};
use crate::free::{Answer, OnFree, Walk};
use crate::node::AnyNode;
use crate::shutdown::Shutdown;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::mem::ManuallyDrop;

pub(crate) type Hook = Box<dyn FnMut(AnyNode) -> OnFree>;
pub(crate) type FailureHandler = Box<dyn FnMut(&Failure) -> OnFailure>;

/// Asks a node's hooks.
pub(crate) type AsksHooks = fn(&mut Walk<'_>, SlotRef) -> Answer;

/// The rare parts of a node, made when first needed. No borrow of a cell lives across user code.
#[derive(Default)]
pub(crate) struct Extras {
    /// Its hooks, newest last, each with its number; one that is on the stack is not in its place.
    hooks: RefCell<Hooks>,
    /// Asks them. Noted with the first one, so that what never makes one does not link that.
    pub(crate) asks: Cell<Option<AsksHooks>>,
    /// How many of them, from the oldest on, this free has not asked.
    pub(crate) unasked: Cell<usize>,
    /// How many hooks there have been.
    pub(crate) hooks_ever: Cell<u32>,
    pub(crate) on_failure: RefCell<Option<FailureHandler>>,
    /// There is a failure handler, even while it runs and so is not in its cell.
    pub(crate) handles_failures: Cell<bool>,
    pub(crate) label: RefCell<Option<String>>,
    /// Whoever is to be woken when the node ends or closes.
    pub(crate) dependents: RefCell<Dependents>,
    /// When the deadline was set, if that was not when the node was made: of a time-out, people are told the limit as it was set.
    pub(crate) deadline_set: Cell<Option<Instant>>,
    /// A shutdown of this node has begun.
    pub(crate) shutdown: Cell<Option<Shutdown>>,
}

impl Extras {
    /// Nothing. (Not inlined: each copy would be 0.1 KB of a page.)
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn none() -> Extras {
        Extras::default()
    }

    /// A new hook. While others are asked, it is the next.
    pub(crate) fn add_hook(&self, hook: Hook, asks: AsksHooks) {
        self.asks.set(Some(asks));
        let (at, number) = (self.unasked.get(), self.hooks_ever.get());
        let mut hooks = self.hooks.borrow_mut();
        hooks.drops = Some(|list| drop(ManuallyDrop::into_inner(list)));
        hooks.list.insert(at, (number, Some(hook)));
        self.unasked.set(at + 1);
        self.hooks_ever.set(number + 1);
    }

    /// The newest hook that was not asked, with its number.
    pub(crate) fn next_hook(&self) -> Option<(u32, Hook)> {
        let at = self.unasked.get().checked_sub(1)?;
        self.unasked.set(at);
        let hook = &mut self.hooks.borrow_mut().list[at];
        hook.1.take().map(|taken| (hook.0, taken))
    }

    /// A hook was asked; others may have come before it meanwhile.
    pub(crate) fn put_back(&self, number: u32, hook: Hook) {
        let mut hooks = self.hooks.borrow_mut();
        if let Some(place) = hooks.list.iter_mut().skip(self.unasked.get()).find(|hook| hook.0 == number) {
            place.1 = Some(hook);
        }
    }

    /// The node is kept: all its hooks are asked anew at the next free.
    pub(crate) fn restore_hooks(&self) {
        let hooks = &mut self.hooks.borrow_mut().list;
        // In order but for those that were added while others were asked. A sort of the library's would be 3 KB of a page.
        for mut at in 1..hooks.len() {
            while at > 0 && hooks[at - 1].0 > hooks[at].0 {
                hooks.swap(at - 1, at);
                at -= 1;
            }
        }
        self.unasked.set(hooks.len());
    }
}

/// The hooks of a node. Like what asks them, what drops them is noted with the first one.
#[derive(Default)]
struct Hooks {
    list: ManuallyDrop<HookList>,
    drops: Option<fn(ManuallyDrop<HookList>)>,
}

type HookList = Vec<(u32, Option<Hook>)>;

impl Drop for Hooks {
    fn drop(&mut self) {
        if let Some(drops) = self.drops {
            drops(core::mem::take(&mut self.list));
        }
    }
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
        Some(self.waiters.remove(at).1) // The others keep their order.
    }

    /// Takes all out; their memory serves again.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Waiter> {
        self.waiters.drain(..).map(|entry| entry.1)
    }
}
