//! Rows T: the tree.

use std::thread;

use hamadryad::{
    AccessError, AnyNode, Ended, Freed, InsertRefused, Node,
    OnFree::{Keep, Proceed},
    Remote, ReparentError, TreeGone, millis, secs,
    sim::Sim,
};

use crate::trace::Trace;

const GONE: Freed = Freed::Gone { survivors: 0 };

/// T1: any node is a parent; type name and place are recorded by themselves; a refused value comes back.
#[test]
fn row_t01_alloc_records_type_and_place_and_gives_a_refused_value_back() {
    let sim = Sim::seeded(1);
    let node = sim.root().insert(vec![1_u8]);
    let line = line!() - 1;
    let child = node.insert(7_u32).named("seven");
    assert_eq!((child.parent(), child.name()), (Some(*node), "seven"));
    let report = sim.root().report().to_string();
    assert!(report.contains(&format!("tree.rs:{line}")) && report.contains("Vec") && report.contains("u32"), "{report}");
    node.free();
    let refused = node.try_insert(String::from("mine")).map_err(|error| (error.value, error.reason));
    assert!(matches!(refused, Err((value, InsertRefused::Stale)) if value == "mine"));
}

/// T6: own hook while the children live, then the children, newest first, then the value, then the memory.
#[test]
fn row_t06_free_runs_the_hook_then_children_newest_first_then_the_value() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let node = sim.root().insert(trace.on_drop("node"));
    let first = node.insert(trace.on_drop("first"));
    first.insert(trace.on_drop("below first"));
    node.insert(trace.on_drop("second"));
    let hook = trace.clone();
    node.on_free(move |me| {
        hook.say(format_args!("hook sees {}", me.children().count()));
        Proceed
    });
    assert_eq!(node.free(), GONE);
    assert_eq!(trace.take(), ["hook sees 2", "drop second", "drop below first", "drop first", "drop node"]);
}

/// T7: several hooks, newest first, that answer by an enum; besides, `Drop` of the value.
#[test]
fn row_t07_destructor_is_any_number_of_hooks_and_the_values_drop() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let elsewhere = sim.root().insert("elsewhere");
    let node = sim.root().insert(trace.on_drop("value"));
    let older = trace.clone();
    node.on_free(move |_| {
        older.say("older");
        Proceed
    });
    let (newer, mut asked) = (trace.clone(), 0);
    node.on_free(move |me| {
        asked += 1;
        newer.say(format_args!("newer {asked}"));
        if asked == 1 {
            me.reparent(elsewhere).expect("a hook may move its node");
            return Keep;
        }
        Proceed
    });
    assert_eq!((node.free(), node.parent()), (Freed::Kept, Some(*elsewhere)));
    assert_eq!(node.free(), GONE);
    assert_eq!(trace.take(), ["newer 1", "newer 2", "older", "drop value"]);
}

/// T8: a survivor goes to the nearest surviving ancestor, whatever the order of siblings; their number is returned.
#[test]
fn row_t08_veto_below_moves_the_survivor_to_the_nearest_ancestor_that_stays() {
    for keeper_is in ["oldest", "middle", "newest"] {
        let sim = Sim::seeded(1);
        let stays = sim.root().insert("stays");
        let top = stays.insert("top");
        let middle = top.insert("middle");
        let siblings = ["oldest", "middle", "newest"].map(|name| middle.insert(name));
        let keeper = siblings.into_iter().find(|node| node.with(|name| *name == keeper_is)).expect("one is");
        keeper.insert("below the keeper");
        keeper.on_free(|_| Keep);
        assert_eq!(top.free(), Freed::Gone { survivors: 1 });
        assert_eq!((keeper.parent(), keeper.children().count()), (Some(*stays), 1), "{keeper_is}");
        assert_eq!(siblings.iter().filter(|node| node.is_alive()).count(), 1);
    }
}

