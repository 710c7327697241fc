//! Law 13, its abandoning half: drop, free and time-out end a request now, always; who asked is in `Ended`.

use crate::{Trace, World, polled, turn};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Freed, Ready, Request, SourceClass};

/// A request that has begun to run: it owns a child and a canary, and sleeps.
async fn running(owner: AnyNode, trace: &Trace) -> Request<(), Ended> {
    let (canary, note) = (trace.canary("future"), trace.clone());
    let mut request = owner.spawn("running", async move |me: AnyNode| {
        canary.name();
        me.insert(note.canary("child"));
        me.sleep(hours(1)).await
    });
    assert!(polled(&mut request).await.is_pending());
    request
}

/// Dropping the handle ends it before the drop returns.
pub async fn law_13_dropping_a_request_ends_it_now<W: World>(world: W) {
    let trace = Trace::new();
    let request = running(world.ground(), &trace).await;
    let node = request.node();
    drop(request);
    assert!(!node.is_alive());
    trace.expect(&["drop child", "drop future"]);
}

/// So does a free of it, or of what owns it.
pub async fn law_13_freeing_a_request_ends_it_now<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let request = running(ground, &trace).await;
    assert_eq!(request.node().free(), Freed::Gone { survivors: 0 });
    trace.expect(&["drop child", "drop future"]);
    drop(request);
    trace.expect(&[]);

    let owner = *ground.insert(());
    let request = running(owner, &trace).await;
    owner.free();
    trace.expect(&["drop child", "drop future"]);
    assert!(matches!(request.await, Err(Ended::Freed { .. })));
}

/// A time-out, whatever the request is doing; what waits for it inside ends with it.
pub async fn law_13_a_time_out_ends_everything_below<W: World>(world: W) {
    let trace = Trace::new();
    let outer = trace.clone();
    let result = world
        .ground()
        .spawn("outer", async move |me: AnyNode| {
            let inner = running(me, &outer).await;
            inner.await?;
            Ok::<_, Ended>(())
        })
        .timeout(millis(2))
        .await;
    assert!(matches!(result, Err(Ended::TimedOut { .. })), "{result:?}");
    trace.expect(&["drop child", "drop future"]);
}

/// A dropped scope is abandoned too.
pub async fn law_13_dropping_a_scope_ends_it_now<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let mut scope = Box::pin(owner.scope("scope", async |me: AnyNode| {
        me.insert(trace.canary("child"));
        me.sleep(hours(1)).await
    }));
    assert!(polled(&mut scope).await.is_pending());
    drop(scope);
    trace.expect(&["drop child"]);
    assert_eq!(owner.children().count(), 0);
}

/// Hooks may keep what hangs below a request: its owner adopts it.
pub async fn law_13_a_hook_keeps_what_hangs_below_an_abandoned_request<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    for way in ["drop", "free", "time-out"] {
        let request = running(owner, &trace).await;
        let child = request.node().children().next().expect("it made one");
        child.on_free(|_| Keep);
        match way {
            "drop" => drop(request),
            "free" => assert_eq!(request.node().free(), Freed::Gone { survivors: 1 }),
            _ => assert!(request.timeout(millis(1)).await.is_err()),
        }
        trace.expect(&["drop future"]);
        assert_eq!(child.parent(), Some(owner), "after a {way}");
    }
}

