//! Law 10: when a request's code runs first, and that nobody is called back from inside the call that completed it.

use crate::{ByHand, Hand, Trace, World, polled, turn, turns};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Request};
use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;

/// Creating a request runs none of its code: it first runs where it is first awaited, in place.
pub async fn law_10_a_request_first_runs_where_it_is_awaited<W: World>(world: W) {
    let trace = Trace::new();
    let note = trace.noting("body");
    let mut request = world.ground().spawn("request", async move |_| {
        note();
        Ok::<_, Ended>(7)
    });
    trace.note("before");
    assert!(matches!(polled(&mut request).await, Poll::Ready(Ok(7))));
    trace.note("after");
    trace.expect(&["before", "body", "after"]);
}

/// Not awaited, it runs with the woken requests, by itself.
pub async fn law_10_a_request_nobody_awaits_runs_by_itself<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let note = trace.noting("detached");
    ground.spawn("detached", async move |_| note()).detach();
    let note = trace.noting("held");
    let held = ground.spawn("held", async move |_| note());
    trace.expect(&[]);
    turns(world.root(), 2).await;
    trace.expect(&["detached", "held"]);
    held.await.expect("it is done");
}

/// Dropped before its first run, it never runs.
pub async fn law_10_a_request_dropped_before_its_first_run_never_runs<W: World>(world: W) {
    let trace = Trace::new();
    let (canary, note) = (trace.canary("body"), trace.clone());
    let request = world.ground().spawn("request", async move |_| note.note(format!("{} runs", canary.name())));
    drop(request);
    trace.expect(&["drop body"]);
    turns(world.root(), 3).await;
    trace.expect(&[]);
}

/// One that spawns the next, and awaits it, down to `left`; each notes that it was entered.
async fn descend(me: AnyNode, entered: Rc<Cell<usize>>, left: usize) -> Result<usize, Ended> {
    entered.set(entered.get() + 1);
    if left == 0 {
        return Ok(0);
    }
    let next: Request<usize, Ended> = nested(me, entered, left - 1);
    Ok(next.await? + 1)
}

/// [`descend`] as a request below `owner`; a function of its own, so that its type does not contain itself.
fn nested(owner: AnyNode, entered: Rc<Cell<usize>>, left: usize) -> Request<usize, Ended> {
    owner.spawn("nested", move |me| -> std::pin::Pin<Box<dyn Future<Output = Result<usize, Ended>>>> {
        Box::pin(descend(me, entered, left))
    })
}

/// First runs in place go 32 deep at most; deeper ones come with the woken requests, and all of them come.
pub async fn law_10_first_runs_nest_32_deep_at_most<W: World>(world: W) {
    let entered = Rc::new(Cell::new(0));
    let mut top = nested(world.ground(), entered.clone(), 99);
    assert!(polled(&mut top).await.is_pending(), "a hundred do not run in place");
    let in_place = entered.get();
    assert!((30..=32).contains(&in_place), "{in_place} first runs in place");
    assert_eq!(top.await.expect("nobody ends them"), 99);
    assert_eq!(entered.get(), 100);
}

/// Nobody is called back from inside the call that completed it: not who awaits, …
pub async fn law_10_a_waiter_does_not_run_inside_complete<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (request, done) = ground.completer::<u32, Ended>("legacy");
    let note = trace.clone();
    ground
        .spawn("waiter", async move |_| -> Result<(), Ended> {
            note.note(format!("waiter got {}", request.await?));
            Ok(())
        })
        .detach();
    turns(world.root(), 2).await;
    let note = trace.clone();
    ground.soon(move || {
        note.note("completing");
        done.complete(Ok(7)).expect("somebody waits");
        note.note("completed");
    });
    turns(world.root(), 3).await;
    trace.expect(&["completing", "completed", "waiter got 7"]);
}

