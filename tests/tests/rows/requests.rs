//! Rows R: requests.

use std::{cell::Cell, fmt, future::pending, rc::Rc};

use hamadryad::{AnyNode, Completer, Ended, Freed, Request, millis, secs, sim::Sim};

use crate::trace::Trace;

/// An error as a protocol has it.
#[derive(Debug, PartialEq, Eq)]
enum Failed {
    NoSuchFile(&'static str),
    Ended,
}

impl From<Ended> for Failed {
    fn from(_: Ended) -> Self {
        Failed::Ended
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// R1: a request ends once, by value, in one of the ways that `Ended` and the result tell apart.
#[test]
fn row_r01_states_are_told_by_the_result() {
    let sim = Sim::seeded(1);
    let root = sim.root();
    root.on_failure(|_| hamadryad::OnFailure::Contain);
    assert!(matches!(sim.block_on(root.spawn("done", async move |_| Ok::<_, Ended>(7))), Ok(7)));
    let failed = root.spawn("failed", async move |_| Err::<(), _>(Failed::NoSuchFile("x")));
    assert!(matches!(sim.block_on(failed), Err(Failed::NoSuchFile("x"))));
    let late = root.spawn("late", async move |me| me.sleep(secs(2)).await).timeout(secs(1));
    assert!(matches!(sim.block_on(late), Err(Ended::TimedOut { .. })));
    let freed = root.spawn("freed", async move |_| pending::<()>().await);
    freed.node().free();
    assert!(matches!(sim.block_on(freed), Err(Ended::Freed { .. })));
    let panicked = root.spawn("panicked", async move |_| -> Result<(), Ended> { panic!("no") });
    assert!(matches!(sim.block_on(panicked), Err(Ended::Panicked { .. })));
    let (forgotten, done) = root.completer::<u32, Ended>("forgotten");
    drop(done);
    assert!(matches!(sim.block_on(forgotten), Err(Ended::CompleterDropped { .. })));
    let (waits, done) = root.completer::<u32, Ended>("abandoned");
    drop(waits);
    assert!(done.is_abandoned() && root.children().count() == 0);
}

/// R2: the owner is explicit: a request is a node under whom it was spawned on, whoever runs.
#[test]
fn row_r02_create_names_the_owner() {
    let sim = Sim::seeded(1);
    let (owner, runs) = (sim.root().insert("owner"), sim.root().insert("who runs"));
    let made = Rc::new(Cell::new(None));
    let seen = made.clone();
    runs.soon(move || {
        let request = owner.spawn("made elsewhere", async move |me| {
            me.insert("below");
            pending::<()>().await;
        });
        seen.set(Some(request.detach()));
    });
    sim.settle();
    let request: AnyNode = made.get().expect("it ran");
    assert_eq!((request.parent(), request.children().count()), (Some(*owner), 1));
    assert_eq!((runs.free(), request.is_alive()), (Freed::Gone { survivors: 0 }, true));
    assert_eq!((owner.free(), request.is_alive()), (Freed::Gone { survivors: 0 }, false));
}

/// R3: three steps are three lines of one `async fn`: no state struct, no forward declaration, no callback.
#[test]
fn row_r03_send_done_recv_is_one_async_function() {
    fn create(me: AnyNode, name: &'static str) -> Request<u32, Failed> {
        me.spawn("create", async move |me| {
            me.sleep(millis(1)).await?;
            if name == "a.txt" { Ok(7) } else { Err(Failed::NoSuchFile(name)) }
        })
    }
    fn set_name(me: AnyNode, file: u32, _name: &'static str) -> Request<u32, Failed> {
        me.spawn("set name", async move |me| {
            me.sleep(millis(1)).await?;
            Ok(file + 1)
        })
    }
    fn close(me: AnyNode, file: u32) -> Request<(), Failed> {
        me.spawn("close", async move |me| {
            me.sleep(millis(1)).await?;
            if file == 7 { Ok(()) } else { Err(Failed::Ended) }
        })
    }
    async fn rename(me: AnyNode, from: &'static str, to: &'static str) -> Result<u32, Failed> {
        let file = create(me, from).await?;
        let renamed = set_name(me, file, to).await;
        close(me, file).await?;
        renamed
    }
    let sim = Sim::seeded(1);
    assert_eq!(sim.block_on(sim.root().spawn("rename", async move |me| rename(me, "a.txt", "b.txt").await)), Ok(8));
    assert_eq!(sim.elapsed(), millis(3));
    let missing = sim.root().spawn("rename", async move |me| rename(me, "c.txt", "b.txt").await);
    assert_eq!(sim.block_on(missing), Err(Failed::NoSuchFile("c.txt")));
    assert_eq!((sim.elapsed(), sim.root().children().count()), (millis(4), 0));
}

/// R4: a completion calls nobody from inside, may free anything, and cannot be told twice (`complete` takes the completer).
#[test]
fn row_r04_done_is_told_once_and_by_the_loop() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let owner = sim.root().insert(trace.on_drop("owner"));
    let (request, done) = owner.completer::<u32, Ended>("request");
    let told = trace.clone();
    request.on_result(move |result| {
        told.say(format_args!("told {:?}", result.ok()));
        owner.free();
    });
    done.complete(Ok(7)).expect("somebody waits");
    trace.say("complete returned");
    sim.settle();
    assert_eq!(trace.take(), ["complete returned", "told Some(7)", "drop owner"]);
    let (late, done) = sim.root().completer::<u32, Ended>("nobody waits");
    drop(late);
    assert!(matches!(done.complete(Ok(8)), Err(Ok(8))), "the result comes back");
}

/// R5: errors are typed; every error ends the request; forgetting to complete cannot hang.
#[test]
fn row_r05_error_is_a_typed_result() {
    let sim = Sim::seeded(1);
    let (request, done) = sim.root().completer::<u32, Failed>("fails");
    sim.root().soon(move || done.complete(Err(Failed::NoSuchFile("x"))));
    let passes_on = sim.root().spawn("passes on", async move |_| Ok::<_, Failed>(request.await? + 1));
    assert_eq!(sim.block_on(passes_on), Err(Failed::NoSuchFile("x")));
    let (request, done) = sim.root().completer::<u32, Failed>("forgotten");
    sim.root().after(millis(1), move || drop(done));
    assert_eq!(sim.block_on(request), Err(Failed::Ended));
    assert_eq!(sim.elapsed(), millis(1));
}

/// R7: a request that is finished before anybody looks is told all the same, and later.
#[test]
fn row_r07_post_is_what_always_happens() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let (request, done) = sim.root().completer::<u32, Ended>("finished at once");
    done.complete(Ok(7)).expect("its request lives");
    let told = trace.clone();
    request.on_result(move |result| told.say(format_args!("told {:?}", result.ok())));
    trace.say("registered");
    sim.settle();
    assert_eq!(trace.take(), ["registered", "told Some(7)"]);
    let (request, done) = sim.root().completer::<u32, Ended>("awaited late");
    done.complete(Ok(8)).expect("its request lives");
    sim.settle();
    assert!(matches!(sim.block_on(request), Ok(8)));
}

/// R8: callbacks are typed closures; awaiting does the same.
#[test]
fn row_r08_callbacks_are_typed_closures() {
    let sim = Sim::seeded(1);
    let body = async move |me: AnyNode| {
        me.sleep(millis(1)).await?;
        Ok::<String, Failed>("typed".to_owned())
    };
    let length = Rc::new(Cell::new(0));
    let seen = length.clone();
    sim.root().spawn("by callback", body).on_result(move |result: Result<String, Failed>| seen.set(result.map_or(0, |text| text.len())));
    sim.advance(millis(1));
    assert_eq!(length.get(), 5);
    assert_eq!(sim.block_on(sim.root().spawn("by await", body)).map(|text| text.len()), Ok(5));
}

/// R9: no callback runs inside the call that caused it, whatever the call: complete, drop, free.
#[test]
fn row_r09_defer_callback_is_not_needed() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    type Cause = fn(AnyNode, Completer<u32, Ended>);
    let causes: [(&str, Cause); 3] = [
        ("complete", |_, done| done.complete(Ok(1)).expect("somebody waits")),
        ("drop", |_, done| drop(done)),
        ("free", |node, _done| assert_eq!(node.free(), Freed::Gone { survivors: 0 })),
    ];
    for (name, cause) in causes {
        let (request, done) = sim.root().completer::<u32, Ended>("deferred");
        let node = request.node();
        let told = trace.clone();
        request.on_result(move |result| told.say(format_args!("told {}", result.is_ok())));
        let caller = trace.clone();
        sim.root().soon(move || {
            cause(node, done);
            caller.say(format_args!("{name} returned"));
        });
        sim.settle();
    }
    let expected = ["complete returned", "told true", "drop returned", "told false", "free returned", "told false"];
    assert_eq!(trace.take(), expected);
}

