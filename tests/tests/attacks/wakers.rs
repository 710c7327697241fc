//! Wakers of one thread: kept too long, re-entering, foreign.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use hamadryad::{AnyNode, Ended, Freed, Request, millis, secs, sim::Sim};

use crate::trace::{Says, by_value, contain, said, say, world};

type Boxed<T> = Pin<Box<Request<T, Ended>>>;

thread_local! {
    static ON_WAKE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
    static ON_DROP: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A waker of no executor: what it does when it is woken and dropped is set by [`ON_WAKE`] and [`ON_DROP`] of the thread.
struct Foreign;

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        say("wake");
        if let Some(code) = ON_WAKE.take() {
            code();
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        say("drop waker");
        if let Some(code) = ON_DROP.take() {
            code();
        }
    }
}

fn poll_with_foreign<T>(request: &mut Boxed<T>) -> Poll<Result<T, Ended>> {
    let waker = Waker::from(Arc::new(Foreign));
    request.as_mut().poll(&mut Context::from_waker(&waker))
}

/// A request that leaves its waker here at every poll, and never ends.
fn leaves_waker(owner: AnyNode, polls: Rc<Cell<usize>>) -> (Request<(), Ended>, Rc<RefCell<Option<Waker>>>) {
    let left: Rc<RefCell<Option<Waker>>> = Rc::default();
    let inner = left.clone();
    let request = owner.spawn("leaves its waker", move |_| {
        poll_fn(move |context| -> Poll<()> {
            polls.set(polls.get() + 1);
            *inner.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
    });
    (request, left)
}

#[test]
fn a_waker_kept_after_its_node_does_not_wake_the_next_tenant() {
    let sim = world();
    let mut wakers = Vec::new();
    for round in 0..20 {
        let polls = Rc::new(Cell::new(0));
        let (request, waker) = leaves_waker(sim.root(), polls.clone());
        let node = request.detach();
        sim.settle();
        assert_eq!(polls.get(), 1, "round {round}");
        assert_eq!(node.free(), Freed::Gone { survivors: 0 });
        let tenant_polls = Rc::new(Cell::new(0));
        let (tenant, _) = leaves_waker(sim.root(), tenant_polls.clone());
        sim.settle();
        let waker = waker.take().expect("left at the poll");
        waker.wake_by_ref();
        by_value(&waker);
        wakers.push(waker);
        for waker in &wakers {
            waker.wake_by_ref();
        }
        sim.settle();
        assert_eq!((polls.get(), tenant_polls.get()), (1, 1), "round {round}");
        drop(tenant);
    }
}

#[test]
fn a_waker_kept_after_its_tree_does_nothing() {
    let polls = Rc::new(Cell::new(0));
    let sim = world();
    let (request, waker) = leaves_waker(sim.root(), polls.clone());
    sim.settle();
    drop(sim);
    let waker = waker.take().expect("left at the poll");
    waker.wake_by_ref();
    let other = Sim::seeded(2);
    let other_polls = Rc::new(Cell::new(0));
    let (held, _) = leaves_waker(other.root(), other_polls.clone());
    other.settle();
    by_value(&waker);
    drop(request);
    waker.wake();
    other.settle();
    assert_eq!((polls.get(), other_polls.get()), (1, 1));
    drop(held);
}

#[test]
fn a_waker_wakes_its_own_request_once_a_turn_however_often() {
    let sim = world();
    let polls = Rc::new(Cell::new(0));
    let (request, waker) = leaves_waker(sim.root(), polls.clone());
    sim.settle();
    for round in 2..10 {
        let woken = waker.take().expect("left at the poll");
        for _ in 0..round {
            woken.wake_by_ref();
            by_value(&woken);
        }
        sim.settle();
        assert_eq!(polls.get(), round);
    }
    drop(request);
}

#[test]
fn a_waker_and_its_clones_will_wake_the_same() {
    let sim = world();
    let before: Rc<RefCell<Option<Waker>>> = Rc::default();
    let request = sim.root().spawn("compares", move |_| {
        poll_fn(move |context| {
            let clone = context.waker().clone();
            say(clone.will_wake(context.waker()) && context.waker().will_wake(&clone) && clone.will_wake(&clone.clone()));
            match before.replace(Some(clone)) {
                None => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                Some(last) => {
                    say(last.will_wake(context.waker()));
                    Poll::Ready(())
                }
            }
        })
    });
    assert!(sim.block_on(request).is_ok());
    assert_eq!(said(), ["true", "true", "true"]);
}

#[test]
fn wakers_of_two_requests_and_of_two_trees_are_told_apart() {
    let (sim, other) = (world(), Sim::seeded(2));
    let polls = Rc::new(Cell::new(0));
    let mut held = Vec::new();
    let mut wakers = Vec::new();
    for root in [sim.root(), sim.root(), other.root()] {
        let (request, waker) = leaves_waker(root, polls.clone());
        held.push(request);
        wakers.push(waker);
    }
    sim.settle();
    other.settle();
    let wakers: Vec<Waker> = wakers.iter().map(|waker| waker.take().expect("left at the poll")).collect();
    assert!(!wakers[0].will_wake(&wakers[1]) && !wakers[0].will_wake(&wakers[2]) && !wakers[1].will_wake(&wakers[2]));
}

#[test]
fn a_foreign_waker_is_called_by_the_loop_not_inside_the_completion() {
    let sim = world();
    let root = sim.root();
    let (request, done) = root.completer::<u32, Ended>("by hand");
    let mut request = Box::pin(request);
    assert!(poll_with_foreign(&mut request).is_pending());
    let other = root.insert(Says("other"));
    ON_WAKE.set(Some(Box::new(move || {
        say(format_args!("{:?}", other.free()));
        root.soon(|| say("soon"));
    })));
    done.complete(Ok(7)).expect("somebody waits");
    say("completed");
    assert!(!request.node().is_alive());
    sim.settle();
    assert_eq!(said(), ["completed", "wake", "drop other", "Gone { survivors: 0 }", "drop waker", "soon"]);
    assert!(matches!(poll_with_foreign(&mut request), Poll::Ready(Ok(7))));
    assert_eq!(said(), ["drop waker"]);
}

#[test]
fn a_foreign_waker_frees_the_root_when_it_is_woken() {
    let sim = world();
    let root = sim.root();
    let owner = root.insert(Says("owner"));
    let (request, done) = owner.completer::<u32, Ended>("by hand");
    let mut request = Box::pin(request);
    assert!(poll_with_foreign(&mut request).is_pending());
    ON_WAKE.set(Some(Box::new(move || say(format_args!("{:?}", root.free())))));
    assert_eq!(owner.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop owner"]);
    assert!(done.is_abandoned());
    sim.settle();
    assert_eq!(said(), ["wake", "Gone { survivors: 0 }", "drop waker"]);
    assert!(matches!(poll_with_foreign(&mut request), Poll::Ready(Err(Ended::Freed { .. }))));
}

#[test]
fn a_foreign_waker_frees_when_it_is_dropped() {
    let sim = world();
    let root = sim.root();
    let (request, _done) = root.completer::<u32, Ended>("by hand");
    let node = request.node();
    let mut request = Box::pin(request);
    assert!(poll_with_foreign(&mut request).is_pending());
    said();
    let other = root.insert(Says("other"));
    ON_DROP.set(Some(Box::new(move || say(format_args!("{:?} {:?}", other.free(), node.free())))));
    // A second waiter takes the first one's place: its waker is dropped.
    let mut context = Context::from_waker(Waker::noop());
    assert!(request.as_mut().poll(&mut context).is_pending());
    sim.settle();
    let expected = ["drop waker", "drop other", "Gone { survivors: 0 } Gone { survivors: 0 }"];
    assert_eq!(said(), expected);
    assert!(matches!(request.as_mut().poll(&mut context), Poll::Ready(Err(Ended::Freed { .. }))));
}

#[test]
fn a_foreign_waker_is_called_at_the_end_of_a_tree_that_is_dropped() {
    let sim = world();
    let root = sim.root();
    let owner = root.insert(Says("owner"));
    let (request, _done) = owner.completer::<u32, Ended>("by hand");
    root.insert(Says("older than nothing"));
    let mut request = Box::pin(request);
    assert!(poll_with_foreign(&mut request).is_pending());
    ON_WAKE.set(Some(Box::new(move || {
        say(format_args!("{:?} {}", owner.free(), root.is_alive()));
    })));
    drop(sim);
    assert_eq!(said(), ["drop older than nothing", "drop owner", "wake", "Stale false", "drop waker"]);
    assert!(matches!(poll_with_foreign(&mut request), Poll::Ready(Err(Ended::Freed { .. }))));
}

#[test]
fn a_foreign_waker_wakes_a_request_of_its_own_tree_from_a_free() {
    // A request is polled by hand inside another request's poll, with a waker that frees who polls it.
    let sim = world();
    let root = sim.root();
    let (request, done) = root.completer::<u32, Ended>("by hand");
    let poller = root.spawn("polls by hand", async move |me| {
        let _future = Says("future");
        let mut request = Box::pin(request);
        ON_WAKE.set(Some(Box::new(move || say(format_args!("{:?}", me.free())))));
        say(poll_with_foreign(&mut request).is_pending());
        me.sleep(secs(1)).await?;
        say("slept");
        Ok::<_, Ended>(())
    });
    root.after(millis(1), move || done.complete(Ok(1)));
    assert!(matches!(sim.block_on(poller), Err(Ended::Freed { .. })));
    let mut said = said();
    said.retain(|line| line != "drop waker");
    assert_eq!(said, ["true", "wake", "drop future", "Gone { survivors: 0 }"]);
    assert_eq!(sim.elapsed(), millis(1));
}

#[test]
fn a_foreign_waker_panics() {
    let sim = world();
    let failures = contain(sim.root());
    let root = sim.root();
    let (first, first_done) = root.completer::<u32, Ended>("first");
    let (second, second_done) = root.completer::<u32, Ended>("second");
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    assert!(poll_with_foreign(&mut first).is_pending() && poll_with_foreign(&mut second).is_pending());
    ON_WAKE.set(Some(Box::new(|| panic!("in the waker"))));
    first_done.complete(Ok(1)).expect("somebody waits");
    second_done.complete(Ok(2)).expect("somebody waits");
    sim.settle();
    assert_eq!(said().iter().filter(|line| *line == "wake").count(), 2);
    assert!(failures.borrow().len() == 1 && failures.borrow()[0].contains("in the waker"), "{failures:?}");
    assert!(matches!(poll_with_foreign(&mut first), Poll::Ready(Ok(1))) && matches!(poll_with_foreign(&mut second), Poll::Ready(Ok(2))));
}
