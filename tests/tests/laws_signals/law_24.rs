//! Law 24: signals go only to the trees that asked; every handler gets each siginfo once, in order, none lost.

use crate::harness::Test;
use crate::send;
use hamadryad_native::{AnyNode, Loop, SignalError, Wait, prelude::*};
use hamadryad_tests::Trace;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

/// All tests of this law.
pub(crate) const ALL: &[Test] = &[
    ("law_24_signals_go_only_to_the_trees_that_asked", only_to_the_trees_that_asked),
    ("law_24_every_handler_gets_each_siginfo_in_order", every_handler_gets_each_siginfo_in_order),
    ("law_24_none_is_lost", none_is_lost),
    ("law_24_the_siginfo_is_whole", the_siginfo_is_whole),
    ("law_24_a_handler_may_free_any_handler", a_handler_may_free_any_handler),
    ("law_24_trees_of_several_threads_hear_it", trees_of_several_threads_hear_it),
    ("law_24_signals_come_first_in_a_turn", signals_come_first_in_a_turn),
    ("law_24_what_cannot_be_caught_is_refused", what_cannot_be_caught_is_refused),
];

/// A fresh loop.
fn new_loop() -> Loop {
    Loop::new().expect("the kernel gives descriptors")
}

/// Everything that is pending now.
fn settle(main_loop: &Loop) {
    for _ in 0..4 {
        while main_loop.turn(Wait::No).expect("the root is alive").pending {}
    }
}

/// Hangs a handler below `owner` that notes the values it gets.
fn listen(owner: AnyNode, signal: i32) -> Rc<RefCell<Vec<i32>>> {
    let values: Rc<RefCell<Vec<i32>>> = Rc::default();
    let seen = values.clone();
    owner
        .on_signal(signal, move |info| {
            assert_eq!(info.signal(), signal);
            seen.borrow_mut().push(info.value().expect("it was queued with one"));
        })
        .expect("it can be caught");
    values
}

fn only_to_the_trees_that_asked() {
    let (first, second) = (new_loop(), new_loop());
    let trace = Trace::new();
    for (main_loop, signal, name) in [(&first, SIGUSR1, "first"), (&second, SIGUSR2, "second")] {
        let note = trace.noting(name);
        main_loop.root().on_signal(signal, move |_| note()).expect("it can be caught");
    }
    let settle_both = || {
        settle(&second);
        settle(&first);
    };
    send::kill(SIGUSR1);
    settle_both();
    trace.expect(&["first"]);
    send::kill(SIGUSR2);
    settle_both();
    trace.expect(&["second"]);
}

fn every_handler_gets_each_siginfo_in_order() {
    let (first, second) = (new_loop(), new_loop());
    let signal = SIGRTMIN() + 1;
    let heard = [listen(first.root(), signal), listen(first.root(), signal), listen(second.root(), signal)];
    for value in 0..100 {
        assert!(send::queue(signal, value), "the kernel's limit is larger");
    }
    settle(&first);
    settle(&second);
    for values in heard {
        assert_eq!(*values.borrow(), (0..100).collect::<Vec<_>>());
    }
}

/// Ten thousand queued at once, or as many as the kernel takes, arrive complete and in order.
fn none_is_lost() {
    let main_loop = new_loop();
    let signal = SIGRTMIN() + 2;
    let heard = listen(main_loop.root(), signal);
    let sent = (0..10_000).take_while(|value| send::queue(signal, *value)).count();
    assert!(sent >= 256, "the kernel took {sent} only");
    for _ in 0..1_000 {
        settle(&main_loop);
        if heard.borrow().len() >= sent {
            break;
        }
    }
    settle(&main_loop);
    assert_eq!(heard.borrow().len(), sent);
    assert!(heard.borrow().iter().copied().eq(0..sent as i32), "they are in order");
}

fn the_siginfo_is_whole() {
    let main_loop = new_loop();
    let trace = Trace::new();
    let note = trace.clone();
    let handler = main_loop.root().on_signal(SIGUSR1, move |info| {
        let sender = info.sender().expect("a process sent it");
        assert_eq!(sender.pid, std::process::id());
        note.note(format!("signal {} code {} value {:?}", info.signal(), info.code(), info.value()));
    });
    handler.expect("it can be caught");
    send::kill(SIGUSR1);
    settle(&main_loop);
    assert!(send::queue(SIGUSR1, 77));
    settle(&main_loop);
    let user = format!("signal {SIGUSR1} code {} value None", libc::SI_USER);
    let queued = format!("signal {SIGUSR1} code {} value Some(77)", libc::SI_QUEUE);
    trace.expect(&[&user, &queued]);
}

fn a_handler_may_free_any_handler() {
    let main_loop = new_loop();
    let root = main_loop.root();
    let trace = Trace::new();
    let handlers: Rc<Cell<[Option<AnyNode>; 2]>> = Rc::default();
    for index in 0..2 {
        let (all, note) = (handlers.clone(), trace.clone());
        let node = root.on_signal(SIGUSR1, move |_| {
            note.note("called");
            for node in all.get().into_iter().flatten() {
                node.free();
            }
        });
        let mut nodes = handlers.get();
        nodes[index] = Some(node.expect("it can be caught"));
        handlers.set(nodes);
    }
    let note = trace.noting("stays");
    let stays = root.on_signal(SIGUSR1, move |_| note()).expect("it can be caught");
    send::kill(SIGUSR1);
    settle(&main_loop);
    let mut events = trace.take();
    events.sort();
    assert_eq!(events, ["called", "stays"]);
    send::kill(SIGUSR1);
    settle(&main_loop);
    trace.expect(&["stays"]);
    stays.free();
}

fn trees_of_several_threads_hear_it() {
    let signal = SIGRTMIN() + 3;
    let (ready, wait) = mpsc::channel();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let ready = ready.clone();
            thread::spawn(move || {
                let main_loop = new_loop();
                let root = main_loop.root();
                // One handler: what another one has seen by then is another tree's loop to say.
                let values: Rc<RefCell<Vec<i32>>> = Rc::default();
                let seen = values.clone();
                root.on_signal(signal, move |info| {
                    seen.borrow_mut().push(info.value().expect("it was queued with one"));
                    if seen.borrow().len() == 10 {
                        root.free();
                    }
                })
                .expect("it can be caught");
                ready.send(()).expect("the test waits");
                main_loop.run().expect("somebody asked for it");
                values.take()
            })
        })
        .collect();
    threads.iter().for_each(|_| wait.recv().expect("they get ready"));
    for value in 0..10 {
        assert!(send::queue(signal, value));
    }
    for thread in threads {
        assert_eq!(thread.join().expect("it does not panic"), (0..10).collect::<Vec<_>>());
    }
}

fn signals_come_first_in_a_turn() {
    let main_loop = new_loop();
    let trace = Trace::new();
    let root = main_loop.root();
    root.soon(trace.noting("immediate"));
    let note = trace.noting("signal");
    root.on_signal(SIGUSR2, move |_| note()).expect("it can be caught");
    send::kill(SIGUSR2);
    settle(&main_loop);
    trace.expect(&["signal", "immediate"]);
}

fn what_cannot_be_caught_is_refused() {
    let main_loop = new_loop();
    let root = main_loop.root();
    assert!(matches!(root.on_signal(libc::SIGKILL, |_| ()), Err(SignalError::Forbidden)));
    let node = *root.insert(());
    node.free();
    assert!(matches!(node.on_signal(SIGUSR1, |_| ()), Err(SignalError::Freed)));
}
