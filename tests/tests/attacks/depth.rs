//! Great depth, width and number.

use std::{
    cell::RefCell,
    future::{Future, pending},
    pin::Pin,
    rc::Rc,
    thread,
};

use hamadryad::{AccessError, AnyNode, Ended, Freed, Node, OnFree::Keep, Request};

use crate::trace::{Drops, does, said, say, world};

const MANY: usize = if cfg!(miri) { 1_000 } else { 1_000_000 };
const NESTED_REQUESTS: usize = if cfg!(miri) { 150 } else { 100_000 };
const GONE: Freed = Freed::Gone { survivors: 0 };

fn chain(owner: AnyNode, length: usize, drops: &Drops) -> (AnyNode, AnyNode) {
    let top = *owner.insert(drops.counted());
    let mut node = top;
    for _ in 1..length {
        node = *node.insert(drops.counted());
    }
    (top, node)
}

#[test]
fn a_chain_is_freed_without_a_deep_stack() {
    let sim = world();
    let drops = Drops::default();
    let (top, bottom) = chain(sim.root(), MANY, &drops);
    assert_eq!((bottom.ancestors().count(), top.descendants().count()), (MANY, MANY - 1));
    assert_eq!((top.free(), drops.count()), (GONE, MANY));
    assert!(!bottom.is_alive());
    // The same memory again, ended by its root and by its tree.
    chain(sim.root(), MANY, &drops);
    drop(sim);
    assert_eq!(drops.count(), 2 * MANY);
}

#[test]
fn a_wide_node_is_freed() {
    let sim = world();
    let drops = Drops::default();
    let owner = sim.root().insert(());
    for _ in 0..MANY {
        owner.insert(drops.counted());
    }
    assert_eq!(owner.children().count(), MANY);
    assert_eq!((owner.free_children(), drops.count()), (GONE, MANY));
    for _ in 0..MANY {
        owner.insert(drops.counted());
    }
    assert_eq!((owner.free(), drops.count()), (GONE, 2 * MANY));
}

#[test]
fn a_chain_in_which_each_node_stays_is_adopted() {
    let sim = world();
    let drops = Drops::default();
    let length = MANY / 20;
    let (top, mut node) = chain(sim.root(), length, &drops);
    let mut kept = 0;
    loop {
        // Every other node stays: it is adopted with what hangs below it, and the walk does not go there.
        if kept % 2 == 0 && node != top {
            node.on_free(|_| Keep);
        }
        kept += 1;
        match node.parent() {
            Some(parent) if node != top => node = parent,
            _ => break,
        }
    }
    let freed = top.free();
    assert_eq!(freed, Freed::Gone { survivors: 1 });
    assert_eq!(drops.count() + sim.root().descendants().count(), length);
    drop(sim);
    assert_eq!(drops.count(), length);
}

#[test]
fn a_chain_is_freed_inside_the_with_of_its_last_node() {
    let sim = world();
    let drops = Drops::default();
    let (top, bottom) = chain(sim.root(), MANY / 10, &drops);
    let lent: Node<u32> = bottom.insert(7);
    lent.with(|value| {
        assert_eq!((top.free(), *value), (GONE, 7));
        assert_eq!(drops.count(), MANY / 10);
    });
    assert!(!lent.is_alive());
}

#[test]
fn seventy_thousand_nested_with_are_counted_right() {
    let depth = if cfg!(miri) { 300 } else { 70_000 };
    let nested = move || {
        fn nest(node: Node<u64>, left: usize) -> Result<u64, AccessError> {
            if left == 0 {
                say(format_args!("{:?}", node.free()));
                return Ok(0);
            }
            // A limit on the count may be told as `Busy`; it must not wrap.
            node.try_with(|value| nest(node, left - 1).map(|sum| sum + value))?
        }
        let sim = world();
        let node = sim.root().insert(1_u64);
        let sum = nest(node, depth);
        match sum {
            Ok(sum) => {
                assert_eq!((sum as usize, said()), (depth, vec!["Gone { survivors: 0 }".to_owned()]));
                assert!(!node.is_alive());
            }
            Err(AccessError::Busy { .. }) => {
                assert_eq!(node.with_mut(|value| *value), 1);
                assert!(nest(node, 60_000.min(depth)).is_ok());
            }
            Err(AccessError::Stale { .. }) => panic!("nobody freed it"),
        }
    };
    let thread = thread::Builder::new().stack_size(1 << 30).spawn(nested).expect("address space for a large stack");
    thread.join().expect("the thread ends well");
}

