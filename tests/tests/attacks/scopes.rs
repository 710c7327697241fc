//! Scopes: their futures lie in frames the tree does not own.

use std::{
    cell::RefCell,
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{AnyNode, Ended, Freed, millis, secs};

use crate::trace::{Says, does, said, say, world};

type Boxed = Pin<Box<dyn Future<Output = Result<(), Ended>>>>;

fn poll_once(future: &mut Boxed) -> Poll<Result<(), Ended>> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_foreign_executor_polls_a_scope() {
    let sim = world();
    let root = sim.root();
    let mut scope: Boxed = Box::pin(root.scope("foreign", async |me| {
        let _future = Says("future");
        me.insert(Says("child"));
        say("begins");
        me.sleep(millis(5)).await
    }));
    assert_eq!(root.children().count(), 0, "its node is made at the first poll");
    assert!(poll_once(&mut scope).is_pending());
    assert_eq!(root.children().count(), 1);
    sim.advance(millis(5));
    assert!(matches!(poll_once(&mut scope), Poll::Ready(Ok(()))));
    drop(scope);
    let mut said = said();
    said[1..].sort();
    assert_eq!(said, ["begins", "drop child", "drop future"]);
    assert_eq!(root.children().count(), 0);
}

#[test]
fn a_freed_scope_is_never_polled_again_and_dropped_at_the_callers_poll() {
    let sim = world();
    let node: Rc<RefCell<Option<AnyNode>>> = Rc::default();
    let inner = node.clone();
    let mut scope: Boxed = Box::pin(sim.root().scope("freed", async move |me| {
        let _future = Says("future");
        *inner.borrow_mut() = Some(me);
        poll_fn(|_| -> Poll<Result<(), Ended>> {
            say("polled");
            Poll::Pending
        })
        .await
    }));
    assert!(poll_once(&mut scope).is_pending());
    let node = node.borrow().expect("set by the body");
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["polled"]);
    assert!(matches!(poll_once(&mut scope), Poll::Ready(Err(Ended::Freed { .. }))));
    assert_eq!(said(), ["drop future"]);
    drop(scope);
    assert!(said().is_empty());
}

#[test]
fn a_scope_that_is_dropped_before_and_after_its_first_poll() {
    let sim = world();
    let root = sim.root();
    drop(root.scope("never", async |_| say("never")));
    let mut scope: Boxed = Box::pin(root.scope("dropped", async |me| {
        let _future = Says("future");
        me.insert(Says("child"));
        pending::<Result<(), Ended>>().await
    }));
    assert!(poll_once(&mut scope).is_pending());
    drop(scope);
    let mut said = said();
    said.sort();
    assert_eq!(said, ["drop child", "drop future"]);
    assert_eq!(root.children().count(), 0);
}

#[test]
fn a_scope_frees_its_own_node_in_its_poll() {
    let sim = world();
    let root = sim.root();
    let request = root.spawn("caller", async move |me| {
        let own = Says("borrowed");
        let ended = me
            .scope("frees itself", async |scope| {
                let _future = Says("future");
                say(format_args!("{:?} {} {}", scope.free(), scope.is_alive(), own.0));
                say(matches!(scope.sleep(secs(1)).await, Err(Ended::Freed { .. })));
                pending::<Result<u32, Ended>>().await
            })
            .await;
        say(matches!(ended, Err(Ended::Freed { .. })));
        Ok::<_, Ended>(1)
    });
    assert!(matches!(sim.block_on(request), Ok(1)));
    assert_eq!(said(), ["Gone { survivors: 0 } false borrowed", "true", "drop future", "true", "drop borrowed"]);
}

#[test]
fn a_scope_frees_the_request_that_awaits_it() {
    let sim = world();
    let request = sim.root().spawn("caller", async move |me| {
        let _caller = Says("caller");
        me.scope("frees its caller", async |scope| {
            let _future = Says("future");
            say(format_args!("{:?} {}", me.free(), scope.is_alive()));
            scope.sleep(secs(1)).await
        })
        .await
    });
    assert!(matches!(sim.block_on(request), Err(Ended::Freed { .. })));
    assert_eq!(said(), ["Gone { survivors: 0 } false", "drop future", "drop caller"]);
}

#[test]
fn a_scope_moves_to_another_request_half_way() {
    let sim = world();
    let root = sim.root();
    let owner = root.insert(Says("owner"));
    let scope: Rc<RefCell<Option<Boxed>>> = Rc::new(RefCell::new(Some(Box::pin(owner.scope("moves", async |me| {
        say("begins");
        me.sleep(millis(2)).await?;
        say("goes on");
        Ok::<_, Ended>(())
    })))));
    let first = scope.clone();
    let begins = root.spawn("first", async move |_| {
        poll_fn(|context| {
            let mut taken = first.borrow_mut().take().expect("put back");
            assert!(taken.as_mut().poll(context).is_pending());
            *first.borrow_mut() = Some(taken);
            Poll::Ready(())
        })
        .await;
    });
    assert!(sim.block_on(begins).is_ok());
    let taken = scope.borrow_mut().take().expect("put back");
    let ends = root.spawn("second", async move |_| taken.await);
    assert!(matches!(sim.block_on(ends), Ok(())));
    assert_eq!((said(), sim.elapsed()), (vec!["begins".to_owned(), "goes on".to_owned()], millis(2)));
    assert_eq!(owner.children().count(), 0);
}

