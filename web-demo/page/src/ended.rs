//! What a free ends, told in the order in which it ended.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;

use hamadryad_wasm::AnyNode;
use hamadryad_wasm::prelude::*;

/// Frees `top` and gives the titles of all that ended by it, one a line, in the order in which it did.
///
/// This is what happened, not what should have: each node of the subtree is given a hook that proceeds, and the hook owns a witness. A
/// node's hooks are dropped with the node, after its children and its value, so the witnesses testify in the order of law 2. What a hook
/// of the node's own keeps does not end, and is not told.
pub(crate) fn free_and_tell(top: AnyNode) -> String {
    let ended = Rc::new(RefCell::new(String::new()));
    add_witness(top, &ended);
    top.descendants().for_each(|node| add_witness(node, &ended));
    top.free();
    ended.take()
}

fn add_witness(node: AnyNode, ended: &Rc<RefCell<String>>) {
    let witness = Witness { title: node.title(), ended: ended.clone() };
    node.on_free(move |_| {
        let _owned_by_this_hook = &witness;
        Proceed
    });
}

/// Says that its owner's hooks are gone.
struct Witness {
    title: String,
    ended: Rc<RefCell<String>>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let mut ended = self.ended.borrow_mut();
        if !ended.is_empty() {
            ended.push('\n');
        }
        ended.push_str(&self.title);
    }
}
