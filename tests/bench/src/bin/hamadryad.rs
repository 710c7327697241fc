//! hamadryad on its epoll host.
//!
//! Workloads run inside a request under the root, so within a turn, as they do in a program.

use std::{cell::Cell, hint::black_box, process::ExitCode, rc::Rc, time::Duration};

use hamadryad_bench::{
    Arguments, Cost, Counted, HopRing, KIDS, NODES, OTHERS, Outcome, PROBE_MS, PROBES, PROBES_LEFT, Plain, Random, Spent, Stopwatch, TOPS,
    Workload, contest, dropped, live_bytes, yield_once,
};
use hamadryad_native::{AnyNode, Completer, Ended, Freed, Io, Loop, prelude::*};

fn main() -> ExitCode {
    contest(&[
        Workload("node", node),
        Workload("tree", tree),
        Workload("request_now", request_now),
        Workload("request_yield", request_yield),
        Workload("outstanding", outstanding),
        Workload("timers", timers),
        Workload("fd_hop", fd_hop),
    ])
}

/// Runs `workload` as a request under the root, and gives it its own node.
fn run<F: Future<Output = Result<Outcome, Ended>> + 'static>(workload: impl FnOnce(AnyNode) -> F + 'static) -> Outcome {
    let events = Loop::new().expect("there are fds for a loop");
    events.block_on(events.root().spawn("workload", workload)).expect("a workload does not panic")
}

fn timed(ops: u64, spent: Spent, want: u64, got: u64) -> Outcome {
    Outcome { ops, cost: Cost::Time(spent), want, got }
}

fn held(items: u64, before: u64, want: u64, got: u64) -> Outcome {
    Outcome { ops: items, cost: Cost::Bytes(live_bytes() - before), want, got }
}

fn is_gone(freed: Freed) -> u64 {
    u64::from(freed == Freed::Gone { survivors: 0 })
}

// ---- nodes ----

fn node(arguments: &Arguments) -> Outcome {
    let (rounds, n, bytes) = (arguments.rounds(1_000_000), arguments.number("n", 100_000), arguments.bytes());
    run(async move |me| {
        let parent = me.insert(Plain([0; 1]));
        for i in 0..OTHERS {
            parent.insert(Plain([i; 7]));
        }
        if bytes {
            let before = live_bytes();
            for i in 0..n {
                parent.insert(Plain([i; 7]));
            }
            return Ok(held(n, before, n + OTHERS, parent.children().count() as u64));
        }
        let mut gone = 0;
        let stopwatch = Stopwatch::start();
        for i in 0..rounds {
            let node = parent.insert(Plain(black_box([i; 7])));
            gone += is_gone(node.free());
        }
        Ok(timed(rounds, stopwatch.stop(), rounds + OTHERS, gone + parent.children().count() as u64))
    })
}

fn insert_numbered(parent: AnyNode, i: u64) -> AnyNode {
    match (i.is_multiple_of(10), i % 3) {
        (false, 0) => parent.insert(Plain([i; 6])).into(),
        (false, 1) => parent.insert(Plain([i; 7])).into(),
        (false, _) => parent.insert(Plain([i; 8])).into(),
        (true, 0) => parent.insert(Counted([i; 6])).into(),
        (true, 1) => parent.insert(Counted([i; 7])).into(),
        (true, _) => parent.insert(Counted([i; 8])).into(),
    }
}

fn build(owner: AnyNode) -> AnyNode {
    let mut numbers = 0..NODES;
    let mut insert = |parent| insert_numbered(parent, numbers.next().expect("the tree has so many nodes"));
    let top_of_all = insert(owner);
    for _ in 0..TOPS {
        let child = insert(top_of_all);
        for _ in 0..KIDS {
            insert(child);
        }
    }
    top_of_all
}

fn tree(arguments: &Arguments) -> Outcome {
    let (rounds, bytes) = (arguments.rounds(30), arguments.bytes());
    run(async move |me| {
        if bytes {
            let before = live_bytes();
            let tree = build(me);
            return Ok(held(NODES, before, NODES, 1 + tree.descendants().count() as u64));
        }
        let mut gone = 0;
        let stopwatch = Stopwatch::start();
        for _ in 0..rounds {
            gone += is_gone(build(me).free());
        }
        Ok(timed(rounds * NODES, stopwatch.stop(), rounds * (1 + NODES.div_ceil(10)), gone + dropped()))
    })
}

// ---- requests: all with a name, a place and a deadline ----

async fn now(i: u64) -> Result<u64, Ended> {
    Ok(black_box(i) + 1)
}

async fn yields(i: u64) -> Result<u64, Ended> {
    yield_once().await;
    Ok(black_box(i) + 1)
}

