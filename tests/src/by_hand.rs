//! Futures polled by hand, turns waited for, panics caught.

use crate::ForeignWaker;
use hamadryad::{AnyNode, Ended};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A future polled by hand with a waker that no tree made.
pub struct ByHand<F> {
    future: Pin<Box<F>>,
    waker: Waker,
    woken: Arc<ForeignWaker>,
}

impl<F: Future> ByHand<F> {
    /// Nothing is polled yet.
    pub fn new(future: F) -> ByHand<F> {
        let (woken, waker) = ForeignWaker::new();
        ByHand { future: Box::pin(future), waker, woken }
    }

    /// Polls once.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    /// How often its waker was woken.
    pub fn woken(&self) -> usize {
        self.woken.count()
    }
}

/// Polls `future` once with the caller's own waker, and gives back what that said.
pub async fn polled<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

/// Waits for the next turn's woken requests; everything pending now has had its class once.
pub async fn turn(node: AnyNode) {
    let (request, done) = node.completer::<(), Ended>("turn");
    node.soon(move || done.complete(Ok(())));
    request.await.expect("nobody but this function knows the request");
}

/// [`turn`], several times.
pub async fn turns(node: AnyNode, count: usize) {
    for _ in 0..count {
        turn(node).await;
    }
}

/// Runs `code`, which must panic, and gives back what the panic said.
///
/// # Panics
/// When `code` does not.
#[track_caller]
pub fn unwinds<R>(code: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(code)) {
        Ok(_) => panic!("this should have panicked"),
        Err(payload) => payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| String::from(*text)))
            .unwrap_or_else(|| String::from("a payload that is no text")),
    }
}
