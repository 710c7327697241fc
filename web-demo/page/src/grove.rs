//! A grove: many nodes that live and die, to look at.

use core::time::Duration;

use hamadryad_wasm::AnyNode;
use hamadryad_wasm::prelude::*;

use crate::boxed::spawn_boxed;

/// Leaves on one branch; with it, fifty nodes.
const LEAVES: usize = 49;

/// How often a branch looks for leaves that fell.
const SEASON: Duration = secs(1);

/// Grows about `nodes` nodes under `owner`, in branches of fifty. A leaf is a request that sleeps for some seconds, within a deadline, and
/// another one takes its place within a second; so their number stays about the same until the grove is ended.
pub(crate) fn grow(owner: AnyNode, nodes: usize) {
    let grove = owner.insert(()).named("grove");
    for _ in 0..nodes.div_ceil(LEAVES + 1) {
        let branch = *grove.insert(()).named("branch");
        let bud = move || while branch.children().count() <= LEAVES && leaf(branch).is_alive() {};
        branch.every(SEASON, bud).named("season");
        bud();
    }
}

fn leaf(branch: AnyNode) -> AnyNode {
    let mut random = [0; 2];
    branch.fill_random(&mut random);
    let life = millis(3_000 + u64::from(u16::from_le_bytes(random)) / 4);
    let leaf = spawn_boxed(branch, "leaf", move |me| me.sleep(life));
    leaf.timeout(secs(20)).detach()
}
