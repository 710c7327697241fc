//! `on_event`.

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Host, Instant, OwnerError, PageTree, WallClock};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use wasm_bindgen_test::wasm_bindgen_test;

const ADD: &str = "EventTarget.prototype.addEventListener";
const REMOVE: &str = "EventTarget.prototype.removeEventListener";

#[wasm_bindgen_test]
async fn a_handler_runs_within_the_dispatch() {
    let page = PageTree::new();
    let target = js::target();
    let called = Rc::new(Cell::new(0));
    let count = called.clone();
    let node = page.root().on_event(&target, "poke", move |event| {
        assert_eq!(event.type_(), "poke");
        event.prevent_default();
        count.set(count.get() + 1);
    });
    assert_eq!(node.expect("a page's node").name(), "poke");
    assert!(!js::dispatch(&target, "poke"), "the default was prevented, in time");
    assert_eq!(called.get(), 1);
    assert!(js::dispatch(&target, "other"));
    assert_eq!(called.get(), 1);
}

#[wasm_bindgen_test]
async fn what_a_handler_began_has_run_when_the_dispatch_returns() {
    let page = PageTree::new();
    let root = page.root();
    let target = js::target();
    let (woken, done) = root.completer::<(), Ended>("woken");
    let seen = Rc::new(Cell::new(false));
    let flag = seen.clone();
    root.spawn("waiter", async move |_| {
        woken.await?;
        flag.set(true);
        Ok::<_, Ended>(())
    })
    .detach();
    page.run(async {}).await;
    let mut done = Some(done);
    let hops = Spy::on("MessagePort.prototype.postMessage");
    root.on_event(&target, "poke", move |_| done.take().map(|done| done.complete(Ok(())))).expect("a page's node");
    js::page_goes_on(2).await;
    let before = hops.count();
    js::dispatch(&target, "poke");
    assert!(seen.get(), "the waiter ran in the event's own task");
    assert_eq!(hops.count(), before, "and no message was needed for it");
}

#[wasm_bindgen_test]
async fn law_22_an_event_that_the_tree_dispatches_waits_for_the_next_turn() {
    let page = PageTree::new();
    let root = page.root();
    let target = js::target();
    let trace = Rc::new(RefCell::new(Vec::new()));
    let (outer, inner) = (trace.clone(), trace.clone());
    root.on_event(&target, "inner", move |_| inner.borrow_mut().push("inner")).expect("a page's node");
    let dispatching = target.clone();
    page.run(async move {
        root.soon(move || {
            outer.borrow_mut().push("begin");
            js::dispatch(&dispatching, "inner");
            outer.borrow_mut().push("end");
        });
        root.sleep(millis(5)).await
    })
    .await
    .expect("the root lives");
    assert_eq!(*trace.borrow(), ["begin", "end", "inner"]);
}

#[wasm_bindgen_test]
async fn a_handler_may_dispatch_to_itself() {
    let page = PageTree::new();
    let target = js::target();
    let left = Rc::new(Cell::new(3));
    let (count, again) = (left.clone(), target.clone());
    page.root()
        .on_event(&target, "poke", move |_| {
            count.set(count.get() - 1);
            if count.get() > 0 {
                js::dispatch(&again, "poke");
            }
        })
        .expect("a page's node");
    js::dispatch(&target, "poke");
    assert_eq!(left.get(), 0, "each in a turn of its own, all in one slice");
}

#[wasm_bindgen_test]
async fn law_04_a_freed_listener_is_off_its_target_and_hears_no_more() {
    let (added, removed) = (Spy::on(ADD), Spy::on(REMOVE));
    let page = PageTree::new();
    let target = js::target();
    let node = page.root().on_event(&target, "poke", |_| unreachable!("it was freed")).expect("a page's node");
    assert_eq!((added.count(), removed.count()), (1, 0));
    node.free();
    assert_eq!((added.count(), removed.count()), (1, 1));
    assert!(js::same(&added.arguments(1)[0], &removed.arguments(1)[0]), "the same closure");
    js::dispatch(&target, "poke");
    page.root().on_event(&target, "poke", |_| unreachable!("the tree is gone")).expect("a page's node");
    drop(page);
    assert_eq!((added.count(), removed.count()), (2, 2));
    js::dispatch(&target, "poke");
}

#[wasm_bindgen_test]
async fn a_handler_may_free_its_own_node_or_the_root() {
    let removed = Spy::on(REMOVE);
    let page = PageTree::new();
    let root = page.root();
    let target = js::target();
    let own = Rc::new(Cell::new(None::<AnyNode>));
    let known_later = own.clone();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let node = root.on_event(&target, "poke", move |_| {
        count.set(count.get() + 1);
        known_later.get().map(AnyNode::free)
    });
    own.set(node.ok());
    js::dispatch(&target, "poke");
    js::dispatch(&target, "poke");
    assert_eq!((calls.get(), removed.count()), (1, 1));
    root.on_event(&target, "end", move |_| root.free()).expect("a page's node");
    js::dispatch(&target, "end");
    assert!(!root.is_alive());
    assert_eq!(removed.count(), 2);
    js::dispatch(&target, "end");
}

/// A host that is no browser.
struct Nowhere;

impl Host for Nowhere {
    fn now(&self) -> Instant {
        Instant::from_nanos(0)
    }
    fn wall_clock(&self) -> WallClock {
        WallClock::from_nanos(0)
    }
    fn fill_random(&self, _: &mut [u8]) {}
    fn schedule(&self, _: Option<Instant>) {}
    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }
}

#[wasm_bindgen_test]
fn law_07_a_stale_owner_and_another_hosts_tree_are_typed_errors() {
    let added = Spy::on(ADD);
    let page = PageTree::new();
    let target = js::target();
    let stale: AnyNode = *page.root().insert(());
    stale.free();
    assert_eq!(stale.on_event(&target, "poke", |_| ()).err(), Some(OwnerError::Freed));
    assert_eq!(stale.lifecycle().err(), Some(OwnerError::Freed));
    let elsewhere = Tree::new(Nowhere);
    assert_eq!(elsewhere.root().on_event(&target, "poke", |_| ()).err(), Some(OwnerError::WrongHost));
    assert_eq!(elsewhere.root().lifecycle().err(), Some(OwnerError::WrongHost));
    assert_eq!(added.count(), 0);
}
