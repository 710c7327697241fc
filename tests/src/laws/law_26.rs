//! Law 26: `report()` lists everything alive below a node; `stable()` only what is the same in every run.

use crate::{Canary, OnDrop, Problem, Trace, World, turns};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Ready, SourceClass};

/// One of each thing, with labels, limits and values that differ by `variant`.
fn furnish(owner: AnyNode, variant: u64) {
    owner.insert(vec![0; variant as usize]).named("a value").label(format!("label {variant}"));
    owner.after(hours(variant), || ()).named("a timer");
    owner.every(hours(variant), || ()).named("a period");
    let source = owner.source(SourceClass::Io, "test source", |_token| Ok::<_, Ended>(())).expect("the owner is alive");
    source.named("a source").on_ready(Ready::READABLE, |_| ());
    owner
        .spawn("a request", async move |me: AnyNode| {
            me.scope("a scope", async |me: AnyNode| me.sleep(hours(1)).await).timeout(hours(2 + variant)).await
        })
        .label(format!("label {variant}"))
        .detach();
}

/// The names of all of it, as [`furnish`] gave them, oldest first.
const NAMES: [&str; 6] = ["a value", "a timer", "a period", "a source", "a request", "a scope"];

/// Everything alive is listed: name, type, place, label; siblings oldest first.
pub async fn law_26_the_report_lists_everything<W: World>(world: W) {
    let owner = world.ground();
    furnish(owner, 3);
    turns(world.root(), 2).await;
    let report = owner.report();
    for text in [report.to_string(), report.stable()] {
        let mut last = 0;
        for name in NAMES {
            let position = text.find(name).unwrap_or_else(|| panic!("{name:?} is not in\n{text}"));
            assert!(position > last, "siblings oldest first:\n{text}");
            last = position;
        }
        for part in [file!(), "Vec", "test source"] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }
    assert!(report.to_string().contains("label 3"), "{report}");
    let newest_first: Vec<&str> = owner.children().map(AnyNode::name).collect();
    assert_eq!(newest_first, ["a request", "a source", "a period", "a timer", "a value"]);
}

/// A label comes from wherever, and a node keeps to its line all the same; the data has it as it is.
pub async fn law_26_a_label_keeps_to_its_line<W: World>(world: W) {
    let owner = world.ground();
    let trace = Trace::new();
    trace.note_failures(owner);
    const LABEL: &str = "www\n└─ forged\u{1b}[2J\u{85}ünï";
    owner.insert(1).label(LABEL);
    let report = owner.report();
    assert_eq!(report.to_string().lines().count(), 3, "{report}");
    assert!(report.to_string().contains("i32 www�└─ forged�[2J�ünï "), "{report}");
    assert_eq!(report.lines().last().and_then(|line| line.label()), Some(LABEL));
    owner.spawn("query", async |_| Err::<(), _>(Problem::Said("no"))).label(LABEL).detach();
    turns(world.root(), 3).await;
    trace.expect(&["ground › query www�└─ forged�[2J�ünï: no"]);
}

/// The report of a part tells of its topmost node what it tells of the others.
pub async fn law_26_the_topmost_node_has_its_place<W: World>(world: W) {
    let line = line!() + 1;
    let report = world.ground().insert(1).report().to_string();
    assert!(report.contains(&format!("{}:{line}", file!())), "{report}");
}

/// What it waits for, the deadline left, how deep: people see them.
pub async fn law_26_the_report_says_what_is_waited_for<W: World>(world: W) {
    let owner = world.ground();
    let source = owner.source(SourceClass::Io, "socket", |_token| Ok::<_, Ended>(())).expect("the owner is alive");
    owner.spawn("reader", async move |_| source.ready(Ready::READABLE, "message").await.map(|_| ())).detach();
    owner
        .spawn("outer", async move |me: AnyNode| {
            me.spawn("inner answer", async move |me: AnyNode| me.sleep(hours(1)).await).timeout(hours(20)).await
        })
        .detach();
    turns(world.root(), 3).await;
    let report = owner.report();
    let line = |text: &str, name: &str| {
        text.lines().find(|line| line.contains(name)).map(String::from).unwrap_or_else(|| panic!("no {name:?} in\n{text}"))
    };
    for text in [report.to_string(), report.stable()] {
        assert!(line(&text, "reader").contains("message"), "{text}");
        assert!(line(&text, "outer").contains("inner answer"), "{text}");
    }
    let text = report.to_string();
    assert!(text.lines().any(|line| line.contains("inner answer") && line.contains("deadline")), "{text}");
}

/// How often it ran, and since when.
pub async fn law_26_the_report_counts_runs<W: World>(world: W) {
    let owner = world.ground();
    let often = async move |me: AnyNode| {
        for _ in 0..5 {
            turns(me, 1).await;
        }
        me.sleep(hours(1)).await
    };
    owner.spawn("often", often).detach();
    turns(world.root(), 8).await;
    let text = owner.report().to_string();
    let line = text.lines().find(|line| line.contains("often")).expect("it is alive");
    assert!(line.contains("6 runs"), "its first run and five wake-ups: {line}");
    assert!(!owner.report().stable().contains("runs"));
}