/// T9: a free of what is ending is a no-op that says so, from hooks and from `Drop`.
#[test]
fn row_t09_free_while_dying_is_a_no_op_that_says_so() {
    struct FreesAtDrop(AnyNode, Trace);
    impl Drop for FreesAtDrop {
        fn drop(&mut self) {
            self.1.say(format_args!("drop: {:?}", self.0.free()));
        }
    }
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let top = sim.root().insert("top");
    let child = top.insert(FreesAtDrop(*top, trace.clone()));
    let hook = trace.clone();
    child.on_free(move |me| {
        hook.say(format_args!("hook: {:?} {:?}", me.free(), top.free()));
        Proceed
    });
    assert_eq!(top.free(), GONE);
    assert_eq!(trace.take(), ["hook: AlreadyEnding AlreadyEnding", "drop: AlreadyEnding"]);
    assert_eq!(top.free(), Freed::Stale);
}

/// T10: `free_children` frees the children, newest first; node, name and value stay.
#[test]
fn row_t10_free_children_keeps_the_node_and_its_name() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let node = sim.root().insert(7).named("keeps its name");
    node.insert(trace.on_drop("first"));
    node.insert(trace.on_drop("second"));
    assert_eq!(node.free_children(), GONE);
    assert_eq!(trace.take(), ["drop second", "drop first"]);
    assert_eq!((node.name(), node.with(|value| *value), node.children().count()), ("keeps its name", 7, 0));
    assert_eq!(node.free_children(), GONE);
    node.free();
    assert_eq!(node.free_children(), Freed::Stale);
}

/// T11: a subtree moves as its new owner's newest child; cycles and other trees are refused.
#[test]
fn row_t11_steal_is_reparent_and_refuses_cycles() {
    let (sim, other) = (Sim::seeded(1), Sim::seeded(2));
    let (home, away) = (sim.root().insert("home"), sim.root().insert("away"));
    let node = home.insert("node");
    let below = node.insert("below").insert("further below");
    away.insert("was there before");
    assert!(node.reparent(away).is_ok());
    assert_eq!((node.parent(), away.children().next(), home.children().count()), (Some(*away), Some(*node), 0));
    assert!(below.is_descendant_of(away));
    assert!(matches!(node.reparent(below), Err(ReparentError::WouldCycle)));
    assert!(matches!(node.reparent(node), Err(ReparentError::WouldCycle)));
    assert!(matches!(sim.root().reparent(away), Err(ReparentError::WouldCycle)));
    assert!(matches!(node.reparent(other.root()), Err(ReparentError::OtherTree)));
    home.free();
    assert!(matches!(node.reparent(home), Err(ReparentError::Stale)));
    assert!(node.is_alive());
}

/// T16: names are static, labels optional; the content of a value is never shown.
#[test]
fn row_t16_names_never_show_the_content() {
    let sim = Sim::seeded(1);
    let secret = sim.root().insert(String::from("hunter2"));
    assert_eq!(secret.name(), std::any::type_name::<String>());
    let named = sim.root().insert(String::from("hunter3")).named("password").label("of alice");
    assert_eq!(named.name(), "password");
    let (report, stable) = (sim.root().report().to_string(), sim.root().report().stable());
    assert!(!report.contains("hunter") && !stable.contains("hunter"), "{report}");
    assert!(report.contains("password of alice") && stable.contains("password") && !stable.contains("alice"), "{report}\n{stable}");
}

/// T17: typed access by `TypeId`; a mismatch is `None`.
#[test]
fn row_t17_typed_access_is_downcast() {
    let sim = Sim::seeded(1);
    let any: AnyNode = sim.root().insert(7_u32).into();
    let node: Node<u32> = any.downcast().expect("it is one");
    assert_eq!(node.with(|value| *value), 7);
    assert!(any.downcast::<i32>().is_none() && any.downcast::<String>().is_none() && sim.root().downcast::<u32>().is_none());
    any.free();
    assert!(any.downcast::<u32>().is_none());
}

