//! tokio on one thread: `spawn_local` in a `LocalSet`, or with `local=1` in a `LocalRuntime`.
//!
//! Workloads run inside a spawned task: from the root future every await would cost an `epoll_wait`.
#![expect(unsafe_code, reason = "tokio asks its users to promise that a watched fd stays open")]

use std::{
    cell::Cell,
    future::pending,
    hint::black_box,
    pin::Pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Waker},
    time::Duration,
};

use hamadryad_bench::{
    Arguments, Cost, HopRing, Outcome, PROBE_MS, PROBES, PROBES_LEFT, Random, Spent, Stopwatch, Workload, contest, live_bytes,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Builder,
    sync::Notify,
    task::{JoinHandle, LocalSet, spawn_local, yield_now},
    time::{Instant, Sleep, sleep_until, timeout},
};

fn main() -> ExitCode {
    contest(&[
        Workload("request_now", request_now),
        Workload("request_yield", request_yield),
        Workload("outstanding", outstanding),
        Workload("timers", timers),
        Workload("fd_hop", fd_hop),
    ])
}

fn run<F: Future<Output = Outcome> + 'static>(arguments: &Arguments, workload: F) -> Outcome {
    let in_a_task = async { spawn_local(workload).await.expect("a workload does not panic") };
    let mut builder = Builder::new_current_thread();
    builder.enable_all();
    if arguments.number("local", 0) != 0 {
        return builder.build_local(Default::default()).expect("a runtime can be built").block_on(in_a_task);
    }
    let runtime = builder.build().expect("a runtime can be built");
    LocalSet::new().block_on(&runtime, in_a_task)
}

fn outcome(ops: u64, spent: Spent, want: u64, got: u64) -> Outcome {
    Outcome { ops, cost: Cost::Time(spent), want, got }
}

/// With `deadline=1` every request is given one, as ours always have.
fn request(i: u64, yields: bool, deadline: bool) -> JoinHandle<u64> {
    let body = async move {
        if yields {
            yield_now().await;
        }
        black_box(i) + 1
    };
    if deadline { spawn_local(async move { timeout(Duration::from_secs(30), body).await.unwrap_or(0) }) } else { spawn_local(body) }
}

fn one_at_a_time(arguments: &Arguments, yields: bool) -> Outcome {
    let (rounds, deadline) = (arguments.rounds(100_000), arguments.number("deadline", 0) != 0);
    run(arguments, async move {
        let mut right = 0;
        let stopwatch = Stopwatch::start();
        for round in 0..rounds {
            right += u64::from(request(round, yields, deadline).await.ok() == Some(round + 1));
        }
        outcome(rounds, stopwatch.stop(), rounds, right)
    })
}

fn many_at_once(arguments: &Arguments, batch: u64, yields: bool) -> Outcome {
    let (rounds, deadline) = (arguments.rounds(100_000), arguments.number("deadline", 0) != 0);
    run(arguments, async move {
        let mut right = 0;
        let mut started = Vec::with_capacity(batch as usize);
        let stopwatch = Stopwatch::start();
        for round in 0..rounds {
            started.extend((0..batch).map(|i| request(round + i, yields, deadline)));
            for (i, request) in started.drain(..).enumerate() {
                right += u64::from(request.await.ok() == Some(round + i as u64 + 1));
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
    run(arguments, async move {
        let begun = Rc::new(Cell::new(0));
        let mut started = Vec::with_capacity(n);
        let before = live_bytes();
        for i in 0..n as u64 {
            let begun = begun.clone();
            started.push(spawn_local(timeout(Duration::from_secs(30), async move {
                begun.set(begun.get() + 1);
                pending::<()>().await;
                black_box(i) + 1
            })));
        }
        while begun.get() < n {
            yield_now().await;
        }
        let bytes = live_bytes() - before;
        let waiting = started.iter().filter(|request| !request.is_finished()).count();
        Outcome { ops: n as u64, cost: Cost::Bytes(bytes), want: n as u64, got: waiting as u64 }
    })
}

/// A `Sleep` is in the wheel from its first poll on.
fn insert(at: Instant) -> Option<Pin<Box<Sleep>>> {
    let mut timer = Box::pin(sleep_until(at));
    timer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending().then_some(timer)
}

fn timers(arguments: &Arguments) -> Outcome {
    let (n, rounds, bytes) = (arguments.n(1000), arguments.rounds(20), arguments.bytes());
    let mut random = Random::default();
    let (order, delays) = (random.permutation(n), random.delays(n));
    run(arguments, async move {
        // As in a busy program, an earlier timer is already there: without it every insert writes to the eventfd.
        let earlier = insert(Instant::now() + Duration::from_secs(5)).expect("it is not due yet");
        yield_now().await;
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
        drop(earlier);
        let fired = fire_probes().await;
        let ops = rounds * n as u64;
        outcome(ops, spent, ops + PROBES_LEFT as u64, cancelled + fired)
    })
}

/// Whether timers that are not cancelled do fire.
async fn fire_probes() -> u64 {
    let base = Instant::now();
    let mut probes: Vec<_> = (0..PROBES).map(|_| Box::pin(sleep_until(base + Duration::from_millis(PROBE_MS)))).collect();
    for probe in &mut probes {
        // The first poll puts it into the wheel; here it may be due at once.
        let _ = probe.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    probes.truncate(PROBES_LEFT);
    let mut fired = 0;
    for probe in probes {
        probe.await;
        fired += 1;
    }
    fired
}

fn fd_hop(arguments: &Arguments) -> Outcome {
    let (n, rounds) = (arguments.n(100), arguments.rounds(10_000));
    run(arguments, async move {
        let ring = Rc::new(HopRing::new(n).expect("there are enough fds"));
        let done = Rc::new(Notify::new());
        for (index, read_end) in ring.take_read_ends().into_iter().enumerate() {
            let (ring, done) = (ring.clone(), done.clone());
            // SAFETY: `OwnedFd::as_raw_fd` gives the one fd that it owns; it is valid, and open until the `AsyncFd` drops it. Nothing below
            // takes it out or exchanges it: only shared references are used.
            let watched = unsafe { AsyncFd::register_with_interest(read_end, Interest::READABLE) };
            let watched = watched.map_err(|refused| refused.into_parts().1).expect("a pipe can be watched");
            spawn_local(async move {
                loop {
                    let mut ready = watched.readable().await.expect("the runtime is alive");
                    if ring.on_readable(ready.get_inner(), index) < 64 {
                        ready.clear_ready();
                    }
                    if ring.is_done() {
                        done.notify_one();
                    }
                }
            });
        }
        ring.begin(n as u64);
        done.notified().await;
        ring.begin(rounds);
        let stopwatch = Stopwatch::start();
        done.notified().await;
        outcome(rounds, stopwatch.stop(), 2 * rounds, ring.got())
    })
}
