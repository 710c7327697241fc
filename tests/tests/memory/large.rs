//! Large values go back to the system with their node.

use std::thread;

use hamadryad::{Ended, millis, sim::Sim};

use crate::counting::{Counts, alone};

const LARGE: usize = 1 << 20;

/// A megabyte on the stack is moved a few times in a debug build.
fn with_a_large_stack(test: fn()) {
    let _alone = alone();
    thread::Builder::new().stack_size(64 << 20).spawn(test).expect("address space for the stack").join().expect("the test passes");
}

fn live() -> i64 {
    Counts::now().live
}

#[test]
fn a_large_value_does_not_outlive_its_node() {
    with_a_large_stack(|| {
        let sim = Sim::seeded(1);
        sim.root().insert([1_u8; LARGE]).free();
        let before = live();
        for _ in 0..20 {
            let node = sim.root().insert([1_u8; LARGE]);
            assert!(live() - before >= LARGE as i64, "the value is somewhere");
            node.free();
            assert_eq!(live(), before);
        }
        let nodes: Vec<_> = (0..20).map(|_| sim.root().insert([1_u8; LARGE])).collect();
        let handles = (nodes.capacity() * size_of_val(&nodes[0])) as i64;
        assert!(live() - before >= 20 * LARGE as i64);
        assert_eq!(nodes[7].take().map(|value| value[LARGE - 1]).ok(), Some(1));
        sim.root().free_children();
        assert_eq!(live() - handles, before);
    });
}

#[test]
fn a_large_value_does_not_outlive_its_tree() {
    with_a_large_stack(|| {
        // The first tree's pages stay for the next one; its values do not.
        for round in 0..5 {
            let sim = Sim::seeded(1);
            for _ in 0..10 {
                sim.root().insert([1_u8; LARGE]);
            }
            drop(sim);
            assert!(live() < LARGE as i64, "round {round}: {} bytes are left", live());
        }
    });
}

#[test]
fn a_large_future_does_not_outlive_its_request() {
    with_a_large_stack(|| {
        let sim = Sim::seeded(1);
        let round = || {
            let request = sim.root().spawn("large", async move |me| {
                let large = [1_u8; LARGE];
                me.sleep(millis(1)).await?;
                Ok::<_, Ended>(large.iter().map(|byte| u64::from(*byte)).sum::<u64>())
            });
            assert_eq!(sim.block_on(request).ok(), Some(LARGE as u64));
        };
        round();
        let before = live();
        (0..5).for_each(|_| round());
        assert_eq!(live(), before);
        // Ended, and its handle still there: the result waits, the future's memory does not.
        let request = sim.root().spawn("large", async move |me| {
            let large = [1_u8; LARGE];
            me.sleep(millis(1)).await?;
            Ok::<_, Ended>(large[7])
        });
        let request = Box::new(request);
        sim.advance(millis(2));
        drop(request);
        assert_eq!(live(), before);
    });
}

#[test]
fn a_large_value_freed_while_it_is_lent_goes_when_it_returns() {
    with_a_large_stack(|| {
        let sim = Sim::seeded(1);
        let node = sim.root().insert([1_u8; LARGE]);
        let held = live();
        node.with(|value| {
            node.free();
            assert_eq!(value[LARGE - 1], 1);
            assert!(live() >= held);
        });
        assert!(held - live() >= LARGE as i64);
    });
}

/// Each move of a value is a copy of it on the stack of a debug build: a tenth of a thread's stack has to be little enough.
#[test]
fn row_t01_a_large_value_needs_no_large_stack() {
    const STACK: usize = 2 << 20;
    let insert = || Sim::seeded(1).root().insert([1_u8; STACK / 10]).with(|value| value[STACK / 10 - 1]);
    let thread = thread::Builder::new().stack_size(STACK).spawn(insert).expect("address space for the stack");
    assert_eq!(thread.join().expect("the stack suffices"), 1);
}
