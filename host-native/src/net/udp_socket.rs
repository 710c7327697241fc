//! [`UdpSocket`].

use crate::Io;
use crate::handle::handle;
use hamadryad::{AnyNode, Ready};
use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// A UDP socket: a handle to the node that holds it.
///
/// All its futures are cancel-safe: a datagram is received, or sent, in the moment in which the future ends.
///
/// ```
/// use hamadryad_native::{Loop, net::UdpSocket};
/// let main_loop = Loop::new()?;
/// let server = UdpSocket::bind(main_loop.root(), "127.0.0.1:0")?;
/// let client = UdpSocket::connected(main_loop.root(), server.local_addr()?)?;
/// let mut buffer = [0; 512];
/// let (len, from) = main_loop.block_on(async {
///     client.send(b"ping").await?;
///     server.recv_from(&mut buffer).await
/// })?;
/// assert_eq!((&buffer[..len], from), (&b"ping"[..], client.local_addr()?));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy)]
pub struct UdpSocket {
    io: Io<net::UdpSocket>,
}

handle!(UdpSocket);

impl UdpSocket {
    /// Makes a socket under `owner` and binds it to the first of the addresses that can be bound; port 0 lets the kernel choose.
    ///
    /// A host name in place of an address is looked up, which blocks.
    ///
    /// # Errors
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`… (bind(2), ip(7)), and those of [`Io::new`].
    #[track_caller]
    pub fn bind(owner: impl Into<AnyNode>, address: impl ToSocketAddrs) -> io::Result<UdpSocket> {
        let socket = UdpSocket::from_std(owner.into(), net::UdpSocket::bind(address)?)?;
        let address = socket.local_addr()?;
        socket.label(address.to_string());
        Ok(socket)
    }

    /// Makes a socket under `owner` that talks with `peer` only: [`send`](UdpSocket::send) and [`recv`](UdpSocket::recv). It also learns
    /// when nobody listens there (`ECONNREFUSED`).
    ///
    /// # Errors
    /// `ENETUNREACH`… (connect(2), udp(7)), and those of [`Io::new`].
    #[track_caller]
    pub fn connected(owner: impl Into<AnyNode>, peer: SocketAddr) -> io::Result<UdpSocket> {
        let any: SocketAddr = if peer.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
        let socket = net::UdpSocket::bind(any)?;
        socket.connect(peer)?;
        let socket = UdpSocket::from_std(owner.into(), socket)?;
        socket.label(peer.to_string());
        Ok(socket)
    }

    #[track_caller]
    fn from_std(owner: AnyNode, socket: net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        let io = Io::watching(owner, socket, Ready::READABLE, "UdpSocket")?;
        io.named("udp");
        Ok(UdpSocket { io })
    }

    /// The socket as what it is made of, for [`on_readable`](Io::on_readable) and for what has no name here.
    pub fn io(self) -> Io<net::UdpSocket> {
        self.io
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// When the node is freed.
    pub fn local_addr(self) -> io::Result<SocketAddr> {
        self.io.try_with(net::UdpSocket::local_addr).unwrap_or_else(|_| Err(crate::OwnerError::Freed.into()))
    }

    /// The next datagram and who sent it. What does not fit into `buffer` is cut off.
    ///
    /// # Errors
    /// Those of recvfrom(2); [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub fn recv_from(self, buffer: &mut [u8]) -> impl Future<Output = io::Result<(usize, SocketAddr)>> {
        self.io.read_with(|socket| socket.recv_from(buffer))
    }

    /// Sends one datagram; the result is its length.
    ///
    /// # Errors
    /// `EMSGSIZE`: it is too long. Those of sendto(2); [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub fn send_to(self, message: &[u8], to: SocketAddr) -> impl Future<Output = io::Result<usize>> {
        self.io.write_with(move |socket| socket.send_to(message, to))
    }

    /// The next datagram of the peer it is [`connected`](UdpSocket::connected) with.
    ///
    /// # Errors
    /// `ECONNREFUSED`: nobody listens there, as an earlier datagram found out. Those of recv(2); [`Ended`](hamadryad::Ended), as an
    /// [`io::Error`], when the node is freed.
    pub fn recv(self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        self.io.read_with(|socket| socket.recv(buffer))
    }

    /// Sends one datagram to the peer it is [`connected`](UdpSocket::connected) with.
    ///
    /// # Errors
    /// `ECONNREFUSED`: nobody listens there, as an earlier datagram found out. `EMSGSIZE`: it is too long. Those of send(2);
    /// [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub fn send(self, message: &[u8]) -> impl Future<Output = io::Result<usize>> {
        self.io.write_with(move |socket| socket.send(message))
    }
}
