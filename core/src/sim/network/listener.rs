use alloc::collections::VecDeque;
use alloc::format;
use alloc::rc::Rc;
use core::convert::Infallible;
use core::panic::Location;

use super::handle::handle;
use super::stream::Stream;
use super::waiting;
use super::wire::Wire;
use super::{Address, ListenError, ReliableChannel};
use crate::{AnyNode, ChannelError, Node, Ready, SourceClass, SourceError};

/// Clients that are connected and not yet accepted; further ones are refused.
const BACKLOG_MAX: usize = 64;

/// The listening side of reliable channels, made by [`Reliable::listen`](super::Reliable::listen): a handle to a node, as `TcpListener` is
/// natively.
///
/// Clients are connected before they are accepted, 64 of them, and further ones refused. Freed, it takes along those that wait; the
/// channels it gave out belong to others.
#[derive(Clone, Copy)]
pub struct Listener(Node<Backlog>);
handle!(Listener, Backlog);

impl Listener {
    /// Where it listens; `None` when it is stale.
    pub fn address(self) -> Option<Address> {
        self.0.try_with(|backlog| backlog.address).ok()
    }

    /// Waits for a client: the channel to it, now under `owner`, and its address. A client that has gone meanwhile is given all the same:
    /// what it sent can be received.
    ///
    /// Cancel-safe: a client is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// [`ChannelError::Ended`] when the listener is freed, or `owner` is; in the latter case the client is let go, too.
    #[track_caller]
    pub fn accept(self, owner: impl Into<AnyNode>) -> impl Future<Output = Result<(ReliableChannel, Address), ChannelError>> {
        let (owner, place) = (owner.into(), Location::caller());
        async move {
            let (channel, client) = waiting::until(self.0, Ready::READABLE, "client", Backlog::is_readable, Backlog::take).await?;
            if let Err(error) = waiting::hand_over(*channel, owner).await {
                channel.free();
                return Err(error);
            }
            channel.made_at(place);
            Ok((ReliableChannel::new(channel), client))
        }
    }
}

/// What a [`Listener`] is a handle to; the channels that wait are its children.
pub(super) struct Backlog {
    wire: Rc<Wire>,
    address: Address,
    waiting: VecDeque<(Node<Stream>, Address)>,
}

impl Backlog {
    #[track_caller]
    pub(super) fn open(wire: &Rc<Wire>, owner: AnyNode, address: Address) -> Result<Node<Backlog>, ListenError> {
        if wire.listener(address).is_some() {
            return Err(ListenError::InUse { address });
        }
        let backlog = Backlog { wire: Rc::clone(wire), address, waiting: VecDeque::new() };
        match owner.source(SourceClass::Io, "listener", |_| Ok::<_, Infallible>(backlog)) {
            Ok(node) => {
                wire.add_listener(address, node);
                Ok(node.label(format!("{address}")))
            }
            Err(SourceError::Freed) => Err(ListenError::Freed),
            Err(SourceError::Make(never)) => match never {},
        }
    }

    /// Makes the server's side for a client that knocked; `None` when there is no room for it.
    pub(super) fn admit(node: Node<Backlog>, client: (Node<Stream>, Address)) -> Option<Node<Stream>> {
        let (wire, address) = node.try_with(|backlog| (Rc::clone(&backlog.wire), backlog.address)).ok()?;
        let has_room = node.try_with_mut(|backlog| {
            backlog.waiting.retain(|(stream, _)| stream.is_alive());
            backlog.waiting.len() < BACKLOG_MAX
        });
        if !has_room.ok()? {
            return None;
        }
        let server = Stream::incoming(&wire, *node, address, client)?;
        node.try_with_mut(|backlog| backlog.waiting.push_back((server, client.1))).ok()?;
        node.mark_ready(Ready::READABLE);
        Some(server)
    }

    fn is_readable(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn take(&mut self) -> Option<(Node<Stream>, Address)> {
        loop {
            let (stream, client) = self.waiting.pop_front()?;
            if stream.is_alive() {
                return Some((stream, client));
            }
        }
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.wire.remove_listener(self.address);
    }
}
