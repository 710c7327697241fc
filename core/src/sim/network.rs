//! The network of the simulated host: hosts with names, links between them, and messages that take virtual time.
//!
//! A message is a timer of the tree, so time passes for it as for everything else, and a program that waits for a message nobody sent is a
//! deadlock that [`Sim`](crate::sim::Sim) reports. Two kinds of transport share the links:
//!
//! | | datagrams | reliable channels |
//! |---|---|---|
//! | like | UDP, connected UDP | TCP with message framing, WebSocket |
//! | made by | [`Network`] as [`Connect`], [`Network::bind`] | [`Reliable`] as [`Connect`], [`Reliable::listen`] |
//! | lost on a link | never comes | comes later, sent again |
//! | reordered | others overtake it | late, and what follows waits for it |
//! | a partition | loses it | keeps it until [`Network::heal`] |
//! | receiver too slow | the newest is dropped after 64 | the sender waits after 64 |
//! | nobody there | [`ChannelError::Refused`] at the sender's next verb | `connect` gives [`ChannelError::Refused`] |
//!
//! Whatever is random comes from one generator of the network's own, seeded by the simulation: same seed, same run, and a program's own
//! `fill_random` is not disturbed by how many messages it sends.

mod address;
mod datagram_channel;
mod datagram_socket;
mod fault;
mod handle;
mod link;
mod listen_error;
mod listener;
mod port;
mod random;
mod reliable;
mod reliable_channel;
mod stream;
mod waiting;
mod wire;

use alloc::rc::Rc;
use core::fmt;

use crate::{AnyNode, ChannelError, Connect, Request};

pub use address::{Address, AddressError};
pub use datagram_channel::DatagramChannel;
pub use datagram_socket::DatagramSocket;
pub use link::Link;
pub use listen_error::ListenError;
pub use listener::Listener;
pub use reliable::Reliable;
pub use reliable_channel::ReliableChannel;

use port::Port;
use stream::Stream;
use wire::Wire;

/// A handle to the simulated network, as one of its hosts sees it: cheap to clone.
///
/// [`Sim::network`](crate::sim::Sim::network) gives the one of the host `local`; [`Network::at`] gives those of others. As [`Connect`] it
/// makes [`DatagramChannel`]s; [`Network::reliable`] gives the counterpart that makes [`ReliableChannel`]s.
///
/// ```
/// use hamadryad::{Channel, ChannelError, Connect, millis, sim::{Address, DatagramSocket, Sim}};
///
/// let sim = Sim::seeded(1);
/// let network = sim.network().clone();
/// network.link("client", "server").latency(millis(20));
///
/// async fn echo(socket: DatagramSocket) -> Result<(), ChannelError> {
///     let mut buffer = [0; 512];
///     loop {
///         let (len, from) = socket.recv_from(&mut buffer).await?;
///         socket.send_to(&buffer[..len], from).await?;
///     }
/// }
/// let socket = network.bind(sim.root(), "server:7").expect("nobody else is bound there");
/// sim.root().spawn("echo", async move |_| echo(socket).await).background().detach();
///
/// let client = network.at("client");
/// let answer = sim.block_on(async {
///     let channel = client.connect(sim.root(), &Address::new("server", 7)).await?;
///     channel.send(b"hello").await?;
///     let mut answer = Vec::new();
///     channel.receive(&mut answer).await?;
///     Ok::<_, ChannelError>(answer)
/// });
/// assert_eq!(answer.expect("the link loses nothing"), b"hello");
/// assert_eq!(sim.elapsed(), millis(40));
/// ```
#[derive(Clone)]
pub struct Network {
    wire: Rc<Wire>,
    /// Where those who connect through this handle are; its port is 0.
    host: Address,
}

impl Network {
    /// The name of the host that [`Sim::network`](crate::sim::Sim::network) stands for.
    const LOCAL: Address = Address::new("local", 0);

    /// A network without hosts or settings, whose messages are timers under `root` and whose seed is `root`'s randomness.
    ///
    /// # Panics
    ///
    /// On a stale node, as [`AnyNode::fill_random`] does.
    pub fn new(root: AnyNode) -> Network {
        let mut seed = [0; 8];
        root.fill_random(&mut seed);
        Network { wire: Rc::new(Wire::new(root, u64::from_le_bytes(seed))), host: Network::LOCAL }
    }

    /// The same network, seen from the named host: who connects through this handle connects from there. A port in `host` is ignored.
    ///
    /// # Panics
    ///
    /// When `host` is text that is no [`Address`].
    #[must_use = "it changes nothing of the handle it is called on"]
    pub fn at(&self, host: impl Into<Address>) -> Network {
        Network { wire: Rc::clone(&self.wire), host: host.into().with_port(0) }
    }

