//! `lifecycle`. The events are dispatched here: a page that is tested is never frozen.

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Lifecycle, PageTree};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::EventTarget;

/// The window, or the worker.
fn global() -> EventTarget {
    js_sys::global().unchecked_into()
}

#[wasm_bindgen_test]
async fn the_network_comes_and_goes() {
    let page = PageTree::new();
    let stream = page.root().lifecycle().expect("a page's node");
    for name in ["offline", "online", "online"] {
        js::dispatch(&global(), name);
    }
    let told = page.run(async move { [stream.next().await, stream.next().await, stream.next().await] }).await;
    assert_eq!(told.map(Result::ok), [Some(Lifecycle::Offline), Some(Lifecycle::Online), Some(Lifecycle::Online)]);
    let waiting = page.root().spawn("wait", async move |_| stream.next().await);
    page.run(async {}).await;
    js::dispatch(&global(), "offline");
    assert_eq!(page.run(waiting).await.ok(), Some(Lifecycle::Offline));
}

#[wasm_bindgen_test]
async fn with_64_waiting_the_oldest_is_dropped() {
    let page = PageTree::new();
    let stream = page.root().lifecycle().expect("a page's node");
    js::dispatch(&global(), "offline");
    for _ in 0..64 {
        js::dispatch(&global(), "online");
    }
    let first = page.run(async move { stream.next().await }).await;
    assert_eq!(first.ok(), Some(Lifecycle::Online));
}

#[wasm_bindgen_test]
async fn a_freed_stream_listens_to_nothing() {
    let (added, removed) = (Spy::on("EventTarget.prototype.addEventListener"), Spy::on("EventTarget.prototype.removeEventListener"));
    let page = PageTree::new();
    let stream = page.root().lifecycle().expect("a page's node");
    assert!(added.count() >= 4);
    let ended = page.run(async move {
        stream.after(millis(1), move || stream.free());
        stream.next().await
    });
    assert!(matches!(ended.await, Err(Ended::Freed { .. })));
    assert_eq!(added.count(), removed.count());
}
