//! Law 17: no failure is lost: the nearest `on_failure` above hears of it, or the root is shut down.

use crate::{Blocking, OnDrop, Problem, Trace, World, turns, unwinds};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, OnFailure};

/// Makes `node` note each failure below it as `NAME: TEXT`, and answer as it is told.
fn listen(node: impl Into<AnyNode>, trace: &Trace, name: &'static str, answer: fn() -> OnFailure) {
    let note = trace.clone();
    node.into().on_failure(move |failure| {
        let text = failure.to_string();
        let words = ["no", "timed out", "panicked", "completer", "freed"];
        let word = words.into_iter().find(|word| text.ends_with(word) || (text.contains(word) && *word != "no"));
        note.note(format!("{name}: {}", word.unwrap_or(&text)));
        answer()
    });
}

/// A detached request below `owner` that fails with `no`.
/// Until it has ended: of a limit, a late host may make it wait for longer than that.
async fn ended(root: AnyNode, node: AnyNode) {
    while node.is_alive() {
        root.sleep(millis(1)).await.expect("the root is alive");
    }
}

fn failing(owner: impl Into<AnyNode>) -> AnyNode {
    owner.into().spawn("failing", async |_| Err::<(), _>(Problem::Said("no"))).detach()
}

/// A detached request that fails hands that to the nearest ancestor that listens.
pub async fn law_17_a_detached_failure_reaches_the_nearest_listener<W: World>(world: W) {
    let trace = Trace::new();
    let outer = world.ground();
    let inner = outer.insert(());
    let sibling = outer.insert(());
    listen(outer, &trace, "outer", || Contain);
    listen(inner, &trace, "inner", || Contain);
    listen(sibling, &trace, "sibling", || Contain);
    failing(inner.insert(()).insert(()));
    turns(world.root(), 3).await;
    trace.expect(&["inner: no"]);
}

/// The failure tells its path (labels included), its place, and the error itself.
pub async fn law_17_a_failure_says_what_where_and_why<W: World>(world: W) {
    let trace = Trace::new();
    let owner = (*world.ground().insert(())).named("serve");
    let note = trace.clone();
    owner.on_failure(move |failure| {
        assert!(matches!(failure.downcast_ref::<Problem>(), Some(Problem::Said("connection refused"))));
        assert!(failure.downcast_ref::<Ended>().is_none(), "that is not its type");
        assert_eq!(failure.place().file(), file!());
        let text = failure.to_string();
        for part in ["serve", "query", "www.example.test", "ask", "connection refused"] {
            assert!(text.contains(part), "{text:?} does not say {part:?}");
        }
        let positions: Vec<usize> = ["serve", "query", "ask"].iter().filter_map(|part| failure.path().find(part)).collect();
        assert!(positions.len() == 3 && positions.is_sorted(), "{}", failure.path());
        assert!(!format!("{failure:?}").is_empty());
        note.note("told");
        Contain
    });
    owner
        .spawn("query", async move |me: AnyNode| {
            me.spawn("ask", async |_| Err::<(), _>(Problem::Said("connection refused"))).detach();
            me.sleep(millis(3)).await
        })
        .label("www.example.test")
        .detach();
    world.root().sleep(millis(6)).await.expect("the root is alive");
    trace.expect(&["told"]);
}

/// A detached request that times out, or whose completer is dropped, failed.
pub async fn law_17_time_outs_and_dropped_completers_are_failures<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let slow = owner.spawn("slow", async move |me| me.sleep(hours(1)).await).timeout(millis(1)).detach();
    ended(world.root(), slow).await;
    turns(world.root(), 2).await;
    trace.expect(&["owner: timed out"]);

    let (request, done) = owner.completer::<(), Ended>("legacy");
    request.detach();
    drop(done);
    turns(world.root(), 3).await;
    trace.expect(&["owner: completer"]);
}

