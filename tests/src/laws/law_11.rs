//! Law 11: when a request ends: its outcome is fixed, what it owns is freed, its future is dropped, its owner learns of it.

use crate::{Blocking, Canary, OnDrop, Trace, World, turns};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Freed};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that owns a canary until it is dropped; ready at once or never.
struct Held {
    _canary: Canary,
    result: Option<u32>,
}

impl Future for Held {
    type Output = Result<u32, Ended>;

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        self.result.take().map_or(Poll::Pending, |value| Poll::Ready(Ok(value)))
    }
}

/// A body that owns two values as nodes and gives [`Held`].
fn body(trace: &Trace, result: Option<u32>) -> impl FnOnce(AnyNode) -> Held + 'static {
    let trace = trace.clone();
    move |me| {
        me.insert(trace.canary("older"));
        me.insert(trace.canary("newer"));
        Held { _canary: trace.canary("future"), result }
    }
}

/// Done: what it owns, newest first; its future; the news.
pub async fn law_11_the_order_at_an_end<W: World>(world: W) {
    let trace = Trace::new();
    let result = world.ground().spawn("done", body(&trace, Some(7))).await;
    trace.note(format!("owner learns {result:?}"));
    trace.expect(&["drop newer", "drop older", "drop future", "owner learns Ok(7)"]);
}

/// The same when it times out, …
pub async fn law_11_the_order_at_a_time_out<W: World>(world: W) {
    let trace = Trace::new();
    let result = world.ground().spawn("slow", body(&trace, None)).timeout(millis(2)).await;
    assert!(matches!(result, Err(Ended::TimedOut { .. })));
    trace.note("owner learns");
    trace.expect(&["drop newer", "drop older", "drop future", "owner learns"]);
}

/// … when it is freed, …
pub async fn law_11_the_order_at_a_free<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let request = ground.spawn("freed", body(&trace, None));
    let node = request.node();
    let note = trace.noting("free returned");
    ground.after(millis(1), move || {
        assert_eq!(node.free(), Freed::Gone { survivors: 0 });
        note();
    });
    assert!(matches!(request.await, Err(Ended::Freed { .. })));
    trace.note("owner learns");
    trace.expect(&["drop newer", "drop older", "drop future", "free returned", "owner learns"]);
}

/// … and when it is dropped.
pub async fn law_11_the_order_at_a_drop<W: World>(world: W) {
    let trace = Trace::new();
    let request = world.ground().spawn("dropped", body(&trace, None));
    let mut request = Box::pin(request);
    assert!(crate::polled(&mut request).await.is_pending());
    drop(request);
    trace.note("owner goes on");
    trace.expect(&["drop newer", "drop older", "drop future", "owner goes on"]);
}

/// A scope ends in the same order.
pub async fn law_11_the_order_at_a_scopes_end<W: World>(world: W) {
    let trace = Trace::new();
    let result = world.ground().scope("done", body(&trace, Some(7))).await;
    trace.note(format!("owner learns {result:?}"));
    trace.expect(&["drop newer", "drop older", "drop future", "owner learns Ok(7)"]);
}

/// The outcome is fixed first: a child's `Drop` that frees the request comes too late.
pub async fn law_11_the_outcome_is_fixed_first<W: World>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let result = world
        .ground()
        .spawn("done", async move |me: AnyNode| {
            me.insert(OnDrop::new(move || note.note(format!("{:?}", me.free()))));
            Ok::<_, Ended>(7)
        })
        .await;
    assert_eq!(result.expect("it was done before"), 7);
    trace.expect(&["AlreadyEnding"]);
}

/// A panic on that way changes nothing of the outcome, and goes to law 17; the rest ends as ever.
pub async fn law_11_a_panic_on_the_way_changes_nothing_of_the_outcome<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let note = trace.clone();
    owner.on_failure(move |failure| {
        note.note(format!("failure: {}", failure.to_string().contains("on the way")));
        Contain
    });
    let inside = trace.clone();
    let result = owner
        .spawn("done", async move |me: AnyNode| {
            me.insert(inside.canary("older"));
            me.insert(OnDrop::new(|| panic!("on the way")));
            Ok::<_, Ended>(7)
        })
        .await;
    assert_eq!(result.expect("it was done before"), 7);
    turns(world.root(), 3).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["drop older", "failure: true"]);
}
