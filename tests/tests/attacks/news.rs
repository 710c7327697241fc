//! News of one source, in short: the same turn as marked and turned step by step, whatever the code that is called does; and not in short
//! where anything else is to be done.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    convert::Infallible,
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use hamadryad::{AnyNode, Deadlines, Ended, Instant, Node, Ready, SourceClass, Token, Turn, millis, secs, sim::Sim};

use hamadryad_tests::ByHand;

use crate::trace::{Says, contain, said, say, world};

/// A source with one watcher, which does what it is told to.
struct Scene {
    root: AnyNode,
    source: Node<Says>,
    watcher: Cell<Option<AnyNode>>,
    token: Token,
    /// What is kept as long as the scene.
    kept: RefCell<Vec<Box<dyn Any>>>,
}

impl Scene {
    fn new(sim: &Sim, deed: impl Fn(&Scene) + 'static) -> Rc<Scene> {
        Scene::of(SourceClass::Io, sim, deed)
    }

    fn of(class: SourceClass, sim: &Sim, deed: impl Fn(&Scene) + 'static) -> Rc<Scene> {
        let root = sim.root();
        let (source, token) = source(root, class);
        let scene = Rc::new(Scene { root, source, watcher: Cell::new(None), token, kept: RefCell::default() });
        let (actor, closure) = (Rc::downgrade(&scene), Says("the watcher"));
        let watcher = source.on_ready_with(Ready::READABLE, move |value, ready| {
            let _held = &closure;
            say(format_args!("{} is ready: {}", value.0, ready == Ready::READABLE));
            if let Some(scene) = actor.upgrade() {
                deed(&scene);
            }
        });
        scene.watcher.set(Some(watcher));
        scene
    }

    fn keep(&self, value: impl Any) {
        self.kept.borrow_mut().push(Box::new(value));
    }

    /// The news in short.
    fn short(&self, sim: &Sim, now: Instant) -> Option<Turn> {
        sim.tree().attend().turn_for(self.token, Ready::READABLE, now)
    }

    /// The news step by step.
    fn long(&self, sim: &Sim, now: Instant) -> Turn {
        let _attended = sim.tree().attend();
        assert!(sim.tree().mark_ready(self.token, Ready::READABLE).is_empty());
        sim.tree().turn(now, Deadlines::Count)
    }
}

/// As [`told`], of a request that waits for the source again and again, and does that each time; `by_hand`, if it is polled by somebody
/// else's waker.
fn told_to_future(is_short: bool, by_hand: bool, deed: fn(&Scene)) -> Vec<String> {
    let sim = world();
    let failures = contain(sim.root());
    let scene = Scene::new(&sim, |_| ());
    free_watcher(&scene);
    let actor = scene.clone();
    let reads = async move |_: AnyNode| -> Result<(), Ended> {
        loop {
            let ready = actor.source.ready(Ready::READABLE, "readable").await?;
            say(format_args!("ready: {}", ready == Ready::READABLE));
            deed(&actor);
        }
    };
    let mut hand = None;
    if by_hand {
        let mut future = ByHand::new(reads(sim.root()));
        assert!(future.poll().is_pending());
        hand = Some(future);
    } else {
        sim.root().spawn("reads", reads).detach();
    }
    sim.settle();
    let now = sim.root().now();
    for later in 1..4 {
        let at = now + millis(later);
        let short = if is_short { scene.short(&sim, at) } else { None };
        assert!(short.is_some() || !is_short || later > 1, "the first news comes in short");
        let turn = short.unwrap_or_else(|| scene.long(&sim, at));
        say(format_args!("{turn:?}, then {:?}", sim.tree().next_deadline().map(|at| at - now)));
        let polled = hand.as_mut().map(|future| (future.woken(), future.poll().map_err(|ended| ended.to_string())));
        say(format_args!("{polled:?}"));
        if polled.is_some_and(|(_, end)| end.is_ready()) {
            hand = None;
        }
    }
    say(sim.root().report().stable());
    drop((hand, sim));
    say(format_args!("{:?}", failures.borrow()));
    said()
}

#[test]
fn a_future_is_woken_in_short_as_step_by_step() {
    let deeds: &[Deed] = &[("nothing", |_| {}), ("the source's end", |scene| say(format_args!("{:?}", scene.source.free())))];
    for (name, deed) in deeds {
        for by_hand in [false, true] {
            assert_eq!(told_to_future(true, by_hand, *deed), told_to_future(false, by_hand, *deed), "{name}, {by_hand}");
        }
    }
}

