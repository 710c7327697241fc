//! Signals, from the kernel to the handlers that asked.
//!
//! ```text
//!   kernel ──► sys::signal::handle ──► catcher::caught ──► Backlog (one per signal number) ──► eventfd of each listener
//!              on any thread, between any two instructions      lock-free, in the order of arrival         │
//!                                                                                                          ▼
//!   handler of a node ◄── Inbox ◄── registry::collect (the registry's lock) ◄── the loop of a tree that asked wakes
//! ```
//!
//! The handler that the kernel calls writes the siginfo down in the [`Backlog`](backlog::Backlog) of its signal and wakes every tree that
//! asked for it ([`Listener`](listeners::Listener)). The first of them to come moves the whole backlog into the inboxes of *all* handlers
//! of that signal, each in order; each loop then marks its own handlers' nodes. So every handler, in every tree, gets each siginfo once,
//! and all see the same order.
//!
//! # Why none is lost
//!
//! A signal interrupts the very thread that has to take it in, so without a bound a sender could keep a loop from running for ever while
//! its signals pile up. Hence: when 256 siginfos of one number wait, the handler **blocks that signal in the thread it runs on, if this is
//! the thread of a tree that asked for it**: it adds the signal to the mask that the thread has again when the handler returns. What is
//! sent meanwhile waits in the kernel (in a queue for real-time signals, up to `RLIMIT_SIGPENDING`; standard ones coalesce there, as they
//! always do while blocked). The loop unblocks the signal right after it has emptied the backlog: it is the same thread, so nobody else's
//! mask has to be touched.
//!
//! A thread that runs no such loop may take signals, too: the kernel gives a signal that is sent to a process to any thread which does not
//! block it. Its mask is left alone, for nobody could unblock it there (masks belong to threads); its handler may not wait either, for the
//! code that it interrupted may hold a lock which the loop needs. There the backlog simply grows, by pages straight from the kernel
//! ([`Entries`](crate::sys::entries::Entries)); the loops run beside it, on their own threads, and empty it. What bounds it is the
//! machine's memory.
//!
//! # What order means with several threads
//!
//! The order is that in which the handlers wrote down. While one thread takes a signal (a daemon with one thread; a process whose other
//! threads block it; a thread that sends to its own process) that is the order of sending. When several threads accept a signal, the kernel
//! may hand two of them to two threads at once, and nobody can tell which came first.

pub(crate) mod backlog;
pub(crate) mod catcher;
pub(crate) mod inbox;
pub(crate) mod listeners;
mod names;
mod node_ext;
pub(crate) mod registry;
mod sig_info;
mod signal_error;

pub use node_ext::NodeExt;
pub use sig_info::{Sender, SigInfo};
pub use signal_error::SignalError;
