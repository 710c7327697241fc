//! Law 9: a request ends exactly once, by value; ended, it is no node any more, and its result waits.

use crate::{Problem, Trace, World, turn, turns};
use hamadryad::prelude::*;

/// Done and failed: the body's own result.
pub async fn law_09_the_bodys_result_is_the_outcome<W: World>(world: W) {
    let ground = world.ground();
    assert_eq!(ground.spawn("done", async |_| Ok::<_, Ended>(7)).await.expect("the body says so"), 7);
    let failed = ground.spawn("failed", async |_| Err::<u32, _>(Problem::Said("no"))).await;
    assert!(matches!(failed, Err(Problem::Said("no"))));
    ground.spawn("unit", async |_| ()).await.expect("a body without a result is done");
}

/// Timed out, and freed: an `Ended`, made into the body's own error type.
pub async fn law_09_an_early_end_is_an_error_of_the_bodys_type<W: World>(world: W) {
    let ground = world.ground();
    let slow = async move |me: AnyNode| {
        me.sleep(hours(1)).await?;
        Ok::<_, Problem>(7)
    };
    let timed_out = ground.spawn("slow", slow).timeout(millis(1)).await;
    assert!(matches!(timed_out, Err(Problem::Ended(Ended::TimedOut { .. }))), "{timed_out:?}");

    let request = ground.spawn("slow", slow);
    let node = request.node();
    ground.after(millis(1), move || node.free());
    let freed = request.await;
    assert!(matches!(freed, Err(Problem::Ended(Ended::Freed { .. }))), "{freed:?}");
}

/// A completer gives its result; forgetting to complete ends the request with an error, so that it cannot hang.
pub async fn law_09_a_dropped_completer_ends_its_request<W: World>(world: W) {
    let ground = world.ground();
    let (request, done) = ground.completer::<u32, Problem>("legacy");
    ground.after(millis(1), move || done.complete(Ok(7)));
    assert!(matches!(request.await, Ok(7)));

    let (request, done) = ground.completer::<u32, Problem>("legacy");
    ground.after(millis(1), move || drop(done));
    let ended = request.await;
    assert!(matches!(ended, Err(Problem::Ended(Ended::CompleterDropped { .. }))), "{ended:?}");
}

/// Completing before anybody waits: the result waits.
pub async fn law_09_a_result_waits_for_whoever_awaits_it<W: World>(world: W) {
    let (request, done) = world.ground().completer::<u32, Ended>("legacy");
    done.complete(Ok(7)).expect("its request lives");
    turns(world.root(), 3).await;
    assert_eq!(request.await.expect("it was completed"), 7);
}

/// When nobody waits any more, the result comes back.
pub async fn law_09_completing_an_abandoned_request_gives_the_result_back<W: World>(world: W) {
    let (request, done) = world.ground().completer::<u32, Problem>("legacy");
    assert!(!done.is_abandoned());
    drop(request);
    assert!(done.is_abandoned());
    assert!(matches!(done.complete(Ok(7)), Err(Ok(7))));
}

/// A request that ended is no node any more: stale, not a child, not in the report.
pub async fn law_09_an_ended_request_is_no_node<W: World>(world: W) {
    let ground = world.ground();
    let (request, done) = ground.completer::<u32, Ended>("legacy");
    let node = request.node();
    assert!(node.is_alive() && ground.report().stable().contains("legacy"));
    done.complete(Ok(7)).expect("its request lives");
    turn(world.root()).await;
    assert!(!node.is_alive() && !request.node().is_alive());
    assert_eq!(ground.children().count(), 0);
    assert!(!ground.report().stable().contains("legacy"));
    assert_eq!(request.await.expect("it was completed"), 7);
}

/// A later free of the owner does not take the result away.
pub async fn law_09_a_result_outlives_the_owner<W: World>(world: W) {
    let owner = world.ground();
    let finished = owner.spawn("finished", async |_| Ok::<_, Ended>(String::from("result")));
    let (completed, done) = owner.completer::<u32, Ended>("legacy");
    done.complete(Ok(7)).expect("its request lives");
    turns(world.root(), 3).await;
    owner.free();
    assert_eq!(finished.await.expect("it ended before the free"), "result");
    assert_eq!(completed.await.expect("it ended before the free"), 7);
}

