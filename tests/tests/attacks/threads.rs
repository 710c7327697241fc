//! What may cross threads does so while the tree, the node and the thread it came from end and their slots are reused.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
};

use hamadryad::{AccessError, AnyNode, Ended, Freed, Node, NodeId, Remote, ReparentError, Request, millis, sim::Sim};

use crate::trace::by_value;

const ROUNDS: usize = if cfg!(miri) { 25 } else { 2_000 };

/// A request that sends its waker at its first poll, counts its polls and never ends.
fn sends_waker(owner: AnyNode, wakers: mpsc::Sender<Waker>, polls: Rc<Cell<usize>>) -> Request<(), Ended> {
    owner.spawn("sends its waker", move |_| {
        poll_fn(move |context| -> Poll<()> {
            polls.set(polls.get() + 1);
            if polls.get() == 1 {
                wakers.send(context.waker().clone()).expect("the receiver waits");
            }
            Poll::Pending
        })
    })
}

#[test]
fn wakers_outlive_node_tree_and_thread() {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let sim = Sim::seeded(1);
        let polls = Rc::new(Cell::new(0));
        let freed = sends_waker(sim.root(), send.clone(), polls.clone());
        let held = sends_waker(sim.root(), send, Rc::default());
        sim.settle();
        drop(freed);
        sim.settle();
        drop(sim);
        drop(held);
        assert_eq!(polls.get(), 1);
    })
    .join()
    .expect("the thread ends well");
    let wakers: Vec<Waker> = receive.iter().collect();
    assert_eq!(wakers.len(), 2);
    // New trees may take the pages; nobody in them is woken.
    let sim = Sim::seeded(2);
    let (send, _receive) = mpsc::channel();
    let polls = Rc::new(Cell::new(0));
    let held: Vec<_> = (0..8).map(|_| sends_waker(sim.root(), send.clone(), polls.clone())).collect();
    sim.settle();
    for waker in wakers {
        waker.wake_by_ref();
        let clone = waker.clone();
        thread::spawn(move || clone.wake()).join().expect("the thread ends well");
        waker.wake();
    }
    sim.settle();
    assert!((1..=8).contains(&polls.get()), "each is polled once, the first sends");
    drop(held);
}

#[test]
fn two_threads_hammer_wakers_while_their_slots_are_reused() {
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let done = Arc::new(AtomicBool::new(false));
    let hammers = [0, 1].map(|_| {
        let (wakers, done) = (wakers.clone(), done.clone());
        thread::spawn(move || {
            let mut woken = 0_usize;
            while !done.load(Ordering::Acquire) {
                let taken = wakers.lock().expect("nobody panics with it").pop();
                let Some(waker) = taken else {
                    thread::yield_now();
                    continue;
                };
                waker.wake_by_ref();
                by_value(&waker);
                drop(waker.clone());
                waker.wake();
                woken += 1;
            }
            woken
        })
    });
    let sim = Sim::seeded(1);
    let (send, receive) = mpsc::channel();
    let mut published = 0;
    for round in 0..ROUNDS {
        let request = sends_waker(sim.root(), send.clone(), Rc::default());
        sim.settle();
        let waker = receive.try_recv().expect("sent at the poll");
        let (first, second) = (waker.clone(), waker);
        wakers.lock().expect("nobody panics with it").extend([first, second]);
        published += 2;
        if round % 3 == 0 {
            sim.settle();
        }
        drop(request);
        // Its waker was sent to nobody: only a waker of the slot's last tenant could wake it.
        let polls = Rc::new(Cell::new(0));
        let (unused, _kept) = mpsc::channel();
        let tenant = sends_waker(sim.root(), unused, polls.clone());
        for _ in 0..3 {
            sim.settle();
        }
        assert_eq!(polls.get(), 1, "round {round}");
        drop(tenant);
    }
    while !wakers.lock().expect("nobody panics with it").is_empty() {
        sim.settle();
        thread::yield_now();
    }
    done.store(true, Ordering::Release);
    let woken: usize = hammers.into_iter().map(|hammer| hammer.join().expect("the hammer ends well")).sum();
    assert_eq!(woken, published);
    assert_eq!(sim.root().children().count(), 0);
}

#[test]
fn two_threads_wake_one_request_at_once() {
    let sim = Sim::seeded(1);
    let (send, receive) = mpsc::channel();
    let polls = Rc::new(Cell::new(0));
    let held = sends_waker(sim.root(), send, polls.clone());
    sim.settle();
    let waker = receive.recv().expect("sent at the poll");
    for round in 1..=ROUNDS.min(200) {
        let start = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                waker.wake_by_ref();
            });
            scope.spawn(|| {
                let waker = waker.clone();
                start.wait();
                waker.wake();
            });
        });
        sim.settle();
        assert_eq!(polls.get(), 1 + round, "woken, and woken once");
    }
    drop(held);
}

