//! [`Poller`]: everything of a loop that belongs to the operating system.

use crate::signals::listeners::Listener;
use crate::signals::registry;
use crate::sys::epoll::{Epoll, Event, Events, Filled, Timeout};
use crate::sys::random::Random;
use crate::sys::timer_fd::TimerFd;
use crate::wake_fd::WakeFd;
use crate::watches::{WatchKey, Watches};
use hamadryad::{Instant, Ready, Token, Tree};
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

/// The eventfd's key: no source's token, whose indices are small.
const WAKE: u64 = u64::MAX;
/// The timerfd's key.
const TIMER: u64 = u64::MAX - 1;
/// The largest datagram of UDP over IPv4: 65,535 bytes less both headers.
pub(crate) const DATAGRAM_MAX: usize = 65_507;

/// An epoll instance with its wake-up, and for life inside another loop its timer. Shared by the loop, its host and the sources of its
/// tree.
pub(crate) struct Poller {
    epoll: Epoll,
    wake: Arc<WakeFd>,
    pub(crate) random: Random,
    watches: RefCell<Watches>,
    events: Box<Events>,
    /// Nobody but the kernel has anything to say: no hint, nothing pending, no failure, no other loop.
    calm: Cell<bool>,
    /// When the tree wants a turn, as it said since the last one.
    hint: Cell<Option<Instant>>,
    /// How the signal handlers of this process see this tree, once it asked for signals.
    listener: Cell<Option<&'static Listener>>,
    signalled: RefCell<Vec<Token>>,
    outer: OnceCell<OuterTimer>,
    /// What failed where no error could be returned: the next turn returns it.
    failed: Cell<Option<io::Error>>,
    /// Where datagrams arrive whose length nobody knows.
    datagram: OnceCell<Box<RefCell<[u8; DATAGRAM_MAX]>>>,
}

/// The deadline as a descriptor: for a loop that lives inside another one.
struct OuterTimer {
    timer: TimerFd,
    /// What it is set to.
    at: Cell<Option<Instant>>,
    /// It has told: it will again and again, until it is set anew.
    has_told: Cell<bool>,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Rc<Poller>> {
        let epoll = Epoll::new()?;
        let wake = WakeFd::new()?;
        epoll.add_edge(wake.as_raw_fd(), WAKE)?;
        Ok(Rc::new(Poller {
            epoll,
            wake,
            random: Random::open()?,
            watches: RefCell::new(Watches::new()),
            events: Events::new(),
            calm: Cell::new(true),
            hint: Cell::new(None),
            listener: Cell::new(None),
            signalled: RefCell::new(Vec::new()),
            outer: OnceCell::new(),
            failed: Cell::new(None),
            datagram: OnceCell::new(),
        }))
    }

    /// Waits for at most `timeout`; what that brings is asked with [`only`](Poller::only) and [`all`](Poller::all).
    #[inline(always)]
    pub(crate) fn wait(&self, timeout: Timeout) -> Filled {
        self.epoll.wait(&self.events, timeout)
    }

    /// What the last wait has brought, if it is one event.
    #[inline(always)]
    pub(crate) fn only(&self, filled: Filled) -> Option<Event> {
        filled.only(&self.events)
    }

    /// What the last wait has brought.
    ///
    /// # Errors
    /// [`Interrupted`](io::ErrorKind::Interrupted): a signal came before anything was ready.
    pub(crate) fn all(&self, filled: Filled) -> io::Result<&[Cell<Event>]> {
        filled.all(&self.events)
    }

    /// Tells the tree what is ready. This runs no code of the user's.
    pub(crate) fn mark(&self, tree: &Tree, events: &[Cell<Event>]) -> io::Result<()> {
        for event in events.iter().map(Cell::get) {
            match event.key() {
                key @ (WAKE | TIMER) => self.hear(tree, key),
                key => self.mark_source(tree, Token::from_bits(key), event.ready())?,
            }
        }
        Ok(())
    }

    fn mark_source(&self, tree: &Tree, token: Token, ready: Ready) -> io::Result<()> {
        let unwanted = tree.mark_ready(token, ready);
        if unwanted.is_empty() { Ok(()) } else { self.disarm(token, unwanted) }
    }

    #[cold]
    fn disarm(&self, token: Token, unwanted: Ready) -> io::Result<()> {
        self.watches.borrow_mut().disarm(&self.epoll, token, unwanted)
    }

    /// One of the loop's own descriptors is ready.
    #[cold]
    fn hear(&self, tree: &Tree, key: u64) {
        match key {
            WAKE => self.look(tree),
            _ => self.outer.get().into_iter().for_each(|outer| outer.has_told.set(true)),
        }
    }

