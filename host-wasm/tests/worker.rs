//! The host in a dedicated worker, which has no window.
#![cfg(target_family = "wasm")]

mod both;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_dedicated_worker);