fn free_watcher(scene: &Scene) {
    scene.watcher.get().expect("it was made").free();
}

fn source(owner: AnyNode, class: SourceClass) -> (Node<Says>, Token) {
    let token = Cell::new(None);
    let made = owner.source(class, "source", |name| {
        token.set(Some(name));
        Ok::<_, Infallible>(Says("the source"))
    });
    (made.expect("the owner is alive"), token.get().expect("it was told"))
}

/// With its name.
type Deed = (&'static str, fn(&Scene));

/// What a watcher may do when it is called.
const DEEDS: &[Deed] = &[
    ("nothing", |_| {}),
    ("now", |scene| say(format_args!("{:?}", scene.root.now()))),
    ("who runs", |scene| say(format_args!("{}", scene.root.running() == scene.watcher.get()))),
    ("lent", |scene| say(format_args!("{} {}", scene.source.try_with(|_| ()).is_ok(), scene.source.try_with_mut(|_| ()).is_ok()))),
    ("an immediate", |scene| {
        let _ = scene.root.soon(|| say("immediate"));
    }),
    ("a timer that is due", |scene| {
        let _ = scene.root.after(millis(0), || say("timer"));
    }),
    ("a timer", |scene| {
        let _ = scene.root.after(millis(2), || say("timer"));
    }),
    ("a request", |scene| {
        let _ = scene.root.spawn("request", async |_| say("request")).detach();
    }),
    ("a request that waits", |scene| {
        scene.root.spawn("sleeper", async |me: AnyNode| me.sleep(millis(2)).await).detach();
    }),
    ("a limit that is over", |scene| {
        scene.root.spawn("late", async |me: AnyNode| me.sleep(secs(9)).await).timeout(millis(0)).detach();
    }),
    ("a post", |scene| scene.source.remote().post(|node| node.with(|value| say(value.0))).expect("the tree lives")),
    ("a cloned waker", |scene| {
        if let Some(waker) = sleeper_of(scene) {
            waker.wake_by_ref();
        }
    }),
    ("its own readiness", |scene| say(scene.source.mark_ready(Ready::READABLE).is_empty())),
    ("a new source", |scene| {
        let (other, token) = source(scene.root, SourceClass::Signal);
        other.on_ready(Ready::READABLE, |_| say("signal"));
        say(token != scene.token && other.mark_ready(Ready::READABLE).is_empty());
    }),
    ("a second watcher", |scene| {
        scene.source.on_ready(Ready::READABLE, |_| say("second"));
    }),
    ("a panic", |_| panic!("it panics")),
    ("its own end", |scene| say(format_args!("{:?}", scene.watcher.get().map(AnyNode::free)))),
    ("its own end, and a panic", |scene| {
        say(format_args!("{:?}", scene.watcher.get().map(AnyNode::free)));
        panic!("it panics");
    }),
    ("the source's end", |scene| say(format_args!("{:?}", scene.source.free()))),
    ("the source's end, and a new one", |scene| {
        scene.source.free();
        let (other, _) = source(scene.root, SourceClass::Io);
        other.on_ready(Ready::READABLE, |_| say("the next tenant"));
    }),
    ("the root's end", |scene| say(format_args!("{:?}", scene.root.free()))),
    ("a shutdown", |scene| scene.root.shutdown(millis(2))),
    ("a shutdown that waits", |scene| {
        scene.root.spawn("worker", async |me: AnyNode| me.sleep(secs(9)).await).detach();
        scene.root.shutdown(millis(3));
    }),
];

/// With its name.
type Preparation = (&'static str, fn(&Sim, &Scene));

/// A request that says when it runs, and leaves a clone of its waker in the scene.
fn put_to_sleep(scene: &Scene) {
    let clone = Rc::new(Cell::new(None));
    scene.keep(clone.clone());
    let wait = async move |_: AnyNode| {
        poll_fn(|context| {
            say("the sleeper runs");
            clone.set(Some(context.waker().clone()));
            Poll::<()>::Pending
        })
        .await;
    };
    scene.root.spawn("sleeper", wait).detach();
}

/// The waker that a sleeper left.
fn sleeper_of(scene: &Scene) -> Option<Waker> {
    scene.kept.borrow().iter().find_map(|kept| kept.downcast_ref::<Rc<Cell<Option<Waker>>>>()?.take())
}

/// What makes a tree one in which more is to be done.
const BUSY: &[Preparation] = &[
    ("an immediate", |_, scene| {
        let _ = scene.root.soon(|| ());
    }),
    ("a due timer", |_, scene| {
        let _ = scene.root.after(millis(1), || ());
    }),
    ("a woken request", |_, scene| {
        let _ = scene.root.spawn("request", async |_| ()).detach();
    }),
    ("a due deadline", |sim, scene| {
        scene.root.spawn("late", async |me: AnyNode| me.sleep(secs(9)).await).timeout(millis(1)).detach();
        sim.tree().turn(scene.root.now(), Deadlines::Count);
    }),
    ("a post", |_, scene| scene.source.remote().post(drop).expect("the tree lives")),
    ("a woken waker", |sim, scene| {
        put_to_sleep(scene);
        sim.settle();
        sleeper_of(scene).expect("it was polled").wake();
    }),
    ("another source", |_, scene| {
        let (other, _) = source(scene.root, SourceClass::Signal);
        other.on_ready(Ready::READABLE, |_| ());
        assert!(other.mark_ready(Ready::READABLE).is_empty());
    }),
    ("the source itself", |_, scene| assert!(scene.source.mark_ready(Ready::READABLE).is_empty())),
    ("a shutdown", |sim, scene| {
        scene.root.spawn("worker", async |me: AnyNode| me.sleep(secs(9)).await).detach();
        scene.root.shutdown(secs(1));
        sim.settle();
    }),
    ("a second watcher", |_, scene| {
        let _ = scene.source.on_ready(Ready::READABLE, |_| ());
    }),
    ("no watcher", |_, scene| free_watcher(scene)),
    ("two futures that wait", |sim, scene| {
        free_watcher(scene);
        for _ in 0..2 {
            let ready = scene.source.ready(Ready::READABLE, "readable");
            scene.root.spawn("reader", async |_| ready.await.map(drop)).detach();
        }
        sim.settle();
    }),
    ("a future that waits for something else", |sim, scene| {
        free_watcher(scene);
        let ready = scene.source.ready(Ready::WRITABLE, "writable");
        scene.root.spawn("writer", async |_| ready.await.map(drop)).detach();
        sim.settle();
    }),
    ("a future that was woken and has not looked", |_, scene| {
        free_watcher(scene);
        let mut ready = ByHand::new(scene.source.ready(Ready::READABLE, "readable"));
        assert!(ready.poll().is_pending());
        assert!(scene.source.mark_ready(Ready::READABLE).is_empty());
        scene.keep(ready);
    }),
    ("no source, but its watcher", |_, scene| {
        scene.watcher.get().expect("it was made").reparent(scene.root).expect("both are alive");
        scene.source.free();
    }),
    ("no source", |_, scene| {
        let _ = scene.source.free();
    }),
    ("the next tenant of its place", |_, scene| {
        scene.source.free();
        let (next, token) = source(scene.root, SourceClass::Io);
        next.on_ready(Ready::READABLE, |_| say("the next tenant"));
        assert!(token != scene.token && token.index() == scene.token.index());
    }),
];

/// What is said when the news comes while nothing else is pending, and in the four turns from then on.
fn told(is_short: bool, class: SourceClass, deed: fn(&Scene)) -> Vec<String> {
    let sim = world();
    let failures = contain(sim.root());
    let scene = Scene::of(class, &sim, deed);
    put_to_sleep(&scene);
    sim.settle();
    let now = sim.root().now();
    let short = if is_short { scene.short(&sim, now + millis(1)) } else { None };
    assert_eq!(short.is_some(), is_short && class == SourceClass::Io);
    let first = short.unwrap_or_else(|| scene.long(&sim, now + millis(1)));
    say(format_args!("{first:?}, then {:?}", sim.tree().next_deadline().map(|at| at - now)));
    for later in 2..5 {
        let _attended = sim.tree().attend();
        let turn = sim.tree().turn(now + millis(later), Deadlines::Count);
        say(format_args!("{turn:?}, then {:?}", sim.tree().next_deadline().map(|at| at - now)));
    }
    say(format_args!("{:?} {}", sim.tree().running(), sim.tree().is_entered()));
    say(sim.root().report().stable());
    drop(sim);
    say(format_args!("{:?}", failures.borrow()));
    said()
}

#[test]
fn the_turn_is_the_same_in_short() {
    for (name, deed) in DEEDS {
        for class in [SourceClass::Io, SourceClass::Signal] {
            assert_eq!(told(true, class, *deed), told(false, class, *deed), "{name}, {class:?}");
        }
    }
}

#[test]
fn only_what_there_is_nothing_else_to_do_is_done_in_short() {
    for (name, busy) in BUSY {
        let sim = world();
        let scene = Scene::new(&sim, |_| ());
        sim.settle();
        let now = sim.root().now() + millis(1);
        busy(&sim, &scene);
        said();
        assert_eq!(scene.short(&sim, now), None, "{name}");
        assert_eq!(said(), [""; 0], "{name}");
    }
}

#[test]
fn news_that_nobody_wants_is_not_told_in_short() {
    let sim = world();
    let scene = Scene::new(&sim, |_| ());
    sim.settle();
    let now = sim.root().now();
    let attended = sim.tree().attend();
    for ready in [Ready::NONE, Ready::WRITABLE, Ready::READABLE | Ready::WRITABLE] {
        assert_eq!(attended.turn_for(scene.token, ready, now), None);
    }
    for bits in [0, 1, u64::from(scene.token.index()), u64::MAX, u64::MAX - 1] {
        assert_eq!(attended.turn_for(Token::from_bits(bits), Ready::READABLE, now), None);
    }
    assert_eq!(attended.turn_for(scene.token, Ready::READABLE, Instant::from_nanos(0)), None, "time does not go back");
    assert_eq!(said(), [""; 0]);
    assert_eq!(attended.turn_for(scene.token, Ready::READABLE | Ready::ERROR, now), Some(Turn { ran: 1, pending: false }));
    assert_eq!(said(), ["the source is ready: false"]);
}

#[test]
fn a_turn_is_not_begun_in_short_by_code_of_the_tree() {
    let sim = Rc::new(world());
    let within = sim.clone();
    let scene = Scene::new(&sim, move |scene| say(format_args!("{:?}", scene.short(&within, scene.root.now()))));
    sim.settle();
    let now = sim.root().now();
    assert_eq!(scene.source.with_mut(|_| scene.short(&sim, now)), None);
    assert_eq!(said(), [""; 0]);
    assert!(scene.short(&sim, now).is_some());
    assert_eq!(said(), ["the source is ready: true", "None"]);
    // The closure that owns it goes first: the tree is not dropped by its own code.
    free_watcher(&scene);
}

#[test]
fn a_source_that_watches_itself_hears_in_short_until_its_end() {
    let sim = world();
    let token = Cell::new(None);
    let source = sim.root().source_fn(SourceClass::Io, "source", |name| {
        token.set(Some(name));
        let closure = Says("the closure");
        Ok::<_, Infallible>(move |ready| {
            let closure = &closure;
            say(format_args!("{} is ready: {}", closure.0, ready == Ready::READABLE));
        })
    });
    let (source, token) = (source.expect("the root is alive"), token.get().expect("it was told"));
    sim.settle();
    let now = sim.root().now();
    let short = || sim.tree().attend().turn_for(token, Ready::READABLE, now);
    assert_eq!(short(), Some(Turn { ran: 1, pending: false }));
    source.free();
    assert_eq!(short(), None);
    assert_eq!(said(), ["the closure is ready: true", "drop the closure"]);
}

/// A waker of somebody else's is called by the loop, with none of the tree's code on the stack: in a turn all the same (law 22).
#[test]
fn a_turn_is_not_begun_in_short_within_another() {
    thread_local! {
        static WITHIN: RefCell<Option<(Rc<Sim>, Rc<Scene>)>> = const { RefCell::new(None) };
    }
    struct Enters;
    impl Wake for Enters {
        fn wake(self: Arc<Self>) {
            WITHIN.with_borrow(|within| {
                let Some((sim, scene)) = within else { return };
                say(format_args!("{:?}", scene.short(sim, scene.root.now())));
                say(format_args!("entered: {}", sim.tree().is_entered()));
            });
        }
    }
    let sim = Rc::new(world());
    let scene = Scene::new(&sim, |_| ());
    WITHIN.set(Some((sim.clone(), scene.clone())));
    let mut ready = Box::pin(sim.root().sleep(millis(1)));
    assert!(ready.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Enters)))).is_pending());
    sim.advance(millis(2));
    assert_eq!(said(), ["None", "entered: true"]);
    WITHIN.take();
}
