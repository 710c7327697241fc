//! [`TcpStream`].

use crate::handle::handle;
use crate::sys::socket::{self, Connecting};
use crate::{Io, OwnerError};
use futures_io::{AsyncRead, AsyncWrite};
use hamadryad::{AnyNode, Notified, Ready, Waits};
use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A TCP connection: a handle to the node that holds it. It is [`AsyncRead`] and [`AsyncWrite`], and so is `&TcpStream`; any number of
/// requests may read or write it, each in its turn. Closed when the node is freed; what was written then is still sent (tcp(7)).
///
/// These traits are of the crate `futures-io`, which a program has among its own dependencies; crates such as `futures-lite` read lines,
/// write all and copy with them.
///
/// Reads and writes are cancel-safe: what was read, or written, is told in the same moment. `close` ends the sending direction.
///
/// ```
/// use futures_io::{AsyncRead, AsyncWrite};
/// use hamadryad_native::{Loop, net::{TcpListener, TcpStream}};
/// use std::{future::poll_fn, pin::Pin};
///
/// let main_loop = Loop::new()?;
/// let root = main_loop.root();
/// let listener = TcpListener::bind(root, "127.0.0.1:0")?;
/// let connected = TcpStream::connect(root, listener.local_addr()?);
/// let mut buffer = [0; 16];
/// let len = main_loop.block_on(async {
///     let mut client = connected.await?;
///     let (mut server, _) = listener.accept(root).await?;
///     poll_fn(|context| Pin::new(&mut client).poll_write(context, b"hello")).await?;
///     poll_fn(|context| Pin::new(&mut server).poll_read(context, &mut buffer)).await
/// })?;
/// assert_eq!(&buffer[..len], b"hello");
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy)]
pub struct TcpStream {
    io: Io<Stream>,
}

handle!(TcpStream);