type Nested = Pin<Box<dyn Future<Output = Result<usize, Ended>>>>;

fn nest(me: AnyNode, left: usize, ends: bool, drops: Drops) -> Nested {
    Box::pin(async move {
        let _counted = drops.counted();
        if left > 0 {
            Ok(me.spawn("nested", move |me| nest(me, left - 1, ends, drops)).await? + 1)
        } else if ends {
            Ok(0)
        } else {
            pending().await
        }
    })
}

#[test]
fn nested_requests_end_from_below() {
    let sim = world();
    let drops = Drops::default();
    let counted = drops.clone();
    let outermost = sim.root().spawn("outermost", move |me| nest(me, NESTED_REQUESTS, true, counted));
    assert!(matches!(sim.block_on(outermost), Ok(NESTED_REQUESTS)));
    assert_eq!(drops.count(), NESTED_REQUESTS + 1);
    assert_eq!(sim.root().children().count(), 0);
}

#[test]
fn nested_requests_are_abandoned_from_above() {
    let sim = world();
    let drops = Drops::default();
    for ends_by in ["drop", "free", "tree"] {
        let before = drops.count();
        let counted = drops.clone();
        let outermost = sim.root().spawn("outermost", move |me| nest(me, NESTED_REQUESTS, false, counted));
        sim.settle();
        assert_eq!((sim.root().descendants().count(), drops.count() - before), (NESTED_REQUESTS + 1, 0));
        match ends_by {
            "drop" => drop(outermost),
            "free" => assert_eq!(outermost.node().free(), GONE),
            _ => assert_eq!(sim.root().free(), GONE),
        }
        assert_eq!(drops.count() - before, NESTED_REQUESTS + 1, "{ends_by}");
    }
}

#[test]
fn nested_requests_end_when_the_innermost_is_freed() {
    let sim = world();
    let drops = Drops::default();
    let counted = drops.clone();
    let outermost = sim.root().spawn("outermost", move |me| nest(me, NESTED_REQUESTS, false, counted));
    sim.settle();
    let innermost = sim.root().descendants().last().expect("the chain is there");
    assert_eq!(innermost.free(), GONE);
    assert!(matches!(sim.block_on(outermost), Err(Ended::Freed { .. })));
    assert_eq!(drops.count(), NESTED_REQUESTS + 1);
}

#[test]
fn drops_that_free_the_next_nest_as_calls_do() {
    let sim = world();
    let length = if cfg!(miri) { 100 } else { 1_000 };
    let drops = Drops::default();
    let mut last: Option<AnyNode> = None;
    for _ in 0..length {
        let (next, counted) = (last, drops.counted());
        last = Some(*sim.root().insert(does(move || {
            let _counted = counted;
            next.map(AnyNode::free);
        })));
    }
    assert_eq!(last.expect("there are some").free(), GONE);
    assert_eq!((drops.count(), sim.root().children().count()), (length, 0));
}

#[test]
fn requests_that_hold_each_others_handles_are_dropped() {
    // Not a chain of nodes but of handles: each is dropped by the drop of the one before.
    let sim = world();
    let length = if cfg!(miri) { 100 } else { 1_000 };
    let drops = Drops::default();
    let chain: Rc<RefCell<Option<Request<(), Ended>>>> = Rc::default();
    for _ in 0..length {
        let (before, counted) = (chain.take(), drops.counted());
        let next = sim.root().spawn("holds", async move |_| {
            let (_before, _counted) = (before, counted);
            pending::<()>().await;
        });
        chain.replace(Some(next));
    }
    sim.settle();
    drop(chain.take());
    assert_eq!((drops.count(), sim.root().children().count()), (length, 0));
}
