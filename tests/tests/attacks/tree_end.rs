//! The end of the root and of the tree, from within.

use std::{cell::RefCell, future::pending, panic::AssertUnwindSafe, pin::pin, rc::Rc, task::Context};

use hamadryad::{
    AccessError, Completer, Ended, Freed, InsertRefused,
    OnFree::{Keep, Proceed},
    ReparentError, Request, millis, secs,
    sim::{Deadlock, Sim},
};

use crate::trace::{Says, does, said, say, world};

/// A simulated tree that code below it can drop: nobody has it borrowed outside of a turn.
type Shared = Rc<RefCell<Option<Sim>>>;

fn shared(sim: Sim) -> Shared {
    Rc::new(RefCell::new(Some(sim)))
}

fn drop_tree(shared: &Shared) {
    let tree = shared.borrow_mut().take();
    say(format_args!("drop the tree: {}", tree.is_some()));
    drop(tree);
    say("the tree is dropped");
}

#[test]
fn after_the_root_is_freed_everything_again() {
    let sim = world();
    let root = sim.root();
    let below = root.insert(Says("below"));
    let timer = root.after(millis(1), || say("never"));
    let request: Request<(), Ended> = root.spawn("waits", async move |_| pending::<()>().await);
    sim.settle();
    assert_eq!(root.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop below"]);
    let root = sim.root();
    assert!(!root.is_alive() && root.name().is_empty() && root.parent().is_none());
    assert_eq!((root.children().count(), root.ancestors().count(), root.descendants().count()), (0, 0, 0));
    assert_eq!((root.free(), root.free_children(), below.free()), (Freed::Stale, Freed::Stale, Freed::Stale));
    assert!(root.deadline().is_none() && root.find(root.id()).is_none() && !timer.reset(millis(1)));
    assert!(matches!(below.reparent(root), Err(ReparentError::Stale)));
    let refused = root.try_insert(7).map(|_| ()).map_err(|error| (error.value, error.reason));
    assert!(matches!(refused, Err((7, InsertRefused::Stale))));
    let inserted = std::panic::catch_unwind(AssertUnwindSafe(|| root.insert(7)));
    assert!(inserted.is_err());
    for stale in [*root.after(millis(1), || say("after")), *root.every(millis(1), || say("every")), root.soon(|| say("soon"))] {
        assert!(!stale.is_alive());
    }
    root.on_free(|_| Keep);
    root.shutdown(secs(1));
    assert!(matches!(sim.try_block_on(request), Err(Deadlock::RootGone)));
    sim.settle();
    sim.advance(secs(1));
    assert!(said().is_empty());
}

#[test]
fn requests_of_a_freed_root_end_as_freed() {
    let sim = world();
    let other = Sim::seeded(2);
    let old: Request<(), Ended> = sim.root().spawn("old", async move |_| pending::<()>().await);
    sim.settle();
    sim.root().free();
    let root = sim.root();
    let closure = Says("closure");
    let new = root.spawn("new", async move |_| {
        let closure = &closure;
        say(format_args!("never {}", closure.0));
    });
    assert_eq!(said(), ["drop closure"]);
    let (by_hand, done) = root.completer::<u32, Ended>("by hand");
    assert!(done.is_abandoned() && matches!(done.complete(Ok(7)), Err(Ok(7))));
    // The other tree waits for what is left of this one.
    let ends = other.block_on(async move { (old.await, new.await, by_hand.await) });
    assert!(matches!(ends, (Err(Ended::Freed { .. }), Err(Ended::Freed { .. }), Err(Ended::Freed { .. }))), "{ends:?}");
    assert!(matches!(other.block_on(root.sleep(secs(1))), Err(Ended::Freed { .. })));
    let scope = root.scope("late", async |_| say("never"));
    assert!(matches!(other.block_on(scope), Err(Ended::Freed { .. })));
    assert!(said().is_empty());
}

#[test]
fn a_tree_is_dropped_inside_its_own_with() {
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    let node = root.insert((7, Says("lent")));
    node.insert(Says("child"));
    root.insert(Says("other"));
    node.with(|value| {
        drop_tree(&shared);
        say(value.0);
        say(node.is_alive());
    });
    assert_eq!(said(), ["drop the tree: true", "drop other", "drop child", "the tree is dropped", "7", "false", "drop lent"]);
    assert!(matches!(node.try_with(|_| ()), Err(AccessError::Stale { .. })) && !root.is_alive());
}

#[test]
fn a_tree_is_dropped_inside_nested_with_of_two_nodes() {
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    let (first, second) = (root.insert([1_u8; 40]), root.insert([2_u8; 40]));
    first.with_mut(|first| {
        second.with(|second| {
            drop_tree(&shared);
            first[0] = second[39];
        });
        // Trees that want memory now must not be given the lent value's.
        let sims: Vec<Sim> = (0..4).map(Sim::seeded).collect();
        for sim in &sims {
            for _ in 0..100 {
                sim.root().insert([9_u8; 40]);
            }
        }
        assert_eq!((first[0], first[39]), (2, 1));
    });
    assert!(!first.is_alive() && !second.is_alive());
}

#[test]
fn a_tree_is_dropped_inside_a_drop() {
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    root.insert(Says("older"));
    let parent = root.insert(Says("parent"));
    let inner = shared.clone();
    let child = parent.insert(does(move || drop_tree(&inner)));
    assert_eq!(child.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop the tree: true", "drop parent", "drop older", "the tree is dropped"]);
    assert!(!parent.is_alive() && !root.is_alive());
}

#[test]
fn a_tree_is_dropped_inside_a_hook() {
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    let node = root.insert(Says("node"));
    node.insert(Says("child"));
    let inner = shared.clone();
    node.on_free(move |me| {
        drop_tree(&inner);
        say(me.is_alive());
        Keep
    });
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop the tree: true", "drop child", "the tree is dropped", "false", "drop node"]);
}

#[test]
fn a_tree_is_dropped_inside_a_constructor() {
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    let node = root.insert_with(|_| {
        drop_tree(&shared);
        Says("value")
    });
    assert_eq!(said(), ["drop the tree: true", "the tree is dropped", "drop value"]);
    assert!(!node.is_alive());
}

#[test]
fn a_tree_is_dropped_inside_a_poll() {
    // Only a scope is polled outside of a turn, by whoever has it.
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    let tree = &shared;
    let scope = root.scope("ends its tree", async |me| {
        let _future = Says("future");
        me.insert(Says("child"));
        drop_tree(tree);
        say(format_args!("{:?}", me.sleep(secs(1)).await.is_err()));
        pending::<()>().await;
    });
    let mut scope = pin!(scope);
    let mut context = Context::from_waker(std::task::Waker::noop());
    let first = scope.as_mut().poll(&mut context);
    let ready = match first {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => match scope.as_mut().poll(&mut context) {
            std::task::Poll::Ready(result) => result,
            std::task::Poll::Pending => panic!("its node is gone"),
        },
    };
    assert!(matches!(ready, Err(Ended::Freed { .. })), "{ready:?}");
    assert_eq!(said(), ["drop the tree: true", "drop child", "the tree is dropped", "true", "drop future"]);
}

#[test]
fn a_tree_that_is_dropped_asks_its_hooks_and_keeps_nothing() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    let child = node.insert(Says("child"));
    let elsewhere = sim.root().insert(Says("elsewhere"));
    child.on_free(move |me| {
        say(format_args!("child asked, moved {}", me.reparent(elsewhere).is_ok()));
        Keep
    });
    elsewhere.on_free(|_| {
        say("elsewhere asked");
        Proceed
    });
    drop(sim);
    assert_eq!(said(), ["elsewhere asked", "drop elsewhere", "child asked, moved false", "drop child", "drop node"]);
}

#[test]
fn a_completer_and_a_request_outlive_their_tree() {
    let sim = world();
    let (request, done) = sim.root().completer::<Says, Ended>("by hand");
    let (kept, given) = sim.root().completer::<Says, Ended>("completed");
    given.complete(Ok(Says("result"))).map_err(|_| ()).expect("somebody waits");
    let id = request.node().id();
    drop(sim);
    assert!(done.is_abandoned() && !request.node().is_alive());
    assert!(done.complete(Ok(Says("too late"))).is_err());
    assert_eq!(said(), ["drop too late"]);
    let other = Sim::seeded(2);
    assert!(other.root().find(id).is_none());
    // A result that is there waits in its request, also when the owner and the tree are gone.
    let ends = other.block_on(async move { (request.await, kept.await) });
    assert!(matches!(ends, (Err(Ended::Freed { .. }), Ok(Says("result")))));
    drop(ends);
    assert_eq!(said(), ["drop result"]);
}

#[test]
fn a_value_below_owns_the_tree_it_lives_in() {
    let shared = shared(world());
    let root = shared.borrow().as_ref().expect("just made").root();
    let node = root.insert((shared.clone(), Says("owner")));
    // A cycle through the tree; freeing the node breaks it, the last user drops the tree.
    drop(shared);
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop owner"]);
    assert!(!root.is_alive());
}

#[test]
fn a_tree_is_dropped_by_a_completers_closure_of_another_tree() {
    let doomed = shared(world());
    let root = doomed.borrow().as_ref().expect("just made").root();
    root.insert(Says("below"));
    let (request, done): (Request<u32, Ended>, Completer<u32, Ended>) = root.completer("foreign");
    let other = Sim::seeded(2);
    let inner = doomed.clone();
    other.root().soon(move || drop_tree(&inner));
    let awaited = other.block_on(request);
    assert!(matches!(awaited, Err(Ended::Freed { .. })), "{awaited:?}");
    assert!(done.is_abandoned());
    assert_eq!(said(), ["drop the tree: true", "drop below", "the tree is dropped"]);
}
