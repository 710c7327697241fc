//! [`Lists`]: who waits to be run.

use super::WideRef;
use core::cell::Cell;

/// The lists of what waits to be run.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Queue {
    /// Woken requests that wait for the class to begin.
    Ready,
    /// The snapshot that runs now.
    Running,
    /// Woken by an end during the class: they still run in this turn.
    Late,
    /// Immediates that wait for the class to begin.
    Soon,
    /// The immediates that run now.
    SoonRunning,
}

/// Wide slots that wait to be run, in doubly linked lists. Each list is a ring with a slot of its own, its head, so that nothing has to be
/// looked at where something is put in or taken out.
pub(crate) struct Lists {
    heads: [Cell<WideRef>; 5],
}

impl Lists {
    /// Empty lists, whose heads `head` gives.
    pub(crate) fn new(head: impl Fn(usize) -> WideRef) -> Lists {
        let closed = |index| {
            let head = head(index);
            head.close();
            Cell::new(head)
        };
        Lists { heads: core::array::from_fn(closed) }
    }

    #[inline(always)]
    fn head(&self, queue: Queue) -> WideRef {
        self.heads[queue as usize].get()
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self, queue: Queue) -> bool {
        let head = self.head(queue);
        head.next() == head
    }

    /// Puts a slot that is in no list at the end of one.
    #[inline(always)]
    pub(crate) fn push(&self, queue: Queue, slot: WideRef) {
        debug_assert!(!slot.is_listed());
        let head = self.head(queue);
        head.previous().before(slot);
        slot.before(head);
    }

    #[inline(always)]
    pub(crate) fn pop(&self, queue: Queue) -> Option<WideRef> {
        let head = self.head(queue);
        let first = head.next();
        if first == head {
            return None;
        }
        head.before(first.next());
        first.note_unlisted();
        Some(first)
    }

    /// What waits in `from` is from now on what runs, and `from` is empty: they change places, since all that ran before is gone.
    #[inline]
    pub(crate) fn begin(&self, from: Queue, to: Queue) {
        debug_assert!(self.is_empty(to));
        self.heads[from as usize].swap(&self.heads[to as usize]);
    }
}

impl WideRef {
    /// Whether it waits in a list.
    #[inline(always)]
    pub(crate) fn is_listed(self) -> bool {
        self.next() != self
    }

    /// Takes it out of whatever list it is in.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn leave_list(self) {
        if self.is_listed() {
            self.previous().before(self.next());
            self.note_unlisted();
        }
    }

    /// Notes that it is in no list.
    #[inline(always)]
    pub(crate) fn note_unlisted(self) {
        self.ext().next.set(self);
    }

    #[inline(always)]
    fn next(self) -> WideRef {
        self.ext().next.get()
    }

    #[inline(always)]
    fn previous(self) -> WideRef {
        self.ext().previous.get()
    }

    #[inline(always)]
    fn before(self, next: WideRef) {
        self.ext().next.set(next);
        next.ext().previous.set(self);
    }

    /// A ring of its own.
    fn close(self) {
        self.before(self);
    }
}
