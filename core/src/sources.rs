//! The table of sources: who watches each, what is marked, and whose turn it is.

use crate::arena::{SlotRef, Waiter};
use crate::marks::{Mark, Marks};
use crate::node::AnyNode;
use crate::ready::Ready;
use crate::source::{SourceClass, Token};
use crate::watcher::{Task, Watcher, Who};
use alloc::vec::Vec;

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
    /// The last time that it was marked: which round of its class will serve it, and where in the list of that it is.
    marked: (u64, u32),
    /// Keys and numbers come from one count.
    count: u64,
    watchers: Vec<Watcher>,
}

/// What a source looks like to [`Attended::turn_for`](crate::Attended::turn_for): where news of it can go without a list.
#[derive(Clone, Copy)]
pub(crate) struct Front {
    token: Token,
    /// Whose closure is called, if it has one watcher: that one or, of a source that watches itself, its own.
    pub(crate) watcher: SlotRef,
    pub(crate) source: SlotRef,
    /// Which news are not as simple as that: all, where it has none or several, or is gone; and all of a signal, after which the same
    /// turn goes on with other classes.
    refuses: Ready,
}

/// All sources of a tree. No borrow lives across user code.
#[derive(Default)]
pub(crate) struct Sources {
    entries: Vec<Entry>,
    /// A place for each entry.
    fronts: Vec<Front>,
    free: Vec<u32>,
    marks: [Marks; 2],
    /// What was marked when the class that runs began, and how much of it is done.
    serving: Vec<Mark>,
    served: usize,
}

impl Sources {
    /// A new source, whose kind is known; gives its place and what the host calls it.
    pub(crate) fn enter(&mut self, class: SourceClass, kind: &'static str, node: AnyNode) -> (u32, Token) {
        let active = node.slot.kind.get().active;
        let accepts = if active { Ready::ALL } else { Ready::NONE };
        let entry =
            |serial| Entry { node: Some(node), serial, class, kind, active, accepts, marked: (0, 0), count: 0, watchers: Vec::new() };
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
        let token = self.token(index);
        let refuses = self.entries[index as usize].refuses();
        let front = Front { token, watcher: node.slot, source: node.slot, refuses };
        match self.fronts.get_mut(index as usize) {
            Some(place) => *place = front,
            None => self.fronts.push(front),
        }
        (index, token)
    }

    /// The source leaves; whoever waits is given back to be woken.
    pub(crate) fn leave(&mut self, index: u32) -> impl Iterator<Item = Waiter> + use<> {
        let entry = &mut self.entries[index as usize];
        entry.node = None;
        entry.active = false;
        entry.accepts = Ready::NONE;
        self.fronts[index as usize].refuses = Ready::ALL;
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

    /// What the host calls a source.
    pub(crate) fn kind_of(&self, node: AnyNode) -> Option<&'static str> {
        node.source_at().map(|(_, index)| self.entries[index as usize].kind)
    }

    /// Who waits for what, for the report.
    pub(crate) fn add_waiting(&self, pairs: &mut Vec<(AnyNode, AnyNode)>) {
        for entry in &self.entries {
            let Some(node) = entry.node else { continue };
            for watcher in &entry.watchers {
                if let Who::Waiter(Waiter::Ours(slot, serial)) = &watcher.who {
                    pairs.push((AnyNode { slot: **slot, serial: *serial }, node));
                }
            }
        }
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
        let entry = &mut self.entries[index as usize];
        entry.count += 1;
        let key = entry.count;
        entry.watchers.push(Watcher { key, number: key, interest, who });
        entry.look_at_watchers(&mut self.fronts[index as usize]);
        key
    }

    /// What a future was woken for, if it was; then it waits no more.
    pub(crate) fn take_woken(&mut self, index: u32, key: u64) -> Option<Ready> {
        let entry = &mut self.entries[index as usize];
        let at = entry.place_of(key)?;
        let Who::Woken(ready) = entry.watchers[at].who else { return None };
        entry.remove(at, &mut self.fronts[index as usize]);
        Some(ready)
    }

