//! One ownership tree for event-driven programs.
//!
//! Every value, timer, watched fd, signal handler, socket and running request is bound to a node of a tree; free the node and all
//! below it ends, in a known order, at once. Sequences are `async fn`, and the same code runs as a Linux daemon, in a browser page and
//! in the deterministic simulator (feature `sim`).
//!
//! ```
//! use hamadryad::{Ended, hours, secs, sim::Sim};
//! let sim = Sim::seeded(42);
//! let slow = sim.root().spawn("slow", async move |me| { me.sleep(hours(1)).await?; Ok::<_, Ended>(1) }).timeout(secs(5));
//! assert!(matches!(sim.block_on(slow), Err(Ended::TimedOut { .. })));
//! assert_eq!(sim.elapsed(), secs(5));
//! ```
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod access;
mod arena;
mod attended;
mod catch;
mod channel;
#[cfg_attr(target_family = "wasm", path = "deadline_heap.rs")]
mod deadline_queue;
mod decimal;
mod ended;
mod extras;
mod failure;
mod free;
#[cfg_attr(target_family = "wasm", path = "pairing_heap.rs")]
mod heap;
mod host;
mod id;
#[cfg_attr(all(target_family = "wasm", not(target_feature = "atomics")), path = "one_thread_inbox.rs")]
mod inbox;
mod label;
mod loans;
mod marks;
mod node;
mod notified;
#[cfg(all(test, not(target_family = "wasm")))]
mod pairing_heap;
mod parts;
mod pending;
mod post;
pub mod prelude;
mod ready;
mod report;
mod request;
mod shutdown;
#[cfg(feature = "sim")]
pub mod sim;
mod sleep;
mod source;
mod sources;
mod stack;
mod sync;
mod time;
mod timer;
mod tree;
mod turn;
mod waits;
mod wake;
mod waker;
mod watcher;

pub use access::{AccessError, Owned, Remote, TreeGone};
pub use attended::Attended;
pub use channel::{Channel, ChannelError, Connect};
pub use decimal::add_decimal;
pub use ended::{Ended, Facts};
pub use failure::{Failure, OnFailure};
pub use free::{Freed, OnFree};
pub use host::{Deadlines, Host, Turn};
pub use id::NodeId;
pub use node::{AnyNode, InsertError, InsertRefused, Node, ReparentError};
pub use notified::Notified;
pub use ready::Ready;
pub use report::{Line, TreeReport};
pub use request::{Completer, DriveError, Outcome, Request, Scope};
pub use source::{SourceClass, SourceError, Token};
pub use time::{Instant, WallClock, hours, millis, secs};
pub use timer::Timer;
pub use tree::Tree;
pub use waits::Waits;
