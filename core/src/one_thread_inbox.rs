//! What comes to the tree of a page from outside of its own code. There is one thread: a cloned waker reaches the tree at once, as any other
//! wake does, and posts wait for their class of the turn in what is made with the first `Remote`.
#![expect(unsafe_code, reason = "whoever has a `Remote` reaches the tree, on the one thread there is")]

use crate::arena::{SlotRef, WideRef};
use crate::host::Host;
use crate::id::NodeId;
use crate::node::AnyNode;
use crate::post::{Posts, TakenPosts};
use crate::tree::TreeCore;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::OnceCell;
use core::iter::{self, Empty, Flatten};
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use core::{option, ptr};

/// What a tree has of what its `Remote`s share.
pub(crate) struct Inbox(OnceCell<Arc<Shared>>);

/// What the `Remote`s of a tree share. It outlives the last one.
pub(crate) struct Shared {
    posts: Posts,
    /// The tree; null when that is gone.
    core: AtomicPtr<TreeCore>,
}

impl Inbox {
    pub(crate) fn new(_: &impl Host) -> Inbox {
        Inbox(OnceCell::new())
    }

    /// For a `Remote` of that tree.
    pub(crate) fn share(&self, core: &TreeCore) -> Arc<Shared> {
        let shared = || Arc::new(Shared { posts: Posts::new(), core: AtomicPtr::new(ptr::from_ref(core).cast_mut()) });
        Arc::clone(self.0.get_or_init(shared))
    }

    /// There are no others.
    pub(crate) fn of_threads(&self) -> &Inbox {
        self
    }

    /// A turn begins, in which nobody else comes.
    pub(crate) fn disarm(&self) {}

    /// As above.
    pub(crate) fn look(&self) {}

    /// A turn ends. True when something has come.
    pub(crate) fn arm(&self) -> bool {
        self.has_come()
    }

    pub(crate) fn was_brought(&self) -> bool {
        self.has_come()
    }

    pub(crate) fn has_come(&self) -> bool {
        self.has_posts()
    }

    pub(crate) fn has_posts(&self) -> bool {
        self.0.get().is_some_and(|shared| !shared.posts.is_empty())
    }

    pub(crate) fn take_posts(&self, close: bool) -> Flatten<option::IntoIter<TakenPosts>> {
        self.0.get().map(|shared| shared.posts.take(close)).into_iter().flatten()
    }

    /// What a cloned waker wakes is queued at once.
    pub(crate) fn has_injected(&self) -> bool {
        false
    }

    pub(crate) fn take_injected(&self, _: bool) -> Empty<WideRef> {
        iter::empty()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if let Some(shared) = self.0.get() {
            shared.core.store(ptr::null_mut(), Relaxed);
        }
    }
}

impl Shared {
    /// Hands a closure over; false when the tree is gone.
    pub(crate) fn post(&self, target: NodeId, run: Box<dyn FnOnce(AnyNode) + Send>) -> bool {
        let taken = self.posts.push(target, run);
        // SAFETY: `Inbox::drop` clears it before the tree's core is gone, on this thread, which is the only one.
        if taken && let Some(core) = unsafe { self.core.load(Relaxed).as_ref() } {
            core.poke();
        }
        taken
    }
}

/// What a page knows of that: nothing, since it knows its tree.
pub(crate) struct SharedOfPage;

impl SharedOfPage {
    pub(crate) fn none() -> SharedOfPage {
        SharedOfPage
    }

    pub(crate) fn set(&self, _: &Inbox) {}
}

/// Whether that slot's tenant belongs to that tree.
pub(crate) fn is_of(slot: SlotRef, core: &TreeCore) -> bool {
    slot.tree().is_some_and(|tree| ptr::eq(tree, core))
}

/// A cloned waker has woken that slot, which it pins: it is queued, if its tree is there. Nothing keeps it.
pub(crate) fn inject(slot: WideRef) -> bool {
    if let Some(core) = slot.tree() {
        core.wake_injected(slot);
    }
    false
}