#[test]
fn a_tree_ends_while_two_threads_wake_its_request() {
    for _ in 0..ROUNDS.min(100) {
        let sim = Sim::seeded(1);
        let (send, receive) = mpsc::channel();
        let held = sends_waker(sim.root(), send, Rc::default());
        sim.settle();
        let waker = receive.recv().expect("sent at the poll");
        let start = Arc::new(Barrier::new(3));
        let threads = [waker.clone(), waker].map(|waker| {
            let start = start.clone();
            thread::spawn(move || {
                start.wait();
                waker.wake_by_ref();
                waker.wake();
            })
        });
        start.wait();
        drop(sim);
        drop(held);
        let next = Sim::seeded(2);
        next.root().insert(1);
        for thread in threads {
            thread.join().expect("the thread ends well");
        }
        next.settle();
        assert_eq!(next.root().children().count(), 1);
    }
}

/// Polls a future with another waker than the one it is given.
async fn with_waker<F: Future>(waker: Waker, future: F) -> F::Output {
    let mut future: Pin<Box<F>> = Box::pin(future);
    poll_fn(move |_| future.as_mut().poll(&mut Context::from_waker(&waker))).await
}

#[test]
fn our_waker_is_given_to_another_tree_in_another_thread() {
    for _ in 0..ROUNDS.min(100) {
        let sim = Sim::seeded(1);
        let (send, receive) = mpsc::channel();
        let polls = Rc::new(Cell::new(0));
        let held = sends_waker(sim.root(), send, polls.clone());
        sim.settle();
        let waker = receive.recv().expect("sent at the poll");
        let done = Arc::new(AtomicBool::new(false));
        let finished = done.clone();
        let thread = thread::spawn(move || {
            let other = Sim::seeded(2);
            let (request, completer) = other.root().completer::<u32, Ended>("awaited with a foreign waker");
            let root = other.root();
            let slept = Rc::new(Cell::new(false));
            let seen = slept.clone();
            let (first, second) = (waker.clone(), waker);
            root.spawn("awaits", with_foreign(first, request)).detach();
            root.spawn("sleeps", move |me| async move {
                let slept = with_waker(second, me.sleep(millis(1))).await;
                seen.set(slept.is_ok());
            })
            .detach();
            other.settle();
            completer.complete(Ok(7)).expect("somebody waits");
            other.settle();
            other.advance(millis(2));
            // Both were polled with the other tree's waker: what woke was over there, so here nobody went on.
            assert!(!slept.get());
            finished.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let tenant = sim.root().spawn("tenant", async |me: AnyNode| me.sleep(millis(1)).await);
            sim.settle();
            drop(tenant);
            thread::yield_now();
        }
        thread.join().expect("the thread ends well");
        sim.settle();
        assert!(polls.get() >= 2, "both ends woke this tree's request");
        drop(held);
    }
}

/// A body that awaits `request` with `waker`.
fn with_foreign(waker: Waker, request: Request<u32, Ended>) -> impl FnOnce(AnyNode) -> Pin<Box<dyn Future<Output = ()>>> {
    move |_| {
        Box::pin(async move {
            let _ = with_waker(waker, request).await;
        })
    }
}

#[test]
fn stale_handles_are_checked_while_another_thread_churns_their_slots() {
    let (nodes, timers, ids) = {
        let sim = Sim::seeded(1);
        let nodes: Vec<Node<u64>> = (0..100).map(|value| sim.root().insert(value)).collect();
        let timers: Vec<_> = (0..20).map(|_| sim.root().after(millis(1), || ())).collect();
        let ids: Vec<NodeId> = nodes.iter().map(|node| node.id()).collect();
        (nodes, timers, ids)
    };
    let done = Arc::new(AtomicBool::new(false));
    let finished = done.clone();
    let churns = thread::spawn(move || {
        for seed in 0..ROUNDS.min(300) as u64 {
            let sim = Sim::seeded(seed);
            let nodes: Vec<_> = (0..150_u64).map(|value| sim.root().insert(value)).collect();
            assert!(nodes.iter().step_by(3).all(|node| node.free() == Freed::Gone { survivors: 0 }));
            assert_eq!(sim.root().children().count(), 100);
        }
        finished.store(true, Ordering::Release);
    });
    let here = Sim::seeded(7);
    let mut checks = 0;
    while !done.load(Ordering::Acquire) || checks == 0 {
        for node in &nodes {
            assert!(!node.is_alive() && node.free() == Freed::Stale && node.parent().is_none() && node.name().is_empty());
            assert!(matches!(node.try_with(|value| *value), Err(AccessError::Stale { .. })));
            assert!(matches!(here.root().reparent(**node), Err(ReparentError::Stale | ReparentError::OtherTree)));
            assert!(node.downcast::<u64>().is_none() && node.children().next().is_none());
        }
        assert!(timers.iter().all(|timer| !timer.reset(millis(1))));
        assert!(ids.iter().all(|id| here.root().find(*id).is_none()));
        checks += 1;
    }
    churns.join().expect("the thread ends well");
}

#[test]
fn an_id_of_another_threads_tree_is_not_found_here() {
    let (send, receive) = mpsc::channel();
    let (answer, wait) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let sim = Sim::seeded(1);
        let node = sim.root().insert(7);
        send.send(node.id()).expect("the receiver waits");
        wait.recv().expect("the other thread looked");
        assert_eq!(sim.root().find(node.id()), Some(*node));
    });
    let id = receive.recv().expect("sent");
    let sim = Sim::seeded(2);
    assert!(sim.root().find(id).is_none());
    answer.send(()).expect("it waits");
    thread.join().expect("the thread ends well");
    let nodes: Vec<_> = (0..1_000).map(|_| sim.root().insert(0)).collect();
    assert!(sim.root().find(id).is_none() && nodes.iter().all(|node| node.id() != id));
}

