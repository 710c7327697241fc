//! Signals in one thread, beyond the rows of the original.

use super::sys;
use hamadryad_native::{Loop, SigInfo, SignalError, Wait, prelude::*, sim::Sim};
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::rc::Rc;

pub(crate) const TESTS: &[super::Test] = &[
    ("a_full_ring_blocks_the_signal_until_it_is_drained", full_ring),
    ("standard_signals_are_not_coalesced", not_coalesced),
    ("the_action_is_restored_when_the_last_handler_is_freed", restored_at_last),
    ("what_waits_when_the_last_handler_goes_does_not_kill", pending_at_the_end),
    ("handlers_of_one_signal_come_and_go", every_handler),
    ("a_handler_that_frees_itself_gets_no_more", frees_itself),
    ("sa_restart_is_the_only_choice_made", sa_restart),
    ("what_the_kernel_tells_of_kill_sigqueue_children_and_files", siginfo),
    ("signals_wake_a_loop_that_waits", wakes),
    ("a_handler_that_panics_does_not_keep_the_rest", panics),
    ("signals_that_cannot_be_handled_are_refused", refused),
];

/// A loop and what its handler of `signal` has seen.
fn listening(signal: i32) -> (Loop, AnyNode, Rc<RefCell<Vec<SigInfo>>>) {
    let main_loop = Loop::new().expect("a loop");
    let seen = Rc::new(RefCell::new(Vec::new()));
    let handler = record(&main_loop, signal, &seen);
    (main_loop, handler, seen)
}

fn record(main_loop: &Loop, signal: i32, seen: &Rc<RefCell<Vec<SigInfo>>>) -> AnyNode {
    let seen = seen.clone();
    main_loop.root().on_signal(signal, move |info| seen.borrow_mut().push(*info)).expect("a handler")
}

fn settle(main_loop: &Loop) {
    while main_loop.turn(Wait::No).expect("a turn").ran > 0 {}
}

fn values(seen: &RefCell<Vec<SigInfo>>) -> Vec<i32> {
    seen.borrow().iter().map(|info| info.value().expect("a value")).collect()
}

fn full_ring() {
    let signal = SIGRTMIN();
    let (main_loop, _, seen) = listening(signal);
    for value in 0..255 {
        sys::queue_to_self(signal, value).expect("queued");
    }
    assert!(!sys::is_blocked(signal));
    sys::queue_to_self(signal, 255).expect("queued");
    assert!(sys::is_blocked(signal), "256 wait: the rest has to wait in the kernel");
    for value in 256..600 {
        sys::queue_to_self(signal, value).expect("queued");
    }
    assert_eq!(main_loop.turn(Wait::No).expect("a turn").ran, 1);
    assert_eq!(seen.borrow().len(), 256);
    settle(&main_loop);
    assert!(!sys::is_blocked(signal));
    assert_eq!(values(&seen), (0..600).collect::<Vec<_>>());
}

fn not_coalesced() {
    let (main_loop, _, seen) = listening(SIGUSR1);
    for _ in 0..5 {
        sys::kill_self(SIGUSR1);
    }
    settle(&main_loop);
    assert_eq!(seen.borrow().len(), 5);
}

fn restored_at_last() {
    sys::ignore(SIGUSR2);
    let before = sys::action(SIGUSR2);
    let (main_loop, one, _) = listening(SIGUSR2);
    let other = record(&main_loop, SIGUSR2, &Rc::default());
    let caught = sys::action(SIGUSR2);
    assert_ne!(caught.handler, before.handler);
    one.free();
    assert_eq!(sys::action(SIGUSR2), caught);
    other.free();
    assert_eq!(sys::action(SIGUSR2), before);
    record(&main_loop, SIGUSR2, &Rc::default());
    assert_eq!(sys::action(SIGUSR2), caught);
    drop(main_loop);
    assert_eq!(sys::action(SIGUSR2), before);
}

fn pending_at_the_end() {
    let signal = SIGRTMIN() + 1; // its default action is to end the process
    let (main_loop, handler, seen) = listening(signal);
    for value in 0..700 {
        sys::queue_to_self(signal, value).expect("queued");
    }
    assert!(sys::is_blocked(signal));
    handler.free();
    assert!(!sys::is_blocked(signal));
    // Nor is it for the next one who asks.
    record(&main_loop, signal, &seen);
    settle(&main_loop);
    assert_eq!(values(&seen), []);
    sys::queue_to_self(signal, 1).expect("queued");
    settle(&main_loop);
    assert_eq!(values(&seen), [1]);
}

fn every_handler() {
    let (main_loop, one, seen_by_one) = listening(SIGUSR1);
    let seen_by_other = Rc::default();
    record(&main_loop, SIGUSR1, &seen_by_other);
    sys::queue_to_self(SIGUSR1, 1).expect("queued");
    settle(&main_loop);
    sys::queue_to_self(SIGUSR1, 2).expect("queued");
    one.free();
    settle(&main_loop);
    assert_eq!(values(&seen_by_one), [1]);
    assert_eq!(values(&seen_by_other), [1, 2]);
    assert_eq!(one.name(), "");
    let names: Vec<_> = main_loop.root().children().map(AnyNode::name).collect();
    assert_eq!(names, ["SIGUSR1"]);
}

