//! 1,500 WebSockets end with what they began with.

use super::js::{self, Spy};
use super::peer::{connected, received, url};
use hamadryad_wasm::net::WebSocket;
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Channel, PageTree};
use wasm_bindgen_test::wasm_bindgen_test;

const CYCLES: u32 = 1_500;

/// One of each way to end a socket, in turn.
async fn cycle(root: AnyNode, number: u32) {
    match number % 4 {
        0 => {
            connected(root, "/echo").await.free();
        }
        1 => {
            let socket = connected(root, "/echo").await;
            socket.send(b"one").await.expect("there is room");
            socket.send(b"two").await.expect("there is room");
            assert_eq!(received(socket).await.expect("it comes back"), b"one");
            socket.close(1000, "done"); // the other message is not received
        }
        2 => {
            let request = root.spawn("owner", async move |me| {
                let socket = connected(me, "/echo").await;
                socket.send(b"x").await
            });
            request.await.expect("sent"); // the socket ends with its request
        }
        _ => drop(WebSocket::connect(root, &url("/echo"))), // while it connects
    }
}

#[wasm_bindgen_test]
async fn connecting_and_dropping_1_500_times_leaves_nothing() {
    let page = PageTree::new();
    let root = page.root();
    let errors = js::uncaught();
    let (added, removed) =
        (Spy::counting("EventTarget.prototype.addEventListener"), Spy::counting("EventTarget.prototype.removeEventListener"));
    let made = js::Instances::of("WebSocket");
    // What is made once (tables, pools, stacks) is there after some rounds.
    for number in 0..100 {
        page.run(cycle(root, number)).await;
    }
    js::page_goes_on(50).await;
    let memory = core::arch::wasm32::memory_size(0);
    let objects = wasm_bindgen::externref_heap_live_count();
    let nodes = root.descendants().count();
    for number in 0..CYCLES {
        page.run(cycle(root, number)).await;
    }
    js::page_goes_on(50).await;
    assert_eq!(root.descendants().count(), nodes);
    assert_eq!(core::arch::wasm32::memory_size(0), memory, "pages of 64 KiB");
    assert_eq!(wasm_bindgen::externref_heap_live_count(), objects, "JavaScript objects that Rust holds");
    assert_eq!(added.count(), removed.count());
    assert!(added.count() >= 3 * CYCLES, "{} listeners", added.count());
    assert_eq!(errors.texts(), [""; 0]);
    let (all, alive) = made.count_alive().await;
    assert!(all >= CYCLES, "{all} sockets");
    assert!(alive < 10, "{alive} of {all} sockets are still there after a garbage collection");
}
