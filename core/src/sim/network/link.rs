use alloc::rc::Rc;
use core::fmt;
use core::time::Duration;

use super::Address;
use super::random::Share;
use super::wire::Wire;

/// The settings of a link between two hosts, or of every link: each call holds for the messages that are sent from then on.
///
/// ```
/// use hamadryad::{millis, sim::Sim};
///
/// let sim = Sim::seeded(1);
/// sim.network().every_link().latency(millis(1));
/// sim.network().link("client", "server").latency(millis(20)).jitter(millis(5)).loss(0.1); // both directions
/// sim.network().one_way("client", "server").limit(512); // what is not set stays as it was
/// ```
#[derive(Clone)]
pub struct Link {
    wire: Rc<Wire>,
    ends: Ends,
}

#[derive(Clone, Copy, Debug)]
enum Ends {
    Every,
    OneWay { from: Address, to: Address },
    Both { one: Address, other: Address },
}

impl Link {
    pub(super) fn every(wire: &Rc<Wire>) -> Link {
        Link { wire: Rc::clone(wire), ends: Ends::Every }
    }

    pub(super) fn one_way(wire: &Rc<Wire>, from: Address, to: Address) -> Link {
        Link { wire: Rc::clone(wire), ends: Ends::OneWay { from, to } }
    }

    pub(super) fn both_ways(wire: &Rc<Wire>, one: Address, other: Address) -> Link {
        Link { wire: Rc::clone(wire), ends: Ends::Both { one, other } }
    }

    /// How long a message takes, one way. 0 unless set: it then arrives in the next turn.
    pub fn latency(self, latency: Duration) -> Link {
        self.set(|settings| settings.latency = Some(latency))
    }

    /// How much longer a message may take, evenly spread: datagrams then overtake each other.
    pub fn jitter(self, jitter: Duration) -> Link {
        self.set(|settings| settings.jitter = Some(jitter))
    }

    /// The share of messages that are lost. A reliable channel sends what was lost again, after two latencies and no less than 200 ms; what
    /// is lost 16 times in a row ends the channel at both sides, with [`ChannelError::Closed`](crate::ChannelError::Closed) and code 1006.
    ///
    /// # Panics
    ///
    /// When `share` is not within `0.0..=1.0`.
    #[track_caller]
    pub fn loss(self, share: f64) -> Link {
        let share = Share::new(share);
        self.set(|settings| settings.loss = Some(share))
    }

    /// The share of messages that take `delay` longer than the others.
    ///
    /// # Panics
    ///
    /// When `share` is not within `0.0..=1.0`.
    #[track_caller]
    pub fn reorder(self, share: f64, delay: Duration) -> Link {
        let share = Share::new(share);
        self.set(|settings| settings.reorder = Some((share, delay)))
    }

    /// Bytes in the largest message; what the kind of channel allows, where that is less.
    pub fn limit(self, bytes: usize) -> Link {
        self.set(|settings| settings.limit = Some(bytes))
    }

    fn set(self, change: impl Fn(&mut Settings)) -> Link {
        match self.ends {
            Ends::Every => self.wire.change_every(change),
            Ends::OneWay { from, to } => self.wire.change_link(from, to, change),
            Ends::Both { one, other } => {
                self.wire.change_link(one, other, &change);
                self.wire.change_link(other, one, change);
            }
        }
        self
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.ends).finish()
    }
}

/// What was set for a link; what was not comes from the settings of every link, and is nothing where they have nothing either.
#[derive(Clone, Copy, Default)]
pub(super) struct Settings {
    latency: Option<Duration>,
    jitter: Option<Duration>,
    loss: Option<Share>,
    reorder: Option<(Share, Duration)>,
    limit: Option<usize>,
}

impl Settings {
    pub(super) fn or(self, every: Settings) -> Settings {
        Settings {
            latency: self.latency.or(every.latency),
            jitter: self.jitter.or(every.jitter),
            loss: self.loss.or(every.loss),
            reorder: self.reorder.or(every.reorder),
            limit: self.limit.or(every.limit),
        }
    }

    pub(super) fn latency(&self) -> Duration {
        self.latency.unwrap_or_default()
    }

    pub(super) fn jitter(&self) -> Duration {
        self.jitter.unwrap_or_default()
    }

    pub(super) fn loss(&self) -> Share {
        self.loss.unwrap_or_default()
    }

    pub(super) fn reorder(&self) -> (Share, Duration) {
        self.reorder.unwrap_or_default()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }
}
