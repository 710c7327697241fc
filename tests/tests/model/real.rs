//! The same operations on a real tree.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
};

use hamadryad::{AccessError, AnyNode, Freed, Node, OnFree, ReparentError};

use crate::{
    event::Event,
    reference::Reference,
    script::{Op, Script, derived},
};

/// A handle that an operation may pick.
#[derive(Clone, Copy)]
enum Handle {
    Root(AnyNode),
    Node(Node<Value>),
    /// Its value was refused: it never was a node.
    Never,
}

impl Handle {
    fn node(self) -> Option<AnyNode> {
        match self {
            Handle::Root(root) => Some(root),
            Handle::Node(node) => Some(*node),
            Handle::Never => None,
        }
    }

    fn typed(self) -> Option<Node<Value>> {
        match self {
            Handle::Node(node) => Some(node),
            Handle::Root(_) | Handle::Never => None,
        }
    }
}

/// What operations, hooks and drops share.
pub(crate) struct Real {
    handles: RefCell<Vec<Handle>>,
    events: RefCell<Vec<Event>>,
    seen: Cell<usize>,
    depth: Cell<u32>,
    ops: Cell<u64>,
}

/// What nodes own: says that it is dropped, and runs its script then.
pub(crate) struct Value {
    number: usize,
    seed: u64,
    real: Rc<Real>,
}

impl Drop for Value {
    fn drop(&mut self) {
        self.real.say(Event::Dropped { node: self.number });
        self.real.run(derived(self.seed, 2)).end();
    }
}

impl Real {
    pub(crate) fn new(root: AnyNode) -> Rc<Real> {
        Rc::new(Real {
            handles: RefCell::new(vec![Handle::Root(root)]),
            events: RefCell::default(),
            seen: Cell::new(0),
            depth: Cell::new(0),
            ops: Cell::new(0),
        })
    }

    pub(crate) fn act(self: &Rc<Real>, op: Op) {
        self.ops.set(self.ops.get() + 1);
        let made = self.handles.borrow().len();
        let handle = |number: usize| self.handles.borrow()[number];
        match op {
            Op::Insert { owner, seed } => self.insert(handle(owner.among(made)), seed),
            Op::Build { owner, seed } => self.build(handle(owner.among(made)), seed),
            Op::Free(pick) => {
                let node = pick.among(made);
                let freed = handle(node).node().map_or(Freed::Stale, |node| node.free());
                self.say(Event::freed(node, freed));
            }
            Op::FreeChildren(pick) => {
                let node = pick.among(made);
                let freed = handle(node).node().map_or(Freed::Stale, |node| node.free_children());
                self.say(Event::freed(node, freed));
            }
            Op::Take(pick) => self.take(pick.among(made)),
            Op::Reparent { node, owner } => {
                let (node, owner) = (node.among(made), owner.among(made));
                let both = handle(node).node().zip(handle(owner).node());
                let moved = both.map_or(Err(ReparentError::Stale), |(node, owner)| node.reparent(owner));
                self.say(Event::moved(node, owner, moved));
            }
            Op::Hook { node, seed } => self.hook(node.among(made), seed),
            Op::Lend { node, exclusive, seed } => self.lend(node.among(made), exclusive, seed),
        }
    }

    fn insert(self: &Rc<Real>, owner: Handle, seed: u64) {
        let number = self.handles.borrow().len();
        self.handles.borrow_mut().push(Handle::Never);
        let value = Value { number, seed, real: self.clone() };
        let (event, value) = match owner.node() {
            None => (Event::Refused { stale: true }, value),
            Some(owner) => match owner.try_insert(value) {
                Err(refused) => (Event::refused(refused.reason), refused.value),
                Ok(node) => {
                    self.handles.borrow_mut()[number] = Handle::Node(node);
                    return self.say(Event::Inserted { node: number });
                }
            },
        };
        self.say(event);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
    }

    fn build(self: &Rc<Real>, owner: Handle, seed: u64) {
        let number = self.handles.borrow().len();
        let Some(owner) = owner.node() else { return self.say(Event::Refused { stale: true }) };
        let stale = !owner.is_alive();
        let built = catch_unwind(AssertUnwindSafe(|| {
            owner.insert_with(|node: Node<Value>| {
                self.handles.borrow_mut().push(Handle::Node(node));
                self.say(Event::Building { node: number });
                self.run(derived(seed, 1)).end();
                Value { number, seed, real: self.clone() }
            })
        }));
        match built {
            Ok(_) => self.say(Event::Inserted { node: number }),
            Err(_) if self.handles.borrow().len() == number => self.say(Event::Refused { stale }),
            Err(_) => self.say(Event::ConstructorPanicked { node: number }),
        }
    }