    /// A future that was not woken waits on with another waiter; gives the one that is to be dropped.
    pub(crate) fn replace_waiter(&mut self, index: u32, key: u64, waiter: Waiter) -> Option<Waiter> {
        let entry = &mut self.entries[index as usize];
        let Some(at) = entry.place_of(key) else { return Some(waiter) };
        match core::mem::replace(&mut entry.watchers[at].who, Who::Waiter(waiter)) {
            Who::Waiter(before) => Some(before),
            _ => None,
        }
    }

    /// A future waits no more; gives its waiter back, to be dropped.
    pub(crate) fn drop_waiter(&mut self, index: u32, key: u64) -> Option<Waiter> {
        let entry = &mut self.entries[index as usize];
        let at = entry.place_of(key)?;
        match entry.remove(at, &mut self.fronts[index as usize]).who {
            Who::Waiter(waiter) => Some(waiter),
            _ => None,
        }
    }

    /// A watcher's node ends.
    pub(crate) fn drop_callback(&mut self, node: AnyNode) {
        let source = node.parent().and_then(AnyNode::source_at).map(|(_, index)| index);
        let count = self.entries.len();
        let mut forget = |index: usize| self.entries[index].forget(node, &mut self.fronts[index]);
        if source.is_some_and(|index| forget(index as usize)) {
            return;
        }
        // It was moved to another owner.
        let _ = (0..count).any(forget);
    }

    // ------------------------------------------------------------------------------------------------ readiness

    /// Marks a source; gives what of `ready` was accepted, and for which class. Nothing if the token names none.
    #[inline]
    pub(crate) fn mark(&mut self, token: Token, ready: Ready) -> Option<(Ready, SourceClass)> {
        let entry = at(&mut self.entries, token)?;
        let accepted = ready & entry.accepts;
        let marks = &mut self.marks[entry.class as usize];
        if entry.marked.0 == marks.round {
            let mark = &mut marks.list[entry.marked.1 as usize];
            mark.ready |= accepted;
            mark.untold |= accepted;
        } else if !accepted.is_empty() {
            entry.marked = (marks.round, marks.list.len() as u32);
            marks.list.push(Mark { token, ready: accepted, untold: accepted, told: 0, last: 0 });
        }
        Some((accepted, entry.class))
    }

    /// Where the news that a source is ready for that can go without a list; nothing where it is less simple.
    #[inline(always)]
    pub(crate) fn front(&self, token: Token, ready: Ready) -> Option<&Front> {
        let front = self.fronts.get(token.index() as usize)?;
        let is_simple = front.token == token && !ready.is_empty() && !front.refuses.intersects(ready);
        is_simple.then_some(front)
    }

    /// Tells the one future that waits for a source that it is ready; nothing happens where it is less simple.
    pub(crate) fn tell_only(&mut self, token: Token, ready: Ready) -> Option<Waiter> {
        let entry = at(&mut self.entries, token)?;
        let [watcher @ Watcher { who: Who::Waiter(_), .. }] = &mut entry.watchers[..] else { return None };
        if ready.is_empty() || !entry.accepts.contains(ready) || entry.class == SourceClass::Signal {
            return None;
        }
        let front = self.fronts.get_mut(token.index() as usize)?;
        let Task::Wake(waiter) = watcher.tell(ready, front.source) else { return None };
        entry.look_at_watchers(front);
        Some(waiter)
    }

    /// A class begins: of it that is served what is marked now.
    pub(crate) fn begin(&mut self, class: SourceClass) {
        let marks = &mut self.marks[class as usize];
        marks.round += 1;
        core::mem::swap(&mut self.serving, &mut marks.list);
        self.served = 0;
    }