    /// Somebody woke the loop: another thread, or a signal.
    fn look(&self, tree: &Tree) {
        self.wake.look();
        let Some(listener) = self.listener.get().filter(|listener| listener.take_notice()) else { return };
        let mut signalled = self.signalled.borrow_mut();
        registry::collect(listener, &mut signalled);
        for token in signalled.drain(..) {
            tree.mark_ready(token, Ready::READABLE);
        }
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.wake.clone())
    }

    pub(crate) fn wake_fd(&self) -> RawFd {
        self.wake.as_raw_fd()
    }

    pub(crate) fn listener(&self) -> Option<&'static Listener> {
        self.listener.get()
    }

    pub(crate) fn set_listener(&self, listener: Option<&'static Listener>) {
        self.listener.set(listener);
    }

    /// A place for the largest datagram; made when it is first asked for.
    pub(crate) fn datagram(&self) -> &RefCell<[u8; DATAGRAM_MAX]> {
        self.datagram.get_or_init(|| Box::new(RefCell::new([0; DATAGRAM_MAX])))
    }

    /// The tree wants a turn no later than `at`.
    pub(crate) fn schedule(&self, at: Option<Instant>) {
        self.hint.set(at);
        self.end_calm();
        if let (Some(at), Some(outer)) = (at, self.outer.get()) {
            self.remember(outer.be_no_later_than(at));
        }
    }

    pub(crate) fn hint(&self) -> Option<Instant> {
        self.hint.get()
    }

    /// Whether a round may look at nothing but the kernel's events.
    #[inline(always)]
    pub(crate) fn is_calm(&self) -> bool {
        self.calm.get()
    }

    pub(crate) fn end_calm(&self) {
        self.calm.set(false);
    }

    /// A round is over, and what was wanted before it is done; `busy`: the next one has something to do in any case.
    pub(crate) fn look_for_calm(&self, busy: bool) {
        self.hint.set(None);
        let failed = self.failed.take();
        self.calm.set(!busy && failed.is_none() && self.outer.get().is_none());
        self.failed.set(failed);
    }

    /// Makes the epoll descriptor carry the deadline too, from now on.
    pub(crate) fn carry_deadline(&self, at: Option<Instant>) {
        if self.outer.get().is_none() {
            self.end_calm();
            match self.new_outer_timer() {
                Ok(outer) => drop(self.outer.set(outer)),
                Err(error) => self.failed.set(Some(error)),
            }
        }
        self.set_outer_timer(at);
    }

    fn new_outer_timer(&self) -> io::Result<OuterTimer> {
        let timer = TimerFd::new()?;
        self.epoll.add(timer.as_fd().as_raw_fd(), Ready::READABLE, TIMER)?;
        Ok(OuterTimer { timer, at: Cell::new(None), has_told: Cell::new(false) })
    }

    /// Whether the descriptor has to carry the deadline.
    pub(crate) fn is_inside_another_loop(&self) -> bool {
        self.outer.get().is_some()
    }

    /// The loop inside another one is left: its descriptor will be readable from `at` on. Nothing, if there is no other loop.
    pub(crate) fn set_outer_timer(&self, at: Option<Instant>) {
        if let Some(outer) = self.outer.get() {
            self.remember(outer.set(at));
        }
    }

    /// The loop drives itself: a timer that has told would do so in every wait.
    pub(crate) fn silence_outer_timer(&self) {
        if let Some(outer) = self.outer.get().filter(|outer| outer.has_told.get()) {
            self.remember(outer.set(None));
        }
    }

    /// What failed where no error could be returned.
    pub(crate) fn take_error(&self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn remember(&self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.set(Some(error));
            self.end_calm();
        }
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl OuterTimer {
    fn set(&self, at: Option<Instant>) -> io::Result<()> {
        if self.at.get() == at && !self.has_told.get() {
            return Ok(());
        }
        self.timer.set(at)?;
        self.has_told.set(false);
        self.at.set(at);
        Ok(())
    }

    fn be_no_later_than(&self, at: Instant) -> io::Result<()> {
        if self.at.get().is_some_and(|set| set <= at) { Ok(()) } else { self.set(Some(at)) }
    }
}

/// A descriptor's place in its poller; taken out when it is dropped.
pub(crate) struct Watch {
    poller: Rc<Poller>,
    key: WatchKey,
}

impl Watch {
    pub(crate) fn new(poller: Rc<Poller>, token: Token, fd: BorrowedFd<'_>, interest: Ready) -> io::Result<Watch> {
        let key = poller.watches.borrow_mut().add(&poller.epoll, token, fd.as_raw_fd(), interest)?;
        Ok(Watch { poller, key })
    }

    /// See [`Watches::arm`].
    pub(crate) fn arm(&self, interest: Ready, wanted: impl FnOnce() -> Ready) -> io::Result<()> {
        self.poller.watches.borrow_mut().arm(&self.poller.epoll, self.key, interest, wanted)
    }

    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.poller.watches.borrow_mut().remove(&self.poller.epoll, self.key);
    }
}
