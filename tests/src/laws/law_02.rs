//! Law 2: the order of a free: hooks newest first, children newest first, the value, the memory.

use crate::{Canary, OnDrop, Trace, World};
use hamadryad::prelude::*;
use hamadryad::{AccessError, Freed};
use std::cell::Cell;
use std::rc::Rc;

/// Adds a hook that notes `event` and lets the free go on.
fn hook(node: impl Into<AnyNode>, trace: &Trace, event: &'static str) {
    let note = trace.noting(event);
    node.into().on_free(move |_| {
        note();
        Proceed
    });
}

/// Hooks, newest first; children, newest first, each the same way; then the value.
pub async fn law_02_hooks_then_children_then_the_value<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(trace.canary("parent"));
    hook(parent, &trace, "hook parent 1");
    let older = parent.insert(trace.canary("older"));
    let grandchild = older.insert(trace.canary("grandchild"));
    hook(grandchild, &trace, "hook grandchild");
    hook(older, &trace, "hook older");
    let newer = parent.insert(trace.canary("newer"));
    hook(newer, &trace, "hook newer 1");
    hook(newer, &trace, "hook newer 2");
    hook(parent, &trace, "hook parent 2");

    assert_eq!(parent.free(), Freed::Gone { survivors: 0 });
    trace.expect(&[
        "hook parent 2",
        "hook parent 1",
        "hook newer 2",
        "hook newer 1",
        "drop newer",
        "hook older",
        "hook grandchild",
        "drop grandchild",
        "drop older",
        "drop parent",
    ]);
    assert!(!parent.is_alive() && !older.is_alive() && !grandchild.is_alive() && !newer.is_alive());
}

/// `free_children` is the same for all children, and leaves the node itself as it is: its hooks are not asked.
pub async fn law_02_free_children_leaves_the_node<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(trace.canary("parent")).named("parent");
    hook(parent, &trace, "hook parent");
    parent.insert(trace.canary("older"));
    let newer = parent.insert(trace.canary("newer"));
    hook(newer, &trace, "hook newer");
    assert_eq!(parent.free_children(), Freed::Gone { survivors: 0 });
    trace.expect(&["hook newer", "drop newer", "drop older"]);
    assert!(parent.is_alive());
    assert_eq!((parent.name(), parent.children().count()), ("parent", 0));
}

/// A hook is given its node, and sees its children and its own value while they still live.
pub async fn law_02_a_hook_sees_its_children<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(5_u32);
    let child = parent.insert(String::from("child"));
    let note = trace.clone();
    parent.on_free(move |me| {
        assert_eq!(me, *parent);
        assert!(me.is_alive());
        assert_eq!(me.children().collect::<Vec<_>>(), [*child]);
        note.note(format!("{} {}", parent.with(|value| *value), child.with(String::clone)));
        Proceed
    });
    parent.free();
    trace.expect(&["5 child"]);
}

/// A child's `Drop` still sees its parent's value.
pub async fn law_02_a_childs_drop_sees_its_parents_value<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(7_u32);
    let note = trace.clone();
    parent.insert(OnDrop::new(move || {
        assert!(parent.is_alive(), "an ending node can be read");
        note.note(format!("parent holds {}", parent.with(|value| *value)));
    }));
    assert_eq!(parent.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["parent holds 7"]);
}

/// … which is `Busy` while it is lent.
pub async fn law_02_a_childs_drop_finds_a_lent_parent_busy<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(7_u32);
    let note = trace.clone();
    let child = parent.insert(OnDrop::new(move || match parent.try_with(|value| *value) {
        Err(AccessError::Busy { .. }) => note.note("busy"),
        other => note.note(format!("{other:?}")),
    }));
    parent.with_mut(|_| child.free());
    trace.expect(&["busy"]);
}

/// … and stale where the child ends late, because its own code was on the stack.
pub async fn law_02_a_child_that_ends_late_finds_its_parent_stale<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(7_u32);
    let note = trace.clone();
    let child = parent.insert(OnDrop::new(move || match parent.try_with(|value| *value) {
        Err(AccessError::Stale { .. }) => note.note("stale"),
        other => note.note(format!("{other:?}")),
    }));
    child.with(|_| {
        assert_eq!(parent.free(), Freed::Gone { survivors: 0 });
        trace.expect(&[]);
    });
    trace.expect(&["stale"]);
}

/// The first `Keep` ends the asking; all hooks stay and are asked anew at the next free.
pub async fn law_02_the_first_keep_ends_the_asking<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground().insert(trace.canary("value"));
    let child = node.insert(trace.canary("child"));
    hook(node, &trace, "oldest");
    let (note, kept) = (trace.noting("middle"), Rc::new(Cell::new(false)));
    node.on_free(move |_| {
        note();
        if kept.replace(true) { Proceed } else { Keep }
    });
    hook(node, &trace, "newest");

    assert_eq!(node.free(), Freed::Kept);
    trace.expect(&["newest", "middle"]);
    assert!(node.is_alive() && child.is_alive(), "what is kept keeps its children");

    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["newest", "middle", "oldest", "drop child", "drop value"]);
}

/// A hook that only moves its node does not save it.
pub async fn law_02_a_hook_that_moves_its_node_does_not_save_it<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (parent, elsewhere) = (ground.insert(1), ground.insert(2));
    let child = parent.insert(trace.canary("child"));
    child.on_free(move |me| {
        me.reparent(elsewhere).expect("a hook may move its node");
        Proceed
    });
    assert_eq!(parent.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["drop child"]);
    assert!(!child.is_alive());
    assert_eq!(elsewhere.children().count(), 0);
}

/// Only `Keep` saves it, where it then is.
pub async fn law_02_a_moved_and_kept_node_stays_where_it_then_is<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (parent, elsewhere) = (ground.insert(1), ground.insert(2));
    let move_and_keep = move |me: AnyNode| {
        let _ = me.reparent(elsewhere); // Refused when all ends.
        Keep
    };
    let child = parent.insert(trace.canary("child"));
    child.on_free(move_and_keep);
    parent.free();
    assert!(!parent.is_alive());
    assert_eq!(child.parent(), Some(*elsewhere));
    trace.expect(&[]);

    let alone = ground.insert(3);
    alone.on_free(move_and_keep);
    assert_eq!(alone.free(), Freed::Kept);
    assert_eq!(elsewhere.children().collect::<Vec<_>>(), [*alone, *child]);
}

/// A hook that adds a hook, and a hook that makes something new: the new child ends with its node.
pub async fn law_02_what_a_hook_makes_below_its_node_ends_with_it<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground().insert(trace.canary("node"));
    let in_hook = trace.clone();
    node.on_free(move |me| {
        if let Ok(made) = me.try_insert(in_hook.canary("late child")) {
            assert_eq!(made.parent(), Some(me));
        }
        Proceed
    });
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["drop late child", "drop node"]);
}

/// `take` moves the value out, undropped, and frees the node: hooks and children as ever.
pub async fn law_02_take_moves_the_value_out<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground().insert(trace.canary("value"));
    node.insert(trace.canary("child"));
    hook(node, &trace, "hook");
    let value: Canary = node.take().expect("it is not lent");
    trace.expect(&["hook", "drop child"]);
    assert!(!node.is_alive());
    drop(value);
    trace.expect(&["drop value"]);
}
