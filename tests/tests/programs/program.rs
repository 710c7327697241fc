//! [`Program`]: what its deeds find and leave.

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::Waker,
};

use hamadryad::{AnyNode, Completer, Ended, Node, Request};

use crate::deeds::{Here, act};

/// What scripted panics say.
pub(crate) const PANIC: &str = "on purpose";
/// How many deeds there are in one program, nested ones included.
const DEEDS: u32 = 4_000;
/// How deep drops may do deeds that drop.
const NESTING_MAX: u32 = 6;

pub(crate) type Handle = Request<Value, Ended>;
pub(crate) type Waits = Pin<Box<dyn Future<Output = ()>>>;

/// What a request ends with.
pub(crate) struct Value {
    pub(crate) number: u32,
    _guard: Guard,
}

/// A random program while it runs.
pub(crate) struct Program {
    random: Cell<u64>,
    deeds_left: Cell<u32>,
    nesting: Cell<u32>,
    numbers: Cell<u32>,
    values: Cell<i64>,
    heard: RefCell<Vec<String>>,
    pub(crate) nodes: RefCell<Vec<AnyNode>>,
    pub(crate) guards: RefCell<Vec<Node<Guard>>>,
    pub(crate) sources: RefCell<Vec<AnyNode>>,
    pub(crate) handles: RefCell<Vec<Handle>>,
    pub(crate) wakers: RefCell<Vec<Waker>>,
    pub(crate) completers: RefCell<Vec<Completer<Value, Ended>>>,
    pub(crate) waits: RefCell<Vec<Waits>>,
}

impl Program {
    pub(crate) fn new(seed: u64, root: AnyNode) -> Rc<Program> {
        let nodes = (0..3).map(|number| root.insert(number).into()).collect();
        let program = Program {
            random: Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            deeds_left: Cell::new(DEEDS),
            nesting: Cell::new(0),
            numbers: Cell::new(0),
            values: Cell::new(0),
            heard: RefCell::default(),
            nodes: RefCell::new(nodes),
            guards: RefCell::default(),
            sources: RefCell::default(),
            handles: RefCell::default(),
            wakers: RefCell::default(),
            completers: RefCell::default(),
            waits: RefCell::default(),
        };
        // Small seeds are alike at first.
        (0..10).for_each(|_| _ = program.below(2));
        Rc::new(program)
    }

    /// A number that looks random (xorshift).
    pub(crate) fn below(&self, bound: u32) -> u32 {
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random.set(x);
        ((x >> 33) % u64::from(bound)) as u32
    }

    pub(crate) fn one_in(&self, count: u32) -> bool {
        self.below(count) == 0
    }

    /// Panics, once in so many times, where that can be caught.
    pub(crate) fn panic_one_in(&self, count: u32) {
        let panics = self.one_in(count) && cfg!(not(target_family = "wasm")) && !std::thread::panicking();
        assert!(!panics, "{PANIC}");
    }

    pub(crate) fn number(&self) -> u32 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    pub(crate) fn say(&self, what: impl Display) {
        self.heard.borrow_mut().push(what.to_string());
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.take()
    }

    /// Whether one more deed may be done.
    pub(crate) fn begin_deed(&self) -> bool {
        let left = self.deeds_left.get();
        self.deeds_left.set(left.saturating_sub(1));
        left > 0
    }

    pub(crate) fn node(&self) -> Option<AnyNode> {
        let nodes = self.nodes.borrow();
        if nodes.is_empty() { None } else { Some(nodes[self.below(nodes.len() as u32) as usize]) }
    }

    /// Takes one of a list out.
    pub(crate) fn take<T>(&self, list: &RefCell<Vec<T>>) -> Option<T> {
        let count = list.borrow().len() as u32;
        if count == 0 { None } else { Some(list.borrow_mut().swap_remove(self.below(count) as usize)) }
    }

    pub(crate) fn guard(self: &Rc<Self>) -> Guard {
        self.values.set(self.values.get() + 1);
        Guard { number: self.number(), acts: self.one_in(4), program: self.clone() }
    }

    pub(crate) fn value(self: &Rc<Self>) -> Value {
        Value { number: self.number(), _guard: self.guard() }
    }

    /// Some deeds while no turn runs.
    pub(crate) fn act_from_outside(self: &Rc<Self>) {
        for _ in 0..self.below(5) {
            if catch_unwind(AssertUnwindSafe(|| act(self, Here::Elsewhere))).is_err() {
                self.say("a panic outside");
                self.nesting.set(0);
            }
        }
    }

    /// The program is over: what it holds is dropped, and does nothing any more.
    pub(crate) fn let_go(&self) {
        self.deeds_left.set(0);
        let held = (self.handles.take(), self.completers.take(), self.waits.take(), self.wakers.take());
        drop(held);
    }

    /// How many of its values were not dropped.
    pub(crate) fn values_left(&self) -> i64 {
        self.values.get()
    }
}

/// Does a deed when it is dropped, perhaps.
pub(crate) struct Guard {
    number: u32,
    acts: bool,
    program: Rc<Program>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let program = &self.program;
        program.values.set(program.values.get() - 1);
        if program.deeds_left.get() == 0 {
            return;
        }
        program.say(format_args!("drop {}", self.number));
        if !self.acts || program.nesting.get() >= NESTING_MAX {
            return;
        }
        program.nesting.set(program.nesting.get() + 1);
        act(program, Here::Elsewhere);
        program.nesting.set(program.nesting.get() - 1);
        program.panic_one_in(40);
    }
}
