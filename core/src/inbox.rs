//! What other threads hand to a tree: posts, and slots that a cloned waker woke.
//!
//! Both are stacks that threads push to and the tree takes whole, so that there is no ABA; turned round, what was taken is in order.
//! A closed stack refuses: nothing that comes late is lost without its sender knowing.
#![expect(unsafe_code, reason = "intrusive lock-free stacks")]

use crate::arena::WideRef;
use crate::id::NodeId;
use crate::node::AnyNode;
use crate::sync::{AtomicBool, AtomicPtr, Ordering, fence};
use alloc::boxed::Box;
use core::ptr;
use core::task::Waker;

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

impl Linked for crate::arena::Slot {
    unsafe fn link<'a>(this: *mut Self) -> &'a AtomicPtr<Self> {
        // SAFETY: only wide slots are pushed, by `waker::wake_by_ref`, as they were lent; slots are never unmapped.
        unsafe { &*ptr::from_ref(&WideRef::of_waker(this).ext().inject) }
    }
}

/// A closure on its way to a tree.
pub(crate) struct Post {
    link: AtomicPtr<Post>,
    target: NodeId,
    run: Box<dyn FnOnce(AnyNode) + Send>,
}

impl Linked for Post {
    unsafe fn link<'a>(this: *mut Self) -> &'a AtomicPtr<Self> {
        // SAFETY: the caller's contract.
        unsafe { &(*this).link }
    }
}

/// The part of a tree that threads share. It outlives the last waker and the last `Remote`.
pub(crate) struct Shared {
    injected: Stack<crate::arena::Slot>,
    posts: Stack<Post>,
    /// Something was brought since the tree last looked; whether it is still there the stacks know.
    brought: AtomicBool,
    /// The host may sleep: whoever brings something wakes it.
    armed: AtomicBool,
    waker: Waker,
}

impl Shared {
    pub(crate) fn new(waker: Waker) -> Shared {
        Shared { injected: Stack::new(), posts: Stack::new(), brought: AtomicBool::new(false), armed: AtomicBool::new(true), waker }
    }

    /// Wakes the host, unless a turn runs (which looks again at its end) or somebody has woken it already.
    fn poke(&self) {
        self.brought.store(true, Ordering::Release);
        // Against `arm`: of push and arming, whichever side comes second sees the other's.
        fence(Ordering::SeqCst);
        if self.armed.swap(false, Ordering::AcqRel) {
            self.waker.wake_by_ref();
        }
    }

    /// A turn begins: nobody needs to wake the host.
    #[inline(always)]
    pub(crate) fn disarm(&self) {
        self.armed.store(false, Ordering::Relaxed);
    }

    /// A turn begins that takes all that was brought before.
    #[inline(always)]
    pub(crate) fn look(&self) {
        if !cfg!(target_family = "wasm") && self.was_brought() {
            // Whoever brought what this clears, pushed it before; the stacks are looked at after it.
            self.brought.swap(false, Ordering::AcqRel);
        }
    }

    /// Whether something was brought since the last look, or may have been. (In a page small code counts for more.)
    #[inline(always)]
    pub(crate) fn was_brought(&self) -> bool {
        cfg!(target_family = "wasm") || self.brought.load(Ordering::Acquire)
    }

    /// A turn ends. True when something came meanwhile: the host is not woken for that.
    #[inline(always)]
    pub(crate) fn arm(&self) -> bool {
        self.armed.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        self.was_brought() && self.has_come()
    }

    /// Whether something waits for the tree to take it.
    pub(crate) fn has_come(&self) -> bool {
        !self.injected.is_empty() || !self.posts.is_empty()
    }

    /// Hands a closure over; false when the tree is gone.
    pub(crate) fn post(&self, target: NodeId, run: Box<dyn FnOnce(AnyNode) + Send>) -> bool {
        let post = Box::into_raw(Box::new(Post { link: AtomicPtr::new(ptr::null_mut()), target, run }));
        // SAFETY: from a box just now, in no stack.
        if unsafe { self.posts.push(post) } {
            self.poke();
            return true;
        }
        // SAFETY: refused, so it is still ours.
        drop(unsafe { Box::from_raw(post) });
        false
    }

