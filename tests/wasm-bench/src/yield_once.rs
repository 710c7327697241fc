//! Letting the others go first, once.

use std::future::poll_fn;
use std::task::{Context, Poll};

/// Is pending at the first poll, with its waker called, and ready at the second.
pub(crate) fn yield_once() -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |context: &mut Context<'_>| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