/// A request that failed and is dropped unreceived is told of; one that is received is not.
pub async fn law_17_an_unreceived_error_is_told_a_received_one_is_not<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let held = owner.spawn("held", async |_| Err::<(), _>(Problem::Said("no")));
    turns(world.root(), 3).await;
    trace.expect(&[]);
    drop(held);
    turns(world.root(), 3).await;
    trace.expect(&["owner: no"]);

    let awaited = owner.spawn("awaited", async |_| Err::<(), _>(Problem::Said("no")));
    assert!(awaited.await.is_err());
    owner.spawn("handled", async |_| Err::<(), _>(Problem::Said("no"))).on_result(|result| result.is_err());
    turns(world.root(), 3).await;
    trace.expect(&[]);
}

/// It is told with the whole path, the label included, that it had.
pub async fn law_17_an_unreceived_failure_has_its_label<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground().insert(()).named("owner");
    trace.note_failures(owner);
    let failed = owner.spawn("failed", async |_| Err::<(), _>(Problem::Said("no"))).label("one");
    let slow = owner.spawn("slow", async |me| me.sleep(hours(1)).await).label("two").timeout(millis(1));
    failed.node().on_free(|_| Proceed);
    ended(world.root(), slow.node()).await;
    ended(world.root(), failed.node()).await;
    drop(failed);
    drop(slow);
    turns(world.root(), 2).await;
    let told = trace.take();
    assert!(told[0] == "ground › owner › failed one: no", "{told:?}");
    assert!(told[1].starts_with("ground › owner › slow two: timed out after 1 ms"), "{told:?}");
}

/// So is one that timed out before it was dropped.
pub async fn law_17_an_unreceived_time_out_is_told<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let held = owner.spawn("held", async move |me| me.sleep(hours(1)).await).timeout(millis(1));
    ended(world.root(), held.node()).await;
    turns(world.root(), 2).await;
    trace.expect(&[]);
    drop(held);
    turns(world.root(), 3).await;
    trace.expect(&["owner: timed out"]);
}

/// … or that panicked.
pub async fn law_17_an_unreceived_panic_is_told<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let held = owner.spawn("held", async |_| -> () { panic!("at once") });
    turns(world.root(), 3).await;
    trace.expect(&[]);
    drop(held);
    turns(world.root(), 3).await;
    trace.expect(&["owner: panicked"]);
}

/// `Escalate` asks the next ancestor that has a listener.
pub async fn law_17_escalate_asks_the_next_listener<W: World>(world: W) {
    let trace = Trace::new();
    let top = world.ground();
    let middle = top.insert(()).insert(());
    let bottom = middle.insert(()).insert(());
    listen(top, &trace, "top", || Contain);
    listen(middle, &trace, "middle", || Escalate);
    listen(bottom, &trace, "bottom", || Escalate);
    failing(bottom);
    turns(world.root(), 3).await;
    trace.expect(&["bottom: no", "middle: no", "top: no"]);
}

/// A second `on_failure` on a node replaces the first, which is dropped.
pub async fn law_17_a_second_listener_replaces_the_first<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let (canary, note) = (trace.canary("first"), trace.clone());
    owner.on_failure(move |_| {
        note.note(canary.name());
        Contain
    });
    listen(owner, &trace, "second", || Contain);
    trace.expect(&["drop first"]);
    failing(owner);
    turns(world.root(), 3).await;
    trace.expect(&["second: no"]);
}

/// Only ancestors are asked: what a request hung on its own node hears of those below it, not of itself.
pub async fn law_17_a_request_does_not_contain_its_own_failure<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let note = trace.clone();
    owner
        .spawn("failing", async move |me: AnyNode| {
            listen(me, &note, "me", || Contain);
            failing(me);
            me.sleep(millis(2)).await?;
            Err::<(), _>(Problem::Said("no"))
        })
        .detach();
    world.root().sleep(millis(60)).await.expect("the root is alive");
    turns(world.root(), 3).await;
    trace.expect(&["me: no", "owner: no"]);
}

/// Freed and abandoned are not failures: someone asked.
pub async fn law_17_ends_that_were_asked_for_are_no_failures<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let sleeper = || owner.spawn("sleeper", async move |me| me.sleep(hours(1)).await);
    let freed = sleeper().detach();
    let parent = owner.insert(());
    let below = parent.spawn("sleeper", async move |me| me.sleep(hours(1)).await).detach();
    let dropped = sleeper();
    turns(world.root(), 3).await;
    freed.free();
    parent.free();
    drop(dropped);
    assert!(!below.is_alive());
    let held = sleeper();
    held.node().free();
    drop(held);
    turns(world.root(), 3).await;
    trace.expect(&[]);
}

