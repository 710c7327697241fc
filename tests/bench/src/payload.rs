//! What the nodes of the trees hold: 48, 56 or 64 bytes, with a drop on every tenth.

use std::cell::Cell;

/// Children of the tree's root.
pub const TOPS: u64 = 1000;
/// Children of each of those.
pub const KIDS: u64 = 10;
/// Nodes of the tree, its root included.
pub const NODES: u64 = 1 + TOPS + TOPS * KIDS;
/// How many others hang under the root of the workload `node`.
pub const OTHERS: u64 = 10;

thread_local! {
    static DROPPED: Cell<u64> = const { Cell::new(0) };
}

/// How many `Counted` were dropped.
#[must_use]
pub fn dropped() -> u64 {
    DROPPED.get()
}

/// So many words, and nothing to do at the end.
#[derive(Debug)]
pub struct Plain<const WORDS: usize>(pub [u64; WORDS]);

/// So many words, whose drop is counted.
#[derive(Debug)]
pub struct Counted<const WORDS: usize>(pub [u64; WORDS]);

impl<const WORDS: usize> Drop for Counted<WORDS> {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}
