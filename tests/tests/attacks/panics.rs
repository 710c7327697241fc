//! Code that panics at the worst moment: the tree stays whole, the rest goes on, nothing is dropped twice, and every panic is told once.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::Pin,
    task::{Context, Poll},
};

use hamadryad::{AccessError, Ended, Freed, Node, OnFailure, OnFree::Proceed, millis, secs};

use crate::trace::{Says, contain, does, said, say, world};

const GONE: Freed = Freed::Gone { survivors: 0 };

#[test]
fn two_drops_panic_in_one_free() {
    let sim = world();
    let failures = contain(sim.root());
    let parent = sim.root().insert(Says("parent"));
    for name in ["first", "second"] {
        let node = parent.insert(does(move || {
            let _dropped = Says(name);
            panic!("{name} panics");
        }));
        node.insert(Says("below"));
    }
    assert_eq!(parent.free(), GONE);
    sim.settle();
    assert_eq!(said(), ["drop below", "drop second", "drop below", "drop first", "drop parent"]);
    let failures = failures.borrow();
    assert!(failures.len() == 2 && failures[0].contains("second panics") && failures[1].contains("first panics"), "{failures:?}");
}

#[test]
fn a_drop_panics_while_another_panic_unwinds() {
    let sim = world();
    let failures = contain(sim.root());
    let node = sim.root().insert(does(|| panic!("in drop")));
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _free = does(move || say(format_args!("{:?}", node.free())));
        panic!("outside");
    }));
    assert!(unwound.is_err());
    sim.settle();
    assert_eq!(said(), ["Gone { survivors: 0 }"]);
    assert_eq!(failures.borrow().len(), 1);
}

#[test]
fn a_hook_panics_and_the_free_goes_on() {
    let sim = world();
    let failures = contain(sim.root());
    let node = sim.root().insert(Says("node"));
    node.insert(Says("child"));
    node.on_free(|_| {
        say("older hook");
        Proceed
    });
    node.on_free(|_| panic!("in hook"));
    assert_eq!(node.free(), GONE);
    sim.settle();
    assert_eq!(said(), ["older hook", "drop child", "drop node"]);
    assert!(failures.borrow().len() == 1 && failures.borrow()[0].contains("in hook"), "{failures:?}");
}

#[test]
fn a_poll_and_a_childs_drop_panic() {
    let sim = world();
    let failures = contain(sim.root());
    let request = sim.root().spawn("both", async move |me| {
        me.insert(does(|| panic!("in the child's drop")));
        me.insert(Says("child"));
        let _future = Says("future");
        me.sleep(millis(1)).await?;
        panic!("in poll");
        #[expect(unreachable_code, reason = "names the type of the result")]
        Ok::<u32, Ended>(1)
    });
    let ended = sim.block_on(request);
    assert!(matches!(ended, Err(Ended::Panicked { .. })), "{ended:?}");
    assert!(format!("{}", ended.expect_err("it panicked")).contains("in poll"));
    sim.settle();
    // What it owns is freed before or after the frame unwinds, but each once.
    let mut said = said();
    said.sort();
    assert_eq!(said, ["drop child", "drop future"]);
    assert!(failures.borrow().len() == 1 && failures.borrow()[0].contains("in the child's drop"), "{failures:?}");
    assert!(sim.root().is_alive());
}

/// Ready at once; panics when it is dropped.
struct ReadyThenPanics(Says);

impl Future for ReadyThenPanics {
    type Output = Result<u32, Ended>;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(5))
    }
}

impl Drop for ReadyThenPanics {
    fn drop(&mut self) {
        panic!("drop of the future, beside {}", self.0.0);
    }
}

#[test]
fn a_future_whose_drop_panics_after_ready_still_gives_its_result() {
    let sim = world();
    let failures = contain(sim.root());
    let inner = sim.root().spawn("inner", |_| ReadyThenPanics(Says("field")));
    let outer = sim.root().spawn("outer", async move |_| inner.await);
    assert!(matches!(sim.block_on(outer), Ok(5)));
    sim.settle();
    assert_eq!(said(), ["drop field"]);
    assert!(failures.borrow().len() == 1 && failures.borrow()[0].contains("drop of the future"), "{failures:?}");
}

