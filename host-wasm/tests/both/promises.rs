//! `await_promise`.

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{PageTree, PromiseError};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_promise_gives_its_value() {
    let page = PageTree::new();
    let root = page.root();
    let answer = page.run(root.await_promise(js::promise_after(5, 42))).await;
    assert_eq!(answer.expect("it is fulfilled").as_f64(), Some(42.0));
    let answer = page.run(root.await_promise(js_sys::Promise::resolve(&JsValue::UNDEFINED))).await;
    assert!(answer.expect("it was fulfilled before").is_undefined());
    assert_eq!(root.children().count(), 0, "who waited is gone");
}

#[wasm_bindgen_test]
async fn a_rejected_promise_gives_its_reason() {
    let page = PageTree::new();
    let root = page.root();
    let reason = js_sys::Error::new("out of stock");
    let answer = page.run(root.await_promise(js_sys::Promise::reject(&reason))).await;
    let Err(PromiseError::Rejected(told)) = answer else { panic!("{answer:?}") };
    assert!(js::same(&told, &reason));
    assert_eq!(PromiseError::Rejected(told).to_string(), "rejected: Error: out of stock");
}

#[wasm_bindgen_test]
async fn an_abandoned_promise_is_harmless() {
    let errors = js::uncaught();
    let removed = Spy::on("EventTarget.prototype.removeEventListener");
    let page = PageTree::new();
    let root = page.root();
    for how in ["resolve", "reject"] {
        let (promise, settle) = js::promise_by_hand(how);
        let waiting = root.spawn("wait", async move |me| me.await_promise(promise).await.map(drop));
        let ended = page.run(waiting.timeout(millis(2))).await;
        assert!(matches!(ended, Err(PromiseError::Ended(Ended::TimedOut { .. }))), "{ended:?}");
        assert_eq!(root.children().count(), 0);
        settle.call1(&JsValue::NULL, &"too late".into()).expect("it settles");
        js::page_goes_on(2).await;
    }
    // The tree itself may be gone as well.
    let (promise, settle) = js::promise_by_hand("reject");
    root.spawn("wait", async move |me| me.await_promise(promise).await.map(drop)).detach();
    page.run(async {}).await;
    drop(page);
    settle.call1(&JsValue::NULL, &"too late".into()).expect("it settles");
    js::page_goes_on(2).await;
    assert_eq!(removed.count(), 3);
    assert_eq!(errors.texts(), [""; 0], "nobody threw, no rejection was unhandled");
}

#[wasm_bindgen_test]
async fn law_12_a_freed_owner_ends_the_wait() {
    let page = PageTree::new();
    let root = page.root();
    let owner: AnyNode = *root.insert(());
    let (promise, _settle) = js::promise_by_hand("resolve");
    let waiting = owner.await_promise(promise);
    root.after(millis(1), move || owner.free());
    let ended = page.run(waiting).await;
    assert!(matches!(ended, Err(PromiseError::Ended(Ended::Freed { .. }))), "{ended:?}");
    let (promise, _settle) = js::promise_by_hand("resolve");
    let ended = page.run(owner.await_promise(promise)).await;
    assert!(matches!(ended, Err(PromiseError::Ended(Ended::Freed { .. }))), "{ended:?}");
}

#[wasm_bindgen_test]
async fn law_26_the_report_says_that_a_request_waits_for_a_promise() {
    let page = PageTree::new();
    let root = page.root();
    let (promise, _settle) = js::promise_by_hand("resolve");
    root.spawn("wait", async move |me| me.await_promise(promise).await.map(drop)).detach();
    page.run(async {}).await;
    let report = root.report().to_string();
    assert!(report.contains("waits: promise"), "{report}");
}
