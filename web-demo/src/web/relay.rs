//! [`Relay`]: a way for the page to one upstream.

use hamadryad::{AnyNode, Channel, ChannelError, Connect, Node};

use crate::Manners;

/// Messages that are not the answer we look at, as the resolver does.
const STRAYS_MAX: usize = 16;

/// A built-in upstream: how it behaves, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Relay<P> {
    /// Its name is what the page asks for.
    pub manners: Node<Manners>,
    /// For the network.
    pub peer: P,
}

/// Hands a query on as it is, and gives back the first message with its id.
pub(super) async fn relay<C: Connect>(me: AnyNode, connect: &C, peer: &C::Peer, query: &[u8]) -> Result<Option<Vec<u8>>, ChannelError> {
    let channel = connect.connect(me, peer).await?;
    channel.send(query).await?;
    let mut message = Vec::new();
    for _ in 0..STRAYS_MAX {
        channel.receive(&mut message).await?;
        if message.get(..2) == query.get(..2) && message.get(2).is_some_and(|flags| flags & 0x80 != 0) {
            return Ok(Some(message));
        }
    }
    Ok(None)
}
