//! A waker that no tree made.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

/// Counts how often the waker made of it was woken; that waker is foreign to every tree.
#[derive(Debug, Default)]
pub struct ForeignWaker(AtomicUsize);

impl ForeignWaker {
    /// One that was never woken, and its waker.
    pub fn new() -> (Arc<ForeignWaker>, Waker) {
        let counter = Arc::new(ForeignWaker::default());
        (counter.clone(), counter.into())
    }

    /// How often it was woken.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for ForeignWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
