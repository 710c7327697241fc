//! Round after round a program stays at what its first round needed.

use hamadryad::{AnyNode, Ended, millis, sim::Sim};

use crate::counting::{Counts, alone};

const NODES: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
const TREES: usize = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };

/// What a round left behind, and what it needed.
#[derive(Clone, Copy, Debug)]
struct Round {
    live: i64,
    peak: i64,
}

/// The rounds stay at the first one's: not a byte more is left behind, and not a page more is needed.
fn rounds(what: &str, count: usize, mut round: impl FnMut(usize)) {
    let _alone = alone();
    let mut first: Option<Round> = None;
    let base = Counts::now().live;
    for number in 0..count {
        Counts::reset_peak();
        round(number);
        let counts = Counts::now();
        let this = Round { live: counts.live - base, peak: counts.peak - base };
        let first = *first.get_or_insert(this);
        assert!(this.live <= first.live, "{what}: round {number} left {} bytes, the first {}", this.live, first.live);
        assert!(this.peak <= first.peak, "{what}: round {number} needed {} bytes, the first {}", this.peak, first.peak);
    }
}

fn insert(owner: AnyNode, size: usize) -> AnyNode {
    match size {
        0 => *owner.insert(()),
        1 => *owner.insert([0_u8; 8]),
        2 => *owner.insert([0_u8; 24]),
        3 => *owner.insert([0_u8; 56]),
        4 => *owner.insert([0_u8; 100]),
        5 => *owner.insert([0_u8; 250]),
        6 => *owner.insert([0_u8; 600]),
        _ => *owner.insert([0_u8; 1_500]),
    }
}

#[test]
fn nodes_of_mixed_sizes_in_another_order_each_round() {
    let sim = Sim::seeded(1);
    rounds("mixed", 6, |round| {
        let owner = sim.root().insert(());
        for index in 0..NODES {
            // An odd factor goes through all sizes, in another order each round.
            insert(*owner, (index * (2 * round + 1)) % 8);
        }
        owner.free();
    });
}

#[test]
fn nodes_of_one_size_a_round() {
    // The first round needs the most; the others must get along with the memory it gave back, whatever their size class.
    let sim = Sim::seeded(1);
    rounds("one size", 12, |round| {
        let owner = sim.root().insert(());
        let size = 7 - (round % 8);
        for _ in 0..NODES / 4 {
            insert(*owner, size);
        }
        owner.free();
    });
}

#[test]
fn nodes_of_one_size_a_tree() {
    rounds("one size a tree", 12, |round| {
        let sim = Sim::seeded(1);
        let size = 7 - (round % 8);
        for _ in 0..NODES / 4 {
            insert(sim.root(), size);
        }
    });
}

#[test]
fn nodes_freed_in_another_order_each_round() {
    let sim = Sim::seeded(1);
    let mut nodes: Vec<AnyNode> = Vec::with_capacity(NODES);
    rounds("another order", 6, |round| {
        nodes.extend((0..NODES).map(|index| insert(sim.root(), index % 7)));
        let step = [1, 3, 7, 11, 13, 17][round % 6];
        for offset in 0..step {
            for node in nodes.iter().skip(offset).step_by(step) {
                node.free();
            }
        }
        nodes.clear();
    });
}

#[test]
fn requests_and_timers() {
    let sim = Sim::seeded(1);
    rounds("requests and timers", 5, |_| {
        for index in 0..NODES as u64 / 10 {
            sim.root().spawn("sleeps", async move |me| me.sleep(millis(1 + index % 50)).await).timeout(millis(30)).detach();
            sim.root().after(millis(1 + index % 40), || ());
        }
        sim.advance(millis(100));
        assert_eq!(sim.root().children().count(), 0);
    });
}

#[test]
fn trees_one_after_the_other() {
    rounds("trees", 4, |_| {
        for seed in 0..TREES as u64 {
            let sim = Sim::seeded(seed);
            let node = sim.root().insert([0_u8; 56]);
            node.insert(seed);
            if seed % 16 == 0 {
                let request = sim.root().spawn("request", async move |_| Ok::<_, Ended>(seed));
                assert!(sim.block_on(request).is_ok());
            }
        }
    });
}

#[test]
fn trees_at_the_same_time() {
    let mut sims: Vec<Sim> = Vec::with_capacity(TREES / 50);
    rounds("trees at the same time", 4, |round| {
        for seed in 0..TREES as u64 / 50 {
            let sim = Sim::seeded(seed);
            insert(sim.root(), (seed as usize + round) % 8);
            sims.push(sim);
        }
        if round % 2 == 0 {
            sims.reverse();
        }
        sims.clear();
    });
}
