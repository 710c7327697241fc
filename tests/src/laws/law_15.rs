//! Law 15: `shutdown` in its phases: background code ends, the others have the grace, then all is freed.

use crate::{Hand, Problem, Trace, World, turns};
use hamadryad::AnyNode;
use hamadryad::prelude::*;
use std::{cell::Cell, rc::Rc};

/// Waits until `node` is gone; the test's own clock is the tree's.
///
/// # Panics
/// When it still lives after two seconds.
async fn gone(world: &impl World, node: impl Into<AnyNode>) {
    let node = node.into();
    for _ in 0..2_000 {
        if !node.is_alive() {
            return;
        }
        world.root().sleep(millis(1)).await.expect("the root is alive");
    }
    panic!("it should have been shut down:\n{}", node.report());
}

/// The code of a background request ends where it awaits; its node stays and owns what it owns: an accept loop stops, its connections are served.
pub async fn law_15_background_code_ends_and_what_it_owns_stays<W: World>(world: W) {
    let trace = Trace::new();
    let server = world.ground();
    let (canary, note) = (trace.canary("accept loop"), trace.clone());
    let serve = server
        .spawn("serve", async move |me: AnyNode| {
            canary.name();
            me.insert(note.canary("listener"));
            let served = note.noting("served");
            me.spawn("connection", async move |me: AnyNode| {
                me.sleep(millis(4)).await?;
                served();
                Ok::<_, Ended>(())
            })
            .detach();
            me.sleep(hours(1)).await
        })
        .background()
        .detach();
    turns(world.root(), 3).await;
    trace.expect(&[]);
    server.shutdown(hours(1));
    turns(world.root(), 2).await;
    trace.expect(&["drop accept loop"]);
    assert!(serve.is_alive(), "its node stays");
    assert_eq!(serve.children().count(), 2);
    gone(&world, server).await;
    trace.expect(&["served", "drop listener"]);
    assert!(!serve.is_alive());
}

/// A background request deeper down ends its code too, while the request that owns it runs on.
pub async fn law_15_background_code_ends_at_any_depth<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    let note = trace.clone();
    node.spawn("worker", async move |me: AnyNode| {
        let canary = note.canary("ticker");
        me.spawn("ticker", async move |me: AnyNode| {
            canary.name();
            me.sleep(hours(1)).await
        })
        .background()
        .detach();
        me.closing().await;
        me.sleep(millis(3)).await?;
        note.note("worker is done");
        Ok::<_, Ended>(())
    })
    .detach();
    turns(world.root(), 3).await;
    node.shutdown(hours(1));
    gone(&world, node).await;
    trace.expect(&["drop ticker", "worker is done"]);
}

/// Who awaits a background request, or only comes to it later, is told that it was cancelled, and by which call, while its node stays:
/// a waiter with the grace does not spend all of it waiting for code that is gone.
pub async fn law_15_an_awaited_background_request_ends_for_its_waiter<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    let note = trace.clone();
    node.spawn("worker", async move |me: AnyNode| {
        let [awaited, late] = ["awaited", "late"].map(|name| me.spawn(name, async |me| me.sleep(hours(1)).await).background());
        let nodes = [awaited.node(), late.node()];
        for request in [awaited, late] {
            let ended = request.await.expect_err("its code was ended");
            let named = ended.place().is_some_and(|place| place.file().ends_with("law_15.rs"));
            note.note(format!("cancelled: {}, here: {named}", matches!(ended, Ended::Cancelled { .. })));
        }
        note.note(format!("their nodes stay: {}", nodes.iter().all(|node| node.is_alive())));
    })
    .detach();
    turns(world.root(), 3).await;
    node.shutdown(hours(1));
    gone(&world, node).await;
    trace.expect(&["cancelled: true, here: true", "cancelled: true, here: true", "their nodes stay: true"]);
}

/// One that was not received is no failure, and who looks only after its node has gone is told the same.
pub async fn law_15_a_cancelled_background_request_is_no_failure<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    trace.note_failures(ground);
    let node = ground.insert(());
    let [kept, dropped] = ["kept", "dropped"].map(|name| node.spawn(name, async |me| me.sleep(hours(1)).await).background());
    turns(world.root(), 2).await;
    node.shutdown(hours(1));
    gone(&world, node).await;
    drop(dropped);
    assert!(matches!(kept.await, Err(Ended::Cancelled { .. })));
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// Nobody waits for the completer of a background request any more.
pub async fn law_15_a_background_completer_is_abandoned<W: World>(world: W) {
    let node = world.ground();
    node.spawn("worker", async |me: AnyNode| me.sleep(millis(3)).await).detach();
    let (request, done) = node.completer::<u32, Ended>("legacy");
    let (request, (dropped, drops)) = (request.background(), node.completer::<u32, Ended>("dropped"));
    let dropped = dropped.background();
    turns(world.root(), 2).await;
    assert!(!done.is_abandoned());
    node.shutdown(hours(1));
    assert!(done.is_abandoned());
    assert!(matches!(done.complete(Ok(7)), Err(Ok(7))));
    drop(drops);
    assert!(request.node().is_alive() && dropped.node().is_alive(), "their nodes stay");
    assert!(matches!(request.await, Err(Ended::Cancelled { .. })));
    assert!(matches!(dropped.await, Err(Ended::Cancelled { .. })));
    gone(&world, node).await;
}

