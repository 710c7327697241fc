//! What a node, a request, a sleep and a timer cost beside what they hold, on 64 bits.
#![cfg(target_pointer_width = "64")]

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use hamadryad::{AnyNode, Ended, hours, sim::Sim};

use crate::counting::{Counts, alone};

/// A power of two, little less: lists that double are nearly full then.
const MANY: usize = (1 << 17) - 64;

/// Bytes for each of [`MANY`], pages begun and the rest of the last list included; allowed are 2 % for the pages' own use.
fn bytes_each(make: impl Fn(AnyNode)) -> f64 {
    let _alone = alone();
    let sim = Sim::seeded(1);
    // Pages that dropped trees left behind would be taken for nothing: use them up.
    let mut before = Counts::now();
    loop {
        for _ in 0..1_000 {
            sim.root().insert([0_u8; 56]);
        }
        let after = Counts::now();
        if after.live - before.live > 1_000 * 56 {
            break;
        }
        before = after;
    }
    before = Counts::now();
    for _ in 0..MANY {
        make(sim.root());
    }
    sim.settle();
    let each = (Counts::now().live - before.live) as f64 / MANY as f64;
    assert!(each > 64.0, "{each}: it lies in memory that was there before");
    each
}

fn assert_at_most(what: &str, each: f64, promised: usize) {
    println!("{what}: {each:.1} bytes each, promised {promised}");
    assert!(each <= promised as f64 * 1.02 + 1.0, "{what}: {each:.1} bytes each, promised {promised}");
}

/// A size class is at most 16 bytes larger than what it holds, up to 256 bytes.
fn rounded(size: usize) -> usize {
    size.next_multiple_of(16)
}

#[test]
fn a_node_of_56_bytes() {
    let each = bytes_each(|root| {
        root.insert([0_u64; 7]);
    });
    assert_at_most("node", each, 96 + 64);
}

#[test]
fn a_node_of_nothing_and_of_8_bytes() {
    let each = bytes_each(|root| {
        root.insert(());
    });
    assert_at_most("node of nothing", each, 96);
    let each = bytes_each(|root| {
        root.insert(7_u64);
    });
    assert_at_most("node of 8 bytes", each, 96 + 16);
}

/// Never ready, of a known size.
struct Waits<const SIZE: usize>([u8; SIZE]);

impl<const SIZE: usize> Future for Waits<SIZE> {
    type Output = Result<u64, Ended>;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        assert_eq!(self.0[SIZE - 1], 7);
        Poll::Pending
    }
}

#[test]
fn a_request_that_waits() {
    let each = bytes_each(|root| {
        root.spawn("waits", |_| Waits([7; 64])).detach();
    });
    assert_at_most("request with a future of 64 bytes", each, 160 + 64);
    let each = bytes_each(|root| {
        root.spawn("waits", |_| Waits([7; 200])).detach();
    });
    assert_at_most("request with a future of 200 bytes", each, 160 + rounded(200));
}

/// A sleep, and its size as a type of its own.
fn sleep_of(me: AnyNode) -> impl Future<Output = Result<(), Ended>> + 'static {
    me.sleep(hours(1))
}

#[test]
fn a_pending_sleep() {
    let sim = Sim::seeded(1);
    let inside = size_of_val(&sleep_of(sim.root()));
    drop(sim);
    let each = bytes_each(|root| {
        root.spawn("sleeps", sleep_of).detach();
    });
    assert_at_most("request with a pending sleep", each, 160 + rounded(inside) + 80);
}

#[test]
fn a_timer() {
    let (first, second, third) = (1_u64, 2_u64, 3_u64);
    let each = bytes_each(|root| {
        root.after(hours(1), move || first + second + third);
    });
    assert_at_most("timer with a closure of 24 bytes", each, 96 + 32 + rounded(24));
}
