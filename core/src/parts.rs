//! [`Parts`]: code of the tree that is linked only where it is used.

use crate::failure::Failure;
use crate::node::AnyNode;
use crate::source::SourceClass;
use crate::tree::TreeCore;
use core::cell::Cell;

/// A part of the tree's work, if it is there.
type Part<F> = Cell<Option<F>>;

/// What the loop calls for things that a program may never make. Whoever makes the first one notes the function here; so a page that
/// has no source, say, has no code for them either.
#[derive(Default)]
pub(crate) struct Parts {
    /// Serves the sources that are marked. Noted with the first source, as the next.
    pub(crate) serve_sources: Part<fn(&TreeCore, SourceClass)>,
    /// Drops the table of sources.
    pub(crate) drop_sources: Part<fn(&TreeCore)>,
    /// Runs what other threads posted or, of a tree that is gone, drops it. Noted with the first `Remote`.
    pub(crate) take_posts: Part<fn(&TreeCore)>,
    /// Calls the immediates. Noted with the first one.
    pub(crate) call_immediates: Part<fn(&TreeCore)>,
    /// Ends the code of background requests from a node on down. Noted with the first one.
    pub(crate) end_background: Part<fn(&TreeCore, AnyNode)>,
    /// Notes who handles a failure of what is, or was, below a node. Noted with the first failure handler, as the next.
    pub(crate) note_handlers: Part<fn(&TreeCore, Option<AnyNode>, &mut Failure)>,
    /// Asks those who were noted: true when one of them contains the failure.
    pub(crate) contains: Part<fn(&TreeCore, &Failure) -> bool>,
    /// Wakes who waits for a shutdown from a node on down. Noted with the first who does.
    pub(crate) tell_closing: Part<fn(&TreeCore, AnyNode)>,
}
