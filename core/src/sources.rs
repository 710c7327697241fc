//! The table of sources: who watches each, what is marked, and whose turn it is.

use crate::arena::{Flag, Waiter, value};
use crate::node::AnyNode;
use crate::source::{Ready, SourceClass, Token};
use alloc::vec::Vec;

enum Who {
    /// A node whose closure is called.
    Callback(AnyNode),
    Waiter(Waiter),
    /// A future that was woken and has not looked yet.
    Woken(Ready),
}

struct Watcher {
    key: u64,
    interest: Ready,
    who: Who,
    /// What it is still to be told of something that all are told of.
    owed: Ready,
}

struct Entry {
    node: Option<AnyNode>,
    /// Which tenant of this place; it changes when one leaves.
    serial: u32,
    class: SourceClass,
    kind: &'static str,
    /// The source is its own watcher.
    active: bool,
    /// What may be marked: what somebody wants, and errors if there is anybody.
    accepts: Ready,
    /// What is marked for the next time that the class runs.
    marked: Ready,
    /// What was marked when the class began, and what of that is left to tell.
    ready: Ready,
    untold: Ready,
    /// In line: who was told last is last.
    watchers: Vec<Watcher>,
}

/// What a class does next.
pub(crate) enum Task {
    Call(AnyNode, Ready),
    Wake(Waiter),
    /// A future that was woken already is told of more.
    Nothing,
}

/// All sources of a tree. No borrow lives across user code.
#[derive(Default)]
pub(crate) struct Sources {
    entries: Vec<Entry>,
    free: Vec<u32>,
    marked: [Vec<Token>; 2],
    /// What was marked when the class that runs began, and how much of it is done.
    serving: Vec<Token>,
    served: usize,
    next_key: u64,
}

impl Sources {
    /// A new source, whose kind is known; gives its place and what the host calls it.
    pub(crate) fn enter(&mut self, class: SourceClass, kind: &'static str, node: AnyNode) -> (u32, Token) {
        let active = node.slot.kind.get().call.is_some();
        let accepts = if active { Ready::ALL } else { Ready::NONE };
        let (marked, ready, untold) = (Ready::NONE, Ready::NONE, Ready::NONE);
        let entry = |serial| Entry { node: Some(node), serial, class, kind, active, accepts, marked, ready, untold, watchers: Vec::new() };
        let index = match self.free.pop() {
            Some(index) => {
                let place = &mut self.entries[index as usize];
                *place = entry(place.serial);
                index
            }
            None => {
                self.entries.push(entry(1));
                self.entries.len() as u32 - 1
            }
        };
        (index, self.token(index))
    }

    /// The source leaves; whoever waits is given back to be woken.
    pub(crate) fn leave(&mut self, index: u32) -> impl Iterator<Item = Waiter> + use<> {
        let entry = &mut self.entries[index as usize];
        entry.node = None;
        entry.active = false;
        entry.accepts = Ready::NONE;
        entry.serial = entry.serial.wrapping_add(1);
        self.free.push(index);
        core::mem::take(&mut entry.watchers).into_iter().filter_map(|watcher| match watcher.who {
            Who::Waiter(waiter) => Some(waiter),
            _ => None,
        })
    }

    pub(crate) fn token(&self, index: u32) -> Token {
        Token::new(index, self.entries[index as usize].serial)
    }

    pub(crate) fn index_of(&self, node: AnyNode) -> Option<u32> {
        self.entries.iter().position(|entry| entry.node == Some(node)).map(|index| index as u32)
    }

    pub(crate) fn index_of_source(&self, source: AnyNode) -> Option<u32> {
        let slot = source.readable()?;
        let kind = slot.kind.get();
        (kind.class == crate::arena::Class::Source && !slot.has(Flag::NoValue)).then(|| value::source_index(slot, kind))
    }

