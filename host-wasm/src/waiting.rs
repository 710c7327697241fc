//! How verbs wait: for a node to be marked ready, again and again until what they want is there.

use crate::{Ended, Node, Ready};

/// The value of a source node that verbs wait on.
pub(crate) trait Waited: 'static {
    /// Whether somebody who waits for `interest` could go on.
    fn is_ready(&self, interest: Ready) -> bool;

    /// Somebody begins to wait: for what no event tells, the source has to look.
    fn begin_to_wait(_node: Node<Self>, _interest: Ready)
    where
        Self: Sized,
    {
    }
}

/// Runs `attempt` on the node's value until it gives something, waiting in between until the node is ready for `interest`. `waits` is what
/// the report says meanwhile.
///
/// Cancel-safe: what `attempt` takes is returned in the same poll.
///
/// # Errors
///
/// When the node is freed.
pub(crate) async fn until<T: Waited, R>(
    node: Node<T>,
    interest: Ready,
    waits: &'static str,
    mut attempt: impl FnMut(&T) -> Option<R>,
) -> Result<R, Ended> {
    let _pass_on = PassOn { node, interest };
    loop {
        // A stale node gives nothing here, and its error below.
        if let Ok(Some(result)) = node.try_with(&mut attempt) {
            return Ok(result);
        }
        T::begin_to_wait(node, interest);
        node.ready(interest, waits).await?;
    }
}

/// Watchers take turns, one for each mark. One that is dropped after its turn came, or that left something for others, passes the turn on.
struct PassOn<T: Waited> {
    node: Node<T>,
    interest: Ready,
}

impl<T: Waited> Drop for PassOn<T> {
    fn drop(&mut self) {
        if self.node.try_with(|value| value.is_ready(self.interest)).unwrap_or(false) {
            self.node.mark_ready(self.interest);
        }
    }
}
