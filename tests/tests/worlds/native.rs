//! A world on epoll.

use hamadryad_native::{AnyNode, Loop};
use hamadryad_tests::{Blocking, World};
use std::rc::Rc;

/// A world on epoll.
#[derive(Clone)]
pub(crate) struct NativeWorld(pub(crate) Rc<Loop>);

impl World for NativeWorld {
    fn new() -> NativeWorld {
        NativeWorld(Rc::new(Loop::new().expect("the kernel gives descriptors")))
    }

    fn root(&self) -> AnyNode {
        self.0.root()
    }
}

impl Blocking for NativeWorld {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }
}
