//! Rows E: the loop, as any host has it.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    thread,
};

use hamadryad::{AnyNode, Ended, Freed, Ready, SourceClass, millis, secs, sim::Deadlock, sim::Sim};

use crate::trace::Trace;

/// E1: a dropped tree makes its handles stale, its events inert and its `Remote` harmless.
#[test]
fn row_e01_freeing_the_context_makes_its_events_inert() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let calls = trace.clone();
    let node = sim.root().insert(trace.on_drop("value"));
    let timer = node.after(millis(1), move || calls.say("never"));
    let remote = node.remote();
    drop(sim);
    assert_eq!(trace.take(), ["drop value"]);
    assert!(!timer.is_alive() && !timer.reset(millis(1)) && !node.is_alive());
    assert!(remote.post(|_| ()).is_err());
}

/// E3: time passes only as far as it is let; nothing wakes in between.
#[test]
fn row_e03_wait_has_no_tick() {
    let (sim, calls) = (Sim::seeded(1), Rc::new(Cell::new(0)));
    let seen = calls.clone();
    sim.root().after(secs(100), move || seen.set(seen.get() + 1));
    sim.advance(secs(99));
    assert_eq!((calls.get(), sim.elapsed()), (0, secs(99)));
    sim.advance(secs(1));
    assert_eq!((calls.get(), sim.elapsed()), (1, secs(100)));
}

/// E6: `block_on` drives the loop until its request is done, and no further.
#[test]
fn row_e06_loop_until_is_block_on() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    for after in [1, 2, 3] {
        let calls = trace.clone();
        sim.root().after(secs(after), move || calls.say(after));
    }
    let request = sim.root().spawn("two seconds", async move |me| {
        me.sleep(secs(2)).await?;
        Ok::<_, Ended>("done")
    });
    assert!(matches!(sim.block_on(request), Ok("done")));
    assert_eq!((trace.take(), sim.elapsed()), (vec!["1".to_owned(), "2".to_owned()], secs(2)));
}

/// E7: entering the loop from its own callback is refused, before anything runs; there is no opt-in.
#[test]
fn row_e07_nesting_is_refused() {
    let (sim, trace) = (Rc::new(Sim::seeded(1)), Trace::default());
    let (inner, calls) = (sim.clone(), trace.clone());
    sim.root().after(millis(1), move || {
        let waits = inner.root().sleep(secs(1));
        calls.say(matches!(inner.try_block_on(waits), Err(Deadlock::Nested)));
        calls.say(catch_unwind(AssertUnwindSafe(|| inner.settle())).is_err());
    });
    let calls = trace.clone();
    sim.root().after(millis(1), move || calls.say("the next timer"));
    sim.advance(millis(1));
    assert_eq!((trace.take(), sim.elapsed()), (vec!["true".to_owned(), "true".to_owned(), "the next timer".to_owned()], millis(1)));
}

fn source(owner: AnyNode) -> AnyNode {
    *owner.source(SourceClass::Io, "test", Ok::<_, ()>).expect("the owner lives")
}

/// E9: errors and hang-ups reach every watcher, also one that only writes; the interest stays as it was.
#[test]
fn row_e09_errors_and_hang_ups_reach_every_watcher() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let source = source(sim.root());
    for (name, interest) in [("reads", Ready::READABLE), ("writes", Ready::WRITABLE)] {
        let calls = trace.clone();
        source.on_ready(interest, move |ready| {
            calls.say(format_args!("{name} {} {}", ready.intersects(Ready::ERROR | Ready::HANGUP), ready.contains(interest)));
        });
    }
    let wanted = source.wanted();
    assert_eq!(wanted, Ready::READABLE | Ready::WRITABLE);
    source.mark_ready(Ready::HANGUP);
    sim.settle();
    source.mark_ready(Ready::ERROR);
    sim.settle();
    let mut said = trace.take();
    said.sort();
    assert_eq!(said, ["reads true false", "reads true false", "writes true false", "writes true false"]);
    assert_eq!(source.wanted(), wanted);
    source.mark_ready(Ready::WRITABLE);
    sim.settle();
    assert_eq!(trace.take(), ["writes false true"]);
}

