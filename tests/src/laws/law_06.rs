//! Law 6: `reparent` moves a subtree, and refuses cycles and another tree's nodes.

use crate::{OnDrop, Trace, World};
use hamadryad::ReparentError;
use hamadryad::prelude::*;

/// A moved subtree stays whole, its handles stay valid, and it is its new owner's newest child.
pub async fn law_06_a_subtree_moves_as_a_whole<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (from, to) = (ground.insert(1), ground.insert(2));
    let older = to.insert(3);
    let moved = from.insert(trace.canary("moved"));
    let below = moved.insert(trace.canary("below"));
    moved.reparent(to).expect("no cycle");
    assert_eq!(to.children().collect::<Vec<_>>(), [*moved, *older]);
    assert_eq!(below.ancestors().take(3).collect::<Vec<_>>(), [*moved, *to, ground]);
    from.free();
    trace.expect(&[]);
    to.free();
    trace.expect(&["drop below", "drop moved"]);
}

/// A timer and a request run on under their new owner, and end with it.
pub async fn law_06_what_is_alive_runs_on_under_its_new_owner<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let (from, to) = (ground.insert(1), ground.insert(2));
    let timer = from.after(millis(1), trace.noting("timer"));
    let note = trace.noting("request");
    let request = from
        .spawn("request", async move |me: AnyNode| {
            me.sleep(millis(1)).await?;
            note();
            Ok::<_, Ended>(())
        })
        .detach();
    timer.reparent(to).expect("no cycle");
    request.reparent(to).expect("no cycle");
    from.free();
    world.root().sleep(millis(3)).await.expect("the root is alive");
    assert_eq!((trace.count("timer"), trace.count("request"), trace.len()), (1, 1, 2));
}

/// A node cannot move below itself.
pub async fn law_06_cycles_are_refused<W: World>(world: W) {
    let ground = world.ground();
    let top = ground.insert(1);
    let middle = top.insert(2);
    let bottom = middle.insert(3);
    for target in [*top, *middle, *bottom] {
        assert!(matches!(top.reparent(target), Err(ReparentError::WouldCycle)));
    }
    assert!(matches!(world.root().reparent(bottom), Err(ReparentError::WouldCycle)));
    assert_eq!(bottom.ancestors().take(3).collect::<Vec<_>>(), [*middle, *top, ground], "nothing moved");
}

/// Nor into another tree.
pub async fn law_06_another_trees_nodes_are_refused<W: World>(world: W) {
    let other = W::new();
    let ours = world.ground().insert(1);
    let theirs = other.root().insert(2);
    assert!(matches!(ours.reparent(theirs), Err(ReparentError::OtherTree)));
    assert!(matches!(theirs.reparent(ours), Err(ReparentError::OtherTree)));
    assert_eq!(theirs.parent(), Some(other.root()));
    assert!(ours.is_alive());
}

/// Stale nodes neither move nor own.
pub async fn law_06_stale_nodes_are_refused<W: World>(world: W) {
    let ground = world.ground();
    let (alive, stale) = (ground.insert(1), ground.insert(2));
    stale.free();
    assert!(matches!(stale.reparent(alive), Err(ReparentError::Stale)));
    assert!(matches!(alive.reparent(stale), Err(ReparentError::Stale)));
    assert_eq!(alive.parent(), Some(ground));
}

/// Nothing is moved below a node that is ending, and what is ending stays where it is.
pub async fn law_06_ending_nodes_are_refused<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let other = ground.insert(1);
    let parent = ground.insert(2);
    let note = trace.clone();
    parent.insert(OnDrop::new(move || {
        note.note(format!("onto: {:?}", other.reparent(parent)));
        note.note(format!("away: {:?}", parent.reparent(other)));
    }));
    parent.free();
    trace.expect(&["onto: Err(Ending)", "away: Err(Ending)"]);
    assert_eq!(other.parent(), Some(ground));
}
