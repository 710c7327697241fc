//! `mem::forget` of each guard-like type: leaking is safe, so nothing may rely on a guard's drop.

use std::{
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{Mutex, atomic::AtomicPtr},
    task::{Context, Poll, Waker},
};

use hamadryad::{Ended, Freed, Request, millis, secs, sim::Sim};

use crate::trace::{Drops, Says, said, say, world};

static LEAKED: Mutex<Vec<AtomicPtr<()>>> = Mutex::new(Vec::new());

/// `mem::forget` for what owns memory: still reachable, so that a leak checker sees only the leaks of others.
fn leak<T>(value: T) {
    let pointer: *mut T = Box::leak(Box::new(value));
    LEAKED.lock().expect("nobody panics with it").push(AtomicPtr::new(pointer.cast()));
}

fn poll_once<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_leaked_request_runs_on_and_ends_with_its_tree() {
    let sim = world();
    let request = sim.root().spawn("leaked", async move |me| {
        let _future = Says("future");
        me.sleep(millis(1)).await?;
        say("slept");
        pending::<Result<(), Ended>>().await
    });
    let node = request.node();
    std::mem::forget(request);
    sim.settle();
    sim.advance(millis(1));
    assert!(node.is_alive());
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["slept", "drop future"]);
}

#[test]
fn leaked_requests_that_ended_keep_their_slots_and_nothing_else() {
    let sim = world();
    let drops = Drops::default();
    for _ in 0..50 {
        let counted = drops.counted();
        let request = sim.root().spawn("leaked", async move |_| {
            let _counted = counted;
            Ok::<_, Ended>(1)
        });
        leak(request);
        sim.settle();
    }
    assert_eq!((drops.count(), sim.root().children().count()), (50, 0));
    drop(sim);
    let next = Sim::seeded(2);
    let nodes: Vec<_> = (0..200).map(|value| next.root().insert(value)).collect();
    assert!(nodes.iter().zip(0..).all(|(node, value)| node.with(|node| *node == value)));
}

#[test]
fn a_leaked_owned_leaves_its_node_to_the_tree() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    std::mem::forget(node.owned());
    assert!(node.is_alive());
    drop(sim);
    assert_eq!(said(), ["drop node"]);
}

#[test]
fn a_leaked_completer_leaves_its_request_waiting() {
    let sim = world();
    let (request, done) = sim.root().completer::<u32, Ended>("by hand");
    std::mem::forget(done);
    let waits = sim.root().spawn("waits", async move |_| request.await).timeout(secs(1));
    assert!(matches!(sim.block_on(waits), Err(Ended::TimedOut { .. })));
    assert_eq!(sim.root().children().count(), 0);
}

#[test]
fn a_leaked_scope_is_never_dropped_and_its_node_ends_with_its_owner() {
    let sim = world();
    let owner = sim.root().insert(Says("owner"));
    let mut scope = Box::pin(owner.scope("leaked", async |me| {
        let _future = Says("future");
        me.insert(Says("child"));
        me.sleep(millis(1)).await
    }));
    assert!(poll_once(&mut scope).is_pending());
    leak(scope);
    sim.advance(millis(2));
    assert_eq!(owner.children().count(), 1);
    assert_eq!(owner.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop child", "drop owner"]);
}

#[test]
fn a_scope_leaked_inside_a_request_leaves_no_waiter_behind() {
    let sim = world();
    let root = sim.root();
    let request = root.spawn("leaks", async move |me| {
        let mut scope = Box::pin(me.scope("leaked", async |inner| {
            inner.sleep(millis(1)).await?;
            say("never polled");
            Ok::<_, Ended>(())
        }));
        poll_fn(|context| {
            assert!(scope.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        leak(scope);
    });
    assert!(sim.block_on(request).is_ok());
    assert_eq!(root.children().count(), 0, "the request's end freed the scope's node");
    let tenants: Vec<_> = (0..8).map(|_| root.spawn("tenant", async |me: hamadryad::AnyNode| me.sleep(millis(3)).await)).collect();
    sim.advance(millis(2));
    assert!(said().is_empty() && tenants.iter().all(|tenant| tenant.node().is_alive()));
}

#[test]
fn a_leaked_sleep_fires_into_nothing() {
    let sim = world();
    let root = sim.root();
    let request = root.spawn("leaks", async move |me| {
        type Sleeping = Pin<Box<dyn Future<Output = Result<(), Ended>>>>;
        let mut sleeps: Vec<Sleeping> = vec![Box::pin(me.sleep(millis(1))), Box::pin(root.sleep(millis(1)))];
        poll_fn(|context| {
            for sleep in &mut sleeps {
                assert!(sleep.as_mut().poll(context).is_pending());
            }
            Poll::Ready(())
        })
        .await;
        leak(sleeps);
    });
    assert!(sim.block_on(request).is_ok());
    sim.advance(millis(5));
    drop(sim);
    let next = Sim::seeded(2);
    next.advance(millis(5));
}

#[test]
fn a_request_leaked_by_who_polls_it_with_a_foreign_waker() {
    let sim = world();
    let (request, done) = sim.root().completer::<Says, Ended>("by hand");
    let mut request: Pin<Box<Request<Says, Ended>>> = Box::pin(request);
    assert!(poll_once(&mut request).is_pending());
    leak(request);
    let completed = done.complete(Ok(Says("result")));
    assert!(completed.is_ok(), "its handle was not dropped, so somebody may still ask");
    sim.settle();
    drop(sim);
    assert!(said().is_empty(), "the result was given to a request that is leaked");
}

#[test]
fn a_leaked_tree_takes_posts_and_wakes_and_runs_nothing() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    let (send, receive) = std::sync::mpsc::channel();
    let request = sim.root().spawn("leaves its waker", move |_| {
        poll_fn(move |context| -> Poll<()> {
            say("polled");
            send.send(context.waker().clone()).expect("the receiver waits");
            Poll::Pending
        })
    });
    sim.settle();
    let remote = node.remote();
    leak((sim, request));
    let waker = receive.recv().expect("sent at the poll");
    waker.wake_by_ref();
    assert!(remote.post(|_| say("posted")).is_ok());
    assert!(node.is_alive());
    assert_eq!(said(), ["polled"]);
    leak((waker, remote));
}
