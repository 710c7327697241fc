//! Law 20: the order of a turn, its snapshots, and the one exception.

use crate::{Hand, Trace};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Node, Ready, Request, SourceClass};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A source below `owner` that is its own watcher.
fn source(owner: AnyNode, class: SourceClass, mut handler: impl FnMut() + 'static) -> AnyNode {
    owner.source_fn(class, "test", move |_token| Ok::<_, Ended>(move |_: Ready| handler())).expect("the owner is alive")
}

/// Signals, posts, immediates, due timers, I/O, woken requests, deadlines.
pub fn law_20_the_classes_run_in_their_order() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let paper: Node<Trace> = root.insert(trace.clone());
    let canary = trace.canary("late request");
    let late = root.spawn("late", async move |me: AnyNode| {
        canary.name();
        me.sleep(hours(1)).await
    });
    let late = late.timeout(millis(5));
    let (awaited, done) = root.completer::<(), Ended>("awaited");
    let note = trace.noting("woken");
    root.spawn("waiter", async move |_| {
        let _ = awaited.await;
        note();
    })
    .detach();
    hand.settle();

    done.complete(Ok(())).expect("somebody waits");
    let _ = source(root, SourceClass::Io, trace.noting("i/o")).mark_ready(Ready::READABLE);
    root.after(millis(5), trace.noting("timer"));
    root.soon(trace.noting("immediate"));
    paper.remote().post(|node: Node<Trace>| node.with(|trace| trace.note("post"))).expect("the tree lives");
    let _ = source(root, SourceClass::Signal, trace.noting("signal")).mark_ready(Ready::READABLE);
    trace.expect(&[]);

    hand.turn_at(5);
    trace.expect(&["signal", "post", "immediate", "timer", "i/o", "woken", "drop late request"]);
    drop(late);
}

/// Of each class only what was pending when the class began: what a class makes for itself runs in the next turn.
pub fn law_20_what_a_class_makes_for_itself_runs_in_the_next_turn() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let paper: Node<Trace> = root.insert(trace.clone());

    for (class, name) in [(SourceClass::Signal, "signal"), (SourceClass::Io, "i/o")] {
        let own: Rc<Cell<Option<AnyNode>>> = Rc::default();
        let (me, note, again) = (own.clone(), trace.clone(), Cell::new(true));
        let node = source(root, class, move || {
            note.note(name);
            if again.replace(false) {
                let _ = me.get().expect("set below").mark_ready(Ready::READABLE);
            }
        });
        own.set(Some(node));
        let _ = node.mark_ready(Ready::READABLE);
    }
    let posted = |node: Node<Trace>| {
        node.with(|trace| trace.note("post"));
        node.remote().post(|node: Node<Trace>| node.with(|trace| trace.note("post"))).expect("the tree lives");
    };
    paper.remote().post(posted).expect("the tree lives");
    let note = trace.clone();
    root.soon(move || {
        note.note("immediate");
        root.soon(note.noting("immediate"));
    });
    let note = trace.clone();
    root.after(millis(0), move || {
        note.note("timer");
        root.after(millis(0), note.noting("timer"));
    });
    let note = trace.clone();
    root.spawn("request", async move |_| {
        note.note("request");
        let again = note.noting("request");
        root.spawn("request", async move |_| again()).detach();
    })
    .detach();

    let once = ["signal", "post", "immediate", "timer", "i/o", "request"];
    assert!(hand.turn().pending);
    trace.expect(&once);
    hand.turn();
    trace.expect(&once);
    assert!(!hand.turn().pending);
    trace.expect(&[]);
}

/// What is marked while the sources are served waits: readiness of one that is still to come, and a source that is new.
pub fn law_20_what_is_marked_while_its_class_runs_waits_for_the_next_turn() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let goes: Rc<Cell<Option<AnyNode>>> = Rc::default();
    let stays = Rc::new(Cell::new(None::<AnyNode>));
    let (note, going, staying) = (trace.clone(), goes.clone(), stays.clone());
    let first = source(root, SourceClass::Io, move || {
        note.note("first");
        let _ = staying.get().expect("set below").mark_ready(Ready::READABLE);
        if let Some(going) = going.take() {
            going.free();
            let _ = source(root, SourceClass::Io, note.noting("new")).mark_ready(Ready::READABLE);
        }
    });
    let gone = source(root, SourceClass::Io, trace.noting("gone"));
    let waits = source(root, SourceClass::Io, trace.noting("waits"));
    goes.set(Some(gone));
    stays.set(Some(waits));
    for node in [first, gone, waits] {
        let _ = node.mark_ready(Ready::READABLE);
    }
    assert!(hand.turn().pending);
    trace.expect(&["first", "waits"]);
    assert!(!hand.turn().pending);
    trace.expect(&["waits", "new"]);
}

