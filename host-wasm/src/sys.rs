//! The functions and objects of the JavaScript global scope that the host uses.
//!
//! Bound here, as globals, and not through `web_sys`: one binding serves the page, the worker (which has no window) and node, and what
//! cannot throw is not asked for its exception, which keeps the smallest page small.

use alloc::string::String;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Takes whole milliseconds as a 32-bit signed integer (HTML, "timers"): a longer delay overflows and fires at once. Gives a
    /// number in browsers; node's object becomes one that clears it just as well (`Timeout[Symbol.toPrimitive]`).
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Closure<dyn Fn(Event)>, delay_ms: i32) -> f64;

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

    /// What can be closed: one way for all.
    pub(crate) type Closable;

    /// Of a port: nothing comes any more. Of a WebSocket: begins the closing handshake behind what was sent, or fails the connection that is
    /// not there yet; nothing when it is closed. Code and reason are for a WebSocket alone: it throws for a code other than 1000 and 3000 to
    /// 4999, and for a reason of more than 123 bytes.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Closable, code: Option<u16>, reason: Option<&str>);

    /// One end of a channel. (`JsValue` is `Send` and `Sync` where wasm has one thread; elsewhere this crate does not compile.)
    #[wasm_bindgen(extends = Closable)]
    pub(crate) type MessagePort;

    /// Also starts the port.
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    pub(crate) fn set_onmessage(this: &MessagePort, listener: Option<&Closure<dyn Fn(Event)>>);

    /// Of a value that can be cloned; on a closed port nothing happens.
    #[wasm_bindgen(method, js_name = postMessage)]
    pub(crate) fn post_message(this: &MessagePort, message: &JsValue);

    // ------------------------------------------------------------------------------------------------ events

    /// DOM, "interface EventTarget". In every page and worker, and in node.
    #[derive(Clone)]
    pub(crate) type EventTarget;

    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn add_event_listener(this: &EventTarget, name: &str, listener: &Closure<dyn Fn(Event)>);

    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(crate) fn remove_event_listener(this: &EventTarget, name: &str, listener: &Closure<dyn Fn(Event)>);

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> EventTarget;

    /// An event of any kind: a field that this kind does not have is `undefined`.
    pub(crate) type Event;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(name: &str) -> Event;

    #[wasm_bindgen(method, getter, js_name = type)]
    pub(crate) fn kind(this: &Event) -> String;

    /// Of a page that is left: it may come back.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn persisted(this: &Event) -> bool;

    /// What a message brings.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &Event) -> Option<Payload>;

    /// Why a WebSocket was closed.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &Event) -> Option<u16>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn reason(this: &Event) -> String;

    // ------------------------------------------------------------------------------------------------ WebSockets

    /// WebSockets Standard, "the WebSocket interface".
    #[wasm_bindgen(extends = Closable, extends = EventTarget)]
    pub(crate) type WebSocket;

    /// Throws `SyntaxError` for what is no URL of a WebSocket, a fragment, or sub-protocols that are no tokens or named twice.
    #[wasm_bindgen(constructor, catch)]
    pub(crate) fn new(url: &str, protocols: &JsValue) -> Result<WebSocket, JsValue>;

    #[wasm_bindgen(method, setter, js_name = binaryType)]
    pub(crate) fn set_binary_type(this: &WebSocket, kind: &str);

    /// Bytes that were given to `send` and have not left for the network.
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    pub(crate) fn buffered_amount(this: &WebSocket) -> f64;

    /// Copies the message. Throws while it connects; when it is closed, the message is dropped.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &WebSocket, message: &[u8]);

    #[wasm_bindgen(method, js_name = send)]
    pub(crate) fn send_text(this: &WebSocket, message: &str);

    /// What the server chose, or nothing.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn protocol(this: &WebSocket) -> String;

    /// Absolute.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &WebSocket) -> String;

    /// What a message brings: an `ArrayBuffer` or a string.
    pub(crate) type Payload;

    /// Of an `ArrayBuffer`.
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    pub(crate) fn byte_length(this: &Payload) -> Option<u32>;

    /// Of a string, in UTF-16 code units.
    #[wasm_bindgen(method, getter, js_name = length)]
    pub(crate) fn text_length(this: &Payload) -> u32;

    /// ECMAScript.
    pub(crate) type Uint8Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(buffer: &Payload) -> Uint8Array;

    /// Copies all of `from` to the beginning of `to`, which is a view of this program's memory. Throws when it does not fit.
    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call)]
    pub(crate) fn copy_bytes(to: &mut [u8], from: &Uint8Array);

    // ------------------------------------------------------------------------------------------------ promises

    /// ECMAScript.
    pub(crate) type Promise;

    #[wasm_bindgen(method, js_name = then)]
    pub(crate) fn then_or(this: &Promise, fulfilled: &Function, rejected: &Function) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn then(this: &Promise, fulfilled: &Function) -> Promise;

    /// ECMAScript.
    pub(crate) type Function;

    /// ECMAScript.
    pub(crate) type Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Array;

    #[wasm_bindgen(method)]
    pub(crate) fn push(this: &Array, value: &JsValue);

    #[wasm_bindgen(method, getter)]
    pub(crate) fn length(this: &Array) -> u32;

    #[wasm_bindgen(method)]
    pub(crate) fn at(this: &Array, index: u32) -> JsValue;

    /// A function that appends its argument to `array`.
    #[wasm_bindgen(js_namespace = ["Array", "prototype", "push"], js_name = bind)]
    pub(crate) fn bound_push(array: &Array) -> Function;

    /// A function that dispatches `event` at `target`.
    #[wasm_bindgen(js_namespace = ["EventTarget", "prototype", "dispatchEvent"], js_name = bind)]
    pub(crate) fn bound_dispatch(target: &EventTarget, event: &Event) -> Function;

    /// Any value as text. Throws for what has none (an object without prototype).
    #[wasm_bindgen(js_name = String, catch)]
    fn string(value: &JsValue) -> Result<String, JsValue>;

    // ------------------------------------------------------------------------------------------------ the page

    /// In pages, and in workers of some browsers. Throws where it does not exist.
    #[wasm_bindgen(js_name = requestAnimationFrame, catch)]
    pub(crate) fn request_animation_frame(draw: &Closure<dyn Fn(f64)>) -> Result<f64, JsValue>;

    #[wasm_bindgen(js_name = cancelAnimationFrame)]
    pub(crate) fn cancel_animation_frame(request: f64);

    /// Not in workers.
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    pub(crate) static DOCUMENT: Option<EventTarget>;

    /// The window, or the worker.
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    pub(crate) static GLOBAL: Option<EventTarget>;

    #[wasm_bindgen(method, getter)]
    fn hidden(this: &EventTarget) -> bool;
}

#[cfg(feature = "js-types")]
/// Any value as text.
pub(crate) fn text_of(value: &JsValue) -> String {
    string(value).unwrap_or_default()
}

/// Whether nobody sees the page.
pub(crate) fn document_is_hidden() -> bool {
    DOCUMENT.with(|document| document.as_ref().is_some_and(EventTarget::hidden))
}