/// Says in which thread it was dropped.
struct DroppedIn(Arc<Mutex<Vec<thread::ThreadId>>>);

impl Drop for DroppedIn {
    fn drop(&mut self) {
        self.0.lock().expect("nobody panics with it").push(thread::current().id());
    }
}

#[test]
fn posts_end_on_the_trees_thread_whatever_ended_before() {
    let drops: Arc<Mutex<Vec<thread::ThreadId>>> = Arc::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let sim = Sim::seeded(1);
    let (alive, gone) = (sim.root().insert(1), sim.root().insert(2));
    let remotes: [Remote<i32>; 2] = [alive.remote(), gone.remote()];
    gone.free();
    let (guards, counts) = (drops.clone(), ran.clone());
    let remotes = thread::spawn(move || {
        for remote in &remotes {
            let (guard, count) = (DroppedIn(guards.clone()), counts.clone());
            let posted = remote.post(move |node| {
                let _guard = guard;
                count.fetch_add(node.with(|value| *value) as usize, Ordering::Relaxed);
            });
            assert!(posted.is_ok(), "only the end of the tree refuses a post");
        }
        remotes
    })
    .join()
    .expect("the thread ends well");
    sim.settle();
    assert_eq!(ran.load(Ordering::Relaxed), 1, "the freed node's is not run");
    let guards = drops.clone();
    let remotes = thread::spawn(move || {
        let guard = DroppedIn(guards);
        remotes[0].post(move |_| drop(guard)).expect("the tree lives");
        remotes
    })
    .join()
    .expect("the thread ends well");
    drop(sim);
    assert_eq!(*drops.lock().expect("nobody panics with it"), [thread::current().id(); 3]);
    let guard = DroppedIn(drops.clone());
    assert!(remotes[0].post(move |_| drop(guard)).is_err());
    assert_eq!(drops.lock().expect("nobody panics with it").len(), 4);
}

#[test]
fn threads_post_while_the_tree_ends() {
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..ROUNDS.min(60) {
        let drops: Arc<Mutex<Vec<thread::ThreadId>>> = Arc::default();
        let sim = Sim::seeded(1);
        let node = sim.root().insert(());
        let posters = [0, 1].map(|_| {
            let (remote, drops, ran) = (node.remote(), drops.clone(), ran.clone());
            thread::spawn(move || {
                let mut posted = 0;
                for _ in 0..20 {
                    let (guard, ran) = (DroppedIn(drops.clone()), ran.clone());
                    posted += 1;
                    let refused = remote.post(move |_| {
                        drop(guard);
                        ran.fetch_add(1, Ordering::Relaxed);
                    });
                    if refused.is_err() {
                        break;
                    }
                }
                posted
            })
        });
        sim.settle();
        drop(sim);
        let posted: usize = posters.into_iter().map(|poster| poster.join().expect("the thread ends well")).sum();
        assert_eq!(drops.lock().expect("nobody panics with it").len(), posted, "each closure is dropped once");
    }
    assert!(ran.load(Ordering::Relaxed) <= 40 * ROUNDS.min(60));
}
