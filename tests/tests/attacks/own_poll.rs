//! Woken in its own poll: by reference, by value, through a clone, from another thread, and on the way to its end.

use std::{
    cell::Cell,
    future::{Future, pending, poll_fn},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
};

use hamadryad::{AnyNode, Deadlines, Ended, Request, sim::Sim};

use crate::trace::{by_value, contain, said, say, world};

const ROUNDS: usize = if cfg!(miri) { 20 } else { 500 };

/// A request that does `wake` at its first poll, says each poll, and is done at the second.
fn yields(owner: AnyNode, name: &'static str, wake: impl Fn(&Waker) + 'static) -> Request<(), Ended> {
    owner.spawn(name, async move |_| {
        yield_by(name, &wake).await;
    })
}

fn yield_by(name: &'static str, wake: impl Fn(&Waker)) -> impl Future<Output = ()> {
    let mut polls = 0;
    poll_fn(move |context| {
        polls += 1;
        say(format_args!("{name} {polls}"));
        if polls == 1 {
            wake(context.waker());
            return Poll::Pending;
        }
        Poll::Ready(())
    })
}

/// Of the woken requests only those run that waited when the class began: what wakes itself is behind them, and runs in the next turn.
#[test]
fn each_goes_behind_what_waits() {
    let sim = world();
    for (name, wake) in [("a", Waker::wake_by_ref as fn(&Waker)), ("b", by_value), ("c", |waker| waker.clone().wake_by_ref())] {
        yields(sim.root(), name, wake).detach();
    }
    sim.settle();
    assert_eq!(said(), ["a 1", "b 1", "c 1", "a 2", "b 2", "c 2"]);
}

#[test]
fn from_another_thread_while_it_is_polled() {
    let sim = world();
    for round in 0..ROUNDS {
        let by_ref = |waker: &Waker| thread::scope(|scope| drop(scope.spawn(|| waker.wake_by_ref())));
        let by_clone = |waker: &Waker| thread::scope(|scope| drop(scope.spawn(|| by_value(waker))));
        let request = if round % 2 == 0 { yields(sim.root(), "x", by_ref) } else { yields(sim.root(), "x", by_clone) };
        sim.block_on(request).expect("it was woken");
        assert_eq!(said(), ["x 1", "x 2"], "round {round}");
    }
}

/// Another thread wakes while the poll ends: seen by who polled, or pushed; never lost, and never twice in the stack.
#[test]
fn from_another_thread_while_the_poll_ends() {
    let sim = world();
    for round in 0..ROUNDS {
        let mut wakes = Vec::new();
        let request = sim.root().spawn("raced", async move |_| {
            for _ in 0..4 {
                let mut first = true;
                let mut wake = |waker: &Waker| {
                    let waker = waker.clone();
                    wakes.push(thread::spawn(move || waker.wake()));
                };
                poll_fn(|context| {
                    if first {
                        first = false;
                        wake(context.waker());
                        return Poll::Pending;
                    }
                    Poll::Ready(())
                })
                .await;
            }
            wakes.drain(..).for_each(|thread| thread.join().expect("it only wakes"));
            Ok::<_, Ended>(round)
        });
        // The wakes come from outside of simulated time: they are waited for by hand.
        let node = request.detach();
        while node.is_alive() {
            sim.settle();
            thread::yield_now();
        }
    }
}

#[test]
fn while_a_clone_of_an_earlier_poll_is_kept() {
    let sim = world();
    let kept: Rc<Cell<Option<Waker>>> = Rc::default();
    let keep = kept.clone();
    let request = sim.root().spawn("keeps", async move |_| {
        yield_by("first", |waker| {
            keep.set(Some(waker.clone()));
            waker.wake_by_ref();
        })
        .await;
        yield_by("second", Waker::wake_by_ref).await;
        yield_by("third", by_value).await;
        drop(keep.take());
        yield_by("fourth", Waker::wake_by_ref).await;
        pending::<()>().await;
    });
    let node = request.detach();
    sim.settle();
    let polls: Vec<String> =
        ["first", "second", "third", "fourth"].iter().flat_map(|name| [format!("{name} 1"), format!("{name} 2")]).collect();
    assert_eq!(said(), polls);
    node.free();
    sim.settle();
    assert!(said().is_empty());
}

/// What wakes itself and ends in the same poll, by whatever end, leaves nothing that the slot's next tenants would feel.
#[test]
fn and_ended_in_the_same_poll() {
    let sim = world();
    contain(sim.root());
    for round in 0..ROUNDS {
        let woken = sim.root().spawn("ends", move |me: AnyNode| {
            poll_fn(move |context| {
                context.waker().wake_by_ref();
                if round % 5 > 2 {
                    by_value(context.waker());
                }
                match round % 4 {
                    0 => return Poll::Ready(()),
                    1 => drop(me.free()),
                    2 => panic!("as it is meant to"),
                    _ => drop(me.spawn("child", async |_| pending::<()>().await).detach()),
                }
                if round % 4 == 3 { Poll::Ready(()) } else { Poll::Pending }
            })
        });
        let node = woken.detach();
        sim.settle();
        assert!(!node.is_alive(), "round {round}");
        said();
        let tenant = sim.root().spawn("tenant", |_| {
            poll_fn(|_| {
                say("tenant");
                Poll::<()>::Pending
            })
        });
        sim.settle();
        sim.settle();
        assert_eq!(said(), ["tenant"], "round {round}: a tenant runs once");
        drop(tenant);
    }
}

