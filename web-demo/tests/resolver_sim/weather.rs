//! Loss, disorder and partition.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use hamadryad::prelude::*;
use hamadryad_demo::{Question, ResolveError};

use crate::world::{World, from_zone, tries, www};

#[test]
fn a_partition_is_got_over_and_healed() {
    let mut world = World::seeded(1);
    world.upstream(millis(10), from_zone).upstream(millis(10), from_zone);
    let network = world.sim.network().clone();
    network.partition(&["local"], &["upstream-1"]);
    assert_eq!(tries(&world.resolve(&www())), "upstream-1 did not answer within 400 ms, upstream-2 answered after 10 ms");
    network.partition(&["local"], &["upstream-2"]);
    assert!(matches!(world.resolve(&www()), Err(ResolveError::NoAnswer(_))));
    network.heal();
    assert_eq!(tries(&world.resolve(&www())), "upstream-1 answered after 10 ms");
}

/// A hundred questions over bad links; the trace says when and how each of them ended.
fn bad_weather(seed: u64) -> String {
    let mut world = World::seeded(seed);
    world.upstream(millis(20), from_zone).upstream(millis(20), from_zone).upstream(millis(20), from_zone);
    world.sim.network().every_link().latency(millis(30)).jitter(millis(60)).loss(0.3).reorder(0.2, millis(100));
    let (resolver, root) = (world.resolver(), world.sim.root());
    let began = root.now();
    let trace = Rc::new(RefCell::new(String::new()));
    for n in 0..100 {
        let (resolver, trace) = (resolver.clone(), trace.clone());
        let ask = root.spawn("client", async move |me| -> Result<(), ResolveError> {
            me.sleep(millis(n * 7)).await?;
            let question = Question::address_of(&format!("n{n}.example.test")).unwrap();
            let asked = me.now();
            let result = resolver.resolve(me, &question).await;
            assert!(me.now() - asked <= secs(2));
            writeln!(trace.borrow_mut(), "{:?} {question}: {}", me.now() - began, tries(&result)).unwrap();
            Ok(())
        });
        ask.detach();
    }
    world.sim.advance(secs(3));
    world.sim.settle();
    trace.take()
}

#[test]
fn loss_and_disorder_lose_no_question_and_replay_from_the_seed() {
    let trace = bad_weather(7);
    assert_eq!(trace.lines().count(), 100);
    let answered = trace.lines().filter(|line| !line.contains("no upstream answered")).count();
    // Each way loses 3 of 10, so each try fails in half of all cases, and all three in an eighth.
    assert!((70..100).contains(&answered), "{answered} of 100:\n{trace}");
    assert_eq!(trace, bad_weather(7));
    assert_ne!(trace, bad_weather(8));
}