    /// What the class has to do next, if anything is left.
    pub(crate) fn next_task(&mut self) -> Option<Task> {
        while let Some(mark) = self.serving.get_mut(self.served) {
            let front = self.fronts.get_mut(mark.token.index() as usize);
            let task = at(&mut self.entries, mark.token).zip(front).and_then(|(entry, front)| entry.tell(mark, front));
            if task.is_none() || mark.is_told() {
                self.served += 1;
            }
            if task.is_some() {
                return task;
            }
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
    #[inline]
    fn look_at_watchers(&mut self, front: &mut Front) {
        if self.active {
            return;
        }
        front.refuses = Ready::ALL;
        self.accepts = match &self.watchers[..] {
            [] => Ready::NONE,
            [only] => only.wants() | Ready::ALWAYS,
            _ => self.wanted() | Ready::ALWAYS,
        };
        if let [Watcher { who: Who::Callback(node), .. }] = &self.watchers[..] {
            front.watcher = node.slot;
            front.refuses = self.refuses();
        }
    }

    /// Where in the list the watcher with that key is.
    #[inline]
    fn place_of(&self, key: u64) -> Option<usize> {
        self.watchers.iter().position(|watcher| watcher.key == key)
    }

    #[inline]
    fn remove(&mut self, at: usize, front: &mut Front) -> Watcher {
        // Mostly it is the only one, or the last that came.
        let removed = if at + 1 == self.watchers.len() { self.watchers.swap_remove(at) } else { self.watchers.remove(at) };
        self.look_at_watchers(front);
        removed
    }

    /// Which news of it cannot go without a list, though it has one watcher.
    fn refuses(&self) -> Ready {
        match self.class {
            SourceClass::Signal => Ready::ALL,
            SourceClass::Io => Ready::ALL.without(self.accepts),
        }
    }

    /// Forgets a watcher that is a node; false when it is none of its.
    fn forget(&mut self, node: AnyNode, front: &mut Front) -> bool {
        let is_it = |watcher: &Watcher| matches!(watcher.who, Who::Callback(other) if other == node);
        let Some(at) = self.watchers.iter().position(is_it) else { return false };
        self.remove(at, front);
        true
    }

    fn wanted(&self) -> Ready {
        self.watchers.iter().fold(Ready::NONE, |all, watcher| all | watcher.wants())
    }

    /// Tells the next one who is to be told of `mark`.
    fn tell(&mut self, mark: &mut Mark, front: &mut Front) -> Option<Task> {
        // Mostly there is nobody to take turns with.
        let only = match (self.active, &self.watchers[..]) {
            (true, _) => self.node.map(|node| (node, Ready::ALL)),
            (false, [Watcher { who: Who::Callback(node), interest, .. }]) if mark.told == 0 => Some((*node, *interest)),
            _ => return self.tell_line(mark, front),
        };
        let untold = core::mem::take(&mut mark.untold);
        let ready = if untold.intersects(Ready::ALWAYS) { untold } else { untold & only?.1 };
        if ready.is_empty() { None } else { Some(Task::Call(only?.0, ready, front.source)) }
    }

    /// Errors and hang-ups are told to all; of anything else each is told to one who wants it.
    #[inline(never)]
    fn tell_line(&mut self, mark: &mut Mark, front: &mut Front) -> Option<Task> {
        if mark.ready.intersects(Ready::ALWAYS) { self.tell_all(mark, front) } else { self.tell_one(mark, front) }
    }

    /// All who are there when the first of them is told.
    fn tell_all(&mut self, mark: &mut Mark, front: &mut Front) -> Option<Task> {
        if !core::mem::take(&mut mark.untold).is_empty() {
            mark.last = self.count;
        }
        let due = mark.told + 1..=mark.last;
        let watcher = self.watchers.iter_mut().find(|watcher| due.contains(&watcher.key))?;
        mark.told = watcher.key;
        let task = watcher.tell(mark.ready, front.source);
        self.look_at_watchers(front);
        Some(task)
    }

    /// Who is first in line for something that is left, and is told of all that it wants; it goes to the end of the line.
    fn tell_one(&mut self, mark: &mut Mark, front: &mut Front) -> Option<Task> {
        while !mark.untold.is_empty() {
            let bit = if mark.untold.intersects(Ready::READABLE) { Ready::READABLE } else { Ready::WRITABLE };
            mark.untold = mark.untold.without(bit);
            let wanting = self.watchers.iter_mut().filter(|watcher| watcher.interest.intersects(bit) && watcher.is_waiting());
            let Some(watcher) = wanting.min_by_key(|watcher| watcher.number) else { continue };
            self.count += 1;
            watcher.number = self.count;
            let ready = watcher.interest & mark.ready;
            mark.untold = mark.untold.without(ready);
            let task = watcher.tell(ready, front.source);
            if matches!(task, Task::Wake(_)) {
                self.look_at_watchers(front);
            }
            return Some(task);
        }
        None
    }
}