/// What a class makes for a later one runs in this turn.
pub fn law_20_what_a_class_makes_for_a_later_one_runs_in_this_turn() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let paper: Node<Trace> = root.insert(trace.clone());
    let (request, done) = root.completer::<(), Ended>("awaited");
    let note = trace.noting("woken");
    root.spawn("waiter", async move |_| {
        let _ = request.await;
        note();
    })
    .detach();
    hand.settle();

    let completer = Rc::new(RefCell::new(Some(done)));
    let note = trace.clone();
    let io = source(root, SourceClass::Io, move || {
        note.note("i/o");
        completer.take().expect("called once").complete(Ok(())).expect("somebody waits");
    });
    let io_slot: Node<AnyNode> = root.insert(io).named("io slot");
    let remote = paper.remote();
    let note = trace.clone();
    let signal = source(root, SourceClass::Signal, move || {
        note.note("signal");
        let posted = move |node: Node<Trace>| {
            let trace = node.with(Trace::clone);
            trace.note("post");
            let owner: AnyNode = node.parent().expect("the root");
            owner.soon(move || {
                trace.note("immediate");
                let note = trace.clone();
                owner.after(millis(0), move || {
                    note.note("timer");
                    let slot = owner.children().find_map(AnyNode::downcast::<AnyNode>).expect("the slot of the source");
                    let _ = slot.with(|io| *io).mark_ready(Ready::READABLE);
                });
            });
        };
        remote.post(posted).expect("the tree lives");
    });
    let _ = signal.mark_ready(Ready::READABLE);
    hand.turn();
    trace.expect(&["signal", "post", "immediate", "timer", "i/o", "woken"]);
    io_slot.free();
}

/// Within a class: first come, first served.
pub fn law_20_each_class_is_first_come_first_served() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    for name in ["1", "2", "3"] {
        root.soon(trace.noting(name));
    }
    for name in ["4", "5", "6"] {
        let note = trace.noting(name);
        root.spawn("request", async move |_| note()).detach();
    }
    let turn = hand.turn();
    assert_eq!((turn.ran, turn.pending), (6, false));
    trace.expect(&["1", "2", "3", "4", "5", "6"]);
}

/// A chain of requests, each awaiting the next; the innermost sleeps `ms`.
fn chain(owner: AnyNode, trace: &Trace, ms: u64) {
    let note = trace.clone();
    owner
        .spawn("top", async move |me: AnyNode| {
            let inner = note.clone();
            let middle = me.spawn("middle", async move |me: AnyNode| {
                let innermost = inner.clone();
                let bottom = me.spawn("bottom", async move |me: AnyNode| {
                    me.sleep(millis(ms)).await?;
                    innermost.note("bottom");
                    Ok::<_, Ended>(())
                });
                bottom.await?;
                inner.note("middle");
                Ok::<_, Ended>(())
            });
            middle.await?;
            note.note("top");
            Ok::<_, Ended>(())
        })
        .detach();
}

/// The exception: an answer climbs to the top in one turn.
pub fn law_20_an_answer_climbs_to_the_top_in_one_turn() {
    let hand = Hand::new();
    let trace = Trace::new();
    chain(hand.root(), &trace, 5);
    hand.settle();
    hand.turn_at(5);
    trace.expect(&["bottom", "middle", "top"]);
}

/// … at the end of the class: what was woken before comes first.
pub fn law_20_who_was_woken_before_comes_first() {
    let hand = Hand::new();
    let trace = Trace::new();
    chain(hand.root(), &trace, 5);
    let note = trace.noting("neighbour");
    hand.root()
        .spawn("neighbour", async move |me: AnyNode| {
            me.sleep(millis(5)).await?;
            note();
            Ok::<_, Ended>(())
        })
        .detach();
    hand.settle();
    hand.turn_at(5);
    trace.expect(&["bottom", "neighbour", "middle", "top"]);
}

/// Not for one that has run in this turn already: it runs in the next.
pub fn law_20_one_that_has_run_in_this_turn_waits_for_the_next() {
    let hand = Hand::new();
    let trace = Trace::new();
    let note = trace.clone();
    hand.root()
        .spawn("outer", async move |me: AnyNode| {
            let own = me.sleep(millis(5));
            let mut own = pin!(own);
            let inside = note.clone();
            let mut inner = me.spawn("inner", async move |me: AnyNode| {
                me.sleep(millis(5)).await?;
                inside.note("inner ends");
                Ok::<_, Ended>(())
            });
            let mut slept = false;
            poll_fn(|context| {
                note.note("outer runs");
                slept = slept || own.as_mut().poll(context).is_ready();
                Pin::new(&mut inner).poll(context).map(|_| ())
            })
            .await;
        })
        .detach();
    hand.settle();
    trace.expect(&["outer runs"]);
    let turn = hand.turn_at(5);
    trace.expect(&["outer runs", "inner ends"]);
    assert!(turn.pending);
    hand.turn();
    trace.expect(&["outer runs"]);
}

