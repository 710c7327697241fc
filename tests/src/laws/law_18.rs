//! Law 18: a panic inside a request ends that request and its subtree; the loop goes on.

use crate::{Blocking, Trace, turns};
use hamadryad::AnyNode;
use hamadryad::prelude::*;

/// Who awaits it is told, with the panic's words.
pub async fn law_18_a_panic_ends_its_request<W: Blocking>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let request = world.ground().spawn("panics", async move |me: AnyNode| {
        let _local = note.canary("local");
        me.insert(note.canary("child"));
        let canary = note.canary("grandchild request");
        me.spawn("below", async move |me: AnyNode| {
            canary.name();
            me.sleep(hours(1)).await
        })
        .detach();
        me.sleep(millis(1)).await?;
        if me.is_alive() {
            panic!("index out of bounds: the len is {}", 3);
        }
        Ok::<_, Ended>(7)
    });
    let node = request.node();
    let ended = request.await.expect_err("it panics");
    assert!(matches!(ended, Ended::Panicked { .. }), "{ended:?}");
    let text = ended.to_string();
    assert!(text.contains("panicked") && text.contains("index out of bounds: the len is 3"), "{text:?}");
    assert!(format!("{ended:?}").contains("Panicked"), "{ended:?}");
    assert!(!node.is_alive());
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["drop child", "drop grandchild request", "drop local"]);
}

/// The loop and everybody else go on.
pub async fn law_18_the_others_go_on<W: Blocking>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let note = trace.clone();
    ground
        .spawn("neighbour", async move |me: AnyNode| {
            me.sleep(millis(3)).await?;
            note.note("neighbour is done");
            Ok::<_, Ended>(())
        })
        .detach();
    let panicked = ground.spawn("panics", async |_| -> () { panic!("at once") }).await;
    assert!(matches!(panicked, Err(Ended::Panicked { .. })));
    world.root().sleep(millis(6)).await.expect("the root is alive");
    trace.expect(&["neighbour is done"]);
}

/// A panic before the first await, in the closure that makes the future, is one of the request as well.
pub async fn law_18_a_panic_while_making_the_future_is_the_requests<W: Blocking>(world: W) {
    let request = world.ground().spawn("panics", |_| -> std::future::Ready<Result<(), Ended>> { panic!("no future") });
    let ended = request.await.expect_err("it panics");
    assert!(matches!(ended, Ended::Panicked { .. }) && ended.to_string().contains("no future"), "{ended:?}");
}

/// A panic in a scope is one of the request that awaits it.
pub async fn law_18_a_panic_in_a_scope_is_its_callers<W: Blocking>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let outer = world.ground().spawn("outer", async move |me: AnyNode| {
        let inside = note.clone();
        let _ = me
            .scope("scope", async move |me: AnyNode| -> Result<(), Ended> {
                me.insert(inside.canary("child"));
                panic!("in the scope")
            })
            .await;
        note.note("not reached");
        Ok::<_, Ended>(())
    });
    let ended = outer.await.expect_err("its scope panics");
    assert!(matches!(ended, Ended::Panicked { .. }) && ended.to_string().contains("in the scope"), "{ended:?}");
    turns(world.root(), 2).await;
    trace.expect(&["drop child"]);
    assert_eq!(world.root().descendants().filter(|node| node.name() == "scope").count(), 0);
}