fn frees_itself() {
    let main_loop = Loop::new().expect("a loop");
    let called = Rc::new(Cell::new(0));
    let own: Rc<Cell<Option<AnyNode>>> = Rc::default();
    let before = sys::action(SIGRTMIN());
    let handler = main_loop.root().on_signal(SIGRTMIN(), {
        let (called, own) = (called.clone(), own.clone());
        move |_| {
            called.set(called.get() + 1);
            own.get().expect("set below").free();
        }
    });
    own.set(Some(handler.expect("a handler")));
    for value in 0..3 {
        sys::queue_to_self(SIGRTMIN(), value).expect("queued");
    }
    settle(&main_loop);
    assert_eq!(called.get(), 1);
    assert_eq!(sys::action(SIGRTMIN()), before);
}

fn sa_restart() {
    let (_main_loop, ..) = listening(SIGUSR1);
    let flags = sys::action(SIGUSR1).flags;
    assert_eq!(flags & (libc::SA_RESTART | libc::SA_SIGINFO), libc::SA_RESTART | libc::SA_SIGINFO);
    assert_eq!(flags & (libc::SA_NODEFER | libc::SA_RESETHAND), 0);
}

fn siginfo() {
    let (main_loop, _, seen) = listening(SIGUSR1);
    let file_signal = SIGRTMIN() + 5;
    record(&main_loop, SIGCHLD, &seen);
    record(&main_loop, file_signal, &seen);

    sys::kill_self(SIGUSR1);
    sys::queue_to_self(SIGUSR1, -7).expect("queued");
    settle(&main_loop);
    let child = sys::fork_and_exit(3);
    settle(&main_loop);
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    sys::signal_when_ready(ours.as_fd(), file_signal);
    theirs.write_all(b"x").expect("written");
    settle(&main_loop);

    let seen = seen.borrow();
    let [killed, queued, of_child, of_file] = &seen[..] else { panic!("{seen:?}") };
    let us = (sys::own_pid(), sys::own_uid());
    let sender = |info: &SigInfo| info.sender().map(|sender| (sender.pid, sender.uid));
    assert_eq!((killed.code(), sender(killed), killed.value(), killed.fd()), (libc::SI_USER, Some(us), None, None));
    assert_eq!((queued.code(), sender(queued), queued.value()), (libc::SI_QUEUE, Some(us), Some(-7)));
    assert_eq!((of_child.code(), sender(of_child), of_child.value()), (libc::CLD_EXITED, Some((child, us.1)), None));
    assert_eq!((of_file.signal(), of_file.fd(), sender(of_file)), (file_signal, Some(ours.as_raw_fd()), None));
    assert_ne!(of_file.band().expect("a band") & i64::from(libc::POLLIN), 0);
}

fn wakes() {
    let (main_loop, _, seen) = listening(SIGUSR1);
    let root = main_loop.root();
    root.on_signal(SIGCHLD, move |_| root.free()).expect("a handler");
    // Whatever of the two comes when: the loop waits without a limit, in the kernel.
    let mut child = Command::new("sh").args(["-c", "kill -USR1 $PPID"]).spawn().expect("a shell");
    let child_id = child.id();
    main_loop.run().expect("a good end");
    child.wait().expect("its end");
    let senders: Vec<_> = seen.borrow().iter().map(|info| info.sender().expect("a sender").pid).collect();
    assert_eq!(senders, [child_id]);
}

fn panics() {
    std::panic::set_hook(Box::new(|_| {})); // the panics are meant
    let main_loop = Loop::new().expect("a loop");
    let failures = Rc::new(Cell::new(0));
    let count = failures.clone();
    main_loop.root().on_failure(move |_| {
        count.set(count.get() + 1);
        Contain
    });
    let seen = Rc::new(Cell::new(0));
    let count = seen.clone();
    let handler = main_loop.root().on_signal(SIGRTMIN(), move |info| {
        count.set(count.get() + 1);
        assert_ne!(info.value(), Some(1), "meant");
    });
    for value in 0..4 {
        sys::queue_to_self(SIGRTMIN(), value).expect("queued");
    }
    settle(&main_loop);
    assert_eq!(failures.get(), 1);
    assert!(handler.expect("a handler").is_alive());
    assert_eq!(seen.get(), 4);
}

fn refused() {
    let main_loop = Loop::new().expect("a loop");
    let root = main_loop.root();
    for signal in [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, 32, 33] {
        assert!(matches!(root.on_signal(signal, |_| ()), Err(SignalError::Forbidden)), "{signal}");
    }
    for signal in [0, -1, 65, 1000, i32::MAX, i32::MIN] {
        let Err(SignalError::Os(error)) = root.on_signal(signal, |_| ()) else { panic!("{signal}") };
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
    let node = root.insert(());
    node.free();
    assert!(matches!(node.on_signal(SIGUSR1, |_| ()), Err(SignalError::Freed)));
    assert!(matches!(Sim::seeded(1).root().on_signal(SIGUSR1, |_| ()), Err(SignalError::WrongHost)));
    assert_eq!(sys::action(SIGUSR1).handler, libc::SIG_DFL);
}
