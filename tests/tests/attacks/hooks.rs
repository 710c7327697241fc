//! `on_free` hooks that keep, move, free, add and insert.

use std::{cell::Cell, rc::Rc};

use hamadryad::{
    AnyNode, Freed,
    OnFree::{Keep, Proceed},
    ReparentError,
};

use crate::trace::{Says, does, said, say, world};

const GONE: Freed = Freed::Gone { survivors: 0 };

#[test]
fn a_hook_keeps_its_node_and_is_asked_anew() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    let child = node.insert(Says("child"));
    let keeps = Cell::new(2);
    node.on_free(|_| {
        say("older");
        Proceed
    });
    node.on_free(move |me| {
        say(format_args!("newer {}", me.children().count()));
        keeps.set(keeps.get() - 1);
        if keeps.get() >= 0 { Keep } else { Proceed }
    });
    assert_eq!((node.free(), node.free()), (Freed::Kept, Freed::Kept));
    assert_eq!(said(), ["newer 1", "newer 1"]);
    assert!(node.is_alive() && child.is_alive());
    assert_eq!(node.free(), GONE);
    assert_eq!(said(), ["newer 1", "older", "drop child", "drop node"]);
}

#[test]
fn a_kept_descendant_is_adopted_by_the_nearest_ancestor_that_is_not_ending() {
    let sim = world();
    let outer = sim.root().insert(Says("outer"));
    let middle = outer.insert(Says("middle"));
    let inner = middle.insert(Says("inner"));
    let kept = inner.insert(Says("kept"));
    let below = kept.insert(Says("below"));
    let younger = outer.insert(Says("younger"));
    kept.on_free(|_| Keep);
    assert_eq!(middle.free(), Freed::Gone { survivors: 1 });
    assert_eq!(said(), ["drop inner", "drop middle"]);
    assert_eq!(kept.parent(), Some(*outer));
    assert_eq!(outer.children().collect::<Vec<_>>(), [*kept, *younger]);
    assert_eq!(outer.free(), Freed::Gone { survivors: 1 });
    assert_eq!(said(), ["drop younger", "drop outer"]);
    assert!(below.is_alive() && kept.parent() == Some(sim.root()));
}

#[test]
fn a_hook_moves_its_node_but_only_keep_saves_it() {
    let sim = world();
    let (home, away) = (sim.root().insert(Says("home")), sim.root().insert(Says("away")));
    let lost = home.insert(Says("lost"));
    let saved = home.insert(Says("saved"));
    lost.on_free(move |me| {
        say(format_args!("{:?}", me.reparent(away)));
        Proceed
    });
    saved.on_free(move |me| {
        say(format_args!("{:?}", me.reparent(away)));
        Keep
    });
    assert_eq!(home.free(), Freed::Gone { survivors: 1 });
    assert_eq!(said(), ["Ok(())", "Ok(())", "drop lost", "drop home"]);
    assert_eq!(away.children().collect::<Vec<_>>(), [*saved]);
    assert_eq!((saved.free(), saved.parent()), (Freed::Kept, Some(*away)));
}

#[test]
fn a_hook_moves_its_node_within_the_dying_subtree() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let older = parent.insert(Says("older"));
    let mover = parent.insert(Says("mover"));
    mover.on_free(move |me| {
        say(format_args!("to older {:?}, to parent {:?}", me.reparent(older), me.reparent(parent)));
        Proceed
    });
    assert_eq!(parent.free(), GONE);
    // The parent is ending, so nothing is moved to it; the older sibling was not yet asked.
    assert_eq!(said(), ["to older Ok(()), to parent Err(Ending)", "drop mover", "drop older", "drop parent"]);
}

#[test]
fn a_hook_that_keeps_within_the_dying_subtree_is_asked_again_there() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let older = parent.insert(Says("older"));
    let mover = parent.insert(Says("mover"));
    mover.on_free(move |me| {
        say(me.reparent(older).is_ok());
        Keep
    });
    assert!(matches!(parent.free(), Freed::Gone { survivors: 1.. }));
    assert_eq!(said(), ["true", "false", "drop older", "drop parent"]);
    assert_eq!(mover.parent(), Some(sim.root()));
}

#[test]
fn a_hook_frees_its_own_node_and_its_children() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    node.insert(Says("first"));
    node.insert(Says("second"));
    node.on_free(|me| {
        say(format_args!("{:?}", me.free()));
        say(format_args!("{:?}", me.free_children()));
        Proceed
    });
    assert_eq!(node.free(), GONE);
    assert_eq!(said(), ["AlreadyEnding", "drop second", "drop first", "Gone { survivors: 0 }", "drop node"]);
}

#[test]
fn a_hook_frees_its_parent_and_its_keep_counts_for_nothing() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let child = parent.insert(Says("child"));
    child.insert(Says("grandchild"));
    child.on_free(|_| {
        say("older");
        Keep
    });
    child.on_free(move |me| {
        say(format_args!("{:?} {}", parent.free(), me.is_alive()));
        Keep
    });
    assert_eq!(child.free(), GONE);
    assert_eq!(said(), ["older", "drop grandchild", "drop parent", "Gone { survivors: 0 } false", "drop child"]);
    assert!(!child.is_alive() && sim.root().children().next().is_none());
}

