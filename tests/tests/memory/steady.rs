//! Once it is warm, nothing of what a program does all the time allocates.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
};

use hamadryad::{AnyNode, Ended, Freed, Ready, SourceClass, millis, secs, sim::Sim};

use crate::counting::{Counts, alone};

const WARM_UP: usize = 2_000;
const ROUNDS: usize = 10_000;

/// Runs `round` warm, then counts.
fn allocates_nothing(what: &str, mut round: impl FnMut()) {
    for _ in 0..WARM_UP {
        round();
    }
    let before = Counts::now();
    for _ in 0..ROUNDS {
        round();
    }
    assert_still(what, before);
}

fn assert_still(what: &str, before: Counts) {
    assert_allocated(what, before, 0);
}

fn assert_allocated(what: &str, before: Counts, each: usize) {
    let after = Counts::now();
    let (calls, bytes) = (after.allocations - before.allocations, after.live - before.live);
    assert_eq!((calls, bytes), ((each * ROUNDS) as _, 0), "{what}: allocations and bytes in {ROUNDS} warm rounds");
}

/// The same inside of a request, where it can await.
fn awaits_without_allocating(what: &'static str, round: impl AsyncFnMut(AnyNode) + 'static) {
    awaits_with_allocations(what, 0, round);
}

/// The same with a known number of allocations in each round.
fn awaits_with_allocations(what: &'static str, each: usize, mut round: impl AsyncFnMut(AnyNode) + 'static) {
    let sim = Sim::seeded(1);
    let all = sim.root().spawn("all rounds", async move |me| {
        for _ in 0..WARM_UP {
            round(me).await;
        }
        let before = Counts::now();
        for _ in 0..ROUNDS {
            round(me).await;
        }
        assert_allocated(what, before, each);
    });
    if let Err(ended) = sim.block_on(all) {
        panic!("{what}: {ended}");
    }
}

