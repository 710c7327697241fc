//! Requests that free, drop and await themselves and each other.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{AnyNode, Completer, Ended, Freed, Request, millis, secs, sim::Deadlock, sim::Sim};

use crate::trace::{Says, contain, does, said, say, world};

/// A request that others can reach while it runs.
type Shared<T> = Rc<RefCell<Option<Pin<Box<Request<T, Ended>>>>>>;

fn share<T>(request: Request<T, Ended>) -> Shared<T> {
    Rc::new(RefCell::new(Some(Box::pin(request))))
}

fn poll_shared<T>(shared: &Shared<T>, context: &mut Context<'_>) -> Poll<Result<T, Ended>> {
    let mut taken = shared.borrow_mut().take().expect("nobody else has it");
    let polled = taken.as_mut().poll(context);
    *shared.borrow_mut() = Some(taken);
    polled
}

#[test]
fn a_request_that_frees_itself_awaits_on() {
    let sim = world();
    let request = sim.root().spawn("self", async move |me| {
        let _future = Says("future");
        me.insert(Says("child"));
        say(format_args!("{:?} {}", me.free(), me.is_alive()));
        say(matches!(me.sleep(secs(1)).await, Err(Ended::Freed { .. })));
        let below = me.spawn("below", async move |_| say("never"));
        say(matches!(below.await, Err(Ended::Freed { .. })));
        pending::<()>().await;
        Ok::<_, Ended>(1)
    });
    assert!(matches!(sim.block_on(request), Err(Ended::Freed { .. })));
    assert_eq!(said(), ["drop child", "Gone { survivors: 0 } false", "true", "true", "drop future"]);
}

#[test]
fn a_request_that_frees_itself_and_returns_ended_as_freed() {
    let sim = world();
    let request = sim.root().spawn("self", async move |me| {
        me.free();
        Ok::<_, Ended>(Says("result"))
    });
    assert!(matches!(sim.block_on(request), Err(Ended::Freed { .. })));
    assert_eq!(said(), ["drop result"]);
}

#[test]
fn a_request_that_frees_itself_and_panics_is_told_once() {
    let sim = world();
    let failures = contain(sim.root());
    let request = sim.root().spawn("self", async move |me| -> Result<u32, Ended> {
        let _future = Says("future");
        me.free();
        panic!("after the end");
    });
    assert!(matches!(sim.block_on(request), Err(Ended::Freed { .. })));
    sim.settle();
    assert_eq!(said(), ["drop future"]);
    assert!(failures.borrow().len() == 1 && failures.borrow()[0].contains("after the end"), "{failures:?}");
}

#[test]
fn a_request_frees_its_parent_the_root_and_goes_on() {
    let sim = world();
    let root = sim.root();
    let outer = root.insert(Says("outer"));
    outer
        .spawn("inner", async move |me| {
            let _future = Says("future");
            say(format_args!("{:?} {}", outer.free(), me.is_alive()));
            say(format_args!("{:?}", root.free()));
            say(matches!(root.sleep(millis(1)).await, Err(Ended::Freed { .. })));
        })
        .detach();
    sim.settle();
    let expected = ["drop outer", "Gone { survivors: 0 } false", "Gone { survivors: 0 }", "true", "drop future"];
    assert_eq!(said(), expected);
    assert!(!sim.root().is_alive());
}

#[test]
fn who_waited_before_its_end_does_not_wake_the_slots_next_tenant() {
    let sim = world();
    let root = sim.root();
    let (request, done) = root.completer::<u32, Ended>("awaited");
    let awaited = share(request);
    let inner = awaited.clone();
    root.spawn("frees itself first", async move |me| {
        me.free();
        poll_fn(|context| poll_shared(&inner, context)).await
    })
    .detach();
    sim.settle();
    // Nobody holds the freed request: its slot is free for one of these.
    let polls: Rc<RefCell<Vec<u32>>> = Rc::new(RefCell::new(vec![0; 8]));
    for index in 0..8 {
        let polls = polls.clone();
        root.spawn("tenant", move |_| {
            poll_fn(move |_| -> Poll<()> {
                polls.borrow_mut()[index] += 1;
                Poll::Pending
            })
        })
        .detach();
    }
    sim.settle();
    assert_eq!(*polls.borrow(), [1; 8]);
    done.complete(Ok(7)).expect("the request is not ended");
    sim.settle();
    assert_eq!(*polls.borrow(), [1; 8]);
    let held = awaited.borrow_mut().take().expect("still here");
    assert!(matches!(sim.block_on(held), Ok(7)));
}

