//! [`Way`]: how the page's resolver reaches its upstreams.

use alloc::string::String;
use alloc::vec::Vec;
use hamadryad_wasm::net::{WebSocket, WebSockets};
use hamadryad_wasm::{AnyNode, Channel, ChannelError, Connect, Node, Request};

use crate::simulated::{SimulatedChannel, SimulatedUpstream};

/// Reaches an upstream that is simulated in the page, or one of the daemon's through the daemon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way;

/// An upstream.
#[derive(Clone)]
pub(crate) enum Peer {
    /// Its node.
    Simulated(Node<SimulatedUpstream>),
    /// The URL of the WebSocket that carries one DNS message in each of its own.
    Relay(String),
}

/// A conversation with one.
#[derive(Clone, Copy)]
pub(crate) enum Conversation {
    Simulated(SimulatedChannel),
    Relay(WebSocket),
}

impl Connect for Way {
    type Peer = Peer;
    type Channel = Conversation;

    fn connect(&self, owner: AnyNode, peer: &Peer) -> Request<Conversation, ChannelError> {
        enum Begun {
            Simulated(Result<SimulatedChannel, ChannelError>),
            Relay(Request<WebSocket, ChannelError>),
        }
        let begun = match peer {
            Peer::Simulated(upstream) => Begun::Simulated(SimulatedChannel::open(owner, *upstream)),
            Peer::Relay(url) => Begun::Relay(WebSockets.connect(owner, url)),
        };
        owner.spawn("connect", async move |_| match begun {
            Begun::Simulated(channel) => channel.map(Conversation::Simulated),
            Begun::Relay(socket) => Ok(Conversation::Relay(socket.await?)),
        })
    }
}

impl Channel for Conversation {
    /// What goes through a WebSocket arrives, but the daemon asks its upstreams over UDP.
    const RELIABLE: bool = false;

    fn limit(self) -> usize {
        match self {
            Conversation::Simulated(channel) => channel.limit(),
            Conversation::Relay(socket) => socket.limit(),
        }
    }

    async fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        match self {
            Conversation::Simulated(channel) => channel.send(message),
            Conversation::Relay(socket) => socket.send(message).await,
        }
    }

    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        match self {
            Conversation::Simulated(channel) => loop {
                if let Some(received) = channel.take() {
                    *message = received;
                    return Ok(());
                }
                channel.arrival().await?;
            },
            Conversation::Relay(socket) => socket.receive(message).await,
        }
    }
}
