//! smol on one thread: a `LocalExecutor` driven by async-io's `block_on`.
//!
//! Workloads run inside a spawned task: from the root future every await would go through the reactor.

use std::{
    hint::black_box,
    pin::Pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Waker},
    time::{Duration, Instant},
};

use async_executor::{LocalExecutor, Task};
use async_io::Timer;
use futures_lite::future::yield_now;
use hamadryad_bench::{Arguments, Cost, Outcome, PROBE_MS, PROBES, PROBES_LEFT, Random, Spent, Stopwatch, Workload, contest, live_bytes};

fn main() -> ExitCode {
    contest(&[
        Workload("request_now", request_now),
        Workload("request_yield", request_yield),
        Workload("outstanding", outstanding),
        Workload("timers", timers),
    ])
}

/// Runs `workload` as a task, and gives it the executor, so that it can make others.
fn run<F: Future<Output = Outcome> + 'static>(workload: impl FnOnce(Rc<LocalExecutor<'static>>) -> F) -> Outcome {
    let executor = Rc::new(LocalExecutor::new());
    async_io::block_on(executor.run(executor.spawn(workload(executor.clone()))))
}

fn outcome(ops: u64, spent: Spent, want: u64, got: u64) -> Outcome {
    Outcome { ops, cost: Cost::Time(spent), want, got }
}

fn request(executor: &LocalExecutor<'_>, i: u64, yields: bool) -> Task<u64> {
    executor.spawn(async move {
        if yields {
            yield_now().await;
        }
        black_box(i) + 1
    })
}

fn one_at_a_time(arguments: &Arguments, yields: bool) -> Outcome {
    let rounds = arguments.rounds(100_000);
    run(async move |executor| {
        let mut right = 0;
        let stopwatch = Stopwatch::start();
        for round in 0..rounds {
            right += u64::from(request(&executor, round, yields).await == round + 1);
        }
        outcome(rounds, stopwatch.stop(), rounds, right)
    })
}

fn many_at_once(arguments: &Arguments, batch: u64, yields: bool) -> Outcome {
    let rounds = arguments.rounds(100_000);
    run(async move |executor| {
        let mut right = 0;
        let mut started = Vec::with_capacity(batch as usize);
        let stopwatch = Stopwatch::start();
        for round in 0..rounds {
            started.extend((0..batch).map(|i| request(&executor, round + i, yields)));
            for (i, request) in started.drain(..).enumerate() {
                right += u64::from(request.await == round + i as u64 + 1);
            }
        }
        outcome(rounds * batch, stopwatch.stop(), rounds * batch, right)
    })
}

fn request_now(arguments: &Arguments) -> Outcome {
    one_at_a_time(arguments, false)
}

fn request_yield(arguments: &Arguments) -> Outcome {
    one_at_a_time(arguments, true)
}

fn outstanding(arguments: &Arguments) -> Outcome {
    let n = arguments.n(1000);
    if !arguments.bytes() {
        return many_at_once(arguments, n as u64, true);
    }
    let executor = LocalExecutor::new();
    let mut started = Vec::with_capacity(n);
    let before = live_bytes();
    for i in 0..n as u64 {
        started.push(executor.spawn(async move {
            Timer::after(Duration::from_secs(30)).await;
            black_box(i) + 1
        }));
    }
    while executor.try_tick() {}
    let bytes = live_bytes() - before;
    let waiting = started.iter().filter(|request| !request.is_finished()).count();
    Outcome { ops: n as u64, cost: Cost::Bytes(bytes), want: n as u64, got: waiting as u64 }
}

/// A `Timer` is registered from its first poll on. Boxed, as tokio's must be, so that its bytes are counted too.
fn insert(at: Instant) -> Option<Box<Timer>> {
    let mut timer = Box::new(Timer::at(at));
    Pin::new(&mut *timer).poll(&mut Context::from_waker(Waker::noop())).is_pending().then_some(timer)
}

fn timers(arguments: &Arguments) -> Outcome {
    let (n, rounds, bytes) = (arguments.n(1000), arguments.rounds(20), arguments.bytes());
    let mut random = Random::default();
    let (order, delays) = (random.permutation(n), random.delays(n));
    run(async move |_| {
        let (mut timers, mut cancelled, base) = (Vec::with_capacity(n), 0, Instant::now());
        let before = live_bytes();
        let stopwatch = Stopwatch::start();
        for _ in 0..rounds {
            timers.extend(delays.iter().map(|delay| insert(base + *delay)));
            if bytes {
                let bytes = live_bytes() - before;
                return Outcome { ops: n as u64, cost: Cost::Bytes(bytes), want: n as u64, got: timers.iter().flatten().count() as u64 };
            }
            for &i in &order {
                cancelled += u64::from(timers[i].take().is_some());
            }
            timers.clear();
        }
        let spent = stopwatch.stop();
        let at = Instant::now() + Duration::from_millis(PROBE_MS);
        let mut probes: Vec<_> = (0..PROBES).map(|_| Timer::at(at)).collect();
        probes.truncate(PROBES_LEFT);
        let mut fired = 0;
        for probe in probes {
            probe.await;
            fired += 1;
        }
        let ops = rounds * n as u64;
        outcome(ops, spent, ops + PROBES_LEFT as u64, cancelled + fired)
    })
}
