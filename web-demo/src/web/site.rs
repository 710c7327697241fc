//! [`Site`]: what all connections share.

use core::fmt;
use std::rc::Rc;

use hamadryad::{AnyNode, Connect, Node};

use super::close::Close;
use super::feed::Feed;
use super::refusal::Refusal;
use super::{Gate, Limits, Page, Relay};
use crate::Manners;

/// Who may ask, what is served, who answers, and how many are at it.
pub struct Site<C: Connect, A> {
    pub(super) gate: Gate,
    pub(super) page: Page,
    pub(super) limits: Limits,
    pub(super) answer: A,
    pub(super) connect: C,
    relays: Vec<Relay<C::Peer>>,
    pub(super) feed: Feed,
    pub(super) counts: Node<Counts>,
    tell: Box<dyn Fn(fmt::Arguments<'_>)>,
}

/// How many are at it now.
#[derive(Default)]
pub struct Counts {
    connections: usize,
    queries: usize,
    watchers: usize,
    lingering: usize,
    /// For the label: all that there ever were, and those that were turned away.
    served: u64,
    turned_away: u64,
}

impl<C: Connect<Peer: Clone>, A> Site<C, A> {
    /// A site whose node is made under `owner`. `/dns` is answered by `answer`, or by the one of `relays` that is named, reached by
    /// `connect`; `tell` is given lines about who was refused.
    pub fn new(
        owner: AnyNode,
        gate: Gate,
        page: Page,
        limits: Limits,
        answer: A,
        (connect, relays): (C, Vec<Relay<C::Peer>>),
        tell: impl Fn(fmt::Arguments<'_>) + 'static,
    ) -> Rc<Site<C, A>> {
        let counts = owner.insert(Counts::default()).named("web");
        let feed = Feed::new(*counts, relays.iter().map(|relay| relay.manners).collect(), limits);
        Rc::new(Site { gate, page, limits, answer, connect, relays, feed, counts, tell: Box::new(tell) })
    }

    /// The node that owns all of it.
    pub fn node(&self) -> Node<Counts> {
        self.counts
    }

    /// The address for people, with the token in it.
    pub fn address(&self) -> String {
        self.gate.address()
    }

    /// A place for one more connection, if there is one; given back on drop.
    pub fn seat(&self) -> Option<Seat> {
        let seat = self.take(|counts| &mut counts.connections, self.limits.connections);
        self.counts.with_mut(|counts| match seat {
            Some(_) => counts.served += 1,
            None => counts.turned_away += 1,
        });
        seat
    }

    /// The same for a query.
    pub(super) fn query_seat(&self) -> Option<Seat> {
        self.take(|counts| &mut counts.queries, self.limits.queries)
    }

    /// The same for one who watches the tree.
    pub(super) fn watcher_seat(&self) -> Option<Seat> {
        self.take(|counts| &mut counts.watchers, self.limits.watchers)
    }

    /// The same for one that is turned away.
    pub(super) fn linger_seat(&self) -> Option<Seat> {
        self.take(|counts| &mut counts.lingering, self.limits.lingering)
    }

    fn take(&self, which: Which, max: usize) -> Option<Seat> {
        let is_free = self.counts.with_mut(|counts| {
            let taken = which(counts);
            let is_free = *taken < max;
            *taken += usize::from(is_free);
            is_free
        });
        is_free.then(|| Seat(self.counts, which))
    }

    /// The address of a built-in upstream.
    pub(super) fn relay(&self, name: &str) -> Result<C::Peer, Refusal> {
        let relay = self.relays.iter().find(|relay| relay.manners.with(|manners| manners.name() == name));
        relay.map(|relay| relay.peer.clone()).ok_or_else(|| Refusal::new(404, "there is no built-in upstream of that name"))
    }

    /// How a built-in upstream behaves.
    pub(super) fn manners(&self, name: &str) -> Option<Node<Manners>> {
        let all = self.relays.iter().map(|relay| relay.manners);
        all.into_iter().find(|manners| manners.with(|manners| manners.name() == name))
    }

    pub(super) fn tell(&self, line: fmt::Arguments<'_>) {
        (self.tell)(line);
    }

    /// Of a WebSocket that we closed; that the client goes is nothing to tell.
    pub(super) fn tell_close(&self, path: &str, close: Option<&Close>) {
        if let Some(Close { code, text }) = close
            && *code != Close::GOING_AWAY
        {
            self.tell(format_args!("closed a WebSocket of {path}: {code} {text}"));
        }
    }
}

/// For the report's label: `3 connections, 40 served, 0 turned away`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { connections, served, turned_away, .. } = self;
        write!(f, "{connections} connections, {served} served, {turned_away} turned away")
    }
}

/// One of the numbers.
type Which = fn(&mut Counts) -> &mut usize;

/// A place among those who are at it.
pub struct Seat(Node<Counts>, Which);

impl Drop for Seat {
    fn drop(&mut self) {
        let _last_of_all = self.0.try_with_mut(|counts| *(self.1)(counts) -= 1);
    }
}
