//! Law 16: deadlines flow down, the outermost ends first, and an answer that is there wins.

use crate::{ByHand, Hand, Trace, World, polled, turns};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Ready, SourceClass};
use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;

/// The effective deadline of a node is the earliest among it and its ancestors.
pub async fn law_16_the_effective_deadline_is_the_earliest<W: World>(world: W) {
    let ground = world.ground();
    assert_eq!(ground.deadline(), None);
    let (soon, later, latest) = (ground.now() + secs(1_000), ground.now() + secs(2_000), ground.now() + secs(3_000));
    let outer = ground.spawn("outer", async move |me| me.sleep(hours(1)).await).deadline(later);
    assert_eq!(outer.node().deadline(), Some(later));
    let value = outer.node().insert(()).insert(());
    assert_eq!(value.deadline(), Some(later));

    let longer = value.spawn("longer", async move |me| me.sleep(hours(1)).await).deadline(latest);
    assert_eq!(longer.node().deadline(), Some(later), "an ancestor's is earlier");
    let shorter = value.spawn("shorter", async move |me| me.sleep(hours(1)).await).deadline(soon);
    assert_eq!(shorter.node().deadline(), Some(soon));
    assert_eq!(shorter.node().insert(()).deadline(), Some(soon));

    value.reparent(ground).expect("no cycle");
    assert_eq!(value.deadline(), None);
    assert_eq!(longer.node().deadline(), Some(latest), "its own counts now");
    assert_eq!(shorter.node().deadline(), Some(soon));
}

/// `timeout` counts from its call; a scope's from its first poll.
pub async fn law_16_limits_count_from_where_they_say<W: World>(world: W) {
    let ground = world.ground();
    let request = ground.spawn("request", async move |me| me.sleep(hours(1)).await).timeout(secs(100));
    assert_eq!(request.node().deadline(), Some(ground.now() + secs(100)));

    let seen = ground.scope("scope", async |me: AnyNode| Ok::<_, Ended>(me.deadline())).timeout(secs(100));
    ground.sleep(millis(3)).await.expect("the ground is alive");
    assert_eq!(seen.await.expect("the body says so"), Some(ground.now() + secs(100)));
}

/// A descendant ends with its ancestor's deadline, whatever its own limit; who awaits the outer one is told of the outer one's.
pub async fn law_16_an_ancestors_deadline_ends_its_descendants<W: World>(world: W) {
    let trace = Trace::new();
    let canary = trace.canary("inner");
    let outer = world.ground().spawn("outer", async move |me: AnyNode| {
        let inner = me.spawn("inner", async move |me: AnyNode| {
            canary.name();
            me.sleep(hours(1)).await
        });
        inner.timeout(hours(1)).await
    });
    let ended = outer.timeout(millis(3)).await.expect_err("it has three milliseconds");
    assert!(matches!(ended, Ended::TimedOut { .. }));
    assert!(ended.to_string().contains("outer"), "{ended}");
    trace.expect(&["drop inner"]);
}

/// Whoever has the handle of a descendant is told whose limit it was, however late he asks.
pub async fn law_16_a_descendant_is_told_whose_limit_it_was<W: World>(world: W) {
    let ground = world.ground();
    ground.on_failure(|_| Contain);
    let handle = Rc::new(Cell::new(None));
    let keep = handle.clone();
    let limited = ground
        .spawn("limited", async move |me: AnyNode| {
            keep.set(Some(me.spawn("below", async move |me: AnyNode| me.sleep(hours(1)).await)));
            me.sleep(hours(1)).await
        })
        .timeout(millis(1))
        .detach();
    let id = limited.id();
    while limited.is_alive() {
        world.root().sleep(millis(1)).await.expect("the root is alive");
    }
    let successors: Vec<_> = (0..3).map(|_| ground.spawn("successor", async |_| ())).collect();
    let ended = handle.take().expect("it was begun").await.expect_err("its limit passed");
    drop(successors);
    assert_eq!((ended.name(), ended.by()), ("below", Some(id)));
    assert!(ended.to_string().starts_with("timed out after 1 ms (limit of \"limited\", "), "{ended}");
}

