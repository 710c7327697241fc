//! A hook's own drop is the last of a request's code: what that does with the request's handle, and makes, must not meet the slot half
//! given back. Else the slot has two next tenants.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{AnyNode, Ended, OnFree, Request};

use crate::trace::{Drops, does, world};

/// What the drop of the hook does with the handle of the request that it was a hook of.
type Deed = fn(Request<u64, Ended>);

const DEEDS: &[(&str, Deed)] = &[
    ("drops it", drop),
    ("receives from it", |mut handle| {
        assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }),
];

#[test]
fn a_slot_has_one_next_tenant_whatever_the_drop_of_a_hook_does() {
    for (name, deed) in DEEDS {
        for is_freed in [true, false] {
            for labels in [false, true] {
                let (sim, dropped) = (world(), Drops::default());
                let root = sim.root();
                let handle: Rc<RefCell<Option<Request<u64, Ended>>>> = Rc::default();
                let tenants: Rc<RefCell<Vec<AnyNode>>> = Rc::default();
                let spawn = {
                    let (tenants, dropped) = (tenants.clone(), dropped.clone());
                    move || {
                        let counted = dropped.counted();
                        let next = root.spawn("next", async move |_| {
                            let _counted = counted;
                            pending::<()>().await;
                        });
                        tenants.borrow_mut().push(next.detach());
                    }
                };
                let (inner, spawns) = (handle.clone(), spawn.clone());
                let last = does(move || {
                    if let Some(handle) = inner.take() {
                        deed(handle);
                    }
                    spawns();
                });
                let request = root.spawn("ends", async move |me: AnyNode| {
                    if labels {
                        me.label("labelled");
                    }
                    me.on_free(move |_| {
                        let _ = &last;
                        OnFree::Proceed
                    });
                    let mut is_first = true;
                    poll_fn(move |context| {
                        if is_freed || std::mem::take(&mut is_first) {
                            context.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        Poll::Ready(())
                    })
                    .await;
                    Ok::<_, Ended>(7)
                });
                let node = request.node();
                handle.replace(Some(request));
                sim.tree().turn(root.now(), hamadryad::Deadlines::Count);
                if is_freed {
                    node.free();
                } else {
                    sim.settle();
                }
                (0..3).for_each(|_| spawn());
                sim.settle();
                let what = format!("{name}; freed: {is_freed}; labels: {labels}");
                let tenants = tenants.take();
                assert!(tenants.iter().all(|node| node.is_alive()), "{what}: {tenants:?}");
                assert_eq!((tenants.len(), root.children().filter(|node| node.name() == "next").count()), (4, 4), "{what}");
                tenants.iter().for_each(|node| _ = node.free());
                assert_eq!(dropped.count(), 4, "{what}");
            }
        }
    }
}
