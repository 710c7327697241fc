//! The host in a page: what page and worker share, and what only a page has.
#![cfg(target_family = "wasm")]

mod both;

use both::js;
use hamadryad_wasm::{AnyNode, PageTree};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Calls itself for ever: something is pending at the end of every turn.
fn busy(root: AnyNode, ran: Rc<Cell<u32>>) {
    ran.set(ran.get() + 1);
    root.soon(move || busy(root, ran));
}

#[wasm_bindgen_test]
async fn a_busy_tree_lets_the_page_render() {
    let page = PageTree::new();
    let ran = Rc::new(Cell::new(0));
    busy(page.root(), ran.clone());
    js::frame().await; // the first frame may come before the first slice
    for frame in 0..3 {
        let before = ran.get();
        js::frame().await;
        js::frame().await;
        assert!(ran.get() > before, "the tree runs between the frames: {before} calls after frame {frame}");
    }
}
