//! Failures that nobody received, and who is asked about them (law 17).

use crate::arena::Place;
use crate::catch::{Panic, catch};
use crate::extras::FailureHandler;
use crate::node::AnyNode;
use crate::pending::Queued;
use crate::tree::TreeCore;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt::{self, Display};

/// What an [`on_failure`](AnyNode::on_failure) handler answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It ends here: nobody else hears of it.
    Contain,
    /// The next ancestor that has a handler is asked; without one the root is shut down.
    Escalate,
}

/// What failed, where (path, place), and why; the error itself by [`downcast_ref`](Failure::downcast_ref).
pub struct Failure(Box<Inner>);

struct Inner {
    /// Path and reason.
    text: String,
    path_len: usize,
    place: Place,
    error: Option<Box<dyn Any>>,
    /// Who may be asked: noted at once, since the way up may be gone when the loop gets to it.
    asked: Vec<AnyNode>,
}

impl Failure {
    pub(crate) fn new(path: String, place: Place, what: &str, error: Option<Box<dyn Any>>) -> Failure {
        let (path_len, mut text) = (path.len(), path);
        text.push_str(": ");
        text.push_str(what);
        Failure(Box::new(Inner { text, path_len, place, error, asked: Vec::new() }))
    }

    /// Names and labels from below the root down to what failed: `serve › query www.example.test`.
    pub fn path(&self) -> &str {
        &self.0.text[..self.0.path_len]
    }

    /// Where in the source the failed node was made.
    pub fn place(&self) -> &'static core::panic::Location<'static> {
        self.0.place
    }

    /// What its `Display` writes.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The error itself: what the body returned, or an [`Ended`](crate::Ended).
    pub fn downcast_ref<E: 'static>(&self) -> Option<&E> {
        self.0.error.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self}, made at {})", self.0.place)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl AnyNode {
    /// Handles failures below this node that nobody received: of detached requests and of requests dropped unreceived, time-outs,
    /// and panics of callbacks, hooks and drops. A second handler replaces the first. On a stale or ending node the handler is
    /// dropped uncalled.
    ///
    /// ```
    /// use hamadryad::{prelude::*, secs, sim::Sim};
    /// let sim = Sim::seeded(1);
    /// let server = sim.root().insert(()).named("server");
    /// server.on_failure(|failure| { assert!(failure.to_string().starts_with("server › query: timed out after 1 s")); Contain });
    /// server.spawn("query", async move |me| me.sleep(hours(1)).await).timeout(secs(1)).detach();
    /// sim.advance(secs(2));
    /// assert!(server.is_alive());
    /// ```
    pub fn on_failure(self, handler: impl FnMut(&Failure) -> OnFailure + 'static) {
        let Some(slot) = self.growing() else { return };
        let handler: FailureHandler = Box::new(handler);
        let extras = slot.extras_or_new();
        extras.handles_failures.set(true);
        let parts = &slot.peek_core().parts;
        parts.note_handlers.set(Some(TreeCore::note_handlers));
        parts.contains.set(Some(TreeCore::contains));
        let before = extras.on_failure.replace(Some(handler));
        drop(before);
    }
}

impl TreeCore {
    /// Notes a failure of something that is, or was, below `owner`.
    pub(crate) fn failed(&self, owner: Option<AnyNode>, mut failure: Failure) {
        if let Some(note_handlers) = self.parts.note_handlers.get() {
            note_handlers(self, owner, &mut failure);
        }
        self.undelivered.borrow_mut().push(failure);
        self.pending.add(Queued::Failures);
        self.poke();
    }

    /// A piece of a node's own code panicked; by now the node may be gone.
    pub(crate) fn panicked(&self, node: AnyNode, panic: Panic) {
        let (path, place) = self.whereabouts(node);
        self.failed(Some(node), Failure::new(path, place, &alloc::format!("panicked: {}", panic.text()), None));
    }

