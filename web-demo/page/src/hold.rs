//! A held loop: two lookups whose deadlines pass while no turn runs, one with an answer and one without.

use core::time::Duration;
use std::cell::Cell;
use std::rc::Rc;

use hamadryad_demo::{Limits, Question, Resolver, Upstream};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{AnyNode, BrowserHost};

use crate::Front;
use crate::rows::millis_of;
use crate::way::{Peer, Way};

/// The lookups' deadline.
const LIMIT: Duration = secs(2);

/// The loop runs on for so long, until both questions are on their way. The name takes 1.5 s, so no answer is there yet.
const HEAD_START: Duration = millis(150);

/// Asks each of `upstreams` alone for a name that takes its time, and then lets no turn run for `hold`. Those that answer do so
/// meanwhile. In the one late turn all deadlines are long over, and an answer that is there wins (law 16).
pub(crate) fn hold(owner: AnyNode, upstreams: &[Upstream<Peer>], front: &Rc<Front>, hold: Duration) {
    let node = *owner.insert(()).named("hold");
    let waiting = Rc::new(Cell::new(upstreams.len()));
    for upstream in upstreams {
        let (name, front, waiting) = (upstream.name.clone(), front.clone(), waiting.clone());
        let resolver = Resolver::new(node, Way, vec![upstream.clone()], Limits { each: LIMIT, overall: LIMIT });
        let lookup = node.spawn("lookup", async move |me| {
            let deadline = me.now() + LIMIT;
            let question = Question::address_of("slow.example.test").expect("it is a legal name");
            let what = if resolver.resolve(me, &question).await.is_ok() { "answered" } else { "unanswered" };
            front.held(what, &name, millis_of(me.now() - deadline));
            waiting.set(waiting.get() - 1);
            if waiting.get() == 0 {
                front.held("over", "", 0);
                node.free();
            }
        });
        lookup.label("slow.example.test").detach();
    }
    let front = front.clone();
    let begin = move || {
        node.with_host(|host: &BrowserHost| host.hold(hold));
        front.held("begins", "", 0);
    };
    node.after(HEAD_START, begin).named("head start");
}
