//! Slices, hops and wakes.

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, BrowserHost, Host, PageTree};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

/// `left` immediates, each begun by the one before it: as many turns.
fn chain(root: AnyNode, left: u32, done: impl FnOnce() + 'static) {
    match left {
        0 => done(),
        _ => drop(root.soon(move || chain(root, left - 1, done))),
    }
}

#[wasm_bindgen_test]
async fn a_busy_tree_lets_the_pages_own_timeouts_run() {
    fn busy(root: AnyNode, ran: Rc<Cell<u32>>) {
        ran.set(ran.get() + 1);
        root.soon(move || busy(root, ran));
    }
    let page = PageTree::new();
    let ran = Rc::new(Cell::new(0));
    busy(page.root(), ran.clone());
    js::page_goes_on(5).await;
    let before = ran.get();
    for _ in 0..5 {
        js::page_goes_on(5).await;
    }
    assert!(ran.get() > before, "the tree goes on too");
}

#[wasm_bindgen_test]
async fn turns_run_in_slices_and_not_one_a_hop() {
    const TURNS: u32 = 2_000;
    let hops = Spy::on("MessagePort.prototype.postMessage");
    let page = PageTree::new();
    let (finished, done) = page.root().completer::<(), Ended>("finished");
    chain(page.root(), TURNS, move || drop(done.complete(Ok(()))));
    page.run(finished).await.expect("completed");
    assert!((1..TURNS / 4).contains(&hops.count()), "{} hops for {TURNS} turns", hops.count());
}

#[wasm_bindgen_test]
async fn a_promise_wakes_a_request() {
    let page = PageTree::new();
    let answer = page.run(async { JsFuture::from(js::promise_after(5, 42)).await }).await;
    assert_eq!(answer.expect("resolved").as_f64(), Some(42.0));
}

#[wasm_bindgen_test]
async fn law_10_a_callback_of_the_page_is_queued_and_calls_nobody_back() {
    let page = PageTree::new();
    let root = page.root();
    let (request, done) = root.completer::<u32, Ended>("by hand");
    let told = Rc::new(Cell::new(None));
    let cell = told.clone();
    request.on_result(move |result| cell.set(result.ok()));
    page.run(async {}).await;
    let seen_inside = Rc::new(Cell::new(None));
    let (seen, before) = (seen_inside.clone(), told.clone());
    let mut done = Some(done);
    let callback = Closure::new(move || {
        let completed = done.take().expect("one message").complete(Ok(7));
        assert!(completed.is_ok());
        seen.set(Some(before.get()));
    });
    js::messages(1, &callback);
    while told.get().is_none() {
        js::page_goes_on(1).await;
    }
    assert_eq!(seen_inside.get(), Some(None), "inside the callback nobody was told");
    assert_eq!(told.get(), Some(7));
}

#[wasm_bindgen_test]
async fn law_22_a_wake_during_a_turn_is_served_after_it() {
    let page = PageTree::new();
    let root = page.root();
    let (woken, wake) = root.completer::<bool, Ended>("woken");
    let inside = Rc::new(Cell::new(false));
    let (flag, later) = (inside.clone(), inside.clone());
    page.run(async move {
        let remote = root.insert(()).remote();
        flag.set(true);
        let posted = remote.post(move |_| ()); // wakes the host
        assert!(posted.is_ok());
        root.soon(move || wake.complete(Ok(later.get())).is_ok());
        flag.set(false);
        assert_eq!(woken.await.ok(), Some(false), "the other code ran after this poll, not within it");
    })
    .await;
}

#[wasm_bindgen_test]
async fn one_hop_serves_any_number_of_wakes() {
    let page = PageTree::new();
    page.run(async {}).await;
    let waker = page.root().with_host(|host: &BrowserHost| host.waker()).expect("a page's host");
    let hops = Spy::on("MessagePort.prototype.postMessage");
    for _ in 0..100 {
        waker.wake_by_ref();
    }
    assert_eq!(hops.count(), 1);
}
