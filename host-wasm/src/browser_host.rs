//! [`BrowserHost`]: what a tree asks of the page.

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::hop::Hop;
use crate::lateness::Lateness;
use crate::page::Page;
use crate::{AnyNode, Host, Instant, OwnerError, WallClock, sys};
use alloc::rc::Weak;
use core::cell::Cell;
use core::task::Waker;
use core::time::Duration;

/// The host of a tree in a page, a worker or node: made by [`start`](crate::start) and [`PageTree`](crate::PageTree), reached from any
/// node by `node.with_host(|host: &BrowserHost| …)`.
///
/// - Time is `performance.now()`, wall time `Date.now()`, randomness `crypto.getRandomValues`.
/// - The earliest deadline is one `setTimeout`, armed anew only when that deadline changes; never early: rounded up to whole
///   milliseconds, and what is longer than 24.8 days is armed in steps.
/// - "Soon" is a message through a `MessageChannel`. Turns run for 4 ms at a stretch while something is pending, then the rest waits for
///   such a message, so that the page renders in between.
/// - A page that was blocked or frozen, and is more than 50 ms late for its earliest deadline, lets no deadline count until no code
///   of the tree has run for 20 ms, at most for 200 ms: an answer that is there wins (law 16).
///
/// It owns its JavaScript closures and detaches them before they drop.
pub struct BrowserHost {
    pub(crate) clock: Clock,
    pub(crate) alarm: Alarm,
    pub(crate) hop: Hop,
    pub(crate) lateness: Lateness,
    held_until: Cell<Instant>,
    /// Where the browser's events go: the page owns the tree, the tree this host.
    page: Weak<Page>,
}

impl BrowserHost {
    /// The closures hold the page weakly: the page owns the tree, the tree owns this host, and this host owns them.
    pub(crate) fn new(page: &Weak<Page>) -> BrowserHost {
        let (ring, land) = (page.clone(), page.clone());
        BrowserHost {
            clock: Clock::new(),
            alarm: Alarm::new(move || with(&ring, Page::rang)),
            hop: Hop::new(move || with(&land, Page::landed)),
            lateness: Lateness::new(),
            held_until: Cell::new(Instant::from_nanos(0)),
            page: page.clone(),
        }
    }

    /// Lets no turn of this tree begin for `duration` from now; a turn that is under way is finished. The page itself goes on, and what it
    /// takes in meanwhile (a message of a socket, a post) waits. Then one late turn comes, as in a page whose main thread was blocked: by
    /// law 16 no deadline counts in it before what waits was let in. A later call replaces an earlier one; with a `duration` of zero it ends
    /// the hold.
    ///
    /// For demonstrations and tests: a program has no use for it.
    pub fn hold(&self, duration: Duration) {
        self.held_until.set(self.clock.now() + duration);
        self.hop.take_off().ask(); // a hold that ends earlier than the one before
    }

    /// When the last hold ends, or has ended.
    pub(crate) fn held_until(&self) -> Instant {
        self.held_until.get()
    }

    /// No timer or message of the page reaches the tree any more.
    pub(crate) fn close(&self) {
        self.alarm.disarm();
        self.hop.close();
    }
}

/// The page of a node's tree, for what brings the browser's events to it.
///
/// # Errors
/// The node is stale, or its tree has another host.
pub(crate) fn page_of(node: AnyNode) -> Result<Weak<Page>, OwnerError> {
    match node.with_host(|host: &BrowserHost| host.page.clone()) {
        Some(page) => Ok(page),
        None if node.is_alive() => Err(OwnerError::WrongHost),
        None => Err(OwnerError::Freed),
    }
}

/// What every closure that hears of an event does: [`Page::event`], if the page is still there.
pub(crate) fn hear(page: &Weak<Page>, take_in: impl FnOnce()) {
    with(page, |page| page.event(take_in));
}

fn with(page: &Weak<Page>, callback: impl FnOnce(&Page)) {
    if let Some(page) = page.upgrade() {
        callback(&page);
    }
}

impl Host for BrowserHost {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn wall_clock(&self) -> WallClock {
        self.clock.wall_clock()
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        const AT_ONCE_MAX: usize = 65_536; // of getRandomValues
        for part in buffer.chunks_mut(AT_ONCE_MAX) {
            sys::get_random_values(part);
        }
    }

    fn schedule(&self, at: Option<Instant>) {
        let take_off = self.hop.take_off();
        if take_off.is_inside() || take_off.is_closed() {
            return; // the slice on the stack asks the tree itself when it ends
        }
        let at = at.unwrap_or(Instant::MAX);
        if at <= self.clock.latest() || at <= self.clock.now() {
            take_off.ask();
        } else {
            self.alarm.arm(at, self.clock.latest());
        }
    }

    fn waker(&self) -> Waker {
        self.hop.waker()
    }
}