    /// What is known of a node that may be gone: its path, and where it was made.
    fn whereabouts(&self, node: AnyNode) -> (String, Place) {
        if !node.has_no_successor() {
            return (String::from("(gone)"), self.place);
        }
        (node.known_path(), node.slot.place.get().unwrap_or(self.place))
    }

    /// Code that belonged to a node which is gone panicked (a post's closure that is dropped, a foreign waker).
    pub(crate) fn lost_code_panicked(&self, panic: Panic) {
        let what = alloc::format!("panicked: {}", panic.text());
        self.failed(None, Failure::new(String::from("(gone)"), self.place, &what, None));
    }

    /// Asks the handlers. Called by the loop, with none of the tree's own code above it but the loop's.
    pub(crate) fn deliver_failures(&self) {
        loop {
            let undelivered = self.undelivered.take();
            if undelivered.is_empty() {
                return self.pending.remove(Queued::Failures);
            }
            for failure in undelivered {
                if self.parts.contains.get().is_some_and(|contains| contains(self, &failure)) {
                    self.drop_failure(failure);
                } else {
                    self.nobody_contained(failure);
                }
            }
        }
    }

    /// The error in it is the user's, and so is its `Drop`: if that panics, the same are asked about that.
    fn drop_failure(&self, mut failure: Failure) {
        let error = failure.0.error.take();
        if let Err(panic) = catch(move || drop(error)) {
            failure.0.text.truncate(failure.0.path_len);
            failure.0.text.push_str(": its error's drop panicked: ");
            failure.0.text.push_str(panic.text());
            self.undelivered.borrow_mut().push(failure);
        }
    }

    /// Notes the nodes from `owner` on up that have a failure handler, nearest first.
    fn note_handlers(&self, owner: Option<AnyNode>, failure: &mut Failure) {
        let known = core::iter::successors(owner, |node| node.known_owner());
        // Of whom nobody is known any more, whoever lets it go is told; that may be the loop, which has the root above it.
        let mut above = known.chain(self.running()).find_map(AnyNode::readable).or_else(|| self.living_root());
        while let Some(slot) = above {
            if slot.extras().is_some_and(|extras| extras.handles_failures.get()) {
                failure.0.asked.push(AnyNode::of(slot));
            }
            above = slot.parent.get();
        }
    }

    /// Asks those who were noted, nearest first.
    fn contains(&self, failure: &Failure) -> bool {
        failure.0.asked.iter().any(|node| self.is_contained_by(*node, failure))
    }

    /// Asks a node's own handler, if it is not on the stack.
    fn is_contained_by(&self, node: AnyNode, failure: &Failure) -> bool {
        let Some(slot) = node.readable() else { return false };
        let Some(mut handler) = slot.extras().and_then(|extras| extras.on_failure.take()) else { return false };
        let before = self.enter(Some(node));
        let answer = catch(|| handler(failure));
        self.exit(before);
        if node.readable().is_some()
            && let Some(extras) = slot.extras()
            && extras.on_failure.borrow().is_none()
        {
            *extras.on_failure.borrow_mut() = Some(handler);
        } else if let Err(panic) = catch(move || drop(handler)) {
            self.panicked_above(node, panic);
        }
        match answer {
            Ok(answer) => answer == OnFailure::Contain,
            Err(panic) => {
                self.panicked_above(node, panic);
                false
            }
        }
    }

    /// A failure handler itself panicked: the handlers above it are asked about that.
    fn panicked_above(&self, node: AnyNode, panic: Panic) {
        let what = alloc::format!("its failure handler panicked: {}", panic.text());
        let (path, place) = self.whereabouts(node);
        self.failed(node.known_owner(), Failure::new(path, place, &what, None));
    }

    /// Without a handler the root is shut down, and `run` returns the first failure; others are dropped.
    fn nobody_contained(&self, failure: Failure) {
        if let Some(first) = self.uncontained.take() {
            self.uncontained.set(Some(first));
            return self.drop_failure(failure);
        }
        let place = failure.0.place;
        self.uncontained.set(Some(failure));
        if let Some(root) = self.living_root() {
            self.shut_down(AnyNode::of(root), self.grace.get(), place);
        }
    }
}