/// … not a handler, …
pub async fn law_10_a_handler_does_not_run_inside_complete<W: World>(world: W) {
    let trace = Trace::new();
    let (request, done) = world.ground().completer::<u32, Ended>("legacy");
    let note = trace.noting("handler");
    request.on_result(move |_| note());
    done.complete(Ok(7)).expect("somebody waits");
    trace.expect(&[]);
    turns(world.root(), 3).await;
    trace.expect(&["handler"]);
}

/// … not a foreign waker, neither of a completion nor of a free.
pub async fn law_10_a_foreign_waker_is_not_woken_inside_the_call<W: World>(world: W) {
    let ground = world.ground();
    let (request, done) = ground.completer::<u32, Ended>("completed");
    let mut completed = ByHand::new(request);
    assert!(completed.poll().is_pending());
    let request = ground.spawn("freed", async move |me| me.sleep(hours(1)).await);
    let node = request.node();
    let mut freed = ByHand::new(request);
    assert!(freed.poll().is_pending());

    done.complete(Ok(7)).expect("somebody waits");
    node.free();
    assert_eq!((completed.woken(), freed.woken()), (0, 0));
    turns(world.root(), 3).await;
    assert_eq!((completed.woken(), freed.woken()), (1, 1));
    assert!(matches!(completed.poll(), Poll::Ready(Ok(7))));
    assert!(matches!(freed.poll(), Poll::Ready(Err(Ended::Freed { .. }))));
}

/// … and not who waits for a request that a free ends.
pub async fn law_10_a_waiter_does_not_run_inside_free<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let request = ground.spawn("awaited", async move |me| me.sleep(hours(1)).await);
    let node = request.node();
    let note = trace.clone();
    ground.spawn("waiter", async move |_| note.note(format!("freed: {}", matches!(request.await, Err(Ended::Freed { .. }))))).detach();
    turns(world.root(), 2).await;
    node.free();
    trace.note("free returned");
    turn(world.root()).await;
    trace.expect(&["free returned", "freed: true"]);
}

/// A request made in a class before that of the woken requests runs in this turn.
pub fn law_10_a_request_made_before_the_woken_ones_runs_in_this_turn() {
    let hand = Hand::new();
    let trace = Trace::new();
    let (root, note) = (hand.root(), trace.clone());
    root.soon(move || {
        let body = note.noting("body");
        root.spawn("request", async move |_| body()).detach();
        note.note("made");
    });
    hand.turn();
    trace.expect(&["made", "body"]);
}

/// One that is made by a woken request runs in the next turn.
pub fn law_10_a_request_made_by_a_woken_one_runs_in_the_next_turn() {
    let hand = Hand::new();
    let trace = Trace::new();
    let note = trace.clone();
    hand.root()
        .spawn("maker", async move |me: AnyNode| {
            let body = note.noting("body");
            me.parent().expect("it has an owner").spawn("made", async move |_| body()).detach();
            note.note("made");
        })
        .detach();
    assert!(hand.turn().pending);
    trace.expect(&["made"]);
    hand.turn();
    trace.expect(&["body"]);
}

/// Awaited from outside a turn, it only registers.
pub fn law_10_awaited_outside_a_turn_a_request_only_registers() {
    let hand = Hand::new();
    let trace = Trace::new();
    let note = trace.noting("body");
    let mut request = ByHand::new(hand.root().spawn("request", async move |_| {
        note();
        Ok::<_, Ended>(7)
    }));
    assert!(request.poll().is_pending());
    trace.expect(&[]);
    assert_eq!(request.woken(), 0);
    hand.settle();
    trace.expect(&["body"]);
    assert_eq!(request.woken(), 1);
    assert!(matches!(request.poll(), Poll::Ready(Ok(7))));
}

/// Completed outside a turn, whoever waits is told by the next one.
pub fn law_10_completed_outside_a_turn_the_news_waits_for_the_loop() {
    let hand = Hand::new();
    let (request, done) = hand.root().completer::<u32, Ended>("legacy");
    let mut request = ByHand::new(request);
    assert!(request.poll().is_pending());
    done.complete(Ok(7)).expect("somebody waits");
    assert_eq!(request.woken(), 0);
    hand.settle();
    assert_eq!(request.woken(), 1);
}