/// E10: several watchers of one source take turns: one at each event, each once a round.
#[test]
fn row_e10_several_watchers_take_turns() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let source = source(sim.root());
    for name in ["first", "second", "third"] {
        let calls = trace.clone();
        source.on_ready(Ready::READABLE, move |_| calls.say(name));
    }
    for _ in 0..6 {
        source.mark_ready(Ready::READABLE);
        sim.settle();
    }
    let said = trace.take();
    assert_eq!(said.len(), 6, "{said:?}");
    let (first, second) = said.split_at(3);
    assert_eq!(first, second, "the same order each round");
    let mut round = first.to_vec();
    round.sort();
    assert_eq!(round, ["first", "second", "third"], "each once a round");
}

/// E14: a free inside a handler is done when it returns: the rest of the subtree is never called, the handler's own closure ends with it.
#[test]
fn row_e14_free_inside_handlers() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let owner = sim.root().insert(trace.on_drop("owner"));
    let (calls, closure) = (trace.clone(), trace.on_drop("closure"));
    owner.after(millis(1), move || {
        let _closure = &closure;
        calls.say(format_args!("{:?} {:?}", owner.free(), owner.free()));
    });
    for _ in 0..3 {
        let calls = trace.clone();
        owner.after(millis(1), move || calls.say("never"));
        let calls = trace.clone();
        owner.soon(move || calls.say("soon"));
    }
    sim.advance(millis(2));
    assert_eq!(trace.take(), ["soon", "soon", "soon", "drop owner", "Gone { survivors: 0 } Stale", "drop closure"]);
}

/// E15: monotonic time, never early, in deadline order, FIFO on ties; periodic with its phase kept; re-armed.
#[test]
fn row_e15_timers() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let root = sim.root();
    let begin = root.now();
    for (name, delay) in [("c", 30), ("a", 10), ("b first", 20), ("b second", 20)] {
        let calls = trace.clone();
        root.after(millis(delay), move || calls.say(format_args!("{name} at {:?}", root.now() - begin)));
    }
    sim.advance(millis(30));
    assert_eq!(trace.take(), ["a at 10ms", "b first at 20ms", "b second at 20ms", "c at 30ms"]);
    let calls = trace.clone();
    let begin = root.now();
    let ticks = root.every(millis(10), move || calls.say(format_args!("tick at {:?}", root.now() - begin)));
    sim.advance(millis(25));
    assert_eq!(trace.take(), ["tick at 10ms", "tick at 20ms"]);
    assert!(ticks.reset(millis(3)));
    sim.advance(millis(15));
    assert_eq!(trace.take(), ["tick at 28ms", "tick at 38ms"]);
    assert_eq!(ticks.free(), Freed::Gone { survivors: 0 });
    let (calls, again) = (trace.clone(), trace.clone());
    let moved = root.after(millis(5), move || calls.say("re-armed"));
    root.after(millis(6), move || again.say("before"));
    assert!(moved.reset(millis(7)));
    sim.advance(millis(10));
    assert_eq!(trace.take(), ["before", "re-armed"]);
    assert!(!moved.reset(millis(1)), "it fired");
}

