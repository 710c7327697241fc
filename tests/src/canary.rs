//! Values that tell of their end.

use crate::Trace;

/// A value whose `Drop` notes `drop NAME`: each end is seen, and a second one too.
#[derive(Debug)]
pub struct Canary {
    trace: Trace,
    name: &'static str,
}

impl Canary {
    /// One of that name, writing into `trace`.
    pub fn new(trace: &Trace, name: &'static str) -> Canary {
        Canary { trace: trace.clone(), name }
    }

    /// Its name. Called in a closure or future, it makes that one own the canary.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.trace.note(format!("drop {}", self.name));
    }
}

/// A value whose `Drop` runs a closure.
pub struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    /// Runs `code` when it is dropped.
    pub fn new(code: F) -> OnDrop<F> {
        OnDrop(Some(code))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(code) = self.0.take() {
            code();
        }
    }
}
