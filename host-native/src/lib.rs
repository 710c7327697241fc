//! The Linux host of [hamadryad]: epoll, timers, signals with full information, threads, sockets.
//!
//! Everything alive hangs on one tree: a socket, a timer, a signal handler, a running request. Free a node, and all that hangs below it
//! ends, in a known order, at once. This crate drives such a tree on Linux, and re-exports the core, so a daemon has one dependency:
//!
//! ```no_run
//! use hamadryad_native::{net::UdpSocket, prelude::*};
//! use std::{io, net::SocketAddr};
//!
//! fn main() -> Result<(), RunError> {
//!     hamadryad_native::run(|root| {                          // one tree, one thread, one epoll
//!         let socket = UdpSocket::bind(root, "127.0.0.1:5300")?;
//!         root.on_signal(SIGTERM, move |_| root.shutdown(secs(5)))?;
//!         root.on_signal(SIGUSR1, move |info| eprintln!("{:?} asked:\n{}", info.sender(), root.report()))?;
//!         root.spawn("serve", async move |me| serve(me, socket).await).background().detach();
//!         Ok(())
//!     })                                                      // returns when the root is gone
//! }
//!
//! async fn serve(me: AnyNode, socket: UdpSocket) -> io::Result<()> {
//!     let mut buffer = [0; 512];
//!     me.on_failure(|failure| { eprintln!("{failure}"); Contain });   // one bad query is not the end of the server
//!     loop {
//!         let (len, client) = socket.recv_from(&mut buffer).await?;
//!         let Some(query) = parse(&buffer[..len]) else { continue };
//!         me.spawn("query", async move |me| answer(me, socket, query, client).await).timeout(secs(2)).detach();
//!     }
//! }
//!
//! fn parse(datagram: &[u8]) -> Option<Vec<u8>> {
//!     (!datagram.is_empty()).then(|| datagram.to_vec())
//! }
//!
//! async fn answer(me: AnyNode, socket: UdpSocket, query: Vec<u8>, client: SocketAddr) -> io::Result<()> {
//!     me.sleep(millis(40)).await?;                            // whatever has to be waited for
//!     socket.send_to(&query, client).await?;
//!     Ok(())
//! }
//! ```
//!
//! | | |
//! |---|---|
//! | [`run()`], [`Run`], [`RunError`] | a whole program |
//! | [`Loop`], [`Wait`] | a tree for tests, and for life inside another loop (tevent, glib, tokio, calloop: it is one descriptor) |
//! | [`NodeExt::on_signal`], [`SigInfo`] | signals: every siginfo, to everyone who asked |
//! | [`Io`] | any file descriptor: callbacks, or `async` |
//! | [`net`] | TCP and UDP, thin names over [`Io`] |
//! | [`EpollHost`] | what the core asks of Linux |
//!
//! It is made of as few system calls as a loop by hand: one `epoll_wait` a round, and what your code calls. Waits are exact to the
//! nanosecond (epoll_pwait2(2), in milliseconds rounded up where the kernel has none); an idle loop makes no system call.

pub use hamadryad::*;

mod event_loop;
mod handle;
mod host;
mod io;
mod lateness;
pub mod net;
mod poller;
pub mod prelude;
mod run;
mod run_error;
mod signals;
mod sys;
mod wake_fd;
mod watches;

pub use event_loop::{Loop, Wait};
pub use host::{EpollHost, OwnerError};
pub use io::Io;
pub use run::{Run, run};
pub use run_error::RunError;
pub use signals::{NodeExt, Sender, SigInfo, SignalError};
