//! [`Listener`]: a JavaScript closure that hears of events.

use crate::sys::{Event, EventTarget};
use wasm_bindgen::prelude::*;

/// The one way in which this crate listens: it owns target and closure, and takes the closure off the target before that drops. So it
/// is, or is in, the value of a node.
pub(crate) struct Listener<T: AsRef<EventTarget>, const N: usize> {
    pub(crate) target: T,
    names: [&'static str; N],
    hear: Closure<dyn Fn(Event)>,
}

impl<T: AsRef<EventTarget>, const N: usize> Listener<T, N> {
    /// Calls `hear` for each event of these names.
    pub(crate) fn new(target: T, names: [&'static str; N], hear: impl Fn(Event) + 'static) -> Listener<T, N> {
        let hear = Closure::new(hear);
        for name in &names {
            target.as_ref().add_event_listener(name, &hear);
        }
        Listener { target, names, hear }
    }
}

impl<T: AsRef<EventTarget>, const N: usize> Drop for Listener<T, N> {
    fn drop(&mut self) {
        for name in &self.names {
            self.target.as_ref().remove_event_listener(name, &self.hear);
        }
    }
}
