//! Identical questions in flight, and who owns them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hamadryad::prelude::*;
use hamadryad::sim::Network;
use hamadryad_demo::{Question, ResolveError, Resolver};

use crate::world::{World, dead, from_zone, www};

#[test]
fn a_question_asked_by_twenty_is_asked_once() {
    let mut world = World::seeded(1);
    world.upstream(Duration::ZERO, dead).upstream(millis(40), from_zone);
    let (resolver, root) = (world.resolver(), world.sim.root());
    let answers = Rc::new(RefCell::new(Vec::new()));
    for n in 0..20 {
        let (resolver, answers) = (resolver.clone(), answers.clone());
        let spelling = if n % 2 == 0 { "www.example.test" } else { "WWW.Example.TEST" };
        let ask = root.spawn("client", async move |me| -> Result<(), ResolveError> {
            me.sleep(millis(n * 20)).await?;
            let answer = resolver.resolve(me, &Question::address_of(spelling).unwrap()).await?;
            answers.borrow_mut().push((n, answer.message().as_slice().to_vec()));
            Ok(())
        });
        ask.detach();
    }
    world.sim.advance(millis(440));
    world.sim.settle();
    assert_eq!(world.asked(), [1, 1]);
    let answers = answers.borrow();
    let order: Vec<u64> = answers.iter().map(|(n, _)| *n).collect();
    assert_eq!(order, (0..20).collect::<Vec<_>>(), "told in the order in which they came");
    assert!(answers.iter().all(|(_, message)| *message == answers[0].1));
}

#[test]
fn a_shared_question_lives_as_long_as_someone_waits() {
    let mut world = World::seeded(1);
    world.upstream(Duration::ZERO, dead).upstream(millis(40), from_zone);
    let (resolver, root) = (world.resolver(), world.sim.root());
    world.sim.settle();
    let idle = root.report().stable();
    let client = |resolver: &Resolver<Network>| {
        let resolver = resolver.clone();
        root.spawn("client", async move |me| resolver.resolve(me, &www()).await.map(drop)).detach()
    };

    let (first, second) = (client(&resolver), client(&resolver));
    world.sim.advance(millis(300));
    first.free();
    world.sim.advance(millis(140));
    world.sim.settle();
    assert!(!second.is_alive(), "answered at 440 ms: the first one's end was not the question's");
    assert_eq!(world.asked(), [1, 1]);
    assert_eq!(root.report().stable(), idle);

    let (third, fourth) = (client(&resolver), client(&resolver));
    world.sim.advance(millis(300));
    third.free();
    fourth.free();
    world.sim.settle();
    assert_eq!(root.report().stable(), idle, "nobody waits: the question, its try and its channel are gone");
    world.sim.advance(secs(3));
    assert_eq!(world.asked(), [2, 1], "and the next upstream is not bothered");

    let fifth = client(&resolver);
    world.sim.advance(millis(440));
    world.sim.settle();
    assert!(!fifth.is_alive(), "a question that was ended can be asked anew");
    assert_eq!(world.asked(), [3, 2]);
}

#[test]
fn when_the_owner_of_the_questions_goes_the_waiters_are_told() {
    let mut world = World::seeded(1);
    world.upstream(Duration::ZERO, dead);
    let root = world.sim.root();
    let owner = root.insert(()).named("owner");
    let resolver = world.resolver_under(*owner);
    let waiter = root.spawn("client", async move |me| resolver.resolve(me, &www()).await);
    root.after(millis(100), move || owner.free());
    let result = world.sim.block_on(waiter);
    assert!(matches!(result, Err(ResolveError::Ended(_))), "{result:?}");
    assert_eq!(world.sim.elapsed(), millis(100));

    let late = world.resolver_under(root);
    let gone = root.insert(()).named("gone");
    let stale = world.resolver_under(*gone);
    gone.free();
    let result = world.sim.block_on(async { stale.resolve(root, &www()).await });
    assert!(matches!(result, Err(ResolveError::Ended(_))), "{result:?}");
    drop(late);
}

#[test]
fn the_report_shows_who_is_asked_what() {
    let mut world = World::seeded(1);
    world.upstream(Duration::ZERO, dead);
    world.upstreams[0].name = "upstream-1 (dead)".into();
    let (resolver, root) = (world.resolver(), world.sim.root());
    let waiter = root.spawn("client", async move |me| resolver.resolve(me, &www()).await);
    let detached = waiter.on_result(drop);
    world.sim.advance(millis(180));
    let report = root.report().to_string();
    for part in ["shared questions", "question www.example.test A", "ask upstream-1 (dead)"] {
        assert!(report.contains(part), "{part}:\n{report}");
    }
    detached.free();
}