impl TcpStream {
    /// Makes a socket under `owner` and begins to connect it to `address`; the future ends when that is done. If it is dropped before, the
    /// socket is freed.
    ///
    /// # Errors
    /// `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`… (connect(2)), and those of [`Io::new`]. [`Ended`](hamadryad::Ended), as an
    /// [`io::Error`], when the node is freed meanwhile.
    #[track_caller]
    pub fn connect(owner: impl Into<AnyNode>, address: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> {
        let begun = TcpStream::begin(owner.into(), address);
        async move {
            let (unfinished, connecting) = begun?;
            let stream = unfinished.0;
            if let Connecting::InProgress = connecting {
                stream.io.ready(Ready::WRITABLE, "writable").await?;
                stream.with(|socket| socket.take_error())?.map_or(Ok(()), Err)?;
            }
            unfinished.finish();
            Ok(stream)
        }
    }

    #[track_caller]
    fn begin(owner: AnyNode, peer: SocketAddr) -> io::Result<(Unfinished, Connecting)> {
        let socket = socket::stream(peer)?;
        let connecting = socket::connect(socket.as_fd(), peer)?;
        let first = match connecting {
            Connecting::Done => Ready::READABLE,
            Connecting::InProgress => Ready::WRITABLE,
        };
        let stream = Stream::new(socket.into(), Location::caller());
        Ok((Unfinished(TcpStream::watching(owner, stream, peer, first)?), connecting))
    }

    /// A connection that was accepted.
    pub(crate) fn accepted(owner: AnyNode, socket: net::TcpStream, peer: SocketAddr, place: Place) -> io::Result<TcpStream> {
        TcpStream::watching(owner, Stream::new(socket, place), peer, Ready::READABLE)
    }

    fn watching(owner: AnyNode, stream: Stream, peer: SocketAddr, first: Ready) -> io::Result<TcpStream> {
        let place = stream.place;
        let io = Io::watching(owner, stream, first, "TcpStream")?;
        io.named("tcp").label(peer.to_string()).made_at(place);
        Ok(TcpStream { io })
    }

    /// The address of this side.
    ///
    /// # Errors
    /// When the node is freed.
    pub fn local_addr(self) -> io::Result<SocketAddr> {
        self.with(net::TcpStream::local_addr)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// `ENOTCONN`: it is gone already (getpeername(2)); or the node is freed.
    pub fn peer_addr(self) -> io::Result<SocketAddr> {
        self.with(net::TcpStream::peer_addr)
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`, tcp(7)).
    ///
    /// # Errors
    /// When the node is freed.
    pub fn set_nodelay(self, nodelay: bool) -> io::Result<()> {
        self.with(|socket| socket.set_nodelay(nodelay))
    }

    fn with<R>(self, f: impl FnOnce(&net::TcpStream) -> io::Result<R>) -> io::Result<R> {
        self.io.try_with(|stream| f(&stream.socket)).unwrap_or_else(|_| Err(OwnerError::Freed.into()))
    }

    /// Tries `operation` if there is hope, else waits for a better time.
    fn poll<R>(
        self,
        context: &mut Context<'_>,
        side: Side,
        mut operation: impl FnMut(&net::TcpStream, &Direction) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let tried = self.io.try_with(|stream| {
            let direction = stream.direction(side);
            while direction.hopeful.get() {
                match operation(&stream.socket, direction) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => direction.hopeful.set(false),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => return Some(result),
                }
            }
            None
        });
        match tried {
            Ok(Some(result)) => Poll::Ready(result),
            Ok(None) => self.wait(side, context),
            Err(_) => self.freed(context),
        }
    }

    /// Waits for a better time.
    fn wait<R>(self, side: Side, context: &mut Context<'_>) -> Poll<io::Result<R>> {
        let waits = self.io.try_with(|stream| {
            let direction = stream.direction(side);
            self.watch(side, direction, stream.place);
            direction.wait(*self, side.waits(), context)
        });
        match (waits, self.io.arm(side.interest())) {
            (Ok(true), Ok(())) => Poll::Pending,
            (Ok(true), Err(error)) => Poll::Ready(Err(error)),
            _ => self.freed(context),
        }
    }

    /// Makes sure that somebody watches the direction: a node that stays while requests come and go.
    fn watch(self, side: Side, direction: &Direction, place: Place) {
        if !direction.watcher.get().is_some_and(AnyNode::is_alive) {
            let io = self.io;
            let is_ready = move |_| io.try_with(|stream| stream.direction(side).is_ready(*io)).ok();
            direction.watcher.set(Some(io.on_ready(side.interest(), is_ready).made_at(place)));
        }
    }

    /// Waiting for what is gone tells who freed it.
    fn freed<R>(self, context: &mut Context<'_>) -> Poll<io::Result<R>> {
        match pin!(self.io.ready(Ready::READABLE, "readable")).poll(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Err(OwnerError::Freed.into())),
        }
    }

    fn poll_read(self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll(context, Side::Read, |mut socket, direction| {
            let len = socket.read(buffer)?;
            // A full buffer means that there may be more; after less, the next read would only be told so.
            direction.hopeful.set(len == buffer.len());
            Ok(len)
        })
    }

    fn poll_write(self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(context, Side::Write, |mut socket, _| socket.write(bytes))
    }

    fn poll_close(self) -> Poll<io::Result<()>> {
        Poll::Ready(match self.with(|socket| socket.shutdown(Shutdown::Write)) {
            // Closed by the other side already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        })
    }
}

impl AsyncRead for &TcpStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        TcpStream::poll_read(**self, context, buffer)
    }
}

impl AsyncWrite for &TcpStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        TcpStream::poll_write(**self, context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // nothing is held back here
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_close(**self)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        TcpStream::poll_read(*self, context, buffer)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        TcpStream::poll_write(*self, context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_close(*self)
    }
}

/// A connection that is not made yet: gone if nobody waits for it any more.
struct Unfinished(TcpStream);

impl Unfinished {
    fn finish(self) {
        let _kept = std::mem::ManuallyDrop::new(self);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.free();
    }
}

type Place = &'static Location<'static>;

/// What the node holds.
struct Stream {
    socket: net::TcpStream,
    /// Where its user made it.
    place: Place,
    read: Direction,
    write: Direction,
}

#[derive(Clone, Copy)]
enum Side {
    Read,
    Write,
}

impl Side {
    fn interest(self) -> Ready {
        match self {
            Side::Read => Ready::READABLE,
            Side::Write => Ready::WRITABLE,
        }
    }

    /// What the report says of who waits.
    fn waits(self) -> Waits {
        match self {
            Side::Read => const { Waits::named("readable") },
            Side::Write => const { Waits::named("writable") },
        }
    }
}

impl Stream {
    fn new(socket: net::TcpStream, place: Place) -> Stream {
        Stream { socket, place, read: Direction::new(false), write: Direction::new(true) }
    }

    fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Read => &self.read,
            Side::Write => &self.write,
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// One direction of a stream, and who waits for it.
struct Direction {
    /// The next try may well succeed.
    hopeful: Cell<bool>,
    /// The node that is told by the host, while somebody waits.
    watcher: Cell<Option<AnyNode>>,
    /// Who waits for news of the stream, and by which waker he is known: `futures_io` has nowhere else to keep that.
    waiting: RefCell<Vec<(Waker, Notified)>>,
}

impl Direction {
    fn new(hopeful: bool) -> Direction {
        Direction { hopeful: Cell::new(hopeful), watcher: Cell::new(None), waiting: RefCell::new(Vec::new()) }
    }

    /// Waits for news of the stream, or its end. False when that is there already. Wakers are other people's code: nothing is borrowed
    /// while it runs.
    fn wait(&self, stream: AnyNode, waits: Waits, context: &mut Context<'_>) -> bool {
        let mut news = stream.notified(waits);
        if Pin::new(&mut news).poll(context).is_ready() {
            return false;
        }
        let waker = context.waker().clone();
        let mut waiting = self.waiting.borrow_mut();
        let before = match waiting.iter_mut().find(|other| other.0.will_wake(&waker)) {
            Some(known) => Some(std::mem::replace(known, (waker, news))),
            None => {
                waiting.push((waker, news));
                None
            }
        };
        drop(waiting);
        drop(before);
        true
    }

    /// The host says so. If nobody waits, nobody has to watch. (Who waits for the other direction hears of it, too, and waits on.)
    fn is_ready(&self, stream: AnyNode) {
        self.hopeful.set(true);
        let mut waiting = self.waiting.take();
        match self.watcher.take() {
            Some(watcher) if waiting.is_empty() => drop(watcher.free()),
            watcher => {
                self.watcher.set(watcher);
                stream.notify();
            }
        }
        waiting.clear();
        let mut since = self.waiting.borrow_mut();
        if since.is_empty() {
            *since = waiting; // its memory serves again
        }
    }
}
