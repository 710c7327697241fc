//! Law 7: a stale handle is always detected; what each verb does on one, on an ending node, and on a lent value.

use crate::{OnDrop, Problem, Trace, World, turn};
use hamadryad::prelude::*;
use hamadryad::{AccessError, AnyNode, Freed, InsertRefused, Node, Ready, ReparentError, SourceClass, SourceError};

/// A handle whose node was freed, below the world's ground.
fn stale(world: &impl World) -> Node<String> {
    let node = world.ground().insert(String::from("value")).named("gone");
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    node
}

/// Ending verbs do nothing and say so.
pub async fn law_07_ending_a_stale_node_does_nothing<W: World>(world: W) {
    let node = stale(&world);
    assert_eq!(node.free(), Freed::Stale);
    assert_eq!(node.free_children(), Freed::Stale);
    assert!(matches!(node.take(), Err(AccessError::Stale { .. })));
    node.shutdown(hours(1));
    node.closing().await;
    drop(node.owned());

    let timer = world.ground().after(hours(1), || ());
    timer.free();
    assert!(!timer.reset(millis(1)), "nothing to reset");
}

/// What would make something there drops its closure uncalled, and gives a stale handle.
pub async fn law_07_a_stale_owner_makes_nothing<W: World>(world: W) {
    let trace = Trace::new();
    let node = stale(&world);
    let closure = |name: &'static str| {
        let (canary, trace) = (trace.canary(name), trace.clone());
        move || trace.note(format!("{} was called", canary.name()))
    };
    let after = node.after(millis(0), closure("after"));
    trace.expect(&["drop after"]);
    let every = node.every(millis(0), closure("every"));
    trace.expect(&["drop every"]);
    let soon = node.soon(closure("soon"));
    trace.expect(&["drop soon"]);
    assert!(!after.is_alive() && !every.is_alive() && !soon.is_alive());

    let hook = closure("on_free");
    node.on_free(move |_| {
        hook();
        Keep
    });
    trace.expect(&["drop on_free"]);
    let handler = closure("on_failure");
    node.on_failure(move |_| {
        handler();
        Contain
    });
    trace.expect(&["drop on_failure"]);
    let watcher = closure("on_ready");
    assert!(!node.on_ready(Ready::READABLE, move |_| watcher()).is_alive());
    trace.expect(&["drop on_ready"]);
    turn(world.root()).await;
    trace.expect(&[]);
}

/// Sources are not made either, and nothing is ready for anybody.
pub async fn law_07_a_stale_owner_makes_no_source<W: World>(world: W) {
    let trace = Trace::new();
    let node = stale(&world);
    let note = trace.noting("made");
    let refused = node.source(SourceClass::Io, "test", move |_token| {
        note();
        Ok::<_, Ended>(())
    });
    assert!(matches!(refused, Err(SourceError::Freed)));
    trace.expect(&[]);
    assert!(node.wanted().is_empty());
    let _ = node.mark_ready(Ready::READABLE);
    assert!(matches!(node.ready(Ready::READABLE, "nothing").await, Err(Ended::Freed { .. })));
}

/// Requests, scopes and completers on a stale node: the closure is dropped uncalled, and what waits gets `Ended::Freed`.
pub async fn law_07_requests_on_a_stale_owner_are_freed<W: World>(world: W) {
    let trace = Trace::new();
    let node = stale(&world);
    let (canary, note) = (trace.canary("spawn"), trace.clone());
    let request = node.spawn("spawned", async move |_| {
        note.note(canary.name());
        Ok::<_, Ended>(())
    });
    trace.expect(&["drop spawn"]);
    assert!(!request.node().is_alive());
    assert!(matches!(request.await, Err(Ended::Freed { .. })));

    let (canary, note) = (trace.canary("scope"), trace.clone());
    let outcome = node
        .scope("scope", async move |_| {
            note.note(canary.name());
            Ok::<_, Ended>(())
        })
        .await;
    assert!(matches!(outcome, Err(Ended::Freed { .. })));
    trace.expect(&["drop scope"]);

    let (request, done) = node.completer::<u32, Problem>("legacy");
    assert!(done.is_abandoned());
    assert!(matches!(done.complete(Ok(7)), Err(Ok(7))), "the result comes back");
    assert!(matches!(request.await, Err(Problem::Ended(Ended::Freed { .. }))));

    assert!(matches!(node.sleep(millis(0)).await, Err(Ended::Freed { .. })));
    assert!(matches!(node.sleep(hours(1)).await, Err(Ended::Freed { .. })));
}

