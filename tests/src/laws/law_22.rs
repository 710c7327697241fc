//! Law 22: no nesting; what arrives during a turn is queued; what is queued outside a turn calls `schedule`.

use crate::{Blocking, ByHand, Hand, OnDrop, Trace, World, turns, unwinds};
use hamadryad::prelude::*;
use hamadryad::sim::{Deadlock, Sim};
use hamadryad::{AnyNode, Deadlines, DriveError, Node, Ready, SourceClass};
use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// What a host reports during a turn is queued until its class begins.
pub async fn law_22_what_arrives_during_a_turn_is_queued<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let note = trace.noting("watcher");
    let source = ground.source_fn(SourceClass::Io, "test", move |_token| Ok::<_, Ended>(move |_: Ready| note()));
    let source = source.expect("the ground is alive");
    let note = trace.clone();
    ground.soon(move || {
        let _ = source.mark_ready(Ready::READABLE);
        note.note("mark_ready returned");
    });
    turns(ground, 2).await;
    trace.expect(&["mark_ready returned", "watcher"]);
}

/// Tries to enter the loop: refused before anything runs, naming who runs.
fn refused<W: Blocking>(world: &W, trace: &Trace, who: &str) {
    let note = trace.noting("the future ran");
    let message = unwinds(|| world.block_on(async move { note() }));
    trace.note(format!("refused, names {who}: {}", message.contains(who)));
}

/// A tree's loop cannot be entered from its own callbacks, …
pub async fn law_22_a_callback_cannot_enter_the_loop<W: Blocking>(world: W) {
    let trace = Trace::new();
    let (inner, note) = (world.clone(), trace.clone());
    (*world.ground().after(millis(1), move || refused(&inner, &note, "culprit"))).named("culprit");
    let (inner, note) = (world.clone(), trace.clone());
    world.ground().soon(move || refused(&inner, &note, "immediate")).named("immediate");
    world.root().sleep(millis(3)).await.expect("the root is alive");
    trace.expect(&["refused, names immediate: true", "refused, names culprit: true"]);
}

/// … its requests and scopes, …
pub async fn law_22_a_request_cannot_enter_the_loop<W: Blocking>(world: W) {
    let trace = Trace::new();
    let (inner, note) = (world.clone(), trace.clone());
    let request = world.ground().spawn("culprit", async move |_| refused(&inner, &note, "culprit"));
    request.await.expect("the refusal was caught");
    let (inner, note) = (world.clone(), trace.clone());
    let scope = world.ground().scope("scope", async move |_| refused(&inner, &note, "scope"));
    scope.await.expect("the refusal was caught");
    trace.expect(&["refused, names culprit: true", "refused, names scope: true"]);
}

/// … its hooks and drops; also when these are run from outside any turn, …
pub async fn law_22_hooks_and_drops_cannot_enter_the_loop<W: Blocking>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let (inner, note) = (other.clone(), trace.clone());
    let node = other.root().insert(OnDrop::new(move || refused(&inner, &note, "culprit"))).named("culprit");
    let (inner, note) = (other.clone(), trace.clone());
    node.on_free(move |_| {
        refused(&inner, &note, "culprit");
        Proceed
    });
    node.free();
    trace.expect(&["refused, names culprit: true", "refused, names culprit: true"]);
}

/// … by the drop of what a node's hooks and handlers own, …
pub async fn law_22_the_drop_of_a_hook_cannot_enter_the_loop<W: Blocking>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let guard = || {
        let (inner, note) = (other.clone(), trace.clone());
        OnDrop::new(move || refused(&inner, &note, "of no living node"))
    };
    let (hook, handler) = (guard(), guard());
    let node = other.root().insert(());
    node.on_free(move |_| {
        let _own = &hook;
        Proceed
    });
    node.on_failure(move |_| {
        let _own = &handler;
        Contain
    });
    node.free();
    trace.expect(&["refused, names of no living node: true", "refused, names of no living node: true"]);
}

thread_local! {
    /// What [`Late`] does: it is `Send`, the world is not.
    static LATE: RefCell<Vec<Box<dyn FnOnce()>>> = RefCell::default();
}

/// Does what [`LATE`] says, dropped or woken.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        let late = LATE.with_borrow_mut(Vec::pop);
        late.expect("somebody said what")();
    }
}

impl Wake for Late {
    fn wake(self: Arc<Self>) {
        drop(self);
    }
}

/// … by what the loop drops or wakes that is none of its nodes', …
pub async fn law_22_posts_and_foreign_wakers_cannot_enter_the_loop<W: Blocking>(world: W) {
    let trace = Trace::new();
    for _ in 0..2 {
        let (inner, note) = (world.clone(), trace.clone());
        LATE.with_borrow_mut(|late| late.push(Box::new(move || refused(&inner, &note, "of no living node"))));
    }
    let gone = world.ground().insert(());
    let late = Late;
    gone.remote().post(move |_| drop(late)).expect("the tree lives");
    gone.free();
    turns(world.root(), 2).await;
    trace.expect(&["refused, names of no living node: true"]);

    let mut request = Box::pin(world.ground().spawn("awaited from outside", async |me| me.sleep(millis(1)).await));
    assert!(request.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Late)))).is_pending());
    world.root().sleep(millis(3)).await.expect("the root is alive");
    turns(world.root(), 2).await;
    trace.expect(&["refused, names of no living node: true"]);
}