#[test]
fn a_scope_and_who_polls_it() {
    let sim = world();
    let request = sim.root().spawn("outer", async move |me| {
        let inner = me.scope("inner", async |_| {
            yield_by("inner", Waker::wake_by_ref).await;
            yield_by("by value", by_value).await;
            Ok::<_, Ended>(7)
        });
        inner.await
    });
    assert_eq!(sim.block_on(request).expect("it goes on"), 7);
    assert_eq!(said(), ["inner 1", "inner 2", "by value 1", "by value 2"]);
}

/// Says that it was woken.
struct Foreign;

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        say("foreign woken");
    }
}

#[test]
fn a_scope_that_somebody_else_polls_wakes_that_one_by_the_loop() {
    let sim = Sim::seeded(1);
    said();
    let waker = Waker::from(Arc::new(Foreign));
    let mut context = Context::from_waker(&waker);
    let mut scope = pin!(sim.root().scope("inner", async |_| {
        yield_by("inner", Waker::wake_by_ref).await;
        Ok::<_, Ended>(7)
    }));
    assert!(scope.as_mut().poll(&mut context).is_pending());
    assert_eq!(said(), ["inner 1"], "nobody is called from inside");
    sim.settle();
    assert_eq!(said(), ["foreign woken"]);
    assert!(matches!(scope.as_mut().poll(&mut context), Poll::Ready(Ok(7))));
}

/// Who freed itself and awaits on is woken by nobody, however that comes about in the same poll: its slot is soon another's.
#[test]
fn not_after_its_own_end() {
    let sim = world();
    let root = sim.root();
    root.spawn("x", async move |me| {
        me.free();
        let (mut request, done) = root.completer::<(), Ended>("by hand");
        let mut polled = false;
        poll_fn(|context| {
            if !std::mem::replace(&mut polled, true) {
                assert!(pin!(&mut request).as_mut().poll(context).is_pending());
            }
            Poll::Ready(())
        })
        .await;
        done.complete(Ok(())).expect("it waits");
        for name in ["a", "b"] {
            yields(root, name, Waker::wake_by_ref).detach();
        }
        pending::<()>().await;
    })
    .detach();
    // In the same turn.
    root.spawn("next", async move |_| {
        for name in ["c", "d", "e"] {
            yields(root, name, by_value).detach();
        }
    })
    .detach();
    for _ in 0..3 {
        sim.tree().turn(root.now(), Deadlines::Count);
    }
    assert_eq!(said(), ["a 1", "b 1", "c 1", "d 1", "e 1", "a 2", "b 2", "c 2", "d 2", "e 2"]);
}

/// A slot whose last tenant's waker was cloned, and the clone dropped while nobody polled, is like any other: its next tenant is not woken
/// in another order for that.
#[test]
fn what_a_slots_last_tenant_did_with_its_waker_changes_no_order() {
    let sim = world();
    let kept: Rc<Cell<Option<Waker>>> = Rc::default();
    let keep = kept.clone();
    let last = sim.root().spawn("last", async move |_| {
        poll_fn(|context| {
            keep.set(Some(context.waker().clone()));
            Poll::<()>::Pending
        })
        .await;
    });
    let last = last.detach();
    sim.settle();
    drop(kept.take());
    last.free();
    for name in ["a", "b", "c"] {
        yields(sim.root(), name, Waker::wake_by_ref).detach();
    }
    sim.settle();
    assert_eq!(said(), ["a 1", "b 1", "c 1", "a 2", "b 2", "c 2"]);
}

/// By its waker, and by the end of what it awaits: it runs once for both.
#[test]
fn twice_and_in_two_ways() {
    for by_waker_first in [false, true] {
        let sim = world();
        let request = sim.root().spawn("x", async move |me: AnyNode| {
            let (mut awaited, done) = me.completer::<(), Ended>("awaited");
            let mut done = Some(done);
            poll_fn(|context| {
                say(if done.is_some() { "x 1" } else { "x 2" });
                let Some(done) = done.take() else { return Poll::Ready(()) };
                assert!(pin!(&mut awaited).poll(context).is_pending());
                if by_waker_first {
                    context.waker().wake_by_ref();
                }
                assert!(done.complete(Ok(())).is_ok());
                if !by_waker_first {
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            })
            .await;
            awaited.await
        });
        yields(sim.root(), "y", Waker::wake_by_ref).detach();
        sim.block_on(request).expect("it was woken");
        assert_eq!(said(), ["x 1", "y 1", "x 2", "y 2"], "by its waker first: {by_waker_first}");
    }
}
