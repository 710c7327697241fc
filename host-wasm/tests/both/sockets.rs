//! What goes through a WebSocket.

use super::peer::{connected, received, url};
use hamadryad_wasm::net::{Message, WebSocket, WebSocketOptions, WebSockets};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Channel, ChannelError, Connect, PageTree};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn binary_messages_come_back() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/echo").await;
        let large: Vec<u8> = (0..300_000_u32).map(|index| index as u8).collect();
        for message in [&b"hello"[..], b"", b"\0\xff", &large] {
            socket.send(message).await.expect("there is room");
            assert!(received(socket).await.expect("it comes back") == message);
        }
    })
    .await;
}

#[wasm_bindgen_test]
async fn text_is_told_from_bytes() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/echo").await;
        socket.send_text("größer").await.expect("there is room");
        socket.send(b"bytes").await.expect("there is room");
        assert_eq!(socket.receive_message().await.expect("text"), Message::Text("größer".into()));
        assert_eq!(socket.receive_message().await.expect("bytes"), Message::Binary(b"bytes".into()));
        socket.send_text("größer").await.expect("there is room");
        assert_eq!(received(socket).await.expect("of a text, its bytes"), "größer".as_bytes());
    })
    .await;
}

#[wasm_bindgen_test]
async fn messages_keep_their_order() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/echo").await;
        for number in 0..500_u32 {
            socket.send(&number.to_be_bytes()).await.expect("there is room");
        }
        for number in 0..500_u32 {
            assert_eq!(received(socket).await.expect("they come back"), number.to_be_bytes());
        }
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_connector_is_portable_and_takes_options() {
    async fn echo<C: Connect<Peer = String>>(me: AnyNode, transport: C) -> Result<C::Channel, ChannelError> {
        let channel = transport.connect(me, &url("/echo")).await?;
        channel.send(b"portable").await?;
        let mut answer = Vec::new();
        channel.receive(&mut answer).await?;
        assert_eq!(answer, b"portable");
        Ok(channel)
    }
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = echo(root, WebSockets).await.expect("the server is there");
        assert_eq!(socket.protocol(), "");
        let options = WebSocketOptions::new().protocols(["first", "second"]);
        let socket = echo(root, options).await.expect("the server is there");
        assert_eq!(socket.protocol(), "second", "this server takes the last one");
        assert_eq!(socket.url(), url("/echo"));
        assert_eq!(socket.parent(), Some(root));
    })
    .await;
}

#[wasm_bindgen_test]
async fn law_26_the_report_shows_the_socket_and_who_waits() {
    let page = PageTree::new();
    let root = page.root();
    let report = page
        .run(async move {
            let socket = connected(root, "/echo").await;
            root.spawn("reader", async move |_| received(socket).await.map(drop)).detach();
            root.sleep(millis(1)).await.expect("the root lives");
            root.report().to_string()
        })
        .await;
    assert!(report.contains("websocket") && report.contains(&url("/echo")) && report.contains("waits: message"), "{report}");
}

#[wasm_bindgen_test]
async fn a_receive_that_is_dropped_loses_nothing() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/late/30").await;
        socket.send(b"one").await.expect("there is room");
        let early = root.scope("early", async |_| received(socket).await).timeout(millis(2)).await;
        assert!(matches!(early, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{early:?}");
        assert_eq!(received(socket).await.expect("it comes later"), b"one");
    })
    .await;
}

#[wasm_bindgen_test]
async fn receivers_take_turns_and_pass_theirs_on() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/echo").await;
        let first = root.spawn("first", async move |_| received(socket).await);
        let second = root.spawn("second", async move |_| received(socket).await);
        root.sleep(millis(1)).await.expect("the root lives");
        drop(first); // it was first in line
        socket.send(b"one").await.expect("there is room");
        assert_eq!(second.await.expect("its turn"), b"one");
        let two = [root.spawn("a", async move |_| received(socket).await), root.spawn("b", async move |_| received(socket).await)];
        root.sleep(millis(1)).await.expect("the root lives");
        socket.send(b"two").await.expect("there is room");
        socket.send(b"three").await.expect("there is room");
        let [a, b] = two;
        assert_eq!((a.await.expect("first"), b.await.expect("second")), (b"two".to_vec(), b"three".to_vec()));
    })
    .await;
}

#[wasm_bindgen_test]
async fn nobody_there_is_refused() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        for refused in ["ws://127.0.0.1:1/".to_owned(), url("/nothing-here")] {
            let ended = WebSocket::connect(root, &refused).timeout(secs(20)).await;
            assert!(matches!(ended, Err(ChannelError::Refused)), "{refused}: {ended:?}");
        }
        let ended = WebSocketOptions::new().protocols(["twice", "twice"]).connect(root, &url("/echo")).await;
        assert!(matches!(ended, Err(ChannelError::Unreachable)), "{ended:?}");
        for unreachable in ["ws://[", "gopher://127.0.0.1/"] {
            let ended = WebSocket::connect(root, unreachable).await;
            assert!(matches!(ended, Err(ChannelError::Unreachable)), "{unreachable}: {ended:?}");
        }
        assert_eq!(root.children().count(), 1, "only this request is left");
    })
    .await;
}
