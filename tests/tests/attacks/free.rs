//! Code that frees what its caller is busy with.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hamadryad::{AccessError, AnyNode, Freed, Node};

use crate::trace::{Drops, Says, does, said, say, world};

const GONE: Freed = Freed::Gone { survivors: 0 };

#[test]
fn a_drop_frees_its_parent_which_then_ends_first() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let child = parent.insert(does(move || {
        say("child");
        say(format_args!("{:?} {}", parent.free(), parent.is_alive()));
    }));
    let brother = parent.insert(Says("brother"));
    assert_eq!(child.free(), GONE);
    assert_eq!(said(), ["child", "drop brother", "drop parent", "Gone { survivors: 0 } false"]);
    assert!(!child.is_alive() && !brother.is_alive() && sim.root().children().next().is_none());
}

#[test]
fn a_drop_frees_the_parent_that_is_ending_already() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let child = parent.insert(does(move || say(format_args!("{:?} {}", parent.free(), parent.is_alive()))));
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["AlreadyEnding true", "drop parent"]);
    assert_eq!((parent.free(), child.free()), (Freed::Stale, Freed::Stale));
}

#[test]
fn a_drop_frees_its_own_node() {
    let sim = world();
    let node = sim.root().insert_with(|me: Node<_>| {
        let me = AnyNode::from(me);
        does(move || say(format_args!("{:?} {}", me.free(), me.is_alive())))
    });
    assert_eq!(node.free(), GONE);
    assert_eq!(said(), ["AlreadyEnding true"]);
    assert_eq!(node.free(), Freed::Stale);
}

#[test]
fn a_drop_frees_its_grandparent_and_takes_over_the_walk() {
    let sim = world();
    let grandparent = sim.root().insert(Says("grandparent"));
    let parent = grandparent.insert(Says("parent"));
    let older = parent.insert(Says("older"));
    let child = parent.insert(does(move || say(format_args!("{:?}", grandparent.free()))));
    let uncle = grandparent.insert(Says("uncle"));
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["drop uncle", "drop older", "drop parent", "drop grandparent", "Gone { survivors: 0 }"]);
    for node in [uncle.id(), older.id(), parent.id(), child.id(), grandparent.id()] {
        assert!(sim.root().find(node).is_none());
    }
    assert!(sim.root().is_alive());
}

#[test]
fn a_drop_frees_the_root() {
    let sim = world();
    let root = sim.root();
    root.insert(Says("older"));
    let child = root.insert(does(move || say(format_args!("{:?} {}", root.free(), root.is_alive()))));
    root.insert(Says("newer"));
    assert_eq!(child.free(), GONE);
    assert_eq!(said(), ["drop newer", "drop older", "Gone { survivors: 0 } false"]);
    assert!(!sim.root().is_alive());
    assert_eq!(sim.root().free(), Freed::Stale);
}

#[test]
fn a_drop_frees_older_and_newer_siblings() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let first = parent.insert(Says("first"));
    let second = parent.insert(Says("second"));
    let third = parent.insert(does(move || {
        let newer = parent.children().next();
        say(format_args!("{:?} {:?}", first.free(), newer.map(AnyNode::free)));
    }));
    let fourth = parent.insert(Says("fourth"));
    assert_eq!(third.free(), GONE);
    assert_eq!(said(), ["drop first", "drop fourth", "Gone { survivors: 0 } Some(Gone { survivors: 0 })"]);
    assert!(!fourth.is_alive() && second.is_alive());
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["drop second", "drop parent"]);
}

#[test]
fn siblings_free_each_other_during_their_parents_free() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let first = parent.insert(Says("first"));
    let second = parent.insert(Says("second"));
    parent.insert(does(move || say(format_args!("third {:?} {:?}", first.free(), first.free()))));
    assert_eq!(parent.free(), GONE);
    assert_eq!(said(), ["drop first", "third Gone { survivors: 0 } Stale", "drop second", "drop parent"]);
    assert!(!second.is_alive());
}

#[test]
fn a_free_inside_with_leaves_the_value_until_with_returns() {
    let sim = world();
    let parent = sim.root().insert(1);
    let node = parent.insert((7, Says("value")));
    node.insert(Says("child"));
    node.with(|value| {
        say(format_args!("{:?} {} {}", node.free(), node.is_alive(), value.0));
        say(format_args!("{:?} {}", node.free(), node.parent().is_none()));
        say(matches!(node.try_with(|_| ()), Err(AccessError::Stale { .. })));
        say(parent.children().count());
    });
    assert_eq!(said(), ["drop child", "Gone { survivors: 0 } false 7", "Stale true", "true", "0", "drop value"]);
}

#[test]
fn a_free_inside_with_mut_shows_busy_to_the_childs_drop() {
    let sim = world();
    let node = sim.root().insert((7, Says("value")));
    node.insert(does(move || say(matches!(node.try_with(|_| ()), Err(AccessError::Busy { .. })))));
    node.with_mut(|value| {
        say(format_args!("{:?}", node.free()));
        value.0 += 1;
        say(value.0);
    });
    assert_eq!(said(), ["true", "Gone { survivors: 0 }", "8", "drop value"]);
}