/// T18: parent, ancestors, ancestor of a type, descent, children, descendants.
#[test]
fn row_t18_parents_children_and_who_is_below_whom() {
    struct Session;
    struct Request;
    let sim = Sim::seeded(1);
    let session = sim.root().insert(Session);
    let outer = session.insert(Request);
    let inner = outer.insert(Request);
    let leaf = inner.insert(1);
    let newer = inner.insert(2);
    assert_eq!((leaf.parent(), sim.root().parent()), (Some(*inner), None));
    assert_eq!(leaf.ancestors().collect::<Vec<_>>(), [*inner, *outer, *session, sim.root()]);
    assert_eq!(leaf.ancestor_of_type::<Request>().map(AnyNode::from), Some(*inner));
    assert_eq!(inner.ancestor_of_type::<Request>().map(AnyNode::from), Some(*outer));
    assert_eq!(leaf.ancestor_of_type::<Session>().map(AnyNode::from), Some(*session));
    assert!(leaf.ancestor_of_type::<u8>().is_none());
    assert!(leaf.is_descendant_of(session) && !session.is_descendant_of(leaf) && !leaf.is_descendant_of(leaf));
    assert_eq!(inner.children().collect::<Vec<_>>(), [*newer, *leaf]);
    assert_eq!(session.descendants().collect::<Vec<_>>(), [*outer, *inner, *newer, *leaf]);
}

/// T30: a stale handle is always detected, and says where its node was freed.
#[test]
fn row_t30_use_after_free_is_detected_and_names_the_place() {
    let sim = Sim::seeded(1);
    let node = sim.root().insert(7);
    node.free();
    let line = line!() - 1;
    let refused = node.try_with(|_| ());
    let Err(AccessError::Stale { freed_at: Some(place) }) = refused else { panic!("{refused:?}") };
    assert!(place.file().ends_with("tree.rs") && place.line() == line, "{place}");
    // Also when the slot has another tenant, though then nobody knows where.
    let tenants: Vec<_> = (0..64).map(|value| sim.root().insert(value)).collect();
    assert!(!node.is_alive() && matches!(node.try_with_mut(|_| ()), Err(AccessError::Stale { .. })));
    assert!(tenants.iter().all(|tenant| *tenant != node));
}

/// T32: a temporary node that ends with the block, or with the future, and may borrow.
#[test]
fn row_t32_stack_frame_is_a_scope() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let request = sim.root().spawn("caller", {
        let trace = trace.clone();
        async move |me| {
            let words = vec!["one", "two"];
            for word in &words {
                let length = me.scope("frame", async |frame| {
                    let scratch = frame.insert((word.len(), trace.on_drop("scratch")));
                    frame.sleep(millis(1)).await?;
                    Ok::<_, Ended>(scratch.with(|scratch| scratch.0))
                });
                trace.say(length.await?);
                trace.say(me.children().count());
            }
            Ok::<_, Ended>(words.len())
        }
    });
    assert!(matches!(sim.block_on(request), Ok(2)));
    assert_eq!(trace.take(), ["drop scratch", "3", "0", "drop scratch", "3", "0"]);
}

/// T35: a tree belongs to one thread; `Remote` crosses. (That `Tree`, `Node` and `Request` do not is a `compile_fail` test.)
#[test]
fn row_t35_threads_have_trees_of_their_own_and_remote_crosses() {
    fn crosses<T: Send + Sync + 'static>(_: &T) {}
    let sim = Sim::seeded(1);
    let node: Node<Vec<u32>> = sim.root().insert(Vec::new());
    let remote: Remote<Vec<u32>> = node.remote();
    crosses(&remote);
    let posted: Result<(), TreeGone> = thread::spawn(move || {
        // A tree of this thread's own, meanwhile.
        let own = Sim::seeded(2);
        own.block_on(own.root().sleep(secs(1))).expect("nobody freed its root");
        let number = own.elapsed().as_secs() as u32;
        remote.post(move |node| node.with_mut(|list| list.push(number)))
    })
    .join()
    .expect("the thread ends well");
    assert!(posted.is_ok() && node.with(Vec::is_empty), "not before the tree's own turn");
    sim.settle();
    assert_eq!(node.with(Vec::clone), [1]);
}