#[test]
fn a_scope_outlives_its_tree_and_thread_local_host() {
    let sim = world();
    let mut scope: Boxed = Box::pin(sim.root().scope("outlives", async |me| {
        let _future = Says("future");
        me.sleep(secs(1)).await
    }));
    assert!(poll_once(&mut scope).is_pending());
    let mut never: Boxed = Box::pin(sim.root().scope("never begun", async |_| say("never")));
    drop(sim);
    assert!(said().is_empty());
    assert!(matches!(poll_once(&mut scope), Poll::Ready(Err(Ended::Freed { .. }))));
    assert_eq!(said(), ["drop future"]);
    assert!(matches!(poll_once(&mut never), Poll::Ready(Err(Ended::Freed { .. }))));
    assert!(said().is_empty());
}

#[test]
fn a_scope_whose_slot_was_reused_does_not_take_the_next_tenant() {
    let sim = world();
    let root = sim.root();
    let node: Rc<RefCell<Option<AnyNode>>> = Rc::default();
    let inner = node.clone();
    let mut scope: Boxed = Box::pin(root.scope("old", async move |me| {
        *inner.borrow_mut() = Some(me);
        pending::<Result<(), Ended>>().await
    }));
    assert!(poll_once(&mut scope).is_pending());
    node.borrow().expect("set by the body").free();
    let tenants: Vec<_> = (0..16).map(|_| root.insert(Says("tenant"))).collect();
    drop(scope);
    assert!(tenants.iter().all(|tenant| tenant.is_alive()) && said().is_empty());
}

#[test]
fn a_scope_borrows_what_lies_in_the_callers_frame() {
    let sim = world();
    let request = sim.root().spawn("caller", async move |me| {
        let text = String::from("borrowed");
        let mut count = 0_u32;
        for limit in [1, 2, 3] {
            let scope = me.scope("borrows", async |scope| {
                count += text.len() as u32;
                scope.sleep(millis(limit)).await?;
                Ok::<_, Ended>(&text)
            });
            let borrowed = pin!(scope.timeout(millis(2))).await;
            say(borrowed.is_ok());
        }
        Ok::<_, Ended>(count)
    });
    assert!(matches!(sim.block_on(request), Ok(24)));
    // At two milliseconds both are there: the answer wins (law 16).
    assert_eq!(said(), ["true", "true", "false"]);
}

/// A free on its way up meets a scope that was dropped on its way down, or polled: it ends the scope's node itself, and goes on above.
#[test]
fn a_scope_is_dropped_or_polled_by_the_free_of_its_own_node() {
    for polls in [false, true] {
        let sim = world();
        let root = sim.root();
        let before = root.report().stable();
        let owner: AnyNode = root.insert(Says("owner")).into();
        owner.insert(Says("elder"));
        let scope = owner.scope("scope", async |_: AnyNode| pending::<Result<(), Ended>>().await);
        let scope: Rc<RefCell<Option<Boxed>>> = Rc::new(RefCell::new(Some(Box::pin(scope))));
        let inner = scope.clone();
        let awaits = root.spawn("awaits", async move |_| {
            poll_fn(|context| inner.borrow_mut().as_mut().expect("there").as_mut().poll(context)).await?;
            Ok::<_, Ended>(())
        });
        let awaits = awaits.detach();
        sim.settle();
        let node = owner.children().next().expect("made at its first poll");
        assert_eq!(node.name(), "scope");
        awaits.reparent(node).expect("it is not above it");
        let inner = scope.clone();
        node.insert(does(move || match inner.take() {
            Some(mut scope) if polls => {
                say(format_args!("{:?}", poll_once(&mut scope).map(|got| got.is_err())));
            }
            scope => drop(scope),
        }));
        assert_eq!(owner.free(), Freed::Gone { survivors: 0 });
        let polled = if polls { &["Ready(true)"][..] } else { &[] };
        assert_eq!(said(), [polled, &["drop elder", "drop owner"]].concat());
        assert_eq!(root.report().stable(), before);
        let next: Vec<AnyNode> = (0..4).map(|_| root.spawn("next", async |_| pending::<()>().await).detach()).collect();
        sim.settle();
        let ids: std::collections::HashSet<_> = next.iter().map(|node| node.id()).collect();
        assert!(ids.len() == next.len() && next.iter().all(|node| node.is_alive()), "{next:?}");
    }
}
