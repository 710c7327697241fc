//! What a WebSocket holds at most, in both directions.

use super::js;
use super::peer::{Book, connected, received, url};
use hamadryad_wasm::net::{Message, WebSocketOptions};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Channel, ChannelError, PageTree};
use wasm_bindgen_test::wasm_bindgen_test;

/// Nobody receives: what fits into the buffer is kept, then the socket is closed.
async fn flooded(root: AnyNode, tag: &str, options: WebSocketOptions) -> usize {
    let socket = options.connect(root, &url(&format!("/flood/100/1000?{tag}"))).await.expect("the server is there");
    Book::open(root).await.until(tag, (0, 4008)).await;
    let mut number = 0;
    loop {
        match received(socket).await {
            Ok(message) => assert_eq!(message[..4], (number as u32).to_be_bytes()),
            Err(ChannelError::Closed { code: 1008, .. }) => return number,
            Err(error) => panic!("{error}"),
        }
        number += 1;
    }
}

#[wasm_bindgen_test]
async fn a_full_receive_buffer_closes_the_socket() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        assert_eq!(flooded(root, "messages", WebSocketOptions::new().receive_limit(10, 1 << 20)).await, 10);
        assert_eq!(flooded(root, "bytes", WebSocketOptions::new().receive_limit(1_000, 7_500)).await, 7);
        assert_eq!(flooded(root, "nothing", WebSocketOptions::new().receive_limit(0, 0)).await, 0);
    })
    .await;
}

#[wasm_bindgen_test]
async fn who_receives_makes_room() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let options = WebSocketOptions::new().receive_limit(2, 2_000);
        let socket = options.connect(root, &url("/echo")).await.expect("the server is there");
        for _ in 0..20 {
            socket.send(&[7; 900]).await.expect("there is room");
            assert_eq!(received(socket).await.expect("it comes back").len(), 900);
        }
    })
    .await;
}

#[wasm_bindgen_test]
async fn too_large_a_message_is_not_sent() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/echo").await;
        let limit = socket.limit();
        let ended = socket.send(&vec![0; limit + 1]).await;
        assert!(matches!(ended, Err(ChannelError::TooLarge { limit: told }) if told == limit), "{ended:?}");
        socket.send(b"fits").await.expect("it is still good");
        assert_eq!(received(socket).await.expect("it comes back"), b"fits");
    })
    .await;
}

#[wasm_bindgen_test]
async fn who_sends_to_a_peer_that_does_not_read_waits() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/mute").await;
        let (message, mut sent) = (vec![1; 1 << 20], 0);
        let ended = loop {
            let sending = root.scope("send", async |_| socket.send(&message).await).timeout(millis(250));
            match sending.await {
                Ok(()) => sent += 1,
                Err(ended) => break ended,
            }
            assert!(sent < 100, "somebody must hold 100 MiB");
        };
        assert!(matches!(ended, ChannelError::Ended(Ended::TimedOut { .. })), "{ended:?}");
        assert!(socket.children().count() <= 1, "the timer that looked");
        js::page_goes_on(20).await;
        assert_eq!(socket.children().count(), 0, "nobody waits any more, and no timer looks");
        let waiting = root.spawn("send", async move |_| socket.send(b"more").await);
        // In the turn in which it looks there is none for a moment.
        while socket.children().count() == 0 {
            root.sleep(millis(1)).await.expect("the root lives");
        }
        let report = root.report().to_string();
        assert!(report.contains("waits: room"), "{report}");
        socket.free();
        let ended = waiting.await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_slow_reader_gets_everything() {
    const MESSAGES: usize = 40;
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/lazy/150").await;
        let begun = js::performance_now();
        for _ in 0..MESSAGES {
            socket.send(&vec![1; 1 << 20]).await.expect("room comes");
        }
        let waited = js::performance_now() - begun;
        assert!(waited > 100.0, "40 MiB are more than everybody holds: sending waits for the reader, not {waited} ms");
        for number in 1..=MESSAGES {
            let answer = socket.receive_message().await.expect("the server answers");
            assert_eq!(answer, Message::Text(format!("{number} {}", 1 << 20)));
        }
    })
    .await;
}

#[wasm_bindgen_test]
async fn several_who_send_all_get_room() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/lazy/100").await;
        let senders: Vec<_> = (0..8)
            .map(|_| {
                root.spawn("sender", async move |_| {
                    for _ in 0..4 {
                        socket.send(&vec![1; 1 << 20]).await?;
                    }
                    Ok::<_, ChannelError>(())
                })
            })
            .collect();
        for sender in senders {
            sender.timeout(secs(20)).await.expect("room comes for all");
        }
        for number in 1..=32 {
            let answer = socket.receive_message().await.expect("the server answers");
            assert_eq!(answer, Message::Text(format!("{number} {}", 1 << 20)));
        }
    })
    .await;
}
