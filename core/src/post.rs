//! [`Posts`]: closures that a [`Remote`](crate::Remote) hands to a tree.
#![expect(unsafe_code, reason = "an intrusive lock-free stack of boxes")]

use crate::id::NodeId;
use crate::node::AnyNode;
use crate::stack::{Linked, Stack};
use crate::sync::{AtomicPtr, Ordering};
use alloc::boxed::Box;
use core::ptr;

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

/// The closures that wait for a tree to take them.
pub(crate) struct Posts(Stack<Post>);

impl Posts {
    pub(crate) fn new() -> Posts {
        Posts(Stack::new())
    }

    /// Hands a closure over; false when the tree is gone.
    pub(crate) fn push(&self, target: NodeId, run: Box<dyn FnOnce(AnyNode) + Send>) -> bool {
        let post = Box::into_raw(Box::new(Post { link: AtomicPtr::new(ptr::null_mut()), target, run }));
        // SAFETY: from a box just now, in no stack.
        let taken = unsafe { self.0.push(post) };
        if !taken {
            // SAFETY: refused, so it is still ours.
            drop(unsafe { Box::from_raw(post) });
        }
        taken
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out all; with `close` for good.
    pub(crate) fn take(&self, close: bool) -> TakenPosts {
        TakenPosts(if close { self.0.close() } else { self.0.take() })
    }
}

/// Closures taken out, oldest first.
pub(crate) struct TakenPosts(*mut Post);

impl Iterator for TakenPosts {
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

impl Drop for TakenPosts {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}