/// An unreceived one is no failure: that of the limit's own request is told.
pub async fn law_16_a_limit_above_is_one_failure<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    trace.note_failures(ground);
    let handle = Rc::new(Cell::new(None));
    let keep = handle.clone();
    let limited = ground
        .spawn("limited", async move |me: AnyNode| {
            keep.set(Some(me.spawn("below", async move |me: AnyNode| me.sleep(hours(1)).await)));
            me.sleep(hours(1)).await
        })
        .timeout(millis(1))
        .detach();
    while limited.is_alive() {
        world.root().sleep(millis(1)).await.expect("the root is alive");
    }
    drop(handle.take());
    turns(world.root(), 2).await;
    let told = trace.take();
    assert!(told.len() == 1 && told[0].starts_with("ground › limited: timed out"), "{told:?}");
}

/// A scope's limit ends the scope, and not who awaits it.
pub async fn law_16_a_scopes_limit_ends_the_scope<W: World>(world: W) {
    let outcome = world
        .ground()
        .spawn("outer", async move |me: AnyNode| {
            let tried = me.scope("try", async |me: AnyNode| me.sleep(hours(1)).await).timeout(millis(2)).await;
            assert!(matches!(tried, Err(Ended::TimedOut { .. })), "{tried:?}");
            Ok::<_, Ended>("fallback")
        })
        .await;
    assert_eq!(outcome.expect("the body says so"), "fallback");
}

/// A limit that has passed already ends the request before an answer could come.
pub async fn law_16_a_deadline_in_the_past_ends_what_does_not_answer_at_once<W: World>(world: W) {
    let ground = world.ground();
    let slow = ground.spawn("slow", async move |me| me.sleep(hours(1)).await).timeout(millis(0));
    assert!(matches!(slow.await, Err(Ended::TimedOut { .. })));
    let mut quick = ground.spawn("quick", async |_| Ok::<_, Ended>(7)).timeout(millis(0));
    assert!(matches!(polled(&mut quick).await, Poll::Ready(Ok(7))), "an answer that is there wins");
}

/// A deadline ends its request at its time, not before; the host is told of it.
pub fn law_16_a_deadline_is_kept_exactly() {
    let hand = Hand::new();
    let mut request = ByHand::new(hand.root().spawn("slow", async move |me| me.sleep(hours(1)).await).timeout(millis(5)));
    assert!(request.poll().is_pending());
    hand.settle();
    assert_eq!(hand.tree.next_deadline(), Some(Hand::instant(5)));
    hand.turn_at(4);
    assert!(request.poll().is_pending());
    hand.turn_at(5);
    hand.settle();
    assert!(matches!(request.poll(), Poll::Ready(Err(Ended::TimedOut { .. }))));
}

/// Nothing waits for a deadline of what has ended.
pub fn law_16_an_ended_requests_deadline_is_forgotten() {
    let hand = Hand::new();
    let request = hand.root().spawn("slow", async move |me| me.sleep(millis(500)).await).timeout(millis(5));
    hand.settle();
    drop(request);
    assert_eq!(hand.tree.next_deadline(), None);
}

