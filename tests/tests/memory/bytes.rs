//! What a node, a request, a sleep and a timer cost beside what they hold, on 64 bits.
#![cfg(target_pointer_width = "64")]

use std::{
    future::Future,
    pin::Pin,
    process::Command,
    task::{Context, Poll},
};

use hamadryad::{AnyNode, Ended, hours, sim::Sim};

use crate::counting::Counts;

/// A power of two, little less: lists that double are nearly full then.
const MANY: usize = (1 << 17) - 64;

/// Runs `test` in a process of its own: pages that other tests' trees left behind would be taken for nothing.
fn in_its_own_process(name: &str, test: impl FnOnce()) {
    const IN_IT: &str = "HAMADRYAD_BYTES_ALONE";
    if std::env::var_os(IN_IT).is_some() {
        return test();
    }
    let program = std::env::current_exe().expect("the test binary has a path");
    let arguments = ["--exact", name, "--nocapture"];
    let ended = Command::new(program).args(arguments).env(IN_IT, "1").output().expect("the test binary can be run");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    println!("{said}");
}

/// Bytes for each of [`MANY`], pages begun and the rest of the last list included.
fn bytes_each(make: impl Fn(AnyNode)) -> f64 {
    let sim = Sim::seeded(1);
    let before = Counts::now();
    for _ in 0..MANY {
        make(sim.root());
    }
    sim.settle();
    (Counts::now().live - before.live) as f64 / MANY as f64
}

/// Allowed are 2 % for the pages' own use.
fn assert_at_most(what: &str, each: f64, promised: usize) {
    println!("{what}: {each:.1} bytes each, promised {promised}");
    assert!(each > 64.0, "{what}: {each:.1} bytes each: it lies in memory that was there before");
    assert!(each <= promised as f64 * 1.02 + 1.0, "{what}: {each:.1} bytes each, promised {promised}");
}

/// A size class is at most 16 bytes larger than what it holds, up to 256 bytes.
fn rounded(size: usize) -> usize {
    size.next_multiple_of(16)
}

#[test]
fn a_node_of_56_bytes() {
    in_its_own_process("bytes::a_node_of_56_bytes", || {
        let each = bytes_each(|root| {
            root.insert([0_u64; 7]);
        });
        assert_at_most("node of 56 bytes", each, 96 + 64);
    });
}

#[test]
fn a_node_of_nothing() {
    in_its_own_process("bytes::a_node_of_nothing", || {
        let each = bytes_each(|root| {
            root.insert(());
        });
        assert_at_most("node of nothing", each, 96);
    });
}

#[test]
fn a_node_of_8_bytes() {
    in_its_own_process("bytes::a_node_of_8_bytes", || {
        let each = bytes_each(|root| {
            root.insert(7_u64);
        });
        assert_at_most("node of 8 bytes", each, 96 + 16);
    });
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
    in_its_own_process("bytes::a_request_that_waits", || {
        let each = bytes_each(|root| {
            root.spawn("waits", |_| Waits([7; 64])).detach();
        });
        // Result and future share their place; which of them is there takes a word beside it, still.
        let larger = size_of::<Result<u64, Ended>>().max(64) + size_of::<usize>();
        assert_at_most("request with a future of 64 bytes", each, 160 + rounded(larger));
    });
}

#[test]
fn a_request_with_a_larger_future() {
    in_its_own_process("bytes::a_request_with_a_larger_future", || {
        let each = bytes_each(|root| {
            root.spawn("waits", |_| Waits([7; 200])).detach();
        });
        assert_at_most("request with a future of 200 bytes", each, 160 + rounded(200));
    });
}

fn sleep_of(me: AnyNode) -> impl Future<Output = Result<(), Ended>> + 'static {
    me.sleep(hours(1))
}

#[test]
fn a_pending_sleep() {
    in_its_own_process("bytes::a_pending_sleep", || {
        let sim = Sim::seeded(1);
        let inside = size_of_val(&sleep_of(sim.root()));
        let each = bytes_each(|root| {
            root.spawn("sleeps", sleep_of).detach();
        });
        assert_at_most("request with a pending sleep", each, 160 + rounded(inside) + 80);
    });
}

#[test]
fn a_timer() {
    in_its_own_process("bytes::a_timer", || {
        let (first, second, third) = (1_u64, 2_u64, 3_u64);
        let each = bytes_each(|root| {
            root.after(hours(1), move || first + second + third);
        });
        assert_at_most("timer with a closure of 24 bytes", each, 96 + 32 + rounded(24));
    });
}