#[test]
fn an_abandoned_future_panics_in_its_drop() {
    let sim = world();
    let failures = contain(sim.root());
    let request = sim.root().spawn("waits", async move |me| {
        let _panics = does(|| panic!("at the end"));
        me.insert(Says("child"));
        me.sleep(secs(9)).await
    });
    sim.settle();
    drop(request);
    sim.settle();
    assert_eq!(said(), ["drop child"]);
    assert!(failures.borrow().len() == 1 && failures.borrow()[0].contains("at the end"), "{failures:?}");
    assert!(sim.root().children().next().is_none());
}

#[test]
fn a_constructor_panics() {
    let sim = world();
    let failures = contain(sim.root());
    let root = sim.root();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        root.insert_with(|me: Node<Says>| -> Says {
            me.insert(Says("child"));
            panic!("no value");
        })
    }));
    assert!(unwound.is_err());
    sim.settle();
    assert_eq!(said(), ["drop child"]);
    assert!(failures.borrow().is_empty(), "who called got the panic");
    assert!(root.children().next().is_none() && root.is_alive());
}

#[test]
fn a_with_panics_and_lends_again() {
    let sim = world();
    let node = sim.root().insert((1, Says("node")));
    let unwound = catch_unwind(AssertUnwindSafe(|| node.with_mut(|_| panic!("inside"))));
    assert!(unwound.is_err());
    assert_eq!(node.with_mut(|value| value.0), 1);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        node.with(|_| {
            node.free();
            panic!("after its free");
        })
    }));
    assert!(unwound.is_err());
    assert_eq!(said(), ["drop node"]);
    assert!(matches!(node.try_with(|_| ()), Err(AccessError::Stale { .. })));
}

#[test]
fn a_payload_panics_when_it_is_dropped() {
    let sim = world();
    let failures = contain(sim.root());
    let node = sim.root().insert(does(|| panic_any(does(|| panic!("in the payload")))));
    assert_eq!(node.free(), GONE);
    let request = sim.root().spawn("throws", async move |_| -> Result<u32, Ended> { panic_any(does(|| panic!("in the payload"))) });
    assert!(matches!(sim.block_on(request), Err(Ended::Panicked { .. })));
    sim.settle();
    assert!(!failures.borrow().is_empty());
    assert!(!node.is_alive() && sim.root().is_alive() && sim.root().children().next().is_none());
}

#[test]
fn a_failure_handler_panics() {
    let sim = world();
    let failures = contain(sim.root());
    let node = sim.root().insert(());
    node.on_failure(|_| -> OnFailure { panic!("in the handler") });
    node.after(millis(1), || panic!("in the timer"));
    node.after(millis(2), || say("next timer"));
    sim.advance(millis(3));
    assert_eq!(said(), ["next timer"]);
    let failures = failures.borrow();
    assert!(failures.iter().any(|failure| failure.contains("in the handler")), "{failures:?}");
    assert!(failures.len() <= 2, "{failures:?}");
}

#[test]
fn callbacks_of_each_kind_panic_and_the_loop_goes_on() {
    let sim = world();
    let failures = contain(sim.root());
    let root = sim.root();
    root.soon(|| panic!("soon"));
    root.after(millis(1), || panic!("after"));
    let ticks = root.every(millis(2), || {
        say("tick");
        panic!("every");
    });
    let (request, done) = root.completer::<u32, Ended>("by hand");
    request.on_result(|_| panic!("on_result"));
    done.complete(Ok(1)).expect("somebody waits");
    root.insert(()).remote().post(|_| panic!("post")).expect("the tree lives");
    sim.settle();
    sim.advance(millis(1));
    for text in ["soon", "after", "on_result", "post"] {
        assert!(failures.borrow().iter().any(|failure| failure.contains(text)), "{text}: {failures:?}");
    }
    assert_eq!(failures.borrow().len(), 4);
    sim.advance(millis(5));
    assert!(!said().is_empty(), "time still passes");
    ticks.free();
    assert!(root.is_alive());
}

#[test]
fn an_uncontained_panic_of_a_drop_shuts_the_root_down() {
    let sim = world();
    let node = sim.root().insert(does(|| panic!("nobody contains it")));
    sim.root().insert(Says("other"));
    assert_eq!(node.free(), GONE);
    let root = sim.root();
    let unwound = catch_unwind(AssertUnwindSafe(|| sim.block_on(root.sleep(secs(60)))));
    let text = unwound.expect_err("the failure ends the root").downcast::<String>().expect("a message");
    assert!(text.contains("nobody contains it"), "{text}");
    assert_eq!(said(), ["drop other"]);
    assert!(!sim.root().is_alive());
}
