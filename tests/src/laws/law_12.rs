//! Law 12: nothing waits on the dead.

use crate::{World, polled, turns};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Freed, Ready, SourceClass, Timer};
use std::task::Poll;

/// A node below the ground that is freed after a millisecond.
fn doomed(world: &impl World) -> AnyNode {
    let ground = world.ground();
    let node = *ground.insert(());
    ground.after(millis(1), move || node.free());
    node
}

/// Awaiting a request whose owner is freed gives `Ended::Freed`, …
pub async fn law_12_awaiting_a_freed_request_ends<W: World>(world: W) {
    let spawned = doomed(&world).spawn("spawned", async move |me| me.sleep(hours(1)).await);
    assert!(matches!(spawned.await, Err(Ended::Freed { .. })));
}

/// … a completer's too, while its completer still lives, …
pub async fn law_12_awaiting_a_freed_completers_request_ends<W: World>(world: W) {
    let (request, done) = doomed(&world).completer::<u32, Ended>("legacy");
    assert!(matches!(request.await, Err(Ended::Freed { .. })));
    assert!(done.is_abandoned());
}

/// … and so do a scope on a freed node, …
pub async fn law_12_awaiting_a_freed_scope_ends<W: World>(world: W) {
    let outcome = doomed(&world).scope("scope", async |me: AnyNode| me.sleep(hours(1)).await).await;
    assert!(matches!(outcome, Err(Ended::Freed { .. })));
}

/// … a `sleep` and a `sleep_until`, …
pub async fn law_12_sleep_on_a_freed_node_ends<W: World>(world: W) {
    assert!(matches!(doomed(&world).sleep(hours(1)).await, Err(Ended::Freed { .. })));
    let node = doomed(&world);
    assert!(matches!(node.sleep_until(node.now() + hours(1)).await, Err(Ended::Freed { .. })));
}

/// … also one that was freed before it was first polled, …
pub async fn law_12_a_sleep_whose_node_went_before_its_first_poll_ends<W: World>(world: W) {
    let node = world.ground().insert(());
    let mut sleep = Box::pin(node.sleep(hours(1)));
    node.free();
    assert!(matches!(polled(&mut sleep).await, Poll::Ready(Err(Ended::Freed { .. }))));
}

/// … and one of a request that leaves the node before it goes, moved by hand or kept by a hook, …
pub async fn law_12_a_sleep_on_a_node_that_its_request_has_left_ends<W: World>(world: W) {
    let ground = world.ground();
    for kept in [false, true] {
        let node = *ground.insert(());
        let place = node.insert(());
        let sleeps = place.spawn("sleeps", async move |me: AnyNode| me.scope("scope", async |_| node.sleep(hours(1)).await).await);
        turns(ground, 2).await;
        if kept {
            place.on_free(|_| Keep);
        } else {
            place.reparent(ground).expect("both are alive");
        }
        assert_eq!(node.free(), Freed::Gone { survivors: usize::from(kept) });
        assert!(matches!(sleeps.await, Err(Ended::Freed { .. })), "kept: {kept}");
    }
}

/// … and one on a node that is ending when it is first polled, …
pub async fn law_12_a_sleep_on_an_ending_node_ends<W: World>(world: W) {
    let ground = world.ground();
    let (started, start) = ground.completer::<AnyNode, Ended>("started");
    let timer = ground.insert_with(|holder: Node<Option<Node<Timer>>>| {
        let fires = move || {
            let timer: AnyNode = holder.with(|timer| timer.expect("it was armed")).into();
            let waits = ground.spawn("waits", async move |_| timer.sleep(hours(1)).await);
            waits.on_result(move |ended| assert!(matches!(ended, Err(Ended::Freed { .. }))));
            start.complete(Ok(timer))
        };
        Some(ground.after(millis(1), fires))
    });
    let ended = started.await.expect("it fires");
    turns(ground, 3).await;
    assert!(!ended.is_alive());
    assert_eq!(ground.children().count(), 1, "nobody waits any more: {}", ground.report());
    timer.free();
}

/// … waiting for a source, …
pub async fn law_12_waiting_for_a_freed_source_ends<W: World>(world: W) {
    let source = doomed(&world).source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the owner is alive");
    assert!(matches!(source.ready(Ready::READABLE, "readable").await, Err(Ended::Freed { .. })));
}

/// … and `closing()`, which resolves.
pub async fn law_12_closing_of_a_freed_node_resolves<W: World>(world: W) {
    doomed(&world).closing().await;
}
