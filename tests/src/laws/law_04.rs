//! Law 4: freed means gone; a node whose own code is on the stack is unreachable at once and its value dropped when that returns.

use crate::{OnDrop, Trace, World, polled, turn, turns};
use hamadryad::prelude::*;
use hamadryad::{Freed, Node, Timer};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// When `free` returns, no code of that subtree is called again: not even what was due or queued already.
pub async fn law_04_nothing_of_a_freed_subtree_is_called<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    owner.after(millis(0), trace.noting("due timer"));
    owner.after(millis(1), trace.noting("timer"));
    owner.every(millis(1), trace.noting("period"));
    owner.soon(trace.noting("immediate"));
    let note = trace.noting("request");
    owner.spawn("request", async move |_| note()).detach();
    let (request, done) = owner.completer::<u32, Ended>("legacy");
    let note = trace.noting("result");
    request.on_result(move |_| note());
    done.complete(Ok(1)).expect("somebody waits");

    assert_eq!(owner.free(), Freed::Gone { survivors: 0 });
    world.root().sleep(millis(3)).await.expect("the root is alive");
    turns(world.root(), 3).await;
    trace.expect(&[]);
}

/// Wakers of a freed request do nothing.
pub async fn law_04_wakers_of_a_freed_request_do_nothing<W: World>(world: W) {
    let trace = Trace::new();
    let kept: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (slot, note) = (kept.clone(), trace.clone());
    let node = world
        .ground()
        .spawn("waiting", async move |_| {
            poll_fn(|context| {
                note.note("polled");
                *slot.borrow_mut() = Some(context.waker().clone());
                Poll::<()>::Pending
            })
            .await;
        })
        .detach();
    turns(world.root(), 2).await;
    trace.expect(&["polled"]);
    node.free();
    let waker = kept.take().expect("it was polled once");
    waker.wake_by_ref();
    let second = waker.clone();
    waker.wake();
    second.wake();
    turns(world.root(), 2).await;
    trace.expect(&[]);
}

/// A callback frees its own node: that and its subtree are unreachable at once, its own value is dropped when the callback returns.
pub async fn law_04_a_callback_frees_its_own_node<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let own: Rc<Cell<Option<Node<Timer>>>> = Rc::default();
    let (cell, canary, note) = (own.clone(), trace.canary("closure"), trace.clone());
    let timer = owner.every(millis(0), move || {
        let me = cell.get().expect("set below");
        let child = me.insert(note.canary("child"));
        note.note(format!("{:?}", me.free()));
        assert!(!me.is_alive() && !child.is_alive());
        assert_eq!(owner.children().count(), 0);
        note.note(format!("end of {}", canary.name()));
    });
    own.set(Some(timer));
    turns(world.root(), 4).await;
    trace.expect(&["drop child", "Gone { survivors: 0 }", "end of closure", "drop closure"]);
}

/// The same for an ancestor of the node whose callback runs.
pub async fn law_04_a_callback_frees_its_owner<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let owner = ground.insert(trace.canary("owner"));
    owner.insert(trace.canary("sibling"));
    let (canary, note) = (trace.canary("closure"), trace.clone());
    owner.every(millis(0), move || {
        note.note(format!("{:?}", owner.free()));
        assert!(!owner.is_alive());
        assert_eq!(ground.children().count(), 0);
        note.note(format!("end of {}", canary.name()));
    });
    turns(world.root(), 4).await;
    trace.expect(&["drop sibling", "drop owner", "Gone { survivors: 0 }", "end of closure", "drop closure"]);
}

/// A request frees itself in its own poll: it goes on to its next await, its future is dropped then, and it is never polled again.
pub async fn law_04_a_request_frees_itself_while_polled<W: World>(world: W) {
    let trace = Trace::new();
    let (canary, note) = (trace.canary("future"), trace.clone());
    let request = world.ground().spawn("suicidal", async move |me: AnyNode| {
        me.insert(note.canary("child"));
        note.note(format!("{:?}", me.free()));
        assert!(!me.is_alive());
        note.note(format!("runs on with {}", canary.name()));
        poll_fn(|context| {
            context.waker().wake_by_ref();
            note.note("polled");
            Poll::<()>::Pending
        })
        .await;
        Ok::<_, Ended>(())
    });
    assert!(matches!(request.await, Err(Ended::Freed { .. })));
    turns(world.root(), 2).await;
    trace.expect(&["drop child", "Gone { survivors: 0 }", "runs on with future", "polled", "drop future"]);
}

/// A request that frees itself and then returns: it was freed, its result is dropped.
pub async fn law_04_a_request_freed_in_its_last_poll_was_freed<W: World>(world: W) {
    let trace = Trace::new();
    let value = trace.canary("result");
    let request = world.ground().spawn("suicidal", async move |me: AnyNode| {
        me.free();
        Ok::<_, Ended>(value)
    });
    assert!(matches!(request.await, Err(Ended::Freed { .. })));
    trace.expect(&["drop result"]);
}