    /// What the host calls a source.
    pub(crate) fn kind_of(&self, node: AnyNode) -> Option<&'static str> {
        self.index_of_source(node).map(|index| self.entries[index as usize].kind)
    }

    /// Who waits for what, for the report.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (AnyNode, AnyNode)> {
        self.entries.iter().filter_map(|entry| entry.node.map(|node| (node, entry))).flat_map(|(node, entry)| {
            entry.watchers.iter().filter_map(move |watcher| match &watcher.who {
                Who::Waiter(Waiter::Ours(slot, serial)) => Some((AnyNode { slot: **slot, serial: *serial }, node)),
                _ => None,
            })
        })
    }

    // ------------------------------------------------------------------------------------------------ watchers

    pub(crate) fn wanted(&self, index: u32) -> Ready {
        self.entries[index as usize].wanted()
    }

    /// A watcher whose closure is called.
    pub(crate) fn add_callback(&mut self, index: u32, interest: Ready, node: AnyNode) {
        self.add(index, interest, Who::Callback(node));
    }

    /// A future that waits; gives its key.
    pub(crate) fn add_waiter(&mut self, index: u32, interest: Ready, waiter: Waiter) -> u64 {
        self.add(index, interest, Who::Waiter(waiter))
    }

    fn add(&mut self, index: u32, interest: Ready, who: Who) -> u64 {
        self.next_key += 1;
        let entry = &mut self.entries[index as usize];
        entry.watchers.push(Watcher { key: self.next_key, interest, who, owed: Ready::NONE });
        entry.look_at_watchers();
        self.next_key
    }

    /// A future looks: what it was woken for, or else the waiter that it had before `waiter`, to be dropped.
    pub(crate) fn look(&mut self, index: u32, key: u64, waiter: Waiter) -> Result<Ready, Option<Waiter>> {
        let Some(watcher) = self.entries[index as usize].watchers.iter_mut().find(|watcher| watcher.key == key) else {
            return Err(Some(waiter));
        };
        match core::mem::replace(&mut watcher.who, Who::Waiter(waiter)) {
            Who::Woken(ready) => Ok(ready),
            Who::Waiter(before) => Err(Some(before)),
            Who::Callback(_) => Err(None),
        }
    }

    /// A future waits no more; gives its waiter back, to be dropped.
    pub(crate) fn drop_waiter(&mut self, index: u32, key: u64) -> Option<Waiter> {
        let entry = &mut self.entries[index as usize];
        let at = entry.watchers.iter().position(|watcher| watcher.key == key)?;
        let watcher = entry.watchers.remove(at);
        entry.look_at_watchers();
        match watcher.who {
            Who::Waiter(waiter) => Some(waiter),
            _ => None,
        }
    }

    /// A watcher's node ends.
    pub(crate) fn drop_callback(&mut self, node: AnyNode) {
        let source = node.parent().and_then(|source| self.index_of_source(source));
        if source.is_some_and(|index| self.entries[index as usize].forget(node)) {
            return;
        }
        // It was moved to another owner.
        let _ = self.entries.iter_mut().any(|entry| entry.forget(node));
    }

    // ------------------------------------------------------------------------------------------------ readiness

    /// Marks a source; gives what of `ready` was accepted, and for which class. Nothing if the token names none.
    pub(crate) fn mark(&mut self, token: Token, ready: Ready) -> Option<(Ready, SourceClass)> {
        let entry = at(&mut self.entries, token)?;
        let accepted = ready & entry.accepts;
        if entry.marked.is_empty() && !accepted.is_empty() {
            self.marked[entry.class as usize].push(token);
        }
        entry.marked |= accepted;
        Some((accepted, entry.class))
    }

    /// A class begins: of it that is served what is marked now.
    pub(crate) fn begin(&mut self, class: SourceClass) {
        core::mem::swap(&mut self.serving, &mut self.marked[class as usize]);
        self.served = 0;
        for token in &self.serving {
            if let Some(entry) = at(&mut self.entries, *token) {
                entry.begin();
            }
        }
    }

    /// What the class has to do next, if anything is left.
    pub(crate) fn next_task(&mut self) -> Option<Task> {
        while let Some(token) = self.serving.get(self.served) {
            if let Some(entry) = at(&mut self.entries, *token)
                && let Some(task) = entry.next_task()
            {
                return Some(task);
            }
            self.served += 1;
        }
        self.serving.clear();
        None
    }
}

