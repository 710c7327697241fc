//! The turn: what runs, in which order, and what of it only in the next one (laws 19 to 22).
//!
//! ```text
//!   signals → posts → immediates → due timers → I/O → woken requests (→ late ones) → deadlines (→ late ones) → foreign wakers
//! ```
//!
//! Of each class only what was pending when the class began. A request woken by the end of one that it awaits, once the woken requests
//! have begun, is *late*: it runs at the end of that class or after the last deadline, if it has not run in this turn; so an answer
//! climbs to the top in one turn.

use crate::arena::{Place, Queue, SlotRef, State, TimerRef, value};
use crate::catch::catch;
use crate::ended::add_all;
use crate::free::End;
use crate::host::{Deadlines, Turn};
use crate::node::AnyNode;
use crate::pending::Queued;
use crate::ready::Ready;
use crate::source::SourceClass;
use crate::time::Instant;
use crate::tree::{Tree, TreeCore};
use alloc::string::String;
use core::fmt;

/// How far a turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Outside,
    /// No turn runs, but the host attends to the tree.
    Attended,
    Early,
    Woken,
    Deadlines,
}

/// What was due when the class of the deadlines began: at that time, and put in before an entry with that serial number.
#[derive(Clone, Copy)]
pub(crate) struct Overdue {
    pub(crate) now: Instant,
    pub(crate) later: u64,
}

impl Tree {
    /// One turn at the time `now`: durations given to `after`, `sleep`, `timeout` in it count from there. The core never waits.
    ///
    /// # Panics
    /// During another turn of this tree, and when code of it is on the stack, naming whose it is; nothing has run then.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn turn(&self, now: Instant, deadlines: Deadlines) -> Turn {
        if self.is_entered() {
            panic!("the loop was entered from within: {} runs", WhoseCode(self.core()));
        }
        self.core().turn(now, deadlines)
    }

    /// When the next timer, sleep or deadline is due; `None` when there is none. What is pending now is not in it.
    #[inline]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.core().next_deadline()
    }

    /// The path of the node whose code runs, or the root's name where that is none of a living one, and these behind it: for hosts, which
    /// need no code of their own for texts then.
    #[doc(hidden)]
    pub fn running_path_and(&self, parts: &[&str]) -> String {
        let running = self.running().filter(|node| node.is_alive());
        let mut text = running.map_or_else(|| String::from("root"), AnyNode::path);
        add_all(parts, &mut text);
        text
    }
}

/// Ends the turn even if something of the host panics: the phase is again what it was before.
struct InTurn<'c>(&'c TreeCore, Phase);

impl Drop for InTurn<'_> {
    fn drop(&mut self) {
        self.0.phase.set(self.1);
    }
}

/// Whose code is on the stack, for messages: made into text only by who reads it.
pub(crate) struct WhoseCode<'c>(pub(crate) &'c TreeCore);

impl fmt::Display for WhoseCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.running().filter(|node| node.is_alive()) {
            Some(node) if node.parent().is_some() => f.write_str(&node.path()),
            Some(_) => f.write_str("root"),
            None => match self.0.loans.innermost() {
                Some((slot, place)) => write!(f, "\"{}\", lent at {place},", slot.name()),
                None => f.write_str("code of no living node"),
            },
        }
    }
}

impl TreeCore {
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn turn(&self, now: Instant, deadlines: Deadlines) -> Turn {
        let before = self.phase.get();
        self.shared.disarm();
        self.begin_turn(now.max(self.time.get()));
        self.shared.look();
        self.ran.set(0);
        let in_turn = InTurn(self, before);
        if self.has_early() {
            self.run_early();
        }
        self.run_woken();
        self.after_woken(deadlines);
        drop(in_turn);
        // Where a turn follows anyway, nobody has to wake the host for it.
        let pending = self.is_pending() || self.shared.arm();
        if before == Phase::Outside {
            self.schedule(if pending { Some(self.time.get()) } else { self.next_deadline() });
        }
        Turn { ran: self.ran.get(), pending }
    }

