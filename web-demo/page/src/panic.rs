//! A panic is told to the page before it traps (law 8).

use std::cell::Cell;

use hamadryad_wasm::AnyNode;

use crate::Front;

thread_local! {
    /// The root of the tree whose code may panic: the hook is told a message and a place, and finds the path by itself.
    static ROOT: Cell<Option<AnyNode>> = const { Cell::new(None) };
}

/// Tells `front` of every panic from now on, after the tree was closed and the console was told. (What the host's own hook would do, and
/// this one knows somebody more to tell.)
pub(crate) fn tell(front: Front) {
    std::panic::set_hook(Box::new(move |info| {
        hamadryad_wasm::report_panic(info);
        let running = ROOT.get().and_then(AnyNode::running).map(AnyNode::path).unwrap_or_default();
        front.panicked(&format!("{running}: {info}"));
    }));
}

/// Notes the tree.
pub(crate) fn watch(root: AnyNode) {
    ROOT.set(Some(root));
}