/// `on_result` begins nothing new: a request that has the grace keeps it, and one that was refused tells its handler.
pub async fn law_15_handlers_are_told_during_the_grace<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    let told = Rc::new(Cell::new(false));
    let has_told = told.clone();
    let worker = node.spawn("worker", async move |me: AnyNode| {
        while !has_told.get() {
            me.sleep(millis(1)).await?;
        }
        Ok::<_, Ended>(7)
    });
    turns(world.root(), 2).await;
    node.shutdown(hours(1));
    let (result, refusal) = (trace.clone(), trace.clone());
    worker.on_result(move |value| result.note(format!("worker: {value:?}")));
    let refused = node.spawn("refused", async |_| ());
    refused.on_result(move |ended| {
        refusal.note(format!("refused: {}", matches!(ended, Err(Ended::Cancelled { .. }))));
        told.set(true);
    });
    gone(&world, node).await;
    trace.expect(&["refused: true", "worker: Ok(7)"]);
}

/// What is freed in the end is told where the shutdown was asked for.
pub async fn law_15_the_end_names_the_call<W: World>(world: W) {
    let node = world.ground();
    let request = node.spawn("request", async |me: AnyNode| me.sleep(hours(1)).await);
    turns(world.root(), 2).await;
    let here = std::panic::Location::caller().file();
    node.shutdown(millis(1));
    let cancelled = node.spawn("late", async |_| ()).await.expect_err("it shuts down");
    let freed = request.await.expect_err("its grace is over");
    for ended in [cancelled, freed] {
        assert_eq!(ended.place().map(|place| place.file()), Some(here), "{ended}");
    }
}

/// `closing()` resolves everywhere below, and nowhere else; later calls resolve at once.
pub async fn law_15_closing_resolves_everywhere_below<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (node, sibling) = (ground.insert(()), ground.insert(()));
    let watched = [("itself", *node), ("child", *node.insert(())), ("deep", *node.insert(()).insert(())), ("sibling", *sibling)];
    for (name, watched) in watched {
        let note = trace.clone();
        ground
            .spawn("watcher", async move |_| {
                watched.closing().await;
                note.note(name);
            })
            .detach();
    }
    let note = trace.clone();
    node.spawn("inside", async move |me: AnyNode| {
        me.closing().await;
        note.note("inside");
        me.closing().await;
        me.sleep(millis(2)).await
    })
    .detach();
    turns(world.root(), 3).await;
    trace.expect(&[]);
    node.shutdown(hours(1));
    turns(world.root(), 3).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["child", "deep", "inside", "itself"]);
    gone(&world, node).await;
    assert!(sibling.is_alive());
}

/// During the grace a request may spawn below itself; elsewhere `spawn` ends as `Cancelled`, its closure uncalled.
pub async fn law_15_during_the_grace_requests_grow_only_below_themselves<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    let note = trace.clone();
    node.spawn("worker", async move |me: AnyNode| {
        me.closing().await;
        let below = me.insert(()).spawn("below", async |_| Ok::<_, Ended>(1)).await;
        note.note(format!("below: {below:?}"));
        let canary = note.canary("elsewhere");
        let elsewhere = node.spawn("elsewhere", async move |_| Ok::<_, Ended>(canary)).await;
        note.note(format!("elsewhere: {}", matches!(elsewhere, Err(Ended::Cancelled { .. }))));
        Ok::<_, Ended>(())
    })
    .detach();
    turns(world.root(), 2).await;
    node.shutdown(hours(1));
    gone(&world, node).await;
    trace.expect(&["below: Ok(1)", "drop elsewhere", "elsewhere: true"]);
}

/// What is cancelled that way is no failure: someone asked.
pub async fn law_15_a_cancelled_spawn_is_no_failure<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    trace.note_failures(ground);
    let node = *ground.insert(());
    node.spawn("worker", async move |me: AnyNode| {
        me.closing().await;
        let elsewhere = node.spawn("elsewhere", async |_| ()).detach();
        assert!(!elsewhere.is_alive());
        Ok::<_, Ended>(())
    })
    .detach();
    turns(world.root(), 2).await;
    node.shutdown(hours(1));
    gone(&world, node).await;
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// The grace ends with the last request; the call in a callback is complete code.
pub async fn law_15_the_grace_ends_with_the_last_request<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    for (name, length) in [("short", 2), ("long", 5)] {
        let note = trace.clone();
        node.spawn("worker", async move |me: AnyNode| {
            me.sleep(millis(length)).await?;
            note.note(name);
            Ok::<_, Ended>(())
        })
        .detach();
    }
    node.insert(trace.canary("value"));
    world.root().after(millis(1), move || node.shutdown(hours(1)));
    gone(&world, node).await;
    trace.expect(&["short", "long", "drop value"]);
}

