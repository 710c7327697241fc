//! The transports' suite in a dedicated worker: WebSockets.
#![cfg(target_family = "wasm")]

#[path = "worlds/browser_sockets.rs"]
mod browser_sockets;
#[path = "worlds/page.rs"]
mod page;

use hamadryad_tests::{channels, on_every_transport};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

macro_rules! in_the_browser {
    ($($test:ident)*) => { $(#[wasm_bindgen_test] async fn $test() { page::run(channels::$test).await; })* };
}

on_every_transport!(in_the_browser);
