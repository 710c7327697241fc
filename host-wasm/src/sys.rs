//! The functions and objects of the JavaScript global scope that the host uses.
//!
//! Bound here, as globals, and not through `web_sys`: one binding serves the page, the worker (which has no window) and node, and what
//! cannot throw is not asked for its exception, which keeps the smallest page small.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Takes whole milliseconds as a 32-bit signed integer (HTML, "timers"): a longer delay overflows and fires at once. Gives a
    /// number in browsers; node's object becomes one that clears it just as well (`Timeout[Symbol.toPrimitive]`).
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Closure<dyn Fn()>, delay_ms: i32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(timeout: f64);

    /// Milliseconds since the time origin, monotonic (W3C High Resolution Time): steps of 5 µs in an isolated page, else 100 µs.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;

    /// Whole milliseconds since 1970 (ECMAScript).
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub(crate) fn date_now() -> f64;

    /// Throws for more than 65,536 bytes (W3C Web Cryptography).
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    pub(crate) fn get_random_values(bytes: &mut [u8]);

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn console_error(text: &str);

    /// HTML, "channel messaging". In every page and worker, and in node.
    pub(crate) type MessageChannel;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> MessageChannel;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn port1(this: &MessageChannel) -> MessagePort;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn port2(this: &MessageChannel) -> MessagePort;

    /// One end of a channel. (`JsValue` is `Send` and `Sync` where wasm has one thread; elsewhere this crate does not compile.)
    pub(crate) type MessagePort;

    /// Also starts the port.
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    pub(crate) fn set_onmessage(this: &MessagePort, listener: Option<&Closure<dyn Fn()>>);

    /// Of a value that can be cloned; on a closed port nothing happens.
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(crate) fn post_message(this: &MessagePort, message: &JsValue);

    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &MessagePort);
}
