//! The WebSocket server beside the tests: `tests/peer` says what its paths mean.

use super::js;
use hamadryad_wasm::net::{Message, WebSocket};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Channel, ChannelError};

/// `ws://` and the rest.
pub(crate) fn url(path: &str) -> String {
    let Some(address) = option_env!("HAMADRYAD_PEER") else {
        panic!("HAMADRYAD_PEER is the address of a running `hamadryad-peer`: `cargo xtask test wasm` starts one");
    };
    format!("ws://{address}{path}")
}

/// A connection that is there.
pub(crate) async fn connected(owner: impl Into<AnyNode>, path: &str) -> WebSocket {
    WebSocket::connect(owner, &url(path)).timeout(secs(20)).await.expect("the server is there")
}

/// The next message, whatever its kind.
pub(crate) async fn received(socket: WebSocket) -> Result<Vec<u8>, ChannelError> {
    let mut message = Vec::new();
    socket.receive(&mut message).await?;
    Ok(message)
}

/// The server's guest book. (A connection of its own: browsers make one at a time to a server, so a new one would wait for those that are
/// being made.)
#[derive(Clone, Copy)]
pub(crate) struct Book(WebSocket);

impl Book {
    pub(crate) async fn open(owner: impl Into<AnyNode>) -> Book {
        Book(connected(owner, "/open").await)
    }

    /// How many connections with the query `tag` the server has, and the code that one of them was closed with.
    pub(crate) async fn guests(self, tag: &str) -> (u32, u16) {
        self.0.send_text(tag).await.expect("the server reads");
        let answer = self.0.receive_message().await.expect("the server answers");
        let Message::Text(text) = answer else { panic!("{answer:?}") };
        let (open, code) = text.split_once(' ').expect("two numbers");
        (open.parse().expect("a number"), code.parse().expect("a code"))
    }

    /// Waits until the server says so.
    pub(crate) async fn until(self, tag: &str, expected: (u32, u16)) {
        let mut seen = self.guests(tag).await;
        for _ in 0..200 {
            if seen == expected {
                return;
            }
            js::page_goes_on(5).await;
            seen = self.guests(tag).await;
        }
        panic!("{tag}: the server has {seen:?}, not {expected:?}");
    }
}