    /// What comes in a turn after the woken requests.
    #[inline(always)]
    pub(crate) fn after_woken(&self, deadlines: Deadlines) {
        self.phase.set(Phase::Deadlines);
        if deadlines == Deadlines::Count {
            self.end_overdue();
        }
        self.drive_shutdowns(deadlines);
        if self.pending.has_last() {
            self.run_last();
        }
    }

    /// Whether there is something for the classes before the woken requests, or may be.
    #[inline(always)]
    fn has_early(&self) -> bool {
        self.pending.has_early() || self.shared.has_posts() || self.timers.may_be_due(self.time.get())
    }

    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn run_early(&self) {
        self.serve_sources(SourceClass::Signal);
        self.run_posts();
        self.run_immediates();
        self.fire_timers();
        self.serve_sources(SourceClass::Io);
    }

    /// What follows after the deadlines.
    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn run_last(&self) {
        if self.pending.has(Queued::Late) {
            self.run_late();
        }
        self.wake_foreign();
        if self.pending.has(Queued::Failures) {
            self.deliver_failures();
        }
    }

    #[inline(always)]
    pub(crate) fn is_pending(&self) -> bool {
        self.is_queued() || self.timers.earliest() <= self.time.get()
    }

    /// Whether something is pending that is no timer.
    #[inline]
    pub(crate) fn is_queued(&self) -> bool {
        // Most often something was woken. (In a page small code counts for more.)
        let is_woken = !cfg!(target_family = "wasm") && self.pending.has(Queued::Woken) && !self.lists.is_empty(Queue::Ready);
        is_woken || (self.pending.any() && self.is_anything_left()) || self.shutdown_is_due()
    }

    /// Some of what was put into the lists may have been taken out again.
    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    fn is_anything_left(&self) -> bool {
        for queue in [Queue::Ready, Queue::Late, Queue::Soon] {
            if self.lists.is_empty(queue) {
                self.pending.remove(Queued::of(queue));
            }
        }
        self.pending.any()
    }

