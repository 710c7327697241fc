//! The simulated host: a tree with a virtual clock, a seed and a network.
//!
//! Time passes only when nothing else can happen, so that hours take microseconds; the same seed gives the same run, event for event.

mod host;
mod network;
mod passing;
mod stuck;

pub use host::SimHost;
pub use network::*;

use crate::host::{Deadlines, Turn};
use crate::node::AnyNode;
use crate::request::DriveError;
use crate::time::{Instant, nanos_of};
use crate::tree::Tree;
use alloc::string::String;
use core::fmt;
use core::future::Future;
use core::time::Duration;
use stuck::BLOCK_ON;

/// How many turns may run without time passing before a program is taken to run in circles.
const TURNS_MAX: usize = 10_000_000;

/// A tree on a [`SimHost`]: for tests on any machine.
///
/// ```
/// use hamadryad::{Ended, hours, secs, sim::Sim};
/// let sim = Sim::seeded(42);
/// let slow = sim.root().spawn("slow", async move |me| { me.sleep(hours(1)).await?; Ok::<_, Ended>(1) }).timeout(secs(5));
/// assert!(matches!(sim.block_on(slow), Err(Ended::TimedOut { .. })));
/// assert_eq!(sim.elapsed(), secs(5));
/// ```
pub struct Sim {
    network: Network,
    tree: Tree,
    start: Instant,
}

/// Why a simulated program did not come to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Deadlock {
    /// Nothing can make progress: who waits for what.
    Stuck(String),
    /// Entered from within code of the same simulation.
    Nested,
    /// The root ended first: by a failure that nobody contained, or a free.
    RootGone,
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deadlock::Stuck(report) => f.write_str(report),
            Deadlock::Nested => f.write_str("the simulation was entered from within its own code"),
            Deadlock::RootGone => f.write_str("the root ended first"),
        }
    }
}

impl core::error::Error for Deadlock {}

impl Sim {
    /// A simulation whose randomness comes from `seed`.
    #[track_caller]
    pub fn seeded(seed: u64) -> Sim {
        let tree = Tree::new(SimHost::seeded(seed));
        let start = tree.host::<SimHost>().expect("made with one above").time();
        let network = Network::new(tree.root());
        Sim { network, tree, start }
    }

    /// The root of its tree.
    pub fn root(&self) -> AnyNode {
        self.tree.root()
    }

    /// The tree itself, for what a host does: turns by hand, marking sources.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// How much simulated time has passed.
    pub fn elapsed(&self) -> Duration {
        self.host().time() - self.start
    }

    /// Its message network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn host(&self) -> &SimHost {
        self.tree.host().expect("a simulation's tree is made with its host")
    }

    /// Turns, and time passing, until `future` is done.
    ///
    /// # Panics
    /// With the report when nothing can make progress, with the uncontained failure or the place of the free when the root ends
    /// first, and when entered from within, naming who runs.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.drive(future) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`block_on`](Sim::block_on), with a typed error.
    ///
    /// # Errors
    /// See [`Deadlock`].
    ///
    /// # Panics
    /// When `future` itself panics.
    #[track_caller]
    pub fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, Deadlock> {
        self.drive(future).map_err(|error| match error {
            DriveError::Step(stuck) => Deadlock::Stuck(stuck),
            DriveError::Nested { .. } => Deadlock::Nested,
            DriveError::RootGone { .. } => Deadlock::RootGone,
            DriveError::Ended(ended) => panic!("{ended}"),
        })
    }

    #[track_caller]
    fn drive<F: Future>(&self, future: F) -> Result<F::Output, DriveError<String>> {
        // Whether time must pass, and how many turns ran without that. Looked at before a turn, so that none passes after the last.
        let (mut stands_still, mut turns) = (false, 0);
        self.tree.drive(BLOCK_ON, future, |_| {
            if stands_still && self.let_time_pass()? {
                turns = 0;
            }
            let turn = self.tree.turn(self.host().time(), Deadlines::Count);
            stands_still = self.may_pass(turn);
            turns += 1;
            if turns < TURNS_MAX { Ok(()) } else { Err(self.runs_in_circles()) }
        })
    }

    /// Whether time may pass after that turn: nothing is pending, or only what is called in every turn whatever happens.
    fn may_pass(&self, turn: Turn) -> bool {
        !turn.pending || self.tree.core().time_may_pass()
    }

    /// The next time at which something is due that is not called in every turn anyway.
    fn next(&self) -> Option<Instant> {
        let next = self.tree.next_deadline();
        if next.is_some_and(|at| at <= self.host().time()) { self.tree.core().next_deadline_after_now() } else { next }
    }

    /// To the next deadline; without one nothing can make progress, unless something is called in every turn.
    fn let_time_pass(&self) -> Result<bool, String> {
        match self.next() {
            Some(at) => self.host().set(at),
            None if self.tree.next_deadline().is_some() => return Ok(false),
            None if self.host().take_wake() => {}
            None => return Err(self.stuck()),
        }
        Ok(true)
    }

    fn runs_in_circles(&self) -> String {
        alloc::format!("{TURNS_MAX} turns without time passing\n{}", self.root().report())
    }

    /// Everything that can happen without time passing.
    ///
    /// # Panics
    /// When entered from within, naming who runs, and when it does not come to an end.
    pub fn settle(&self) {
        for _ in 0..TURNS_MAX {
            if self.may_pass(self.tree.turn(self.host().time(), Deadlines::Count)) {
                return;
            }
        }
        panic!("{}", self.runs_in_circles());
    }

    /// Lets that much time pass, and all that happens in it.
    ///
    /// # Panics
    /// As [`settle`](Sim::settle).
    pub fn advance(&self, duration: Duration) {
        let end = self.host().time() + duration;
        self.settle();
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.host().set(at);
            self.settle();
        }
        self.host().set(end);
        self.settle();
    }

    fn stuck(&self) -> String {
        let lines = self.tree.core().stuck();
        let elapsed = crate::time::Readable(nanos_of(self.elapsed()));
        let (count, them) =
            (lines.len(), if lines.len() == 1 { "request waits, nothing can wake it" } else { "requests wait, nothing can wake them" });
        let mut text = alloc::format!("deadlock after {elapsed} of simulated time: {count} {them}");
        for line in lines {
            text.push_str("\n  ");
            text.push_str(&line);
        }
        text
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}