fn one_at_a_time<F>(arguments: &Arguments, body: impl Fn(u64) -> F + Copy + 'static) -> Outcome
where
    F: Future<Output = Result<u64, Ended>> + 'static,
{
    let rounds = arguments.rounds(100_000);
    run(async move |me| {
        let mut right = 0;
        let stopwatch = Stopwatch::start();
        for round in 0..rounds {
            let request = me.spawn("asks", move |_| body(round)).timeout(secs(30));
            right += u64::from(request.await.ok() == Some(round + 1));
        }
        Ok(timed(rounds, stopwatch.stop(), rounds, right))
    })
}

fn many_at_once(arguments: &Arguments, batch: u64) -> Outcome {
    let rounds = arguments.rounds(100_000);
    run(async move |me| {
        let mut right = 0;
        let mut started = Vec::with_capacity(batch as usize);
        let stopwatch = Stopwatch::start();
        for round in 0..rounds {
            started.extend((0..batch).map(|i| me.spawn("asks", move |_| yields(round + i)).timeout(secs(30))));
            for (i, request) in started.drain(..).enumerate() {
                right += u64::from(request.await.ok() == Some(round + i as u64 + 1));
            }
        }
        Ok(timed(rounds * batch, stopwatch.stop(), rounds * batch, right))
    })
}

fn request_now(arguments: &Arguments) -> Outcome {
    one_at_a_time(arguments, now)
}

fn request_yield(arguments: &Arguments) -> Outcome {
    one_at_a_time(arguments, yields)
}

fn outstanding(arguments: &Arguments) -> Outcome {
    let n = arguments.number("n", 1000);
    if !arguments.bytes() {
        return many_at_once(arguments, n);
    }
    run(async move |me| {
        let begun = Rc::new(Cell::new(0));
        let mut started = Vec::with_capacity(n as usize);
        let before = live_bytes();
        for i in 0..n {
            let begun = begun.clone();
            let waits = async move |_| {
                begun.set(begun.get() + 1);
                std::future::pending::<()>().await;
                Ok::<_, Ended>(black_box(i) + 1)
            };
            started.push(me.spawn("waits", waits).timeout(secs(30)));
        }
        while begun.get() < n {
            yield_once().await;
        }
        Ok(held(n, before, n, started.iter().filter(|request| request.node().is_alive()).count() as u64))
    })
}

// ---- timers ----

fn timers(arguments: &Arguments) -> Outcome {
    let (n, rounds, bytes) = (arguments.n(1000), arguments.rounds(20), arguments.bytes());
    let mut random = Random::default();
    let (order, delays) = (random.permutation(n), random.delays(n));
    let fired: &'static Cell<u64> = Box::leak(Box::new(Cell::new(0)));
    run(async move |me| {
        let insert = |delay: Duration| me.after(delay, move || fired.set(fired.get() + 1));
        let (mut timers, mut cancelled) = (Vec::with_capacity(n), 0);
        let before = live_bytes();
        let stopwatch = Stopwatch::start();
        for _ in 0..rounds {
            timers.extend(delays.iter().map(|delay| insert(*delay)));
            if bytes {
                return Ok(held(n as u64, before, n as u64, timers.iter().filter(|timer| timer.is_alive()).count() as u64));
            }
            for &i in &order {
                cancelled += is_gone(timers[i].free());
            }
            timers.clear();
        }
        let spent = stopwatch.stop();
        yield_once().await; // the next turn has a new time
        timers.extend((0..PROBES).map(|_| insert(millis(PROBE_MS))));
        timers.drain(PROBES_LEFT..).for_each(|timer| cancelled += is_gone(timer.free()));
        while fired.get() < PROBES_LEFT as u64 {
            me.sleep(millis(PROBE_MS)).await.expect("the root lives on");
        }
        let ops = rounds * n as u64;
        Ok(timed(ops, spent, ops + PROBES as u64, cancelled + fired.get()))
    })
}

// ---- fds ----

fn fd_hop(arguments: &Arguments) -> Outcome {
    let (n, rounds) = (arguments.n(100), arguments.rounds(10_000));
    let events = Loop::new().expect("there are fds for a loop");
    let root = events.root();
    let ring = Rc::new(HopRing::new(n).expect("there are enough fds"));
    let done = Rc::new(Cell::new(None));
    for (index, read_end) in ring.take_read_ends().into_iter().enumerate() {
        let (ring, done) = (ring.clone(), done.clone());
        let watched = Io::new(root, read_end).expect("a pipe can be watched");
        watched.on_readable(move |read_end| {
            ring.on_readable(read_end, index);
            if ring.is_done() {
                let completer: Option<Completer<(), Ended>> = done.take();
                let _ = completer.map(|completer| completer.complete(Ok(())));
            }
        });
    }
    let hops = |hops| {
        let (all_done, completer) = root.completer("hops");
        done.set(Some(completer));
        ring.begin(hops);
        events.block_on(all_done).expect("the root lives on");
    };
    hops(n as u64);
    let stopwatch = Stopwatch::start();
    hops(rounds);
    timed(rounds, stopwatch.stop(), 2 * rounds, ring.got())
}