/// An unreceived value is dropped with its `Request`, once.
pub async fn law_09_an_unreceived_value_is_dropped_once<W: World>(world: W) {
    let trace = Trace::new();
    let value = trace.canary("value");
    let request = world.ground().spawn("finished", async move |_| Ok::<_, Ended>(value));
    turns(world.root(), 3).await;
    trace.expect(&[]);
    drop(request);
    trace.expect(&["drop value"]);
}

/// `on_result` gets the outcome, whatever it is, once.
pub async fn law_09_a_handler_gets_the_outcome_once<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let handler = |name: &'static str| {
        let note = trace.clone();
        move |result: Result<u32, Problem>| {
            note.note(format!("{name}: {}", result.map_or_else(|error| error.to_string(), |value| value.to_string())))
        }
    };
    ground.spawn("done", async |_| Ok(7)).on_result(handler("done"));
    ground.spawn("failed", async |_| Err(Problem::Said("no"))).on_result(handler("failed"));
    turns(world.root(), 4).await;
    trace.expect(&["done: 7", "failed: no"]);
    assert_eq!(ground.children().count(), 0, "handler and request are gone");
}

/// A handler that comes after the end is given what waits.
pub async fn law_09_a_late_handler_gets_what_waits<W: World>(world: W) {
    let trace = Trace::new();
    let (request, done) = world.ground().completer::<u32, Ended>("legacy");
    done.complete(Ok(7)).expect("its request lives");
    turns(world.root(), 3).await;
    let note = trace.clone();
    request.on_result(move |result| note.note(format!("{result:?}")));
    trace.expect(&[]);
    turns(world.root(), 3).await;
    trace.expect(&["Ok(7)"]);
}

/// Also when that is an end without a result: under the request's owner, whoever ended it, and from wherever.
pub async fn law_09_a_late_handler_is_told_of_an_end<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let pending = |name| ground.spawn(name, async |me: AnyNode| me.sleep(hours(1)).await);
    let freed = pending("freed");
    freed.node().free();
    let freed_elsewhere = pending("freed elsewhere");
    let node = freed_elsewhere.node();
    world.root().soon(move || node.free());
    let timed_out = pending("timed out").timeout(millis(1));
    while timed_out.node().is_alive() {
        world.root().sleep(millis(1)).await.expect("the root is alive"); // A late host holds limits back for a while.
    }
    for request in [freed, freed_elsewhere, timed_out] {
        let note = trace.clone();
        let handler = request.on_result(move |result| note.note(format!("{:?}", result.is_err())));
        assert_eq!(handler.parent(), Some(ground));
    }
    turns(world.root(), 3).await;
    trace.expect(&["true", "true", "true"]);
}

/// When the request is freed by another, the handler gets `Ended::Freed`; freeing the handler's node drops it uncalled and abandons the request.
pub async fn law_09_a_freed_handler_is_not_called<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let pending = || {
        let (canary, note) = (trace.canary("handler"), trace.clone());
        let request = ground.spawn("pending", async move |me| me.sleep(hours(1)).await);
        let node = request.node();
        let handler = request.on_result(move |result| {
            note.note(format!("{}: {}", canary.name(), matches!(result, Err(Ended::Freed { .. }))));
        });
        (node, handler)
    };
    let (node, handler) = pending();
    turn(world.root()).await;
    node.free();
    turns(world.root(), 2).await;
    trace.expect(&["handler: true", "drop handler"]);
    assert!(!handler.is_alive());

    let (node, handler) = pending();
    turn(world.root()).await;
    handler.free();
    assert!(!node.is_alive());
    trace.expect(&["drop handler"]);
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// A time limit on a finished request is a no-op.
pub async fn law_09_a_limit_on_a_finished_request_changes_nothing<W: World>(world: W) {
    let request = world.ground().spawn("finished", async |_| Ok::<_, Ended>(7));
    turns(world.root(), 3).await;
    let request = request.timeout(millis(1)).deadline(world.root().now());
    world.root().sleep(millis(3)).await.expect("the root is alive");
    assert_eq!(request.await.expect("it ended before"), 7);
}