#[test]
fn a_request_drops_its_own_handle() {
    let sim = world();
    let own: Shared<u32> = Rc::new(RefCell::new(None));
    let inner = own.clone();
    let request = sim.root().spawn("owns itself", async move |me| {
        let _future = Says("future");
        drop(inner.borrow_mut().take());
        say(me.is_alive());
        say(matches!(me.sleep(secs(1)).await, Err(Ended::Freed { .. })));
        Ok::<_, Ended>(1)
    });
    *own.borrow_mut() = Some(Box::pin(request));
    sim.settle();
    assert_eq!(said(), ["false", "true", "drop future"]);
    assert!(sim.root().children().next().is_none() && sim.root().is_alive());
}

#[test]
fn a_request_that_awaits_itself_is_stuck_and_can_be_freed() {
    let sim = world();
    let own: Shared<u32> = Rc::new(RefCell::new(None));
    let inner = own.clone();
    let request = sim.root().spawn("awaits itself", async move |_| {
        let _future = Says("future");
        let own = inner.borrow_mut().take().expect("put there below");
        own.await
    });
    let node = request.node();
    *own.borrow_mut() = Some(Box::pin(request));
    sim.settle();
    assert!(node.is_alive());
    let stuck = sim.try_block_on(pending::<()>());
    assert!(matches!(&stuck, Err(Deadlock::Stuck(text)) if text.contains("awaits itself")), "{stuck:?}");
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop future"]);
}

#[test]
fn two_requests_own_and_await_each_other() {
    let sim = world();
    let slots: [Shared<u32>; 2] = [Rc::new(RefCell::new(None)), Rc::new(RefCell::new(None))];
    let nodes = [0, 1].map(|index| {
        let other = slots[1 - index].clone();
        let request = sim.root().spawn("one of two", async move |_| {
            let _future = Says("future");
            let other = other.borrow_mut().take().expect("put there below");
            other.await
        });
        let node = request.node();
        *slots[index].borrow_mut() = Some(Box::pin(request));
        node
    });
    sim.settle();
    assert!(nodes.iter().all(|node| node.is_alive()));
    assert_eq!(nodes[0].free(), Freed::Gone { survivors: 0 });
    sim.settle();
    assert_eq!(said(), ["drop future", "drop future"]);
    assert!(sim.root().children().next().is_none());
}

#[test]
fn two_trees_await_each_other() {
    let (left, right) = (world(), Sim::seeded(2));
    let (from_left, left_done) = left.root().completer::<u32, Ended>("left");
    let on_right = right.root().spawn("right", async move |_| Ok::<_, Ended>(from_left.await? + 1));
    let on_left = left.root().spawn("left again", async move |_| Ok::<_, Ended>(on_right.await? + 1));
    let result = Rc::new(Cell::new(None));
    let seen = result.clone();
    on_left.on_result(move |result| seen.set(result.ok()));
    for _ in 0..3 {
        left.settle();
        right.settle();
    }
    assert_eq!(result.get(), None);
    left_done.complete(Ok(40)).expect("the right tree waits");
    for _ in 0..3 {
        left.settle();
        right.settle();
    }
    assert_eq!(result.get(), Some(42));
}

#[test]
fn two_trees_in_a_cycle_end_each_other() {
    let (left, right) = (world(), Sim::seeded(2));
    let slot: Shared<u32> = Rc::new(RefCell::new(None));
    let inner = slot.clone();
    let on_left = left.root().spawn("left", async move |_| {
        let _future = Says("left");
        let other = inner.borrow_mut().take().expect("put there below");
        other.await
    });
    let node = on_left.node();
    let on_right = right.root().spawn("right", async move |_| {
        let _future = Says("right");
        on_left.await
    });
    *slot.borrow_mut() = Some(Box::pin(on_right));
    for _ in 0..3 {
        right.settle();
        left.settle();
    }
    assert!(node.is_alive() && said().is_empty());
    drop(left);
    right.settle();
    assert_eq!(said(), ["drop right", "drop left"]);
    assert!(right.root().children().next().is_none());
}

#[test]
fn a_request_moves_to_another_request_between_polls() {
    let sim = world();
    let root = sim.root();
    let (request, done) = root.completer::<u32, Ended>("moves");
    let shared = share(request);
    let polls = Rc::new(Cell::new(0));
    let (first, count) = (shared.clone(), polls.clone());
    root.spawn("first", async move |_| {
        poll_fn(|context| {
            count.set(count.get() + 1);
            poll_shared(&first, context).map(|_| ())
        })
        .await;
    })
    .detach();
    sim.settle();
    let second = shared.clone();
    let asks = root.spawn("second", async move |_| poll_fn(|context| poll_shared(&second, context)).await);
    let asks = share(asks);
    let mut context = Context::from_waker(Waker::noop());
    assert!(poll_shared(&asks, &mut context).is_pending());
    sim.settle();
    done.complete(Ok(7)).expect("somebody waits");
    sim.settle();
    // Who polled last is told; the first one's stay with it does no harm.
    let asks = asks.borrow_mut().take().expect("put back");
    assert!(matches!(sim.block_on(asks), Ok(7)));
    assert!(polls.get() <= 2, "{}", polls.get());
}

