//! Law 23: errors and hang-ups reach every watcher of a source; nobody's interest is changed behind his back.

use crate::{OnDrop, Trace, World, polled, turns};
use hamadryad::prelude::*;
use hamadryad::{AccessError, AnyNode, Freed, Node, Ready, SourceClass};
use std::task::Poll;

/// A source below the ground, with its two watchers.
fn watched(world: &impl World, trace: &Trace) -> Node<()> {
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    watch(*source, trace, "reader", Ready::READABLE);
    watch(*source, trace, "writer", Ready::WRITABLE);
    source
}

/// Notes each call of a watcher, and what of its interest and of errors it was told.
fn watch(source: AnyNode, trace: &Trace, name: &'static str, interest: Ready) -> AnyNode {
    let note = trace.clone();
    source.on_ready(interest, move |ready| {
        let what = [(Ready::READABLE, " readable"), (Ready::WRITABLE, " writable"), (Ready::ERROR, " error"), (Ready::HANGUP, " hang-up")];
        let known = interest | Ready::ERROR | Ready::HANGUP;
        let told: String = what.into_iter().filter(|(bit, _)| known.contains(*bit) && ready.contains(*bit)).map(|(_, word)| word).collect();
        note.note(format!("{name}:{told}"));
    })
}

/// The trace since the last look, sorted: the order among watchers is the source's affair.
fn sorted(trace: &Trace) -> Vec<String> {
    let mut events = trace.take();
    events.sort();
    events
}

