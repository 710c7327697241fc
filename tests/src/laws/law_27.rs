//! Law 27: same seed, same run; a simulated program that can make no progress is reported, with who waits for what.

use crate::{Problem, Trace, unwinds};
use hamadryad::AnyNode;
use hamadryad::prelude::*;
use hamadryad::sim::{Deadlock, Sim};
use std::time::Duration;

/// A program with randomness, timers, retries and time-outs; its events and its stable report half-way.
fn run(seed: u64) -> (Vec<String>, String, Duration) {
    let sim = Sim::seeded(seed);
    let trace = Trace::new();
    let root = sim.root();
    for worker in 0..20 {
        let note = trace.clone();
        root.spawn("worker", async move |me: AnyNode| {
            for attempt in 0..5 {
                let mut byte = [0];
                me.fill_random(&mut byte);
                let job = me.spawn("job", async move |me: AnyNode| me.sleep(millis(byte[0].into())).await).timeout(millis(128));
                let outcome = if job.await.is_ok() { "done" } else { "late" };
                note.note(format!("{:?} worker {worker} attempt {attempt}: {outcome}", me.now()));
            }
            Ok::<_, Ended>(())
        })
        .detach();
    }
    sim.advance(millis(250));
    let half_way = root.report().stable();
    sim.block_on(async move { root.sleep(secs(5)).await }).expect("the root is alive");
    (trace.take(), half_way, sim.elapsed())
}

/// Events and stable report, byte for byte.
pub fn law_27_the_same_seed_is_the_same_run() {
    for seed in [0, 1, 42, u64::MAX] {
        let first = run(seed);
        assert_eq!(first.0.len(), 100);
        assert!(first.0.iter().any(|event| event.ends_with("done")) && first.0.iter().any(|event| event.ends_with("late")));
        assert!(first.1.contains("worker") && first.1.contains("job"));
        assert_eq!(run(seed), first, "seed {seed}");
    }
}

/// Another seed is another run.
pub fn law_27_another_seed_is_another_run() {
    assert_ne!(run(1).0, run(2).0);
}

/// Time is virtual: hours pass at once, exactly.
pub fn law_27_time_is_virtual() {
    let sim = Sim::seeded(42);
    let slow = sim
        .root()
        .spawn("slow", async move |me: AnyNode| {
            me.sleep(hours(1)).await?;
            Ok::<_, Ended>(1)
        })
        .timeout(secs(5));
    assert!(matches!(sim.block_on(slow), Err(Ended::TimedOut { .. })));
    assert_eq!(sim.elapsed(), secs(5));
    let trace = Trace::new();
    sim.root().after(hours(1), trace.noting("timer"));
    sim.settle();
    assert_eq!(sim.elapsed(), secs(5), "nothing can happen without time passing");
    sim.advance(hours(1) - millis(1));
    trace.expect(&[]);
    sim.advance(millis(1));
    trace.expect(&["timer"]);
    assert_eq!(sim.elapsed(), hours(1) + secs(5));
}

/// A program of two requests that wait for each other, through completers.
fn stuck(sim: &Sim) -> AnyNode {
    let root = sim.root();
    let (first, first_done) = root.completer::<(), Problem>("first answer");
    let (second, second_done) = root.completer::<(), Problem>("second answer");
    let part = |name: &'static str, awaited: hamadryad::Request<(), Problem>, done: hamadryad::Completer<(), Problem>| {
        root.spawn(name, async move |me: AnyNode| {
            me.sleep(secs(12)).await?;
            let outcome = awaited.await;
            let _ = done.complete(outcome);
            Ok::<_, Problem>(())
        })
        .detach()
    };
    part("alice", first, second_done);
    part("bob", second, first_done)
}

/// The report of a deadlock says who waits for what, where, and when it happened.
pub fn law_27_a_deadlock_is_reported() {
    let sim = Sim::seeded(1);
    stuck(&sim);
    let root = sim.root();
    let outcome = sim.try_block_on(async move { root.closing().await });
    let Err(Deadlock::Stuck(text)) = outcome else { panic!("it should be stuck, not {:?}", outcome.map(|_| ())) };
    for part in ["deadlock", "12", "alice", "bob", "first answer", "second answer", file!()] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// `block_on` panics with the same.
pub fn law_27_block_on_panics_with_the_report() {
    let sim = Sim::seeded(1);
    stuck(&sim);
    let root = sim.root();
    let message = unwinds(|| sim.block_on(async move { root.closing().await }));
    assert!(message.contains("alice") && message.contains("bob"), "{message}");
}

/// A program that only waits for time is not stuck; nor is one that is done.
pub fn law_27_waiting_for_time_is_no_deadlock() {
    let sim = Sim::seeded(1);
    let root = sim.root();
    stuck(&sim);
    let slept = sim.try_block_on(async move { root.sleep(hours(1)).await });
    assert!(matches!(slept, Ok(Ok(()))), "others may be stuck meanwhile");
    assert_eq!(sim.elapsed(), hours(1));
}

/// When the root ends first, `try_block_on` says so, and `block_on` names the place of the free.
pub fn law_27_a_gone_root_is_reported() {
    let sim = Sim::seeded(1);
    let root = sim.root();
    let line = line!() + 1;
    root.after(secs(1), move || root.free());
    let outcome = sim.try_block_on(async move { root.sleep(hours(1)).await });
    assert!(matches!(outcome, Err(Deadlock::RootGone)), "{outcome:?}");
    let message = unwinds(|| sim.block_on(async {}));
    let place = format!("{}:{line}", file!());
    assert!(message.contains(&place), "{message:?} does not name {place}");
}
