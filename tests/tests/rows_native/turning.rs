//! Waiting and running.

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    thread,
};

use crate::alone::is_alone;
use hamadryad_native::{Loop, Turn, Wait, net::UdpSocket, prelude::*};

/// E1: a dropped loop makes its handles stale and its `Remote` harmless.
#[test]
fn row_e01_freeing_the_context_makes_its_events_inert() {
    let main_loop = Loop::new().expect("epoll is there");
    let socket = UdpSocket::bind(main_loop.root(), "127.0.0.1:0").expect("loopback is there");
    let node = main_loop.root().insert(7);
    let remote = node.remote();
    drop(main_loop);
    assert!(!node.is_alive() && !socket.is_alive() && socket.local_addr().is_err());
    assert!(thread::spawn(move || remote.post(|_| ()).is_err()).join().expect("the thread ends well"));
}

/// E3: a turn waits not at all, until a time, or for ever: there is no tick.
#[test]
fn row_e03_wait_no_until_forever() {
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    let nothing = Turn { ran: 0, pending: false };
    assert_eq!(main_loop.turn(Wait::No).expect("it turns"), nothing);
    let until = root.now() + millis(2);
    assert_eq!(main_loop.turn(Wait::Until(until)).expect("it turns"), nothing);
    assert!(root.now() >= until, "never early");
    // A deadline that is nearer than what the caller asks for ends the wait.
    root.after(millis(1), || ());
    assert_eq!(main_loop.turn(Wait::Until(root.now() + hours(1))).expect("it turns").ran, 1);
    root.after(millis(1), || ());
    assert_eq!(main_loop.turn(Wait::Forever).expect("it turns").ran, 1);
    let remote = root.insert(()).remote();
    let posts = thread::spawn(move || remote.post(|_| ()).is_ok());
    assert_eq!(main_loop.turn(Wait::Forever).expect("it turns").ran, 1);
    assert!(posts.join().expect("the thread ends well"));
}

/// E4: a turn tells work from time-out, and whether more is pending.
#[test]
fn row_e04_loop_once_tells_what_it_did() {
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    for _ in 0..3 {
        root.soon(|| ());
    }
    assert_eq!(main_loop.turn(Wait::No).expect("it turns"), Turn { ran: 3, pending: false });
    assert_eq!(main_loop.turn(Wait::No).expect("it turns"), Turn { ran: 0, pending: false });
    // Something that keeps itself going leaves more to do than a slice has room for; the next turn does not wait for ever.
    root.every(millis(0), || ());
    let turn = main_loop.turn(Wait::Forever).expect("it turns");
    assert!(turn.ran > 0 && turn.pending, "{turn:?}");
    assert!(main_loop.turn(Wait::Forever).expect("it turns").ran > 0);
}

/// E5: `run` goes on until the root is gone, whatever waits.
#[test]
fn row_e05_loop_wait_is_run_until_the_root_is_gone() {
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    let silent = UdpSocket::bind(root, "127.0.0.1:0").expect("loopback is there");
    let steps = Rc::new(Cell::new(0));
    let seen = steps.clone();
    root.after(millis(1), move || seen.set(1));
    let seen = steps.clone();
    root.after(millis(2), move || {
        seen.set(seen.get() + 1);
        root.free();
    });
    assert!(main_loop.run().is_ok());
    assert_eq!((steps.get(), silent.is_alive(), main_loop.root().is_alive()), (2, false, false));
    assert_eq!(main_loop.turn(Wait::No).map_err(|error| error.kind()).err(), Some(io::ErrorKind::NotFound));
}

/// E6: `block_on` runs the loop until its request is done.
#[test]
fn row_e06_loop_until_is_block_on() {
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    let begin = root.now();
    let request = root.spawn("sleeps", async move |me| {
        me.sleep(millis(2)).await?;
        Ok::<_, Ended>(me.now())
    });
    let end = main_loop.block_on(request).expect("nobody ends it");
    assert!(end >= begin + millis(2));
    assert_eq!(root.children().count(), 0);
}

/// E7: a loop is not entered from its own code: an error, or a panic that names who runs.
#[test]
fn row_e07_nesting_is_refused() {
    let main_loop = Rc::new(Loop::new().expect("epoll is there"));
    let (inner, said) = (main_loop.clone(), Rc::new(RefCell::new(Vec::new())));
    let says = said.clone();
    let request = main_loop.root().spawn("nests", async move |me| {
        let turn = inner.turn(Wait::No).expect_err("it is running");
        says.borrow_mut().push((turn.kind(), turn.to_string().contains("nests")));
        let Err(RunError::Host(run)) = inner.run() else { panic!("it is running") };
        says.borrow_mut().push((run.kind(), run.to_string().contains("nests")));
        let blocked = catch_unwind(AssertUnwindSafe(|| inner.block_on(me.sleep(millis(1)))));
        let text = blocked.expect_err("it is running").downcast::<String>().map(|text| *text).unwrap_or_default();
        says.borrow_mut().push((io::ErrorKind::ResourceBusy, text.contains("nests")));
        // Another loop is another matter.
        let other = Loop::new().expect("epoll is there");
        says.borrow_mut().push((io::ErrorKind::ResourceBusy, other.block_on(other.root().sleep(millis(1))).is_ok()));
    });
    main_loop.block_on(request).expect("nobody ends it");
    assert_eq!(*said.borrow(), [(io::ErrorKind::ResourceBusy, true); 4]);
}

