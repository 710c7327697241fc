//! Which upstream is asked, how long it is waited for, and what counts as an answer.

use std::time::Duration;

use domain::base::iana::{OptRcode, Rtype};
use hamadryad::prelude::*;
use hamadryad::sim::{Address, Sim};
use hamadryad::{ChannelError, Connect, Ended};
use hamadryad_demo::{Answer, AskError, Limits, Query, Question, Reply, ResolveError, Resolver, Upstream};

use crate::world::{Manners, World, code, dead, from_zone, says, tries, www};

#[test]
fn the_first_upstream_that_answers_is_the_last_that_is_asked() {
    let mut world = World::seeded(1);
    world.upstream(millis(40), from_zone).upstream(millis(5), from_zone);
    let answer = world.resolve(&www()).unwrap();
    assert_eq!(world.sim.elapsed(), millis(40));
    assert_eq!(world.asked(), [1, 0]);
    assert_eq!(answer.message().header_counts().ancount(), 1);
    assert_eq!(answer.way().to_string(), "upstream-1 answered after 40 ms");
}

#[test]
fn a_dead_upstream_costs_its_time_out_and_no_more() {
    let mut world = World::seeded(1);
    world.upstream(Duration::ZERO, dead).upstream(millis(40), from_zone);
    let result = world.resolve(&www());
    assert_eq!(world.sim.elapsed(), millis(440));
    assert_eq!(tries(&result), "upstream-1 did not answer within 400 ms, upstream-2 answered after 40 ms");
}

#[test]
fn who_declines_or_babbles_is_left_at_once() {
    let declining: [(Manners, &str); 5] = [
        (|query| says(OptRcode::REFUSED, query), "answered REFUSED"),
        (|query| says(OptRcode::SERVFAIL, query), "answered SERVFAIL"),
        (|query| vec![Reply::code(OptRcode::FORMERR).compose(&query.head, None)], "answered FORMERR"),
        (|query| vec![cut_off(&from_zone(query)[0])], "sent a garbled answer"),
        (|query| vec![Reply::code(OptRcode::NOERROR).compose(&query.head, None)], "sent a garbled answer"),
    ];
    for (manners, words) in declining {
        let mut world = World::seeded(1);
        world.upstream(millis(5), manners).upstream(millis(40), from_zone);
        let result = world.resolve(&www());
        assert_eq!(tries(&result), format!("upstream-1 {words} after 5 ms, upstream-2 answered after 40 ms"));
        assert_eq!(world.sim.elapsed(), millis(45));
    }
}

/// Header and question are whole, the answer's record is not.
fn cut_off(message: &[u8]) -> Vec<u8> {
    message[..message.len() - 15].to_vec()
}

#[test]
fn nxdomain_notimp_and_nothing_are_answers() {
    let mut world = World::seeded(1);
    world.upstream(millis(5), from_zone).upstream(millis(5), from_zone);
    let unknown = world.resolve(&Question::address_of("nobody.example.test").unwrap());
    assert_eq!(code(&unknown), OptRcode::NXDOMAIN);
    let empty = world.resolve(&Question::new("www.example.test", Rtype::TXT).unwrap());
    assert_eq!(code(&empty), OptRcode::NOERROR);
    assert_eq!(empty.unwrap().message().header_counts().ancount(), 0);
    let operation = world.resolve(&Question::new("www.example.test", Rtype::AXFR).unwrap());
    assert_eq!(code(&operation), OptRcode::NOTIMP);
    assert_eq!(world.asked(), [3, 0]);
}

#[test]
fn strays_are_passed_over_until_the_answer_comes() {
    let mut world = World::seeded(1);
    world.upstream(millis(5), |query| {
        let answer = from_zone(query).remove(0);
        let mut wrong_id = answer.clone();
        wrong_id[0] ^= 1;
        let mut wrong_question = answer.clone();
        wrong_question[13] = b'v'; // vww.example.test
        let mut no_response = answer.clone();
        no_response[2] &= 0x7f;
        vec![b"?".to_vec(), wrong_id, wrong_question, no_response, answer]
    });
    let result = world.resolve(&www());
    assert_eq!(tries(&result), "upstream-1 answered after 5 ms");
}

