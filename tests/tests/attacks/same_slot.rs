//! Whose waker it is that polls: by a clone, somebody polls for a request that has ended, or with code of a slot's last tenant on the stack.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{Ended, secs};

use crate::trace::{Drops, does, said, say, world};

/// What a clone of an ended request's waker polls is noted nowhere in that request's slot: its result lies there.
#[test]
fn a_result_stays_whatever_is_polled_with_its_requests_waker() {
    let sim = world();
    let root = sim.root();
    let (kept, drops): (Rc<Cell<Option<Waker>>>, _) = (Rc::default(), Drops::default());
    let (keep, mut counted) = (kept.clone(), Some(drops.counted()));
    let request = root.spawn("ends", move |_| {
        poll_fn(move |context| {
            keep.set(Some(context.waker().clone()));
            Poll::Ready(Ok::<_, Ended>((7, counted.take())))
        })
    });
    sim.settle();
    let waker = kept.take().expect("it has run");
    let mut sleep = pin!(root.sleep(secs(1)));
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let got = sim.block_on(request).map(|got| got.0).map_err(|ended| ended.to_string());
    assert_eq!(got, Ok(7));
    assert_eq!(drops.count(), 1);
}

type Sleeping = Pin<Box<dyn Future<Output = Result<(), Ended>>>>;

/// The drop of a result that nobody receives is code of a request whose slot may be another's by then; that one's waker is its own.
#[test]
fn a_next_tenant_is_woken_for_what_is_polled_with_code_of_the_last_on_the_stack() {
    let sim = world();
    let root = sim.root();
    let (request, done) = root.completer::<_, Ended>("last");
    request.detach();
    let value = does(move || {
        let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
        let sleeping: Rc<RefCell<Option<Sleeping>>> = Rc::default();
        let (keep, sleep) = (waker.clone(), sleeping.clone());
        let mut next = root.spawn("next", move |_| {
            poll_fn(move |context| {
                say("next");
                keep.replace(Some(context.waker().clone()));
                sleep.borrow_mut().as_mut().map_or(Poll::Pending, |sleep| sleep.as_mut().poll(context).map(drop))
            })
        });
        assert!(Pin::new(&mut next).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let waker = waker.borrow().clone().expect("it has run in place");
        let mut sleep: Sleeping = Box::pin(root.sleep(secs(1)));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        sleeping.replace(Some(sleep));
        next.detach();
    });
    root.soon(move || assert!(done.complete(Ok(value)).is_ok()));
    sim.settle();
    sim.advance(secs(2));
    assert_eq!(said(), ["next", "next"]);
}