/// A stale request can be detached and given a handler: nothing waits for ever.
pub async fn law_07_a_request_made_on_a_stale_owner_can_be_used_up<W: World>(world: W) {
    let trace = Trace::new();
    let node = stale(&world);
    let request = || node.spawn("spawned", async move |_| Ok::<_, Ended>(()));
    assert!(!request().timeout(millis(1)).label("label").background().detach().is_alive());
    let canary = trace.canary("handler");
    let handler = request().on_result(move |_| canary.name());
    assert!(!handler.is_alive());
    turn(world.root()).await;
    trace.expect(&["drop handler"]);
}

/// `try_insert` gives the value back.
pub async fn law_07_try_insert_on_a_stale_node_gives_the_value_back<W: World>(world: W) {
    let node = stale(&world);
    let Err(refused) = node.try_insert(vec![1, 2, 3]) else { panic!("inserted below a stale node") };
    assert_eq!(refused.value, [1, 2, 3]);
    assert!(matches!(refused.reason, InsertRefused::Stale));
}

/// Of a stale node the name is empty, iterators and report are empty, `Option`s are `None`.
pub async fn law_07_a_stale_node_looks_empty<W: World>(world: W) {
    let node = stale(&world);
    assert!(!node.is_alive());
    assert_eq!(node.name(), "");
    assert_eq!(node.path(), "");
    assert!(!node.named("new name").is_alive());
    assert_eq!(node.label("label").name(), "");
    assert_eq!(node.children().count() + node.descendants().count() + node.ancestors().count(), 0);
    assert_eq!(node.report().stable(), "");
    assert!(node.parent().is_none());
    assert!(node.deadline().is_none());
    assert!(node.downcast::<String>().is_none());
    assert!(node.ancestor_of_type::<()>().is_none());
    assert!(!node.is_descendant_of(world.root()));
    assert!(!world.root().is_descendant_of(node));
    assert!(world.root().find(node.id()).is_none());
    assert!(node.find(world.root().id()).is_none());
    assert!(node.running().is_none());
    assert!(matches!(node.reparent(world.root()), Err(ReparentError::Stale)));
}

/// `try_with` names the place of the free.
pub async fn law_07_stale_access_names_the_place_of_the_free<W: World>(world: W) {
    let node = world.ground().insert(5);
    let line = line!() + 1;
    node.free();
    for error in [node.try_with(|_| ()).err(), node.try_with_mut(|_| ()).err(), node.take().err()] {
        let Some(AccessError::Stale { freed_at: Some(place) }) = error else { panic!("{error:?}") };
        assert_eq!((place.file(), place.line()), (file!(), line));
    }
}

/// A node that ended with an ancestor was freed where that was.
pub async fn law_07_descendants_were_freed_where_their_ancestor_was<W: World>(world: W) {
    let top = world.ground();
    let node = top.insert(1).insert(2);
    let line = line!() + 1;
    top.free();
    let error = node.try_with(|_| ()).err();
    let Some(AccessError::Stale { freed_at: Some(place) }) = error else { panic!("{error:?}") };
    assert_eq!((place.file(), place.line()), (file!(), line));
}

/// No reuse of a slot makes an old handle valid.
pub async fn law_07_a_reused_slot_has_new_handles<W: World>(world: W) {
    let ground = world.ground();
    let old = ground.insert(0_usize);
    let (id, any) = (old.id(), *old);
    old.free();
    for value in 1..2_000 {
        let new = ground.insert(value);
        assert!(new != old && new.id() != id && *new != any);
        assert!(matches!(old.try_with(|value| *value), Err(AccessError::Stale { .. })));
        assert!(any.downcast::<usize>().is_none());
        assert!(ground.find(id).is_none());
        assert_eq!(old.free(), Freed::Stale);
        assert!(new.is_alive());
        new.free();
    }
}

/// … nor in another tree, nor after its tree is gone.
pub async fn law_07_handles_of_other_trees_are_told_apart<W: World>(world: W) {
    let other = W::new();
    let theirs = other.root().insert(5);
    let their_root = other.root();
    assert!(world.root().find(theirs.id()).is_none(), "it is another tree's");
    assert_eq!(theirs.find(theirs.id()), Some(*theirs), "it finds itself in its own tree");
    assert!(!theirs.is_descendant_of(world.root()));
    drop(other);
    assert!(!theirs.is_alive() && !their_root.is_alive());
    assert_eq!(theirs.free(), Freed::Stale);
    for _ in 0..100 {
        let new = W::new();
        new.root().insert(6);
        assert!(!theirs.is_alive() && !their_root.is_alive());
        assert!(matches!(theirs.try_with(|value| *value), Err(AccessError::Stale { .. })));
    }
}