#[test]
fn who_sends_nothing_but_strays_is_left() {
    let mut world = World::seeded(1);
    world.upstream(millis(5), |_| vec![vec![0; 12]; 40]).upstream(millis(5), from_zone);
    let result = world.resolve(&www());
    assert_eq!(tries(&result), "upstream-1 sent a garbled answer after 5 ms, upstream-2 answered after 5 ms");
}

#[test]
fn when_nobody_answers_the_error_says_who_was_asked() {
    let mut world = World::seeded(1);
    world.upstream(Duration::ZERO, dead).upstream(millis(3), |query| says(OptRcode::REFUSED, query));
    let result = world.resolve(&www());
    assert_eq!(tries(&result), "no upstream answered: upstream-1 did not answer within 400 ms, upstream-2 answered REFUSED after 3 ms");
    let Err(ResolveError::NoAnswer(no_answer)) = result else { panic!("{result:?}") };
    assert!(matches!(no_answer.attempts()[0].result, Err(AskError::Ended(Ended::TimedOut { .. }))));
    assert!(matches!(no_answer.attempts()[1].result, Err(AskError::Declined(OptRcode::REFUSED))));
}

#[test]
fn the_overall_limit_ends_a_long_list() {
    let mut world = World::seeded(1);
    for _ in 0..9 {
        world.upstream(Duration::ZERO, dead);
    }
    let Err(ResolveError::NoAnswer(no_answer)) = world.resolve(&www()) else { panic!("nobody answers") };
    assert_eq!(world.sim.elapsed(), secs(2));
    // The fifth try and the whole end at the same time; the outermost ends first.
    assert_eq!(no_answer.attempts().len(), 4);
    assert_eq!(world.asked(), [1, 1, 1, 1, 1, 0, 0, 0, 0]);
}

#[test]
fn an_address_where_nobody_listens_costs_no_time_out() {
    let mut world = World::seeded(1);
    world.upstreams.push(Upstream::new("closed", Address::new("closed", 53)));
    world.upstream(millis(40), from_zone);
    world.sim.network().every_link().latency(millis(10));
    let result = world.resolve(&www());
    let Ok(answer) = &result else { panic!("{result:?}") };
    assert!(matches!(answer.attempts()[0].result, Err(AskError::Channel(ChannelError::Refused))), "{answer:?}");
    assert_eq!(world.sim.elapsed(), millis(20 + 10 + 40 + 10));
}

#[test]
fn a_late_answer_is_taken_for_no_other_question() {
    let mut world = World::seeded(1);
    world.upstream(millis(500), from_zone).upstream(Duration::ZERO, |query| says(OptRcode::REFUSED, query));
    assert!(world.resolve(&www()).is_err());
    // At 500 ms the answer to the first question arrives, at a channel that is gone.
    assert!(world.resolve(&Question::address_of("mail.example.test").unwrap()).is_err());
    assert_eq!(world.asked(), [2, 2]);
}

#[test]
fn the_same_resolver_asks_over_a_reliable_transport() {
    let sim = Sim::seeded(1);
    let (root, network) = (sim.root(), sim.network().clone());
    let listener = network.reliable().listen(root, "upstream-1:443").unwrap();
    root.spawn("upstream", async move |me| -> Result<(), ChannelError> {
        let (channel, _) = listener.accept(me).await?;
        let mut message = Vec::new();
        hamadryad::Channel::receive(channel, &mut message).await?;
        let query = Query::parse(&message).expect("the resolver asks well-formed queries");
        hamadryad::Channel::send(channel, &from_zone(&query)[0]).await
    })
    .detach();
    let upstreams = vec![Upstream::new("upstream-1", Address::new("upstream-1", 443))];
    let answer = ask_over(&sim, network.reliable(), upstreams);
    assert_eq!(answer.rcode(), OptRcode::NOERROR);
}

fn ask_over<C: Connect + 'static>(sim: &Sim, connect: C, upstreams: Vec<Upstream<C::Peer>>) -> Answer {
    let resolver = Resolver::new(sim.root(), connect, upstreams, Limits::default());
    let root = sim.root();
    sim.block_on(async { resolver.resolve(root, &www()).await }).unwrap()
}
