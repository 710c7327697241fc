//! Handles that outlived what they name, and handles to what they must not reach.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    future::pending,
    rc::Rc,
    sync::{Mutex, mpsc},
    thread,
};

use hamadryad::{AccessError, AnyNode, Ended, Freed, Node, Owned, ReparentError, Request, millis, sim::Sim};

use crate::trace::{Says, does, said, say, world};

#[test]
fn no_reuse_of_a_slot_makes_an_old_handle_valid() {
    let sim = world();
    let rounds = if cfg!(miri) { 300 } else { 100_000 };
    let mut old: Vec<Node<usize>> = Vec::new();
    let mut ids = HashSet::new();
    for round in 0..rounds {
        let node = sim.root().insert(round);
        assert!(ids.insert(node.id()), "an id came back");
        if round % (rounds / 50) == 0 {
            assert!(old.iter().all(|old| !old.is_alive() && **old != *node && old.free() == Freed::Stale));
            assert!(old.iter().all(|old| matches!(old.try_with(|_| ()), Err(AccessError::Stale { .. }))));
            old.push(node);
        }
        assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    }
    assert!(ids.iter().all(|id| sim.root().find(*id).is_none()));
}

#[test]
fn a_handle_of_another_type_in_the_same_slot_is_stale() {
    let sim = world();
    let number = sim.root().insert(7_u64);
    let any = *number;
    number.free();
    let texts: Vec<Node<String>> = (0..64).map(|_| sim.root().insert("text".to_owned())).collect();
    assert!(any.downcast::<String>().is_none() && any.downcast::<u64>().is_none());
    assert!(matches!(number.try_with_mut(|value| *value = u64::MAX), Err(AccessError::Stale { .. })));
    assert!(texts.iter().all(|text| text.with(|text| text == "text")));
}

#[test]
fn a_stale_access_names_the_place_of_the_free() {
    let sim = world();
    let node = sim.root().insert(7);
    node.free();
    let freed_on = line!() - 1;
    let refused = node.try_with(|_| ());
    assert!(matches!(&refused, Err(AccessError::Stale { freed_at: Some(place) }) if place.line() == freed_on), "{refused:?}");
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| node_with(node))).expect_err("it is stale");
    let text = unwound.downcast::<String>().expect("a message");
    assert!(text.contains(&format!("handles.rs:{freed_on}")), "{text}");
}

fn node_with(node: Node<i32>) -> i32 {
    node.with(|value| *value)
}

#[test]
fn handles_of_a_dropped_tree_stay_stale_while_its_pages_serve_another() {
    let sim = world();
    let nodes: Vec<Node<u32>> = (0..200).map(|value| sim.root().insert(value)).collect();
    let root = sim.root();
    let owned = nodes[3].owned();
    let timer = root.after(millis(1), || say("never"));
    let request: Request<(), Ended> = root.spawn("waits", async move |_| pending::<()>().await);
    drop(sim);
    let next = Sim::seeded(2);
    let tenants: Vec<Node<u32>> = (0..400).map(|value| next.root().insert(value)).collect();
    assert!(nodes.iter().all(|node| !node.is_alive() && node.free() == Freed::Stale && node.take().is_err()));
    assert!(!root.is_alive() && !timer.reset(millis(1)) && root != next.root());
    assert!(nodes.iter().all(|node| next.root().find(node.id()).is_none() && node.reparent(next.root()).is_err()));
    drop(owned);
    drop(request);
    next.advance(millis(5));
    assert!(tenants.iter().zip(0..).all(|(tenant, value)| tenant.with(|tenant| *tenant == value)));
    assert!(said().is_empty());
}

#[test]
fn nodes_do_not_move_between_trees() {
    let (left, right) = (world(), Sim::seeded(2));
    let node = left.root().insert(7);
    assert!(matches!(node.reparent(right.root()), Err(ReparentError::OtherTree)));
    assert!(!node.is_descendant_of(right.root()) && right.root().find(node.id()).is_none());
    let request = left.root().spawn("left", async move |_| pending::<()>().await);
    assert!(matches!(request.node().reparent(right.root()), Err(ReparentError::OtherTree)));
    drop(left);
    assert!(matches!(node.reparent(right.root()), Err(ReparentError::Stale | ReparentError::OtherTree)));
    assert_eq!(right.root().children().count(), 0);
}

#[test]
fn downcast_never_reaches_a_requests_future_or_result() {
    let sim = world();
    let future = std::future::ready(Ok::<u32, Ended>(7));
    fn closure_type<F: FnOnce(AnyNode) -> std::future::Ready<Result<u32, Ended>> + 'static>(node: AnyNode, _: &F) -> bool {
        node.downcast::<F>().is_some()
    }
    let body = move |_: AnyNode| future;
    let request = sim.root().spawn("typed", body.clone());
    let node = request.node();
    assert!(!closure_type(node, &body));
    let reaches = |node: AnyNode| {
        node.downcast::<std::future::Ready<Result<u32, Ended>>>().is_some()
            || node.downcast::<Result<u32, Ended>>().is_some()
            || node.downcast::<u32>().is_some()
            || node.downcast::<()>().is_some()
            || node.downcast::<Request<u32, Ended>>().is_some()
    };
    assert!(!reaches(node));
    assert!(sim.block_on(request).is_ok());
    assert!(!reaches(node) && !reaches(sim.root()));
    let (_request, done) = sim.root().completer::<u32, Ended>("by hand");
    assert!(!reaches(_request.node()));
    done.complete(Ok(1)).expect("somebody waits");
    assert!(!reaches(_request.node()));
}