/// R11: receiving consumes the request and moves the result out; nothing of it can dangle, and nothing is kept.
#[test]
fn row_r11_received_moves_the_result_out() {
    let (sim, trace) = (Sim::seeded(1), Trace::default());
    let owner = sim.root().insert("owner");
    let result = trace.on_drop("result");
    let state = trace.on_drop("state");
    let request = owner.spawn("gives", async move |me| {
        let _state = state;
        me.sleep(millis(1)).await?;
        Ok::<_, Ended>(result)
    });
    let node = request.node();
    sim.advance(millis(1));
    assert_eq!((trace.take(), node.is_alive()), (vec!["drop state".to_owned()], false));
    // The result waits in its request, also when the owner is gone.
    owner.free();
    let received = sim.block_on(request);
    assert!(trace.take().is_empty() && received.is_ok());
    drop(received);
    assert_eq!(trace.take(), ["drop result"]);
}

/// R13: waiting for a request is the host's, at the top level only.
#[test]
fn row_r13_poll_is_block_on_at_the_top_level() {
    let sim = Rc::new(Sim::seeded(1));
    let request = sim.root().spawn("sleeps", async move |me| me.sleep(secs(3)).await);
    assert!(sim.block_on(request).is_ok());
    assert_eq!(sim.elapsed(), secs(3));
    let (inner, refused) = (sim.clone(), Rc::new(Cell::new(false)));
    let seen = refused.clone();
    sim.root().soon(move || seen.set(matches!(inner.try_block_on(pending::<()>()), Err(hamadryad::sim::Deadlock::Nested))));
    sim.settle();
    assert!(refused.get());
}

