//! [`Page`]: the owner of a tree, and when its turns run.

use crate::browser_host::BrowserHost;
use crate::tell::Tell;
use crate::{AnyNode, Instant, Tree, millis, pages, sys, trap};
use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::String;
use core::cell::Cell;
use core::panic::Location;
use core::time::Duration;

/// How long turns run at a stretch: with 60 frames a second it leaves 12 ms of each to the page.
const SLICE: Duration = millis(4);
/// While deadlines are held, one that is overdue hides when the next timer is due: the tree is asked again this soon.
const HOLD_STEP: Duration = millis(1);

/// A tree, and the moments at which the browser lets it run.
///
/// ```text
///            rang, landed                nothing pending: arm the alarm
///   waiting ──────────────► slice: turns ──────────────────────────────► waiting
///                             │  │        SLICE over: post a hop
///                             │  └─────────────────────────────────────► waiting
///                             ├─ the root is gone ──► closed (end)
///                             └─ a panic traps ─────► closed (trapped): the tree is left as it is, for ever
/// ```
pub(crate) struct Page {
    tree: Tree,
    tell: Box<dyn Tell>,
    /// The next in the list of pages.
    pub(crate) next: pages::List,
    /// A panic has trapped.
    trapped: Cell<bool>,
    ended: Cell<bool>,
}

/// How a slice ended.
enum Rest {
    /// Something is pending, but the slice is over.
    Pending,
    /// Nothing is pending before this; [`Instant::MAX`]: nothing at all.
    Until(Instant),
    /// The root is gone.
    Ended,
}

impl Page {
    #[track_caller]
    pub(crate) fn new(tell: impl Tell + 'static) -> Rc<Page> {
        trap::install_hook();
        let place = Location::caller();
        let page = Rc::new_cyclic(|page: &Weak<Page>| Page {
            tree: Tree::made_at(BrowserHost::new(page), place),
            tell: Box::new(tell),
            next: Cell::new(None),
            trapped: Cell::new(false),
            ended: Cell::new(false),
        });
        pages::add(page.clone());
        page
    }

    pub(crate) fn root(&self) -> AnyNode {
        self.tree.root()
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(crate) fn host(&self) -> &BrowserHost {
        self.tree.host().expect("a page's tree is made with this host")
    }

    /// Runs the setup as code of this tree: what it asks for is served soon afterwards, and its panic is this tree's.
    pub(crate) fn enter<R>(&self, setup: impl FnOnce(AnyNode) -> R) -> R {
        let take_off = self.host().hop.take_off();
        let before = take_off.set_inside(true);
        let result = setup(self.root());
        take_off.set_inside(before);
        take_off.post();
        result
    }

    /// The alarm's timeout fired.
    pub(crate) fn rang(&self) {
        self.host().alarm.rang();
        self.run(false);
    }

    /// A hop arrived.
    pub(crate) fn landed(&self) {
        self.host().hop.take_off().landed();
        self.run(false);
    }

    /// An event of the browser: `take_in` queues what it brings and wakes who waits for it, and a slice serves them before the browser
    /// goes on. One that comes from inside (code of the tree that dispatches an event) is served by a later turn of the slice on the
    /// stack, law 22. Of a tree that is closed it does nothing.
    pub(crate) fn event(&self, take_in: impl FnOnce()) {
        let take_off = self.host().hop.take_off();
        if take_off.is_closed() {
            return;
        }
        let before = take_off.set_inside(true);
        take_in();
        take_off.set_inside(before);
        if !before {
            self.run(true);
        }
    }

    /// One slice of turns, and what is to be done for the next one. `came_in`: something that was waiting is in (law 16).
    fn run(&self, came_in: bool) {
        let host = self.host();
        let take_off = host.hop.take_off();
        // Inside already, in a callback of the browser: an earlier slice trapped without a word (a stack overflow runs no panic hook).
        if take_off.is_closed() || self.tree.is_entered() || take_off.set_inside(true) {
            return;
        }
        let now = host.clock.now();
        let held_until = host.held_until();
        let rest = if held_until > now { Rest::Until(held_until) } else { self.slice(host, now, came_in) };
        take_off.set_inside(false);
        match rest {
            Rest::Pending => take_off.post(),
            Rest::Until(at) => host.alarm.arm(at, host.clock.latest()),
            Rest::Ended => self.end(),
        }
    }

    /// Asks for the time as seldom as can be: that is dearer than a turn.
    fn slice(&self, host: &BrowserHost, mut now: Instant, mut came_in: bool) -> Rest {
        let take_off = host.hop.take_off();
        let end = now + SLICE;
        loop {
            if host.held_until() > now {
                return Rest::Pending;
            }
            let deadlines = host.lateness.judge(now, self.next_deadline());
            take_off.take_noted(); // what was noted so far is in this turn
            let turn = self.tree.turn(now, deadlines);
            if turn.ran > 0 || core::mem::take(&mut came_in) {
                host.lateness.ran(now);
            }
            self.take_in_failure();
            if self.tree.root_freed_at().is_some() {
                return Rest::Ended;
            }
            let is_pending = turn.pending || take_off.take_noted();
            if !is_pending && self.is_alarm_right(host) {
                return Rest::Until(host.alarm.armed_at());
            }
            now = host.clock.now();
            if !is_pending {
                let next = self.next(host, now);
                if next > now {
                    return Rest::Until(next);
                }
            }
            if now >= end {
                return Rest::Pending;
            }
        }
    }

    /// Whether the alarm rings for the next deadline as it is, or there is neither.
    fn is_alarm_right(&self, host: &BrowserHost) -> bool {
        !host.lateness.is_holding() && host.alarm.armed_at() == self.next_deadline()
    }

    /// When the next turn is due.
    fn next(&self, host: &BrowserHost, now: Instant) -> Instant {
        let next = self.next_deadline();
        if next <= now && host.lateness.is_holding() { now + HOLD_STEP } else { next }
    }

    /// When the next timer, sleep or deadline is due; [`Instant::MAX`] when there is none.
    #[inline(never)]
    fn next_deadline(&self) -> Instant {
        self.tree.next_deadline().unwrap_or(Instant::MAX)
    }

    fn take_in_failure(&self) {
        if let Some(failure) = self.tree.take_failure() {
            self.tell.failed(failure);
        }
    }

    /// The tree is over: no closure of the page reaches it any more, and all that is left of it ends now, while a panic on the way still
    /// finds whose it is.
    pub(crate) fn end(&self) {
        if !self.ended.replace(true) {
            self.host().close();
            self.tree.free_root();
            pages::remove(self); // whoever called holds a reference of its own
        }
    }

    // ------------------------------------------------------------------------------------------------ when a panic traps

    /// Whether code of this tree is on the stack, of which no panic was told. (After one it is there for ever.)
    pub(crate) fn is_about_to_trap(&self) -> bool {
        !self.trapped.get() && (self.tree.is_entered() || self.host().hop.take_off().is_inside())
    }

    /// A panic in code of this tree is about to trap: closes the host first, then tells the page. Gives what was told. The page stays as it
    /// is, half-done for ever: it does not leave the list of pages, or its code would run.
    pub(crate) fn trap(&self, panic: &str) -> String {
        self.trapped.set(true);
        self.ended.set(true);
        self.host().close();
        const CLOSED: &str = "\nthis tree is closed: nothing of it runs any more";
        // Of the root: the setup, or code that has freed itself.
        let mut text = self.tree.running_path_and(&[": ", panic, CLOSED]);
        sys::console_error(&text);
        text.truncate(text.len() - CLOSED.len());
        self.tell.trapped(&text);
        text
    }
}