/// E15: never early, in order, on a real clock.
#[test]
fn row_e15_timers() {
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    let said = Rc::new(RefCell::new(Vec::new()));
    for (name, delay) in [("third", 3), ("first", 1), ("second", 2)] {
        let (says, due) = (said.clone(), root.now() + millis(delay));
        root.after(millis(delay), move || says.borrow_mut().push((name, root.now() >= due)));
    }
    main_loop.block_on(root.sleep(millis(4))).expect("nobody frees the root");
    assert_eq!(*said.borrow(), [("first", true), ("second", true), ("third", true)]);
}

/// E29: posts wake a loop that waits, in order, and none is lost.
#[test]
fn row_e29_threads_post_in_order_and_none_is_lost() {
    const POSTS: u32 = 5_000;
    let main_loop = Loop::new().expect("epoll is there");
    let node = main_loop.root().insert(Vec::<(u32, u32)>::new());
    let (request, done) = main_loop.root().completer::<(), Ended>("all are there");
    let done = Rc::new(RefCell::new(Some(done)));
    let all = main_loop.root().insert(done);
    let (remote, ends) = (node.remote(), all.remote());
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let (remote, ends) = (remote.clone(), ends.clone());
            thread::spawn(move || {
                for post in 0..POSTS {
                    remote.post(move |node| node.with_mut(|list| list.push((number, post)))).expect("the loop runs");
                }
                // The last of the three finds all the others' posts done: first in, first out.
                ends.post(move |all| {
                    if node_is_full(all, 3 * POSTS as usize) {
                        let done = all.with(|done| done.borrow_mut().take());
                        done.map(|done| done.complete(Ok(())));
                    }
                })
                .expect("the loop runs");
            })
        })
        .collect();
    main_loop.block_on(request).expect("it is completed");
    threads.into_iter().for_each(|thread| thread.join().expect("the thread ends well"));
    node.with(|list| {
        for number in 0..3 {
            assert!(list.iter().filter(|post| post.0 == number).map(|post| post.1).eq(0..POSTS));
        }
    });
}

/// Whether the list beside `all` has that many.
fn node_is_full(all: impl Into<AnyNode>, len: usize) -> bool {
    let beside = all.into().parent().into_iter().flat_map(AnyNode::children).find_map(AnyNode::downcast::<Vec<(u32, u32)>>);
    beside.is_some_and(|list| list.with(|list| list.len() == len))
}

/// E33: whatever the loop opens is closed in a program that a child process becomes.
#[test]
fn row_e33_every_descriptor_is_close_on_exec() {
    if !is_alone("turning::row_e33_every_descriptor_is_close_on_exec") {
        return;
    }
    let before = descriptors();
    let main_loop = Loop::new().expect("epoll is there");
    let root = main_loop.root();
    let udp = UdpSocket::bind(root, "127.0.0.1:0").expect("loopback is there");
    let listener = hamadryad_native::net::TcpListener::bind(root, "127.0.0.1:0").expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let pair = root.spawn("connect", async move |me| -> io::Result<_> {
        let accepts = me.spawn("accept", async move |_| listener.accept(root).await);
        let ours = hamadryad_native::net::TcpStream::connect(root, address).await?;
        Ok((ours, accepts.await?))
    });
    let connected = main_loop.block_on(pair).expect("it connects");
    root.on_signal(SIGUSR2, |_| ()).expect("it may be caught");
    root.after(hours(1), || ());
    main_loop.as_fd(); // as inside another loop, with a timer of its own
    main_loop.turn(Wait::No).expect("it turns");
    let opened: Vec<u32> = descriptors().into_iter().filter(|fd| !before.contains(fd)).collect();
    assert_eq!(opened.len(), 7, "epoll, eventfd, timerfd, four sockets: {opened:?}");
    for fd in opened {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).expect("it is open");
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).expect("proc(5) says so");
        let flags = u32::from_str_radix(flags.trim(), 8).expect("an octal number");
        assert_ne!(flags & 0o2_000_000, 0, "descriptor {fd} is left open by execve(2): {flags:o}");
    }
    assert!(udp.is_alive() && connected.0.is_alive());
}

fn descriptors() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc/self/fd").expect("procfs is mounted");
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect::<Vec<u32>>();
    // The directory itself was open while it was read.
    numbers.into_iter().filter(|fd| std::fs::exists(format!("/proc/self/fdinfo/{fd}")).unwrap_or(false)).collect()
}
