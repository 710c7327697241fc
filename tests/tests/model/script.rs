//! What is done: operations at random, and what code called by the tree does. Both sides make the same script from the same seed.

use crate::random::Random;

/// How deep scripts nest: code called by a script's operation has a script of its own, down to here.
const DEPTH_MAX: u32 = 3;

/// One operation. Nodes are numbered as they are made; 0 is the root.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// `try_insert` of a value whose drop runs the script `seed`.
    Insert {
        owner: Pick,
        seed: u64,
    },
    /// `insert_with` of a constructor that runs a script, for a value whose drop runs another.
    Build {
        owner: Pick,
        seed: u64,
    },
    Free(Pick),
    FreeChildren(Pick),
    Take(Pick),
    Reparent {
        node: Pick,
        owner: Pick,
    },
    /// `on_free` of a hook that runs another script at each asking.
    Hook {
        node: Pick,
        seed: u64,
    },
    /// `try_with`, or `try_with_mut` if exclusive, that runs a script.
    Lend {
        node: Pick,
        exclusive: bool,
        seed: u64,
    },
}

/// Which node: a number that is brought into the range of those made so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick(u64);

impl Pick {
    fn random(random: &mut Random) -> Pick {
        Pick(random.next())
    }

    /// Mostly a young node, sometimes any, now and then the root.
    pub(crate) fn among(self, made: usize) -> usize {
        let (choice, number) = (self.0 % 32, (self.0 >> 8) as usize);
        match choice {
            0 => 0,
            1..=20 => made - 1 - number % made.min(8),
            _ => number % made,
        }
    }
}

impl Op {
    pub(crate) fn random(random: &mut Random) -> Op {
        let node = Pick::random(random);
        let seed = random.next();
        match random.below(40) {
            // Something grows anew, however much was freed.
            0..=4 => Op::Insert { owner: Pick(0), seed },
            5..=13 => Op::Insert { owner: node, seed },
            14..=16 => Op::Build { owner: node, seed },
            // The root is freed rarely, or nothing is left to look at.
            17..=22 if node.0.is_multiple_of(32) && !random.one_in(16) => Op::FreeChildren(node),
            17..=22 => Op::Free(node),
            23..=24 => Op::FreeChildren(node),
            25..=26 => Op::Take(node),
            27..=31 => Op::Reparent { node, owner: Pick::random(random) },
            32..=36 => Op::Hook { node, seed },
            _ => Op::Lend { node, exclusive: random.one_in(2), seed },
        }
    }
}

/// What a piece of code does, and how it ends.
pub(crate) struct Script {
    pub(crate) ops: Vec<Op>,
    pub(crate) panics: bool,
    /// The answer of a hook that does not panic.
    pub(crate) keeps: bool,
}

impl Script {
    pub(crate) fn new(seed: u64, depth: u32) -> Script {
        let mut random = Random::new(seed);
        let (keeps, panics) = (random.one_in(3), random.one_in(12));
        let count = if depth > DEPTH_MAX || random.one_in(2) { 0 } else { 1 + random.below(2) };
        Script { ops: (0..count).map(|_| Op::random(&mut random)).collect(), panics, keeps }
    }
}

/// The seed of another script of the same origin: a hook's next asking, a value's drop after its constructor.
pub(crate) fn derived(seed: u64, number: u64) -> u64 {
    Random::new(seed.wrapping_add(number.wrapping_mul(0xA076_1D64_78BD_642F))).next()
}