    #[inline]
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        // Most often nothing is planned. (In a page small code counts for more.)
        if !cfg!(target_family = "wasm") && !self.is_due(Instant(u64::MAX - 1)) && !self.pending.has(Queued::Shutdowns) {
            return None;
        }
        let earliest = self.earliest_with(self.timers.earliest());
        (earliest != Instant::MAX).then_some(earliest)
    }

    /// Whether a timer or a deadline is due at `now`, or may be.
    #[inline(always)]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.timers.may_be_due(now) || self.deadlines.may_be_due(now)
    }

    /// The earlier of a timer's time and of what else is due at some time.
    #[inline]
    pub(crate) fn earliest_with(&self, timers: Instant) -> Instant {
        let earliest = timers.min(self.deadlines.earliest());
        if self.pending.has(Queued::Shutdowns) { earliest.min(self.next_grace()) } else { earliest }
    }

    /// A piece of code has run: whoever handles failures hears of them before the next one.
    pub(crate) fn count_piece(&self) {
        self.ran.set(self.ran.get() + 1);
        if self.pending.has(Queued::Failures) {
            self.deliver_failures();
        }
    }

    #[inline(always)]
    fn run_posts(&self) {
        if self.shared.has_posts() {
            self.handle_posts();
        }
    }

    /// Runs what other threads posted; of a tree that is gone, drops it and takes no more.
    pub(crate) fn handle_posts(&self) {
        if let Some(take_posts) = self.parts.take_posts.get() {
            take_posts(self);
        }
    }

    /// The work of [`handle_posts`](TreeCore::handle_posts), where there is a `Remote`.
    #[inline(never)]
    pub(crate) fn take_posts(&self) {
        let closed = self.closed.get();
        for (target, run) in self.shared.take_posts(closed) {
            match self.find(target).filter(|_| !closed) {
                Some(node) => {
                    self.protect(node.slot, true, || run(node));
                    self.count_piece();
                }
                None => {
                    if let Err(panic) = catch(move || drop(run))
                        && !closed
                    {
                        self.lost_code_panicked(panic);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn run_immediates(&self) {
        if self.pending.has(Queued::Immediates)
            && let Some(call_immediates) = self.parts.call_immediates.get()
        {
            call_immediates(self);
        }
    }

    #[inline(never)]
    pub(crate) fn call_immediates(&self) {
        self.pending.remove(Queued::Immediates);
        self.lists.begin(Queue::Soon, Queue::SoonRunning);
        while let Some(slot) = self.lists.pop(Queue::SoonRunning) {
            self.call_once(*slot);
            self.count_piece();
        }
    }

    /// Calls a one-shot closure, whose node is ending meanwhile, and frees the node.
    pub(crate) fn call_once(&self, slot: SlotRef) {
        slot.state.set(State::Ending);
        self.call_lent(slot, || value::call(slot, Ready::NONE, slot));
        if slot.state.get() == State::Deferred {
            self.settle(slot);
            return;
        }
        slot.state.set(State::Live);
        let place: Place = slot.place.get().unwrap_or(self.place);
        self.free(slot, &End::freed(place, Some(AnyNode::of(slot))));
    }

    #[inline(always)]
    fn fire_timers(&self) {
        if self.timers.may_be_due(self.time.get()) {
            self.fire_due();
        }
    }

    #[inline(never)]
    fn fire_due(&self) {
        let now = self.time.get();
        let later = self.timers.next_serial();
        while let Some(entry) = self.timers.due(now).filter(|entry| entry.serial < later) {
            self.timers.remove(entry.item);
            match self.timer_node(entry.item.head().slot.get()) {
                Some(slot) => (slot.kind.get().fire)(self, slot, entry.at, now),
                None => self.end_sleep(entry.item),
            }
            self.count_piece();
        }
    }

    /// Keeps the phase: periods missed give one call, the next comes at the first multiple after now.
    pub(crate) fn fire_periodic(&self, slot: SlotRef, at: Instant, now: Instant) {
        let period = TimerRef::period(slot);
        let late = now.0 - at.0;
        let next = match late.checked_rem(period) {
            Some(rest) => Instant(at.0.saturating_add((late - rest).saturating_add(period))),
            None => now, // A period of 0 is once a turn: what is armed now fires in the next.
        };
        self.timers.insert(next, TimerRef::of(slot));
        self.call_lent(slot, || value::call(slot, Ready::NONE, slot));
        self.settle(slot);
    }

    #[inline(always)]
    fn end_overdue(&self) {
        if self.deadlines.may_be_due(self.time.get()) {
            self.time_out_overdue();
        }
    }

    /// Ends what was past its deadline when this began, the outermost first.
    #[inline(never)]
    fn time_out_overdue(&self) {
        let overdue = self.deadlines.overdue(self.time.get());
        while let Some((at, slot)) = self.deadlines.first(overdue) {
            let mut outermost = (slot, at);
            let mut above = slot.parent.get();
            while let Some(slot) = above {
                if let Some(wide) = slot.as_wide()
                    && let Some(at) = self.deadlines.at_if(wide, overdue)
                {
                    outermost = (wide, at);
                }
                above = slot.parent.get();
            }
            self.time_out(outermost.0, outermost.1);
            self.count_piece();
        }
    }

    /// Wakers of others are called by the loop, with nothing of the tree's on the stack.
    #[inline(always)]
    fn wake_foreign(&self) {
        if self.pending.has(Queued::ForeignWakers) {
            self.call_foreign();
        }
    }

    #[inline(never)]
    pub(crate) fn call_foreign(&self) {
        self.pending.remove(Queued::ForeignWakers);
        let mut wakers = self.foreign.take();
        for waker in wakers.drain(..) {
            if let Err(panic) = catch(move || waker.wake()) {
                self.lost_code_panicked(panic);
            }
        }
        let mut foreign = self.foreign.borrow_mut();
        if foreign.is_empty() {
            *foreign = wakers; // Its memory is used again.
        }
    }
}
