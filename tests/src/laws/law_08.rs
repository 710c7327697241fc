//! Law 8: user code may panic anywhere; the tree stays whole, and every panic reaches law 17.

use crate::{Blocking, OnDrop, Trace, World, turns, unwinds};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Freed, Node, Ready, SourceClass};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};

/// A node that contains every failure below it, and notes its text.
fn guarded(world: &impl World, trace: &Trace) -> AnyNode {
    let node = world.ground();
    watch(node, trace);
    node
}

/// Notes what a failure says, shortened to the panic's own words, and contains it.
fn watch(node: AnyNode, trace: &Trace) {
    let note = trace.clone();
    node.on_failure(move |failure| {
        let text = failure.to_string();
        let words = [
            "in hook",
            "in drop",
            "in timer",
            "in period",
            "in immediate",
            "in poll",
            "in waker",
            "in watcher",
            "in future's drop",
            "in handler",
        ];
        let said: Vec<&str> = words.into_iter().filter(|word| text.contains(word)).collect();
        note.note(format!("failure: {}", said.join(", ")));
        Contain
    });
}

/// In a hook: the node ends all the same, the older hooks are still asked.
pub async fn law_08_a_panic_in_a_hook<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    let node = owner.insert(trace.canary("value"));
    node.insert(trace.canary("child"));
    node.on_free(|_| panic!("in hook"));
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert!(!node.is_alive());
    turns(world.root(), 3).await;
    let mut events = trace.take();
    events.retain(|event| event != "failure: in hook");
    assert_eq!(events, ["drop child", "drop value"]);
}

/// … and its panic is told.
pub async fn law_08_a_panic_in_a_hook_is_told<W: Blocking>(world: W) {
    let trace = Trace::new();
    let node = guarded(&world, &trace).insert(());
    node.on_free(|_| panic!("in hook"));
    node.free();
    turns(world.root(), 3).await;
    trace.expect(&["failure: in hook"]);
}

/// In several `Drop`s of one free: the rest goes on, nothing is dropped twice, each is told.
pub async fn law_08_panics_in_drops<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    let parent = owner.insert(trace.canary("parent"));
    let bomb = |name: &'static str| {
        let note = trace.clone();
        OnDrop::new(move || {
            note.note(name);
            panic!("in drop")
        })
    };
    parent.insert(bomb("first"));
    parent.insert(trace.canary("between"));
    parent.insert(bomb("second"));
    assert_eq!(parent.free(), Freed::Gone { survivors: 0 });
    turns(world.root(), 3).await;
    let events = trace.take();
    let (told, rest): (Vec<String>, Vec<String>) = events.into_iter().partition(|event| event.starts_with("failure"));
    assert_eq!(rest, ["second", "drop between", "first", "drop parent"]);
    assert_eq!(told, ["failure: in drop", "failure: in drop"]);
    assert_eq!(owner.children().count(), 0);
}

/// In callbacks: the loop goes on, and the other timers and immediates run.
pub async fn law_08_panics_in_callbacks<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    owner.soon(|| panic!("in immediate"));
    owner.soon(trace.noting("immediate"));
    turns(world.root(), 3).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["failure: in immediate", "immediate"]);

    owner.after(millis(0), || panic!("in timer"));
    owner.after(millis(0), trace.noting("timer"));
    turns(world.root(), 4).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["failure: in timer", "timer"]);
    assert_eq!(owner.children().count(), 0, "a one-shot that panicked is gone");

    let period = owner.every(millis(0), || panic!("in period"));
    turns(world.root(), 3).await;
    period.free();
    assert!(trace.count("failure: in period") >= 1);
    assert_eq!(trace.count("failure: in period"), trace.len());
}

/// In a source's watcher: the other watchers are called.
pub async fn law_08_a_panic_in_a_watcher<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    let source = owner.source(SourceClass::Io, "test", |_token| Ok::<_, Ended>(())).expect("the owner is alive");
    source.on_ready(Ready::READABLE, |_| -> () { panic!("in watcher") });
    let note = trace.noting("other watcher");
    source.on_ready(Ready::WRITABLE, move |_| note());
    let _ = source.mark_ready(Ready::READABLE | Ready::WRITABLE);
    turns(world.root(), 3).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["failure: in watcher", "other watcher"]);
}

/// In a detached request's poll: it ends, its captures are dropped once, and it is told.
pub async fn law_08_a_panic_in_a_poll<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    let (canary, note) = (trace.canary("future"), trace.clone());
    owner
        .spawn("panics", async move |me: AnyNode| {
            me.insert(note.canary("child"));
            me.sleep(millis(1)).await?;
            if canary.name() == "future" {
                panic!("in poll");
            }
            Ok::<_, Ended>(())
        })
        .detach();
    world.root().sleep(millis(3)).await.expect("the root is alive");
    turns(world.root(), 3).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["drop child", "drop future", "failure: in poll"]);
    assert_eq!(owner.children().count(), 0);
}