/// A body that returns an error failed, whatever the error: also the end of something else.
pub async fn law_17_a_returned_error_is_a_failure_whatever_it_is<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let victim = *owner.insert(());
    owner.spawn("waits for another", async move |_| victim.sleep(hours(1)).await).detach();
    turns(world.root(), 3).await;
    trace.expect(&[]);
    victim.free();
    turns(world.root(), 3).await;
    trace.expect(&["owner: freed"]);
}

/// One failure is told once, and the tree goes on: the next is told too.
pub async fn law_17_a_contained_failure_ends_nothing_else<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    listen(owner, &trace, "owner", || Contain);
    let neighbour = owner.insert(trace.canary("neighbour"));
    for _ in 0..3 {
        failing(owner);
        turns(world.root(), 3).await;
        trace.expect(&["owner: no"]);
    }
    assert!(neighbour.is_alive());
    assert_eq!(owner.children().count(), 1);
}

/// A detached request that panics hands that on too.
pub async fn law_17_a_panic_of_a_detached_request_is_told<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let note = trace.clone();
    owner.on_failure(move |failure| {
        let text = failure.to_string();
        note.note(format!("{}", text.contains("the reason") && text.contains("panics")));
        Contain
    });
    owner.spawn("panics", async |_| -> () { panic!("the reason") }).detach();
    turns(world.root(), 3).await;
    trace.expect(&["true"]);
}

/// A connection below a server that contains; all that is below the connection is named by its path.
fn connection(ground: AnyNode, trace: &Trace) -> AnyNode {
    let server = (*ground.insert(())).named("server");
    trace.note_failures(server);
    (*server.insert(())).named("connection")
}

/// A request that failed and is dropped after its owner was freed is still told to those above that, with its path.
pub async fn law_17_an_unreceived_failure_outlives_its_owner<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let connection = connection(ground, &trace);
    let held = connection.spawn("failing", async |_| Err::<(), _>(Problem::Said("no")));
    turns(world.root(), 3).await;
    connection.free();
    drop(held);
    turns(world.root(), 3).await;
    trace.expect(&["ground › server › connection › failing: no"]);
}

/// When nothing is known any more of those above it, whoever lets it go has it.
pub async fn law_17_an_unreceived_failure_of_the_forgotten_is_told_above_whoever_drops_it<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let connection = connection(ground, &trace);
    let held = connection.spawn("failing", async |_| Err::<(), _>(Problem::Said("no")));
    turns(world.root(), 3).await;
    connection.free();
    let server = ground.children().next().expect("it contains failures");
    let successors: Vec<_> = (0..3).map(|_| ground.insert(())).collect();
    server.insert(held).free();
    drop(successors);
    turns(world.root(), 3).await;
    trace.expect(&["failing: no"]);
}

/// What panics after it has ended itself, or its owner, is told to the nearest that is left above it, with its path.
pub async fn law_17_code_that_ended_itself_panics_below_whoever_is_left<W: Blocking>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();

    let owner = connection(ground, &trace);
    let end_and_panic = move || {
        owner.free();
        panic!("too late");
    };
    owner.soon(end_and_panic).named("immediate");
    turns(world.root(), 3).await;
    trace.expect(&["ground › server › connection › immediate: panicked: too late"]);

    let owner = connection(ground, &trace);
    owner
        .spawn("request", async move |me: AnyNode| -> () {
            me.sleep(millis(1)).await.expect("nobody has freed it");
            me.free();
            panic!("too late");
        })
        .detach();
    world.root().sleep(millis(3)).await.expect("the root is alive");
    turns(world.root(), 3).await;
    trace.expect(&["ground › server › connection › request: panicked: too late"]);

    let owner = connection(ground, &trace);
    let hooked = (*owner.insert(())).named("hooked");
    hooked.on_free(move |_| {
        owner.free();
        panic!("too late");
    });
    hooked.free();
    turns(world.root(), 3).await;
    trace.expect(&["ground › server › connection › hooked: panicked: too late"]);
}

