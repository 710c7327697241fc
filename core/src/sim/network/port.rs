use alloc::collections::VecDeque;
use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::convert::Infallible;

use super::fault::Fault;
use super::waiting;
use super::wire::Wire;
use super::{Address, ListenError};
use crate::{AnyNode, ChannelError, Node, Ready, SourceClass, SourceError};

/// Bytes in the largest datagram: UDP over IPv4 (RFC 768, RFC 791: 65,535 less the headers of 20 and 8 bytes).
const DATAGRAM_LEN_MAX: usize = 65_507;

/// Datagrams that wait to be received at one port; with so many waiting, the newest is dropped.
const DATAGRAMS_WAITING_MAX: usize = 64;

/// One end for datagrams: what a socket (without a peer) and a channel (with one) are handles to.
pub(super) struct Port {
    wire: Rc<Wire>,
    address: Address,
    /// Who alone may send here, and whose faults are told.
    peer: Option<Address>,
    waiting: VecDeque<Datagram>,
    /// Told once, by the next verb, as `SO_ERROR` is (socket(7)).
    fault: Option<Fault>,
}

/// A message with its addresses.
pub(super) struct Datagram {
    pub(super) from: Address,
    to: Address,
    pub(super) bytes: Vec<u8>,
}

impl Port {
    #[track_caller]
    pub(super) fn open(wire: &Rc<Wire>, owner: AnyNode, address: Address, peer: Option<Address>) -> Result<Node<Port>, ListenError> {
        if wire.port(address).is_some() {
            return Err(ListenError::InUse { address });
        }
        let port = Port { wire: Rc::clone(wire), address, peer, waiting: VecDeque::new(), fault: None };
        let (name, label) = match peer {
            None => ("socket", format!("{address}")),
            Some(peer) => ("channel", format!("{address} → {peer}")),
        };
        match owner.source(SourceClass::Io, name, |_| Ok::<_, Infallible>(port)) {
            Ok(node) => {
                wire.add_port(address, node);
                Ok(node.label(label))
            }
            Err(SourceError::Freed) => Err(ListenError::Freed),
            Err(SourceError::Make(never)) => match never {},
        }
    }

    pub(super) fn address(&self) -> Address {
        self.address
    }

    pub(super) fn peer(&self) -> Option<Address> {
        self.peer
    }

    /// Bytes in the largest datagram from here to there.
    pub(super) fn limit(&self, to: Address) -> usize {
        self.wire.limit(self.address, to).min(DATAGRAM_LEN_MAX)
    }

    /// Sends to the address given, or to the peer. Never waits.
    pub(super) async fn send(node: Node<Port>, bytes: &[u8], to: Option<Address>) -> Result<(), ChannelError> {
        let departure = waiting::until(node, Ready::WRITABLE, "room", |_| false, |port| Some(port.departure(bytes, to))).await?;
        let (wire, datagram) = departure?;
        datagram.depart(&wire);
        Ok(())
    }

    /// Waits for a datagram, and hands it to `take`.
    pub(super) async fn receive(node: Node<Port>) -> Result<Datagram, ChannelError> {
        waiting::until(node, Ready::READABLE, "message", Port::is_readable, Port::take).await?
    }

    fn departure(&mut self, bytes: &[u8], to: Option<Address>) -> Result<(Rc<Wire>, Datagram), ChannelError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault.into());
        }
        let to = to.or(self.peer).expect("a socket is always given the address");
        let limit = self.limit(to);
        if bytes.len() > limit {
            return Err(ChannelError::TooLarge { limit });
        }
        Ok((Rc::clone(&self.wire), Datagram { from: self.address, to, bytes: bytes.into() }))
    }

    fn is_readable(&self) -> bool {
        self.fault.is_some() || !self.waiting.is_empty()
    }

    fn take(&mut self) -> Option<Result<Datagram, ChannelError>> {
        if let Some(fault) = self.fault.take() {
            return Some(Err(fault.into()));
        }
        self.waiting.pop_front().map(Ok)
    }

    fn listens_to(&self, from: Address) -> bool {
        self.peer.is_none_or(|peer| peer == from)
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.wire.remove_port(self.address);
    }
}

impl Datagram {
    /// Sets it on its way, where it is a node of its own; or drops it, as links do.
    fn depart(self, wire: &Rc<Wire>) {
        let (from, to, len) = (self.from, self.to, self.bytes.len());
        if wire.is_cut(from, to) || wire.loses(from, to) {
            return;
        }
        let Some(flight) = Flight::begin(wire) else { return };
        let arrival = wire.root().after(wire.delay(from, to), move || {
            let flight = flight;
            self.arrive(&flight.0);
        });
        arrival.named("datagram").label(format!("{from} → {to}, {len} bytes"));
    }

    fn arrive(self, wire: &Rc<Wire>) {
        let (from, to) = (self.from, self.to);
        if wire.is_cut(from, to) {
            return;
        }
        if let Some(fault) = wire.fault(to) {
            return bounce(wire, from, to, fault);
        }
        let Some(port) = wire.port(to) else { return bounce(wire, from, to, Fault::Refused) };
        let refused = port.try_with_mut(|port| {
            let listens = port.listens_to(from);
            if listens && port.waiting.len() < DATAGRAMS_WAITING_MAX {
                port.waiting.push_back(self);
            }
            !listens
        });
        match refused {
            Ok(false) => {
                port.mark_ready(Ready::READABLE);
            }
            Ok(true) | Err(_) => bounce(wire, from, to, Fault::Refused),
        }
    }
}

/// Tells the sender what became of its datagram, if it is a channel: one without a peer is not told (udp(7)).
fn bounce(wire: &Rc<Wire>, sender: Address, to: Address, fault: Fault) {
    if wire.is_cut(to, sender) || wire.loses(to, sender) {
        return;
    }
    let Some(flight) = Flight::begin(wire) else { return };
    let news = wire.root().after(wire.delay(to, sender), move || {
        let Flight(wire) = &flight;
        let Some(port) = wire.port(sender).filter(|_| !wire.is_cut(to, sender)) else { return };
        let told = port.try_with_mut(|port| {
            let concerned = port.peer == Some(to);
            if concerned {
                port.fault = Some(fault);
            }
            concerned
        });
        if told.unwrap_or(false) {
            port.mark_ready(Ready::READABLE | Ready::ERROR);
        }
    });
    news.named("datagram").label(format!("{to} → {sender}, an error"));
}

/// Counts one datagram for as long as it is under way, however that ends.
struct Flight(Rc<Wire>);

impl Flight {
    fn begin(wire: &Rc<Wire>) -> Option<Flight> {
        wire.depart().then(|| Flight(Rc::clone(wire)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.arrive();
    }
}