/// When the grace is over, the rest end, and all is freed. That is no failure.
pub async fn law_15_when_the_grace_is_over_the_rest_end<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let note = trace.noting("failure");
    ground.on_failure(move |_| {
        note();
        Contain
    });
    let node = ground.insert(trace.canary("value"));
    let canary = trace.canary("detached");
    node.spawn("detached", async move |me: AnyNode| {
        canary.name();
        me.sleep(hours(1)).await
    })
    .detach();
    let awaited = node.spawn("awaited", async move |me| me.sleep(hours(1)).await);
    node.shutdown(millis(3));
    let ended = awaited.await;
    assert!(matches!(ended, Err(Ended::Cancelled { .. } | Ended::Freed { .. })), "{ended:?}");
    gone(&world, node).await;
    turns(world.root(), 3).await;
    trace.expect(&["drop detached", "drop value"]);
}

/// A hook of the node itself may keep it when the grace is over: then it lives on as before.
pub async fn law_15_a_kept_node_shuts_down_no_more<W: World>(world: W) {
    let node = world.ground();
    node.on_free(|_| Keep);
    let busy = world.ground();
    busy.spawn("busy", async |me: AnyNode| me.sleep(hours(1)).await).detach();
    busy.shutdown(hours(1));
    node.shutdown(hours(1));
    turns(world.root(), 3).await;
    assert!(node.is_alive());
    assert!(matches!(node.spawn("new", async |_| Ok::<_, Ended>(7)).await, Ok(7)));
    busy.free();
}

/// That hook may ask for another shutdown, which is one of its own: with a grace that counts from there, at whose end it is asked anew.
pub async fn law_15_a_kept_node_can_be_shut_down_again<W: World>(world: W) {
    let node = world.ground();
    let (again, asked) = (Cell::new(true), Trace::new());
    let note = asked.clone();
    node.on_free(move |node| {
        note.note("asked");
        if again.take() {
            node.shutdown(millis(3));
            return Keep;
        }
        Proceed
    });
    node.spawn("stubborn", async |me: AnyNode| me.sleep(hours(1)).await).detach();
    node.shutdown(millis(1));
    gone(&world, node).await;
    asked.expect(&["asked", "asked"]);
}

/// Values and timers are no requests: a node without any is freed soon, and its timers are not called.
pub async fn law_15_only_requests_have_a_grace<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    node.insert(trace.canary("value"));
    node.after(millis(200), trace.noting("timer"));
    let before = world.root().now();
    node.shutdown(hours(1));
    gone(&world, node).await;
    trace.expect(&["drop value"]);
    assert!(world.root().now() - before < hours(1));
}

/// Called on a request's own node it counts that request among those that have the grace.
pub async fn law_15_a_request_that_shuts_itself_down_has_the_grace<W: World>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let request = world.ground().spawn("worker", async move |me: AnyNode| {
        let canary = note.canary("ticker");
        me.spawn("ticker", async move |me: AnyNode| {
            canary.name();
            me.sleep(hours(1)).await
        })
        .background()
        .detach();
        me.sleep(millis(1)).await?;
        me.shutdown(hours(1));
        me.sleep(millis(3)).await?;
        note.note("worker is done");
        Ok::<_, Problem>(7)
    });
    let result = request.await;
    assert!(matches!(result, Ok(7)), "{result:?}");
    trace.expect(&["drop ticker", "worker is done"]);
}

/// A scope is a request like the others, also where somebody elsewhere awaits it.
pub async fn law_15_a_scope_has_the_grace<W: World>(world: W) {
    let trace = Trace::new();
    let node = world.ground();
    let note = trace.clone();
    let outside = world.root().spawn("outside", async move |_| {
        node.scope("scope", async |me: AnyNode| {
            me.closing().await;
            let below = me.spawn("below", async move |me: AnyNode| me.sleep(millis(1)).await).await;
            note.note(format!("below: {}", below.is_ok()));
            me.sleep(millis(1)).await.map(|()| 7)
        })
        .await
    });
    turns(world.root(), 2).await;
    node.shutdown(hours(1));
    assert!(matches!(outside.await, Ok(7)));
    gone(&world, node).await;
    trace.expect(&["below: true"]);
}

