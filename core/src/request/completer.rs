//! The finishing side of a request that is driven by hand.

use super::Request;
use super::cell::ByHand;
use crate::arena::{Flag, SlotRef, State};
use crate::ended::{Ended, Facts};
use crate::node::AnyNode;
use crate::tree::TreeCore;
use alloc::rc::Rc;
use alloc::string::String;
use core::fmt::{self, Display};
use core::panic::Location;

/// The finishing side of a request that is driven by hand: callbacks, JavaScript promises.
///
/// Completing twice cannot be written; forgetting to complete cannot hang: dropped, it ends its request as
/// [`Ended::CompleterDropped`].
///
/// ```
/// use hamadryad::{Ended, millis, sim::Sim};
/// let sim = Sim::seeded(1);
/// let (request, done) = sim.root().completer::<u32, Ended>("legacy");
/// sim.root().after(millis(10), move || done.complete(Ok(7)));
/// assert_eq!(sim.block_on(request).unwrap(), 7);
/// ```
#[must_use = "a dropped completer ends its request with an error"]
pub struct Completer<T, E> {
    /// Nothing once it was used, or where there never was a node.
    core: Option<Rc<TreeCore>>,
    node: AnyNode,
    /// Makes this invariant in both.
    finish: Finish<T, E>,
}

/// Ends the request with a result, or gives it back.
type Finish<T, E> = fn(&Rc<TreeCore>, AnyNode, Result<T, E>) -> Result<(), Result<T, E>>;

impl AnyNode {
    /// A request under this node without code of its own, and the handle that completes it.
    ///
    /// Under a stale or ending node the request ends as [`Ended::Freed`], under one that shuts down as [`Ended::Cancelled`], and
    /// the completer is abandoned.
    #[track_caller]
    pub fn completer<T: 'static, E: From<Ended> + Display + 'static>(self, name: &'static str) -> (Request<T, E>, Completer<T, E>) {
        let place = Location::caller();
        let made = self.begin(super::Closing::Refuses, name, ByHand::<T, E>::KIND, place, ByHand::<T, E>::new());
        let finish = finish::<T, E>;
        match made {
            Ok((core, slot)) => {
                slot.set(Flag::Started); // It has no code: it is never run.
                let node = AnyNode::of(*slot);
                let completer = Completer { core: Some(Rc::clone(&core)), node, finish };
                (Request::begun(core, *slot), completer)
            }
            Err(ended) => {
                let completer = Completer { core: None, node: self.stale(), finish };
                (Request::refused(self, ended), completer)
            }
        }
    }
}

fn finish<T: 'static, E: From<Ended> + Display + 'static>(
    core: &Rc<TreeCore>,
    node: AnyNode,
    result: Result<T, E>,
) -> Result<(), Result<T, E>> {
    let Some(slot) = ready_to_end(core, node) else { return Err(result) };
    let held = slot.has(Flag::Held);
    let unreceived = match result {
        result if held => {
            ByHand::store(slot, result);
            None
        }
        Err(error) => {
            core.failed_unreceived(AnyNode::of_tenant(slot), error);
            None
        }
        Ok(value) => Some(value),
    };
    core.conclude(slot.wide(), held);
    if let Some(value) = unreceived {
        core.protect(slot, false, || drop(value));
    }
    core.settle(slot);
    Ok(())
}

/// Frees what the request owns. Its slot, if it can have its result.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
fn ready_to_end(core: &TreeCore, node: AnyNode) -> Option<SlotRef> {
    let slot = unfinished(node).filter(|slot| slot.state.get() == State::Live)?;
    core.clear_for_end(slot);
    if slot.state.get() == State::Deferred || node.readable().is_none() {
        return None;
    }
    slot.set(Flag::NoValue);
    Some(slot)
}

/// The request's slot, while it can be completed: the code of a background one may be ended by a shutdown, though its node stays.
fn unfinished(node: AnyNode) -> Option<SlotRef> {
    node.readable().filter(|slot| !slot.has(Flag::NoValue))
}

impl<T, E> Completer<T, E> {
    /// Ends the request with that result. Nobody is called from here: whoever waits is woken by the loop.
    ///
    /// # Errors
    /// Gives the result back when nobody waits any more: the request was freed, abandoned, timed out or, in the background, ended by a
    /// shutdown.
    pub fn complete(mut self, result: Result<T, E>) -> Result<(), Result<T, E>> {
        match self.core.take() {
            Some(core) => (self.finish)(&core, self.node, result),
            None => Err(result),
        }
    }

    /// Whether nobody waits any more.
    pub fn is_abandoned(&self) -> bool {
        unfinished(self.node).is_none()
    }
}

impl<T, E> fmt::Debug for Completer<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Completer").field(&self.node).finish()
    }
}

impl<T, E> Drop for Completer<T, E> {
    fn drop(&mut self) {
        if let Some(core) = self.core.take() {
            end_uncompleted(&core, self.node);
        }
    }
}

/// Its completer is gone.
fn end_uncompleted(core: &TreeCore, node: AnyNode) {
    let Some(slot) = unfinished(node).filter(|slot| slot.state.get() == State::Live) else { return };
    let facts = Facts::new(slot.name(), node, None, slot.place.get(), None, String::new());
    core.end_with(slot.wide(), Ended::CompleterDropped { facts });
}
