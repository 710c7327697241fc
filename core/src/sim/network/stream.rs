use alloc::collections::VecDeque;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::time::Duration;

use super::fault::Fault;
use super::listener::Backlog;
use super::waiting;
use super::wire::Wire;
use super::{Address, ListenError};
use crate::{AnyNode, ChannelError, Instant, Node, Ready, SourceClass, SourceError, millis};

/// Bytes in the largest message of a reliable channel.
const MESSAGE_LEN_MAX: usize = 16 << 20;

/// Messages sent and not yet received by the other side; with so many, the sender waits.
const MESSAGES_UNRECEIVED_MAX: usize = 64;

/// What is lost so often in a row ends the channel.
const LOSSES_MAX: u32 = 16;

/// What is lost is not sent again earlier: `TCP_RTO_MIN` of Linux.
const RETRY_MIN: Duration = millis(200);

/// Close codes (RFC 6455, section 7.4.1): the other side was freed.
const GOING_AWAY: u16 = 1001;
/// The link lost too much.
const ABNORMAL: u16 = 1006;

/// One end of a reliable channel.
///
/// What is under way to it is kept here, in order, so it outlives its sender; one timer, a child, stands for the first of it. While a
/// partition keeps that one from arriving there is no timer, and the network knows that the stream is stalled.
pub(super) struct Stream {
    wire: Rc<Wire>,
    address: Address,
    peer_address: Address,
    phase: Phase,
    arriving: VecDeque<Arrival>,
    waiting: VecDeque<Vec<u8>>,
    /// How often in a row the first of `arriving` (or the knock) was lost.
    losses: u32,
    unreceived: usize,
    /// What the other side is told when this one is freed.
    farewell: (u16, String),
}

/// ```text
///             Accepted arrives          Close arrives, `lose`
///   Knocking ──────────────────▶ Open ───────────────────────▶ Ended
///       └──────────────────────────────────────────────────────▲
///                  Refused arrives, `lose`
/// ```
enum Phase {
    /// The one who connects has no answer yet.
    Knocking,
    Open(Node<Stream>),
    Ended(End),
}

#[derive(Clone)]
enum End {
    Fault(Fault),
    Closed { code: u16, reason: String },
}

struct Arrival {
    /// No earlier than this, and not before what is under way in front of it.
    at: Instant,
    frame: Frame,
}

enum Frame {
    Accepted(Node<Stream>),
    Refused(Fault),
    Message(Vec<u8>),
    Close { code: u16, reason: String },
}

impl Stream {
    /// The side that connects.
    #[track_caller]
    pub(super) fn outgoing(wire: &Rc<Wire>, owner: AnyNode, address: Address, peer: Address) -> Result<Node<Stream>, ListenError> {
        Stream::new(wire, owner, address, peer, Phase::Knocking)
    }

    /// The side that accepts, for a client that knocked.
    pub(super) fn incoming(wire: &Rc<Wire>, owner: AnyNode, address: Address, client: (Node<Stream>, Address)) -> Option<Node<Stream>> {
        Stream::new(wire, owner, address, client.1, Phase::Open(client.0)).ok()
    }

    #[track_caller]
    fn new(wire: &Rc<Wire>, owner: AnyNode, address: Address, peer: Address, phase: Phase) -> Result<Node<Stream>, ListenError> {
        let stream = Stream {
            wire: Rc::clone(wire),
            address,
            peer_address: peer,
            phase,
            arriving: VecDeque::new(),
            waiting: VecDeque::new(),
            losses: 0,
            unreceived: 0,
            farewell: (GOING_AWAY, String::from("the other side was freed")),
        };
        match owner.source(SourceClass::Io, "channel", |_| Ok::<_, Infallible>(stream)) {
            Ok(node) => Ok(node.label(format!("{address} → {peer}"))),
            Err(SourceError::Freed) => Err(ListenError::Freed),
            Err(SourceError::Make(never)) => match never {},
        }
    }

    pub(super) fn address(&self) -> Address {
        self.address
    }

    pub(super) fn peer(&self) -> Address {
        self.peer_address
    }

    /// Bytes in the largest message to the other side.
    pub(super) fn limit(&self) -> usize {
        self.wire.limit(self.address, self.peer_address).min(MESSAGE_LEN_MAX)
    }

    // ---- the verbs

