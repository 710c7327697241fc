//! A panic is told to the page before it traps (law 8).

use std::cell::Cell;

use hamadryad_wasm::AnyNode;

use crate::Front;

thread_local! {
    /// The root of the tree whose code may panic: the hook is told a message and a place, and finds the path by itself.
    static ROOT: Cell<Option<AnyNode>> = const { Cell::new(None) };
}

/// Tells `front` of every panic from now on. Called before the tree is made, whose own hook then comes first: it closes the tree, writes to
/// the console, and calls this one.
pub(crate) fn tell(front: Front) {
    std::panic::set_hook(Box::new(move |info| {
        let running = ROOT.get().and_then(AnyNode::running).map(AnyNode::path).unwrap_or_default();
        front.panicked(&format!("{running}: {info}"));
    }));
}

/// Notes the tree.
pub(crate) fn watch(root: AnyNode) {
    ROOT.set(Some(root));
}