/// The source that a token names, if it is still there.
fn at(entries: &mut [Entry], token: Token) -> Option<&mut Entry> {
    entries.get_mut(token.index() as usize).filter(|entry| entry.serial == token.serial())
}

impl Entry {
    /// Its watchers, or what they want, have changed.
    fn look_at_watchers(&mut self) {
        if !self.active {
            self.accepts = if self.watchers.is_empty() { Ready::NONE } else { self.wanted() | Ready::ALWAYS };
        }
    }

    /// Forgets a watcher that is a node; false when it is none of its.
    fn forget(&mut self, node: AnyNode) -> bool {
        let is_it = |watcher: &Watcher| matches!(watcher.who, Who::Callback(other) if other == node);
        let Some(at) = self.watchers.iter().position(is_it) else { return false };
        self.watchers.remove(at);
        self.look_at_watchers();
        true
    }

    fn wanted(&self) -> Ready {
        let wanting = self.watchers.iter().filter(|watcher| !matches!(watcher.who, Who::Woken(_)));
        wanting.fold(Ready::NONE, |all, watcher| all | watcher.interest)
    }

    fn begin(&mut self) {
        self.ready = core::mem::take(&mut self.marked);
        self.untold = self.ready;
        if self.ready.intersects(Ready::ALWAYS) {
            self.watchers.iter_mut().for_each(|watcher| watcher.owed = self.ready);
        }
    }

    /// Errors and hang-ups are told to all; of anything else each is told to one who wants it.
    fn next_task(&mut self) -> Option<Task> {
        if self.active {
            let ready = core::mem::take(&mut self.untold);
            return self.node.filter(|_| !ready.is_empty()).map(|node| Task::Call(node, ready));
        }
        if self.ready.intersects(Ready::ALWAYS) {
            return self.tell_all();
        }
        while !self.untold.is_empty() {
            let bit = if self.untold.intersects(Ready::READABLE) { Ready::READABLE } else { Ready::WRITABLE };
            self.untold = self.untold.without(bit);
            if let Some(task) = self.tell_next(bit) {
                return Some(task);
            }
        }
        None
    }

    fn tell_all(&mut self) -> Option<Task> {
        let watcher = self.watchers.iter_mut().find(|watcher| !watcher.owed.is_empty())?;
        let owed = core::mem::take(&mut watcher.owed);
        let task = watcher.tell(owed);
        self.look_at_watchers();
        Some(task)
    }

    /// Tells who is first in line for `bit`, and of what else it wants; it goes to the end of the line.
    fn tell_next(&mut self, bit: Ready) -> Option<Task> {
        let wants = |watcher: &Watcher| watcher.interest.intersects(bit) && !matches!(watcher.who, Who::Woken(_));
        let first = self.watchers.iter().position(wants)?;
        if first + 1 < self.watchers.len() {
            self.watchers[first..].rotate_left(1);
        }
        let watcher = self.watchers.last_mut()?;
        let ready = watcher.interest & self.ready;
        self.untold = self.untold.without(ready);
        let task = watcher.tell(ready);
        if let Task::Wake(_) = task {
            self.look_at_watchers();
        }
        Some(task)
    }
}

impl Watcher {
    fn tell(&mut self, ready: Ready) -> Task {
        match &mut self.who {
            Who::Callback(node) => Task::Call(*node, ready),
            Who::Woken(before) => {
                *before = ready;
                Task::Nothing
            }
            waiting => match core::mem::replace(waiting, Who::Woken(ready)) {
                Who::Waiter(waiter) => Task::Wake(waiter),
                _ => Task::Nothing,
            },
        }
    }
}