    /// Connects, and waits for the answer.
    pub(super) async fn connect(node: Node<Stream>) -> Result<(), ChannelError> {
        Stream::go_on(node);
        let answer = |stream: &mut Stream| match &stream.phase {
            Phase::Knocking => None,
            Phase::Open(_) => Some(Ok(())),
            Phase::Ended(end) => Some(Err(end.clone().into())),
        };
        waiting::until(node, Ready::READABLE, "answer", |_| false, answer).await?
    }

    /// Waits for room, then sends.
    pub(super) async fn send(node: Node<Stream>, message: &[u8]) -> Result<(), ChannelError> {
        let to = waiting::until(node, Ready::WRITABLE, "room", Stream::has_room, |stream| stream.departure(message.len())).await??;
        Stream::push(to, Frame::Message(message.into()));
        Ok(())
    }

    /// Waits for a message, and makes room for another.
    pub(super) async fn receive(node: Node<Stream>) -> Result<Vec<u8>, ChannelError> {
        let message = waiting::until(node, Ready::READABLE, "message", Stream::is_readable, Stream::take).await??;
        if let Ok(Some(sender)) = node.try_with(Stream::other_side)
            && sender.try_with_mut(|sender| sender.unreceived -= 1).is_ok()
        {
            sender.mark_ready(Ready::WRITABLE);
        }
        Ok(message)
    }

    /// Frees the node, and tells the other side why.
    #[track_caller]
    pub(super) fn close(node: Node<Stream>, code: u16, reason: String) {
        // On a stale node nothing, as `free` does.
        let _was_alive = node.try_with_mut(|stream| stream.farewell = (code, reason));
        node.free();
    }

    fn has_room(&self) -> bool {
        self.unreceived < MESSAGES_UNRECEIVED_MAX || matches!(self.phase, Phase::Ended(_))
    }

    /// Counts a message that departs: to whom, if there is room.
    fn departure(&mut self, len: usize) -> Option<Result<Node<Stream>, ChannelError>> {
        let limit = self.limit();
        if len > limit {
            return Some(Err(ChannelError::TooLarge { limit }));
        }
        match &self.phase {
            Phase::Ended(end) => Some(Err(end.clone().into())),
            Phase::Open(peer) if self.unreceived < MESSAGES_UNRECEIVED_MAX => {
                self.unreceived += 1;
                Some(Ok(*peer))
            }
            Phase::Open(_) | Phase::Knocking => None,
        }
    }

    fn is_readable(&self) -> bool {
        !self.waiting.is_empty() || matches!(self.phase, Phase::Ended(_))
    }

    /// The next message; the end only after all messages.
    fn take(&mut self) -> Option<Result<Vec<u8>, ChannelError>> {
        if let Some(message) = self.waiting.pop_front() {
            return Some(Ok(message));
        }
        match &self.phase {
            Phase::Ended(end) => Some(Err(end.clone().into())),
            Phase::Knocking | Phase::Open(_) => None,
        }
    }

    // ---- what is under way

    /// Sets what is under way to this stream (or its knock) going: at first, and after a partition.
    pub(super) fn go_on(node: Node<Stream>) {
        let delay = node.try_with(|stream| stream.under_way().map(|(from, to)| stream.wire.delay(from, to)));
        if let Ok(Some(delay)) = delay {
            Stream::arm(node, delay);
        }
    }

    /// From where to where the next thing goes that this stream's timer stands for.
    fn under_way(&self) -> Option<(Address, Address)> {
        match (self.arriving.is_empty(), &self.phase) {
            (false, _) => Some((self.peer_address, self.address)),
            (true, Phase::Knocking) => Some((self.address, self.peer_address)),
            (true, Phase::Open(_) | Phase::Ended(_)) => None,
        }
    }

    /// Sends something to `to`, behind what is under way already. Nothing when it is stale: news of that is under way back.
    fn push(to: Node<Stream>, frame: Frame) {
        if !to.is_alive() {
            return;
        }
        let now = to.now();
        let first = to.try_with_mut(|stream| {
            let at = now + stream.wire.delay(stream.peer_address, stream.address);
            stream.arriving.push_back(Arrival { at, frame });
            (stream.arriving.len() == 1).then(|| at - now)
        });
        if let Ok(Some(delay)) = first {
            Stream::arm(to, delay);
        }
    }

