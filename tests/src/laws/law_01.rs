//! Law 1: everything alive hangs on the tree, and each thing has exactly one owner.

use crate::{Canary, Trace, World, turn};
use hamadryad::prelude::*;
use hamadryad::{Freed, Ready, SourceClass};

/// A value, a timer, an immediate, a request, a source and what watches it: each is a child of the node it was made under.
pub async fn law_01_everything_is_a_child_of_its_owner<W: World>(world: W) {
    let owner = world.ground();
    let value = owner.insert(5_u32);
    let after = owner.after(hours(1), || ());
    let every = owner.every(hours(1), || ());
    let immediate = owner.soon(|| ());
    let spawned = owner.spawn("spawned", async move |me| me.sleep(hours(1)).await);
    let (completed, _done) = owner.completer::<(), Ended>("completed");
    let source = owner.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the owner is alive");
    let callback = owner.source_fn(SourceClass::Io, "test", |_token| Ok::<_, Ended>(|_: Ready| ())).expect("the owner is alive");

    let made: [AnyNode; 8] = [*value, *after, *every, immediate, spawned.node(), completed.node(), *source, callback];
    for node in made {
        assert_eq!(node.parent(), Some(owner), "{} has its owner", node.name());
        assert!(node.is_descendant_of(owner));
    }
    let newest_first: Vec<AnyNode> = made.into_iter().rev().collect();
    assert_eq!(owner.children().collect::<Vec<_>>(), newest_first);

    let watcher = source.on_ready(Ready::READABLE, |_| ());
    assert_eq!(watcher.parent(), Some(*source), "who watches hangs below what it watches");
    let (legacy, _legacy_done) = owner.completer::<(), Ended>("legacy");
    let handler = legacy.on_result(|_| ());
    assert_eq!(handler.parent(), Some(owner), "the handler of a result hangs below the request's owner");
}

/// Whatever it is: freeing the owner ends it, and what it had captured is dropped once.
pub async fn law_01_freeing_the_owner_ends_everything<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let holding = |name: &'static str| {
        let (canary, trace) = (trace.canary(name), trace.clone());
        move || {
            trace.note("called");
            canary.name()
        }
    };
    owner.insert(trace.canary("value"));
    owner.after(millis(1), holding("after"));
    owner.every(millis(1), holding("every"));
    owner.soon(holding("soon"));
    let body = holding("request");
    owner
        .spawn("request", async move |me| {
            body();
            me.sleep(hours(1)).await
        })
        .detach();
    let source = owner.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the owner is alive");
    let watch = holding("watcher");
    source.on_ready(Ready::READABLE, move |_| watch());

    assert_eq!(owner.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["drop watcher", "drop request", "drop soon", "drop every", "drop after", "drop value"]);
    world.root().sleep(millis(4)).await.expect("the root is alive");
    trace.expect(&[]);
}

/// Each has exactly one owner: after a move, only the new one lists it.
pub async fn law_01_there_is_one_owner<W: World>(world: W) {
    let ground = world.ground();
    let (first, second) = (ground.insert(1), ground.insert(2));
    let node = first.insert(3);
    node.reparent(second).expect("no cycle");
    assert_eq!(node.parent(), Some(*second));
    assert_eq!(first.children().count(), 0);
    assert_eq!(second.children().collect::<Vec<_>>(), [*node]);
    assert_eq!(ground.descendants().filter(|found| *found == *node).count(), 1);
}

/// A request's own `sleep` lives in the request: it is no node.
pub async fn law_01_a_sleep_is_no_node_of_its_own<W: World>(world: W) {
    let request = world.ground().spawn("sleeper", async move |me| me.sleep(hours(1)).await);
    let node = request.node();
    request.detach();
    turn(world.root()).await;
    turn(world.root()).await;
    assert!(node.is_alive());
    assert_eq!(node.children().count(), 0);
}

/// A scope has a node, below the node it was opened on, for as long as it runs.
pub async fn law_01_a_scope_has_a_node_while_it_runs<W: World>(world: W) {
    let owner = world.ground();
    let inside = owner
        .scope("inside", async |me: AnyNode| {
            assert_eq!(me.parent(), Some(owner));
            assert_eq!(me.name(), "inside");
            turn(owner).await;
            assert_eq!(owner.children().collect::<Vec<_>>(), [me]);
            Ok::<_, Ended>(me)
        })
        .await
        .expect("the body says so");
    assert!(!inside.is_alive());
    assert_eq!(owner.children().count(), 0);
}

/// `Owned` is for what lives outside the tree: dropping it frees the node.
pub async fn law_01_a_dropped_owned_handle_frees_its_node<W: World>(world: W) {
    let trace = Trace::new();
    let owned: Owned<Canary> = world.ground().insert(trace.canary("value")).owned();
    let node: AnyNode = **owned;
    assert!(node.is_alive());
    trace.expect(&[]);
    drop(owned);
    assert!(!node.is_alive());
    trace.expect(&["drop value"]);
}
