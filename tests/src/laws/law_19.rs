//! Law 19: the core never blocks and calls no system; time, randomness and wall time come from the host, time once a turn.

use crate::{Hand, HandHost, Trace, World, turn};
use hamadryad::prelude::*;
use std::rc::Rc;

/// Time is monotonic, and stands still within a turn however long its work takes.
pub async fn law_19_time_stands_still_within_a_turn<W: World>(world: W) {
    let ground = world.ground();
    let before = ground.now();
    for value in 0..20_000 {
        ground.insert(value).free();
    }
    assert_eq!(ground.now(), before);
    assert_eq!(world.root().now(), before, "it is the same all over the tree");
    ground.sleep(millis(2)).await.expect("the ground is alive");
    assert!(ground.now() - before >= millis(2));
    let then = ground.now();
    turn(ground).await;
    assert!(ground.now() >= then);
}

/// What is begun in a turn counts from its time, whatever the host's clock says by then; the clock is not asked during a turn.
pub fn law_19_what_is_begun_in_a_turn_counts_from_its_time() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let note = trace.clone();
    root.soon(move || {
        let reads = root.with_host(|host: &HandHost| host.clock_reads()).expect("it is this host");
        note.note(format!("now {}", root.now().as_nanos()));
        let request = root.spawn("request", async move |me| me.sleep(millis(900)).await).timeout(millis(7));
        note.note(format!("deadline {}", request.node().deadline().map_or(0, |at| at.as_nanos())));
        request.detach();
        root.after(millis(5), || ());
        assert_eq!(root.with_host(|host: &HandHost| host.clock_reads()), Some(reads), "asked only outside a turn");
    });
    hand.at(30);
    let reads = hand.host().clock_reads();
    hand.tree.turn(Hand::instant(10), hamadryad::Deadlines::Count);
    assert_eq!(hand.host().clock_reads(), reads);
    trace.expect(&["now 10000000", "deadline 17000000"]);
    assert_eq!(hand.tree.next_deadline(), Some(Hand::instant(15)));
}

/// Outside a turn the host's clock is asked.
pub fn law_19_outside_a_turn_the_hosts_clock_counts() {
    let hand = Hand::new();
    hand.turn_at(10);
    hand.at(20);
    assert_eq!(hand.root().now(), Hand::instant(20));
    hand.root().after(millis(5), || ());
    assert_eq!(hand.tree.next_deadline(), Some(Hand::instant(25)));
}

/// Wall time and randomness are the host's.
pub fn law_19_wall_time_and_randomness_are_the_hosts() {
    let hand = Hand::new();
    let node = hand.root().insert(());
    assert_eq!(node.wall_clock(), HandHost::wall());
    let mut bytes = [0; 4];
    node.fill_random(&mut bytes);
    assert_eq!(bytes, [1, 2, 3, 4]);
}

/// A host's own things find it from any node; another type of host is not found.
pub fn law_19_a_host_is_found_from_any_node() {
    let hand = Hand::new();
    let node = hand.root().insert(());
    assert!(node.with_host(|host: &HandHost| host.woken()).is_some());
    assert!(node.with_host(|_: &hamadryad::sim::SimHost| ()).is_none());
    assert!(hand.tree.host::<hamadryad::sim::SimHost>().is_none());
    node.free();
    assert!(node.with_host(|_: &HandHost| ()).is_none(), "a stale node has none");
}

/// A turn blocks on nothing: with nothing pending it runs nothing, and says so.
pub fn law_19_an_idle_turn_runs_nothing() {
    let hand = Hand::new();
    let kept = Rc::new(());
    let captured = kept.clone();
    hand.root().after(millis(5), move || drop(captured));
    hand.turn();
    let turn = hand.turn_at(1);
    assert_eq!((turn.ran, turn.pending), (0, false));
    assert_eq!(Rc::strong_count(&kept), 2);
    assert_eq!(hand.turn_at(5).ran, 1);
    assert_eq!(Rc::strong_count(&kept), 1);
}