/// R14: `timeout` and `deadline`, inherited by what is below; on a finished request they do nothing.
#[test]
fn row_r14_endtime_is_inherited_and_nothing_on_a_finished_request() {
    let sim = Sim::seeded(1);
    let root = sim.root();
    let told = Rc::new(Cell::new(0));
    let outer = root.spawn("outer", async move |me| me.spawn("inner", async move |me| me.sleep(secs(9)).await).await).timeout(secs(2));
    let node = outer.node();
    sim.settle();
    let inner = node.children().next().expect("it runs");
    assert_eq!(inner.deadline(), node.deadline());
    assert!(matches!(sim.block_on(outer), Err(Ended::TimedOut { .. })));
    assert_eq!((sim.elapsed(), inner.is_alive()), (secs(2), false));
    let at = root.now() + secs(1);
    let until = root.spawn("until", async move |me| me.sleep(secs(9)).await).deadline(at);
    assert!(matches!(sim.block_on(until), Err(Ended::TimedOut { .. })));
    assert_eq!(sim.elapsed(), secs(3));
    let (request, done) = root.completer::<u32, Ended>("finished");
    done.complete(Ok(7)).expect("its request lives");
    let seen = told.clone();
    request.timeout(millis(1)).on_result(move |result| seen.set(seen.get() + result.unwrap_or(100)));
    sim.advance(secs(1));
    assert_eq!(told.get(), 7, "told once, of the result");
}

/// R15: `sleep` and `sleep_until`.
#[test]
fn row_r15_wakeup_is_sleep() {
    let sim = Sim::seeded(1);
    let root = sim.root();
    let begin = root.now();
    let request = root.spawn("sleeps", async move |me| {
        me.sleep(secs(1)).await?;
        let first = me.now() - begin;
        me.sleep_until(begin + secs(5)).await?;
        Ok::<_, Ended>((first, me.now() - begin))
    });
    assert!(matches!(sim.block_on(request), Ok((first, second)) if first == secs(1) && second == secs(5)));
    // It counts from the call, and one that lies in the past is over.
    let early = root.sleep(secs(2));
    sim.advance(secs(2));
    assert!(sim.block_on(early).is_ok() && sim.block_on(root.sleep_until(begin)).is_ok());
    assert_eq!(sim.elapsed(), secs(7));
}

/// R17: a request can always be abandoned: by drop, by free, with its owner; what it owns ends with it.
#[test]
fn row_r17_abandon_is_always_allowed() {
    for way in ["drop", "free", "owner", "never ran"] {
        let (sim, trace) = (Sim::seeded(1), Trace::default());
        let owner = sim.root().insert("owner");
        let (state, child) = (trace.on_drop("state"), trace.on_drop("child"));
        let request = owner.spawn("abandoned", async move |me| {
            let _state = state;
            me.insert(child);
            me.sleep(secs(1)).await
        });
        let node = request.node();
        if way != "never ran" {
            sim.settle();
        }
        match way {
            "free" => assert_eq!(node.free(), Freed::Gone { survivors: 0 }),
            "owner" => assert_eq!(owner.free(), Freed::Gone { survivors: 0 }),
            _ => drop(request),
        }
        let mut dropped = trace.take();
        dropped.sort();
        assert_eq!(dropped, ["drop child", "drop state"], "{way}");
        assert!(!node.is_alive());
        sim.advance(secs(2));
        assert!(trace.take().is_empty());
    }
}