/// E15: many timers, at random, none lost, none early.
#[test]
fn row_e15_many_timers() {
    let sim = Sim::seeded(1);
    let root = sim.root();
    let (count, last) = (Rc::new(Cell::new(0_u32)), Rc::new(Cell::new(root.now())));
    let many = if cfg!(miri) { 500 } else { 100_000 };
    let mut random = 1_u64;
    for number in 0..many {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let delay = millis(1 + (random >> 40) % 10_000);
        let due = root.now() + delay;
        let (count, last) = (count.clone(), last.clone());
        let timer = root.after(delay, move || {
            assert!(root.now() >= due && root.now() >= last.get(), "early, or out of order");
            last.set(root.now());
            count.set(count.get() + 1);
        });
        if number % 4 == 3 {
            timer.free();
        }
    }
    sim.advance(secs(10));
    assert_eq!((count.get(), root.children().count()), (many * 3 / 4, 0));
    assert!(root.is_alive(), "no timer panicked");
}

/// E16: what shall run before timers is an immediate; a timer of no delay is a timer.
#[test]
fn row_e16_zero_timers_are_timers_and_immediates_come_first() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let (timer, soon) = (trace.clone(), trace.clone());
    sim.root().after(millis(0), move || timer.say("timer"));
    sim.root().soon(move || soon.say("immediate"));
    sim.settle();
    assert_eq!(trace.take(), ["immediate", "timer"]);
}

/// E17: re-arming a timer in its own handler is legal for a periodic one; a one-shot is ending then and says no.
#[test]
fn row_e17_update_in_its_own_handler() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let root = sim.root();
    let begin = root.now();
    let own = Rc::new(Cell::new(None));
    let (inner, calls) = (own.clone(), trace.clone());
    let ticks = root.every(millis(10), move || {
        let timer: hamadryad::Node<hamadryad::Timer> = inner.get().expect("set below");
        calls.say(format_args!("{:?} {}", root.now() - begin, timer.reset(millis(3))));
    });
    own.set(Some(ticks));
    sim.advance(millis(17));
    assert_eq!(trace.take(), ["10ms true", "13ms true", "16ms true"]);
    ticks.free();
    let (inner, calls) = (own.clone(), trace.clone());
    own.set(Some(root.after(millis(1), move || calls.say(inner.get().is_some_and(|timer| timer.reset(millis(1)))))));
    sim.advance(millis(5));
    assert_eq!(trace.take(), ["false"]);
}

/// E18: immediates are FIFO; one made by an immediate waits for the next snapshot, so nothing starves.
#[test]
fn row_e18_immediates_are_fifo_in_snapshots() {
    fn again(node: AnyNode, trace: Trace, left: u32) {
        node.soon(move || {
            trace.say(format_args!("again {left}"));
            if left > 0 {
                again(node, trace.clone(), left - 1);
            }
        });
    }
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    again(sim.root(), trace.clone(), 2);
    let (second, timer) = (trace.clone(), trace.clone());
    sim.root().soon(move || second.say("second"));
    sim.root().after(millis(0), move || timer.say("timer"));
    sim.settle();
    assert_eq!(trace.take(), ["again 2", "second", "timer", "again 1", "again 0"]);
}

/// E29: posts from threads arrive once each, in the order of their thread; after the tree they are refused.
#[test]
fn row_e29_threads_post_in_order_and_none_is_lost() {
    let sim = Sim::seeded(1);
    let node = sim.root().insert(RefCell::new(Vec::<(u32, u32)>::new()));
    let remote = node.remote();
    let posts = if cfg!(miri) { 20 } else { 2_000 };
    let threads: Vec<_> = (0..3_u32)
        .map(|number| {
            let remote = remote.clone();
            thread::spawn(move || {
                (0..posts).all(|post| remote.post(move |node| node.with(|list| list.borrow_mut().push((number, post)))).is_ok())
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().expect("the thread ends well")));
    sim.settle();
    for number in 0..3 {
        let of_one: Vec<u32> = node.with(|list| list.borrow().iter().filter(|post| post.0 == number).map(|post| post.1).collect());
        assert_eq!(of_one, (0..posts).collect::<Vec<_>>());
    }
    drop(sim);
    let refused = thread::spawn(move || remote.post(|_| ()).is_err()).join();
    assert!(refused.expect("the thread ends well"));
}
