//! [`TcpListener`].

use super::TcpStream;
use crate::Io;
use crate::handle::handle;
use crate::sys::socket;
use hamadryad::{AnyNode, Ready};
use std::io;
use std::net::{self, SocketAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::panic::Location;

/// A listening TCP socket: a handle to the node that holds it.
///
/// ```
/// use hamadryad_native::{Loop, net::{TcpListener, TcpStream}};
/// let main_loop = Loop::new()?;
/// let root = main_loop.root();
/// let listener = TcpListener::bind(root, "127.0.0.1:0")?;
/// let client = TcpStream::connect(root, listener.local_addr()?);
/// let (stream, from) = main_loop.block_on(listener.accept(root))?;
/// assert_eq!(main_loop.block_on(client)?.local_addr()?, from);
/// # drop(stream);
/// # std::io::Result::Ok(())
/// ```
///
/// In a server each connection is a request that owns its stream, so that what ends the one ends the other:
///
/// ```no_run
/// use hamadryad_native::{net::{TcpListener, TcpStream}, prelude::*};
/// use std::io;
///
/// async fn serve(me: AnyNode, listener: TcpListener) -> io::Result<()> {
///     me.on_failure(|failure| { eprintln!("{failure}"); Contain }); // one bad connection is not the end of the server
///     loop {
///         let (stream, client) = listener.accept(me).await?;
///         let connection = me.spawn("connection", async move |_| talk(stream).await).label(client.to_string());
///         stream.reparent(connection.node()).map_err(io::Error::other)?;
///         connection.timeout(secs(60)).detach();
///     }
/// }
///
/// async fn talk(stream: TcpStream) -> io::Result<()> {
///     todo!("read {stream:?} and write it")
/// }
/// ```
#[derive(Clone, Copy)]
pub struct TcpListener {
    io: Io<net::TcpListener>,
}

handle!(TcpListener);

impl TcpListener {
    /// Makes a socket under `owner`, binds it to the first of the addresses that can be bound (port 0 lets the kernel choose) with
    /// `SO_REUSEADDR`, and listens.
    ///
    /// A host name in place of an address is looked up, which blocks.
    ///
    /// # Errors
    /// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`… (bind(2), ip(7)), and those of [`Io::new`].
    #[track_caller]
    pub fn bind(owner: impl Into<AnyNode>, address: impl ToSocketAddrs) -> io::Result<TcpListener> {
        let listener = net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let io = Io::watching(owner.into(), listener, Ready::READABLE, "TcpListener")?;
        io.named("tcp").label(address.to_string());
        Ok(TcpListener { io })
    }

    /// The socket as what it is made of, for [`on_readable`](Io::on_readable) and for what has no name here.
    pub fn io(self) -> Io<net::TcpListener> {
        self.io
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// When the node is freed.
    pub fn local_addr(self) -> io::Result<SocketAddr> {
        self.io.try_with(net::TcpListener::local_addr).unwrap_or_else(|_| Err(crate::OwnerError::Freed.into()))
    }

    /// The next connection, as a node under `owner`, and who connected. A connection that was given up before it was taken is passed over.
    ///
    /// Cancel-safe: a connection is taken in the moment in which the future ends. Whoever goes on after an error like `EMFILE` should sleep
    /// a little: the connection still waits, so the next `accept` fails at once again.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`: a limit is reached, now (accept(2)). [`Ended`](hamadryad::Ended), as an [`io::Error`], when
    /// the listener is freed. [`OwnerError`](crate::OwnerError), when the owner is; then the connection is closed.
    #[track_caller]
    pub fn accept(self, owner: impl Into<AnyNode>) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> {
        let (owner, place) = (owner.into(), Location::caller());
        async move {
            let (socket, peer) = self.io.read_with(next_connection).await?;
            Ok((TcpStream::accepted(owner, socket, peer, place)?, peer))
        }
    }
}

fn next_connection(listener: &net::TcpListener) -> io::Result<(net::TcpStream, SocketAddr)> {
    match socket::accept(listener.as_fd()) {
        Ok((stream, peer)) => Ok((stream.into(), peer)),
        // The error of one connection that is gone already: to be treated like EAGAIN (accept(2)).
        Err(error) if error.raw_os_error() == Some(libc::ECONNABORTED) => Err(io::ErrorKind::Interrupted.into()),
        Err(error) => Err(error),
    }
}
