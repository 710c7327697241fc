//! What happened, in order.

use std::{cell::RefCell, fmt::Display, rc::Rc};

/// A list of lines that closures share.
#[derive(Clone, Default)]
pub(crate) struct Trace(Rc<RefCell<Vec<String>>>);

impl Trace {
    pub(crate) fn say(&self, what: impl Display) {
        self.0.borrow_mut().push(what.to_string());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }

    /// Says `drop <name>` when it is dropped.
    pub(crate) fn on_drop(&self, name: &'static str) -> OnDrop {
        OnDrop(self.clone(), name)
    }
}

/// See [`Trace::on_drop`].
pub(crate) struct OnDrop(Trace, &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.say(format_args!("drop {}", self.1));
    }
}
