//! The functions of the JavaScript global scope that the host calls.
//!
//! Bound as globals and not through `web_sys::Window`: so one binding serves the page, the worker (which has no window) and node.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Takes whole milliseconds as a 32-bit signed integer (HTML, "timers"): a longer delay overflows and fires at once. Gives a
    /// number in browsers and an object in node.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Function, delay_ms: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(timeout: &JsValue);

    /// Milliseconds since the time origin, monotonic (W3C High Resolution Time): steps of 5 µs in an isolated page, else 100 µs.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;

    /// Throws for more than 65,536 bytes (W3C Web Cryptography).
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    pub(crate) fn get_random_values(bytes: &Uint8Array);

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn console_error(text: &str);
}
