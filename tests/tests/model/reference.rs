//! The model: the laws of ownership (1 to 8) in plain code, with a map of nodes and recursion. It shares nothing with the tree but the
//! scripts.

mod free;

use std::collections::BTreeMap;

use hamadryad::{Freed, InsertRefused, ReparentError};

use free::Answer;

use crate::{
    event::Event,
    script::{Op, Script, derived},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    /// One of its hooks is being asked: it may still be kept or moved.
    Asking,
    /// Nothing grows here any more, nor does it move.
    Ending,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Being built, or never there: the root has none.
    Vacant,
    There,
    Gone,
}

struct Hook {
    seed: u64,
    calls: u64,
    /// In the asking that is under way.
    asked: bool,
}

struct Node {
    parent: Option<usize>,
    /// Oldest first.
    children: Vec<usize>,
    state: State,
    value: Value,
    /// The script of the value's drop.
    seed: u64,
    /// Oldest first.
    hooks: Vec<Hook>,
    shared_loans: u32,
    lent_exclusively: bool,
    /// A `free_children` of its owner will come to it.
    doomed: bool,
    /// Pieces of its own code on the stack: loans, hooks, constructor, drop.
    own_code: u32,
}

/// The model of one tree.
pub(crate) struct Reference {
    /// What a handle can reach.
    nodes: BTreeMap<usize, Node>,
    /// Freed while their own code is on the stack: their values end when it returns.
    deferred: BTreeMap<usize, Node>,
    /// Who ended with how many drops; who took a value out drops it too.
    drops: Vec<u32>,
    made: usize,
    depth: u32,
    tree_is_dropped: bool,
    events: Vec<Event>,
    seen: usize,
    pub(crate) ops: u64,
    pub(crate) panics: usize,
}

impl Reference {
    pub(crate) fn new() -> Reference {
        let mut reference = Reference {
            nodes: BTreeMap::new(),
            deferred: BTreeMap::new(),
            drops: Vec::new(),
            made: 0,
            depth: 0,
            tree_is_dropped: false,
            events: Vec::new(),
            seen: 0,
            ops: 0,
            panics: 0,
        };
        reference.number();
        reference.link(0, None, 0);
        reference
    }

    // ---------------------------------------------------------------------------------------------- operations

    pub(crate) fn act(&mut self, op: Op) {
        self.ops += 1;
        let made = self.made;
        match op {
            Op::Insert { owner, seed } => self.insert(owner.among(made), seed),
            Op::Build { owner, seed } => self.build(owner.among(made), seed),
            Op::Free(node) => {
                let node = node.among(made);
                let freed = self.free(node);
                self.say(Event::freed(node, freed));
            }
            Op::FreeChildren(node) => {
                let node = node.among(made);
                let freed = self.free_children(node);
                self.say(Event::freed(node, freed));
            }
            Op::Take(node) => self.take(node.among(made)),
            Op::Reparent { node, owner } => {
                let (node, owner) = (node.among(made), owner.among(made));
                let moved = self.reparent(node, owner);
                self.say(Event::moved(node, owner, moved));
            }
            Op::Hook { node, seed } => {
                if let Some(node) = self.nodes.get_mut(&node.among(made)).filter(|node| node.state != State::Ending) {
                    node.hooks.push(Hook { seed, calls: 0, asked: false });
                }
            }
            Op::Lend { node, exclusive, seed } => self.lend(node.among(made), exclusive, seed),
        }
    }

    fn insert(&mut self, owner: usize, seed: u64) {
        let node = self.number();
        match self.growing(owner) {
            Ok(()) => {
                self.link(node, Some(owner), seed);
                self.node(node).value = Value::There;
                self.say(Event::Inserted { node });
            }
            Err(reason) => {
                // The value comes back to the caller, who drops it.
                self.say(Event::refused(reason));
                self.drop_outside(node, seed);
            }
        }
    }

    /// While its constructor runs, the node is there and its value is not.
    fn build(&mut self, owner: usize, seed: u64) {
        if let Err(reason) = self.growing(owner) {
            self.say(Event::refused(reason));
            return;
        }
        let node = self.number();
        self.link(node, Some(owner), seed);
        self.node(node).own_code = 1;
        self.say(Event::Building { node });
        let panics = self.run(derived(seed, 1)).panics;
        if panics {
            self.drops[node] += 1; // There is none, and it is not dropped.
            self.abort_building(node);
            self.say(Event::ConstructorPanicked { node });
            return;
        }
        if let Some(node) = self.nodes.get_mut(&node).or(self.deferred.get_mut(&node)) {
            node.value = Value::There;
        }
        self.own_code_returns(node);
        self.say(Event::Inserted { node });
    }

    /// A constructor's panic frees its node: its hooks are told, and cannot keep what has no value.
    fn abort_building(&mut self, node: usize) {
        self.own_code_returns(node);
        if self.is_there(node) {
            self.end(node, None, &mut 0);
        }
    }

    fn free(&mut self, node: usize) -> Freed {
        match self.nodes.get(&node).map(|node| node.state) {
            None => Freed::Stale,
            Some(State::Asking | State::Ending) => Freed::AlreadyEnding,
            Some(State::Live) => {
                let mut survivors = 0;
                if self.end(node, None, &mut survivors) { Freed::Kept } else { Freed::Gone { survivors } }
            }
        }
    }

