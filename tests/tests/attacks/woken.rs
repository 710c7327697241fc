//! Turns for woken requests, in short: the same as whole turns, whatever the requests do; and whole ones where anything else is to be done.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use hamadryad::{AnyNode, Deadlines, Ended, Instant, Request, Turn, hours, millis, secs, sim::Sim};

use crate::trace::{contain, said, say, world};

/// What a request does in one of its runs. It has its own node, and one that waits beside it.
type Deed = fn(&Scene, AnyNode);

/// Requests of which one does something.
struct Scene {
    sim: Sim,
    beside: RefCell<Option<Request<(), Ended>>>,
    again: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

const DEEDS: &[(&str, Deed)] = &[
    ("nothing", |_, _| {}),
    ("an immediate", |scene, _| {
        scene.sim.root().soon(|| say("immediate"));
    }),
    ("a timer that is due at once", |scene, _| {
        scene.sim.root().after(millis(0), || say("timer"));
    }),
    ("a timer for later", |scene, _| {
        scene.sim.root().after(millis(2), || say("timer"));
    }),
    ("another request", |scene, _| {
        scene.sim.root().spawn("new", async |_| say("new")).detach();
    }),
    ("another request that fails", |scene, _| {
        let fails = async |me: AnyNode| Err::<(), _>(me.sleep(secs(1)).await.expect_err("freed"));
        scene.sim.root().spawn("fails", fails).timeout(millis(0)).detach();
    }),
    ("a deadline that is over", |scene, _| {
        let beside = scene.beside.take().map(|beside| beside.timeout(millis(0)));
        scene.beside.replace(beside);
    }),
    ("the end of another", |scene, _| {
        if let Some(beside) = &*scene.beside.borrow() {
            say(format_args!("{:?}", beside.node().free()));
        }
    }),
    ("its own end", |_, me| say(format_args!("{:?}", me.free()))),
    ("a panic", |_, _| panic!("on purpose")),
    ("the root's shutdown", |scene, _| scene.sim.root().shutdown(millis(2))),
    ("the root's end", |scene, _| say(format_args!("{:?}", scene.sim.root().free()))),
    ("a cloned waker, woken", |scene, _| scene.wakers.borrow().iter().for_each(Waker::wake_by_ref)),
    ("a post", |scene, _| say(format_args!("{:?}", scene.sim.root().insert(()).remote().post(|_| say("post")).is_ok()))),
    ("a turn", |scene, _| {
        let attended = scene.sim.tree().attend();
        say(format_args!("{:?}", attended.turn_for_woken(scene.sim.root().now())));
    }),
];

/// Lets the others go first, and keeps a clone of its waker.
fn let_others_go(scene: &Rc<Scene>) -> impl Future<Output = ()> {
    let (scene, mut gone) = (scene.clone(), false);
    poll_fn(move |context: &mut Context<'_>| {
        if std::mem::replace(&mut gone, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        if scene.again.get() {
            scene.wakers.borrow_mut().push(context.waker().clone());
        }
        Poll::Pending
    })
}

/// What is heard of a request that yields, does that, and yields; another awaits it.
fn told(is_short: bool, deed: Deed, keeps_wakers: bool) -> Vec<String> {
    let sim = world();
    let root = sim.root();
    let failures = contain(root);
    let scene = Rc::new(Scene { sim, beside: RefCell::default(), again: Cell::new(keeps_wakers), wakers: RefCell::default() });
    let beside = root.spawn("beside", async |me: AnyNode| me.sleep(hours(1)).await);
    scene.beside.replace(Some(beside));
    let inner = scene.clone();
    let acts = root.spawn("acts", async move |me: AnyNode| {
        let_others_go(&inner).await;
        say("acts");
        deed(&inner, me);
        let_others_go(&inner).await;
        say("done");
        Ok::<_, Ended>(7)
    });
    let acts = acts.timeout(secs(1));
    let waits = async move |_| say(format_args!("{:?}", acts.await.map_err(|ended| ended.to_string())));
    root.spawn("waits", waits).detach();

    let now = root.now();
    let mut in_short = 0;
    for later in 0..6 {
        let at = now + millis(later);
        let turn = turn(&scene.sim, at, is_short.then_some(&mut in_short));
        // When the next deadline is, depends on the slots' last tenants: of one that runs again it need not be known.
        let is_over = scene.sim.tree().next_deadline().is_some_and(|next| next <= at);
        say(format_args!("{turn:?}, deadlines are over: {is_over}"));
    }
    assert!(!is_short || in_short > 0, "the first turn has nothing but woken requests");
    say(scene.sim.root().report().stable());
    scene.beside.take();
    scene.wakers.take();
    drop(scene);
    say(format_args!("{:?}", failures.borrow()));
    said()
}

/// One turn: with a count of those that were in short, in short if it can be.
fn turn(sim: &Sim, at: Instant, in_short: Option<&mut u32>) -> Turn {
    let attended = sim.tree().attend();
    if let Some(count) = in_short
        && let Some(turn) = attended.turn_for_woken(at)
    {
        *count += 1;
        return turn;
    }
    sim.tree().turn(at, Deadlines::Count)
}

#[test]
fn turns_in_short_are_whole_turns() {
    for (name, deed) in DEEDS {
        for keeps_wakers in [false, true] {
            let long = told(false, *deed, keeps_wakers);
            assert_eq!(told(true, *deed, keeps_wakers), long, "{name}, {keeps_wakers}");
        }
    }
}

/// Wakes nobody.
struct Deaf;

impl Wake for Deaf {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn where_there_is_anything_else_no_turn_is_in_short() {
    type Other = fn(&Sim);
    let others: &[(&str, Other)] = &[
        ("nothing at all", |_| {}),
        ("an immediate", |sim| _ = sim.root().soon(|| ())),
        ("a timer that is due", |sim| _ = sim.root().after(millis(0), || ())),
        ("a post", |sim| sim.root().insert(()).remote().post(|_| ()).expect("the tree lives")),
        ("a shutdown", |sim| sim.root().shutdown(secs(1))),
        ("a foreign waker", |sim| {
            let mut request = sim.root().spawn("ends", async |_| Ok::<_, Ended>(()));
            let waker = Waker::from(Arc::new(Deaf));
            assert!(std::pin::pin!(&mut request).poll(&mut Context::from_waker(&waker)).is_pending());
            request.node().free();
        }),
    ];
    for (name, other) in others {
        let sim = world();
        if *name != "nothing at all" {
            sim.root().spawn("woken", async |_| ()).detach();
        }
        other(&sim);
        let now = sim.root().now();
        assert_eq!(sim.tree().attend().turn_for_woken(now), None, "{name}");
        assert!(sim.tree().turn(now, Deadlines::Count).ran > 0 || *name == "nothing at all", "{name}");
    }
    said();
}
