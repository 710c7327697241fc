//! Waiting for news of a node: what a host's verbs are made of, where no class of a turn has to be told.

use crate::ended::Ended;
use crate::node::AnyNode;
use crate::request::waiter_of;
use crate::waits::Waits;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

impl AnyNode {
    /// Waits until [`notify`](AnyNode::notify) is called on this node: for hosts. It may end without that, too, so whoever waits looks for
    /// what he wants, and waits again. `waits` is what the report says. Cancel-safe: all who wait are woken.
    ///
    /// # Errors
    /// [`Ended::Freed`] when this node is, or gets, freed.
    pub fn notified(self, waits: Waits) -> Notified {
        Notified { node: self, waits, dependent: None }
    }

    /// Wakes all who wait in [`notified`](AnyNode::notified), first come first served; legal at any time on the tree's thread. They run
    /// with the woken requests (law 20), so before any deadline of that turn. Nothing on a stale node.
    pub fn notify(self) {
        if let Some(slot) = self.readable() {
            slot.peek_core().wake_dependents(slot, false);
        }
    }
}

/// Waits for news of a node: made by [`AnyNode::notified`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Notified {
    node: AnyNode,
    waits: Waits,
    dependent: Option<u64>,
}

impl Future for Notified {
    type Output = Result<(), Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(slot) = self.node.growing() else { return Poll::Ready(Err(self.node.ended_freed())) };
        if self.dependent.is_some() {
            return Poll::Ready(Ok(())); // or somebody polled: he looks, and waits again
        }
        let waiter = waiter_of(context, &slot.core(), self.waits.0);
        self.dependent = self.node.enter_dependents(None, waiter);
        Poll::Pending
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        if let Some(key) = self.dependent {
            drop(self.node.leave_dependents(key));
        }
    }
}

#[cfg(all(test, feature = "sim"))]
mod tests {
    use crate::sim::Sim;
    use crate::{Ended, Waits, millis};
    use alloc::rc::Rc;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use core::cell::RefCell;

    #[test]
    fn all_who_wait_are_woken_in_their_order_and_the_report_knows() {
        let sim = Sim::seeded(1);
        let node = *sim.root().insert(());
        let woken = Rc::new(RefCell::new(Vec::new()));
        let mut all = Vec::new();
        for number in 0..4 {
            let woken = woken.clone();
            let waits = sim
                .root()
                .spawn("waiter", async move |_| {
                    node.notified(Waits::named("message")).await?;
                    woken.borrow_mut().push(number);
                    Ok::<_, Ended>(())
                })
                .detach();
            all.push(waits);
        }
        sim.block_on(sim.root().sleep(millis(1))).expect("the root is alive");
        assert!(sim.root().report().to_string().contains("waits: message"));
        all[0].free(); // Who leaves changes nothing for the others.
        node.notify();
        assert!(woken.borrow().is_empty(), "nobody is called from here (law 10)");
        sim.block_on(sim.root().sleep(millis(1))).expect("the root is alive");
        assert_eq!(*woken.borrow(), [1, 2, 3]);
        node.notify(); // nobody waits
        node.free();
        node.notify();
    }

    #[test]
    fn who_waits_on_a_freed_node_is_told() {
        let sim = Sim::seeded(1);
        let node = *sim.root().insert(());
        sim.root().after(millis(1), move || node.free());
        assert!(matches!(sim.block_on(node.notified(Waits::named("room"))), Err(Ended::Freed { .. })));
        assert!(matches!(sim.block_on(node.notified(Waits::named("room"))), Err(Ended::Freed { .. })));
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let sim = Sim::seeded(1);
        let node = *sim.root().insert(());
        let waiting = sim.root().spawn("waiter", async move |_| node.notified(Waits::named("room")).await).timeout(millis(1));
        assert!(matches!(sim.block_on(waiting), Err(Ended::TimedOut { .. })));
        node.notify();
        assert_eq!(sim.root().children().count(), 1);
    }
}
