//! A limit that nobody but the request has to know yet: whoever polls the handle of one that is ending must not make it known. Else a
//! request that is gone is timed out, and with it whoever has its slot.

use std::{
    cell::RefCell,
    future::pending,
    pin::Pin,
    rc::Rc,
    task::{Context, Waker},
};

use hamadryad::{Ended, Request, millis};

use crate::trace::{contain, does, world};

#[test]
fn a_request_whose_handle_is_polled_while_its_body_is_dropped_has_no_limit_afterwards() {
    let sim = world();
    let root = sim.root();
    let failures = contain(root);
    let before = sim.tree().next_deadline();
    let kept: Rc<RefCell<Option<Request<(), Ended>>>> = Rc::default();
    let handle = kept.clone();
    let makes = root.spawn("makes", async move |_| {
        let inner = handle.clone();
        let last = does(move || {
            let mut handle = inner.borrow_mut();
            let handle = handle.as_mut().expect("it is kept");
            assert!(Pin::new(handle).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        });
        let made = root.spawn("ends", async move |_| {
            let _last = last;
            pending::<()>().await;
        });
        let node = made.node();
        handle.replace(Some(made.timeout(millis(5))));
        node.free();
        assert!(handle.borrow_mut().as_mut().is_some_and(|handle| !handle.node().is_alive()), "freed once");
    });
    sim.block_on(makes).expect("it goes on");
    assert_eq!(sim.tree().next_deadline(), before, "nothing with a limit is there");
    sim.advance(millis(10));
    let handle = kept.take().expect("kept");
    assert!(!handle.node().is_alive(), "gone for ever");
    drop(handle);
    assert!(failures.borrow().is_empty(), "{failures:?}");
}
