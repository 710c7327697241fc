//! Law 5: the walk of a free is iterative.

use crate::{OnDrop, Trace, World};
use hamadryad::{Freed, Node};
use std::cell::Cell;
use std::rc::Rc;

/// How deep the chain is.
const DEPTH: usize = 1_000_000;

/// Counts, and checks the order of, the drops of a chain.
struct Link {
    depth: usize,
    last: Rc<Cell<usize>>,
}

impl Drop for Link {
    fn drop(&mut self) {
        assert_eq!(self.last.replace(self.depth), self.depth + 1, "the deepest is dropped first");
    }
}

/// A chain of a million nodes frees without a deep stack, each value once, the deepest first.
pub async fn law_05_a_chain_of_a_million_nodes_is_freed<W: World>(world: W) {
    let last = Rc::new(Cell::new(DEPTH));
    let top: Node<Link> = world.ground().insert(Link { depth: 0, last: last.clone() });
    let mut deepest = *top;
    for depth in 1..DEPTH {
        deepest = *deepest.insert(Link { depth, last: last.clone() });
    }
    assert_eq!(top.free(), Freed::Gone { survivors: 0 });
    assert_eq!(last.get(), 0);
    assert!(!deepest.is_alive());
}

/// As wide as it is deep.
pub async fn law_05_a_million_children_are_freed_newest_first<W: World>(world: W) {
    let last = Rc::new(Cell::new(DEPTH));
    let top = world.ground();
    for depth in 0..DEPTH {
        top.insert(Link { depth, last: last.clone() });
    }
    assert_eq!(top.free_children(), Freed::Gone { survivors: 0 });
    assert_eq!(last.get(), 0);
}

/// A `Drop` that itself frees something else nests, as any call does.
pub async fn law_05_a_free_inside_a_drop_nests<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let other = ground.insert(trace.canary("other"));
    other.insert(trace.canary("below other"));
    let note = trace.clone();
    let node = ground.insert(OnDrop::new(move || {
        note.note(format!("{:?}", other.free()));
    }));
    node.insert(trace.canary("child"));
    node.free();
    trace.expect(&["drop child", "drop below other", "drop other", "Gone { survivors: 0 }"]);
}