/// Nor for one that is woken by anything else than the end of what it awaits.
pub fn law_20_a_plain_wake_up_by_a_woken_request_waits_for_the_next_turn() {
    let hand = Hand::new();
    let trace = Trace::new();
    let slot: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (put, note, told) = (slot.clone(), trace.clone(), Rc::new(Cell::new(false)));
    let heard = told.clone();
    hand.root()
        .spawn("listener", async move |_| {
            poll_fn(|context| {
                *put.borrow_mut() = Some(context.waker().clone());
                if heard.get() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            note.note("listener");
        })
        .detach();
    hand.settle();
    let note = trace.noting("speaker");
    hand.root()
        .spawn("speaker", async move |_| {
            note();
            told.set(true);
            slot.take().expect("the listener was polled").wake();
        })
        .detach();
    assert!(hand.turn().pending);
    trace.expect(&["speaker"]);
    hand.turn();
    trace.expect(&["listener"]);
}

/// If a deadline woke it, it runs after the last deadline, still in this turn; and so on up to the top.
pub fn law_20_who_is_woken_by_a_deadline_runs_after_the_last_one() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let slow = |name: &'static str| {
        let canary = trace.canary(name);
        root.spawn("slow", async move |me: AnyNode| {
            canary.name();
            me.sleep(hours(1)).await
        })
        .timeout(millis(5))
    };
    let (first, second) = (slow("first"), slow("second"));
    let note = trace.clone();
    root.spawn("top", async move |me: AnyNode| {
        let inside = note.clone();
        let outer = me.spawn("outer", async move |_| -> Result<(), Ended> {
            let ended = first.await;
            inside.note("outer");
            assert!(matches!(ended, Err(Ended::TimedOut { .. })));
            Ok(())
        });
        let _ = outer.await;
        note.note("top");
    })
    .detach();
    hand.settle();
    hand.turn_at(5);
    let events = trace.take();
    let mut ends = events[..2.min(events.len())].to_vec();
    ends.sort();
    assert_eq!(ends, ["drop first", "drop second"], "{events:?}");
    assert_eq!(events[2..], ["outer", "top"]);
    drop(second);
}

/// Deadlines that are set while others end, and are due already, end in the next turn: on a request that waits, on one above what ends, and
/// on one that begins to wait meanwhile.
pub fn law_20_a_deadline_that_is_set_by_a_deadline_ends_in_the_next_turn() {
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    let waits = |owner: AnyNode, name: &'static str| {
        let canary = trace.canary(name);
        owner.spawn(name, async move |me: AnyNode| {
            canary.name();
            me.sleep(hours(1)).await
        })
    };
    let other = waits(root, "other").timeout(hours(2));
    let above = waits(root, "above");
    let first = waits(root, "first").timeout(millis(5));
    let below = waits(above.node(), "below").timeout(millis(5));
    let polled: Rc<Cell<Option<Request<(), Ended>>>> = Rc::default();
    let (keep, begin) = (polled.clone(), trace.clone());
    let set = Cell::new(Some((other, above)));
    first.node().on_free(move |_| {
        let Some((other, above)) = set.take() else { return Proceed };
        let new = begin.canary("new");
        let mut new = root.spawn("new", async move |me: AnyNode| {
            new.name();
            me.sleep(hours(1)).await
        });
        new = new.timeout(millis(0));
        assert!(pin!(&mut new).poll(&mut std::task::Context::from_waker(Waker::noop())).is_pending());
        keep.set(Some(new));
        other.timeout(millis(0)).detach();
        above.timeout(millis(0)).detach();
        Proceed
    });
    root.on_failure(|_| Contain);
    hand.settle();
    hand.turn_at(5);
    trace.expect(&["drop first", "drop below"]);
    hand.turn();
    let mut ends = trace.take();
    ends.sort();
    assert_eq!(ends, ["drop above", "drop new", "drop other"]);
    drop((first, below, polled));
}

/// Nothing starves: an immediate and a timer that always come again leave room for everybody.
pub fn law_20_nothing_starves() {
    fn again(node: AnyNode) {
        node.soon(move || again(node));
    }
    let hand = Hand::new();
    let root = hand.root();
    let trace = Trace::new();
    again(root);
    root.every(millis(0), || ());
    let note = trace.noting("request");
    root.spawn("request", async move |me: AnyNode| {
        me.sleep(millis(1)).await?;
        note();
        Ok::<_, Ended>(())
    })
    .detach();
    for ms in 0..3 {
        assert!(hand.turn_at(ms).pending);
    }
    trace.expect(&["request"]);
}