/// Lets the loop go round once.
async fn yields() {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn insert_and_free() {
    let _alone = alone();
    let sim = Sim::seeded(1);
    let root = sim.root();
    allocates_nothing("56 bytes", || assert_eq!(root.insert([7_u64; 7]).free(), Freed::Gone { survivors: 0 }));
    allocates_nothing("nothing", || assert_eq!(root.insert(()).free(), Freed::Gone { survivors: 0 }));
    allocates_nothing("a tree of 1 and 10 and 30", || {
        let top = root.insert([1_u8; 56]);
        for _ in 0..10 {
            let middle = top.insert([2_u8; 24]);
            for _ in 0..3 {
                middle.insert([3_u8; 200]);
            }
        }
        top.free();
    });
    allocates_nothing("taken, lent, moved", || {
        let (home, away) = (root.insert(1_u64), root.insert(2_u64));
        let node = home.insert([3_u32; 12]);
        node.with_mut(|value| value[0] += 1);
        node.reparent(away).expect("both live");
        assert_eq!(node.take().map(|value| value[0]).ok(), Some(4));
        drop(home.owned());
        away.free();
    });
    let deepest = Cell::new(0);
    allocates_nothing("a chain of 100", || {
        let mut node: AnyNode = *root.insert(0);
        let top = node;
        for depth in 1..100 {
            node = *node.insert(depth);
        }
        deepest.set(node.ancestors().count());
        top.free();
    });
    assert_eq!(deepest.get(), 100);
}

#[test]
fn requests() {
    let _alone = alone();
    awaits_without_allocating("done in its first run", async |me: AnyNode| {
        let done = me.spawn("now", async move |_| Ok::<_, Ended>(7)).timeout(secs(1)).await;
        assert!(matches!(done, Ok(7)));
    });
    awaits_without_allocating("yields once", async |me: AnyNode| {
        let done = me.spawn("yields", async move |_| yields().await).timeout(secs(1)).await;
        assert!(done.is_ok());
    });
    awaits_without_allocating("three nested", async |me: AnyNode| {
        let nested = me.spawn("outer", async move |me| {
            me.spawn("middle", async move |me| me.spawn("inner", async move |_| yields().await).await).await
        });
        assert!(nested.timeout(millis(5)).await.is_ok());
    });
    awaits_without_allocating("a scope", async |me: AnyNode| {
        let number = 7_u64;
        let borrowed = me.scope("borrows", async |_| {
            yields().await;
            Ok::<_, Ended>(&number)
        });
        assert!(matches!(borrowed.timeout(secs(1)).await, Ok(7)));
    });
    awaits_without_allocating("by hand", async |me: AnyNode| {
        let (request, done) = me.completer::<u64, Ended>("by hand");
        let mut request = pin!(request);
        poll_fn(|context| {
            assert!(request.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        done.complete(Ok(7)).expect("somebody waits");
        assert!(matches!(request.await, Ok(7)));
    });
    // The error itself is one allocation, for it says by whom and where; nothing else is allocated on the way.
    awaits_with_allocations("timed out", 1, async |me: AnyNode| {
        let late = me.spawn("late", async move |me| me.sleep(secs(9)).await).timeout(millis(1)).await;
        assert!(matches!(late, Err(Ended::TimedOut { .. })));
    });
    awaits_without_allocating("abandoned and detached", async |me: AnyNode| {
        drop(me.spawn("abandoned", async move |_| yields().await));
        me.spawn("detached", async move |_| yields().await).detach();
        yields().await;
        yields().await;
    });
}

#[test]
fn a_thousand_outstanding() {
    let _alone = alone();
    let sim = Sim::seeded(1);
    let root = sim.root();
    let ended = Rc::new(Cell::new(0));
    let round = || {
        for _ in 0..1_000 {
            let ended = ended.clone();
            let request = root.spawn("one of a thousand", async move |me| {
                me.sleep(millis(2)).await?;
                ended.set(ended.get() + 1);
                Ok::<_, Ended>(())
            });
            request.timeout(secs(1)).detach();
        }
        sim.advance(millis(3));
    };
    (0..3).for_each(|_| round());
    let before = Counts::now();
    (0..10).for_each(|_| round());
    assert_still("a thousand outstanding", before);
    assert_eq!(ended.get(), 13_000);
}

#[test]
fn time() {
    let _alone = alone();
    awaits_without_allocating("sleep", async |me: AnyNode| assert!(me.sleep(millis(1)).await.is_ok()));
    awaits_without_allocating("a sleep that is dropped", async |me: AnyNode| {
        let mut sleep = pin!(me.sleep(secs(1)));
        poll_fn(|context| {
            assert!(sleep.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    });
    awaits_without_allocating("a timer that fires", async |me: AnyNode| {
        me.after(millis(1), || ());
        assert!(me.sleep(millis(2)).await.is_ok());
    });
    awaits_without_allocating("soon", async |me: AnyNode| {
        me.soon(|| ());
        yields().await;
    });
    let sim = Sim::seeded(1);
    let root = sim.root();
    allocates_nothing("after and free", || assert_eq!(root.after(secs(1), || ()).free(), Freed::Gone { survivors: 0 }));
    let timer = root.every(secs(1), || ());
    allocates_nothing("reset", || assert!(timer.reset(secs(2))));
    allocates_nothing("every", || sim.advance(secs(1)));
}

/// A future whose type is not named.
type Awaits = Pin<Box<dyn Future<Output = ()>>>;

#[test]
fn events_of_sources() {
    let _alone = alone();
    let sim = Sim::seeded(1);
    let source = sim.root().source(SourceClass::Io, "test", Ok::<_, ()>).expect("the root lives");
    let calls = Rc::new(Cell::new(0));
    let counts = calls.clone();
    source.on_ready(Ready::READABLE, move |_| counts.set(counts.get() + 1));
    allocates_nothing("a callback", || {
        source.mark_ready(Ready::READABLE);
        sim.settle();
    });
    assert_eq!(calls.get(), WARM_UP + ROUNDS);
    let writable = sim.root().source(SourceClass::Io, "test", Ok::<_, ()>).expect("the root lives");
    let seen = Rc::new(Cell::new(0));
    let counts = seen.clone();
    let waits: Awaits = Box::pin(async move {
        while writable.ready(Ready::WRITABLE, "writable").await.is_ok() {
            counts.set(counts.get() + 1);
        }
    });
    sim.root().spawn("waits", move |_| waits).detach();
    sim.settle();
    allocates_nothing("an await", || {
        writable.mark_ready(Ready::WRITABLE);
        sim.settle();
    });
    assert_eq!(seen.get(), WARM_UP + ROUNDS);
}
