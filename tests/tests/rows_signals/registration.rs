//! Rows E19, E22 to E24: who is told, and what becomes of the signal before and after.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use hamadryad_native::{AnyNode, Freed, Loop, Wait, prelude::*};

use crate::{
    disposition::{Disposition, Ignored, disposition},
    harness::Test,
    send::{kill, queue},
};

/// This file's.
pub(crate) const ALL: &[Test] = &[
    ("row_e19_disposition_is_restored_with_the_last_handler", row_e19_disposition_is_restored_with_the_last_handler),
    ("row_e22_signals_go_to_the_loops_that_asked", row_e22_signals_go_to_the_loops_that_asked),
    ("row_e23_a_handler_frees_another_of_the_same_signal", row_e23_a_handler_frees_another_of_the_same_signal),
    ("row_e24_restart_is_set_and_one_shot_is_freeing_oneself", row_e24_restart_is_set_and_one_shot_is_freeing_oneself),
];

const CAUGHT: Disposition = Disposition::Caught { restarts: true, with_information: true };
const GONE: Freed = Freed::Gone { survivors: 0 };

fn nothing_comes(main_loop: &Loop) -> bool {
    main_loop.turn(Wait::No).expect("it turns").ran == 0
}

/// E19: `sigaction` at the first handler; what was there before comes back with the end of the last, over all trees of the process.
fn row_e19_disposition_is_restored_with_the_last_handler() {
    let _ignored = Ignored::new(SIGUSR2);
    let (main_loop, other) = (Loop::new().expect("epoll is there"), Loop::new().expect("epoll is there"));
    assert_eq!((disposition(SIGUSR1), disposition(SIGUSR2)), (Disposition::Default, Disposition::Ignored));
    let owner = main_loop.root().insert("owner");
    for signal in [SIGUSR1, SIGUSR2] {
        owner.on_signal(signal, |_| ()).expect("it may be caught");
    }
    let second = main_loop.root().on_signal(SIGUSR1, |_| ()).expect("it may be caught");
    let elsewhere = other.root().on_signal(SIGUSR1, |_| ()).expect("it may be caught");
    assert_eq!((disposition(SIGUSR1), disposition(SIGUSR2)), (CAUGHT, CAUGHT));
    assert_eq!(owner.free(), GONE);
    assert_eq!((disposition(SIGUSR1), disposition(SIGUSR2)), (CAUGHT, Disposition::Ignored));
    assert_eq!((second.free(), disposition(SIGUSR1)), (GONE, CAUGHT));
    assert!(elsewhere.is_alive());
    drop(other);
    assert_eq!(disposition(SIGUSR1), Disposition::Default);
    kill(SIGUSR2);
    assert!(nothing_comes(&main_loop), "it is ignored again");
}

/// E22: a signal goes to the loops that asked for it, to each once, and to no other.
fn row_e22_signals_go_to_the_loops_that_asked() {
    let loops = [(); 3].map(|()| Loop::new().expect("epoll is there"));
    let said = Rc::new(RefCell::new(Vec::new()));
    for (index, signals) in [vec![SIGUSR1], vec![SIGUSR1, SIGUSR2], vec![]].into_iter().enumerate() {
        for signal in signals {
            let says = said.clone();
            let handler = move |info: &hamadryad_native::SigInfo| says.borrow_mut().push((index, info.signal()));
            loops[index].root().on_signal(signal, handler).expect("it may be caught");
        }
    }
    kill(SIGUSR2);
    assert!(nothing_comes(&loops[0]) && nothing_comes(&loops[2]) && said.borrow().is_empty());
    loops[1].turn(Wait::Forever).expect("it turns");
    assert_eq!(*said.borrow(), [(1, SIGUSR2)]);
    kill(SIGUSR1);
    loops[0].turn(Wait::Forever).expect("it turns");
    assert_eq!(said.borrow()[1..], [(0, SIGUSR1)]);
    loops[1].turn(Wait::Forever).expect("it turns");
    assert_eq!(said.borrow()[2..], [(1, SIGUSR1)]);
    assert!(loops.iter().all(nothing_comes));
}

/// E23: a handler may free another of the same signal, which then is not called any more, and its own owner.
fn row_e23_a_handler_frees_another_of_the_same_signal() {
    let main_loop = Loop::new().expect("epoll is there");
    let (owner, said) = (main_loop.root().insert("owner"), Rc::new(RefCell::new(Vec::new())));
    let victims: Rc<RefCell<Vec<AnyNode>>> = Rc::default();
    let (says, frees) = (said.clone(), victims.clone());
    let first = owner.on_signal(SIGRTMIN(), move |info| {
        says.borrow_mut().push(("first", info.value()));
        for victim in frees.take() {
            says.borrow_mut().push((if victim.free() == GONE { "freed" } else { "not freed" }, None));
        }
    });
    let first = first.expect("it may be caught");
    for name in ["second", "third"] {
        let says = said.clone();
        let node = owner.on_signal(SIGRTMIN(), move |info| says.borrow_mut().push((name, info.value()))).expect("it may be caught");
        if name == "second" {
            victims.borrow_mut().push(node);
        }
    }
    // Two are on their way when the first handler frees the second.
    assert!(queue(SIGRTMIN(), 1) && queue(SIGRTMIN(), 2));
    while said.borrow().iter().filter(|said| said.1 == Some(2)).count() < 2 {
        main_loop.turn(Wait::Forever).expect("it turns");
    }
    // Each handler has its own in order; which handler comes first is not promised.
    let of = |name: &str| said.borrow().iter().filter(|said| said.0 == name).map(|said| said.1).collect::<Vec<_>>();
    assert_eq!((of("first"), of("third")), (vec![Some(1), Some(2)], vec![Some(1), Some(2)]));
    assert_eq!((of("second"), of("freed"), said.borrow().len()), (vec![], vec![None], 5));
    victims.borrow_mut().extend([first, *owner]);
    assert!(queue(SIGRTMIN(), 3));
    main_loop.turn(Wait::Forever).expect("it turns");
    assert_eq!(said.borrow()[5..], [("first", Some(3)), ("freed", None), ("freed", None)]);
    assert_eq!((owner.is_alive(), disposition(SIGRTMIN())), (false, Disposition::Default));
}

/// E24: system calls are restarted; a handler that is wanted once frees its own node.
fn row_e24_restart_is_set_and_one_shot_is_freeing_oneself() {
    let main_loop = Loop::new().expect("epoll is there");
    let (own, calls) = (Rc::new(Cell::new(None::<AnyNode>)), Rc::new(Cell::new((0, 0))));
    let (node, counts) = (own.clone(), calls.clone());
    let once = main_loop.root().on_signal(SIGRTMIN() + 2, move |_| {
        counts.set((counts.get().0 + 1, counts.get().1));
        node.get().map(AnyNode::free)
    });
    own.set(Some(once.expect("it may be caught")));
    let counts = calls.clone();
    let always = main_loop.root().on_signal(SIGRTMIN() + 2, move |_| counts.set((counts.get().0, counts.get().1 + 1)));
    let always = always.expect("it may be caught");
    assert_eq!(disposition(SIGRTMIN() + 2), CAUGHT);
    assert!(queue(SIGRTMIN() + 2, 1) && queue(SIGRTMIN() + 2, 2));
    while calls.get().1 < 2 {
        main_loop.turn(Wait::Forever).expect("it turns");
    }
    assert_eq!(calls.get(), (1, 2));
    assert_eq!((always.free(), disposition(SIGRTMIN() + 2)), (GONE, Disposition::Default));
}
