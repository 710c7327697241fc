//! The conformance suite on the native host, and what of the laws only an operating system shows.
#![cfg(target_os = "linux")]

#[path = "worlds/native.rs"]
mod native;

use hamadryad_native::{AnyNode, Io, Loop, Run, RunError, Wait, prelude::*};
use hamadryad_tests::{Blocking, Problem, Trace, World, everywhere, laws, where_panics_unwind};
use native::NativeWorld;
use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::thread;

macro_rules! on_epoll {
    ($($law:ident)*) => { $(#[test] fn $law() { NativeWorld::run(laws::$law); })* };
}

everywhere!(on_epoll);
where_panics_unwind!(on_epoll);

/// A fresh loop.
fn main_loop() -> Rc<Loop> {
    NativeWorld::new().0
}

/// A pair of connected sockets, both non-blocking.
fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("the kernel gives descriptors");
    for end in [&ours, &theirs] {
        end.set_nonblocking(true).expect("a socket can be");
    }
    (ours, theirs)
}

/// Law 3: once the root is freed, `run` returns.
#[test]
fn law_03_run_returns_when_the_root_is_freed() {
    let main_loop = main_loop();
    let root = main_loop.root();
    root.every(millis(1), || ());
    root.after(millis(3), move || root.free());
    main_loop.run().expect("somebody asked for it");
    assert!(!main_loop.root().is_alive());
    main_loop.run().expect("there is nothing to run any more");
}

/// Law 4: when `free` returns, the node's descriptors are closed.
#[test]
fn law_04_descriptors_are_closed_when_free_returns() {
    let main_loop = main_loop();
    let (ours, mut theirs) = pair();
    let owner: AnyNode = *main_loop.root().insert(());
    Io::new(owner, ours).expect("epoll takes sockets").on_readable(|_| ());
    main_loop.turn(Wait::No).expect("the root is alive");
    assert_eq!(theirs.read(&mut [0]).expect_err("nothing was written").kind(), ErrorKind::WouldBlock);
    owner.free();
    assert_eq!(theirs.read(&mut [0]).expect("the end of the stream"), 0);
}

/// Law 4: no watcher of a freed descriptor is called, though its event was already there.
#[test]
fn law_04_a_ready_descriptor_that_is_freed_calls_nobody() {
    let main_loop = main_loop();
    let trace = Trace::new();
    let root = main_loop.root();
    let mut ends = Vec::new();
    for _ in 0..2 {
        let (ours, mut theirs) = pair();
        theirs.write_all(b"x").expect("there is room");
        ends.push(theirs);
        let note = trace.clone();
        let owner: AnyNode = *root.insert(());
        Io::new(owner, ours).expect("epoll takes sockets").on_readable(move |_| {
            note.note("called");
            for node in root.children().collect::<Vec<_>>() {
                node.free();
            }
        });
    }
    for _ in 0..3 {
        main_loop.turn(Wait::No).expect("the root is alive");
    }
    trace.expect(&["called"]);
}

/// Law 17: `run` gives back the failure that nobody contained, after the grace that was set.
#[test]
fn law_17_run_returns_the_failure_nobody_contained() {
    let trace = Trace::new();
    let note = trace.clone();
    let outcome = Run::new().grace(millis(3)).run(move |root| {
        root.insert(note.canary("value"));
        root.spawn("other", async move |me: AnyNode| me.sleep(hours(1)).await).detach();
        root.spawn("ask", async |_| Err::<(), _>(Problem::Said("connection refused"))).label("upstream-9").detach();
        Ok(())
    });
    let Err(RunError::Failed(failure)) = outcome else { panic!("it should have failed: {outcome:?}") };
    assert!(matches!(failure.downcast_ref::<Problem>(), Some(Problem::Said("connection refused"))));
    for part in ["ask", "upstream-9", "connection refused"] {
        assert!(failure.to_string().contains(part), "{failure}");
    }
    trace.expect(&["drop value"]);
}

/// Law 17: an error of the setup ends the tree and is given back.
#[test]
fn law_17_run_returns_the_error_of_its_setup() {
    let trace = Trace::new();
    let note = trace.clone();
    let outcome = hamadryad_native::run(move |root| {
        root.insert(note.canary("value"));
        Err("no such address".into())
    });
    let Err(RunError::Setup(error)) = outcome else { panic!("it should have failed: {outcome:?}") };
    assert_eq!(error.to_string(), "no such address");
    trace.expect(&["drop value"]);
}

/// Law 19: the host's clock is monotonic, and its wall clock is the world's.
#[test]
fn law_19_the_hosts_clocks_go() {
    let main_loop = main_loop();
    let root = main_loop.root();
    let before = root.now();
    while root.now() == before {
        std::hint::spin_loop();
    }
    assert!(root.now() > before);
    let world = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970").as_nanos();
    let ours = u128::from(root.wall_clock().as_nanos());
    assert!(ours.abs_diff(world) < 60_000_000_000, "{ours} is not {world}");
    let (mut first, mut second) = ([0; 16], [0; 16]);
    root.fill_random(&mut first);
    root.fill_random(&mut second);
    assert_ne!(first, second);
}

/// Law 20: a slice of turns is bounded, also when something is always pending.
#[test]
fn law_20_a_slice_is_64_turns_at_most() {
    let main_loop = main_loop();
    let called = Rc::new(Cell::new(0));
    let count = called.clone();
    main_loop.root().every(millis(0), move || count.set(count.get() + 1));
    for _ in 0..3 {
        called.set(0);
        assert!(main_loop.turn(Wait::Forever).expect("the root is alive").pending);
        assert!((1..=64).contains(&called.get()), "{} turns in a slice", called.get());
    }
}

/// Law 22: `turn` and `run` from within are errors, and nothing runs.
#[test]
fn law_22_turn_and_run_from_within_are_errors() {
    let main_loop = main_loop();
    let trace = Trace::new();
    let (inner, note) = (main_loop.clone(), trace.clone());
    let node = main_loop.root().soon(move || {
        inner.root().soon(note.noting("immediate"));
        let turn = inner.turn(Wait::No).expect_err("it is within").to_string();
        let Err(RunError::Host(run)) = inner.run() else { panic!("run should be refused") };
        note.note(format!("{} {}", turn.contains("culprit"), run.to_string().contains("culprit")));
    });
    node.named("culprit");
    while main_loop.turn(Wait::No).expect("the root is alive").pending {}
    trace.expect(&["true true", "immediate"]);
}

/// Law 23: the peer's end reaches a watcher that only wants to write, and the callback of another that is silent stays as it was.
#[test]
fn law_23_a_hang_up_reaches_readers_and_writers() {
    let main_loop = main_loop();
    let (ours, theirs) = pair();
    let root = main_loop.root();
    let io = Io::new(root, ours).expect("epoll takes sockets");
    let mut full = 0;
    main_loop.block_on(async {
        // Fill the buffer, so that only the hang-up can wake the writer.
        while io
            .write_with(|mut socket| match socket.write(&[0; 4096]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
                other => other,
            })
            .await
            .expect("it is open")
            > 0
        {
            full += 1;
        }
    });
    assert!(full > 0);
    let called = Rc::new(Cell::new((0, 0)));
    let (reader, writer) = (called.clone(), called.clone());
    let reads = io.on_readable(move |_| reader.set((reader.get().0 + 1, reader.get().1)));
    let writes = io.on_writable(move |_| writer.set((writer.get().0, writer.get().1 + 1)));
    main_loop.turn(Wait::No).expect("the root is alive");
    assert_eq!(called.get(), (0, 0));
    drop(theirs);
    for _ in 0..3 {
        main_loop.turn(Wait::No).expect("the root is alive");
    }
    let (readers, writers) = called.get();
    assert!(readers > 0 && writers > 0, "{readers} {writers}");
    reads.free();
    writes.free();
}

/// Law 25: a post wakes a loop that waits for ever.
#[test]
fn law_25_a_post_wakes_the_waiting_loop() {
    let main_loop = main_loop();
    let root = main_loop.root();
    let node = root.insert(0);
    let remote = node.remote();
    let poster = thread::spawn(move || {
        for number in 1..=3 {
            remote.post(move |node: Node<i32>| node.with_mut(|value| *value = *value * 10 + number)).expect("the tree lives");
        }
        remote.post(move |node| node.parent().map(AnyNode::free)).expect("the tree lives");
    });
    let seen = Rc::new(Cell::new(0));
    let last = seen.clone();
    node.on_free(move |_| {
        last.set(node.with(|value| *value));
        Proceed
    });
    main_loop.run().expect("somebody asked for it");
    poster.join().expect("it does not panic");
    assert_eq!(seen.get(), 123);
}