/// They are looked at last in a turn: a timer, an I/O event, and an immediate of the same turn win.
pub fn law_16_an_answer_of_the_same_turn_wins() {
    let hand = Hand::new();
    let root = hand.root();
    let mut by_timer = ByHand::new(root.spawn("timer", async move |me| me.sleep(millis(5)).await).timeout(millis(5)));
    let source = root.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the root is alive");
    let mut by_io =
        ByHand::new(root.spawn("io", async move |_| source.ready(Ready::READABLE, "readable").await.map(|_| ())).timeout(millis(5)));
    let (request, done) = root.completer::<(), Ended>("legacy");
    let mut by_completer = ByHand::new(request.timeout(millis(5)));
    hand.settle();
    for request in [&mut by_timer, &mut by_io, &mut by_completer] {
        assert!(request.poll().is_pending());
    }

    root.soon(move || done.complete(Ok(())));
    let _ = source.mark_ready(Ready::READABLE);
    hand.turn_at(50);
    hand.settle();
    assert!(matches!(by_timer.poll(), Poll::Ready(Ok(()))));
    assert!(matches!(by_io.poll(), Poll::Ready(Ok(()))));
    assert!(matches!(by_completer.poll(), Poll::Ready(Ok(()))));
}

/// At any depth: the answer of the innermost saves the outermost.
pub fn law_16_an_answer_wins_at_any_depth() {
    let hand = Hand::new();
    let mut outer = ByHand::new(
        hand.root()
            .spawn("outer", async move |me: AnyNode| {
                let middle = me.spawn("middle", async move |me: AnyNode| {
                    let inner = me.spawn("inner", async move |me: AnyNode| {
                        me.sleep(millis(5)).await?;
                        Ok::<_, Ended>(7)
                    });
                    me.scope("scope", async |_| inner.await).await
                });
                middle.await
            })
            .timeout(millis(5)),
    );
    assert!(outer.poll().is_pending());
    hand.settle();
    hand.turn_at(8);
    hand.settle();
    let outcome = outer.poll();
    assert!(matches!(outcome, Poll::Ready(Ok(7))), "{outcome:?}");
}

/// When several have passed, the outermost ends first; what hangs below it ends with it and is no time-out of its own.
pub fn law_16_the_outermost_ends_first() {
    for (outer_ms, inner_ms) in [(5, 5), (8, 5), (5, 8)] {
        let hand = Hand::new();
        let trace = Trace::new();
        let note = trace.clone();
        hand.root().on_failure(move |failure| {
            note.note(format!("{} timed out", if failure.path().contains("inner") { "inner" } else { "outer" }));
            Contain
        });
        let note = trace.clone();
        hand.root()
            .spawn("outer", async move |me: AnyNode| {
                let inside = note.clone();
                me.on_failure(move |_| {
                    inside.note("inner timed out");
                    Contain
                });
                let canary = note.canary("inner");
                me.spawn("inner", async move |me: AnyNode| {
                    canary.name();
                    me.sleep(hours(1)).await
                })
                .timeout(millis(inner_ms))
                .detach();
                me.sleep(hours(1)).await
            })
            .timeout(millis(outer_ms))
            .detach();
        hand.settle();
        hand.turn_at(10);
        hand.settle();
        trace.expect(&["drop inner", "outer timed out"]);
    }
}

/// While a host is late it runs turns in which no deadline counts; what comes in meanwhile wins.
pub fn law_16_no_deadline_counts_while_the_host_is_late() {
    let hand = Hand::new();
    let root = hand.root();
    let source = root.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the root is alive");
    let mut answered =
        ByHand::new(root.spawn("answered", async move |_| source.ready(Ready::READABLE, "readable").await.map(|_| ())).timeout(millis(5)));
    let mut silent = ByHand::new(root.spawn("silent", async move |me| me.sleep(hours(1)).await).timeout(millis(5)));
    assert!(answered.poll().is_pending() && silent.poll().is_pending());
    hand.settle();

    hand.turn_held_at(1_000);
    assert!(silent.poll().is_pending() && answered.poll().is_pending());
    let _ = source.mark_ready(Ready::READABLE);
    hand.turn_held_at(1_001);
    hand.turn_at(1_002);
    hand.settle();
    let outcome = answered.poll();
    assert!(matches!(outcome, Poll::Ready(Ok(()))), "{outcome:?}");
    let outcome = silent.poll();
    assert!(matches!(outcome, Poll::Ready(Err(Ended::TimedOut { .. }))), "{outcome:?}");
}
