//! [`Io`]: any file descriptor as a node.

use crate::host::{OwnerError, poller_of};
use crate::poller::{Poller, Watch};
use hamadryad::{AccessError, AnyNode, Node, Ready, SourceClass, SourceError};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::os::fd::AsFd;
use std::pin::pin;
use std::task::Poll;

/// A file descriptor that a node owns: a handle to that node. `T` is what holds the descriptor: an [`OwnedFd`](std::os::fd::OwnedFd), a
/// socket of `std`, a pipe of `std::process`, anything that [`AsFd`] shows always the same descriptor of. When the node is freed, the
/// kernel is told first, then `T` is dropped.
///
/// Readiness is level-triggered: what is not read is told again. Nothing has to be undone by hand: a handle or a future that is gone wants
/// nothing, and a descriptor that nobody waits for costs nothing.
///
/// The descriptor should be non-blocking (`O_NONBLOCK`), and that is left to the caller: the flag belongs to the open file, which other
/// processes may share (a terminal, say). With a blocking one, a read that finds nothing after all (another process was quicker) stops the
/// whole loop.
///
/// ```
/// use hamadryad_native::{Io, Loop};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let main_loop = Loop::new()?;
/// let (ours, mut theirs) = UnixStream::pair()?;
/// ours.set_nonblocking(true)?;
/// let ours = Io::new(main_loop.root(), ours)?;
/// theirs.write_all(b"hello")?;
/// let mut buffer = [0; 16];
/// let len = main_loop.block_on(ours.read_with(|mut stream| stream.read(&mut buffer)))?;
/// assert_eq!(&buffer[..len], b"hello");
/// # std::io::Result::Ok(())
/// ```
pub struct Io<T: AsFd + 'static>(Node<Watched<T>>);

/// The value of the node. The watch comes first: it is dropped, and the kernel told, before the descriptor is closed.
pub(crate) struct Watched<T> {
    watch: Watch,
    io: T,
}

