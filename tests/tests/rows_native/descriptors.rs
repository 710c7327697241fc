//! Descriptors: readiness, errors, several watchers, closing.

use std::{
    cell::{Cell, RefCell},
    io::{ErrorKind, Read, Write},
    os::{
        fd::{AsFd, AsRawFd},
        unix::net::UnixStream,
    },
    rc::Rc,
    sync::Arc,
};

use crate::alone::is_alone;
use hamadryad_native::{Io, Loop, Wait, secs};

fn pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("sockets can be made");
    ours.set_nonblocking(true).expect("it is a socket");
    theirs.set_nonblocking(true).expect("it is a socket");
    (ours, theirs)
}

fn turn(main_loop: &Loop) -> usize {
    main_loop.turn(Wait::No).expect("it turns").ran
}

/// Whether the other end is closed: with something unread that is a reset.
fn is_closed(mut stream: &UnixStream) -> bool {
    // Where another test has just forked a child, that has a copy until it becomes another program.
    stream.set_nonblocking(false).expect("a socket can block");
    stream.set_read_timeout(Some(secs(10))).expect("a socket has a limit");
    match stream.read(&mut [0; 4]) {
        Ok(len) => len == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Fills the way out, so that it is not writable.
fn fill(mut stream: &UnixStream) {
    while stream.write(&[0; 4_096]).is_ok() {}
}

/// E8: level-triggered: called as long as there is something to read; without a watcher nobody is called, and the loop does not spin.
#[test]
fn row_e08_fd_events_are_level_triggered_and_owned() {
    let main_loop = Loop::new().expect("epoll is there");
    let (ours, mut theirs) = pair();
    let io = Io::new(main_loop.root(), ours).expect("it can be watched");
    theirs.write_all(b"abc").expect("there is room");
    assert_eq!((turn(&main_loop), turn(&main_loop)), (0, 0), "registered, but silent");
    let read = Rc::new(RefCell::new(Vec::new()));
    let seen = read.clone();
    let watcher = io.on_readable(move |mut stream| {
        let mut byte = [0];
        assert_eq!(stream.read(&mut byte).ok(), Some(1));
        seen.borrow_mut().push(byte[0]);
    });
    while turn(&main_loop) > 0 {}
    assert_eq!(*read.borrow(), b"abc");
    assert_eq!(watcher.free(), hamadryad_native::Freed::Gone { survivors: 0 });
    theirs.write_all(b"d").expect("there is room");
    assert_eq!((turn(&main_loop), read.borrow().len()), (0, 3));
    // Owned: its end closes it. Shared by an `Arc`: it stays open with its other owner.
    io.free();
    assert!(is_closed(&theirs));
    let (ours, mut theirs) = pair();
    let shared = Arc::new(ours);
    Io::new(main_loop.root(), shared.clone()).expect("it can be watched").free();
    assert!(theirs.write_all(b"e").is_ok());
    assert_eq!((&*shared).read(&mut [0; 4]).ok(), Some(1));
}

/// E9: who only writes is told of a hang-up, too, and is not muted by it.
#[test]
fn row_e09_errors_and_hang_ups_reach_every_watcher() {
    let main_loop = Loop::new().expect("epoll is there");
    let (ours, theirs) = pair();
    fill(&ours);
    let io = Io::new(main_loop.root(), ours).expect("it can be watched");
    let told = Rc::new(RefCell::new(Vec::new()));
    for name in ["writes", "writes too"] {
        let says = told.clone();
        io.on_writable(move |mut stream| says.borrow_mut().push((name, stream.write(b"x").err().map(|error| error.kind()))));
    }
    let says = told.clone();
    io.on_readable(move |mut stream| says.borrow_mut().push(("reads", stream.read(&mut [0]).err().map(|error| error.kind()))));
    assert_eq!(turn(&main_loop), 0, "neither readable nor writable");
    drop(theirs);
    for _ in 0..3 {
        main_loop.turn(Wait::Forever).expect("it turns");
    }
    let broken = Some(ErrorKind::BrokenPipe);
    for (name, error) in [("writes", broken), ("writes too", broken)] {
        assert!(told.borrow().contains(&(name, error)), "{told:?}");
    }
    assert!(told.borrow().iter().filter(|told| told.0 == "reads").count() >= 2, "{told:?}");
    assert!(told.borrow().iter().filter(|told| told.0 == "writes").count() >= 2, "told again, for it goes on: {told:?}");
}

/// E10: watchers of one descriptor take turns, each once a round.
#[test]
fn row_e10_several_watchers_take_turns() {
    let main_loop = Loop::new().expect("epoll is there");
    let (ours, mut theirs) = pair();
    let io = Io::new(main_loop.root(), ours).expect("it can be watched");
    let said = Rc::new(RefCell::new(Vec::new()));
    for name in ["first", "second", "third"] {
        let says = said.clone();
        io.on_readable(move |mut stream| {
            let _ = stream.read(&mut [0]);
            says.borrow_mut().push(name);
        });
    }
    theirs.write_all(&[0; 6]).expect("there is room");
    while turn(&main_loop) > 0 {}
    for _ in 0..3 {
        theirs.write_all(b"x").expect("there is room");
        main_loop.turn(Wait::Forever).expect("it turns");
    }
    let said = said.borrow();
    assert_eq!(said.len(), 9, "a byte each: {said:?}");
    let mut round = said[..3].to_vec();
    assert!(said[3..6] == round[..] && said[6..] == round[..], "{said:?}");
    round.sort_unstable();
    assert_eq!(round, ["first", "second", "third"]);
}

/// E13: a descriptor's number that is used again never brings its events to an old watcher, nor old events to the new one: not even
/// when both come in one batch.
#[test]
fn row_e13_a_reused_descriptor_number_reaches_its_own_watcher_only() {
    if !is_alone("descriptors::row_e13_a_reused_descriptor_number_reaches_its_own_watcher_only") {
        return;
    }
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    let calls = Rc::new(RefCell::new(Vec::new()));
    let mut peers = Vec::new();
    let mut watched = Vec::new();
    for _ in 0..2 {
        let (ours, mut theirs) = pair();
        theirs.write_all(b"x").expect("there is room");
        peers.push(theirs);
        watched.push(Io::new(root, ours).expect("it can be watched"));
    }
    let replaced = Rc::new(RefCell::new(None));
    for index in 0..2 {
        let (io, other) = (watched[index], watched[1 - index]);
        let (says, replaced) = (calls.clone(), replaced.clone());
        io.on_readable(move |mut stream| {
            let _ = stream.read(&mut [0; 4]);
            says.borrow_mut().push(format!("old {index}"));
            // Both are ready in this batch: whoever is first ends the other, and takes its number.
            let number = other.try_with(|stream| stream.as_fd().as_raw_fd()).ok();
            other.free();
            let (ours, theirs) = pair();
            let same_number = number == Some(ours.as_fd().as_raw_fd()) || number == Some(theirs.as_fd().as_raw_fd());
            let (ours, theirs) = if number == Some(theirs.as_fd().as_raw_fd()) { (theirs, ours) } else { (ours, theirs) };
            let new = Io::new(root, ours).expect("it can be watched");
            let says = says.clone();
            new.on_readable(move |mut stream| {
                let _ = stream.read(&mut [0; 4]);
                says.borrow_mut().push("new".to_owned());
            });
            *replaced.borrow_mut() = Some((same_number, theirs));
        });
    }
    for _ in 0..3 {
        turn(&main_loop);
    }
    let first = calls.borrow().clone();
    assert!(first == ["old 0"] || first == ["old 1"], "the new one has nothing to read: {first:?}");
    let (same_number, mut theirs) = replaced.take().expect("one of them ran");
    assert!(same_number, "the kernel gives the lowest free number");
    theirs.write_all(b"y").expect("there is room");
    while turn(&main_loop) > 0 {}
    assert_eq!(calls.borrow()[1..], ["new".to_owned()]);
}

/// E14: freeing in a handler: the freed one's events of the same batch are not delivered, the handler's own closure ends with it.
#[test]
fn row_e14_free_inside_handlers() {
    let main_loop = Loop::new().expect("epoll is there");
    let owner = main_loop.root().insert("owner");
    let (calls, mut peers) = (Rc::new(Cell::new(0)), Vec::new());
    let closures = Rc::new(());
    for _ in 0..5 {
        let (ours, mut theirs) = pair();
        theirs.write_all(b"x").expect("there is room");
        peers.push(theirs);
        let (calls, closure) = (calls.clone(), closures.clone());
        Io::new(owner, ours).expect("it can be watched").on_readable(move |mut stream| {
            let _closure = &closure;
            calls.set(calls.get() + 1);
            owner.free();
            // Its own value is lent to this very code.
            assert_eq!(stream.read(&mut [0; 4]).ok(), Some(1));
        });
    }
    while turn(&main_loop) > 0 {}
    assert_eq!((calls.get(), Rc::strong_count(&closures), owner.is_alive()), (1, 1, false));
    assert!(main_loop.root().is_alive() && peers.iter().all(is_closed));
}
