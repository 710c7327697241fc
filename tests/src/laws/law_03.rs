//! Law 3: what a hook keeps is adopted; requests, the root and what hangs in a dying tree cannot be kept.

use crate::{Trace, World, turn};
use hamadryad::prelude::*;
use hamadryad::{Freed, InsertRefused};

/// Adds a hook that keeps its node, and notes that it was asked.
fn keep(node: impl Into<AnyNode>, trace: &Trace) {
    let note = trace.noting("asked");
    node.into().on_free(move |_| {
        note();
        Keep
    });
}

/// The nearest ancestor that is not ending adopts, as its newest child; the kept node keeps what hangs below it.
pub async fn law_03_the_nearest_ancestor_that_stays_adopts<W: World>(world: W) {
    let trace = Trace::new();
    let adopter = world.ground().insert(trace.canary("adopter"));
    let freed = adopter.insert(trace.canary("freed"));
    let between = freed.insert(trace.canary("between"));
    let kept = between.insert(trace.canary("kept"));
    let below = kept.insert(trace.canary("below"));
    let sibling = adopter.insert(trace.canary("sibling"));
    keep(kept, &trace);

    assert_eq!(freed.free(), Freed::Gone { survivors: 1 }, "what hangs below the kept node is not counted");
    trace.expect(&["asked", "drop between", "drop freed"]);
    assert_eq!(kept.parent(), Some(*adopter));
    assert_eq!(adopter.children().collect::<Vec<_>>(), [*kept, *sibling], "it is the newest child");
    assert_eq!(below.parent(), Some(*kept));
}

/// Every kept node is counted; each becomes the newest child in its turn.
pub async fn law_03_every_survivor_is_counted<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let freed = ground.insert(());
    let older = freed.insert(1);
    let newer = freed.insert(2);
    let deep = freed.insert(()).insert(3);
    for node in [older, newer, deep] {
        keep(node, &trace);
    }
    assert_eq!(freed.free(), Freed::Gone { survivors: 3 });
    assert_eq!(trace.count("asked"), 3);
    assert_eq!(ground.children().collect::<Vec<_>>(), [*older, *newer, *deep], "asked newest first: the oldest was adopted last");
}

/// `free_children` counts too; the node itself is not ending, so it adopts what was kept.
pub async fn law_03_free_children_leaves_the_kept_child_where_it_is<W: World>(world: W) {
    let trace = Trace::new();
    let parent = world.ground().insert(());
    let kept = parent.insert(1);
    let deep = parent.insert(2).insert(3);
    keep(kept, &trace);
    keep(deep, &trace);
    assert_eq!(parent.free_children(), Freed::Gone { survivors: 2 });
    assert_eq!(kept.parent(), Some(*parent));
    assert_eq!(deep.parent(), Some(*parent));
    assert_eq!(parent.children().count(), 2);
}

/// The adopter is looked up at that moment, not before: the freed subtree may have been moved by a hook.
pub async fn law_03_the_adopter_is_looked_up_at_that_moment<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (before, after) = (ground.insert("before"), ground.insert("after"));
    let freed = before.insert(());
    let kept = freed.insert(());
    keep(kept, &trace);
    freed.on_free(move |me| {
        me.reparent(after).expect("a hook may move its node");
        Proceed
    });
    assert_eq!(freed.free(), Freed::Gone { survivors: 1 });
    assert_eq!(kept.parent(), Some(*after));
    assert_eq!(before.children().count(), 0);
}

/// A running request cannot be kept; its hook is still called.
pub async fn law_03_a_running_request_cannot_be_kept<W: World>(world: W) {
    let trace = Trace::new();
    let canary = trace.canary("future");
    let node = world
        .ground()
        .spawn("running", async move |me| {
            canary.name();
            me.sleep(hours(1)).await
        })
        .detach();
    turn(world.root()).await;
    keep(node, &trace);
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["asked", "drop future"]);
    assert!(!node.is_alive());
}

/// Nor one that has just ended; what hangs below it can, and its owner adopts that.
pub async fn law_03_an_ended_request_cannot_be_kept_but_what_it_owns_can<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let (on_request, on_child) = (trace.clone(), trace.clone());
    let (request, child) = owner
        .spawn("ends", async move |me: AnyNode| {
            keep(me, &on_request);
            let child = me.insert("child");
            keep(child, &on_child);
            Ok::<_, Ended>((me, child))
        })
        .await
        .expect("the body says so");
    trace.expect(&["asked", "asked"]);
    assert!(!request.is_alive());
    assert_eq!(child.parent(), Some(owner));
    assert_eq!(child.with(|value| *value), "child");
}

/// The root cannot be kept, nor anything below it; their hooks are still called. Once it is freed, `root()` is stale.
pub async fn law_03_a_freed_root_keeps_nothing<W: World>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let child = other.root().insert(trace.canary("child"));
    let deep = child.insert(trace.canary("deep"));
    keep(other.root(), &trace);
    keep(child, &trace);
    keep(deep, &trace);
    assert_eq!(other.root().free(), Freed::Gone { survivors: 0 });
    trace.expect(&["asked", "asked", "asked", "drop deep", "drop child"]);
    assert!(!other.root().is_alive());
    assert_eq!(other.root().free(), Freed::Stale);
    let refused = other.root().try_insert(5).map(|_| ()).expect_err("the root is stale");
    assert_eq!(refused.value, 5);
    assert!(matches!(refused.reason, InsertRefused::Stale));
}

/// Anything in a dropping tree cannot be kept; the hooks are still called.
pub async fn law_03_a_dropped_tree_keeps_nothing<W: World>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let child = other.root().insert(trace.canary("child"));
    keep(child, &trace);
    let grandchild = child.insert(trace.canary("grandchild"));
    keep(grandchild, &trace);
    drop(other);
    trace.expect(&["asked", "asked", "drop grandchild", "drop child"]);
    assert!(!child.is_alive() && !grandchild.is_alive());
}

/// A hook that keeps its node while another free has reached its ancestors: the answer counts for nothing under a freed root.
pub async fn law_03_a_hook_that_frees_the_root_cannot_keep<W: World>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let root = other.root();
    let node = root.insert(trace.canary("node"));
    let note = trace.clone();
    node.on_free(move |_| {
        note.note(format!("{:?}", root.free()));
        Keep
    });
    node.free();
    assert!(!node.is_alive() && !root.is_alive());
    trace.expect(&["Gone { survivors: 0 }", "drop node"]);
}
