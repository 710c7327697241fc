//! [`Feed`]: one look at the tree for all who watch it.

use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;

use async_tungstenite::tungstenite::{Message, Utf8Bytes};
use hamadryad::{AnyNode, Instant, Node, Timer, TreeReport};
use serde::Serialize;

use super::Limits;
use super::outbox::{Outbox, Topic};
use crate::Manners;

/// A handle to the node that holds those who watch. While there are none, nothing is looked at.
#[derive(Clone, Copy)]
pub(super) struct Feed(Node<Audience>);

pub(super) struct Audience {
    upstreams: Vec<Node<Manners>>,
    limits: Limits,
    watchers: Vec<Outbox>,
    timer: Option<Node<Timer>>,
    last: Option<Told>,
}

/// What everybody knows.
#[derive(Clone)]
struct Told {
    at: Instant,
    /// Of what is shown of the tree, but for what changes while nothing happens.
    print: u64,
    tree: Utf8Bytes,
    upstreams: Utf8Bytes,
}

#[derive(Serialize)]
struct TreeMessage<'a> {
    tree: &'a TreeReport,
}

#[derive(Serialize)]
struct UpstreamsMessage {
    upstreams: Vec<State>,
}

/// What of an upstream can be set, and whether it answers at all.
#[derive(Serialize)]
struct State {
    name: &'static str,
    delay_ms: u32,
    loss_percent: u8,
    dead: bool,
}

impl State {
    fn of(manners: &Manners) -> State {
        let (name, dead) = (manners.name(), manners.is_dead());
        State { name, delay_ms: manners.delay_ms(), loss_percent: manners.loss_percent(), dead }
    }
}

impl Feed {
    pub(super) fn new(owner: AnyNode, upstreams: Vec<Node<Manners>>, limits: Limits) -> Feed {
        let audience = Audience { upstreams, limits, watchers: Vec::new(), timer: None, last: None };
        Feed(owner.insert(audience).named("tree feed"))
    }

    /// Tells `outbox` all there is, and what changes until it is gone.
    pub(super) fn join(self, outbox: Outbox) {
        let now = self.0.now();
        let every = self.0.with(|audience| audience.limits.tree_every);
        // Whoever comes again and again does not make us look more often.
        let last = self.0.with(|audience| audience.last.clone());
        let told = last.filter(|told| now - told.at < every).unwrap_or_else(|| self.look());
        outbox.replace(Topic::Upstreams, Message::Text(told.upstreams));
        outbox.replace(Topic::Tree, Message::Text(told.tree));
        let is_first = self.0.with_mut(|audience| {
            audience.watchers.push(outbox);
            audience.timer.is_none()
        });
        if is_first {
            let timer = self.0.every(every, move || self.tick()).named("look");
            self.0.with_mut(|audience| audience.timer = Some(timer));
        }
    }

    fn tick(self) {
        let is_watched = self.0.with_mut(|audience| {
            audience.watchers.retain(|outbox| outbox.is_alive());
            !audience.watchers.is_empty()
        });
        if !is_watched {
            let timer = self.0.with_mut(|audience| {
                audience.last = None;
                audience.timer.take()
            });
            timer.map(|timer| timer.free());
            return;
        }
        let before = self.0.with(|audience| audience.last.clone());
        let told = self.look();
        let is_new = |what: fn(&Told) -> &Utf8Bytes| before.as_ref().is_none_or(|before| what(before) != what(&told));
        let new_upstreams = is_new(|told| &told.upstreams);
        let new_tree = before.as_ref().is_none_or(|before| before.print != told.print);
        for outbox in self.0.with(|audience| audience.watchers.clone()) {
            if new_upstreams {
                outbox.replace(Topic::Upstreams, Message::Text(told.upstreams.clone()));
            }
            if new_tree {
                outbox.replace(Topic::Tree, Message::Text(told.tree.clone()));
            }
        }
    }

    /// The tree and the upstreams as they are now.
    fn look(self) -> Told {
        let top = self.0.ancestors().last().unwrap_or(*self.0);
        let (upstreams, limits) = self.0.with(|audience| (audience.upstreams.clone(), audience.limits));
        let states = upstreams.iter().map(|manners| manners.with(State::of)).collect();
        let (print, tree) = tree_json(top, &limits);
        let told = Told { at: self.0.now(), print, tree: tree.into(), upstreams: json(&UpstreamsMessage { upstreams: states }).into() };
        self.0.with_mut(|audience| audience.last = Some(told.clone()));
        told
    }
}

/// As many lines as are allowed, from the top; the others are only counted.
fn tree_json(top: AnyNode, limits: &Limits) -> (u64, String) {
    let mut lines_max = limits.tree_lines;
    loop {
        let report = top.report_first(lines_max);
        let text = json(&TreeMessage { tree: &report });
        if text.len() <= limits.tree_bytes || lines_max == 0 {
            return (print_of(&report), text);
        }
        lines_max /= 2;
    }
}

fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).expect("numbers, texts and lists are JSON")
}

fn print_of(report: &TreeReport) -> u64 {
    let mut hasher = DefaultHasher::new();
    report.nodes().hash(&mut hasher);
    for line in report.lines() {
        (line.id(), line.depth(), line.name(), line.label(), line.kind(), line.waits()).hash(&mut hasher);
    }
    hasher.finish()
}
