use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use super::link::Settings;
use super::listener::Backlog;
use super::port::Port;
use super::random::Random;
use super::stream::Stream;
use super::{Address, fault::Fault};
use crate::{AnyNode, Node};

/// Where the ports of those who connect begin (RFC 6335, section 6: the dynamic ports).
const DYNAMIC_PORT_MIN: u16 = 49_152;

/// Datagrams under way in the whole network; further ones are dropped, as by a router whose queue is full.
const DATAGRAMS_UNDER_WAY_MAX: usize = 65_536;

/// What all handles of one network share: who is where, and what the links do.
///
/// It holds handles of nodes and is held by their values; nothing here is borrowed while a node is made or freed.
pub(super) struct Wire {
    root: AnyNode,
    state: RefCell<State>,
}

struct State {
    random: Random,
    every: Settings,
    /// By hosts: from, to.
    links: BTreeMap<(Address, Address), Settings>,
    /// Pairs of hosts, in both orders.
    cuts: BTreeSet<(Address, Address)>,
    refusing: BTreeSet<Address>,
    unreachable: BTreeSet<Address>,
    ports: BTreeMap<Address, Node<Port>>,
    listeners: BTreeMap<Address, Node<Backlog>>,
    /// What a cut keeps from going on.
    stalled: Vec<Node<Stream>>,
    /// How far the search for a free port has come.
    last_port: u16,
    datagrams_under_way: usize,
}

impl Wire {
    pub(super) fn new(root: AnyNode, seed: u64) -> Wire {
        let state = State {
            random: Random::seeded(seed),
            every: Settings::default(),
            links: BTreeMap::new(),
            cuts: BTreeSet::new(),
            refusing: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            ports: BTreeMap::new(),
            listeners: BTreeMap::new(),
            stalled: Vec::new(),
            last_port: u16::MAX,
            datagrams_under_way: 0,
        };
        Wire { root, state: RefCell::new(state) }
    }

    pub(super) fn root(&self) -> AnyNode {
        self.root
    }

    // ---- what links do

    pub(super) fn change_every(&self, change: impl Fn(&mut Settings)) {
        change(&mut self.state.borrow_mut().every);
    }

    pub(super) fn change_link(&self, from: Address, to: Address, change: impl Fn(&mut Settings)) {
        change(self.state.borrow_mut().links.entry(hosts(from, to)).or_default());
    }

    /// How long a message sent now takes, whether in order with others or not.
    pub(super) fn delay(&self, from: Address, to: Address) -> Duration {
        let mut state = self.state.borrow_mut();
        let settings = state.settings(from, to);
        let mut delay = settings.latency();
        let jitter_ns = u64::try_from(settings.jitter().as_nanos()).unwrap_or(u64::MAX);
        if jitter_ns > 0 {
            delay = delay.saturating_add(Duration::from_nanos(state.random.up_to(jitter_ns)));
        }
        let (share, longer) = settings.reorder();
        if state.random.happens(share) {
            delay = delay.saturating_add(longer);
        }
        delay
    }

    /// How long one way takes at least: a sender's idea of when to try again.
    pub(super) fn latency(&self, from: Address, to: Address) -> Duration {
        self.state.borrow().settings(from, to).latency()
    }

    /// Whether this message is one of those that are lost.
    pub(super) fn loses(&self, from: Address, to: Address) -> bool {
        let mut state = self.state.borrow_mut();
        let share = state.settings(from, to).loss();
        state.random.happens(share)
    }

    pub(super) fn limit(&self, from: Address, to: Address) -> usize {
        self.state.borrow().settings(from, to).limit()
    }

    // ---- partitions

    pub(super) fn cut(&self, one: Address, other: Address) {
        let cuts = &mut self.state.borrow_mut().cuts;
        cuts.insert(hosts(one, other));
        cuts.insert(hosts(other, one));
    }

    pub(super) fn is_cut(&self, from: Address, to: Address) -> bool {
        self.state.borrow().cuts.contains(&hosts(from, to))
    }

    /// Gives back what waited.
    pub(super) fn heal(&self) -> Vec<Node<Stream>> {
        let mut state = self.state.borrow_mut();
        state.cuts.clear();
        core::mem::take(&mut state.stalled)
    }

    pub(super) fn stall(&self, stream: Node<Stream>) {
        let stalled = &mut self.state.borrow_mut().stalled;
        // Those freed meanwhile go here, so the list is no longer than there are streams.
        stalled.retain(|waiting| waiting.is_alive());
        stalled.push(stream);
    }

    // ---- refusal

    pub(super) fn refuse(&self, address: Address) {
        self.state.borrow_mut().refusing.insert(address);
    }

    pub(super) fn unreachable(&self, host: Address) {
        self.state.borrow_mut().unreachable.insert(host.with_port(0));
    }

    pub(super) fn restore(&self, address: Address) {
        let mut state = self.state.borrow_mut();
        state.refusing.remove(&address);
        state.unreachable.remove(&address.with_port(0));
    }

    /// What a message to `address` meets that was set there, whoever listens.
    pub(super) fn fault(&self, address: Address) -> Option<Fault> {
        let state = self.state.borrow();
        if state.unreachable.contains(&address.with_port(0)) {
            return Some(Fault::Unreachable);
        }
        state.refusing.contains(&address).then_some(Fault::Refused)
    }

    // ---- who is where

    /// A port of `host` for one who connects; `None` when all are taken.
    pub(super) fn free_port(&self, host: Address) -> Option<Address> {
        let mut state = self.state.borrow_mut();
        for _ in DYNAMIC_PORT_MIN..=u16::MAX {
            state.last_port = if state.last_port == u16::MAX { DYNAMIC_PORT_MIN } else { state.last_port + 1 };
            let address = host.with_port(state.last_port);
            if !state.ports.contains_key(&address) {
                return Some(address);
            }
        }
        None
    }

    pub(super) fn port(&self, address: Address) -> Option<Node<Port>> {
        self.state.borrow().ports.get(&address).copied()
    }

    pub(super) fn add_port(&self, address: Address, port: Node<Port>) {
        self.state.borrow_mut().ports.insert(address, port);
    }

    pub(super) fn remove_port(&self, address: Address) {
        self.state.borrow_mut().ports.remove(&address);
    }

    pub(super) fn listener(&self, address: Address) -> Option<Node<Backlog>> {
        self.state.borrow().listeners.get(&address).copied()
    }

    pub(super) fn add_listener(&self, address: Address, listener: Node<Backlog>) {
        self.state.borrow_mut().listeners.insert(address, listener);
    }

    pub(super) fn remove_listener(&self, address: Address) {
        self.state.borrow_mut().listeners.remove(&address);
    }

    // ---- how much is under way

    /// Counts a datagram that departs; false when too many are under way.
    pub(super) fn depart(&self) -> bool {
        let under_way = &mut self.state.borrow_mut().datagrams_under_way;
        let has_room = *under_way < DATAGRAMS_UNDER_WAY_MAX;
        *under_way += usize::from(has_room);
        has_room
    }

    /// Counts one that arrived, or was dropped on its way.
    pub(super) fn arrive(&self) {
        self.state.borrow_mut().datagrams_under_way -= 1;
    }
}

impl State {
    fn settings(&self, from: Address, to: Address) -> Settings {
        self.links.get(&hosts(from, to)).copied().unwrap_or_default().or(self.every)
    }
}

/// The key of a link: it goes by the names alone.
fn hosts(from: Address, to: Address) -> (Address, Address) {
    (from.with_port(0), to.with_port(0))
}