    /// Hands a woken slot over; false when the tree is gone.
    pub(crate) fn inject(&self, slot: WideRef) -> bool {
        // SAFETY: slots are never unmapped; the `INJECTED` bit, which the caller has turned on, lets nobody else push it.
        let taken = unsafe { self.injected.push(slot.as_ptr()) };
        if taken {
            self.poke();
        }
        taken
    }

    #[inline]
    pub(crate) fn has_posts(&self) -> bool {
        !self.posts.is_empty()
    }

    #[inline]
    pub(crate) fn has_injected(&self) -> bool {
        !self.injected.is_empty()
    }

    pub(crate) fn take_posts(&self, close: bool) -> Posts {
        Posts(if close { self.posts.close() } else { self.posts.take() })
    }

    pub(crate) fn take_injected(&self, close: bool) -> Injected {
        Injected(if close { self.injected.close() } else { self.injected.take() })
    }
}

/// Closures taken out, oldest first.
pub(crate) struct Posts(*mut Post);

impl Iterator for Posts {
    type Item = (NodeId, Box<dyn FnOnce(AnyNode) + Send>);
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: taken out of the stack, it is ours alone; it came from a box.
        let post = *unsafe { Box::from_raw(self.0) };
        self.0 = post.link.load(Ordering::Relaxed);
        Some((post.target, post.run))
    }
}

impl Drop for Posts {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// Slots taken out, in the order in which they were woken. Each is told so before it is given.
pub(crate) struct Injected(*mut crate::arena::Slot);

impl Iterator for Injected {
    type Item = WideRef;
    fn next(&mut self) -> Option<WideRef> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: only wide slots were pushed, and they are never unmapped.
        let slot = unsafe { WideRef::of_waker(self.0) };
        // The link is read before the bit is cleared: from then on another thread may push the slot again.
        self.0 = slot.ext().inject.load(Ordering::Relaxed);
        crate::waker::taken(slot);
        Some(slot)
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
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

    struct Counting(core::sync::atomic::AtomicU32);

    impl alloc::task::Wake for Counting {
        fn wake(self: alloc::sync::Arc<Self>) {
            self.0.fetch_add(1, core::sync::atomic::Ordering::SeqCst);
        }
    }

    #[test]
    fn loom_a_post_during_a_turn_is_taken_or_seen_or_wakes_the_host() {
        loom::model(|| {
            let wakes = alloc::sync::Arc::new(Counting(core::sync::atomic::AtomicU32::new(0)));
            let shared = Arc::new(Shared::new(Waker::from(alloc::sync::Arc::clone(&wakes))));
            let other = Arc::clone(&shared);
            let target = NodeId { page: 0, index: 0, serial: 1 };
            let poster = thread::spawn(move || assert!(other.post(target, Box::new(drop))));
            shared.disarm();
            shared.look();
            let taken = shared.take_posts(false).count() == 1;
            let seen = shared.arm();
            poster.join().expect("it does not panic");
            let woken = wakes.0.load(core::sync::atomic::Ordering::SeqCst) > 0;
            assert!(taken || seen || woken, "else the host would sleep on it");
            assert!(!(taken && seen), "what was taken is not there any more");
            assert_eq!(shared.take_posts(true).count(), usize::from(!taken));
        });
    }

    #[test]
    fn loom_a_post_at_the_end_of_a_turn_is_seen_or_wakes_the_host() {
        loom::model(|| {
            let wakes = alloc::sync::Arc::new(Counting(core::sync::atomic::AtomicU32::new(0)));
            let shared = Arc::new(Shared::new(Waker::from(alloc::sync::Arc::clone(&wakes))));
            shared.disarm();
            shared.look();
            let other = Arc::clone(&shared);
            let target = NodeId { page: 0, index: 0, serial: 1 };
            let poster = thread::spawn(move || assert!(other.post(target, Box::new(drop))));
            let seen = shared.arm();
            poster.join().expect("it does not panic");
            let woken = wakes.0.load(core::sync::atomic::Ordering::SeqCst) > 0;
            assert!(seen || woken, "else the host would sleep on it");
            assert_eq!(shared.take_posts(true).count(), 1);
        });
    }
}
