//! What a program does, one deed after the other.

use std::{
    convert::Infallible,
    future::Future as _,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{AccessError, AnyNode, Ended, OnFree, Ready, SourceClass, Waits as Word, millis};

use crate::{
    program::{Handle, Program, Value, Waits},
    script::{Owned, Script},
};

/// Where a deed is done.
pub(crate) enum Here<'a, 'c> {
    InPoll(&'a mut Context<'c>, &'a mut Owned),
    /// In a drop, a hook, a callback, or outside of the tree.
    Elsewhere,
}

type Deed = fn(&Rc<Program>, Here<'_, '_>);

/// Each as likely as the others: what matters most is there several times.
const DEEDS: &[(&str, Deed)] = &[
    ("spawns", spawn),
    ("spawns", spawn),
    ("spawns", spawn),
    ("spawns", spawn),
    ("spawns", spawn),
    ("awaits", poll),
    ("awaits", poll),
    ("awaits", poll),
    ("awaits", poll),
    ("awaits", poll),
    ("drops a handle", |program, _| drop(program.take(&program.handles))),
    ("limits", limit),
    ("frees", free),
    ("moves", move_node),
    ("keeps its waker", keep_waker),
    ("keeps its waker", keep_waker),
    ("wakes", wake),
    ("wakes", wake),
    ("drops a waker", |program, _| drop(program.take(&program.wakers))),
    ("begins one by hand", begin_by_hand),
    ("completes", complete),
    ("completes", complete),
    ("drops a completer", |program, _| drop(program.take(&program.completers))),
    ("waits for news", wait_for_news),
    ("awaits a scope", scope),
    ("awaits a scope", scope),
    ("drops a wait", |program, _| drop(program.take(&program.waits))),
    ("tells news", |program, _| _ = program.node().map(AnyNode::notify)),
    ("adds a hook", add_hook),
    ("shuts down", shut_down),
    ("labels", |program, _| _ = program.node().map(|node| node.label("labelled"))),
    ("inserts", insert),
    ("makes a source", make_source),
    ("marks", mark),
    ("marks", mark),
    ("watches", watch),
    ("awaits readiness", wait_for_readiness),
    ("lends", lend),
    ("takes", take),
    ("has a handle told", tell),
    ("calls soon", call_soon),
    ("calls later", call_later),
    ("lets go of its own", let_go),
];

/// Does one of the deeds.
pub(crate) fn act(program: &Rc<Program>, here: Here<'_, '_>) {
    if !program.begin_deed() {
        return;
    }
    let (name, deed) = DEEDS[program.below(DEEDS.len() as u32) as usize];
    program.say(name);
    deed(program, here);
}

fn spawn(program: &Rc<Program>, here: Here<'_, '_>) {
    let owner = match &here {
        Here::InPoll(_, owned) if program.one_in(2) => Some(owned.me),
        _ => program.node(),
    };
    let Some(owner) = owner else { return };
    let (inner, number, guard) = (program.clone(), program.number(), program.guard());
    let request = owner.spawn("spawned", move |me: AnyNode| {
        inner.say(format_args!("body {number}"));
        inner.nodes.borrow_mut().push(me);
        inner.panic_one_in(50);
        Script::new(&inner, number, me, guard)
    });
    program.nodes.borrow_mut().push(request.node());
    let request = match program.below(15) {
        0..3 => request.timeout(millis(program.below(4).into())),
        3 => request.background(),
        _ => request,
    };
    match (program.below(4), here) {
        (0, _) => _ = request.detach(),
        (1, Here::InPoll(_, owned)) => owned.handles.push(request),
        _ => program.handles.borrow_mut().push(request),
    }
}

/// Polls a handle: its own, or one that anybody may have.
fn poll(program: &Rc<Program>, here: Here<'_, '_>) {
    let Here::InPoll(context, owned) = here else {
        let Some(handle) = program.take(&program.handles) else { return };
        let left = poll_by(program, handle, &mut Context::from_waker(Waker::noop()));
        program.handles.borrow_mut().extend(left);
        return;
    };
    if program.one_in(2)
        && let Some(handle) = owned.handles.pop()
    {
        let left = poll_by(program, handle, context);
        owned.handles.extend(left);
    } else if let Some(handle) = program.take(&program.handles) {
        let left = poll_by(program, handle, context);
        program.handles.borrow_mut().extend(left);
    }
}

/// Gives the handle back where its request has not ended.
fn poll_by(program: &Rc<Program>, mut handle: Handle, context: &mut Context<'_>) -> Option<Handle> {
    program.say(format_args!("alive: {}", handle.node().is_alive()));
    match Pin::new(&mut handle).poll(context) {
        Poll::Pending => Some(handle),
        Poll::Ready(result) => {
            program.say(told(&result));
            None
        }
    }
}

fn told(result: &Result<Value, Ended>) -> String {
    match result {
        Ok(value) => format!("received {}", value.number),
        Err(Ended::TimedOut { .. }) => "timed out".into(),
        Err(Ended::Cancelled { .. }) => "cancelled".into(),
        Err(Ended::Freed { .. }) => "freed".into(),
        Err(Ended::Panicked { .. }) => "panicked".into(),
        Err(Ended::CompleterDropped { .. }) => "never completed".into(),
        Err(_) => "ended otherwise".into(),
    }
}

fn limit(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(handle) = program.take(&program.handles) else { return };
    let limit = millis(program.below(4).into());
    let handle = match program.node().filter(|node| node.is_alive()) {
        Some(node) if program.one_in(2) => handle.deadline(node.now() + limit),
        _ => handle.timeout(limit),
    };
    program.handles.borrow_mut().push(handle);
}

fn tell(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(handle) = program.take(&program.handles) else { return };
    let (inner, guard) = (program.clone(), program.guard());
    let node = handle.on_result(move |result| {
        let _of_the_handler = &guard;
        inner.say(format_args!("told: {}", told(&result)));
        act(&inner, Here::Elsewhere);
    });
    program.nodes.borrow_mut().push(node);
}

fn free(program: &Rc<Program>, _: Here<'_, '_>) {
    if let Some(node) = program.node().filter(|_| program.one_in(2)) {
        let freed = if program.one_in(4) { node.free_children() } else { node.free() };
        program.say(format_args!("{freed:?}"));
    }
}

fn move_node(program: &Rc<Program>, _: Here<'_, '_>) {
    if let (Some(node), Some(owner)) = (program.node(), program.node()) {
        program.say(format_args!("{:?}", node.reparent(owner)));
    }
}

fn keep_waker(program: &Rc<Program>, here: Here<'_, '_>) {
    if let Here::InPoll(context, _) = here {
        program.wakers.borrow_mut().push(context.waker().clone());
    }
}

fn wake(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(waker) = program.take(&program.wakers) else { return };
    if program.one_in(2) {
        waker.wake();
    } else {
        waker.wake_by_ref();
        program.wakers.borrow_mut().push(waker);
    }
}

fn begin_by_hand(program: &Rc<Program>, here: Here<'_, '_>) {
    let Some(owner) = program.node() else { return };
    let (request, completer) = owner.completer("by hand");
    program.nodes.borrow_mut().push(request.node());
    program.handles.borrow_mut().push(request);
    match here {
        Here::InPoll(_, owned) if program.one_in(2) => owned.completers.push(completer),
        _ => program.completers.borrow_mut().push(completer),
    }
}

fn complete(program: &Rc<Program>, _: Here<'_, '_>) {
    if let Some(completer) = program.take(&program.completers) {
        let done = completer.complete(Ok(program.value()));
        program.say(format_args!("completed: {}", done.is_ok()));
    }
}

fn wait_for_news(program: &Rc<Program>, here: Here<'_, '_>) {
    let (Here::InPoll(context, owned), Some(node)) = (here, program.node()) else { return };
    const NEWS: Word = Word::named("message");
    let mut wait: Waits =
        if program.one_in(2) { Box::pin(node.closing()) } else { Box::pin(async move { drop(node.notified(NEWS).await) }) };
    match wait.as_mut().poll(context) {
        Poll::Ready(()) => {}
        Poll::Pending if program.one_in(2) => owned.waits.push(wait),
        Poll::Pending => program.waits.borrow_mut().push(wait),
    }
}

/// A scope, whose code is a script like a request's.
fn scope(program: &Rc<Program>, here: Here<'_, '_>) {
    let Here::InPoll(context, owned) = here else { return };
    let owner = if program.one_in(2) { Some(owned.me) } else { program.node() };
    let Some(owner) = owner else { return };
    let (inner, number, guard) = (program.clone(), program.number(), program.guard());
    let limit = program.one_in(3).then(|| millis(program.below(4).into()));
    let mut wait: Waits = Box::pin(async move {
        let script = inner.clone();
        // (No `async` block: what is ready in one is leaked if what it awaited panics in its drop.)
        let scope = owner.scope("scope", move |me: AnyNode| {
            script.nodes.borrow_mut().push(me);
            Script::new(&script, number, me, guard)
        });
        let scope = match limit {
            Some(limit) => scope.timeout(limit),
            None => scope,
        };
        let result = scope.await;
        inner.say(format_args!("scope {number}: {}", told(&result)));
    });
    if wait.as_mut().poll(context).is_pending() {
        owned.waits.push(wait);
    }
}

fn add_hook(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(node) = program.node() else { return };
    let (inner, guard) = (program.clone(), program.guard());
    node.on_free(move |_| {
        let _of_the_hook = &guard;
        inner.say("hook");
        act(&inner, Here::Elsewhere);
        if inner.one_in(3) { OnFree::Keep } else { OnFree::Proceed }
    });
}

fn shut_down(program: &Rc<Program>, _: Here<'_, '_>) {
    if let Some(node) = program.node().filter(|_| program.one_in(6)) {
        node.shutdown(millis(program.below(4).into()));
    }
}

fn insert(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(owner) = program.node() else { return };
    if let Ok(node) = owner.try_insert(program.guard()) {
        program.nodes.borrow_mut().push(node.into());
        program.guards.borrow_mut().push(node);
    }
}

fn make_source(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(owner) = program.node() else { return };
    let (inner, class) = (program.clone(), if program.one_in(4) { SourceClass::Signal } else { SourceClass::Io });
    let made = match program.one_in(4) {
        true => owner.source_fn(class, "source", |_| {
            let guard = inner.guard();
            let called = move |ready| {
                let _of_the_source = &guard;
                inner.say(format_args!("source: {ready:?}"));
                act(&inner, Here::Elsewhere);
            };
            Ok::<_, Infallible>(called)
        }),
        false => owner.source(class, "source", |_| Ok::<_, Infallible>(inner.guard())).map(AnyNode::from),
    };
    if let Ok(node) = made {
        program.nodes.borrow_mut().push(node);
        program.sources.borrow_mut().push(node);
    }
}

fn any_ready(program: &Program) -> Ready {
    [Ready::READABLE, Ready::WRITABLE, Ready::READABLE | Ready::WRITABLE, Ready::HANGUP][program.below(4) as usize]
}

/// One of its sources, which stays.
fn source(program: &Program) -> Option<AnyNode> {
    let sources = program.sources.borrow();
    if sources.is_empty() { None } else { Some(sources[program.below(sources.len() as u32) as usize]) }
}

fn mark(program: &Rc<Program>, _: Here<'_, '_>) {
    if let Some(source) = source(program) {
        let unwanted = source.mark_ready(any_ready(program));
        program.say(format_args!("unwanted: {unwanted:?}, wanted: {:?}", source.wanted()));
    }
}

fn watch(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(source) = source(program) else { return };
    let (inner, guard) = (program.clone(), program.guard());
    let watcher = source.on_ready(any_ready(program), move |ready| {
        let _of_the_watcher = &guard;
        inner.say(format_args!("watcher: {ready:?}"));
        act(&inner, Here::Elsewhere);
    });
    program.nodes.borrow_mut().push(watcher);
}

fn wait_for_readiness(program: &Rc<Program>, here: Here<'_, '_>) {
    let (Here::InPoll(context, owned), Some(source)) = (here, source(program)) else { return };
    let (inner, ready) = (program.clone(), source.ready(any_ready(program), "readable"));
    let mut wait: Waits = Box::pin(async move { inner.say(format_args!("ready: {:?}", ready.await.ok())) });
    match wait.as_mut().poll(context) {
        Poll::Ready(()) => {}
        Poll::Pending if program.one_in(4) => program.waits.borrow_mut().push(wait),
        Poll::Pending => owned.waits.push(wait),
    }
}

/// Lends a value to another deed.
fn lend(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(node) = program.take(&program.guards) else { return };
    program.guards.borrow_mut().push(node);
    let done = match program.one_in(2) {
        true => node.try_with(|_| act(program, Here::Elsewhere)),
        false => node.try_with_mut(|_| act(program, Here::Elsewhere)),
    };
    program.say(format_args!("lent: {}", refused(done)));
}

fn take(program: &Rc<Program>, _: Here<'_, '_>) {
    if let Some(node) = program.take(&program.guards) {
        program.say(format_args!("taken: {}", refused(node.take().map(drop))));
    }
}

/// Why not, without a place that slots know only for a while.
fn refused(result: Result<(), AccessError>) -> &'static str {
    match result {
        Ok(()) => "yes",
        Err(AccessError::Stale { .. }) => "stale",
        Err(AccessError::Busy { .. }) => "busy",
    }
}

fn call_soon(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(owner) = program.node() else { return };
    let (inner, guard) = (program.clone(), program.guard());
    owner.soon(move || {
        let _of_the_callback = &guard;
        inner.say("immediate");
        act(&inner, Here::Elsewhere);
    });
}

fn call_later(program: &Rc<Program>, _: Here<'_, '_>) {
    let Some(owner) = program.node() else { return };
    let (inner, guard) = (program.clone(), program.guard());
    owner.after(millis(program.below(4).into()), move || {
        let _of_the_callback = &guard;
        inner.say("timer");
        act(&inner, Here::Elsewhere);
    });
}

fn let_go(program: &Rc<Program>, here: Here<'_, '_>) {
    let Here::InPoll(_, owned) = here else { return };
    match program.below(4) {
        0 => drop(owned.guards.pop()),
        1 => drop(owned.handles.pop()),
        2 => drop(owned.completers.pop()),
        _ => drop(owned.waits.pop()),
    }
}
