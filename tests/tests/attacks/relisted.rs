//! Woken on the way to its own end, by what it lets go of, or because it waited for that: a request that ended waits in no list. Else its
//! slot's next tenants break that list: some never run, or the turn goes round for ever.

use std::{
    cell::RefCell,
    future::{Future, pending, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use hamadryad::{AnyNode, Completer, Ended, Request, Waits, millis, secs, sim::Sim};

use crate::trace::{contain, said, say, world};

/// What outlives the request.
#[derive(Default)]
struct Kept {
    request: RefCell<Option<Request<(), Ended>>>,
    waits: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
}

/// What its future owns.
enum Owned {
    Nothing,
    Request { _handle: Request<(), Ended> },
    Completer { _completer: Completer<(), Ended> },
    Waits { _waits: Pin<Box<dyn Future<Output = ()>>> },
}

/// How it comes to wait for what wakes it at its end.
type Waiting = fn(&Kept, AnyNode, AnyNode, &mut Context<'_>) -> Owned;

fn waits(mut future: Pin<Box<dyn Future<Output = ()>>>, context: &mut Context<'_>) -> Pin<Box<dyn Future<Output = ()>>> {
    assert!(future.as_mut().poll(context).is_pending());
    future
}

const WAITING: &[(&str, Waiting)] = &[
    ("nothing", |_, _, _, _| Owned::Nothing),
    ("a request elsewhere, whose handle it has", |_, root, _, context| {
        let mut handle = root.spawn("elsewhere", async |_| pending::<Result<(), Ended>>().await);
        assert!(Pin::new(&mut handle).poll(context).is_pending());
        Owned::Request { _handle: handle }
    }),
    ("a request elsewhere, which it completes", |kept, root, _, context| {
        let (mut request, completer) = root.completer::<(), Ended>("elsewhere");
        assert!(Pin::new(&mut request).poll(context).is_pending());
        kept.request.replace(Some(request));
        Owned::Completer { _completer: completer }
    }),
    ("its shutdown", |_, _, me, context| Owned::Waits { _waits: waits(Box::pin(me.closing()), context) }),
    ("its shutdown, in a future of somebody else's", |kept, _, me, context| {
        kept.waits.replace(Some(waits(Box::pin(me.closing()), context)));
        Owned::Nothing
    }),
    ("news of it", |_, _, me, context| {
        let news = async move { drop(me.notified(Waits::named("message")).await) };
        Owned::Waits { _waits: waits(Box::pin(news), context) }
    }),
];

/// How it ends: the request, its owner.
type End = fn(&Sim, Request<(), Ended>, AnyNode);

const ENDS: &[(&str, End)] = &[
    ("freed", |_, request, _| _ = request.detach().free()),
    ("freed, while somebody has the handle", |_, request, _| _ = request.node().free()),
    ("its owner is freed", |_, request, owner| {
        request.detach();
        owner.free();
    }),
    ("its owner's children are freed", |_, request, owner| {
        request.detach();
        owner.free_children();
    }),
    ("its handle is dropped", |_, request, _| drop(request)),
    ("timed out", |sim, request, _| {
        request.timeout(millis(1)).detach();
        sim.advance(millis(1));
    }),
    ("ready, or panicked", |sim, request, _| {
        request.detach();
        sim.advance(secs(1));
    }),
];

/// A request that waits so, and ends so. With its end its slot is free, but another's is taken before.
fn end(sim: &Sim, waiting: Waiting, end: End, panics: bool) {
    let root = sim.root();
    let owner: AnyNode = root.insert("owner").into();
    let _failures = contain(owner);
    let kept = Rc::new(Kept::default());
    let inner = kept.clone();
    let request = owner.spawn("ends", async move |me: AnyNode| {
        let mut until = Box::pin(root.sleep(millis(500)));
        let mut owned = None;
        poll_fn(|context| {
            let _ = owned.get_or_insert_with(|| waiting(&inner, root, me, context));
            until.as_mut().poll(context)
        })
        .await?;
        assert!(!panics, "on purpose");
        Ok::<_, Ended>(())
    });
    let other = root.spawn("other", async |_| pending::<()>().await).detach();
    sim.settle();
    end(sim, request, owner);
    other.free();
    for name in ["b", "c", "d"] {
        let mut is_first = true;
        let twice = poll_fn(move |context| {
            say(name);
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        });
        root.spawn(name, |_| twice).detach();
    }
    sim.settle();
}

#[test]
fn who_is_woken_by_its_own_end_waits_in_no_list() {
    for (waiting_name, waiting) in WAITING {
        for (end_name, how) in ENDS {
            for panics in [false, true] {
                let sim = world();
                end(&sim, *waiting, *how, panics);
                assert_eq!(said(), ["b", "c", "d", "b", "c", "d"], "waits for {waiting_name}; {end_name}; panics: {panics}");
            }
        }
    }
}
