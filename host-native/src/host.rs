//! [`EpollHost`]: what the core asks of Linux.

use crate::poller::Poller;
use crate::sys::clock;
use hamadryad::{AnyNode, Host, Instant, WallClock};
use std::error::Error;
use std::rc::Rc;
use std::task::Waker;
use std::{fmt, io};

/// The host of a tree on Linux: its clocks, its randomness, its wake-ups, and the epoll instance that its sources are watched by.
///
/// It is made with its [`Loop`](crate::Loop). `now` is `CLOCK_MONOTONIC`, which stands still while the machine is suspended; wall time is
/// `CLOCK_REALTIME`; random bytes come from getrandom(2).
///
/// ```
/// use hamadryad_native::{EpollHost, Loop};
/// let main_loop = Loop::new()?;
/// assert!(main_loop.root().with_host(|_: &EpollHost| ()).is_some());
/// # std::io::Result::Ok(())
/// ```
pub struct EpollHost(pub(crate) Rc<Poller>);

impl Host for EpollHost {
    fn now(&self) -> Instant {
        clock::monotonic()
    }

    fn wall_clock(&self) -> WallClock {
        clock::realtime()
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        self.0.random.fill(buffer);
    }

    fn schedule(&self, at: Option<Instant>) {
        self.0.schedule(at);
    }

    fn waker(&self) -> Waker {
        self.0.waker()
    }
}

impl fmt::Debug for EpollHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EpollHost").finish_non_exhaustive()
    }
}

/// Why nothing of Linux could be made under a node. Where an [`io::Error`] is returned, this is inside
/// ([`io::Error::get_ref`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerError {
    /// The node is freed, or about to end. As [`io::Error`]: [`NotFound`](io::ErrorKind::NotFound).
    Freed,
    /// Its tree has another host than [`EpollHost`]. As [`io::Error`]: [`Unsupported`](io::ErrorKind::Unsupported).
    WrongHost,
}

impl fmt::Display for OwnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OwnerError::Freed => "the owner is freed",
            OwnerError::WrongHost => "the owner's tree has no epoll: it was not made by hamadryad_native",
        })
    }
}

impl Error for OwnerError {}

impl From<OwnerError> for io::Error {
    fn from(error: OwnerError) -> io::Error {
        let kind = match error {
            OwnerError::Freed => io::ErrorKind::NotFound,
            OwnerError::WrongHost => io::ErrorKind::Unsupported,
        };
        io::Error::new(kind, error)
    }
}

/// The poller of a node's tree.
pub(crate) fn poller_of(node: AnyNode) -> Result<Rc<Poller>, OwnerError> {
    match node.with_host(|host: &EpollHost| host.0.clone()) {
        Some(poller) => Ok(poller),
        None if node.is_alive() => Err(OwnerError::WrongHost),
        None => Err(OwnerError::Freed),
    }
}
