//! How the verbs of the network wait: for a node to be marked ready, again and again until what they want is there.

use core::time::Duration;

use crate::{AnyNode, ChannelError, Ended, Node, Ready};

/// Runs `attempt` on the node's value until it gives something, waiting in between until the node is ready for `interest`. `waits` is what
/// the report says meanwhile; `open` tells whether another waiter with the same interest could go on.
///
/// Cancel-safe: what `attempt` takes is returned in the same poll.
///
/// # Errors
///
/// When the node is freed.
pub(super) async fn until<T: 'static, R>(
    node: Node<T>,
    interest: Ready,
    waits: &'static str,
    open: fn(&T) -> bool,
    mut attempt: impl FnMut(&mut T) -> Option<R>,
) -> Result<R, Ended> {
    let _pass_on = PassOn { node, interest, open };
    loop {
        // A stale node gives nothing here, and its error below.
        if let Ok(Some(result)) = node.try_with_mut(&mut attempt) {
            return Ok(result);
        }
        node.ready(interest, waits).await?;
    }
}

/// Moves what was made under a request to the owner it was made for.
///
/// # Errors
///
/// How the owner ended, when it did meanwhile; `made` is where it was then.
pub(super) async fn hand_over(made: AnyNode, owner: AnyNode) -> Result<(), ChannelError> {
    if made.reparent(owner).is_ok() {
        return Ok(());
    }
    // Both nodes are of one tree and neither is above the other, so one of them is ending, and a sleep below it says how.
    owner.sleep(Duration::ZERO).await?;
    made.sleep(Duration::ZERO).await?;
    Err(ChannelError::Unreachable)
}

/// Watchers take turns, one for each mark. One that is dropped after its turn came, or that left something for others, passes the turn on.
struct PassOn<T: 'static> {
    node: Node<T>,
    interest: Ready,
    open: fn(&T) -> bool,
}

impl<T: 'static> Drop for PassOn<T> {
    fn drop(&mut self) {
        if self.node.try_with(self.open).unwrap_or(false) {
            self.node.mark_ready(self.interest);
        }
    }
}