    /// The children that are there now, newest first, unless they are moved elsewhere. A call inside of the call takes them over.
    fn free_children(&mut self, owner: usize) -> Freed {
        match self.nodes.get(&owner).map(|owner| owner.state) {
            None => return Freed::Stale,
            Some(State::Ending) => return Freed::AlreadyEnding,
            Some(_) => {}
        }
        for child in self.children(owner) {
            self.node(child).doomed = true;
        }
        let mut survivors = 0;
        while let Some(child) = self.children(owner).into_iter().find(|child| self.nodes[child].doomed) {
            self.node(child).doomed = false;
            if self.end(child, None, &mut survivors) {
                survivors += 1;
            }
        }
        Freed::Gone { survivors }
    }

    fn take(&mut self, node: usize) {
        let Some(found) = self.nodes.get(&node) else { return self.say(Event::LendOfStale { node }) };
        if !found.can_be_lent(true) || found.state != State::Live || !matches!(self.ask(node), Answer::Proceed) {
            return self.say(Event::NotTaken { node });
        }
        self.node(node).state = State::Ending;
        self.free_below(node, &mut 0);
        if !self.is_there(node) {
            return self.say(Event::NotTaken { node });
        }
        let seed = self.node(node).seed;
        self.unlink(node);
        self.say(Event::Took { node });
        self.drop_outside(node, seed);
    }

    fn reparent(&mut self, node: usize, owner: usize) -> Result<(), ReparentError> {
        if !self.is_there(node) || !self.is_there(owner) {
            return Err(ReparentError::Stale);
        }
        let mut above = Some(owner);
        while let Some(ancestor) = above {
            if ancestor == node {
                return Err(ReparentError::WouldCycle);
            }
            above = self.node(ancestor).parent;
        }
        if self.node(node).state == State::Ending || self.node(owner).state == State::Ending {
            return Err(ReparentError::Ending);
        }
        self.move_to(node, owner);
        Ok(())
    }

    fn lend(&mut self, node: usize, exclusive: bool, seed: u64) {
        let Some(found) = self.nodes.get_mut(&node) else { return self.say(Event::LendOfStale { node }) };
        if !found.can_be_lent(exclusive) {
            return self.say(Event::Busy { node });
        }
        found.own_code += 1;
        found.shared_loans += u32::from(!exclusive);
        found.lent_exclusively = exclusive;
        self.say(Event::Lent { node });
        self.run(seed);
        if let Some(found) = self.nodes.get_mut(&node).or(self.deferred.get_mut(&node)) {
            found.shared_loans -= u32::from(!exclusive);
            found.lent_exclusively = false;
        }
        self.own_code_returns(node);
    }

    // ---------------------------------------------------------------------------------------------- links

    fn number(&mut self) -> usize {
        self.drops.push(0);
        self.made += 1;
        self.made - 1
    }

    fn growing(&self, owner: usize) -> Result<(), InsertRefused> {
        match self.nodes.get(&owner).map(|owner| owner.state) {
            None => Err(InsertRefused::Stale),
            Some(State::Ending) => Err(InsertRefused::Ending),
            Some(State::Live | State::Asking) => Ok(()),
        }
    }

    fn link(&mut self, node: usize, parent: Option<usize>, seed: u64) {
        let (children, hooks) = (Vec::new(), Vec::new());
        let (state, value) = (State::Live, Value::Vacant);
        let made =
            Node { parent, children, state, value, seed, hooks, shared_loans: 0, lent_exclusively: false, doomed: false, own_code: 0 };
        self.nodes.insert(node, made);
        if let Some(parent) = parent {
            self.node(parent).children.push(node);
        }
    }

    fn unlink(&mut self, node: usize) -> Node {
        let removed = self.nodes.remove(&node).expect("it is there");
        if let Some(parent) = removed.parent {
            self.node(parent).children.retain(|child| *child != node);
        }
        removed
    }

    fn move_to(&mut self, node: usize, owner: usize) {
        let old = self.node(node).parent.replace(owner).expect("the root does not move: everything is below it");
        self.node(old).children.retain(|child| *child != node);
        self.node(node).doomed &= old == owner;
        self.node(owner).children.push(node);
    }

    fn node(&mut self, node: usize) -> &mut Node {
        self.nodes.get_mut(&node).expect("it is there")
    }

    // ---------------------------------------------------------------------------------------------- running and looking

    fn run(&mut self, seed: u64) -> Script {
        self.depth += 1;
        let script = Script::new(seed, self.depth);
        for op in &script.ops {
            self.act(*op);
        }
        self.depth -= 1;
        script
    }

    fn say(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn drop_tree(&mut self) {
        self.tree_is_dropped = true;
        if self.is_there(0) {
            self.end(0, None, &mut 0);
        }
    }

    pub(crate) fn is_there(&self, node: usize) -> bool {
        self.nodes.contains_key(&node)
    }

    pub(crate) fn made(&self) -> usize {
        self.made
    }

    pub(crate) fn parent(&self, node: usize) -> Option<usize> {
        self.nodes.get(&node)?.parent
    }

    /// Newest first.
    pub(crate) fn children(&self, node: usize) -> Vec<usize> {
        self.nodes.get(&node).map(|node| node.children.iter().rev().copied().collect()).unwrap_or_default()
    }

    pub(crate) fn events_since_last(&mut self) -> Vec<Event> {
        let new = self.events[self.seen..].to_vec();
        self.seen = self.events.len();
        new
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        self.seen = 0;
        std::mem::take(&mut self.events)
    }

    pub(crate) fn assert_every_value_dropped_once(&self, seed: u64) {
        assert!(self.drops[1..].iter().all(|drops| *drops == 1), "seed {seed}: {:?}", self.drops);
        assert!(self.nodes.is_empty() && self.deferred.is_empty(), "seed {seed}");
    }
}

impl Node {
    fn can_be_lent(&self, exclusive: bool) -> bool {
        self.value == Value::There && !self.lent_exclusively && (!exclusive || self.shared_loans == 0)
    }
}
