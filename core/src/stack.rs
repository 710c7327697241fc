//! [`Stack`]: what threads hand to one owner.
//!
//! Many push, one takes the whole, so that there is no ABA; turned round, what was taken is in order. A closed stack refuses: nothing that
//! comes late is lost without its sender knowing.
#![expect(unsafe_code, reason = "an intrusive lock-free stack")]

use crate::sync::{AtomicPtr, Ordering};
use core::ptr;

/// What can be pushed: it has room for a link.
pub(crate) trait Linked {
    /// # Safety
    /// `this` points to a live value.
    unsafe fn link<'a>(this: *mut Self) -> &'a AtomicPtr<Self>
    where
        Self: Sized;
}

/// A stack that many threads push to and one takes whole.
pub(crate) struct Stack<T> {
    head: AtomicPtr<T>,
}

impl<T: Linked> Stack<T> {
    pub(crate) fn new() -> Stack<T> {
        Stack { head: AtomicPtr::new(ptr::null_mut()) }
    }

    fn closed() -> *mut T {
        ptr::without_provenance_mut(1)
    }

    /// False when it is closed: `item` is still the caller's.
    ///
    /// # Safety
    /// `item` is live until somebody takes it, in no stack, and nobody else pushes it.
    pub(crate) unsafe fn push(&self, item: *mut T) -> bool {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == Self::closed() {
                return false;
            }
            // SAFETY: the caller's contract; until the exchange succeeds the item is ours alone.
            unsafe { T::link(item) }.store(head, Ordering::Relaxed);
            match self.head.compare_exchange_weak(head, item, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => head = now,
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let head = self.head.load(Ordering::Relaxed);
        head.is_null() || head == Self::closed()
    }

    /// All that is there, oldest first, each linked to the next. For the one owner.
    pub(crate) fn take(&self) -> *mut T {
        if self.is_empty() {
            return ptr::null_mut();
        }
        Self::turned_round(self.head.swap(ptr::null_mut(), Ordering::AcqRel))
    }

    /// Closes it for good, and gives what is there.
    pub(crate) fn close(&self) -> *mut T {
        let head = self.head.swap(Self::closed(), Ordering::AcqRel);
        if head == Self::closed() { ptr::null_mut() } else { Self::turned_round(head) }
    }

    fn turned_round(mut head: *mut T) -> *mut T {
        let mut done = ptr::null_mut();
        while !head.is_null() {
            // SAFETY: what is in the stack is live, and taken it is ours alone.
            let link = unsafe { T::link(head) };
            let next = link.load(Ordering::Relaxed);
            link.store(done, Ordering::Relaxed);
            done = head;
            head = next;
        }
        done
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use alloc::boxed::Box;
    use loom::sync::Arc;
    use loom::thread;

    struct Item {
        link: AtomicPtr<Item>,
        number: u32,
    }

    impl Linked for Item {
        unsafe fn link<'a>(this: *mut Self) -> &'a AtomicPtr<Self> {
            // SAFETY: the caller's contract.
            unsafe { &(*this).link }
        }
    }

    fn push(stack: &Stack<Item>, number: u32) -> bool {
        let item = Box::into_raw(Box::new(Item { link: AtomicPtr::new(ptr::null_mut()), number }));
        // SAFETY: from a box just now.
        let pushed = unsafe { stack.push(item) };
        if !pushed {
            // SAFETY: refused, so it is still ours.
            drop(unsafe { Box::from_raw(item) });
        }
        pushed
    }

    fn numbers(mut item: *mut Item) -> alloc::vec::Vec<u32> {
        let mut found = alloc::vec::Vec::new();
        while !item.is_null() {
            // SAFETY: taken out, it is ours alone.
            let owned = unsafe { Box::from_raw(item) };
            found.push(owned.number);
            item = owned.link.load(Ordering::Relaxed);
        }
        found
    }

    #[test]
    fn loom_nothing_pushed_is_lost_and_each_thread_keeps_its_order() {
        loom::model(|| {
            let stack = Arc::new(Stack::new());
            let other = Arc::clone(&stack);
            let pusher = thread::spawn(move || assert!(push(&other, 1) && push(&other, 2)));
            assert!(push(&stack, 10));
            let mut all = numbers(stack.take());
            pusher.join().expect("it does not panic");
            all.extend(numbers(stack.take()));
            assert_eq!(all.len(), 3);
            let of_the_other: alloc::vec::Vec<u32> = all.into_iter().filter(|number| *number < 10).collect();
            assert_eq!(of_the_other, [1, 2]);
        });
    }

    #[test]
    fn loom_a_closed_stack_refuses_and_what_was_in_time_is_given() {
        loom::model(|| {
            let stack = Arc::new(Stack::new());
            let other = Arc::clone(&stack);
            let pusher = thread::spawn(move || push(&other, 1));
            let given = numbers(stack.close());
            let pushed = pusher.join().expect("it does not panic");
            assert_eq!(pushed, given == [1], "pushed and given, or refused and not");
            assert!(!push(&stack, 2));
        });
    }
}
