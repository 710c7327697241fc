//! The JavaScript side of the tests: waiting, and looking over a function's shoulder.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part")]

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, EventInit, EventTarget};

/// The page's clock, in milliseconds. (Not as an import of its own: the linker finds the name of the library's twice, since both
/// are in one package.)
pub(crate) fn performance_now() -> f64 {
    thread_local! {
        static NOW: Function = Function::new_no_args("return performance.now()");
    }
    NOW.with(|now| now.call0(&JsValue::NULL)).ok().and_then(|ms| ms.as_f64()).expect("there is a clock")
}

/// Resolved with `value` by a timeout of the page's own.
pub(crate) fn promise_after(ms: u32, value: u32) -> Promise {
    let body = format!("return new Promise(resolve => setTimeout(() => resolve({value}), {ms}))");
    Function::new_no_args(&body).call0(&JsValue::NULL).expect("setTimeout exists").unchecked_into()
}

/// Lets the page go on for `ms`. For what must *not* happen; what must happen is awaited.
pub(crate) async fn page_goes_on(ms: u32) {
    JsFuture::from(promise_after(ms, 0)).await.expect("never rejected");
}

/// Waits for an animation frame.
pub(crate) async fn frame() {
    let wait = Function::new_no_args("return new Promise(resolve => requestAnimationFrame(resolve))");
    let promise: Promise = wait.call0(&JsValue::NULL).expect("a page has frames").unchecked_into();
    JsFuture::from(promise).await.expect("never rejected");
}

/// A target of events that belongs to nobody.
pub(crate) fn target() -> EventTarget {
    EventTarget::new().expect("there are targets in every scope")
}

/// Dispatches a cancelable event at a target; false when its default was prevented.
pub(crate) fn dispatch(target: &EventTarget, name: &str) -> bool {
    let init = EventInit::new();
    init.set_cancelable(true);
    let event = Event::new_with_event_init_dict(name, &init).expect("any name will do");
    target.dispatch_event(&event).expect("it is not being dispatched yet")
}

/// A promise and the function that settles it: `resolve` or `reject`.
pub(crate) fn promise_by_hand(settle: &'static str) -> (Promise, Function) {
    let body = format!("let settle; const promise = new Promise((resolve, reject) => settle = {settle}); return [promise, settle]");
    let both: Array = Function::new_no_args(&body).call0(&JsValue::NULL).expect("promises exist").unchecked_into();
    (both.get(0).unchecked_into(), both.get(1).unchecked_into())
}

/// Posts `count` messages to a channel of the page's own and calls `receive` for each that arrives, later.
pub(crate) fn messages(count: u32, receive: &Closure<dyn FnMut()>) {
    let body = "const channel = new MessageChannel();
        channel.port1.onmessage = () => { receive(); if (--count === 0) channel.port1.close(); };
        for (let i = count; i > 0; i--) channel.port2.postMessage(null);";
    let post = Function::new_with_args("count, receive", body);
    post.call2(&JsValue::NULL, &count.into(), receive.as_ref()).expect("channels exist");
}

/// Keeps the thread busy: nothing of the page runs meanwhile.
pub(crate) fn block(ms: f64) {
    let until = performance_now() + ms;
    while performance_now() < until {}
}

/// Whether both are one object.
pub(crate) fn same(one: &JsValue, other: &JsValue) -> bool {
    js_sys::Object::is(one, other)
}

/// Collects the errors that nobody caught, of callbacks and of promises, until it is dropped.
pub(crate) struct Uncaught {
    texts: Array,
    forget: Function,
}

/// Begins to collect.
pub(crate) fn uncaught() -> Uncaught {
    let body = "const texts = [];
        const note = (event) => texts.push(String(event.message || event.reason));
        addEventListener('error', note);
        addEventListener('unhandledrejection', note);
        return [texts, () => { removeEventListener('error', note); removeEventListener('unhandledrejection', note); }]";
    let both: Array = Function::new_no_args(body).call0(&JsValue::NULL).expect("it only listens").unchecked_into();
    Uncaught { texts: both.get(0).unchecked_into(), forget: both.get(1).unchecked_into() }
}

impl Uncaught {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.texts.iter().map(|text| text.as_string().unwrap_or_default()).collect()
    }
}

impl Drop for Uncaught {
    fn drop(&mut self) {
        self.forget.call0(&JsValue::NULL).expect("it only stops listening");
    }
}