#[test]
fn a_timers_and_a_hooks_closure_are_not_reached_by_downcast() {
    let sim = world();
    let timer = sim.root().every(millis(1), || ());
    assert!(timer.downcast::<u32>().is_none() && timer.downcast::<()>().is_none());
    let soon = sim.root().soon(|| ());
    assert!(soon.downcast::<()>().is_none());
}

#[test]
fn re_entry_that_would_alias_is_busy_and_names_the_holder() {
    let sim = world();
    let node = sim.root().insert(7);
    node.with(|_| {
        let shared_on = line!() - 1;
        assert!(node.try_with(|value| *value == 7).is_ok());
        let refused = node.try_with_mut(|_| ());
        assert!(matches!(&refused, Err(AccessError::Busy { held_at }) if held_at.line() == shared_on), "{refused:?}");
    });
    node.with_mut(|_| {
        let held_on = line!() - 1;
        let refused = node.try_with(|_| ());
        assert!(matches!(&refused, Err(AccessError::Busy { held_at }) if held_at.line() == held_on), "{refused:?}");
        assert!(node.try_with_mut(|_| ()).is_err());
    });
    assert_eq!(node.with_mut(|value| *value), 7);
}

#[test]
fn a_value_sees_itself_busy_in_its_own_drop() {
    let sim = world();
    type Own = Cell<Option<Node<Box<dyn std::any::Any>>>>;
    let own: Rc<Own> = Rc::default();
    let inner = own.clone();
    let value: Box<dyn std::any::Any> = Box::new(does(move || {
        let node = inner.get().expect("set below");
        say(node.try_with(|_| ()).is_err());
        say(node.try_with_mut(|_| ()).is_err());
        say(node.take().is_err());
        say(format_args!("{:?}", node.free()));
    }));
    let node = sim.root().insert(value);
    own.set(Some(node));
    assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    assert_eq!(said(), ["true", "true", "true", "AlreadyEnding"]);
}

#[test]
fn a_taken_value_is_not_dropped_by_its_node() {
    let sim = world();
    let node = sim.root().insert(Says("value"));
    node.insert(Says("child"));
    let value = node.take().expect("nobody borrows it");
    assert_eq!(said(), ["drop child"]);
    assert!(!node.is_alive());
    drop(value);
    assert_eq!(said(), ["drop value"]);
}

#[test]
fn owned_handles_end_in_any_order() {
    let sim = world();
    let parent = sim.root().insert(Says("parent")).owned();
    let child = parent.insert(Says("child")).owned();
    let twin: Owned<Says> = child.owned();
    drop(parent);
    assert_eq!(said(), ["drop child", "drop parent"]);
    let tenants: Vec<_> = (0..16).map(|_| sim.root().insert(Says("tenant"))).collect();
    drop(child);
    drop(twin);
    assert!(said().is_empty() && tenants.iter().all(|tenant| tenant.is_alive()));
}

/// Tells in a thread-local's destructor what its handle still says.
struct AtThreadEnd(Node<u32>, mpsc::Sender<(bool, bool, Freed)>);

impl Drop for AtThreadEnd {
    fn drop(&mut self) {
        let seen = (self.0.is_alive(), self.0.try_with(|_| ()).is_ok(), self.0.free());
        self.1.send(seen).expect("the receiver waits");
    }
}

thread_local! {
    static HANDLE: RefCell<Option<AtThreadEnd>> = const { RefCell::new(None) };
    static TREE: RefCell<Option<Sim>> = const { RefCell::new(None) };
    static HANDLE_AFTER: RefCell<Option<AtThreadEnd>> = const { RefCell::new(None) };
}

#[test]
fn handles_are_used_in_thread_local_destructors() {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let sim = Sim::seeded(1);
        HANDLE.set(Some(AtThreadEnd(sim.root().insert(7), send)));
    })
    .join()
    .expect("the thread ends well");
    assert_eq!(receive.recv(), Ok((false, false, Freed::Stale)));
}

#[test]
fn a_tree_is_dropped_in_a_thread_local_destructor_among_handles() {
    let (send, receive) = mpsc::channel();
    let sends = send.clone();
    thread::spawn(move || {
        // Registered before, with and after the tree: whatever the order of the destructors, one handle sees the tree and one does not, or
        // both see the same.
        HANDLE.with_borrow(|handle| assert!(handle.is_none()));
        let sim = Sim::seeded(1);
        let (first, second) = (sim.root().insert(1), sim.root().insert(2));
        let value = sim.root().insert(3);
        HANDLE.set(Some(AtThreadEnd(first, sends.clone())));
        // A value's drop uses a handle of its own tree.
        sim.root().insert(AtThreadEnd(value, sends.clone()));
        TREE.set(Some(sim));
        HANDLE_AFTER.set(Some(AtThreadEnd(second, sends)));
    })
    .join()
    .expect("the thread ends well");
    drop(send);
    let seen: Vec<_> = receive.iter().collect();
    assert_eq!(seen.len(), 3);
    for (alive, readable, freed) in seen {
        assert_eq!(alive, readable);
        assert_eq!(freed, if alive { Freed::Gone { survivors: 0 } } else { Freed::Stale });
    }
}

/// Cut between letters, not within one.
#[test]
fn a_name_that_is_too_long_is_cut() {
    // Names live as long as the program: leaked, but within reach.
    static NAMES: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let sim = world();
    let node = sim.root().insert(());
    for (letter, len) in [("e", 65_535), ("é", 65_534), ("€", 65_535), ("😀", 65_532)] {
        let long: &'static str = letter.repeat(65_540 / letter.len()).leak();
        NAMES.lock().expect("nobody panics with it").push(long);
        let name = node.named(long).name();
        assert_eq!(name.len(), len);
        assert!(long.starts_with(name));
    }
    assert_eq!(node.named("e").name(), "e");
}
