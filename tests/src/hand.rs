//! A host that is turned by hand.

use crate::ForeignWaker;
use hamadryad::{AnyNode, Deadlines, Host, Instant, Tree, Turn, WallClock, millis};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::Waker;

/// The wall clock of every [`HandHost`], in nanoseconds.
const WALL_NANOS: u64 = 1_234_567_890;

/// A host that does nothing by itself: it counts what is asked of it, and its clock stands still until it is told.
pub struct HandHost {
    now: Cell<Instant>,
    clock_reads: Cell<usize>,
    scheduled: RefCell<Vec<Option<Instant>>>,
    waker: Waker,
    woken: Arc<ForeignWaker>,
}

impl HandHost {
    /// How often the clock was read.
    pub fn clock_reads(&self) -> usize {
        self.clock_reads.get()
    }

    /// What `schedule` was told since the last call of this.
    pub fn scheduled(&self) -> Vec<Option<Instant>> {
        self.scheduled.take()
    }

    /// How often the host's waker was woken.
    pub fn woken(&self) -> usize {
        self.woken.count()
    }

    /// The wall clock of every host of this kind.
    pub const fn wall() -> WallClock {
        WallClock::from_nanos(WALL_NANOS)
    }
}

impl Host for HandHost {
    fn now(&self) -> Instant {
        self.clock_reads.set(self.clock_reads.get() + 1);
        self.now.get()
    }

    fn wall_clock(&self) -> WallClock {
        HandHost::wall()
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        for (index, byte) in buffer.iter_mut().enumerate() {
            *byte = index as u8 + 1;
        }
    }

    fn schedule(&self, at: Option<Instant>) {
        self.scheduled.borrow_mut().push(at);
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

/// A tree whose turns are made by hand: for tests of what happens in which turn.
pub struct Hand {
    /// The tree.
    pub tree: Tree,
}

impl Hand {
    /// A tree at 0 ms of a clock that only [`Hand::at`] moves.
    #[expect(clippy::new_without_default, reason = "a tree is made on purpose")]
    pub fn new() -> Hand {
        let (woken, waker) = ForeignWaker::new();
        let host =
            HandHost { now: Cell::new(Instant::from_nanos(0)), clock_reads: Cell::default(), scheduled: RefCell::default(), waker, woken };
        Hand { tree: Tree::new(host) }
    }

    /// The root.
    pub fn root(&self) -> AnyNode {
        self.tree.root()
    }

    /// The host.
    pub fn host(&self) -> &HandHost {
        self.tree.host::<HandHost>().expect("the tree was made with this host")
    }

    /// Moves the host's clock to `ms` milliseconds, without a turn.
    pub fn at(&self, ms: u64) {
        self.host().now.set(Hand::instant(ms));
    }

    /// The instant `ms` milliseconds after the tree was made.
    pub fn instant(ms: u64) -> Instant {
        Instant::from_nanos(0) + millis(ms)
    }

    /// One turn, now.
    pub fn turn(&self) -> Turn {
        self.tree.turn(self.host().now.get(), Deadlines::Count)
    }

    /// One turn at `ms` milliseconds.
    pub fn turn_at(&self, ms: u64) -> Turn {
        self.at(ms);
        self.turn()
    }

    /// One turn at `ms` milliseconds in which no deadline counts.
    pub fn turn_held_at(&self, ms: u64) -> Turn {
        self.at(ms);
        self.tree.turn(self.host().now.get(), Deadlines::Hold)
    }

    /// Turns until nothing is pending.
    ///
    /// # Panics
    /// When that is not so after 1,000 turns.
    pub fn settle(&self) {
        for _ in 0..1_000 {
            if !self.turn().pending {
                return;
            }
        }
        panic!("still pending after 1,000 turns:\n{}", self.root().report());
    }
}
