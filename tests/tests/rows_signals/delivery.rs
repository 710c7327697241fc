//! Rows E19 to E21: what a handler is told.

use std::{cell::RefCell, rc::Rc};

use hamadryad_native::{Loop, SigInfo, Wait, prelude::*};

use crate::{
    disposition::own_ids,
    harness::Test,
    send::{kill, queue},
};

/// This file's.
pub(crate) const ALL: &[Test] = &[
    ("row_e20_ten_thousand_queued_signals_arrive_complete_and_in_order", row_e20_ten_thousand_queued_signals_arrive_complete_and_in_order),
    ("row_e21_every_handler_gets_full_information", row_e21_every_handler_gets_full_information),
    ("row_e19_every_siginfo_is_delivered", row_e19_every_siginfo_is_delivered),
];

/// E20: ten thousand queued real-time signals arrive, each with its information and in order, or the kernel itself says that it has no
/// room for more.
fn row_e20_ten_thousand_queued_signals_arrive_complete_and_in_order() {
    const SIGNALS: i32 = 10_000;
    let main_loop = Loop::new().expect("epoll is there");
    let values: Rc<RefCell<Vec<Option<i32>>>> = Rc::default();
    let seen = values.clone();
    main_loop.root().on_signal(SIGRTMIN() + 1, move |info| seen.borrow_mut().push(info.value())).expect("it may be caught");
    let mut refused = 0;
    for value in 0..SIGNALS {
        while !queue(SIGRTMIN() + 1, value) {
            refused += 1;
            assert!(main_loop.turn(Wait::No).expect("it turns").ran > 0, "full, and nothing is taken out");
        }
    }
    while values.borrow().len() < SIGNALS as usize {
        main_loop.turn(Wait::Forever).expect("it turns");
    }
    assert!(values.borrow().iter().copied().eq((0..SIGNALS).map(Some)), "{refused} refused");
    assert_eq!(main_loop.turn(Wait::No).expect("it turns").ran, 0, "each once");
}

/// What a test looks at.
fn told(info: &SigInfo) -> (i32, bool, Option<i32>, bool) {
    let (pid, uid) = own_ids();
    let by_us = info.sender().is_some_and(|sender| sender.pid == pid && sender.uid == uid);
    (info.signal(), by_us, info.value(), info.code() == libc::SI_USER)
}

/// E21: every handler of a signal gets the full information, in whatever order they were registered, and each of several kinds.
fn row_e21_every_handler_gets_full_information() {
    let main_loop = Loop::new().expect("epoll is there");
    let (node, said) = (main_loop.root().insert("elsewhere"), Rc::new(RefCell::new(Vec::new())));
    for (owner, name) in [(main_loop.root(), "first"), (*node, "second"), (main_loop.root(), "third")] {
        let says = said.clone();
        owner.on_signal(SIGUSR1, move |info| says.borrow_mut().push((name, told(info)))).expect("it may be caught");
    }
    kill(SIGUSR1);
    main_loop.turn(Wait::Forever).expect("it turns");
    assert!(queue(SIGUSR1, 42));
    main_loop.turn(Wait::Forever).expect("it turns");
    let (killed, queued) = ((SIGUSR1, true, None, true), (SIGUSR1, true, Some(42), false));
    let expected: Vec<_> = [killed, queued].into_iter().flat_map(|what| ["first", "second", "third"].map(|name| (name, what))).collect();
    assert_eq!(*said.borrow(), expected);
}

/// E19: no two are counted as one: what the kernel delivered, the handlers get, one call each.
fn row_e19_every_siginfo_is_delivered() {
    let main_loop = Loop::new().expect("epoll is there");
    let said = Rc::new(RefCell::new(Vec::new()));
    for signal in [SIGUSR1, SIGUSR2, SIGRTMIN()] {
        let says = said.clone();
        main_loop.root().on_signal(signal, move |info| says.borrow_mut().push((info.signal(), info.value()))).expect("it may be caught");
    }
    // Each is looked for before the next is sent, so that the kernel merges none.
    for value in 0..5 {
        for signal in [SIGUSR1, SIGRTMIN(), SIGUSR2] {
            assert!(queue(signal, value));
            let before = said.borrow().len();
            while said.borrow().len() == before {
                main_loop.turn(Wait::Forever).expect("it turns");
            }
        }
    }
    let expected: Vec<_> = (0..5).flat_map(|value| [SIGUSR1, SIGRTMIN(), SIGUSR2].map(|signal| (signal, Some(value)))).collect();
    assert_eq!(*said.borrow(), expected);
    // Of real-time signals the kernel merges none, however many are sent before anybody looks.
    said.borrow_mut().clear();
    assert!((0..100).all(|value| queue(SIGRTMIN(), value)));
    while said.borrow().len() < 100 {
        main_loop.turn(Wait::Forever).expect("it turns");
    }
    assert!(said.borrow().iter().map(|told| told.1).eq((0..100).map(Some)));
}
