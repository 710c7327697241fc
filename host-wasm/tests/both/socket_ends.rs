//! How a WebSocket ends, from either side, and that nothing comes afterwards.

use super::js::{self, Spy};
use super::peer::{Book, connected, received, url};
use hamadryad_wasm::net::WebSocket;
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Channel, ChannelError, PageTree};
use wasm_bindgen_test::wasm_bindgen_test;

/// What was added and is not removed.
struct Listeners(Spy, Spy);

impl Listeners {
    fn watch() -> Listeners {
        Listeners(Spy::on("EventTarget.prototype.addEventListener"), Spy::on("EventTarget.prototype.removeEventListener"))
    }

    fn left(&self) -> u32 {
        self.0.count() - self.1.count()
    }
}

#[wasm_bindgen_test]
async fn the_peers_last_words_then_its_code_and_reason() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/close/3042/enough").await;
        assert_eq!(received(socket).await.expect("the last words"), b"last words");
        for _ in 0..2 {
            let ended = received(socket).await;
            let Err(ChannelError::Closed { code: 3042, reason }) = ended else { panic!("{ended:?}") };
            assert_eq!(reason, "enough");
        }
        let ended = socket.send(b"hello?").await;
        assert!(matches!(ended, Err(ChannelError::Closed { code: 3042, .. })), "{ended:?}");
        assert!(socket.is_alive(), "a handle to it is good until it is freed");
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_connection_that_breaks_is_1006() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let socket = connected(root, "/drop").await;
        assert_eq!(received(socket).await.expect("the last words"), b"last words");
        let ended = received(socket).await;
        assert!(matches!(ended, Err(ChannelError::Closed { code: 1006, .. })), "{ended:?}");
    })
    .await;
}

#[wasm_bindgen_test]
async fn law_04_abandoned_while_connecting() {
    let page = PageTree::new();
    let root = page.root();
    let errors = js::uncaught();
    let listeners = Listeners::watch();
    page.run(async move {
        let book = Book::open(root).await;
        let connecting = WebSocket::connect(root, &url("/hang?connecting")).timeout(millis(300));
        book.until("connecting", (1, 0)).await;
        let ended = connecting.await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{ended:?}");
        book.until("connecting", (0, 0)).await;
        drop(WebSocket::connect(root, &url("/hang?connecting"))); // at once
        assert_eq!(root.children().count(), 2, "this request and the book are left");
    })
    .await;
    drop(page);
    assert_eq!((listeners.left(), errors.texts()), (0, vec![]));
}

#[wasm_bindgen_test]
async fn law_04_abandoned_while_open() {
    let page = PageTree::new();
    let root = page.root();
    let listeners = Listeners::watch();
    page.run(async move {
        let book = Book::open(root).await;
        let owner: AnyNode = *root.insert(());
        let socket = connected(owner, "/flood/100000/100?open").await;
        let reader = root.spawn("reader", async move |_| {
            loop {
                received(socket).await?;
            }
            #[expect(unreachable_code, reason = "it says what the body returns")]
            Ok::<(), ChannelError>(())
        });
        root.sleep(millis(10)).await.expect("the root lives");
        owner.free();
        let ended = reader.await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
        let ended = socket.send(b"late").await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
        book.until("open", (0, 1005)).await;
    })
    .await;
    drop(page);
    assert_eq!(listeners.left(), 0);
}

#[wasm_bindgen_test]
async fn law_04_abandoned_while_closing() {
    let page = PageTree::new();
    let root = page.root();
    let listeners = Listeners::watch();
    page.run(async move {
        let book = Book::open(root).await;
        let owner: AnyNode = *root.insert(());
        let socket = connected(owner, "/late/20?closing").await;
        socket.send(b"one").await.expect("there is room");
        socket.close(3001, "bye"); // the server answers only later
        owner.free();
        book.until("closing", (0, 3001)).await;
    })
    .await;
    drop(page);
    assert_eq!(listeners.left(), 0);
}

#[wasm_bindgen_test]
async fn a_code_is_sent_as_a_page_may() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let book = Book::open(root).await;
        for (tag, code, sent) in [("normal", 1000, 1000), ("away", 1001, 4001), ("own", 4999, 4999), ("none", 0, 1000)] {
            let socket = connected(root, &format!("/echo?{tag}")).await;
            // A reason of 123 bytes at most, cut between two characters.
            socket.close(code, &"ü".repeat(100));
            assert!(!socket.is_alive());
            book.until(tag, (0, sent)).await;
        }
    })
    .await;
}

#[wasm_bindgen_test]
async fn what_was_sent_goes_before_the_end() {
    let page = PageTree::new();
    let root = page.root();
    page.run(async move {
        let book = Book::open(root).await;
        let socket = connected(root, "/echo?last").await;
        for _ in 0..4 {
            socket.send(&vec![1; 1 << 20]).await.expect("there is room");
        }
        socket.close(3002, "");
        book.until("last", (0, 3002)).await; // the code came behind 4 MiB
    })
    .await;
}

#[wasm_bindgen_test]
async fn law_12_a_freed_owner_ends_who_connects() {
    let page = PageTree::new();
    let root = page.root();
    let made = js::Instances::of("WebSocket");
    page.run(async move {
        let owner: AnyNode = *root.insert(());
        let connecting = WebSocket::connect(owner, &url("/hang"));
        root.after(millis(5), move || owner.free());
        let ended = connecting.await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
        let ended = WebSocket::connect(owner, &url("/echo")).await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
    })
    .await;
    assert_eq!(made.count_alive().await, (1, 0), "for a stale owner none was made");
}
