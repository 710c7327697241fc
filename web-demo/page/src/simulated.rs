//! [`Simulated`]: upstreams inside the page, for one that has no daemon.

use core::cell::Cell;
use core::convert::Infallible;
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use domain::base::iana::OptRcode;
use hamadryad_demo::{OUR_SIZE, Query, Reply, Zone};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, ChannelError, Node, Ready, SourceClass};

/// What an upstream is like, and what the sliders change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    pub(crate) delay: Duration,
    pub(crate) loss_percent: u8,
    /// Every so many queries are answered REFUSED.
    pub(crate) refuses_every: Option<u32>,
}

/// The same three that the daemon has: one dead, one slow, one moody.
pub(crate) const UPSTREAMS: [(&str, Manners); 3] = [
    ("upstream-1", Manners { delay: Duration::ZERO, loss_percent: 100, refuses_every: None }),
    ("upstream-2", Manners { delay: millis(40), loss_percent: 0, refuses_every: None }),
    ("upstream-3", Manners { delay: millis(5), loss_percent: 0, refuses_every: Some(5) }),
];

/// An upstream: the node under which its replies wait until they arrive.
pub(crate) struct SimulatedUpstream {
    zone: Rc<Zone>,
    manners: Cell<Manners>,
    asked: Cell<u32>,
}

impl SimulatedUpstream {
    pub(crate) fn new(owner: AnyNode, zone: &Rc<Zone>, name: &'static str, manners: Manners) -> Node<SimulatedUpstream> {
        owner.insert(SimulatedUpstream { zone: zone.clone(), manners: Cell::new(manners), asked: Cell::new(0) }).named(name)
    }

    pub(crate) fn set(&self, delay: Duration, loss_percent: u8) {
        self.manners.set(Manners { delay, loss_percent, ..self.manners.get() });
    }

    /// What it says to a message, and how long that takes; `None` to what is no query.
    fn answer(&self, message: &[u8]) -> Option<(Vec<u8>, Duration)> {
        let query = Query::parse(message).ok()?;
        self.asked.set(self.asked.get().wrapping_add(1));
        let manners = self.manners.get();
        if manners.refuses_every.is_some_and(|every| self.asked.get().is_multiple_of(every)) {
            return Some((Reply::code(OptRcode::REFUSED).compose(&query.head, Some(&query.question)), manners.delay));
        }
        let found = self.zone.look_up(&query.question);
        Some((found.reply.compose(&query.head, Some(&query.question)), manners.delay + found.after))
    }
}

/// The page's end of a conversation with an upstream.
pub(crate) struct ChannelEnd {
    upstream: Node<SimulatedUpstream>,
    waiting: VecDeque<Vec<u8>>,
}

/// A handle to that end's node, as every channel is.
#[derive(Clone, Copy)]
pub(crate) struct SimulatedChannel(Node<ChannelEnd>);

impl SimulatedChannel {
    /// A channel under `owner`.
    pub(crate) fn open(owner: AnyNode, upstream: Node<SimulatedUpstream>) -> Result<SimulatedChannel, ChannelError> {
        let end = ChannelEnd { upstream, waiting: VecDeque::new() };
        let made = owner.source(SourceClass::Io, "channel", |_| Ok::<_, Infallible>(end));
        made.map(|node| SimulatedChannel(node.label(upstream.name()))).map_err(|_| ChannelError::Unreachable)
    }

    pub(crate) fn limit(self) -> usize {
        OUR_SIZE.into()
    }

    /// The reply is a timer below the upstream. What arrives when this channel is gone finds nobody.
    pub(crate) fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        let upstream = self.0.try_with(|end| end.upstream).map_err(|_| ChannelError::Unreachable)?;
        // An upstream that somebody ended is a dead one: nobody says so.
        let Ok(Some((reply, after))) = upstream.try_with(|upstream| upstream.answer(message)) else { return Ok(()) };
        if !is_lost(upstream) {
            upstream.after(after, move || self.take_in(reply)).named("reply");
        }
        Ok(())
    }

    pub(crate) async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        loop {
            if let Ok(Some(received)) = self.0.try_with_mut(|end| end.waiting.pop_front()) {
                *message = received;
                return Ok(());
            }
            self.0.ready(Ready::READABLE, "message").await?;
        }
    }

    fn take_in(self, reply: Vec<u8>) {
        if self.0.try_with_mut(|end| end.waiting.push_back(reply)).is_ok() {
            self.0.mark_ready(Ready::READABLE);
        }
    }
}

/// Throws the dice.
fn is_lost(upstream: Node<SimulatedUpstream>) -> bool {
    let loss = upstream.with(|upstream| upstream.manners.get().loss_percent);
    let mut dice = [0; 2];
    upstream.fill_random(&mut dice);
    u32::from(u16::from_le_bytes(dice)) * 100 < u32::from(loss) << 16
}
