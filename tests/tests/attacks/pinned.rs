//! Futures that refer to themselves stay where they were first polled; values stay where they are while they are lent.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    marker::PhantomPinned,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use hamadryad::{AnyNode, Ended, Freed, Node, millis};

use crate::trace::{Drops, said, say, world};

/// Where a future leaves its waker.
type Left = Rc<RefCell<Option<Waker>>>;

/// A future that remembers where it was first polled, and says where it was moved.
struct Stays<const SIZE: usize> {
    first: Cell<usize>,
    waker: Left,
    ballast: [u8; SIZE],
    _pinned: PhantomPinned,
}

impl<const SIZE: usize> Stays<SIZE> {
    fn leaving(waker: Left) -> Self {
        Stays { first: Cell::new(0), waker, ballast: [7; SIZE], _pinned: PhantomPinned }
    }

    fn check(&self, when: &str) {
        let here = std::ptr::from_ref(self).addr();
        let first = self.first.get();
        if first == 0 {
            self.first.set(here);
        } else if first != here || self.ballast.iter().any(|byte| *byte != 7) {
            say(format_args!("moved or overwritten: {when}"));
        }
    }
}

impl<const SIZE: usize> Future for Stays<SIZE> {
    type Output = Result<usize, Ended>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this: Pin<&Self> = self.as_ref();
        this.check("at a poll");
        this.waker.replace(Some(context.waker().clone()));
        say("polled");
        Poll::Pending
    }
}

impl<const SIZE: usize> Drop for Stays<SIZE> {
    fn drop(&mut self) {
        if self.first.get() != 0 {
            self.check("at its drop");
        }
        say("dropped");
    }
}

fn churn(owner: AnyNode) {
    let nodes: Vec<_> = (0..if cfg!(miri) { 40 } else { 300 }).map(|value: u32| owner.insert([value; 12])).collect();
    for node in nodes.iter().rev() {
        assert_eq!(node.free(), Freed::Gone { survivors: 0 });
    }
}

fn stays<const SIZE: usize>() {
    let sim = world();
    let (home, away) = (sim.root().insert("home"), sim.root().insert("away"));
    let waker = Left::default();
    let left = waker.clone();
    let request = home.spawn("stays", |_| Stays::<SIZE>::leaving(left));
    let node = request.node();
    for _ in 0..4 {
        sim.settle();
        churn(sim.root());
        node.reparent(away).expect("both live");
        node.reparent(home).expect("both live");
        waker.take().expect("left at the poll").wake();
    }
    let moved = request;
    churn(sim.root());
    drop(moved);
    assert_eq!(said(), ["polled", "polled", "polled", "polled", "dropped"], "{SIZE} bytes");
}

#[test]
fn a_future_of_any_size_stays_where_it_was_first_polled() {
    stays::<1>();
    stays::<100>();
    stays::<1_000>();
    // Each byte is looked at at each poll: too many for an interpreter.
    if !cfg!(miri) {
        stays::<20_000>();
        stays::<200_000>();
    }
}

#[test]
fn a_future_that_borrows_from_itself_goes_on_after_moves_of_its_node() {
    let sim = world();
    let (home, away) = (sim.root().insert("home"), sim.root().insert("away"));
    let request = home.spawn("borrows", async move |me| {
        let numbers = [1_u64, 2, 3, 4];
        let borrowed = &numbers[1..];
        let mut sum = 0;
        for number in borrowed {
            me.sleep(millis(1)).await?;
            sum += number;
            churn(me);
        }
        Ok::<_, Ended>(sum)
    });
    let node = request.node();
    let moves = away.every(millis(1), move || {
        let to = if node.parent() == Some(*home) { away } else { home };
        node.reparent(to).is_ok()
    });
    assert!(matches!(sim.block_on(request), Ok(9)));
    moves.free();
}

#[test]
fn a_future_that_borrows_from_itself_is_dropped_half_way() {
    let sim = world();
    let drops = Drops::default();
    for ends_by in ["drop", "free", "self"] {
        let before = drops.count();
        let counted = drops.counted();
        let request = sim.root().spawn("borrows", async move |me| {
            let held = (counted, [3_u8; 64]);
            let borrowed = &held;
            me.sleep(millis(1)).await?;
            if ends_by == "self" {
                me.free();
                churn(AnyNode::parent(me).unwrap_or(me));
            }
            poll_fn(|_| if borrowed.1[63] == 3 { Poll::Pending } else { Poll::Ready(()) }).await;
            Ok::<_, Ended>(borrowed.1.len())
        });
        sim.settle();
        sim.advance(millis(1));
        match ends_by {
            "free" => assert_eq!(request.node().free(), Freed::Gone { survivors: 0 }),
            _ => drop(request),
        }
        assert_eq!(drops.count() - before, 1, "{ends_by}");
    }
}

#[test]
fn a_lent_value_stays_while_its_owner_grows() {
    let sim = world();
    let node: Node<([u8; 48], PhantomPinned)> = sim.root().insert(([5; 48], PhantomPinned));
    let seen = Rc::new(Cell::new(0));
    node.with(|value| {
        seen.set(std::ptr::from_ref(value).addr());
        for _ in 0..10 {
            node.insert([6_u8; 48]);
        }
        churn(*node);
        churn(sim.root());
        node.with(|again| assert_eq!(std::ptr::from_ref(again).addr(), seen.get()));
        assert_eq!(value.0, [5; 48]);
    });
}