#[test]
fn a_completer_is_owned_by_what_it_completes() {
    let sim = world();
    let (request, done) = sim.root().completer::<u32, Ended>("by hand");
    let node = request.node();
    node.insert((done, Says("child")));
    sim.settle();
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["drop child"]);
    assert!(matches!(sim.block_on(request), Err(Ended::Freed { .. })));
}

#[test]
fn a_completer_is_dropped_in_the_drop_of_what_waits_for_it() {
    let sim = world();
    let slot: Rc<RefCell<Option<Completer<u32, Ended>>>> = Rc::default();
    let (request, done) = sim.root().completer::<u32, Ended>("awaited");
    *slot.borrow_mut() = Some(done);
    let inner = slot.clone();
    let waits = sim.root().spawn("waits", async move |_| {
        let completer = inner;
        let _drops = does(move || drop(completer.borrow_mut().take()));
        request.await
    });
    sim.settle();
    drop(waits);
    sim.settle();
    assert!(slot.borrow().is_none() && sim.root().children().next().is_none());
}

#[test]
fn a_result_frees_the_tree_when_it_is_dropped_unreceived() {
    let sim = world();
    let root = sim.root();
    let request = root.spawn("gives a bomb", async move |_| Ok::<_, Ended>(does(move || say(format_args!("{:?}", root.free())))));
    let shared = share(request);
    let mut context = Context::from_waker(Waker::noop());
    assert!(poll_shared(&shared, &mut context).is_pending());
    root.insert(Says("other"));
    sim.settle();
    assert!(said().is_empty());
    drop(shared.take());
    assert_eq!(said(), ["drop other", "Gone { survivors: 0 }"]);
    assert!(!root.is_alive());
}

#[test]
fn a_body_closure_that_is_never_called_frees_when_it_is_dropped() {
    let sim = world();
    let root = sim.root();
    let other = root.insert(Says("other"));
    let bomb = does(move || say(format_args!("{:?}", other.free())));
    let request = root.spawn("never runs", async move |_| drop(bomb));
    drop(request);
    assert_eq!(said(), ["drop other", "Gone { survivors: 0 }"]);
    assert!(root.children().next().is_none());
}

#[test]
fn the_loop_is_not_entered_from_within() {
    let sim = Rc::new(world());
    let failures = contain(sim.root());
    let inner = sim.clone();
    sim.root()
        .spawn("nests", async move |me| {
            say(matches!(inner.try_block_on(me.sleep(millis(1))), Err(Deadlock::Nested)));
            let unwound = catch_unwind(AssertUnwindSafe(|| inner.block_on(me.sleep(millis(1)))));
            let text = unwound.expect_err("refused").downcast::<String>().map(|text| *text).unwrap_or_default();
            say(text.contains("nests"));
            say(catch_unwind(AssertUnwindSafe(|| inner.settle())).is_err());
            say(catch_unwind(AssertUnwindSafe(|| inner.advance(millis(1)))).is_err());
        })
        .detach();
    sim.settle();
    assert_eq!(said(), ["true"; 4]);
    let node = sim.root().insert(());
    node.with(|_| say(matches!(sim.try_block_on(node.sleep(millis(1))), Err(Deadlock::Nested))));
    let inner = sim.clone();
    let dropper = sim.root().insert(does(move || say(matches!(inner.try_block_on(pending::<()>()), Err(Deadlock::Nested)))));
    dropper.free();
    assert_eq!(said(), ["true"; 2]);
    assert!(failures.borrow().is_empty(), "{failures:?}");
    assert_eq!(sim.elapsed(), millis(0));
}

#[test]
fn a_timer_frees_itself_its_siblings_and_its_owner() {
    let sim = world();
    let owner = sim.root().insert(Says("owner"));
    let sibling: Rc<Cell<Option<AnyNode>>> = Rc::default();
    let inner = sibling.clone();
    let ticks = owner.every(millis(1), {
        let _held = Says("never dropped early");
        move || {
            let _held = &_held;
            say(format_args!("{:?}", inner.get().map(AnyNode::free)));
            say(format_args!("{:?} {}", owner.free(), owner.is_alive()));
        }
    });
    sibling.set(Some(*owner.after(millis(1), || say("never"))));
    sim.advance(millis(3));
    let expected = ["Some(Gone { survivors: 0 })", "drop owner", "Gone { survivors: 0 } false", "drop never dropped early"];
    assert_eq!(said(), expected);
    assert!(!ticks.reset(millis(1)) && sim.root().children().next().is_none());
}
