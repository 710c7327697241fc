//! How verbs wait: for news of a node, again and again until what they want is there.

use crate::{AnyNode, Ended, Node};
use alloc::rc::Rc;
use core::cell::Cell;

/// Runs `attempt` on the node's value until it gives something, waiting in between for news of the node. `waits` is what the report says
/// meanwhile.
///
/// Cancel-safe: what `attempt` takes is returned in the same poll.
///
/// # Errors
///
/// When the node is freed.
pub(crate) async fn until<T: 'static, R>(node: Node<T>, waits: &'static str, attempt: impl Fn(&T) -> Option<R>) -> Result<R, Ended> {
    loop {
        // A stale node gives nothing here, and its error below.
        if let Ok(Some(result)) = node.try_with(&attempt) {
            return Ok(result);
        }
        node.notified(waits).await?;
    }
}

/// The node that a JavaScript closure tells its news. It is made after the closure, which is in its value.
#[derive(Clone, Default)]
pub(crate) struct Told(Rc<Cell<Option<AnyNode>>>);

impl Told {
    /// This is the node.
    pub(crate) fn is(&self, node: AnyNode) {
        self.0.set(Some(node));
    }

    pub(crate) fn notify(&self) {
        if let Some(node) = self.0.get() {
            node.notify();
        }
    }
}