/// A future whose `Drop` panics after it was ready: the result stands, and the panic is told.
pub async fn law_08_a_panic_in_a_futures_drop<W: Blocking>(world: W) {
    /// Ready at once; its end panics.
    struct Bomb;
    impl Future for Bomb {
        type Output = Result<u32, Ended>;
        fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Ready(Ok(7))
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in future's drop");
        }
    }
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    assert_eq!(owner.spawn("bomb", |_| Bomb).await.expect("a panic on the way changes nothing of the outcome"), 7);
    turns(world.root(), 3).await;
    trace.expect(&["failure: in future's drop"]);
}

/// A foreign waker: what completed it goes on, and the other waiters are woken.
pub async fn law_08_a_panic_in_a_foreign_waker<W: Blocking>(_world: W) {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("in waker");
        }
    }
    let trace = Trace::new();
    let other = W::new();
    watch(other.root(), &trace);
    let owner = other.ground();
    let (request, done) = owner.completer::<u32, Ended>("awaited");
    let mut request = Box::pin(request);
    let waker = Arc::new(Bomb).into();
    assert!(request.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let note = trace.noting("other waiter");
    owner.after(millis(1), move || {
        let _ = done.complete(Ok(7));
        note();
    });
    other.block_on(async { other.root().sleep(millis(3)).await.expect("the root is alive") });
    trace.expect(&["other waiter", "failure: in waker"]);
    assert!(matches!(request.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Ok(7))));
}

/// In the handler of a result.
pub async fn law_08_a_panic_in_a_result_handler<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    let (request, done) = owner.completer::<u32, Ended>("legacy");
    request.on_result(|_| panic!("in handler"));
    done.complete(Ok(7)).expect("somebody waits");
    turns(world.root(), 4).await;
    trace.expect(&["failure: in handler"]);
    assert_eq!(owner.children().count(), 0);
}

/// In `on_failure` itself: the next one that has a handler is asked, and the loop goes on.
pub async fn law_08_a_panic_in_a_failure_handler<W: Blocking>(world: W) {
    let trace = Trace::new();
    let outer = guarded(&world, &trace);
    let inner = outer.insert(());
    inner.on_failure(|_| panic!("in handler"));
    inner.soon(|| panic!("in immediate"));
    turns(world.root(), 4).await;
    assert!(trace.take().iter().any(|event| event.contains("in handler")), "the handler's own panic was told");
}

/// In the `Drop` of an error that was told: whoever contained it hears of that too.
pub async fn law_08_a_panic_in_the_drop_of_an_error<W: Blocking>(world: W) {
    struct Bomb;
    impl From<Ended> for Bomb {
        fn from(_: Ended) -> Bomb {
            Bomb
        }
    }
    impl fmt::Display for Bomb {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bomb")
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let trace = Trace::new();
    let owner = world.ground();
    trace.note_failures(owner);
    owner.spawn("fails", async |_| Err::<(), _>(Bomb)).detach();
    turns(world.root(), 2).await;
    trace.expect(&["ground › fails: bomb", "ground › fails: its error's drop panicked: in drop"]);
}

/// In the making of an error that nobody will receive, while another panic drops its request.
pub async fn law_08_a_panic_in_the_making_of_an_error<W: Blocking>(world: W) {
    struct Bomb;
    impl From<Ended> for Bomb {
        fn from(_: Ended) -> Bomb {
            panic!("in from")
        }
    }
    impl fmt::Display for Bomb {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            unreachable!("there is none")
        }
    }
    let trace = Trace::new();
    let owner = world.ground();
    trace.note_failures(owner);
    let panics = async move |me: AnyNode| -> () {
        let _held = me.spawn("late", async |_| std::future::pending::<Result<(), Bomb>>().await).timeout(millis(1));
        while me.children().next().is_some() {
            me.sleep(millis(1)).await.expect("it is alive");
        }
        panic!("first");
    };
    let request = owner.spawn("panics", panics).detach();
    while request.is_alive() {
        world.root().sleep(millis(1)).await.expect("the root is alive");
    }
    turns(world.root(), 2).await;
    trace.expect(&["ground › panics › late: panicked: in from", "ground › panics: panicked: first"]);
}

/// A constructor that panics leaves nothing behind; the panic is its caller's.
pub async fn law_08_a_panic_in_a_constructor<W: Blocking>(world: W) {
    let owner = world.ground();
    assert_eq!(unwinds(|| owner.insert_with(|_: Node<u32>| panic!("no value"))), "no value");
    assert_eq!(owner.children().count(), 0);
    assert!(owner.insert(5).is_alive());
}

/// A waiting future that panics inside a free begun by another panic: nothing aborts.
pub async fn law_08_a_panic_while_another_unwinds<W: Blocking>(world: W) {
    let trace = Trace::new();
    let owner = guarded(&world, &trace);
    let bomb = OnDrop::new(|| panic!("in drop"));
    owner
        .spawn("panics", async move |me: AnyNode| {
            me.insert(bomb);
            poll_fn(|_| -> Poll<()> { panic!("in poll") }).await;
        })
        .detach();
    turns(world.root(), 4).await;
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["failure: in drop", "failure: in poll"]);
}
