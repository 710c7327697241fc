//! Signals and several trees (law 24).

use super::sys;
use hamadryad_native::{Loop, Wait, prelude::*};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Barrier;
use std::thread;

pub(crate) const TESTS: &[super::Test] = &[
    ("law_24_every_tree_that_asked_gets_every_signal_in_order", several_threads),
    ("two_trees_of_one_thread_are_served_each_by_its_own_loop", one_thread),
    ("trees_come_and_go_while_signals_come", churn),
    ("a_thread_with_a_loop_of_its_own_takes_a_flood", flood_on_the_loops_thread),
];

const FLOOD: i32 = 10_000;

/// Collects until `count` values came.
fn collect(signal: i32, count: i32, ready: &Barrier) -> Vec<i32> {
    let main_loop = Loop::new().expect("a loop");
    let root = main_loop.root();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let values = seen.clone();
    let handler = root.on_signal(signal, move |info| {
        values.borrow_mut().push(info.value().expect("a value"));
        if values.borrow().len() == count as usize {
            root.free();
        }
    });
    handler.expect("a handler");
    ready.wait();
    main_loop.run().expect("a good end");
    seen.take()
}

fn several_threads() {
    const TREES: usize = 3;
    let ready = Barrier::new(TREES + 1);
    let signal = SIGRTMIN() + 2;
    thread::scope(|scope| {
        let trees: Vec<_> = (0..TREES).map(|_| scope.spawn(|| collect(signal, FLOOD, &ready))).collect();
        ready.wait();
        // This thread has no loop: it sends to its own process, and takes what it sends.
        (0..FLOOD).for_each(|value| sys::queue_to_self(signal, value).expect("queued"));
        assert!(!sys::is_blocked(signal));
        for tree in trees {
            assert!(tree.join().expect("no panic").into_iter().eq(0..FLOOD));
        }
    });
}

fn flood_on_the_loops_thread() {
    let signal = SIGRTMIN();
    let ready = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            ready.wait();
            // Its own limit is the kernel's: the receiver is slower at times.
            (0..FLOOD).for_each(|value| while sys::queue_to_self(signal, value).is_err() {});
        });
        let mut values = collect(signal, FLOOD, &ready);
        // Two threads take signals here, so their order is not known; each comes once.
        values.sort_unstable();
        assert!(values.into_iter().eq(0..FLOOD));
        assert!(!sys::is_blocked(signal));
    });
}

fn one_thread() {
    let one = Loop::new().expect("a loop");
    let other = Loop::new().expect("a loop");
    let silent = Loop::new().expect("a loop");
    let count = |main_loop: &Loop| {
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        main_loop.root().on_signal(SIGUSR1, move |_| counted.set(counted.get() + 1)).expect("a handler");
        count
    };
    let (by_one, by_other) = (count(&one), count(&other));
    sys::kill_self(SIGUSR1);
    assert_eq!(silent.turn(Wait::No).expect("a turn").ran, 0);
    assert_eq!(other.turn(Wait::No).expect("a turn").ran, 1);
    assert_eq!((by_one.get(), by_other.get()), (0, 1));
    sys::kill_self(SIGUSR1);
    one.turn(Wait::No).expect("a turn");
    other.turn(Wait::No).expect("a turn");
    assert_eq!((by_one.get(), by_other.get()), (2, 2));
    drop(one);
    sys::kill_self(SIGUSR1);
    other.turn(Wait::No).expect("a turn");
    assert_eq!((by_one.get(), by_other.get()), (2, 3));
}

fn churn() {
    let ready = Barrier::new(2);
    let signal = SIGRTMIN() + 2;
    thread::scope(|scope| {
        let steady = scope.spawn(|| collect(signal, FLOOD, &ready));
        let churning = scope.spawn(|| {
            for _ in 0..300 {
                let main_loop = Loop::new().expect("a loop");
                main_loop.root().on_signal(signal, |_| ()).expect("a handler");
                main_loop.turn(Wait::No).expect("a turn");
            }
        });
        ready.wait();
        (0..FLOOD).for_each(|value| sys::queue_to_self(signal, value).expect("queued"));
        assert!(steady.join().expect("no panic").into_iter().eq(0..FLOOD));
        churning.join().expect("no panic");
    });
}