/// Called on a scope's own node it counts that scope.
pub async fn law_15_a_scope_that_shuts_itself_down_has_the_grace<W: World>(world: W) {
    let root = world.root();
    let result = root
        .scope("scope", async |me: AnyNode| {
            me.shutdown(hours(1));
            me.sleep(millis(3)).await.map(|()| 7)
        })
        .await;
    assert!(matches!(result, Ok(7)), "{result:?}");
}

/// … and when that grace is over it ends like the others.
pub async fn law_15_a_request_shut_down_ends_after_its_grace<W: World>(world: W) {
    let request = world.ground().spawn("worker", async move |me| me.sleep(hours(1)).await);
    let node = request.node();
    world.root().after(millis(1), move || node.shutdown(millis(2)));
    let ended = request.await;
    assert!(matches!(ended, Err(Ended::Cancelled { .. } | Ended::Freed { .. })), "{ended:?}");
    assert!(!node.is_alive());
}

/// A tree with a request that outlasts every grace, and the node it hangs below.
fn stubborn(hand: &Hand) -> AnyNode {
    let node = *hand.root().insert(());
    node.spawn("stubborn", async move |me| me.sleep(hours(100)).await).detach();
    hand.settle();
    node
}

/// The grace lasts exactly as long as was said, counted from the call.
pub fn law_15_the_grace_counts_from_the_call() {
    let hand = Hand::new();
    let node = stubborn(&hand);
    hand.at(10);
    hand.turn();
    node.shutdown(millis(100));
    for ms in [10, 50, 109] {
        hand.turn_at(ms);
        hand.settle();
        assert!(node.is_alive(), "at {ms} ms");
    }
    hand.turn_at(110);
    hand.settle();
    assert!(!node.is_alive());
}

/// A second call shortens the grace …
pub fn law_15_a_second_call_shortens() {
    let hand = Hand::new();
    let node = stubborn(&hand);
    node.shutdown(hours(1));
    hand.turn_at(10);
    hand.settle();
    node.shutdown(millis(5));
    hand.turn_at(14);
    hand.settle();
    assert!(node.is_alive());
    hand.turn_at(15);
    hand.settle();
    assert!(!node.is_alive());
}

/// … and never lengthens it.
pub fn law_15_a_second_call_does_not_lengthen() {
    let hand = Hand::new();
    let node = stubborn(&hand);
    node.shutdown(millis(20));
    hand.turn_at(10);
    hand.settle();
    node.shutdown(hours(1));
    hand.turn_at(20);
    hand.settle();
    assert!(!node.is_alive());
}

/// The root can be shut down like any node: then it is stale.
pub fn law_15_the_root_can_be_shut_down() {
    let hand = Hand::new();
    let trace = Trace::new();
    stubborn(&hand);
    hand.root().insert(trace.canary("value"));
    hand.root().shutdown(millis(20));
    hand.turn_at(19);
    hand.settle();
    trace.expect(&[]);
    hand.turn_at(20);
    hand.settle();
    assert!(!hand.root().is_alive());
    trace.expect(&["drop value"]);
    assert!(hand.tree.take_failure().is_none(), "somebody asked for it");
}

/// The last request may end when shutdowns were looked at already in this turn, by a time-out or from outside of any turn: the grace
/// ends with it all the same.
pub fn law_15_the_last_request_ends_the_grace_at_once() {
    let hand = Hand::new();
    let node = *hand.root().insert(());
    let slow = node.spawn("slow", async |me| me.sleep(hours(1)).await).timeout(millis(10));
    node.spawn("late", async move |_| _ = slow.await).detach();
    node.shutdown(hours(1));
    hand.settle();
    assert!(hand.turn_at(10).pending, "the host comes again at once");
    hand.settle();
    assert!(!node.is_alive(), "when a time-out let the last one go on");

    let node = *hand.root().insert(());
    let held = node.spawn("held", async |me| me.sleep(hours(1)).await);
    node.shutdown(hours(1));
    hand.settle();
    hand.host().scheduled();
    drop(held);
    assert!(!hand.host().scheduled().is_empty(), "the host is asked for a turn");
    hand.settle();
    assert!(!node.is_alive(), "when the last one was dropped outside of any turn");
}

/// A shutdown that is asked for by a request which a time-out woke is begun and ended without waiting for the grace.
pub fn law_15_a_call_late_in_a_turn_is_prompt() {
    let hand = Hand::new();
    let node = *hand.root().insert(());
    let slow = hand.root().spawn("slow", async |me| me.sleep(hours(1)).await).timeout(millis(10));
    let late = hand.root().spawn("late", async move |_| {
        let _timed_out = slow.await;
        node.shutdown(hours(1));
    });
    late.detach();
    hand.settle();
    assert!(hand.turn_at(10).pending, "the host comes again at once");
    hand.settle();
    assert!(!node.is_alive());
}