/// Each is called for what it wants.
pub async fn law_23_a_watcher_is_called_for_what_it_wants<W: World>(world: W) {
    let trace = Trace::new();
    let source = watched(&world, &trace);
    assert_eq!(source.wanted(), Ready::READABLE | Ready::WRITABLE);
    assert!(source.mark_ready(Ready::READABLE).is_empty());
    turns(world.root(), 2).await;
    trace.expect(&["reader: readable"]);
    assert!(source.mark_ready(Ready::WRITABLE).is_empty());
    turns(world.root(), 2).await;
    trace.expect(&["writer: writable"]);
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// What nobody wants comes back to the host.
pub async fn law_23_what_nobody_wants_comes_back<W: World>(world: W) {
    let trace = Trace::new();
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    assert!(source.wanted().is_empty());
    let reader = watch(*source, &trace, "reader", Ready::READABLE);
    assert_eq!(source.wanted(), Ready::READABLE);
    assert_eq!(source.mark_ready(Ready::READABLE | Ready::WRITABLE), Ready::WRITABLE);
    turns(world.root(), 2).await;
    trace.expect(&["reader: readable"]);
    reader.free();
    assert!(source.wanted().is_empty());
    assert_eq!(source.mark_ready(Ready::READABLE), Ready::READABLE);
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// An error reaches every watcher, …
pub async fn law_23_an_error_reaches_every_watcher<W: World>(world: W) {
    let trace = Trace::new();
    let source = watched(&world, &trace);
    watch(*source, &trace, "second reader", Ready::READABLE);
    let _ = source.mark_ready(Ready::ERROR);
    turns(world.root(), 2).await;
    assert_eq!(sorted(&trace), ["reader: error", "second reader: error", "writer: error"]);
}

/// … and so does a hang-up; that of a writer is not muted by the readers.
pub async fn law_23_a_hang_up_reaches_every_watcher<W: World>(world: W) {
    let trace = Trace::new();
    let source = watched(&world, &trace);
    let _ = source.mark_ready(Ready::READABLE | Ready::HANGUP);
    turns(world.root(), 2).await;
    assert_eq!(sorted(&trace), ["reader: readable hang-up", "writer: hang-up"]);
}

/// One that wants nothing is silent, but for errors.
pub async fn law_23_a_watcher_without_interest_hears_of_errors_only<W: World>(world: W) {
    let trace = Trace::new();
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    watch(*source, &trace, "silent", Ready::NONE);
    let _ = source.mark_ready(Ready::READABLE | Ready::WRITABLE);
    turns(world.root(), 2).await;
    trace.expect(&[]);
    let _ = source.mark_ready(Ready::ERROR);
    turns(world.root(), 2).await;
    trace.expect(&["silent: error"]);
}

/// Who awaits it hears of both as well.
pub async fn law_23_errors_reach_who_awaits<W: World>(world: W) {
    let ground = world.ground();
    let source = ground.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    for what in [Ready::ERROR, Ready::HANGUP] {
        let mut reading = Box::pin(source.ready(Ready::READABLE, "readable"));
        let mut writing = Box::pin(source.ready(Ready::WRITABLE, "writable"));
        assert!(polled(&mut reading).await.is_pending() && polled(&mut writing).await.is_pending());
        let _ = source.mark_ready(what);
        turns(ground, 2).await;
        for waiting in [polled(&mut reading).await, polled(&mut writing).await] {
            let Poll::Ready(Ok(ready)) = waiting else { panic!("{waiting:?}") };
            assert!(ready.intersects(what), "{ready:?}");
        }
    }
}

/// Nobody's interest is changed: after an error each is called as before.
pub async fn law_23_an_error_changes_nobodys_interest<W: World>(world: W) {
    let trace = Trace::new();
    let source = watched(&world, &trace);
    for _ in 0..2 {
        let _ = source.mark_ready(Ready::ERROR | Ready::HANGUP);
        turns(world.root(), 2).await;
        assert_eq!(sorted(&trace), ["reader: error hang-up", "writer: error hang-up"]);
        assert_eq!(source.wanted(), Ready::READABLE | Ready::WRITABLE);
        let _ = source.mark_ready(Ready::READABLE | Ready::WRITABLE);
        turns(world.root(), 2).await;
        assert_eq!(sorted(&trace), ["reader: readable", "writer: writable"]);
    }
}

/// A freed watcher is not called, also when it was to be called in this very turn; the others are.
pub async fn law_23_a_watcher_may_free_another<W: World>(world: W) {
    let trace = Trace::new();
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    let note = trace.clone();
    for _ in 0..2 {
        let note = note.clone();
        source.on_ready(Ready::READABLE, move |_| {
            let me = source.running().expect("this one");
            for other in source.children().filter(|other| *other != me).collect::<Vec<_>>() {
                other.free();
            }
            note.note("called");
        });
    }
    let _ = source.mark_ready(Ready::ERROR);
    turns(world.root(), 2).await;
    trace.expect(&["called"]);
    assert_eq!(source.children().count(), 1);
}

/// One that frees itself when it hears of an error keeps it from nobody.
pub async fn law_23_a_watcher_may_free_itself<W: World>(world: W) {
    let trace = Trace::new();
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    for name in ["one", "two", "three"] {
        let note = trace.clone();
        source.on_ready(Ready::READABLE, move |_| {
            note.note(name);
            source.running().expect("this one").free();
        });
    }
    let _ = source.mark_ready(Ready::HANGUP);
    turns(world.root(), 2).await;
    assert_eq!(sorted(&trace), ["one", "three", "two"]);
}

/// A source freed by its watcher: nothing more is called, and late marks do nothing.
pub async fn law_23_a_watcher_may_free_its_source<W: World>(world: W) {
    let trace = Trace::new();
    let source = watched(&world, &trace);
    let note = trace.clone();
    source.on_ready(Ready::READABLE, move |_| note.note(format!("{}", source.free() != Freed::Stale)));
    let _ = source.mark_ready(Ready::ERROR | Ready::HANGUP);
    turns(world.root(), 2).await;
    assert_eq!(trace.count("true"), 1);
    trace.take();
    let _ = source.mark_ready(Ready::READABLE | Ready::WRITABLE);
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// A watcher may be moved to another owner: it is called there, and freed there it is in nobody's way.
pub async fn law_23_a_watcher_is_called_wherever_it_was_moved<W: World>(world: W) {
    let trace = Trace::new();
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the ground is alive");
    let moved = watch(*source, &trace, "moved", Ready::READABLE);
    moved.reparent(world.ground()).expect("both are alive");
    let _ = source.mark_ready(Ready::READABLE);
    turns(world.root(), 2).await;
    trace.expect(&["moved: readable"]);
    moved.free();
    assert_eq!(source.wanted(), Ready::NONE);
    assert_eq!(source.mark_ready(Ready::READABLE), Ready::READABLE);
    watch(*source, &trace, "other", Ready::READABLE);
    let _ = source.mark_ready(Ready::READABLE);
    turns(world.root(), 2).await;
    trace.expect(&["other: readable"]);
}

/// A watcher that is lent its source's value holds it to its end, as any loan does: it is not to be had exclusively meanwhile, and
/// outlives a free.
pub async fn law_23_a_watcher_is_lent_its_sources_value<W: World>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let value = OnDrop::new(move || note.note("dropped"));
    let source = world.ground().source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(value)).expect("the ground is alive");
    let note = trace.clone();
    source.on_ready_with(Ready::READABLE, move |_, ready| {
        note.note(format!("{}", ready == Ready::READABLE));
        note.note(format!("{}", matches!(source.try_with_mut(|_| ()), Err(AccessError::Busy { .. }))));
        source.try_with(|_| note.note("shared")).expect("it is lent to be shared");
        source.free();
        note.note(format!("{}", source.is_alive()));
    });
    let _ = source.mark_ready(Ready::READABLE);
    turns(world.root(), 2).await;
    trace.expect(&["true", "true", "shared", "false", "dropped"]);
}
