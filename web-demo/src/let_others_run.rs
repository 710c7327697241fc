//! [`let_others_run`]: the end of this one's part of the turn.

use core::future::poll_fn;
use core::task::Poll;

/// Comes back in the next turn.
pub(crate) async fn let_others_run() {
    let mut has_run = false;
    poll_fn(|context| {
        if core::mem::replace(&mut has_run, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