/// Its own `free` from its hook, or from its own `Drop`, changes nothing and says so.
pub async fn law_04_a_hook_or_drop_that_frees_its_own_node_is_told<W: World>(world: W) {
    let trace = Trace::new();
    let note = trace.clone();
    let node = world
        .ground()
        .insert_with(|me: Node<OnDrop<Box<dyn FnOnce()>>>| OnDrop::new(Box::new(move || note.note(format!("in drop: {:?}", me.free())))));
    let note = trace.clone();
    node.on_free(move |me| {
        note.note(format!("in hook: {:?}", me.free()));
        Proceed
    });
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["in hook: AlreadyEnding", "in drop: AlreadyEnding"]);
}

/// A hook frees an ancestor that is not ending yet: all of it goes, whatever the hook answers.
pub async fn law_04_a_hook_frees_an_ancestor<W: World>(world: W) {
    let trace = Trace::new();
    let grandparent = world.ground().insert(trace.canary("grandparent"));
    let parent = grandparent.insert(trace.canary("parent"));
    let node = parent.insert(trace.canary("node"));
    let child = node.insert(trace.canary("child"));
    let note = trace.clone();
    node.on_free(move |_| {
        grandparent.free();
        note.note("end of hook");
        Keep
    });
    node.free();
    for gone in [grandparent, parent, node, child] {
        assert!(!gone.is_alive());
    }
    let events = trace.take();
    assert_eq!(events.len(), 5, "each ends once: {events:?}");
    let place = |event: &str| events.iter().position(|noted| noted == event).expect("it ended");
    assert!(place("drop node") > place("end of hook"), "its value is dropped when its own code has returned: {events:?}");
    assert!(place("drop child") < place("drop node"));
    assert!(place("drop parent") < place("drop grandparent"));
}

/// A `Drop` frees its parent, its sibling, or its grandparent: everything ends once.
pub async fn law_04_a_drop_frees_its_relatives<W: World>(world: W) {
    let trace = Trace::new();
    let grandparent = world.ground().insert(trace.canary("grandparent"));
    let parent = grandparent.insert(trace.canary("parent"));
    let sibling = parent.insert(trace.canary("sibling"));
    let note = trace.clone();
    let node = parent.insert(OnDrop::new(move || {
        sibling.free();
        parent.free();
        grandparent.free();
        note.note("end of drop");
    }));
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    for gone in [*grandparent, *parent, *sibling, *node] {
        assert!(!gone.is_alive());
    }
    trace.expect(&["drop sibling", "drop parent", "drop grandparent", "end of drop"]);
}

/// Freed inside a `with` on its value: unreachable at once, the value is dropped when the `with` returns.
pub async fn law_04_a_node_freed_inside_with_is_dropped_after_it<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let node = ground.insert(trace.canary("value"));
    let child = node.insert(trace.canary("child"));
    node.with(|value| {
        node.with(|_| {
            assert_eq!(ground.free_children(), Freed::Gone { survivors: 0 });
            assert!(!node.is_alive() && !child.is_alive());
            assert_eq!(ground.children().count(), 0);
            trace.expect(&["drop child"]);
        });
        trace.note(format!("still lent: {}", value.name()));
    });
    trace.expect(&["still lent: value", "drop value"]);

    let node = ground.insert(trace.canary("value"));
    node.with_mut(|_| {
        node.free();
        trace.note("end of with_mut");
    });
    trace.expect(&["end of with_mut", "drop value"]);
}

/// A node may be freed by its own constructor: what that returns is dropped.
pub async fn law_04_a_node_freed_by_its_constructor_holds_nothing<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let value = trace.canary("value");
    let node = ground.insert_with(|me| {
        assert!(me.is_alive());
        me.free();
        assert!(!me.is_alive());
        value
    });
    assert!(!node.is_alive());
    assert_eq!(ground.children().count(), 0);
    trace.expect(&["drop value"]);
}

/// A scope's future lies in its caller's frame: freed, it is never polled again, and dropped when the caller next polls it.
pub async fn law_04_a_freed_scope_is_dropped_by_its_caller<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let (canary, note) = (trace.canary("future"), trace.clone());
    let mut scope = Box::pin(owner.scope("scope", async |_| {
        canary.name();
        let moved = canary;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            note.note("polled");
            Poll::<()>::Pending
        })
        .await;
        drop(moved);
        Ok::<_, Ended>(())
    }));
    assert!(polled(&mut scope).await.is_pending());
    let node = owner.children().next().expect("the scope's node");
    node.insert(trace.canary("child"));
    trace.expect(&["polled"]);
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    trace.expect(&["drop child"]);
    turn(owner).await;
    trace.expect(&[]);
    assert!(matches!(polled(&mut scope).await, Poll::Ready(Err(Ended::Freed { .. }))));
    trace.expect(&["drop future"]);
}

/// … or when the caller drops it.
pub async fn law_04_a_freed_scope_ends_when_it_is_dropped<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    let canary = trace.canary("future");
    let mut scope = Box::pin(owner.scope("scope", async move |me: AnyNode| {
        canary.name();
        me.sleep(hours(1)).await
    }));
    assert!(polled(&mut scope).await.is_pending());
    owner.free_children();
    trace.expect(&[]);
    drop(scope);
    trace.expect(&["drop future"]);
}