#[test]
fn a_free_inside_nested_with_waits_for_the_outermost() {
    let sim = world();
    let node = sim.root().insert((7, Says("value")));
    node.with(|outer| {
        node.with(|inner| {
            say(format_args!("{:?} {}", node.free(), inner.0));
        });
        say(outer.0);
    });
    assert_eq!(said(), ["Gone { survivors: 0 } 7", "7", "drop value"]);
    assert!(!node.is_alive());
}

#[test]
fn a_parent_freed_inside_the_with_of_two_children_ends_before_them() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let first = parent.insert_with(|_| does(move || say(format_args!("first {}", parent.is_alive()))));
    let second = parent.insert_with(|_| does(move || say(format_args!("second {}", parent.is_alive()))));
    first.with(|_| {
        second.with_mut(|_| say(format_args!("{:?}", parent.free())));
        say(format_args!("{:?} {}", first.free(), sim.root().children().count()));
    });
    assert_eq!(said(), ["drop parent", "Gone { survivors: 0 }", "second false", "Stale 0", "first false"]);
}

#[test]
fn a_slot_freed_inside_with_is_not_reused_before_with_returns() {
    let sim = world();
    let node = sim.root().insert([1_u8; 32]);
    node.with(|value| {
        node.free();
        for _ in 0..64 {
            sim.root().insert([2_u8; 32]);
        }
        assert_eq!(*value, [1; 32]);
    });
    assert_eq!(sim.root().children().count(), 64);
}

#[test]
fn a_take_inside_with_is_busy() {
    let sim = world();
    let node = sim.root().insert(Says("value"));
    node.with(|_| say(matches!(node.take(), Err(AccessError::Busy { .. }))));
    assert!(node.is_alive());
    drop(node.take().expect("nothing borrows it now"));
    assert_eq!(said(), ["true", "drop value"]);
    assert!(matches!(node.take(), Err(AccessError::Stale { .. })));
}

#[test]
fn a_free_while_a_panic_unwinds() {
    let sim = world();
    let node = sim.root().insert(Says("node"));
    node.insert(Says("child"));
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _free = does(move || say(format_args!("{:?}", node.free())));
        panic!("first");
    }));
    assert!(unwound.is_err());
    assert_eq!(said(), ["drop child", "drop node", "Gone { survivors: 0 }"]);
}

#[test]
fn a_constructor_frees_the_node_it_constructs() {
    let sim = world();
    let node = sim.root().insert_with(|me: Node<Says>| {
        say(matches!(me.try_with(|_| ()), Err(AccessError::Busy { .. })));
        say(format_args!("{:?} {}", me.free(), me.is_alive()));
        Says("value")
    });
    assert_eq!(said(), ["true", "Gone { survivors: 0 } false", "drop value"]);
    assert_eq!(node.free(), Freed::Stale);
    assert!(sim.root().children().next().is_none());
}

#[test]
fn a_constructor_frees_the_root() {
    let sim = world();
    let root = sim.root();
    let node = root.insert_with(|me: Node<Says>| {
        me.insert(Says("child"));
        say(format_args!("{:?} {}", root.free(), me.is_alive()));
        Says("value")
    });
    assert_eq!(said(), ["drop child", "Gone { survivors: 0 } false", "drop value"]);
    assert!(!node.is_alive() && !sim.root().is_alive());
}

#[test]
fn an_owned_handle_frees_its_owner_from_below() {
    let sim = world();
    let parent = sim.root().insert(Says("parent"));
    let other = sim.root().insert(Says("other"));
    // The child owns another branch; that branch's end frees the child's parent.
    let owned = other.owned();
    other.insert(does(move || say(format_args!("{:?}", parent.free()))));
    let child = parent.insert(owned);
    assert_eq!(child.free(), GONE);
    assert_eq!(said(), ["drop parent", "Gone { survivors: 0 }", "drop other"]);
}

#[test]
fn every_drop_of_a_wide_tree_frees_a_random_other_node() {
    let sim = world();
    let drops = Drops::default();
    let size = if cfg!(miri) { 60 } else { 500 };
    let mut nodes = Vec::<AnyNode>::new();
    let mut state = 12_345_usize;
    for index in 0..size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let owner = if index % 7 == 0 || nodes.is_empty() { sim.root() } else { nodes[(state >> 33) % nodes.len()] };
        let victim = if nodes.is_empty() { owner } else { nodes[(state >> 20) % nodes.len()] };
        let counted = drops.counted();
        nodes.push(*owner.insert(does(move || {
            let _counted = counted;
            if victim.parent().is_some() {
                victim.free();
            }
        })));
    }
    for node in &nodes {
        node.free();
    }
    assert_eq!(drops.count(), size);
    assert!(sim.root().is_alive() && sim.root().children().next().is_none());
}