/// A handle of the right id and the wrong type is refused.
pub async fn law_07_downcast_asks_for_the_type<W: World>(world: W) {
    let node = world.ground().insert(5_u32);
    let any: AnyNode = *node;
    assert!(any.downcast::<i32>().is_none());
    assert_eq!(any.downcast::<u32>(), Some(node));
    assert_eq!(any.downcast::<u32>().map(|node| node.with(|value| *value)), Some(5));
    let request = world.ground().spawn("request", async |_| ());
    assert!(request.node().downcast::<()>().is_none(), "a request's node never gives its result");
}

/// An ending node can be read and is alive; nothing grows below it.
pub async fn law_07_an_ending_node_is_read_only<W: World>(world: W) {
    let trace = Trace::new();
    let node = (*world.ground().insert(String::from("value"))).named("ending");
    let note = trace.clone();
    let root = world.root();
    node.insert(OnDrop::new(move || {
        assert!(node.is_alive());
        assert_eq!(node.name(), "ending");
        assert!(node.downcast::<String>().expect("that is its type").with(|value| value == "value"));
        assert!(node.parent().is_some() && node.is_descendant_of(root));
        assert_eq!(root.find(node.id()), Some(node));
        let _ = node.now();
        assert_eq!(node.free(), Freed::AlreadyEnding);

        let refused = node.try_insert(5).map(|_| ()).expect_err("it is ending");
        assert!(refused.value == 5 && matches!(refused.reason, InsertRefused::Ending));
        let canary = note.canary("closures");
        assert!(!node.soon(move || canary.name()).is_alive());
        let canary = note.canary("of an");
        assert!(!node.after(millis(0), move || canary.name()).is_alive());
        let canary = note.canary("ending");
        assert!(!node.every(millis(0), move || canary.name()).is_alive());
        let canary = note.canary("node");
        let request = node.spawn("late", async move |_| {
            canary.name();
        });
        assert!(!request.node().is_alive());
        let (_request, done) = node.completer::<(), Ended>("late");
        assert!(done.is_abandoned());
    }));
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    turn(world.root()).await;
    trace.expect(&["drop closures", "drop of an", "drop ending", "drop node"]);
}

/// `reset` of an ending timer does nothing and says so.
pub async fn law_07_an_ending_timer_is_not_reset<W: World>(world: W) {
    let trace = Trace::new();
    let timer = world.ground().every(hours(1), || ());
    let note = trace.clone();
    timer.insert(OnDrop::new(move || note.note(format!("reset: {}", timer.reset(millis(1))))));
    timer.free();
    trace.expect(&["reset: false"]);
}

/// Re-entry that would alias is `Busy`, naming the holder's place; shared access nests.
pub async fn law_07_a_lent_value_is_busy<W: World>(world: W) {
    let node = world.ground().insert(1);
    let held_at = |error: Option<AccessError>| match error {
        Some(AccessError::Busy { held_at }) => (held_at.file(), held_at.line()),
        other => panic!("{other:?}"),
    };
    let line = line!() + 1;
    node.with_mut(|value| {
        *value = 2;
        assert_eq!(held_at(node.try_with(|_| ()).err()), (file!(), line));
        assert_eq!(held_at(node.try_with_mut(|_| ()).err()), (file!(), line));
        assert_eq!(held_at(node.take().err()), (file!(), line));
        assert!(node.is_alive());
    });
    let line = line!() + 1;
    node.with(|value| {
        assert_eq!(node.try_with(|again| (*value, *again)).expect("shared access nests"), (2, 2));
        assert_eq!(held_at(node.try_with_mut(|_| ()).err()), (file!(), line));
        assert_eq!(held_at(node.take().err()), (file!(), line));
    });
    assert_eq!(node.take().expect("nobody holds it any more"), 2);
}

/// A value that is being constructed is `Busy`.
pub async fn law_07_a_value_being_made_is_busy<W: World>(world: W) {
    let node = world.ground().insert_with(|me: Node<u32>| {
        assert!(matches!(me.try_with(|value| *value), Err(AccessError::Busy { .. })));
        assert!(matches!(me.take(), Err(AccessError::Busy { .. })));
        6
    });
    assert_eq!(node.with(|value| *value), 6);
}

/// A live `Request` keeps its slot: it always knows who ended it and where, however much was made since.
pub async fn law_07_a_request_knows_where_it_was_freed<W: World>(world: W) {
    let ground = world.ground();
    let request = ground.spawn("victim", async move |me| me.sleep(hours(1)).await);
    turn(world.root()).await;
    let line = line!() + 1;
    request.node().free();
    for value in 0..1_000 {
        ground.insert(value);
    }
    ground.free_children();
    let ended = request.await.expect_err("it was freed");
    assert!(matches!(ended, Ended::Freed { .. }));
    let place = format!("{}:{line}", file!());
    assert!(ended.to_string().contains(&place), "{ended} does not name {place}");
}
