//! [`Simulated`]: upstreams inside the page, for one that has no daemon.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::time::Duration;

use domain::base::Message;
use domain::base::iana::{Opcode, OptRcode};
use hamadryad_demo::{Head, Manners, OUR_SIZE, Query, Question, Reply, Treatment, Zone};
use hamadryad_wasm::{AnyNode, ChannelError, Node, Notified, Waits};

/// The same three that the daemon has: one dead, one slow, one moody.
pub(crate) const UPSTREAMS: [Manners; 3] =
    [Manners::dead("upstream-1"), Manners::alive("upstream-2", 40), Manners::alive("upstream-3", 5).refusing_every(5)];

/// An upstream: the node under which its replies wait until they arrive.
pub(crate) struct SimulatedUpstream {
    zone: Rc<Zone>,
    manners: Manners,
}

impl SimulatedUpstream {
    pub(crate) fn new(owner: AnyNode, zone: &Rc<Zone>, manners: Manners) -> Node<SimulatedUpstream> {
        let name = manners.name();
        owner.insert(SimulatedUpstream { zone: zone.clone(), manners }).named(name)
    }

    /// Changes nothing when a number is out of range.
    pub(crate) fn set(&mut self, delay_ms: u32, loss_percent: u8) {
        let _sliders_have_a_range = self.manners.set(Some(delay_ms), Some(loss_percent));
    }

    /// What it says to a message, and how long that takes; `None` to what is no query, and when query or reply are lost.
    fn answer(&mut self, message: &[u8], dice: u8) -> Option<(Vec<u8>, Duration)> {
        let Query { head, question } = read(message)?;

        let (reply, after) = match self.manners.next(dice) {
            Treatment::Lost => return None,
            Treatment::Refused(after) => (Reply::code(OptRcode::REFUSED), after),
            Treatment::Answered(after) => {
                let found = self.zone.look_up(&question);
                (found.reply, after + found.after)
            }
        };
        Some((reply.compose(&head, Some(&question)), after))
    }
}

/// The page's end of a conversation with an upstream.
pub(crate) struct ChannelEnd {
    upstream: Node<SimulatedUpstream>,
    waiting: Vec<Vec<u8>>,
}

/// A handle to that end's node, as every channel is.
#[derive(Clone, Copy)]
pub(crate) struct SimulatedChannel(Node<ChannelEnd>);

impl SimulatedChannel {
    /// A channel under `owner`.
    pub(crate) fn open(owner: AnyNode, upstream: Node<SimulatedUpstream>) -> Result<SimulatedChannel, ChannelError> {
        let end = ChannelEnd { upstream, waiting: Vec::new() };
        let made = owner.try_insert(end).map_err(|_| ChannelError::Unreachable)?;
        Ok(SimulatedChannel(made.named("channel").label(upstream.name())))
    }

    pub(crate) fn limit(self) -> usize {
        OUR_SIZE.into()
    }

    /// The reply is a timer below the upstream. What arrives when this channel is gone finds nobody.
    pub(crate) fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        let upstream = self.0.try_with(|end| end.upstream).map_err(|_| ChannelError::Unreachable)?;
        // One that somebody ended is a dead one: nobody says so.
        if let Ok(Some((reply, after))) = upstream.try_with_mut(|value| value.answer(message, dice(self.0.into()))) {
            upstream.after(after, move || self.take_in(reply)).named("reply");
        }
        Ok(())
    }

    /// The reply that has waited longest.
    pub(crate) fn take(self) -> Option<Vec<u8>> {
        self.0.try_with_mut(|end| if end.waiting.is_empty() { None } else { Some(end.waiting.remove(0)) }).ok()?
    }

    /// Waits until one comes, or the channel is gone.
    pub(crate) fn arrival(self) -> Notified {
        self.0.notified(Waits::named("message"))
    }

    fn take_in(self, reply: Vec<u8>) {
        if self.0.try_with_mut(|end| end.waiting.push(reply)).is_ok() {
            self.0.notify();
        }
    }
}

/// A query of this page's own resolver. (How a server reads those of others, of which it believes nothing, would be 0.3 KB of the page, packed.)
fn read(message: &[u8]) -> Option<Query> {
    let message = Message::from_slice(message).ok()?;
    let question = Question::from_message(&message.sole_question().ok()?);
    let head = Head {
        id: message.header().id(),
        opcode: Opcode::QUERY,
        recursion_desired: true,
        checking_disabled: false,
        edns_size: Some(OUR_SIZE),
        dnssec_ok: false,
    };
    Some(Query { head, question })
}

/// 0 to 99.
fn dice(node: AnyNode) -> u8 {
    let mut random = [0; 2];
    node.fill_random(&mut random);
    (u16::from_le_bytes(random) % 100) as u8
}