    fn arm(node: Node<Stream>, delay: Duration) {
        node.after(delay, move || Stream::step(node)).named("arrival");
    }

    /// The timer's handler: the link decides what becomes of what it stands for.
    fn step(node: Node<Stream>) {
        let next = node.try_with(|stream| stream.under_way().map(|way| (Rc::clone(&stream.wire), way, stream.arriving.is_empty())));
        let Ok(Some((wire, (from, to), is_knock))) = next else { return };
        if wire.is_cut(from, to) {
            wire.stall(node);
        } else if wire.loses(from, to) {
            Stream::retry(node, wire.latency(from, to));
        } else if is_knock {
            Stream::push(node, Stream::answer(&wire, node, from, to));
        } else {
            Stream::arrive(node);
        }
    }

    fn retry(node: Node<Stream>, latency: Duration) {
        let given_up = node.try_with_mut(|stream| {
            stream.losses += 1;
            stream.losses == LOSSES_MAX
        });
        match given_up {
            Ok(false) => Stream::arm(node, latency.saturating_mul(2).max(RETRY_MIN)),
            Ok(true) => Stream::lose(node),
            Err(_) => {}
        }
    }

    /// What `address` says to a client that knocks.
    fn answer(wire: &Rc<Wire>, client: Node<Stream>, from: Address, address: Address) -> Frame {
        if let Some(fault) = wire.fault(address) {
            return Frame::Refused(fault);
        }
        match wire.listener(address).and_then(|listener| Backlog::admit(listener, (client, from))) {
            Some(server) => Frame::Accepted(server),
            None => Frame::Refused(Fault::Refused),
        }
    }

    /// Takes in the first of what is under way, and arms the timer for the next.
    fn arrive(node: Node<Stream>) {
        let now = node.now();
        let taken = node.try_with_mut(|stream| {
            stream.losses = 0;
            let Arrival { frame, .. } = stream.arriving.pop_front()?;
            let ready = stream.take_in(frame);
            Some((ready, stream.arriving.front().map(|next| next.at - now)))
        });
        if let Ok(Some((ready, next))) = taken {
            node.mark_ready(ready);
            if let Some(delay) = next {
                Stream::arm(node, delay);
            }
        }
    }

    /// What became ready by it.
    fn take_in(&mut self, frame: Frame) -> Ready {
        match frame {
            Frame::Accepted(server) => self.phase = Phase::Open(server),
            Frame::Refused(fault) => self.phase = Phase::Ended(End::Fault(fault)),
            Frame::Message(message) => self.waiting.push_back(message),
            Frame::Close { code, reason } => {
                self.phase = Phase::Ended(End::Closed { code, reason });
                return Ready::READABLE | Ready::WRITABLE | Ready::HANGUP;
            }
        }
        Ready::READABLE
    }

    /// The link has lost too much: the end, at both sides at once.
    fn lose(node: Node<Stream>) {
        let other = node.try_with(Stream::other_side).ok().flatten();
        for side in [Some(node), other].into_iter().flatten() {
            let ended = side.try_with_mut(|stream| {
                stream.arriving.clear();
                stream.phase = Phase::Ended(match stream.phase {
                    Phase::Knocking => End::Fault(Fault::Unreachable),
                    _ => End::Closed { code: ABNORMAL, reason: String::from("the link lost too much") },
                });
            });
            if ended.is_ok() {
                side.mark_ready(Ready::READABLE | Ready::WRITABLE | Ready::ERROR);
            }
        }
    }

    /// Who has to be told of an end: also one that has accepted, while the news of it is still under way.
    fn other_side(&self) -> Option<Node<Stream>> {
        match (&self.phase, self.arriving.front().map(|first| &first.frame)) {
            (Phase::Open(peer), _) | (Phase::Knocking, Some(Frame::Accepted(peer))) => Some(*peer),
            (Phase::Knocking | Phase::Ended(_), _) => None,
        }
    }
}

/// However it is freed, the other side is told, behind what was sent before.
impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(peer) = self.other_side() {
            let (code, reason) = core::mem::take(&mut self.farewell);
            Stream::push(peer, Frame::Close { code, reason });
        }
    }
}

impl From<End> for ChannelError {
    fn from(end: End) -> ChannelError {
        match end {
            End::Fault(fault) => fault.into(),
            End::Closed { code, reason } => ChannelError::Closed { code, reason },
        }
    }
}
