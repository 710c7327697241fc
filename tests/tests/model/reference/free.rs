//! The order of a free (laws 2 to 4).

use super::{Reference, State, Value};
use crate::{event::Event, script::derived};

/// What the hooks of a node said.
pub(super) enum Answer {
    Proceed,
    Keep,
    /// A nested free took the node over.
    Taken,
}

impl Reference {
    /// Frees a node and all below it, hooks first; `below` is the ending node that the walk came from. True when its own hooks kept it.
    pub(super) fn end(&mut self, node: usize, below: Option<usize>, survivors: &mut usize) -> bool {
        if self.node(node).state != State::Ending {
            match self.ask(node) {
                Answer::Keep => return true,
                Answer::Taken => return false,
                Answer::Proceed => self.node(node).state = State::Ending,
            }
            // A move without `Keep` counts for nothing: it ends as what it was, a part of this walk.
            if let Some(owner) = below.filter(|owner| self.is_there(*owner) && self.node(node).parent != Some(*owner)) {
                self.move_to(node, owner);
            }
        }
        self.free_below(node, survivors);
        if self.is_there(node) {
            self.finish(node);
        }
        false
    }

    /// Frees what is below an ending node, newest first, looking again after every piece of user code.
    pub(super) fn free_below(&mut self, node: usize, survivors: &mut usize) {
        while let Some(child) = self.nodes.get(&node).and_then(|node| node.children.last().copied()) {
            if self.end(child, Some(node), survivors) {
                *survivors += 1;
                self.adopt(child);
            }
        }
    }

    /// Asks the hooks of a node, newest first; the first `Keep` ends the asking. If the asking is under way further out on the stack,
    /// those that are left are asked, and nothing is kept.
    pub(super) fn ask(&mut self, node: usize) -> Answer {
        let asked_further_out = self.node(node).state == State::Asking;
        self.node(node).state = State::Asking;
        while let Some(hook) = self.node(node).hooks.iter_mut().rev().find(|hook| !hook.asked) {
            hook.asked = true;
            hook.calls += 1;
            let (seed, call) = (hook.seed, hook.calls);
            self.node(node).own_code += 1;
            self.say(Event::Asked { node, call });
            let script = self.run(derived(seed, call));
            self.panics += usize::from(script.panics);
            let is_ours = self.nodes.get(&node).is_some_and(|node| node.state == State::Asking);
            self.own_code_returns(node);
            if !is_ours {
                return Answer::Taken;
            }
            if script.keeps && !script.panics && !asked_further_out && self.may_be_kept(node) {
                let kept = self.node(node);
                kept.state = State::Live;
                kept.hooks.iter_mut().for_each(|hook| hook.asked = false);
                return Answer::Keep;
            }
        }
        Answer::Proceed
    }

    /// Not the root, nothing without a value, and nothing in a dropping tree or under a freed root.
    pub(super) fn may_be_kept(&self, node: usize) -> bool {
        let root_stays = self.nodes.get(&0).is_some_and(|root| root.state != State::Ending);
        let has_a_value = self.nodes[&node].value == Value::There;
        // Only a constructor holds a node that has none.
        let will_have_one = self.nodes[&node].own_code > 0;
        node != 0 && (has_a_value || will_have_one) && root_stays && !self.tree_is_dropped
    }

    /// The nearest ancestor that is not ending takes it as its newest child; where its hook moved it to, it stays.
    pub(super) fn adopt(&mut self, kept: usize) {
        let parent = self.node(kept).parent;
        let mut above = parent;
        while let Some(ancestor) = above.filter(|ancestor| self.nodes[ancestor].state == State::Ending) {
            above = self.node(ancestor).parent;
        }
        if above != parent {
            self.move_to(kept, above.expect("the root is not ending, or it could not be kept"));
        }
    }

    /// Ends a node that has no children any more.
    pub(super) fn finish(&mut self, node: usize) {
        if self.node(node).own_code > 0 {
            let freed = self.unlink(node);
            self.deferred.insert(node, freed);
            return;
        }
        self.drop_value(node);
        if self.is_there(node) {
            self.unlink(node);
        }
    }

    /// A piece of a node's own code has returned. If the node was freed meanwhile, and this was the last, its value ends now.
    pub(super) fn own_code_returns(&mut self, node: usize) {
        let Some(found) = self.nodes.get_mut(&node).or(self.deferred.get_mut(&node)) else { return };
        found.own_code -= 1;
        if found.own_code == 0 && self.deferred.contains_key(&node) {
            self.drop_value(node);
            self.deferred.remove(&node);
        }
    }

    /// Drops the value where it lies, if there is one.
    pub(super) fn drop_value(&mut self, node: usize) {
        let found = self.nodes.get_mut(&node).or(self.deferred.get_mut(&node)).expect("looked up by the caller");
        if found.value != Value::There {
            return;
        }
        found.value = Value::Gone;
        found.own_code += 1;
        let seed = found.seed;
        let panics = self.drop_outside(node, seed);
        self.panics += usize::from(panics);
        if let Some(found) = self.nodes.get_mut(&node).or(self.deferred.get_mut(&node)) {
            found.own_code -= 1;
        }
        self.deferred.remove(&node);
    }

    /// Drops a value that lies in no node any more. True if it panics.
    pub(super) fn drop_outside(&mut self, node: usize, seed: u64) -> bool {
        self.drops[node] += 1;
        self.say(Event::Dropped { node });
        self.run(derived(seed, 2)).panics
    }
}
