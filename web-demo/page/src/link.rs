//! [`Link`]: the connection to the daemon, over which its tree comes and the sliders' settings go.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;
use core::time::Duration;

use hamadryad_wasm::net::{Message, WebSocket};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, ChannelError, Lifecycle, Node};

use crate::Front;
use crate::boxed::spawn_boxed;
use crate::lookups::Lookups;
use crate::rows::millis_of;

/// The pause before the first try again, and the longest one: each is twice the one before.
const PAUSE_FIRST: Duration = millis(500);
const PAUSE_MAX: Duration = secs(8);

/// How long a connection may take: it is to this very machine.
const CONNECT_LIMIT: Duration = secs(3);

/// The node of the connection: below it one request keeps it, and one hears of the page's own life.
pub(crate) struct Link {
    front: Rc<Front>,
    url: String,
    lookups: Node<Lookups>,
    /// While there is one.
    socket: Cell<Option<WebSocket>>,
    /// The pause between two tries: freed, it is over.
    nap: Cell<Option<AnyNode>>,
}

impl Link {
    /// Connects to `url` under `owner`, again and again. `lookups` pause while there is no daemon, or nobody looks.
    pub(crate) fn start(owner: AnyNode, url: String, lookups: Node<Lookups>, front: Rc<Front>) -> Node<Link> {
        let told = front.clone();
        let link = Link { front, url, lookups, socket: Cell::new(None), nap: Cell::new(None) };
        let link = owner.insert(link).named("daemon");
        link.on_failure(move |failure| {
            told.failed(failure.text());
            Contain
        });
        spawn_boxed(link, "follow", move |me| follow(me, link)).background().detach();
        spawn_boxed(link, "lifecycle", move |me| mind_the_page(me, link)).background().detach();
        link
    }

    fn pause_lookups(&self, paused: bool) {
        let _somebody_ended_them = self.lookups.try_with(|lookups| lookups.pause_for_daemon(paused));
    }

    /// Sends a message to the daemon, if it is there.
    pub(crate) fn send(link: Node<Link>, text: String) {
        if let Ok(Some(socket)) = link.try_with(|link| link.socket.get()) {
            let send = spawn_boxed(link, "send", async move |_| {
                let _gone_and_followed_anew = socket.send_text(&text).await;
                Ok(())
            });
            send.timeout(CONNECT_LIMIT).detach();
        }
    }
}

/// Connects, hands on what comes, and begins anew when that ends; after a pause, and after longer ones while nobody is there.
async fn follow(me: AnyNode, link: Node<Link>) -> Result<(), Ended> {
    let mut pause = PAUSE_FIRST;
    loop {
        let end = visit(me, link, &mut pause).await;
        link.with(|link| {
            link.socket.set(None);
            link.pause_lookups(true);
            link.front.link("gone", millis_of(pause), &end.text());
        });
        let nap = me.scope("pause", async |me| {
            link.with(|link| link.nap.set(Some(me)));
            me.sleep(pause).await
        });
        let _slept_or_woken = nap.await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One connection, from its beginning to its end.
async fn visit(me: AnyNode, link: Node<Link>, pause: &mut Duration) -> ChannelError {
    let url = link.with(|link| link.url.clone());
    let visit = me.scope("connection", async |me| -> Result<(), ChannelError> {
        let socket = WebSocket::connect(me, &url).timeout(CONNECT_LIMIT).await?;
        *pause = PAUSE_FIRST;
        link.with(|link| {
            link.socket.set(Some(socket));
            link.pause_lookups(false);
            link.front.link("daemon", 0, "");
        });
        loop {
            if let Message::Text(text) = socket.receive_message().await? {
                link.with(|link| link.front.news(&text));
            }
        }
    });
    match visit.await {
        Ok(()) => ChannelError::Unreachable, // it has no other end than an error
        Err(end) => end,
    }
}

/// A hidden page asks nothing; one that was frozen lost its socket, and one that has a network again need not wait any longer.
async fn mind_the_page(me: AnyNode, link: Node<Link>) -> Result<(), Ended> {
    let Ok(changes) = me.lifecycle() else { return Ok(()) };
    loop {
        match changes.next().await? {
            Lifecycle::Resumed { slept } => {
                link.with(|link| link.front.link("slept", millis_of(slept), ""));
                wake(link);
            }
            Lifecycle::Online | Lifecycle::Visible => wake(link),
            _ => {}
        }
    }
}

/// Ends the pause, if there is one.
fn wake(link: Node<Link>) {
    if let Some(nap) = link.with(|link| link.nap.take()) {
        nap.free();
    }
}