    fn take(self: &Rc<Real>, number: usize) {
        let handle = self.handles.borrow()[number];
        let Some(node) = handle.typed() else {
            let root_is_there = handle.node().is_some_and(AnyNode::is_alive);
            return self.say(if root_is_there { Event::NotTaken { node: number } } else { Event::LendOfStale { node: number } });
        };
        let was_alive = node.is_alive();
        match node.take() {
            Ok(value) => {
                self.say(Event::Took { node: number });
                assert!(!node.is_alive());
                let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
            }
            Err(AccessError::Stale { .. }) if !was_alive => self.say(Event::LendOfStale { node: number }),
            Err(_) => self.say(Event::NotTaken { node: number }),
        }
    }

    fn hook(self: &Rc<Real>, number: usize, seed: u64) {
        let Some(node) = self.handles.borrow()[number].node() else { return };
        let (real, calls) = (self.clone(), Cell::new(0));
        node.on_free(move |asked| {
            assert_eq!(asked, node);
            calls.set(calls.get() + 1);
            real.say(Event::Asked { node: number, call: calls.get() });
            let script = real.run(derived(seed, calls.get()));
            let answer = if script.keeps { OnFree::Keep } else { OnFree::Proceed };
            script.end();
            answer
        });
    }

    fn lend(self: &Rc<Real>, number: usize, exclusive: bool, seed: u64) {
        let handle = self.handles.borrow()[number];
        let Some(node) = handle.typed() else {
            let root_is_there = handle.node().is_some_and(AnyNode::is_alive);
            return self.say(if root_is_there { Event::Busy { node: number } } else { Event::LendOfStale { node: number } });
        };
        let inside = |value: &Value| {
            assert_eq!((value.number, Rc::as_ptr(&value.real)), (number, Rc::as_ptr(self)), "another node's value");
            self.say(Event::Lent { node: number });
            self.run(seed).end();
            assert_eq!(value.number, number, "the value went while it was lent");
        };
        let lent =
            catch_unwind(AssertUnwindSafe(|| if exclusive { node.try_with_mut(|value| inside(value)) } else { node.try_with(inside) }));
        match lent {
            Ok(Err(AccessError::Busy { .. })) => self.say(Event::Busy { node: number }),
            Ok(Err(AccessError::Stale { .. })) => self.say(Event::LendOfStale { node: number }),
            Ok(Ok(())) => {}
            Err(panic) if panic.is::<Scripted>() => {}
            Err(panic) => resume_unwind(panic),
        }
    }

    fn run(self: &Rc<Real>, seed: u64) -> Script {
        self.depth.set(self.depth.get() + 1);
        let script = Script::new(seed, self.depth.get());
        for op in &script.ops {
            self.act(*op);
        }
        self.depth.set(self.depth.get() - 1);
        script
    }

    fn say(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    // ---------------------------------------------------------------------------------------------- looking

    pub(crate) fn root(&self) -> AnyNode {
        self.handles.borrow()[0].node().expect("the first handle is the root's")
    }

    pub(crate) fn ops(&self) -> u64 {
        self.ops.get()
    }

    pub(crate) fn events_since_last(&self) -> Vec<Event> {
        let events = self.events.borrow();
        events[self.seen.replace(events.len())..].to_vec()
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        self.seen.set(0);
        self.events.take()
    }

    /// Every handle says the same as the model, and the links the same in both directions.
    pub(crate) fn compare_shape(&self, reference: &Reference, seed: u64) {
        let handles = self.handles.borrow();
        assert_eq!(handles.len(), reference.made(), "seed {seed}");
        let node_of = |number: usize| handles[number].node().expect("the model says that it is there");
        for (number, handle) in handles.iter().enumerate() {
            let Some(node) = handle.node() else {
                assert!(!reference.is_there(number), "seed {seed}: node {number}");
                continue;
            };
            assert_eq!(node.is_alive(), reference.is_there(number), "seed {seed}: node {number} is alive");
            assert_eq!(node.parent(), reference.parent(number).map(node_of), "seed {seed}: parent of node {number}");
            let children: Vec<AnyNode> = reference.children(number).into_iter().map(node_of).collect();
            assert_eq!(node.children().collect::<Vec<_>>(), children, "seed {seed}: children of node {number}");
            let found = self.root().find(node.id());
            assert_eq!(found.is_some(), node.is_alive(), "seed {seed}: find of node {number}");
        }
    }

    pub(crate) fn assert_all_stale(&self, seed: u64) {
        for handle in self.handles.borrow().iter() {
            assert!(handle.node().is_none_or(|node| !node.is_alive()), "seed {seed}");
        }
    }
}

/// The payload of a panic that a script asked for.
struct Scripted;

impl Script {
    /// The end of the code that runs it.
    fn end(self) {
        if self.panics {
            // Unlike `panic!` this is silent: there are a hundred thousand.
            resume_unwind(Box::new(Scripted));
        }
    }
}
