//! The host in a page: what page and worker share, and what only a page has.
#![cfg(target_family = "wasm")]

mod both;

use both::{js, peer};
use hamadryad_wasm::net::WebSocket;
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{ChannelError, Lifecycle, PageTree};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Calls itself for ever: something is pending at the end of every turn.
fn busy(root: AnyNode, ran: Rc<Cell<u32>>) {
    ran.set(ran.get() + 1);
    root.soon(move || busy(root, ran));
}

#[wasm_bindgen_test]
async fn a_busy_tree_lets_the_page_render() {
    let page = PageTree::new();
    let ran = Rc::new(Cell::new(0));
    busy(page.root(), ran.clone());
    js::frame().await; // the first frame may come before the first slice
    for frame in 0..3 {
        let before = ran.get();
        js::frame().await;
        js::frame().await;
        assert!(ran.get() > before, "the tree runs between the frames: {before} calls after frame {frame}");
    }
}

/// The page's document.
fn document() -> web_sys::EventTarget {
    js_sys::eval("document").expect("a page has one").unchecked_into()
}

#[wasm_bindgen_test]
async fn a_page_that_slept_knows_for_how_long() {
    let page = PageTree::new();
    let stream = page.root().lifecycle().expect("a page's node");
    js::dispatch(&document(), "visibilitychange"); // it is visible all the time
    js::dispatch(&document(), "resume"); // it was not frozen
    js::dispatch(&document(), "freeze");
    js::block(20.0);
    js::dispatch(&document(), "resume");
    js_sys::eval("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))").expect("it can be dispatched");
    js_sys::eval("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))").expect("it can be dispatched");
    js_sys::eval("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))").expect("it can be dispatched");
    js_sys::eval("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }))").expect("it can be dispatched");
    let mut told = Vec::new();
    while told.last() != Some(&Lifecycle::PageHide { persisted: false }) {
        told.push(page.run(async move { stream.next().await }).await.expect("nobody frees it"));
    }
    page.root().after(millis(5), move || stream.free());
    assert!(page.run(async move { stream.next().await }).await.is_err(), "that was all");
    let [Lifecycle::Visible, Lifecycle::Frozen, Lifecycle::Resumed { slept }, rest @ ..] = &told[..] else { panic!("{told:?}") };
    assert!((19..2_000).contains(&slept.as_millis()), "{slept:?}");
    let [Lifecycle::PageHide { persisted: true }, Lifecycle::Resumed { .. }, Lifecycle::PageHide { persisted: false }] = rest else {
        panic!("{told:?}")
    };
}

#[wasm_bindgen_test]
async fn a_relative_url_is_resolved_against_the_pages() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let absolute = peer::url("/echo");
        let socket = WebSocket::connect(root, absolute.trim_start_matches("ws:")).await.expect("the server is there");
        assert_eq!(socket.url(), absolute);
        // This page's own server speaks no WebSocket.
        let ended = WebSocket::connect(root, "nothing/here?x").await;
        assert!(matches!(ended, Err(ChannelError::Refused)), "it is a URL, and nobody upgrades there: {ended:?}");
    })
    .await;
}
