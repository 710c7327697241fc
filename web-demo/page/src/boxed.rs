//! [`spawn_boxed`]: requests that share one type.

use alloc::boxed::Box;
use core::pin::Pin;

use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, Request};

type Ending = Pin<Box<dyn Future<Output = Result<(), Ended>>>>;

/// As `spawn`, for code that is not in a hurry: the machinery of a request, which is made for each type of code, is there once for all of
/// these. A kilobyte of the page each.
#[track_caller]
pub(crate) fn spawn_boxed<Fut>(owner: impl Into<AnyNode>, name: &'static str, body: impl FnOnce(AnyNode) -> Fut + 'static) -> Request<()>
where
    Fut: Future<Output = Result<(), Ended>> + 'static,
{
    let body: Box<dyn FnOnce(AnyNode) -> Ending> = Box::new(move |me| Box::pin(body(me)));
    owner.into().spawn(name, body)
}
