//! What a host offers to the tests.

use hamadryad::AnyNode;
use hamadryad::sim::Sim;
use std::rc::Rc;

/// A tree with its host, as the tests need it. A clone is the same world; dropping the last one drops the tree.
pub trait World: Clone + 'static {
    /// A fresh tree on a host of this kind.
    fn new() -> Self;

    /// The tree's root.
    fn root(&self) -> AnyNode;

    /// A fresh node below the root for a test to play on, so that the request which runs the test itself is out of the way.
    fn ground(&self) -> AnyNode {
        (*self.root().insert(())).named("ground")
    }
}

/// A host that can block its thread, and where panics unwind.
pub trait Blocking: World {
    /// Runs the loop until `future` is done; the host's own `block_on`.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Runs one test in a world of its own.
    fn run<Law: Future<Output = ()>>(law: impl FnOnce(Self) -> Law) {
        let world = Self::new();
        world.block_on(law(world.clone()));
    }
}

/// A simulated world.
#[derive(Clone)]
pub struct SimWorld(Rc<Sim>);

impl SimWorld {
    pub(crate) fn sim(&self) -> &Sim {
        &self.0
    }
}

impl World for SimWorld {
    fn new() -> SimWorld {
        SimWorld(Rc::new(Sim::seeded(1)))
    }

    fn root(&self) -> AnyNode {
        self.0.root()
    }
}

impl Blocking for SimWorld {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}
