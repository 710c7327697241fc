//! [`Page`]: what JavaScript holds.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use hamadryad_demo::{Limits, Manners, Resolver, Upstream, Zone};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, Node};
use wasm_bindgen::prelude::*;

use crate::Front;
use crate::ended::free_and_tell;
use crate::link::Link;
use crate::lookups::Lookups;
use crate::simulated::{SimulatedUpstream, UPSTREAMS};
use crate::way::{Peer, Way};
use crate::{grove, hold, rows};

/// A tree, and what the page does with it.
#[wasm_bindgen]
pub struct Page {
    root: AnyNode,
    front: Rc<Front>,
    /// Where the resolver keeps its questions.
    questions: Option<AnyNode>,
    lookups: Rc<Lookups>,
    /// With a daemon.
    link: Option<Rc<Link>>,
}

#[wasm_bindgen]
impl Page {
    /// Starts a tree, whose news go to `front`. With the `token` of a daemon that serves this page its upstreams are asked, through it, and
    /// its tree is followed; without one they are simulated. A daemon that `asks_itself` has upstreams of its own, and is asked as a whole.
    #[wasm_bindgen(constructor)]
    pub fn new(front: Front, token: Option<String>, asks_itself: bool) -> Page {
        let front = Rc::new(front);
        let page = Cell::new(None);
        hamadryad_wasm::start(|root| {
            let told = front.clone();
            root.on_failure(move |failure| {
                told.failed(failure.text());
                Contain
            });
            page.set(Some(match token {
                Some(token) => Page::with_daemon(root, front, &token, asks_itself),
                None => Page::simulated(root, front),
            }));
            Ok(())
        });
        page.take().expect("the setup ran")
    }

    /// What is alive, as text: see `rows`.
    pub fn rows(&self) -> String {
        rows::rows(self.root)
    }

    /// Whether the tree still does what the page is there for: nobody ended its lookups, its questions, its upstreams or its link.
    #[wasm_bindgen(js_name = isWhole)]
    pub fn is_whole(&self) -> bool {
        let has_peers = self.upstreams().all(|upstream| upstream.is_alive());
        let has_link = self.link.as_ref().is_none_or(|link| link.is_kept());
        self.lookups.is_alive() && self.questions.is_some_and(AnyNode::is_alive) && has_peers && has_link
    }

    /// Looks a name up, now. False when it is no name, or nobody is there to ask any more.
    pub fn ask(&self, name: &str) -> bool {
        self.lookups.is_alive() && self.lookups.look_up(name, true).is_ok()
    }

    /// Frees the node with this id, and all below it. Gives what ended, one title a line, in the order in which it did; nothing when the
    /// node is gone.
    pub fn end(&self, id: &str) -> String {
        let has_id = |node: &AnyNode| {
            let mut text = String::new();
            node.id().add_to(&mut text);
            text == id
        };
        let found = if has_id(&self.root) { Some(self.root) } else { self.root.descendants().find(has_id) };
        found.map(free_and_tell).unwrap_or_default()
    }

    /// Frees everything; this object is of no use afterwards.
    #[wasm_bindgen(js_name = endAll)]
    pub fn end_all(&self) {
        self.root.free();
    }

    /// Sets a simulated upstream's delay in milliseconds and its loss in percent.
    pub fn set(&self, upstream: usize, delay_ms: u32, loss_percent: u8) {
        if let Some(node) = self.upstreams().nth(upstream) {
            let _gone = node.try_with_mut(|upstream| upstream.set(delay_ms, loss_percent));
        }
    }

    /// Sends a text to the daemon, if it is there.
    pub fn send(&self, text: String) {
        if let Some(link) = &self.link {
            link.send(text);
        }
    }

    /// The page is seen again, or runs again after it was frozen, or has a network again: whoever pauses need not wait any longer.
    pub fn wake(&self) {
        if let Some(link) = &self.link {
            link.wake();
        }
    }

    /// Holds the loop for so many milliseconds.
    pub fn hold(&self, ms: u32) {
        if self.root.is_alive() {
            let upstreams = self.lookups.upstreams();
            hold::hold(self.root, &upstreams[..upstreams.len().min(2)], &self.front, millis(ms.into()));
        }
    }

    /// Grows about so many nodes more.
    pub fn grow(&self, nodes: usize) {
        if self.root.is_alive() {
            grove::grow(self.root, nodes);
        }
    }

    /// Panics in the tree: to see that the page says so.
    pub fn panic(&self) {
        self.root.soon(|| panic!("somebody asked for it")).named("careless");
    }
}

impl Page {
    fn simulated(root: AnyNode, front: Rc<Front>) -> Page {
        let zone = Rc::new(Zone::example_test());
        let owner = *root.insert(()).named("upstreams");
        let upstream = |manners: Manners| Upstream::new(manners.name(), Peer::Simulated(SimulatedUpstream::new(owner, &zone, manners)));
        Page::with_peers(root, front, UPSTREAMS.into_iter().map(upstream).collect())
    }

    fn with_daemon(root: AnyNode, front: Rc<Front>, token: &str, asks_itself: bool) -> Page {
        let relay = |name, parts: [&str; 2]| Upstream::new(name, Peer::Relay(["/dns?token=", token, parts[0], parts[1]].concat()));
        let peers = if asks_itself {
            vec![relay("the daemon", [""; 2])]
        } else {
            UPSTREAMS.iter().map(Manners::name).map(|name| relay(name, ["&upstream=", name])).collect()
        };
        let mut page = Page::with_peers(root, front.clone(), peers);
        page.link = Some(Link::start(root, ["/tree?token=", token].concat(), page.lookups.clone(), front));
        page
    }

    fn with_peers(root: AnyNode, front: Rc<Front>, peers: Vec<Upstream<Peer>>) -> Page {
        let mut limits = Limits::default();
        if peers.len() == 1 {
            limits.each = limits.overall; // There is nobody to ask next.
        }
        let resolver = Resolver::new(root, Way, peers, limits);
        let questions = root.children().next(); // the newest child
        let lookups = Lookups::start(root, resolver, front.clone());
        Page { root, front, questions, lookups, link: None }
    }

    /// Those that are simulated.
    fn upstreams(&self) -> impl Iterator<Item = Node<SimulatedUpstream>> {
        self.lookups.upstreams().iter().filter_map(|upstream| match upstream.peer {
            Peer::Simulated(node) => Some(node),
            Peer::Relay(_) => None,
        })
    }
}