/// Nothing is kept: what ended is not in it, and repeated work leaves it as it was.
pub async fn law_26_no_history_is_kept<W: World>(world: W) {
    let owner = world.ground();
    furnish(owner, 3);
    turns(world.root(), 2).await;
    let before = owner.report().stable();
    for _ in 0..50 {
        owner.spawn("passing", async |_| Ok::<_, Ended>(1)).await.expect("the body says so");
        owner.insert(5).free();
        owner.soon(|| ());
        turns(world.root(), 1).await;
    }
    turns(world.root(), 1).await;
    assert_eq!(owner.report().stable(), before);
    owner.free_children();
    let text = owner.report().to_string();
    for name in NAMES {
        assert!(!text.contains(name), "{name:?} is still in\n{text}");
    }
}

/// `stable()` has no label, age, deadline, runs, bytes or count: two trees that differ in those only are equal.
pub async fn law_26_stable_is_the_same_in_every_run<W: World>(world: W) {
    let (first, second) = (world.ground(), world.ground());
    furnish(first, 3);
    turns(world.root(), 2).await;
    first.sleep(millis(3)).await.expect("the ground is alive");
    furnish(second, 7);
    turns(world.root(), 5).await;
    assert_eq!(first.report().stable(), second.report().stable());
    assert!(!first.report().stable().contains("label"));
    assert_ne!(first.report().to_string(), second.report().to_string());

    second.insert(5).named("one more");
    assert_ne!(first.report().stable(), second.report().stable());
}

/// It works from inside any callback: hook, `Drop`, timer, immediate, request, `with`.
pub async fn law_26_the_report_works_from_inside_any_callback<W: World>(world: W) {
    let trace = Trace::new();
    let owner = world.ground();
    owner.insert(()).named("witness");
    let look = {
        let note = trace.clone();
        move |from: &str| {
            let report = owner.report();
            let complete = report.to_string().contains("witness") && report.stable().contains("witness");
            note.note(format!("{from} {complete}"));
        }
    };
    let from = look.clone();
    owner.after(millis(1), move || from("timer"));
    let from = look.clone();
    owner.soon(move || from("immediate"));
    let from = look.clone();
    let node = owner.insert(OnDrop::new(move || from("drop")));
    let from = look.clone();
    node.on_free(move |_| {
        from("hook");
        Proceed
    });
    let from = look.clone();
    owner.spawn("request", async move |_| from("request")).await.expect("the body says so");
    node.with(|_| look("with"));
    let value = owner.insert(Canary::new(&trace, "canary"));
    value.with_mut(|_| look("with_mut"));
    node.free();
    owner.sleep(millis(3)).await.expect("the ground is alive");
    trace.expect(&["request true", "with true", "with_mut true", "hook true", "drop true", "immediate true", "timer true"]);
}

/// The head line has the sums: how many nodes, how many of them requests.
pub async fn law_26_the_head_line_has_the_sums<W: World>(world: W) {
    let owner = world.ground();
    for number in 0..4 {
        owner.insert(number);
    }
    owner.spawn("one", async move |me| me.sleep(hours(1)).await).detach();
    owner.spawn("two", async move |me| me.sleep(hours(1)).await).detach();
    let text = owner.report().to_string();
    let head = text.lines().next().expect("there is a head line");
    assert!(head.contains("7 nodes") && head.contains("2 requests"), "{text}");
}

/// What is printed is there as data, line by line: depth, kind, place, wait, runs, deadline left, bytes that add up, and ids that find
/// their nodes.
pub async fn law_26_the_report_is_data_too<W: World>(world: W) {
    let owner = world.ground();
    furnish(owner, 3);
    turns(world.root(), 2).await;
    let report = owner.report();
    let found: Vec<(usize, &str)> = report.lines().map(|line| (line.depth(), line.name())).collect();
    let expected =
        [(0, "ground"), (1, "a value"), (1, "a timer"), (1, "a period"), (1, "a source"), (2, "watcher"), (1, "a request"), (2, "a scope")];
    assert_eq!(found, expected, "{report}");
    assert_eq!((report.nodes(), report.requests()), (8, 1));
    assert_eq!(report.bytes(), report.lines().map(|line| line.bytes()).sum::<usize>());
    for (line, printed) in report.lines().zip(report.to_string().lines().skip(1)) {
        assert!(printed.contains(line.name()) && printed.contains(line.label().unwrap_or_default()), "{printed}");
        assert!(line.kind() == line.name() || printed.contains(line.kind()), "{printed}");
        assert!(line.depth() == 0 || printed.contains(&format!("{}:{}", file!(), line.place().line())), "{printed}");
        assert!(line.waits().is_none_or(|waits| printed.ends_with(&format!("waits: {waits}"))), "{printed}");
        assert_eq!(world.root().find(line.id()).map(AnyNode::id), Some(line.id()));
    }
    let line = |name: &str| report.lines().find(|line| line.name() == name).expect("it is alive");
    assert_eq!((line("a request").runs(), line("a value").runs()), (Some(1), None));
    assert_eq!((line("a scope").waits(), line("a value").waits()), (Some("sleep"), None));
    let left = line("a scope").deadline_left().expect("it has a time-out");
    assert!(left > hours(4) && left <= hours(5), "{left:?}");
    assert_eq!(line("a request").deadline_left(), None);
}
