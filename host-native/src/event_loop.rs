//! [`Loop`]: a tree, driven by epoll.

use crate::host::EpollHost;
use crate::lateness::Lateness;
use crate::poller::Poller;
use crate::run_error::RunError;
use crate::sys::clock;
use crate::sys::epoll::{EVENTS_MAX, Event, Timeout};
use hamadryad::{AnyNode, Attended, DriveError, Failure, Instant, Tree, Turn};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

/// How many turns may follow each other before input is taken in (law 20).
const TURNS_MAX: usize = 64;
/// How long turns may follow each other before input is taken in.
const SLICE: Duration = Duration::from_micros(200);

/// A tree and its [`EpollHost`], for tests and for life inside another loop; the counterpart of the simulator's `Sim`. A daemon calls
/// [`run`](crate::run()), which makes one.
///
/// Dropping it drops the tree: everything ends.
///
/// ```
/// use hamadryad_native::{Loop, prelude::*};
/// let main_loop = Loop::new()?;
/// let root = main_loop.root();
/// main_loop.block_on(async { root.sleep(millis(1)).await })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// Inside another loop: have [`as_fd`](AsFd::as_fd) watched for reading, and whenever it is readable call [`turn(Wait::No)`](Loop::turn).
/// The descriptor carries everything: input, wake-ups from other threads, signals, and the tree's timers.
pub struct Loop {
    tree: Tree,
    poller: Rc<Poller>,
    /// The last turn left something to do.
    pending: Cell<bool>,
    lateness: Lateness,
    failure: RefCell<Option<Failure>>,
}

/// How long a turn of a [`Loop`] may wait for something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not at all.
    No,
    /// Until this time of the host's clock ([`AnyNode::now`]).
    Until(Instant),
    /// Until there is something.
    Forever,
}

impl Loop {
    /// A tree with nothing but its root.
    ///
    /// # Errors
    /// When the kernel refuses a file descriptor (`EMFILE`, `ENFILE`, `ENOMEM`) or random bytes.
    pub fn new() -> io::Result<Loop> {
        let poller = Poller::new()?;
        let tree = Tree::new(EpollHost(poller.clone()));
        Ok(Loop { tree, poller, pending: Cell::new(false), lateness: Lateness::new(), failure: RefCell::new(None) })
    }

    /// The root of the tree; a stale handle once it was freed.
    pub fn root(&self) -> AnyNode {
        self.tree.root()
    }