/// A post has no node of its own: the node that it frees may have a successor by the time it panics, which is not blamed.
pub async fn law_17_a_post_that_frees_its_node_and_panics_blames_no_successor<W: Blocking>(world: W) {
    let trace = Trace::new();
    trace.note_failures(world.root());
    let ground = world.ground();
    let post = |make_successor: bool| {
        let free_and_panic = move |node: Node<()>| {
            let owner = node.parent().expect("it is below the ground");
            node.free();
            if make_successor {
                owner.insert(()).named("successor");
            }
            panic!("too late");
        };
        ground.insert(()).named("target").remote().post(free_and_panic).expect("the tree is there");
    };
    post(false);
    turns(world.root(), 3).await;
    trace.expect(&["ground › target: panicked: too late"]);
    post(true);
    turns(world.root(), 3).await;
    trace.expect(&["(gone): panicked: too late"]);
}

/// The value that nobody receives is dropped as the request's own code, whoever drops the handle or completes it.
pub async fn law_17_a_panic_in_the_drop_of_an_unreceived_value_is_told<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = connection(world.ground(), &trace);
    let bomb = || OnDrop::new(|| panic!("by its drop"));
    owner.spawn("request", async move |_| Ok::<_, Ended>(bomb())).detach();
    turns(world.root(), 2).await;
    trace.expect(&["ground › server › connection › request: panicked: by its drop"]);

    let held = owner.spawn("request", async move |_| Ok::<_, Ended>(bomb()));
    turns(world.root(), 2).await;
    drop(held);
    turns(world.root(), 2).await;
    trace.expect(&["ground › server › connection › request: panicked: by its drop"]);

    let (detached, done) = owner.completer::<_, Ended>("by hand");
    detached.detach();
    assert!(done.complete(Ok(bomb())).is_ok());
    turns(world.root(), 2).await;
    trace.expect(&["ground › server › connection › by hand: panicked: by its drop"]);
    assert!(owner.is_alive());
}

/// Runs a fresh world in which `fail` fails, its grace cut short, and gives back what its `block_on` panics with.
fn uncontained<W: Blocking>(fail: impl FnOnce(AnyNode)) -> (W, String) {
    let other = W::new();
    let root = other.root();
    fail(root);
    let message = unwinds(|| {
        other.block_on(async {
            root.closing().await;
            root.shutdown(millis(1));
            root.sleep(hours(1)).await
        })
    });
    (other, message)
}

/// Without a listener the root is shut down, and whoever runs the loop is given the failure.
pub async fn law_17_an_uncontained_failure_shuts_the_root_down<W: Blocking>(_world: W) {
    let trace = Trace::new();
    let value = trace.canary("value");
    let (other, message) = uncontained::<W>(move |root| {
        root.insert(value);
        failing((*root.insert(())).named("serve"));
    });
    for part in ["serve", "failing", "no"] {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
    assert!(!other.root().is_alive());
    trace.expect(&["drop value"]);
}

/// So it is when all listeners escalate.
pub async fn law_17_a_failure_that_all_escalate_is_uncontained<W: Blocking>(_world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let (other, message) = uncontained::<W>(move |root| {
        listen(root, &note, "root", || Escalate);
        failing(root);
    });
    assert!(message.contains("failing"), "{message}");
    assert!(!other.root().is_alive());
    trace.expect(&["root: no"]);
}

/// The other requests have the grace.
pub async fn law_17_the_grace_after_an_uncontained_failure<W: Blocking>(_world: W) {
    let trace = Trace::new();
    let other = W::new();
    let root = other.root();
    let note = trace.noting("the other request is done");
    root.spawn("other", async move |me: AnyNode| {
        me.closing().await;
        me.sleep(millis(3)).await?;
        note();
        Ok::<_, Ended>(())
    })
    .detach();
    failing(root);
    let outcome = other.block_on(async {
        root.closing().await;
        root.sleep(millis(6)).await
    });
    assert!(outcome.is_ok(), "it had the grace too: {outcome:?}");
    trace.expect(&["the other request is done"]);
}