/// Records the calls of a function of the global scope, until it is dropped.
pub(crate) struct Spy {
    owner: JsValue,
    name: &'static str,
    original: JsValue,
    calls: Array,
}

impl Spy {
    /// `path` is `setTimeout` or `console.error`.
    pub(crate) fn on(path: &'static str) -> Spy {
        Spy::bending(path, "args")
    }

    /// The calls go on to the function with other arguments: `bend` is a JavaScript expression in `args` and `calls`.
    pub(crate) fn bending(path: &'static str, bend: &str) -> Spy {
        let (owner, name) = match path.rsplit_once('.') {
            Some((owner, name)) => (js_sys::eval(owner).expect("it is there"), name),
            None => (js_sys::global().into(), path),
        };
        let original = Reflect::get(&owner, &name.into()).expect("it is there");
        let calls = Array::new();
        let body = format!("return function(...args) {{ calls.push(args); calls.last = args; return original.apply(this, {bend}); }}");
        let wrap = Function::new_with_args("original, calls", &body);
        let wrapped = wrap.call2(&JsValue::NULL, &original, &calls).expect("it only makes a function");
        Reflect::set(&owner, &name.into(), &wrapped).expect("it can be replaced");
        Spy { owner, name, original, calls }
    }

    /// Only counts: what the calls were given is not kept.
    pub(crate) fn counting(path: &'static str) -> Spy {
        Spy::bending(path, "(calls.fill(null), args)")
    }

    pub(crate) fn count(&self) -> u32 {
        self.calls.length()
    }

    /// The argument number `index` of every call so far.
    pub(crate) fn arguments(&self, index: u32) -> Vec<JsValue> {
        self.calls.iter().map(|call| call.unchecked_into::<Array>().get(index)).collect()
    }

    /// The first argument of every call so far, as text.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.arguments(0).iter().map(|text| text.as_string().unwrap_or_default()).collect()
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        Reflect::set(&self.owner, &self.name.into(), &self.original).expect("it can be replaced");
    }
}

/// Watches the objects that a constructor makes, until it is dropped.
pub(crate) struct Instances {
    watched: Array,
    name: &'static str,
}

impl Instances {
    pub(crate) fn of(name: &'static str) -> Instances {
        let body = format!(
            "const original = {name}, refs = [];
            globalThis.{name} = class extends original {{ constructor(...args) {{ super(...args); refs.push(new WeakRef(this)); }} }};
            return [original, refs]"
        );
        let watched = Function::new_no_args(&body).call0(&JsValue::NULL).expect("it can be replaced").unchecked_into();
        Instances { watched, name }
    }

    /// Of WebSockets: dispatches a message of one zero byte at the newest one every `period_ms`, `count` of them; then calls `done`.
    pub(crate) fn trickle_into_the_last(&self, period_ms: u32, count: u32, done: &Closure<dyn FnMut()>) {
        let body = "const socket = refs.at(-1).deref();
            const timer = setInterval(() => {
                if (count-- > 0) return socket.dispatchEvent(new MessageEvent('message', { data: new ArrayBuffer(1) }));
                clearInterval(timer);
                done();
            }, period_ms)";
        let trickle = Function::new_with_args("refs, period_ms, count, done", body);
        let arguments = Array::of4(&self.watched.get(1), &period_ms.into(), &count.into(), done.as_ref());
        trickle.apply(&JsValue::NULL, &arguments).expect("it only sets a timer");
    }

    /// How many were made, and how many of them are there after a garbage collection. (`gc` by the browser's flag; references that were
    /// made, or looked at, in a task are kept until it ends.)
    pub(crate) async fn count_alive(&self) -> (u32, u32) {
        for _ in 0..5 {
            page_goes_on(20).await;
            js_sys::eval("gc()").expect("the browser was started with --js-flags=--expose-gc");
        }
        page_goes_on(20).await;
        let refs: Array = self.watched.get(1).unchecked_into();
        let count = Function::new_with_args("refs", "return refs.filter(ref => ref.deref() !== undefined).length");
        let alive = count.call1(&JsValue::NULL, &refs).ok().and_then(|alive| alive.as_f64()).expect("a number");
        (refs.length(), alive as u32)
    }
}

impl Drop for Instances {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &self.name.into(), &self.watched.get(0)).expect("it can be replaced");
    }
}
