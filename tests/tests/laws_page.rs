//! The conformance suite in the browser's page.
//!
//! Not here: tests in which something panics (nothing can be caught there), and those that bring a host of their own.
#![cfg(target_family = "wasm")]

use hamadryad_tests::{World, everywhere, laws};
use hamadryad_wasm::{AnyNode, PageTree};
use std::rc::Rc;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A world on the page's timers and tasks.
#[derive(Clone)]
struct PageWorld(Rc<PageTree>);

impl World for PageWorld {
    fn new() -> PageWorld {
        PageWorld(Rc::new(PageTree::new()))
    }

    fn root(&self) -> AnyNode {
        self.0.root()
    }
}

/// Runs one test in a world of its own.
async fn run<Law: Future<Output = ()> + 'static>(law: impl FnOnce(PageWorld) -> Law) {
    let world = PageWorld::new();
    world.0.run(law(world.clone())).await;
}

macro_rules! in_a_page {
    ($($law:ident)*) => { $(#[wasm_bindgen_test] async fn $law() { run(laws::$law).await; })* };
}

everywhere!(in_a_page);