    /// The tree itself, to find nodes by id or ask who runs.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Makes `future` a request under the root and runs the loop until it is done.
    ///
    /// # Panics
    /// When the root ends first: with the failure that nobody contained, or the place where it was freed. When it is called from code of
    /// this tree (a callback, a request, a drop): naming who runs. When epoll fails. [`turn`](Loop::turn) returns errors instead.
    ///
    /// ```
    /// use hamadryad_native::{Loop, prelude::*};
    /// let main_loop = Loop::new()?;
    /// let request = main_loop.root().spawn("sum", async |_| Ok::<_, Ended>(1 + 1));
    /// assert_eq!(main_loop.block_on(request)?, 2);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let outcome = self.tree.drive("block_on", future, |node| self.drive(node));
        self.set_outer_timer();
        match outcome {
            Ok(output) => output,
            Err(DriveError::Nested { running }) => panic!("block_on was called from within the loop: {running} runs"),
            Err(DriveError::RootGone { failure: Some(failure), .. }) => panic!("the root ended before block_on: {failure}"),
            Err(DriveError::RootGone { freed_at: Some(place), .. }) => panic!("the root ended before block_on: freed at {place}"),
            Err(DriveError::RootGone { .. }) => panic!("the root ended before block_on"),
            Err(DriveError::Ended(ended)) => panic!("block_on was ended: {ended}"),
            Err(DriveError::Step(error)) => panic!("the loop failed in block_on: {error}"),
            Err(other) => panic!("block_on ended without a result: {other:?}"),
        }
    }

    /// Runs the loop until the root is gone.
    ///
    /// # Errors
    /// [`RunError::Failed`]: the failure that nobody contained, and that therefore shut the root down. [`RunError::Host`]: it was called
    /// from code of this tree ([`ResourceBusy`](io::ErrorKind::ResourceBusy), naming who runs), or epoll failed.
    pub fn run(&self) -> Result<(), RunError> {
        self.refuse_nesting().map_err(RunError::Host)?;
        self.drive(self.tree.root()).map_err(RunError::Host)?;
        self.keep_failure();
        self.failure.take().map_or(Ok(()), |failure| Err(RunError::Failed(failure)))
    }

    /// Waits as long as `wait` allows for something to do, then does it: takes in what is ready (up to 256 events) and runs turns until
    /// nothing is pending, 64 were run, or 200 µs are over.
    ///
    /// It tells how many pieces of code ran, which is 0 when the time was up, and whether something is pending again; the next call then
    /// does not wait.
    ///
    /// # Errors
    /// [`ResourceBusy`](io::ErrorKind::ResourceBusy): called from code of this tree; the message names who runs.
    /// [`NotFound`](io::ErrorKind::NotFound): the root is gone; the message names the failure that nobody contained, or where it was freed.
    /// Anything else: epoll failed.
    ///
    /// ```
    /// use hamadryad_native::{Loop, Wait, prelude::*};
    /// let main_loop = Loop::new()?;
    /// main_loop.root().after(millis(1), || println!("one millisecond later"));
    /// assert_eq!(main_loop.turn(Wait::Forever)?.ran, 1);
    /// assert_eq!(main_loop.turn(Wait::No)?.ran, 0);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn turn(&self, wait: Wait) -> io::Result<Turn> {
        self.refuse_nesting()?;
        if !self.tree.root().is_alive() {
            return Err(self.root_gone());
        }
        let turn = self.round(wait)?;
        self.set_outer_timer();
        Ok(turn)
    }

    /// When the next [`turn`](Loop::turn) is due if nothing comes in: in the past when something is pending, `None` when nothing is
    /// planned.
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.must_not_wait() { Some(Instant::from_nanos(0)) } else { earlier(self.tree.next_deadline(), self.poller.hint()) }
    }

    fn must_not_wait(&self) -> bool {
        self.pending.get() || self.lateness.is_holding()
    }

    fn set_outer_timer(&self) {
        if self.poller.is_inside_another_loop() {
            self.poller.set_outer_timer(self.next_deadline());
        }
    }

    /// Rounds of a loop that drives itself, until `node` is gone.
    fn drive(&self, node: AnyNode) -> io::Result<()> {
        while node.is_alive() {
            match self.short_rounds(&self.tree, &self.poller, node) {
                // While a loop is late it is not calm: what was brought here was brought in time.
                Some((events, now)) => self.finish_round(events, now, false)?,
                None if node.is_alive() => self.round(Wait::Forever)?,
                None => break,
            };
            self.poller.silence_outer_timer();
        }
        Ok(())
    }

    /// One wait, one intake, one slice of turns.
    fn round(&self, wait: Wait) -> io::Result<Turn> {
        self.poller.take_error()?;
        let (timeout, events) = self.wait(wait)?;
        let now = clock::monotonic();
        if let [event] = events
            && self.poller.is_calm()
            && let Some(turn) = self.tree.attend().turn_for(event.get().token(), event.get().ready(), now)
        {
            if turn.pending {
                self.keep_pending();
            }
            return Ok(turn);
        }
        let all_is_in = timeout == Timeout::Zero && events.is_empty() && !self.pending.get();
        self.finish_round(events, now, all_is_in)
    }

    fn wait(&self, wait: Wait) -> io::Result<(Timeout, &[Cell<Event>])> {
        loop {
            let timeout = self.timeout(wait);
            match self.poller.all(self.poller.wait(timeout)) {
                Ok(events) => return Ok((timeout, events)),
                // If the signal is one that we handle, the wake-up is ready by now.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.keep_pending();
                    return Err(error);
                }
            }
        }
    }

    /// Rounds of which each brings the news of one source, as most do, when there is nothing else to do; until `node` is gone. Gives what
    /// was brought that is more than that.
    ///
    /// What is the same in each round is in the arguments.
    #[inline(never)]
    fn short_rounds<'p>(&self, tree: &Tree, poller: &'p Rc<Poller>, node: AnyNode) -> Option<(&'p [Cell<Event>], Instant)> {
        let attended = tree.attend();
        while poller.is_calm() && node.is_alive() {
            let filled = match tree.next_deadline() {
                None => poller.wait(Timeout::Forever),
                Some(at) => poller.wait(until(at)),
            };
            let Some(event) = poller.only(filled) else {
                return poller.all(filled).ok().map(|events| (events, clock::monotonic()));
            };
            let now = clock::monotonic();
            match attended.turn_for(event.token(), event.ready(), now) {
                Some(turn) if turn.pending => self.keep_pending(),
                Some(_) => {}
                None => return poller.all(filled).ok().map(|events| (events, now)),
            }
        }
        None
    }

    /// Takes in what was brought, and runs turns from `now` on.
    fn finish_round(&self, events: &[Cell<Event>], now: Instant, all_is_in: bool) -> io::Result<Turn> {
        // Taking in changes no deadline.
        let next = self.tree.next_deadline();
        let attended = self.tree.attend();
        // Should that fail half-way, what is marked already is not forgotten.
        self.poller.mark(&self.tree, events).inspect_err(|_| self.keep_pending())?;
        let turn = self.turns(&attended, now, next, all_is_in);
        drop(attended);
        // As many as one wait can bring: there may be more.
        let pending = turn.pending || events.len() == EVENTS_MAX;
        self.pending.set(pending);
        self.poller.look_for_calm(pending || self.lateness.is_holding());
        Ok(turn)
    }

    #[cold]
    fn keep_pending(&self) {
        self.pending.set(true);
        self.poller.end_calm();
    }

    fn timeout(&self, wait: Wait) -> Timeout {
        let limit = match wait {
            Wait::No => return Timeout::Zero,
            _ if self.must_not_wait() => return Timeout::Zero,
            Wait::Until(at) => Some(at),
            Wait::Forever => None,
        };
        match earlier(earlier(self.tree.next_deadline(), self.poller.hint()), limit) {
            None => Timeout::Forever,
            Some(at) => until(at),
        }
    }

    /// Turns, the first at `start`, until nothing is pending or the slice is over; `next` is the earliest deadline before them.
    fn turns(&self, attended: &Attended<'_>, start: Instant, next: Option<Instant>, all_is_in: bool) -> Turn {
        let turn = self.tree.turn(start, self.lateness.judge(start, next, all_is_in));
        if turn.pending { self.more_turns(attended, start, turn) } else { turn }
    }

    #[inline(never)]
    fn more_turns(&self, attended: &Attended<'_>, start: Instant, first: Turn) -> Turn {
        let end = start + SLICE;
        let mut ran = first.ran;
        for _ in 1..TURNS_MAX {
            let now = clock::monotonic();
            if now >= end {
                break;
            }
            // Where nothing is due, no loop is late.
            let turn = attended.turn_for_woken(now).unwrap_or_else(|| self.whole_turn(now));
            ran += turn.ran;
            if !turn.pending {
                return Turn { ran, pending: false };
            }
        }
        Turn { ran, pending: true }
    }

    #[inline(never)]
    fn whole_turn(&self, now: Instant) -> Turn {
        self.tree.turn(now, self.lateness.judge(now, self.tree.next_deadline(), false))
    }

    fn refuse_nesting(&self) -> io::Result<()> {
        if !self.tree.is_entered() {
            return Ok(());
        }
        let running = self.tree.running().map_or_else(|| "code of its tree".into(), AnyNode::path);
        Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("the loop was entered from within: {running} runs")))
    }

    fn root_gone(&self) -> io::Error {
        self.keep_failure();
        let reason = match (&*self.failure.borrow(), self.tree.root_freed_at()) {
            (Some(failure), _) => format!("the root has ended: {failure}"),
            (None, Some(place)) => format!("the root was freed at {place}"),
            (None, None) => "the root has ended".into(),
        };
        io::Error::new(io::ErrorKind::NotFound, reason)
    }

    /// `turn` tells of the failure as often as it is called; `run` hands it out.
    fn keep_failure(&self) {
        if let Some(failure) = self.tree.take_failure() {
            self.failure.replace(Some(failure));
        }
    }
}

impl AsFd for Loop {
    /// A descriptor that is readable when [`turn(Wait::No)`](Loop::turn) has something to do, timers included: for watching it in another
    /// loop. It stays the same as long as the [`Loop`].
    ///
    /// From the first call on, each turn and each earlier deadline costs one more system call where the earliest deadline changed: a
    /// timerfd carries it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.carry_deadline(self.next_deadline());
        self.poller.as_fd()
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").field("pending", &self.pending.get()).finish_non_exhaustive()
    }
}

#[inline(never)]
fn until(at: Instant) -> Timeout {
    match at - clock::monotonic() {
        Duration::ZERO => Timeout::Zero,
        length => Timeout::For(length),
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
