//! What happened, in order. A failed `assert!` inside a hook or a `Drop` would be caught by the tree, so code under attack only says what
//! it sees, and the test compares afterwards.

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    rc::Rc,
    task::Waker,
};

use hamadryad::{AnyNode, OnFailure, sim::Sim};

thread_local! {
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Adds a line to the thread's trace.
pub(crate) fn say(what: impl Display) {
    SAID.with_borrow_mut(|said| said.push(what.to_string()));
}

/// Takes the trace so far.
pub(crate) fn said() -> Vec<String> {
    SAID.take()
}

/// A fresh simulated tree and an empty trace.
pub(crate) fn world() -> Sim {
    SAID.take();
    Sim::seeded(1)
}

/// Says `drop <name>` when it is dropped.
pub(crate) struct Says(pub(crate) &'static str);

impl Drop for Says {
    fn drop(&mut self) {
        say(format_args!("drop {}", self.0));
    }
}

/// Does something when it is dropped.
pub(crate) struct Does<F: FnOnce()>(Option<F>);

/// A value whose drop is `code`.
pub(crate) fn does<F: FnOnce()>(code: F) -> Does<F> {
    Does(Some(code))
}

impl<F: FnOnce()> Drop for Does<F> {
    fn drop(&mut self) {
        if let Some(code) = self.0.take() {
            code();
        }
    }
}

/// Counts its drops: for numbers too large for a trace.
#[derive(Clone, Default)]
pub(crate) struct Drops(Rc<Cell<usize>>);

impl Drops {
    pub(crate) fn counted(&self) -> Counted {
        Counted(self.0.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }
}

/// Adds one to its [`Drops`] when it is dropped.
pub(crate) struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Wakes by value: another entry of the waker's vtable than by reference.
pub(crate) fn by_value(waker: &Waker) {
    let clone = waker.clone();
    clone.wake();
}

/// Failures that reached `node`, contained there.
pub(crate) fn contain(node: AnyNode) -> Rc<RefCell<Vec<String>>> {
    let failures = Rc::new(RefCell::new(Vec::new()));
    node.on_failure({
        let failures = failures.clone();
        move |failure| {
            failures.borrow_mut().push(failure.to_string());
            OnFailure::Contain
        }
    });
    failures
}
