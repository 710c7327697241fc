use alloc::format;
use alloc::rc::Rc;
use core::fmt;

use super::listener::Backlog;
use super::stream::Stream;
use super::waiting;
use super::wire::Wire;
use super::{Address, ListenError, Listener, ReliableChannel};
use crate::{AnyNode, ChannelError, Connect, Request};

/// The reliable channels of one host of the simulated network: cheap to clone, made by [`Network::reliable`](super::Network::reliable).
///
/// ```
/// use hamadryad::{Channel, ChannelError, Connect, sim::{Address, Sim}};
///
/// let sim = Sim::seeded(1);
/// let root = sim.root();
/// let listener = sim.network().reliable().listen(root, "chat").expect("nobody else listens there");
/// sim.root().spawn("server", async move |me| {
///     let (channel, _client) = listener.accept(me).await?;
///     channel.send(b"welcome").await // then the request ends, and the channel with it
/// }).detach();
///
/// let client = sim.network().at("client").reliable();
/// sim.block_on(async {
///     let channel = client.connect(root, &Address::new("chat", 0)).await?;
///     let mut message = Vec::new();
///     channel.receive(&mut message).await?;
///     assert_eq!(message, b"welcome");
///     assert!(matches!(channel.receive(&mut message).await, Err(ChannelError::Closed { code: 1001, .. })));
///     Ok::<_, ChannelError>(())
/// }).expect("the link loses nothing");
/// ```
#[derive(Clone)]
pub struct Reliable {
    wire: Rc<Wire>,
    host: Address,
}

impl Reliable {
    pub(super) fn new(wire: Rc<Wire>, host: Address) -> Reliable {
        Reliable { wire, host }
    }

    /// Listens at `address`, until the listener is freed.
    ///
    /// # Errors
    ///
    /// [`ListenError::InUse`] while another listens there, [`ListenError::Freed`] when `owner` is stale or ending.
    ///
    /// # Panics
    ///
    /// When `address` is text that is no [`Address`].
    #[track_caller]
    pub fn listen(&self, owner: impl Into<AnyNode>, address: impl Into<Address>) -> Result<Listener, ListenError> {
        let backlog = Backlog::open(&self.wire, owner.into(), address.into())?;
        Ok(Listener::new(backlog))
    }
}

/// Takes one round trip.
///
/// # Errors
///
/// [`ChannelError::Refused`] when nobody listens there, or 64 clients wait to be accepted; [`ChannelError::Unreachable`] when the network
/// says so, or the link loses too much; [`ChannelError::Ended`] when the owner ended. In a partition it waits: give it a time-out.
impl Connect for Reliable {
    type Peer = Address;
    type Channel = ReliableChannel;

    #[track_caller]
    fn connect(&self, owner: AnyNode, peer: &Address) -> Request<ReliableChannel, ChannelError> {
        let request = owner.spawn("connect", async move |me| {
            let channel = me.children().find_map(AnyNode::downcast::<Stream>).ok_or(ChannelError::Unreachable)?;
            Stream::connect(channel).await?;
            waiting::hand_over(*channel, owner).await?;
            Ok(ReliableChannel::new(channel))
        });
        // Made here, so that the report shows the caller's line; under the request, so that abandoning it takes the channel along.
        if let Some(address) = self.wire.free_port(self.host) {
            // An error says that the owner is ending: then the request has ended, too.
            let _ended = Stream::outgoing(&self.wire, request.node(), address, *peer);
        }
        request.label(format!("{peer}"))
    }
}

impl fmt::Debug for Reliable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reliable").field("host", &self.host).finish_non_exhaustive()
    }
}
