//! The last run of a request, and what follows: whatever its future does while it is dropped, whoever has clones of its waker, and
//! whoever holds its handle, the result is received or dropped once, nothing is left, and the slot's next tenants are not disturbed.
//!
//! Most requests end with nothing but a result and take a short way; each of these has something that a short way could miss.

use std::{
    cell::{Cell, RefCell},
    future::{Future as _, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{AnyNode, Deadlines, Ended, OnFree, Request, hours, millis, secs, sim::Sim};

use crate::trace::{Counted, Drops, contain, does, world};

/// What the request ends with: counted when it is dropped, and large enough to have a chunk of its own.
struct Answer {
    number: u64,
    _counted: Counted,
}

/// What one combination is about.
#[derive(Default)]
struct Scene {
    /// The request's handle, while nobody awaits it.
    handle: RefCell<Option<Request<Answer, Ended>>>,
    node: Cell<Option<AnyNode>>,
    owner: Cell<Option<AnyNode>>,
    wakers: RefCell<Vec<Waker>>,
    /// How often its hook was asked.
    asked: Cell<u32>,
}

impl Scene {
    fn node(&self) -> AnyNode {
        self.node.get().expect("it has begun")
    }

    fn owner(&self) -> AnyNode {
        self.owner.get().expect("made first")
    }

    fn wake(&self) {
        self.wakers.borrow().iter().for_each(Waker::wake_by_ref);
    }
}

/// What the future does while it is dropped: its outcome is fixed then.
type Deed = fn(&Scene);

const DEEDS: &[(&str, Deed)] = &[
    ("nothing", |_| {}),
    ("frees its own node", |scene| _ = scene.node().free()),
    ("frees its owner", |scene| _ = scene.owner().free()),
    ("drops its own handle", |scene| drop(scene.handle.take())),
    ("polls its own handle", |scene| {
        if let Some(handle) = scene.handle.borrow_mut().as_mut() {
            assert!(Pin::new(handle).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }),
    ("spawns below itself", |scene| {
        let refused = scene.node().spawn("late", async |_| Ok::<_, Ended>(()));
        assert!(!refused.node().is_alive());
    }),
    ("asks for a hook", |scene| scene.node().on_free(|_| panic!("an ending node takes none"))),
    ("labels itself", |scene| _ = scene.node().label("ending")),
    ("limits itself", |scene| {
        let handle = scene.handle.take().map(|handle| handle.timeout(millis(0)));
        scene.handle.replace(handle);
    }),
    ("reads its report", |scene| drop(scene.node().report().to_string())),
    ("is moved", |scene| assert!(scene.node().reparent(scene.owner()).is_err())),
    ("wakes itself", |scene| scene.wake()),
    ("drops its wakers", |scene| drop(scene.wakers.take())),
    ("shuts its owner down", |scene| scene.owner().shutdown(secs(1))),
    ("panics", |_| panic!("on purpose")),
];

/// What it owns, or has, when its code is done.
type Has = fn(&Rc<Scene>, &mut Context<'_>);

const A_HOOK: &str = "a hook";

const HAS: &[(&str, Has)] = &[
    ("nothing", |_, _| {}),
    ("a child", |scene, _| _ = scene.node().insert(7)),
    (A_HOOK, |scene, _| {
        let inner = scene.clone();
        scene.node().on_free(move |_| {
            inner.asked.set(inner.asked.get() + 1);
            OnFree::Keep
        });
    }),
    ("a label", |scene, _| _ = scene.node().label("labelled")),
    ("a running request", |scene, _| {
        scene.node().spawn("below", async |me: AnyNode| me.sleep(hours(1)).await).detach();
    }),
    ("somebody who waits for its shutdown", |scene, _| {
        scene.node().spawn("closing", async |me: AnyNode| me.closing().await).detach();
    }),
    ("news of what it awaits", |scene, context| {
        let (mut awaited, done) = scene.owner().completer::<(), Ended>("awaited");
        assert!(Pin::new(&mut awaited).poll(context).is_pending());
        assert!(done.complete(Ok(())).is_ok());
    }),
];

/// What becomes of its waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wakes {
    No,
    /// In its last run, by reference: it will not run again.
    Last,
    /// A clone is kept, and woken when all is over.
    Kept,
}

/// Who has its handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// Somebody who awaited it before it ran.
    Awaited,
    /// Nobody who waits: it is received when it has ended.
    Later,
    /// Nobody who waits: it is dropped when it has ended.
    Dropped,
    Detached,
}

/// One combination.
fn end(sim: &Sim, deed: Deed, (has_name, has): (&str, Has), wakes: Wakes, held: Held, yields: bool) -> Result<Option<u64>, String> {
    let (scene, answers, futures) = (Rc::new(Scene::default()), Drops::default(), Drops::default());
    let owner: AnyNode = sim.root().insert("owner").into();
    let failures = contain(owner);
    scene.owner.set(Some(owner));
    let (inner, answer, guard) = (scene.clone(), answers.counted(), futures.counted());
    // What a closure owns is dropped with the future, not at the end of its code.
    let request = owner.spawn("ends", move |me: AnyNode| {
        inner.node.set(Some(me));
        let does = does({
            let inner = inner.clone();
            move || deed(&inner)
        });
        let mut answer = Some(Answer { number: 7, _counted: answer });
        let mut is_first = yields;
        poll_fn(move |context| {
            let _of_the_future = (&guard, &does);
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            match wakes {
                Wakes::No => {}
                Wakes::Last => context.waker().wake_by_ref(),
                Wakes::Kept => inner.wakers.borrow_mut().push(context.waker().clone()),
            }
            has(&inner, context);
            Poll::Ready(Ok::<_, Ended>(answer.take().expect("ready once")))
        })
    });
    let request = request.timeout(secs(5));
    let got: Rc<RefCell<Option<Result<u64, String>>>> = Rc::default();
    let receive = {
        let got = got.clone();
        move |result: Result<Answer, Ended>| {
            got.replace(Some(result.map(|answer| answer.number).map_err(|ended| ended.to_string())));
        }
    };
    match held {
        Held::Awaited => {
            let awaits = async move |me: AnyNode| {
                receive(request.await);
                // The slot has its next tenant at once.
                let next = me.spawn("next", async |_| Ok::<_, Ended>(8)).await;
                assert!(matches!(next, Ok(8)), "{next:?}");
            };
            sim.root().spawn("awaits", awaits).detach();
        }
        Held::Later => {
            scene.handle.replace(Some(request));
            sim.settle();
            if let Some(handle) = scene.handle.take() {
                receive(sim.block_on(handle));
            }
        }
        Held::Dropped => {
            scene.handle.replace(Some(request));
            sim.settle();
            scene.handle.take();
        }
        Held::Detached => _ = request.detach(),
    }
    sim.settle();
    let told = std::mem::take(&mut *failures.borrow_mut());
    if told.iter().any(|failure| !failure.contains("on purpose")) {
        return Err(format!("failures {told:?}"));
    }
    if futures.count() != 1 || answers.count() != 1 {
        return Err(format!("{} drops of the future, {} of the answer", futures.count(), answers.count()));
    }
    if scene.node().is_alive() {
        return Err("the node lives on".to_owned());
    }
    if scene.asked.get() != u32::from(has_name == A_HOOK) {
        return Err(format!("its hook was asked {} times", scene.asked.get()));
    }
    next_tenants(sim, &scene)?;
    owner.free();
    got.take().transpose()
}

/// Others use its slot, and while they wait its wakers are woken: none of them is polled for that.
fn next_tenants(sim: &Sim, scene: &Scene) -> Result<(), String> {
    const COUNT: usize = 8;
    let polls = Rc::new(Cell::new(0));
    let others: Vec<_> = (0..COUNT)
        .map(|number| {
            let polls = polls.clone();
            let body = async move |me: AnyNode| {
                let mut sleep = pin!(me.sleep(millis(1)));
                poll_fn(|context| {
                    polls.set(polls.get() + 1);
                    sleep.as_mut().poll(context)
                })
                .await?;
                Ok::<_, Ended>(number)
            };
            sim.root().spawn("next", body)
        })
        .collect();
    for _ in 0..2 {
        sim.tree().turn(sim.root().now(), Deadlines::Count);
        scene.wake();
    }
    sim.tree().turn(sim.root().now(), Deadlines::Count);
    if polls.get() != COUNT {
        return Err(format!("{} polls of {COUNT} next tenants that wait", polls.get()));
    }
    for (number, other) in others.into_iter().enumerate() {
        match sim.block_on(other) {
            Ok(ended) if ended == number => {}
            other => return Err(format!("next tenant {number} ended with {other:?}")),
        }
    }
    scene.wakers.take();
    Ok(())
}

/// Miri takes a part of all.
const EVERY: usize = if cfg!(miri) { 31 } else { 1 };

#[test]
fn whatever_a_request_does_at_its_end_it_ends_once() {
    let mut number = 0_usize;
    for deed in DEEDS {
        for has in HAS {
            for wakes in [Wakes::No, Wakes::Last, Wakes::Kept] {
                for held in [Held::Awaited, Held::Later, Held::Dropped, Held::Detached] {
                    for yields in [false, true] {
                        number += 1;
                        if number.is_multiple_of(EVERY) {
                            once(*deed, *has, wakes, held, yields);
                        }
                    }
                }
            }
        }
    }
}

fn once((deed_name, deed): (&str, Deed), has: (&str, Has), wakes: Wakes, held: Held, yields: bool) {
    let sim = world();
    let name = format!("{deed_name}; owns {}; wakes {wakes:?}; {held:?}; yields {yields}", has.0);
    let before = sim.root().report().stable();
    let got = end(&sim, deed, has, wakes, held, yields).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
    let is_received = match held {
        Held::Awaited => true,
        Held::Later => deed_name != "drops its own handle",
        Held::Dropped | Held::Detached => false,
    };
    assert_eq!(got, is_received.then_some(7), "{name}");
    assert_eq!(sim.root().report().stable(), before, "{name}: nothing is left");
}
