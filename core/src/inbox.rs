//! What other threads hand to a tree: posts, and slots that a cloned waker woke. (A page has one thread: `one_thread_inbox.rs`.)
#![expect(unsafe_code, reason = "an intrusive lock-free stack of slots, and what their pages know of it")]

use crate::arena::{SlotRef, WideRef};
use crate::host::Host;
use crate::id::NodeId;
use crate::node::AnyNode;
use crate::post::{Posts, TakenPosts};
use crate::stack::{Linked, Stack};
use crate::sync::{AtomicBool, AtomicPtr, Ordering, fence};
use crate::tree::TreeCore;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Deref;
use core::ptr;
use core::task::Waker;

/// What a tree has of the part of it that threads share.
pub(crate) struct Inbox(Arc<Shared>);

impl Inbox {
    pub(crate) fn new(host: &impl Host) -> Inbox {
        Inbox(Arc::new(Shared::new(host.waker())))
    }

    /// For a `Remote` of that tree.
    pub(crate) fn share(&self, _: &TreeCore) -> Arc<Shared> {
        Arc::clone(&self.0)
    }

    /// The part itself.
    #[inline(always)]
    pub(crate) fn of_threads(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Inbox {
    type Target = Shared;
    #[inline(always)]
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What a page knows of its tree's shared part. Read by wakers of any thread, which pin a slot of the page; so it does not change under
/// them.
pub(crate) struct SharedOfPage(AtomicPtr<Shared>);

impl SharedOfPage {
    pub(crate) fn none() -> SharedOfPage {
        SharedOfPage(AtomicPtr::new(ptr::null_mut()))
    }

    /// The page is that tree's.
    pub(crate) fn set(&self, inbox: &Inbox) {
        self.0.store(Arc::as_ptr(&inbox.0).cast_mut(), Ordering::Release);
    }

    #[inline(always)]
    fn is_of(&self, inbox: &Inbox) -> bool {
        ptr::eq(self.0.load(Ordering::Acquire), Arc::as_ptr(&inbox.0))
    }

    /// The tree is gone. An orphan counts in its shared part until [`take`](SharedOfPage::take).
    pub(crate) fn leave(&self, inbox: &Inbox, is_orphan: bool) {
        if is_orphan {
            let _count_of_the_orphan = Arc::into_raw(Arc::clone(&inbox.0));
        } else {
            self.0.store(ptr::null_mut(), Ordering::Release);
        }
    }

    /// Takes it out of an orphan, with its count.
    pub(crate) fn take(&self) -> Option<Arc<Shared>> {
        let shared = self.0.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: called for orphans only, for each of which `leave` gave one strong count away; the pointer came from an `Arc`.
        (!shared.is_null()).then(|| unsafe { Arc::from_raw(shared.cast_const()) })
    }
}

/// Whether that slot's tenant belongs to that tree. By what threads share: the slot may be one of another thread's tree.
#[inline(always)]
pub(crate) fn is_of(slot: SlotRef, core: &TreeCore) -> bool {
    slot.shared().is_of(&core.shared)
}

/// A cloned waker has woken that slot, which it pins. False when the tree is gone.
pub(crate) fn inject(slot: WideRef) -> bool {
    // SAFETY: the page of a pinned slot is not handed on, and keeps its tree's shared part: by the tree itself while it lives, by the
    // count of the orphan after that. The caller has a waker, and with it a pin, for as long as the reference is used.
    unsafe { &*slot.shared().0.load(Ordering::Acquire) }.inject(slot)
}

impl Linked for crate::arena::Slot {
    unsafe fn link<'a>(this: *mut Self) -> &'a AtomicPtr<Self> {
        // SAFETY: only wide slots are pushed, by `waker::wake_by_ref`, as they were lent; slots are never unmapped.
        unsafe { &*ptr::from_ref(&WideRef::of_waker(this).ext().inject) }
    }
}

/// The part of a tree that threads share. It outlives the last waker and the last `Remote`.
pub(crate) struct Shared {
    injected: Stack<crate::arena::Slot>,
    posts: Posts,
    /// Something was brought since the tree last looked; whether it is still there the stacks know.
    brought: AtomicBool,
    /// The host may sleep: whoever brings something wakes it.
    armed: AtomicBool,
    waker: Waker,
}

impl Shared {
    fn new(waker: Waker) -> Shared {
        Shared { injected: Stack::new(), posts: Posts::new(), brought: AtomicBool::new(false), armed: AtomicBool::new(true), waker }
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
        let taken = self.posts.push(target, run);
        if taken {
            self.poke();
        }
        taken
    }

    /// Hands a woken slot over; false when the tree is gone.
    fn inject(&self, slot: WideRef) -> bool {
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

    pub(crate) fn take_posts(&self, close: bool) -> TakenPosts {
        self.posts.take(close)
    }

    pub(crate) fn take_injected(&self, close: bool) -> Injected {
        Injected(if close { self.injected.close() } else { self.injected.take() })
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

    struct Counting(core::sync::atomic::AtomicU32);

    impl alloc::task::Wake for Counting {
        fn wake(self: alloc::sync::Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
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
            let woken = wakes.0.load(Ordering::SeqCst) > 0;
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
            let woken = wakes.0.load(Ordering::SeqCst) > 0;
            assert!(seen || woken, "else the host would sleep on it");
            assert_eq!(shared.take_posts(true).count(), 1);
        });
    }
}
