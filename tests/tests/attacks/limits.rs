//! Limits of many lengths, set, moved and left in any order: each ends what it was set for at its own time, in order.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use hamadryad::{AnyNode, Deadlines, Ended, Instant, Request, millis, secs, sim::Sim};

const REQUESTS: u64 = if cfg!(miri) { 60 } else { 1_000 };

type Ends = Rc<RefCell<Vec<(Duration, u64)>>>;

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A request that never ends by itself, and notes when its limit ended it.
fn waits(sim: &Sim, number: u64, limit: Duration, ends: &Ends) -> AnyNode {
    let request: Request<(), Ended> = sim.root().spawn("waits", |_| pending::<()>());
    let request = request.timeout(limit);
    let node = request.node();
    let (ends, clock) = (ends.clone(), sim.root());
    let begin = clock.now();
    let elapsed = sim.elapsed();
    request.on_result(move |result| {
        if let Err(Ended::TimedOut { .. }) = result {
            ends.borrow_mut().push((elapsed + (clock.now() - begin), number));
        }
    });
    node
}

/// What is due later than all others, earlier, at the same time; some are freed, and all the rest must end in order.
fn in_order(seed: u64, limit: impl Fn(&mut Numbers, u64) -> Duration) {
    let sim = Sim::seeded(seed);
    let mut numbers = Numbers(seed);
    let ends = Ends::default();
    let mut due = Vec::new();
    let mut nodes = Vec::new();
    for number in 0..REQUESTS {
        let limit = limit(&mut numbers, number);
        nodes.push((sim.elapsed() + limit, number, waits(&sim, number, limit, &ends)));
        if numbers.below(4) == 0 {
            sim.settle();
        }
        if numbers.below(8) == 0 {
            sim.advance(millis(numbers.below(30)));
        }
        if numbers.below(3) == 0 {
            let (at, freed, node) = nodes.swap_remove(numbers.below(nodes.len() as u64) as usize);
            if node.is_alive() {
                node.free();
            } else {
                due.push((at, freed));
            }
        }
    }
    due.extend(nodes.into_iter().map(|(at, number, _)| (at, number)));
    sim.advance(secs(60));
    due.sort_unstable();
    let ends = ends.take();
    assert!(ends.is_sorted_by_key(|end| end.0), "seed {seed}");
    let mut ended = ends.clone();
    ended.sort_unstable();
    assert_eq!(ended, due, "seed {seed}");
}

#[test]
fn of_one_length() {
    in_order(1, |_, _| millis(500));
}

#[test]
fn of_two_lengths() {
    in_order(2, |_, number| if number % 2 == 0 { secs(2) } else { millis(400) });
}

#[test]
fn of_any_length() {
    in_order(3, |numbers, _| millis(numbers.below(5_000)));
}

#[test]
fn ever_shorter() {
    in_order(4, |_, number| millis(20_000 - number * 10));
}

#[test]
fn with_one_that_is_far_off() {
    in_order(5, |_, number| if number == 0 { secs(50) } else { millis(300) });
}

/// A limit that is made shorter while it waits counts from then; a longer one changes nothing.
#[test]
fn made_shorter_while_they_wait() {
    let sim = Sim::seeded(6);
    let never = |limit| {
        let request: Request<(), Ended> = sim.root().spawn("waits", |_| pending::<()>());
        request.timeout(limit)
    };
    let (moved, others) = (never(secs(9)), [never(secs(9)), never(secs(10)), never(secs(9))]);
    sim.settle();
    let moved = moved.timeout(secs(20)).timeout(secs(1)).timeout(secs(3));
    let node = moved.node();
    sim.advance(millis(999));
    assert!(node.is_alive());
    sim.advance(millis(1));
    assert!(!node.is_alive());
    sim.advance(millis(7_999));
    assert!(others.iter().all(|request| request.node().is_alive()));
    sim.advance(millis(1));
    assert_eq!(others.map(|request| request.node().is_alive()), [false, true, false]);
}

/// What would be due after the end of the clock never is.
#[test]
fn at_the_end_of_the_clock() {
    let sim = Sim::seeded(7);
    sim.advance(Instant::MAX - sim.root().now() - Duration::from_nanos(1));
    let never = |body: fn(&mut Context<'_>) -> Poll<()>| {
        let request: Request<(), Ended> = sim.root().spawn("waits", move |_| poll_fn(body));
        request.timeout(secs(1))
    };
    let requests = [
        never(|_| Poll::Pending),
        never(|context| {
            context.waker().wake_by_ref();
            Poll::Pending
        }),
    ];
    for _ in 0..3 {
        assert!(requests.iter().all(|request| request.node().deadline().is_none_or(|at| at == Instant::MAX)));
        sim.tree().turn(sim.root().now(), Deadlines::Count);
        assert!(requests.iter().all(|request| request.node().is_alive()));
    }
}

/// A limit that passes before the first run counts in the very turn of that run: one that only lets the others go first has no answer yet.
#[test]
fn over_before_the_first_run() {
    for (late, is_over) in [(millis(4), false), (millis(5), true), (millis(6), true)] {
        let sim = Sim::seeded(1);
        let made: Rc<RefCell<Option<Request<(), Ended>>>> = Rc::default();
        let inner = made.clone();
        sim.root()
            .spawn("makes", async move |me: AnyNode| {
                let mut yielded = false;
                let yields = move |context: &mut Context<'_>| {
                    context.waker().wake_by_ref();
                    if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
                };
                inner.replace(Some(me.spawn("yields", async move |_| poll_fn(yields).await).timeout(millis(5))));
                pending::<()>().await;
            })
            .detach();
        let now = sim.root().now();
        sim.tree().turn(now, Deadlines::Count);
        let request = made.take().expect("made in the first turn");
        sim.tree().turn(now + late, Deadlines::Count);
        assert_eq!(request.node().is_alive(), !is_over, "{late:?}");
        match sim.block_on(request) {
            Err(Ended::TimedOut { .. }) => assert!(is_over, "{late:?}"),
            ended => assert!(ended.is_ok() && !is_over, "{late:?}: {ended:?}"),
        }
    }
}