/// Who asked, why and where is in `Ended`: the limit and its owner, …
pub async fn law_13_a_time_out_names_its_limit<W: World>(world: W) {
    let line = line!() + 1;
    let request = world.ground().spawn("ask", async move |me| me.sleep(hours(1)).await);
    let ended = request.timeout(millis(3)).await.expect_err("nobody sleeps that short");
    let text = ended.to_string();
    for part in ["timed out", "3 ms", "ask", file!(), &line.to_string()] {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    assert!(format!("{ended:?}").contains("TimedOut"), "{ended:?}");
}

/// … as it was set, however late that was, …
pub async fn law_13_a_limit_that_was_set_late_is_told_as_it_was_set<W: World>(world: W) {
    let request = world.ground().spawn("late", async move |me| me.sleep(hours(1)).await).timeout(hours(1));
    world.root().sleep(millis(4)).await.expect("the root is alive");
    let text = request.timeout(millis(3)).timeout(hours(1)).await.expect_err("nobody sleeps that short").to_string();
    assert!(text.starts_with("timed out after 3 ms (limit of \"late\""), "{text}");
}

/// … or whose it is, where one above has passed, even one that was made at the same place, …
pub async fn law_13_a_limit_above_is_told_with_its_name<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    trace.note_failures(ground);
    let level = |owner: AnyNode, name: &'static str| owner.spawn(name, async |me: AnyNode| me.sleep(hours(1)).await);
    let above = level(ground, "above");
    let below = level(above.node(), "below");
    let unreceived = level(above.node(), "unreceived");
    turn(world.root()).await;
    assert!(above.timeout(millis(3)).await.is_err());
    let text = below.await.expect_err("its owner's time is over").to_string();
    drop(unreceived);
    turn(world.root()).await;
    assert!(text.starts_with("timed out after 3 ms (limit of \"above\""), "{text}");
    trace.expect(&[]);
}

/// … what a freed one waited for, in words, …
pub async fn law_13_a_freed_request_says_what_it_waited_for<W: World>(world: W) {
    let ground = world.ground();
    let source = ground.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    let waits = |word: &'static str| source.ready(Ready::READABLE, word);
    let closing = ground.spawn("waits", async move |me: AnyNode| {
        me.closing().await;
        Ok(())
    });
    let mut requests = vec![("a shutdown", closing)];
    for (said, word) in
        [("an answer", "answer"), ("a client", "client"), ("a message", "message"), ("room", "room"), ("being readable", "readable")]
    {
        let waits = waits(word);
        requests.push((said, ground.spawn("waits", async move |_| waits.await.map(drop))));
    }
    turn(world.root()).await;
    turn(world.root()).await;
    for (said, request) in requests {
        request.node().free();
        let text = request.await.expect_err("it was freed").to_string();
        assert!(text.ends_with(&format!(" while waiting for {said}")), "{text:?} does not say {said:?}");
    }
}

/// … the place of the free, …
pub async fn law_13_a_freed_request_names_the_place<W: World>(world: W) {
    let request = world.ground().spawn("victim", async move |me| me.sleep(hours(1)).await);
    turn(world.root()).await;
    let line = line!() + 1;
    request.node().free();
    let ended = request.await.expect_err("it was freed");
    let (text, place) = (ended.to_string(), format!("{}:{line}", file!()));
    assert!(text.contains("freed") && text.contains(&place), "{text:?} does not say {place:?}");
    assert!(format!("{ended:?}").contains("Freed"), "{ended:?}");
}

/// … the completer that was dropped.
pub async fn law_13_a_dropped_completer_is_named<W: World>(world: W) {
    let (request, done) = world.ground().completer::<(), Ended>("legacy");
    drop(done);
    let ended = request.await.expect_err("it was not completed");
    let text = ended.to_string();
    assert!(text.contains("completer") && text.contains("dropped") && text.contains(file!()), "{text:?}");
    assert!(format!("{ended:?}").contains("CompleterDropped"), "{ended:?}");
}

/// `Ended` can be sent anywhere, is an error, and becomes an `io::Error`.
pub async fn law_13_ended_is_an_error_that_can_be_sent<W: World>(world: W) {
    fn any_error<E: std::error::Error + Clone + Send + Sync + 'static>(error: &E) -> String {
        error.to_string()
    }
    let ended = world.ground().spawn("slow", async move |me| me.sleep(hours(1)).await).timeout(millis(1)).await.expect_err("it is slow");
    let text = any_error(&ended);
    assert!(!text.is_empty());
    let error: std::io::Error = ended.into();
    assert!(error.to_string().contains("timed out"), "{error}");
}
