//! A blocked thread: messages that are there win over a deadline that has passed meanwhile (law 16).

use super::js;
use super::peer::{connected, received, url};
use hamadryad_wasm::net::WebSocket;
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Channel, ChannelError, PageTree};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

const BLOCKED_MS: f64 = 1_500.0;
const MESSAGES: u32 = 16;

#[wasm_bindgen_test]
async fn law_16_messages_that_waited_behind_a_blocked_thread_win() {
    let page = PageTree::new();
    let root = page.root();
    let socket = page.run(async move { connected(root, "/late/5").await }).await;
    let asking = root.spawn("ask", async move |_| {
        for number in 0..MESSAGES {
            socket.send(&number.to_be_bytes()).await?;
        }
        for number in 0..MESSAGES {
            assert_eq!(received(socket).await?, number.to_be_bytes());
        }
        Ok::<_, ChannelError>(())
    });
    let asking = asking.timeout(millis(400));
    page.run(async {}).await; // sent, and the deadline is armed
    js::block(BLOCKED_MS);
    page.run(asking).await.expect("all were there");
}

/// Whether an answer that comes 60 ms after a blocked thread is free again wins, while messages trickle in that nobody takes yet.
async fn answer_wins_while_messages_trickle_in(page: &PageTree, sockets: &js::Instances) -> bool {
    let root = page.root();
    let socket = page.run(async move { connected(root, "/mute").await }).await;
    let (answer, done) = root.completer::<(), Ended>("answer");
    let asking = root.spawn("ask", async move |_| answer.await).timeout(millis(200));
    page.run(async {}).await;
    let mut done = Some(done);
    let answering = Closure::new(move || drop(done.take().map(|done| done.complete(Ok(())))));
    js::block(300.0);
    sockets.trickle_into_the_last(4, 15, &answering);
    let won = page.run(asking).await.is_ok();
    js::page_goes_on(80).await; // the trickle ends before its closure
    let first = page.run(async move { root.scope("receive", async |_| received(socket).await).timeout(millis(100)).await }).await;
    assert_eq!(first.expect("it was kept"), [0]);
    won
}

#[wasm_bindgen_test]
async fn law_16_messages_that_nobody_takes_yet_are_input_too() {
    let page = PageTree::new();
    let sockets = js::Instances::of("WebSocket");
    // A machine with other work may leave a gap of 20 ms between two messages, and then the deadline counts; but not again and again.
    for _ in 0..8 {
        if answer_wins_while_messages_trickle_in(&page, &sockets).await {
            return;
        }
    }
    panic!("no hold lasted longer than the 20 ms that it lasts without any input");
}

#[wasm_bindgen_test]
async fn law_16_a_connection_made_behind_a_blocked_thread_wins() {
    let page = PageTree::new();
    let root = page.root();
    let connecting = WebSocket::connect(root, &url("/echo")).timeout(millis(400));
    page.run(async {}).await;
    js::block(BLOCKED_MS);
    assert!(page.run(connecting).await.expect("it was made meanwhile").is_alive());
}

#[wasm_bindgen_test]
async fn law_16_a_silent_peer_is_timed_out_all_the_same() {
    let page = PageTree::new();
    let root = page.root();
    let socket = page.run(async move { connected(root, "/mute").await }).await;
    let asking = root.spawn("ask", async move |_| received(socket).await).timeout(millis(400));
    page.run(async {}).await;
    js::block(BLOCKED_MS);
    let ended = page.run(asking).await;
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{ended:?}");
}