    /// The host this handle stands for; its port is 0.
    pub fn host(&self) -> Address {
        self.host
    }

    /// The same host's reliable channels.
    pub fn reliable(&self) -> Reliable {
        Reliable::new(Rc::clone(&self.wire), self.host)
    }

    /// A socket under `owner` that receives the datagrams sent to `address`, whoever sends them, until it is freed.
    ///
    /// # Errors
    ///
    /// [`ListenError::InUse`] while another datagram socket or channel has the address, [`ListenError::Freed`] when `owner` is stale or ending.
    ///
    /// # Panics
    ///
    /// When `address` is text that is no [`Address`].
    #[track_caller]
    pub fn bind(&self, owner: impl Into<AnyNode>, address: impl Into<Address>) -> Result<DatagramSocket, ListenError> {
        let address = address.into();
        let port = Port::open(&self.wire, owner.into(), address, None)?;
        Ok(DatagramSocket::new(port))
    }

    /// The settings of every link that has none of its own; each setting by itself.
    pub fn every_link(&self) -> Link {
        Link::every(&self.wire)
    }

    /// The link between two hosts, in both directions.
    ///
    /// # Panics
    ///
    /// When an argument is text that is no [`Address`]. Ports are ignored.
    pub fn link(&self, one: impl Into<Address>, other: impl Into<Address>) -> Link {
        Link::both_ways(&self.wire, one.into(), other.into())
    }

    /// The link from one host to another, in this direction only.
    ///
    /// # Panics
    ///
    /// When an argument is text that is no [`Address`]. Ports are ignored.
    pub fn one_way(&self, from: impl Into<Address>, to: impl Into<Address>) -> Link {
        Link::one_way(&self.wire, from.into(), to.into())
    }

    /// From now on `address` (its port too) refuses: who connects reliably, or sends it a datagram through a channel, is told
    /// [`ChannelError::Refused`] one round trip later. What is connected already stays so.
    ///
    /// # Panics
    ///
    /// When `address` is text that is no [`Address`].
    pub fn refuse(&self, address: impl Into<Address>) {
        self.wire.refuse(address.into());
    }

    /// From now on the whole host (the port is ignored) cannot be reached, and the network says so: as [`Network::refuse`], but
    /// [`ChannelError::Unreachable`].
    ///
    /// # Panics
    ///
    /// When `host` is text that is no [`Address`].
    pub fn unreachable(&self, host: impl Into<Address>) {
        self.wire.unreachable(host.into());
    }

    /// Undoes [`Network::refuse`] of this address and [`Network::unreachable`] of its host.
    ///
    /// # Panics
    ///
    /// When `address` is text that is no [`Address`].
    pub fn restore(&self, address: impl Into<Address>) {
        self.wire.restore(address.into());
    }

    /// Silence between each host of `left` and each of `right`, both ways, until [`Network::heal`].
    ///
    /// Datagrams that are sent, or would arrive, meanwhile are lost; what reliable channels carry, and who connects one, waits. Partitions
    /// add up.
    ///
    /// # Panics
    ///
    /// When an element is text that is no [`Address`]. Ports are ignored.
    pub fn partition<L, R>(&self, left: &[L], right: &[R])
    where
        L: Into<Address> + Copy,
        R: Into<Address> + Copy,
    {
        for one in left {
            for other in right {
                self.wire.cut((*one).into(), (*other).into());
            }
        }
    }

    /// Ends all partitions. What waited for this arrives one latency from now, in order.
    pub fn heal(&self) {
        for stalled in self.wire.heal() {
            Stream::go_on(stalled);
        }
    }
}

/// Connected datagrams: ready at once, whether anybody is there or not. The channel has a port of its own, from 49152 up.
///
/// # Errors
///
/// [`ChannelError::Unreachable`] when all 16,384 such ports of this host are taken; [`ChannelError::Ended`] when the owner ended.
impl Connect for Network {
    type Peer = Address;
    type Channel = DatagramChannel;

    #[track_caller]
    fn connect(&self, owner: AnyNode, peer: &Address) -> Request<DatagramChannel, ChannelError> {
        let peer = *peer;
        let request = owner.spawn("connect", async move |me| {
            let channel = me.children().find_map(AnyNode::downcast::<Port>).ok_or(ChannelError::Unreachable)?;
            waiting::hand_over(*channel, owner).await?;
            Ok(DatagramChannel::new(channel))
        });
        // Made here, so that the report shows the caller's line; under the request, so that abandoning it takes the channel along.
        if let Some(address) = self.wire.free_port(self.host) {
            // An error says that the owner is ending: then the request has ended, too.
            let _ended = Port::open(&self.wire, request.node(), address, Some(peer));
        }
        request.label(alloc::format!("{peer}"))
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("host", &self.host).finish_non_exhaustive()
    }
}
