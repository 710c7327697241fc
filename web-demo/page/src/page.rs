//! [`Page`]: what JavaScript holds.

use std::cell::Cell;
use std::rc::Rc;

use hamadryad_demo::{Limits, Resolver, Upstream, Zone};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, Node};
use wasm_bindgen::prelude::*;

use crate::Front;
use crate::ended::free_and_tell;
use crate::lookups::{Lookups, look_up};
use crate::simulated::{Simulated, SimulatedUpstream, UPSTREAMS};
use crate::{grove, hold, panic, rows};

/// A tree, and what the page does with it.
#[wasm_bindgen]
pub struct Page {
    root: AnyNode,
    upstreams: Vec<Node<SimulatedUpstream>>,
    lookups: Node<Lookups>,
    front: Rc<Front>,
}

#[wasm_bindgen]
impl Page {
    /// Starts a tree, whose news go to `front`.
    #[wasm_bindgen(constructor)]
    pub fn new(front: Front) -> Page {
        panic::tell(front.clone().unchecked_into());
        let front = Rc::new(front);
        let page = Cell::new(None);
        hamadryad_wasm::start(|root| {
            page.set(Some(Page::plant(root, front)));
            Ok(())
        });
        page.take().expect("the setup ran")
    }

    fn plant(root: AnyNode, front: Rc<Front>) -> Page {
        panic::watch(root);
        let zone = Rc::new(Zone::example_test());
        let owner = *root.insert(()).named("upstreams");
        let upstreams: Vec<_> = UPSTREAMS.iter().map(|(name, manners)| SimulatedUpstream::new(owner, &zone, name, *manners)).collect();
        let known = upstreams.iter().map(|node| Upstream::new(node.name(), *node)).collect();
        let resolver = Resolver::new(root, Simulated, known, Limits::default());
        let lookups = Lookups::start(root, resolver, front.clone());
        Page { root, upstreams, lookups, front }
    }

    /// What is alive, as text: see `rows`.
    pub fn rows(&self) -> String {
        rows::rows(self.root)
    }

    /// Whether the tree still does what the page is there for: nobody ended its lookups or upstreams.
    #[wasm_bindgen(js_name = isWhole)]
    pub fn is_whole(&self) -> bool {
        self.lookups.is_alive() && self.upstreams.iter().all(|node| node.is_alive())
    }

    /// Looks a name up, now. False when it is no name, or nobody is there to ask any more.
    pub fn ask(&self, name: &str) -> bool {
        self.lookups.is_alive() && look_up(self.lookups, name, true).is_ok()
    }

    /// Whether the clock's lookups pause.
    pub fn pause(&self, paused: bool) {
        let _gone = self.lookups.try_with(|lookups| lookups.pause(paused));
    }

    /// Frees the node with this id, and all below it. Gives what ended, one title a line, in the order in which it did; nothing when the
    /// node is gone.
    pub fn end(&self, id: &str) -> String {
        let mut nodes = core::iter::once(self.root).chain(self.root.descendants());
        nodes.find(|node| node.id().to_string() == id).map(free_and_tell).unwrap_or_default()
    }

    /// Frees everything; this object is of no use afterwards.
    #[wasm_bindgen(js_name = endAll)]
    pub fn end_all(&self) {
        self.root.free();
    }

    /// Sets a simulated upstream's delay in milliseconds and its loss in percent.
    pub fn set(&self, upstream: usize, delay_ms: u32, loss_percent: u8) {
        if let Some(node) = self.upstreams.get(upstream) {
            let _gone = node.try_with(|upstream| upstream.set(millis(delay_ms.into()), loss_percent));
        }
    }

    /// Holds the loop for so many milliseconds.
    pub fn hold(&self, ms: u32) {
        let pair = self.upstreams.iter().take(2).map(|node| Upstream::new(node.name(), *node)).collect();
        if self.root.is_alive() {
            hold::hold(self.root, &Simulated, pair, &self.front, millis(ms.into()));
        }
    }

    /// Grows about so many nodes more.
    pub fn grow(&self, nodes: usize) {
        if self.root.is_alive() {
            grove::grow(self.root, nodes);
        }
    }

    /// Panics in a request: to see that the page says so.
    pub fn panic(&self) {
        self.root.spawn("careless", async |_| -> Result<(), Ended> { panic!("somebody asked for it") }).detach();
    }
}