/// … and from a `with`.
pub async fn law_22_a_with_cannot_enter_the_loop<W: Blocking>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let node = other.root().insert(5).named("culprit");
    node.with(|_| refused(&other, &trace, "culprit"));
    node.with_mut(|_| refused(&other, &trace, "culprit"));
    trace.expect(&["refused, names culprit: true", "refused, names culprit: true"]);
    assert_eq!(other.block_on(async { 7 }), 7, "outside it may be entered");
}

/// Another tree's loop may be entered: it is not its own.
pub async fn law_22_another_trees_loop_may_be_entered<W: Blocking>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    world.ground().soon(move || {
        let other = W::new();
        let root = other.root();
        let slept = other.block_on(async move { root.sleep(millis(1)).await });
        note.note(format!("{}", slept.is_ok()));
    });
    turns(world.root(), 2).await;
    trace.expect(&["true"]);
}

/// The simulator says so in a typed error as well.
pub fn law_22_the_simulator_refuses_with_an_error() {
    let sim = Rc::new(Sim::seeded(1));
    let trace = Trace::new();
    let (inner, note) = (sim.clone(), trace.clone());
    sim.root().soon(move || {
        let ran = note.noting("ran");
        let outcome = inner.try_block_on(async move { ran() });
        note.note(format!("{}", matches!(outcome, Err(Deadlock::Nested))));
    });
    sim.settle();
    trace.expect(&["true"]);
}

/// A turn within a turn panics before anything runs; `drive` gives an error that says who runs.
pub fn law_22_a_turn_within_a_turn_is_refused() {
    let hand = Rc::new(Hand::new());
    let trace = Trace::new();
    assert!(!hand.tree.is_entered());
    let (inner, note) = (hand.clone(), trace.clone());
    let node = hand.root().soon(move || {
        assert!(inner.tree.is_entered());
        inner.root().soon(note.noting("immediate"));
        let message = unwinds(|| inner.tree.turn(Hand::instant(0), Deadlines::Count));
        note.note(format!("turn: {}", message.contains("culprit")));
        match inner.tree.drive("nested", async {}, |_| Ok::<_, Infallible>(())) {
            Err(DriveError::Nested { running }) => note.note(format!("drive: {}", running.contains("culprit"))),
            other => note.note(format!("{other:?}")),
        }
    });
    node.named("culprit");
    hand.turn();
    trace.expect(&["turn: true", "drive: true"]);
    hand.turn();
    trace.expect(&["immediate"]);
}

/// Who runs is known while it runs, and nobody is when nothing does.
pub fn law_22_who_runs_is_known() {
    let hand = Hand::new();
    let trace = Trace::new();
    let root = hand.root();
    assert_eq!(hand.tree.running(), None);
    let note = trace.clone();
    root.soon(move || note.note(root.running().map_or("nobody", AnyNode::name))).named("immediate");
    let note = trace.clone();
    root.spawn("request", async move |me: AnyNode| {
        assert_eq!(me.running(), Some(me));
        let node: Node<i32> = me.insert(1).named("value");
        let note = note.clone();
        node.on_free(move |me| {
            note.note(me.running().map_or("nobody", AnyNode::name));
            Proceed
        });
        node.free();
        assert_eq!(me.running(), Some(me));
    })
    .detach();
    hand.settle();
    trace.expect(&["immediate", "value"]);
    assert_eq!(hand.tree.running(), None);
}

/// Queues something outside any turn: the host is asked for a turn, which then runs it.
fn asks_for_a_turn(hand: &Hand, name: &str, queue: impl FnOnce()) {
    hand.settle();
    let host = hand.host();
    host.scheduled();
    let woken = host.woken();
    queue();
    let soon = host.scheduled().into_iter().flatten().any(|at| at <= Hand::instant(0));
    assert!(soon || host.woken() > woken, "{name} asked for no turn");
}

/// Whatever is queued outside a turn asks the host for one.
pub fn law_22_what_is_queued_outside_a_turn_asks_for_one() {
    let hand = Hand::new();
    let trace = Trace::new();
    let root = hand.root();
    let source = root.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the root is alive");
    let note = trace.noting("watcher");
    source.on_ready(Ready::READABLE, move |_| note());
    let (request, done) = root.completer::<(), Ended>("legacy");
    let mut request = ByHand::new(request);
    assert!(request.poll().is_pending());
    let paper: Node<Trace> = root.insert(trace.clone());

    asks_for_a_turn(&hand, "immediate", || _ = root.soon(trace.noting("immediate")));
    let note = trace.noting("request");
    asks_for_a_turn(&hand, "request", || _ = root.spawn("request", async move |_| note()).detach());
    asks_for_a_turn(&hand, "source", || _ = source.mark_ready(Ready::READABLE));
    let posted = |node: Node<Trace>| node.with(|trace| trace.note("post"));
    asks_for_a_turn(&hand, "post", || paper.remote().post(posted).expect("the tree lives"));
    asks_for_a_turn(&hand, "completion", || done.complete(Ok(())).expect("somebody waits"));
    hand.settle();
    trace.expect(&["immediate", "request", "watcher", "post"]);
    assert_eq!(request.woken(), 1);
}

/// A new earliest deadline is told to the host.
pub fn law_22_a_new_earliest_deadline_is_told_to_the_host() {
    let hand = Hand::new();
    hand.settle();
    hand.host().scheduled();
    let timer = hand.root().after(millis(20), || ());
    assert_eq!(hand.host().scheduled().last(), Some(&Some(Hand::instant(20))));
    let _earlier = hand.root().after(millis(5), || ());
    assert_eq!(hand.host().scheduled().last(), Some(&Some(Hand::instant(5))));
    assert!(timer.reset(millis(1)));
    assert_eq!(hand.host().scheduled().last(), Some(&Some(Hand::instant(1))));
}
