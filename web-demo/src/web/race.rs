//! [`race`]: whichever of two futures is ready first.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

/// Which one it was.
pub(super) enum First<A, B> {
    Left(A),
    Right(B),
}

/// The first to be ready; the left one if both are. The other is dropped.
pub(super) async fn race<A: Future, B: Future>(left: A, right: B) -> First<A::Output, B::Output> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(|context| {
        if let Poll::Ready(output) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(output));
        }
        right.as_mut().poll(context).map(First::Right)
    })
    .await
}
