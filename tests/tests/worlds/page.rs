//! A world on the timers and tasks of a page or a worker.

use hamadryad_tests::World;
use hamadryad_wasm::{AnyNode, PageTree};
use std::rc::Rc;

/// A world on the page's timers and tasks.
#[derive(Clone)]
pub(crate) struct PageWorld(Rc<PageTree>);

impl World for PageWorld {
    fn new() -> PageWorld {
        PageWorld(Rc::new(PageTree::new()))
    }

    fn root(&self) -> AnyNode {
        self.0.root()
    }
}

/// Runs one test in a world of its own.
pub(crate) async fn run<Law: Future<Output = ()> + 'static>(law: impl FnOnce(PageWorld) -> Law) {
    let world = PageWorld::new();
    world.0.run(law(world.clone())).await;
}
