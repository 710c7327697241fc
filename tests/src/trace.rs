//! What happened, in order.

use crate::Canary;
use hamadryad::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// What happened, in order; a cheap clone is another pen on the same paper.
#[derive(Clone, Debug, Default)]
pub struct Trace(Rc<RefCell<Vec<String>>>);

impl Trace {
    /// An empty one.
    pub fn new() -> Trace {
        Trace::default()
    }

    /// Writes one event down.
    pub fn note(&self, event: impl Into<String>) {
        self.0.borrow_mut().push(event.into());
    }

    /// A closure that writes `event` down whenever it is called.
    pub fn noting(&self, event: &'static str) -> impl Fn() + Clone + 'static {
        let trace = self.clone();
        move || trace.note(event)
    }

    /// A value whose `Drop` notes `drop NAME`.
    pub fn canary(&self, name: &'static str) -> Canary {
        Canary::new(self, name)
    }

    /// Notes the text of every failure below `node`, and contains it.
    pub fn note_failures(&self, node: impl Into<AnyNode>) {
        let trace = self.clone();
        node.into().on_failure(move |failure| {
            trace.note(failure.to_string());
            Contain
        });
    }

    /// What was noted so far, which is forgotten.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }

    /// How often `event` was noted.
    pub fn count(&self, event: &str) -> usize {
        self.0.borrow().iter().filter(|noted| *noted == event).count()
    }

    /// How many events were noted.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Compares the whole trace, and forgets it.
    ///
    /// # Panics
    /// When it is another one.
    #[track_caller]
    pub fn expect(&self, expected: &[&str]) {
        assert_eq!(self.take(), expected, "the trace is another one (left: what happened)");
    }
}
