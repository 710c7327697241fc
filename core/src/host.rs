//! What the core asks of the world, and what a turn tells its host.

use crate::time::{Instant, WallClock};
use core::any::Any;
use core::task::Waker;

/// What the core asks of the world. The host drives; the core is driven: it never waits and never calls a system.
///
/// A host calls [`Tree::turn`](crate::Tree::turn) when something may be pending, and marks [sources](crate::AnyNode::source) ready.
pub trait Host: Any {
    /// The monotonic clock. Asked only outside a turn: a turn is given its time.
    fn now(&self) -> Instant;
    /// The wall clock.
    fn wall_clock(&self) -> WallClock;
    /// Fills `buffer` with random bytes.
    fn fill_random(&self, buffer: &mut [u8]);
    /// Call [`Tree::turn`](crate::Tree::turn) no later than `at`; `None`: nothing is planned. A hint that may come during a turn and
    /// replaces the one before it.
    fn schedule(&self, at: Option<Instant>);
    /// A thread-safe "call `turn` soon". Asked for when the tree is made; not in a page, which has one thread.
    fn waker(&self) -> Waker
    where
        Self: Sized;
}

/// Whether deadlines may end requests in this turn: a host says [`Hold`](Deadlines::Hold) while it is late and input is still
/// coming in (law 16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadlines {
    /// What has passed its deadline ends.
    Count,
    /// Nothing ends by a deadline in this turn.
    Hold,
}

/// What a turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// How many pieces of code it ran.
    pub ran: usize,
    /// Whether something is pending again already.
    pub pending: bool,
}
