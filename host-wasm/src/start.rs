//! [`start`]: a tree that the page owns.

use crate::page::Page;
use crate::tell::Console;
use crate::{AnyNode, sys};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::error::Error;

/// Makes a tree that the page owns, and runs `setup` on its root; what that began runs from the page's tasks after this returned.
///
/// The tree lives until its root is freed (by its own code, or by a [`shutdown`](AnyNode::shutdown)), or until the page goes. When it
/// ends, its host's timer and messages end with it.
///
/// # Errors
///
/// Nothing is returned, since nobody could wait for it. An error of `setup` goes to the console, with its sources, and ends the tree at
/// once. A failure that nobody contains goes to the console and shuts the tree down (law 17).
///
/// # Panics
///
/// A panic in the tree's code, `setup` included, traps; see [the crate's documentation](crate#panics). Outside of a browser (and node)
/// this function panics.
///
/// ```no_run
/// use hamadryad_wasm::prelude::*;
///
/// hamadryad_wasm::start(|root| {
///     root.after(secs(1), move || root.free());
///     Ok(())
/// });
/// ```
#[track_caller]
pub fn start(setup: impl FnOnce(AnyNode) -> Result<(), Box<dyn Error>>) {
    let page = Page::new(Console);
    if let Err(error) = page.enter(setup) {
        sys::console_error(&with_sources(&*error));
        page.end();
    }
}

/// An error and what caused it: `no socket: connection refused`.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