impl<T: AsFd + 'static> Io<T> {
    /// Makes a node under `owner` that holds `io`, and watches it.
    ///
    /// The node's name is the type's; [`named`](AnyNode::named) and [`label`](AnyNode::label) give it better ones.
    ///
    /// # Errors
    /// `EPERM`: epoll cannot watch this kind of file (a regular file is always ready). `EEXIST`: this very descriptor is watched already,
    /// by an `Io` of the same tree: one is enough, any number of watchers may share it. `ENOSPC`, `ENOMEM`: a limit of the system
    /// (epoll_ctl(2)). [`OwnerError`]: the owner is freed, or of another host's tree. `io` is dropped then.
    #[track_caller]
    pub fn new(owner: impl Into<AnyNode>, io: T) -> io::Result<Io<T>> {
        // Most descriptors are read, so that costs one system call in place of two; where it is not wanted, it is disarmed when it is told.
        Io::watching(owner.into(), io, Ready::READABLE, short_type_name::<T>())
    }

    /// [`Io::new`] for who knows what it will be wanted for first.
    #[track_caller]
    pub(crate) fn watching(owner: AnyNode, io: T, first: Ready, kind: &'static str) -> io::Result<Io<T>> {
        let poller = poller_of(owner)?;
        let made = owner.source(SourceClass::Io, kind, |token| {
            let watch = Watch::new(poller, token, io.as_fd(), first)?;
            Ok(Watched { watch, io })
        });
        match made {
            Ok(node) => Ok(Io(node)),
            Err(SourceError::Make(error)) => Err(error),
            Err(_) => Err(OwnerError::Freed.into()),
        }
    }

    /// Calls `f` with what holds the descriptor.
    ///
    /// # Errors
    /// When the node is freed.
    pub fn try_with<R>(self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.0.try_with(|watched| f(&watched.io))
    }

    /// Calls `handler` in each turn in which the descriptor is readable, in error or hung up, until the returned node (a child of this one)
    /// is freed. That may happen anywhere, in the handler too.
    ///
    /// Level-triggered: it is called again as long as something is left to read. Several watchers take turns. The returned node is stale
    /// from the start where this one is, and in the one case that the kernel refuses to watch the descriptor again after a hang-up that
    /// nobody wanted (`ENOMEM`).
    ///
    /// ```
    /// use hamadryad_native::{Io, Loop, Wait, prelude::*};
    /// use std::{io::{Read, Write}, os::unix::net::UnixStream};
    ///
    /// let main_loop = Loop::new()?;
    /// let (ours, mut theirs) = UnixStream::pair()?;
    /// ours.set_nonblocking(true)?;
    /// let io = Io::new(main_loop.root(), ours)?;
    /// io.on_readable(move |mut stream| {
    ///     let mut buffer = [0; 16];
    ///     if matches!(stream.read(&mut buffer), Ok(0)) {
    ///         io.free();
    ///     }
    /// });
    /// theirs.write_all(b"hello")?;
    /// drop(theirs);
    /// while io.is_alive() {
    ///     main_loop.turn(Wait::Forever)?;
    /// }
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn on_readable<R>(self, mut handler: impl FnMut(&T) -> R + 'static) -> AnyNode {
        let watcher = self.0.on_ready_with(Ready::READABLE, move |watched, _| handler(&watched.io));
        self.armed_or_freed(watcher, Ready::READABLE)
    }

    /// Calls `handler` in each turn in which the descriptor is writable, in error or hung up, until the returned node is freed: as
    /// [`on_readable`](Io::on_readable) does. A descriptor is writable most of the time: free the watcher when there is nothing to write.
    #[track_caller]
    pub fn on_writable<R>(self, mut handler: impl FnMut(&T) -> R + 'static) -> AnyNode {
        let watcher = self.0.on_ready_with(Ready::WRITABLE, move |watched, _| handler(&watched.io));
        self.armed_or_freed(watcher, Ready::WRITABLE)
    }

    fn armed_or_freed(self, watcher: AnyNode, interest: Ready) -> AnyNode {
        if self.arm(interest).is_err() {
            watcher.free();
        }
        watcher
    }

    /// Waits until the descriptor is readable, in error or hung up. It may turn out that there is nothing to read after all.
    ///
    /// Cancel-safe: a future that is dropped wants nothing any more.
    ///
    /// # Errors
    /// [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub fn readable(self) -> impl Future<Output = io::Result<()>> + 'static {
        self.ready(Ready::READABLE, "readable")
    }

    /// Waits until the descriptor is writable, in error or hung up. Cancel-safe.
    ///
    /// # Errors
    /// [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub fn writable(self) -> impl Future<Output = io::Result<()>> + 'static {
        self.ready(Ready::WRITABLE, "writable")
    }

    /// Calls `read` when the descriptor is readable, and again when it is next, until it says something else than
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`Interrupted`](io::ErrorKind::Interrupted).
    ///
    /// It waits first: one wait and one read for each answer, as a loop by hand would do, and nobody who always finds something can keep
    /// the others from their turn. While `read` runs, the node may be freed, and then lives until it returns.
    ///
    /// Cancel-safe: it ends in the same moment in which `read` has done something, so what was read is never lost.
    ///
    /// # Errors
    /// What `read` says; [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub async fn read_with<R>(self, mut read: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        loop {
            self.ready(Ready::READABLE, "readable").await?;
            if let Some(result) = self.attempt(&mut read) {
                return result;
            }
        }
    }

    /// Calls `write` at once, and again when the descriptor is writable, until it says something else than
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`Interrupted`](io::ErrorKind::Interrupted).
    ///
    /// Cancel-safe: it ends in the same moment in which `write` has done something.
    ///
    /// # Errors
    /// What `write` says; [`Ended`](hamadryad::Ended), as an [`io::Error`], when the node is freed.
    pub async fn write_with<R>(self, mut write: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        loop {
            if let Some(result) = self.attempt(&mut write) {
                return result;
            }
            self.ready(Ready::WRITABLE, "writable").await?;
        }
    }

    /// Waits for `interest`; `waits` is what the report says meanwhile.
    pub(crate) fn ready(self, interest: Ready, waits: &'static str) -> impl Future<Output = io::Result<()>> + 'static {
        let ready = self.0.ready(interest, waits);
        async move {
            let mut ready = pin!(ready);
            poll_fn(|context| match ready.as_mut().poll(context) {
                Poll::Ready(Ok(_)) => Poll::Ready(Ok(())),
                Poll::Ready(Err(ended)) => Poll::Ready(Err(ended.into())),
                // Looked at in each poll: what nobody wanted for a while is disarmed.
                Poll::Pending => match self.arm(interest) {
                    Ok(()) => Poll::Pending,
                    Err(error) => Poll::Ready(Err(error)),
                },
            })
            .await
        }
    }

    /// `None`: not now.
    fn attempt<R>(self, operation: &mut impl FnMut(&T) -> io::Result<R>) -> Option<io::Result<R>> {
        loop {
            match self.try_with(&mut *operation) {
                Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(result) => return Some(result),
                // Waiting for it tells who freed it.
                Err(_) => return None,
            }
        }
    }

    /// Has the kernel tell of `interest`. Nothing on a stale node.
    pub(crate) fn arm(self, interest: Ready) -> io::Result<()> {
        self.0.try_with(|watched| watched.watch.arm(interest, || self.0.wanted())).unwrap_or(Ok(()))
    }

    /// Calls `f` with what holds the descriptor, and the poller.
    pub(crate) fn try_with_poller<R>(self, f: impl FnOnce(&T, &Poller) -> R) -> Result<R, AccessError> {
        self.0.try_with(|watched| f(&watched.io, watched.watch.poller()))
    }
}

/// `UnixStream` for `std::os::unix::net::UnixStream`.
fn short_type_name<T>() -> &'static str {
    let full = std::any::type_name::<T>();
    let outer = full.find('<').unwrap_or(full.len());
    full[..outer].rfind("::").map_or(full, |colons| &full[colons + 2..])
}

impl<T: AsFd + 'static> Clone for Io<T> {
    fn clone(&self) -> Io<T> {
        *self
    }
}

impl<T: AsFd + 'static> Copy for Io<T> {}

impl<T: AsFd + 'static> Deref for Io<T> {
    type Target = AnyNode;

    fn deref(&self) -> &AnyNode {
        &self.0
    }
}

impl<T: AsFd + 'static> From<Io<T>> for AnyNode {
    fn from(io: Io<T>) -> AnyNode {
        io.0.into()
    }
}

impl<T: AsFd + 'static> fmt::Debug for Io<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Io").field(&**self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_short() {
        assert_eq!(short_type_name::<std::os::fd::OwnedFd>(), "OwnedFd");
        assert_eq!(short_type_name::<std::rc::Rc<std::os::fd::OwnedFd>>(), "Rc<std::os::fd::owned::OwnedFd>");
        assert_eq!(short_type_name::<&'static std::net::UdpSocket>(), "UdpSocket");
    }
}