#[test]
fn a_hook_frees_the_root() {
    let sim = world();
    let root = sim.root();
    let node = root.insert(Says("node"));
    let keeper = root.insert(Says("keeper"));
    keeper.on_free(|_| {
        say("asked");
        Keep
    });
    node.on_free(move |me| {
        say(format_args!("{:?} {}", root.free(), me.is_alive()));
        Keep
    });
    assert_eq!(node.free(), GONE);
    assert_eq!(said(), ["asked", "drop keeper", "Gone { survivors: 0 } false", "drop node"]);
    assert!(!sim.root().is_alive());
}

#[test]
fn a_hook_adds_hooks() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    let added = Cell::new(false);
    node.on_free(move |me| {
        say("first");
        if added.replace(true) {
            return Proceed;
        }
        me.on_free(|_| {
            say("added");
            Proceed
        });
        Keep
    });
    assert_eq!(node.free(), Freed::Kept);
    said();
    assert_eq!(node.free(), GONE);
    assert_eq!(said(), ["added", "first", "drop node"]);
}

#[test]
fn a_hook_adds_a_hook_at_each_asking() {
    fn add(me: AnyNode, left: u32) {
        me.on_free(move |me| {
            say(left);
            if left > 0 {
                add(me, left - 1);
            }
            Proceed
        });
    }
    let sim = world();
    let node = sim.root().insert(Says("node"));
    add(*node, 40);
    assert_eq!(node.free(), GONE);
    let said = said();
    assert_eq!((said.first().map(String::as_str), said.last().map(String::as_str)), (Some("40"), Some("drop node")));
    assert_eq!(said.iter().filter(|line| *line == "drop node").count(), 1);
}

#[test]
fn a_hook_added_while_ending_is_dropped_uncalled() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    parent.insert(does(move || {
        let closure = Says("closure");
        parent.on_free(move |_| {
            let closure = &closure;
            say(format_args!("called {}", closure.0));
            Keep
        });
        say("added");
    }));
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["drop closure", "added", "drop parent"]);
}

#[test]
fn a_hook_inserts_into_its_node() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    node.on_free(|me| {
        me.insert(Says("late child"));
        Proceed
    });
    assert_eq!(node.free(), GONE);
    assert_eq!(said(), ["drop late child", "drop node"]);
}

#[test]
fn a_drop_inserts_into_the_dying_subtree_and_elsewhere() {
    let sim = world();
    let elsewhere = sim.root().insert(Says("elsewhere"));
    let parent = sim.root().insert(Says("parent"));
    let older = parent.insert(Says("older"));
    parent.insert(does(move || {
        let refused = parent.try_insert(Says("given back"));
        say(refused.is_err_and(|error| matches!(error.reason, hamadryad::InsertRefused::Ending) && error.value.0 == "given back"));
        older.insert(Says("late"));
        elsewhere.insert(Says("safe"));
        say(matches!(elsewhere.reparent(parent), Err(ReparentError::Ending)));
    }));
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["drop given back", "true", "true", "drop late", "drop older", "drop parent"]);
    assert_eq!(elsewhere.children().count(), 1);
}

#[test]
fn a_hook_takes_its_sibling_out_of_the_dying_subtree() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let sibling = parent.insert(Says("sibling"));
    let child = parent.insert(Says("child"));
    let root = sim.root();
    child.on_free(move |_| {
        say(format_args!("{:?}", sibling.reparent(root)));
        Proceed
    });
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["Ok(())", "drop child", "drop parent"]);
    assert_eq!(sibling.parent(), Some(root));
}

#[test]
fn hooks_of_a_freed_root_are_called_and_cannot_keep() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    node.on_free(|_| {
        say("node asked");
        Keep
    });
    sim.root().on_free(|_| {
        say("root asked");
        Keep
    });
    assert_eq!(sim.root().free(), GONE);
    assert_eq!(said(), ["root asked", "node asked", "drop node"]);
    assert!(!node.is_alive());
}

#[test]
fn free_children_keeps_who_wants_to_stay_and_ends() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    node.insert(Says("first"));
    let keeper = node.insert(Says("keeper"));
    let asked = Rc::new(Cell::new(0));
    keeper.on_free({
        let asked = asked.clone();
        move |_| {
            asked.set(asked.get() + 1);
            Keep
        }
    });
    node.insert(Says("last"));
    assert_eq!(node.free_children(), Freed::Gone { survivors: 1 });
    assert_eq!((said(), asked.get()), (vec!["drop last".to_owned(), "drop first".to_owned()], 1));
    assert!(keeper.parent() == Some(*node) && node.is_alive());
}

#[test]
fn a_closure_of_a_hook_frees_when_it_is_dropped() {
    let sim = world();
    let other = sim.root().insert(Says("other"));
    let node = sim.root().insert(Says("node"));
    let frees = does(move || say(format_args!("{:?} {:?}", other.free(), node.free())));
    node.on_free(move |_| {
        let _held = &frees;
        Proceed
    });
    assert_eq!(node.free(), GONE);
    let said = said();
    assert!(said.contains(&"drop other".to_owned()) && said.contains(&"drop node".to_owned()), "{said:?}");
    assert_eq!(said.len(), 3, "{said:?}");
}
