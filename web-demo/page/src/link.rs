//! [`Link`]: the connection to the daemon, over which its tree comes and the sliders' settings go.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;
use core::convert::Infallible;
use core::time::Duration;

use hamadryad_wasm::net::{Message, WebSocket};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, ChannelError};

use crate::Front;
use crate::boxed::spawn_boxed;
use crate::lookups::Lookups;

/// The pause before the first try again, and the longest one: each is twice the one before.
const PAUSE_FIRST_MS: u32 = 500;
const PAUSE_MAX_MS: u32 = 8_000;

/// How long a connection may take: it is to this very machine.
const CONNECT_LIMIT: Duration = secs(3);

/// The connection. Below its node one request keeps it.
pub(crate) struct Link {
    node: AnyNode,
    front: Rc<Front>,
    url: String,
    lookups: Rc<Lookups>,
    /// While there is one.
    socket: Cell<Option<WebSocket>>,
    /// The next pause between two tries, in milliseconds.
    pause_ms: Cell<u32>,
    /// The one that is under way: freed, it is over.
    nap: Cell<Option<AnyNode>>,
}

impl Link {
    /// Connects to `url` under `owner`, again and again. `lookups` pause while there is no daemon, or nobody looks.
    pub(crate) fn start(owner: AnyNode, url: String, lookups: Rc<Lookups>, front: Rc<Front>) -> Rc<Link> {
        let node = *owner.insert(()).named("daemon");
        let (socket, pause_ms, nap) = (Cell::new(None), Cell::new(PAUSE_FIRST_MS), Cell::new(None));
        let link = Rc::new(Link { node, front, url, lookups, socket, pause_ms, nap });
        let follows = link.clone();
        spawn_boxed(node, "follow", move |me| follow(me, follows)).detach();
        link
    }

    /// Whether the request that keeps it is there.
    pub(crate) fn is_kept(&self) -> bool {
        self.node.children().next().is_some()
    }

    /// Sends a message to the daemon, if it is there.
    pub(crate) fn send(&self, text: String) {
        if let Some(socket) = self.socket.get() {
            let send = spawn_boxed(self.node, "send", async move |_| {
                let _gone_and_followed_anew = socket.send_text(&text).await;
                Ok(())
            });
            send.timeout(CONNECT_LIMIT).detach();
        }
    }

    /// Ends the pause, if there is one.
    pub(crate) fn wake(&self) {
        if let Some(nap) = self.nap.take() {
            nap.free();
        }
    }
}

/// Connects, hands on what comes, and begins anew when that ends; after a pause, and after longer ones while nobody is there.
async fn follow(me: AnyNode, link: Rc<Link>) -> Result<(), Ended> {
    loop {
        let Err(end) = me.scope("connection", |me| converse(me, &link)).await;
        let pause_ms = link.pause_ms.get();
        link.pause_ms.set((pause_ms * 2).min(PAUSE_MAX_MS));
        link.socket.set(None);
        link.lookups.pause_for_daemon(true);
        link.front.link("gone", pause_ms, &end.text());
        let nap = me.scope("pause", |me| {
            link.nap.set(Some(me));
            me.sleep(millis(pause_ms.into()))
        });
        let _slept_or_woken = nap.await;
    }
}

/// One connection, from its beginning to its end.
async fn converse(me: AnyNode, link: &Link) -> Result<Infallible, ChannelError> {
    let socket = WebSocket::connect(me, &link.url).timeout(CONNECT_LIMIT).await?;
    link.pause_ms.set(PAUSE_FIRST_MS);
    link.socket.set(Some(socket));
    link.lookups.pause_for_daemon(false);
    link.front.link("daemon", 0, "");
    loop {
        if let Message::Text(text) = socket.receive_message().await? {
            link.front.news(&text);
        }
    }
}
