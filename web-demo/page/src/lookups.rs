//! [`Lookups`]: one a second, and those that somebody types.

use alloc::rc::Rc;
use core::cell::Cell;

use hamadryad_demo::{Mnemonic, NotAName, Question, ResolveError, Resolver, Text, Upstream};
use hamadryad_wasm::AnyNode;
use hamadryad_wasm::prelude::*;

use crate::Front;
use crate::records::records;
use crate::rows::millis_of;
use crate::way::{Peer, Way};

/// Asked in turn: an address, another one, an alias, more text than fits, one that takes too long, and one that is not there.
const NAMES: [&str; 6] =
    ["www.example.test", "mail.example.test", "alias.example.test", "txt.example.test", "slow.example.test", "nobody.example.test"];

/// More than any question takes, so that this ends only what is stuck.
const LIMIT: core::time::Duration = secs(3);

/// What lookups share. They live below a node of their own.
pub(crate) struct Lookups {
    node: AnyNode,
    resolver: Resolver<Way>,
    front: Rc<Front>,
    /// How many there have been: names each.
    asked: Cell<u32>,
    /// Which of [`NAMES`] comes next.
    next: Cell<usize>,
    /// The daemon is gone: the clock asks nothing.
    paused: Cell<bool>,
}

impl Lookups {
    /// Begins: the first lookup at once, then one a second.
    pub(crate) fn start(owner: AnyNode, resolver: Resolver<Way>, front: Rc<Front>) -> Rc<Lookups> {
        let node = *owner.insert(()).named("lookups");
        let lookups = Lookups { node, resolver, front, asked: Cell::new(0), next: Cell::new(0), paused: Cell::new(false) };
        let lookups = Rc::new(lookups);
        lookups.next();
        let clock = lookups.clone();
        node.every(secs(1), move || clock.next()).named("every second");
        lookups
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.node.is_alive()
    }

    /// Whom they ask.
    pub(crate) fn upstreams(&self) -> &[Upstream<Peer>] {
        self.resolver.upstreams()
    }

    /// While there is no daemon, only what is typed is asked.
    pub(crate) fn pause_for_daemon(&self, paused: bool) {
        self.paused.set(paused);
    }

    /// The clock's lookup.
    fn next(&self) {
        let at = self.next.get();
        self.next.set((at + 1) % NAMES.len());
        if !self.paused.get() {
            let _names_of_ours_are_legal = self.look_up(NAMES[at], false);
        }
    }

    /// Begins a lookup of the addresses of `name`: a request below the node of all, which tells the page how it went.
    ///
    /// # Errors
    ///
    /// When that is no name.
    pub(crate) fn look_up(&self, name: &str, by_hand: bool) -> Result<(), NotAName> {
        let question = Question::address_of(name)?;
        let told = Told::begin(self, &question, by_hand);
        let (lookups, resolver) = (self.node, self.resolver.clone());
        lookups
            .spawn("lookup", async move |me| {
                let began = me.now();
                let resolved = resolver.resolve(me, &question).await;
                told.end(millis_of(me.now() - began), resolved);
            })
            .timeout(LIMIT)
            .label(name)
            .detach();
        Ok(())
    }
}

/// Makes sure that the page hears of the end of what it heard begin.
struct Told {
    front: Rc<Front>,
    id: u32,
    is_over: bool,
}

impl Told {
    fn begin(lookups: &Lookups, question: &Question, by_hand: bool) -> Told {
        let id = lookups.asked.get();
        lookups.asked.set(id.wrapping_add(1));
        lookups.front.asked(id, &question.text(), by_hand);
        Told { front: lookups.front.clone(), id, is_over: false }
    }

    fn end(mut self, ms: u32, resolved: Result<hamadryad_demo::Answer, ResolveError>) {
        self.is_over = true;
        match resolved {
            Ok(answer) => {
                let rcode = Mnemonic(answer.rcode()).text();
                self.front.answered(self.id, &rcode, ms, &records(&answer), &answer.way());
            }
            Err(error) => self.front.answered(self.id, "SERVFAIL", ms, "", &error.text()),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if !self.is_over {
            self.front.abandoned(self.id);
        }
    }
}
