//! Law 7, where it panics: only `insert*`, `with*`, `now`, `wall_clock` and `fill_random`, naming a place.

use crate::{Blocking, OnDrop, Trace, turn, unwinds};
use hamadryad::prelude::*;
use hamadryad::{Node, NodeId};

/// What has no answer on a stale node panics, and names the place of the free.
pub async fn law_07_panics_name_the_place_of_the_free<W: Blocking>(world: W) {
    let node = world.ground().insert(5);
    let line = line!() + 1;
    node.free();
    let place = format!("{}:{line}", file!());
    let messages = [
        unwinds(|| node.insert(1)),
        unwinds(|| node.insert_with(|_: Node<i32>| 1)),
        unwinds(|| node.with(|_| ())),
        unwinds(|| node.with_mut(|_| ())),
        unwinds(|| node.now()),
        unwinds(|| node.wall_clock()),
        unwinds(|| node.fill_random(&mut [0])),
    ];
    for message in messages {
        assert!(message.contains(&place), "{message:?} does not name {place}");
    }
}

/// `insert` below an ending node panics.
pub async fn law_07_insert_below_an_ending_node_panics<W: Blocking>(world: W) {
    let trace = Trace::new();
    let node = world.ground().insert(5);
    let note = trace.clone();
    node.insert(OnDrop::new(move || {
        unwinds(|| node.insert(6));
        unwinds(|| node.insert_with(|_: Node<i32>| 6));
        node.with(|value| note.note(format!("{value}")));
    }));
    node.free();
    trace.expect(&["5"]);
}

/// `with` on a lent value panics, and names the holder's place.
pub async fn law_07_panics_name_the_holder<W: Blocking>(world: W) {
    let node = world.ground().insert(5);
    let line = line!() + 1;
    node.with_mut(|_| {
        let place = format!("{}:{line}", file!());
        for message in [unwinds(|| node.with(|_| ())), unwinds(|| node.with_mut(|_| ()))] {
            assert!(message.contains(&place), "{message:?} does not name {place}");
        }
    });
}

/// An end by a dropped handle names whose code ran.
pub async fn law_07_a_dropped_handle_names_whose_code_ran<W: Blocking>(world: W) {
    let ground = world.ground();
    let owned = ground.insert(5).owned();
    let node: Node<i32> = *owned;
    let line = line!() + 1;
    let culprit = ground.spawn("culprit", async move |_| {
        drop(owned);
        Ok::<_, Ended>(())
    });
    culprit.await.expect("the body says so");
    let message = unwinds(|| node.insert(6));
    let place = format!("{}:{line}", file!());
    assert!(message.contains("culprit") || message.contains(&place), "{message:?} names neither culprit nor {place}");
}

/// Ids cross threads; another thread's tree does not know them.
pub async fn law_07_ids_of_another_thread_are_told_apart<W: Blocking>(world: W) {
    let id: NodeId = world.ground().insert(5).id();
    let found = std::thread::spawn(move || {
        let other = W::new();
        other.root().insert(6);
        other.root().find(id).is_some()
    });
    assert!(!found.join().expect("it does not panic"));
    turn(world.root()).await;
    assert!(world.root().find(id).is_some());
}

/// A panic inside `with` is the caller's; the value is no longer lent after it.
pub async fn law_07_a_panic_inside_with_gives_the_value_back<W: Blocking>(world: W) {
    let node = world.ground().insert(5);
    assert_eq!(unwinds(|| node.with(|_| panic!("in with"))), "in with");
    assert_eq!(unwinds(|| node.with_mut(|_| panic!("in with_mut"))), "in with_mut");
    assert_eq!(node.take().expect("nobody holds it"), 5);
}
