//! Before its first run a request runs where it is first awaited, and no deadline counts for it, whatever else is true of it.

use std::{future::poll_fn, pin::Pin, task::Poll};

use hamadryad::{AnyNode, Ended, Request, millis};

use crate::trace::{does, said, say, world};

/// One that was moved away from an owner whose children were freed meanwhile is like any other.
#[test]
fn in_place_after_it_was_moved_away_from_a_free_of_children() {
    let sim = world();
    let root = sim.root();
    let (from, to): (AnyNode, AnyNode) = (root.insert("from").into(), root.insert("to").into());
    root.spawn("awaits", async move |_| {
        let mut moved = from.spawn("moved", async |_| {
            say("moved");
            Ok::<_, Ended>(())
        });
        let node = moved.node();
        from.insert(does(move || say(format_args!("{:?}", node.reparent(to)))));
        from.free_children();
        say("awaits");
        let first = poll_fn(|context| Poll::Ready(Pin::new(&mut moved).poll(context))).await;
        say(format_args!("{:?}", first.map(|got| got.is_ok())));
    })
    .detach();
    sim.settle();
    assert_eq!(said(), ["Ok(())", "awaits", "moved", "Ready(true)"]);
}

type Made = Request<u32, Ended>;

/// In whatever order it was limited and told to be one of the background.
#[test]
fn before_its_limit_in_the_background_too() {
    let options: &[fn(Made) -> Made] =
        &[|made| made.timeout(millis(0)), |made| made.timeout(millis(0)).background(), |made| made.background().timeout(millis(0))];
    for (number, options) in options.iter().enumerate() {
        let sim = world();
        let root = sim.root();
        root.spawn("makes", async move |_| {
            let made = options(root.spawn("made", async |_| {
                say("made");
                Ok::<_, Ended>(7)
            }));
            root.spawn("receives", async move |_| say(format_args!("{:?}", made.await.map_err(|ended| ended.to_string())))).detach();
        })
        .detach();
        sim.settle();
        assert_eq!(said(), ["made", "Ok(7)"], "option {number}");
    }
}
