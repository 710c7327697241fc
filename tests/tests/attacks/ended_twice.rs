//! A request ends without a result, none of its code is on the stack, and what it owns frees what owns it: that free ends it, all of it,
//! and it does not end once more.

use std::future::pending;

use hamadryad::{AnyNode, Ended};

use crate::trace::{contain, does, world};

/// Begins to end below that owner: in a turn, or at once.
type Begins = fn(AnyNode);

const BEGINS: &[(&str, Begins)] = &[
    ("a panic", |owner| {
        owner
            .spawn("panics", async move |me: AnyNode| {
                me.insert(does(move || _ = owner.free()));
                panic!("on purpose");
            })
            .detach();
    }),
    ("a dropped completer", |owner| {
        let (request, done) = owner.completer::<(), Ended>("by hand");
        request.node().insert(does(move || _ = owner.free()));
        request.detach();
        drop(done);
    }),
    ("a dropped completer, and somebody waits", |owner| {
        let (request, done) = owner.completer::<(), Ended>("by hand");
        request.node().insert(does(move || _ = owner.free()));
        drop(done);
        drop(request);
    }),
];

#[test]
fn what_is_below_frees_what_is_above() {
    for (name, begins) in BEGINS {
        let sim = world();
        let root = sim.root();
        let failures = contain(root);
        let before = root.report().stable();
        let owner: AnyNode = root.insert("owner").into();
        begins(owner);
        sim.settle();
        assert!(!owner.is_alive(), "{name}");
        // Its outcome was fixed before, and is not lost: nobody received it.
        let told = failures.take();
        assert!(matches!(&told[..], [failure] if failure.contains("on purpose") || failure.contains("completer")), "{name}: {told:?}");
        assert_eq!(root.report().stable(), before, "{name}");
        let next: Vec<AnyNode> = (0..4).map(|_| root.spawn("next", async |_| pending::<()>().await).detach()).collect();
        sim.settle();
        let ids: std::collections::HashSet<_> = next.iter().map(|node| node.id()).collect();
        assert!(ids.len() == next.len() && next.iter().all(|node| node.is_alive()), "{name}: {next:?}");
        next.iter().for_each(|node| _ = node.free());
        assert_eq!(root.report().stable(), before, "{name}");
    }
}
