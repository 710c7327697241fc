//! What the system refuses is an error.

use super::sys;
use hamadryad_native::net::{TcpListener, UdpSocket};
use hamadryad_native::{Loop, RunError, prelude::*};
use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::fd::AsFd;

pub(crate) const TESTS: &[super::Test] = &[
    ("without_descriptors_everything_is_an_error", no_descriptors),
    ("accept_returns_emfile_and_goes_on_after_it", accept_at_the_limit),
    ("a_tree_that_goes_leaves_no_descriptor", no_leak),
];

/// The descriptors that are open, but for the one that looks.
fn open_descriptors() -> Vec<i32> {
    let listed = fs::read_dir("/proc/self/fd").expect("/proc");
    let numbers = listed.map(|entry| entry.expect("an entry").file_name().to_str().expect("a number").parse().expect("a number"));
    let numbers: Vec<i32> = numbers.collect();
    numbers.into_iter().filter(|fd| fs::read_link(format!("/proc/self/fd/{fd}")).is_ok()).collect()
}

fn is_emfile(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMFILE)
}

fn no_descriptors() {
    let main_loop = Loop::new().expect("a loop");
    let first_free = (0..).find(|fd| !open_descriptors().contains(fd)).expect("not all are open");
    for spare in 0..2 {
        sys::limit_descriptors(first_free as u64 + spare);
        assert!(is_emfile(&Loop::new().expect_err("no descriptors")), "with {spare}");
    }
    sys::limit_descriptors(3);
    assert!(is_emfile(&UdpSocket::bind(main_loop.root(), "127.0.0.1:0").expect_err("no descriptors")));
    let Err(RunError::Host(error)) = hamadryad_native::run(|_| Ok(())) else { panic!("no descriptors") };
    assert!(is_emfile(&error));
    // The timer inside another loop cannot be made: the next turn says so.
    main_loop.as_fd();
    assert!(is_emfile(&main_loop.turn(hamadryad_native::Wait::No).expect_err("no timer")));
    assert!(main_loop.turn(hamadryad_native::Wait::No).is_ok());
}

fn accept_at_the_limit() {
    let main_loop = Loop::new().expect("a loop");
    let root = main_loop.root();
    let listener = TcpListener::bind(root, "127.0.0.1:0").expect("bound");
    let _client = TcpStream::connect(listener.local_addr().expect("an address")).expect("in the backlog");
    let limit = open_descriptors().len() as u64;
    sys::limit_descriptors(3);
    assert!(is_emfile(&main_loop.block_on(listener.accept(root)).expect_err("no descriptors")));
    sys::limit_descriptors(limit + 10);
    main_loop.block_on(listener.accept(root)).expect("it still waits");
}

fn no_leak() {
    let before = open_descriptors();
    for _ in 0..3 {
        let main_loop = Loop::new().expect("a loop");
        let root = main_loop.root();
        main_loop.as_fd();
        root.on_signal(SIGUSR1, |_| ()).expect("a handler");
        UdpSocket::bind(root, "127.0.0.1:0").expect("bound");
        sys::kill_self(SIGUSR1);
    }
    assert_eq!(open_descriptors(), before);
}
