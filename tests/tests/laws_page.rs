//! The conformance suite in the browser's page.
//!
//! Not here: tests in which something panics (nothing can be caught there), and those that bring a host of their own.
#![cfg(target_family = "wasm")]

#[path = "worlds/page.rs"]
mod page;

use hamadryad_tests::{everywhere, laws};
use page::run;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

macro_rules! in_a_page {
    ($($law:ident)*) => { $(#[wasm_bindgen_test] async fn $law() { run(laws::$law).await; })* };
}

everywhere!(in_a_page);
